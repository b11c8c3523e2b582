//! Events: records, the durable embedded log, consumer groups, dead letters.
