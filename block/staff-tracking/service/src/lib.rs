//! Service for where each health professional is and was.
