//! Service for the surgical process as its facts tell it.
