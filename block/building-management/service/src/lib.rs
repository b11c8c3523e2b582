//! Service for rooms, zones, medical technologies and what was measured in them.
