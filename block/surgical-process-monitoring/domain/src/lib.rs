//! Rules of the surgical process as its facts tell it.
