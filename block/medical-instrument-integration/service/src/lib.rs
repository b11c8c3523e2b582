//! Service for vital signs from bedside monitors.
