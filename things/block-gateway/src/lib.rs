//! The door of the rooms' control units: their lines, their actuators as Web Things.
