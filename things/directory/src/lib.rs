//! Thing Description directory by the W3C Web of Things Discovery API.
