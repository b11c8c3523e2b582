//! The published language of the block: every event and topic, and nothing else.
