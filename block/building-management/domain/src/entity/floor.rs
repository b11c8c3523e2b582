//! How the block is drawn: what zones are called and in what order they come, and where rooms lie
//! on the floor plan.
//!
//! None of it is a fact of the building for anybody but a reader of the dashboards, so that neither
//! twins nor events know of it.

/// The farthest that a floor plan reaches, in units of its grid.
pub const FARTHEST: f64 = 1_000.0;

/// What people call a zone, and where it stands among the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneLabel {
    /// Its name; not blank.
    pub name: String,
    /// Zones come by this, then by id.
    pub order: u32,
}

/// A rectangle on the floor plan, in units of its grid; x grows to the right, y downwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layout {
    /// The left side, from 0.
    pub x: f64,
    /// The upper side, from 0.
    pub y: f64,
    /// Its width, more than 0.
    pub w: f64,
    /// Its height, more than 0.
    pub h: f64,
}

/// A rectangle that is no place on a floor plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLayout {
    /// Left of or above the plan, or no number.
    #[error("must not be negative")]
    Negative(&'static str),
    /// Without extent.
    #[error("must be more than 0")]
    Flat(&'static str),
    /// Beyond [`FARTHEST`].
    #[error("must end within 1000")]
    Beyond(&'static str),
}

impl InvalidLayout {
    /// The side that is wrong: `x`, `y`, `w` or `h`.
    pub fn side(self) -> &'static str {
        match self {
            Self::Negative(side) | Self::Flat(side) | Self::Beyond(side) => side,
        }
    }
}

impl Layout {
    /// Takes a rectangle that lies on the plan.
    ///
    /// # Errors
    ///
    /// [`InvalidLayout`] names the side that is wrong.
    pub fn new(x: f64, y: f64, w: f64, h: f64) -> Result<Self, InvalidLayout> {
        for (begin, extent, names) in [(x, w, ("x", "w")), (y, h, ("y", "h"))] {
            // Not a number is neither.
            if begin.is_nan() || begin < 0.0 {
                return Err(InvalidLayout::Negative(names.0));
            }
            if extent.is_nan() || extent <= 0.0 {
                return Err(InvalidLayout::Flat(names.1));
            }
            if FARTHEST < begin + extent {
                return Err(InvalidLayout::Beyond(names.1));
            }
        }
        Ok(Self { x, y, w, h })
    }
}
