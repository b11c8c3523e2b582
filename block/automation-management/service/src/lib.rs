//! Service that keeps each room's environment right and explains every command.
