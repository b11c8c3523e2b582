//! Rules of the booked surgeries of the block.
