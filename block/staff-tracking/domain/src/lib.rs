//! Rules of where each health professional is and was.
