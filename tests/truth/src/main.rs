//! The oracle: compares what the product says with what really happened.

fn main() {}
