//! Service for the booked surgeries of the block.
