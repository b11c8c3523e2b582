//! The one way in which services reach a twin layer.
