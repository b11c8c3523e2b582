//! The physical layer, simulated: a seeded world and a driver that speaks the real protocols.
