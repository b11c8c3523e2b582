//! Rules of vital signs from bedside monitors.
