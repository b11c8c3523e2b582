//! From changes of twins to events of the block.
