//! What comes below what, and where a page ends.

use super::super::{
    chart::Lane,
    ink::{BAND, GAP, Ink},
    typesetting::{Fonts, Weight},
};

/// A4, in points.
pub(super) const WIDTH: f32 = 595.28;
pub(super) const HEIGHT: f32 = 841.89;
/// The sides of the text.
pub(super) const LEFT: f32 = 48.0;
pub(super) const RIGHT: f32 = WIDTH - 48.0;
const TOP: f32 = 56.0;
const BOTTOM: f32 = HEIGHT - 56.0;

/// Something drawn, in points from the top left corner.
#[derive(Debug, Clone)]
pub(super) enum Op {
    /// A line of text on a base line.
    Text { x: f32, y: f32, size: f32, weight: Weight, ink: Ink, text: String },
    /// A filled box.
    Rect { x: f32, y: f32, width: f32, height: f32, ink: Ink },
    /// A straight line.
    Rule { from: (f32, f32), to: (f32, f32), ink: Ink, width: f32, dotted: bool },
    /// Lines through points.
    Trace { runs: Vec<Vec<(f32, f32)>>, ink: Ink, width: f32 },
}

/// The title of a section, its page and how far down it begins.
pub(super) type Section = (String, usize, f32);

/// How a text is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) size: f32,
    pub(super) leading: f32,
    pub(super) weight: Weight,
    pub(super) ink: Ink,
}

/// Pages being written from top to bottom.
pub(super) struct Flow<'a> {
    pub(super) fonts: &'a Fonts,
    pages: Vec<Vec<Op>>,
    sections: Vec<Section>,
    /// The place of the next line.
    pub(super) y: f32,
}

impl<'a> Flow<'a> {
    pub(super) fn new(fonts: &'a Fonts) -> Self {
        Self { fonts, pages: vec![Vec::new()], sections: Vec::new(), y: TOP - 8.0 }
    }

    /// The pages, and where each section begins.
    pub(super) fn finish(self) -> (Vec<Vec<Op>>, Vec<Section>) {
        (self.pages, self.sections)
    }

    /// Whether so much fits on the rest of the page.
    pub(super) fn fits(&self, height: f32) -> bool {
        self.y + height <= BOTTOM
    }

    /// Goes on with a new page unless so much fits on this one. Answers whether it did.
    pub(super) fn need(&mut self, height: f32) -> bool {
        if self.fits(height) {
            return false;
        }
        self.pages.push(Vec::new());
        self.y = TOP;
        true
    }

    pub(super) fn push(&mut self, op: Op) {
        if let Some(page) = self.pages.last_mut() {
            page.push(op);
        }
    }

    /// Some free space, none at the top of a page.
    pub(super) fn space(&mut self, height: f32) {
        if TOP < self.y {
            self.y += height;
        }
    }

    /// Notes that a section begins here.
    pub(super) fn section(&mut self, title: &str) {
        self.sections.push((title.to_owned(), self.pages.len() - 1, self.y));
    }

    /// A text on a base line.
    pub(super) fn text(&mut self, x: f32, y: f32, style: Style, text: &str) {
        let Style { size, weight, ink, .. } = style;
        if !text.is_empty() {
            self.push(Op::Text { x, y, size, weight, ink, text: text.to_owned() });
        }
    }

    /// A text that ends at `x`.
    pub(super) fn text_to(&mut self, x: f32, y: f32, style: Style, text: &str) {
        let width = self.fonts.width(style.weight, style.size, text);
        self.text(x - width, y, style, text);
    }

    pub(super) fn rule(&mut self, y: f32, ink: Ink, width: f32) {
        self.push(Op::Rule { from: (LEFT, y), to: (RIGHT, y), ink, width, dotted: false });
    }

    /// A paragraph over the whole width less an indent, page after page.
    pub(super) fn paragraph(&mut self, indent: f32, style: Style, text: &str) {
        let lines = self.fonts.lines(style.weight, style.size, text, RIGHT - LEFT - indent);
        for line in lines {
            self.need(style.leading);
            self.y += style.leading;
            self.text(LEFT + indent, self.y - style.leading * 0.28, style, &line);
        }
    }

    /// A quantity's course in a box, with its usual range and the edges of its gaps.
    pub(super) fn lane(&mut self, lane: &Lane, x: f32, y: f32, width: f32, height: f32) {
        let at = |(px, py): (f64, f64)| (x + narrow(px) * width, y + narrow(py) * height);
        if let Some((top, bottom)) = lane.band {
            let (_, top) = at((0.0, top));
            let (_, bottom) = at((0.0, bottom));
            self.push(Op::Rect { x, y: top, width, height: bottom - top, ink: BAND });
        }
        for edge in &lane.edges {
            let (from, to) = (at((*edge, 0.0)), at((*edge, 1.0)));
            self.push(Op::Rule { from, to, ink: GAP, width: 0.6, dotted: true });
        }
        let runs = lane.runs.iter().map(|run| run.iter().copied().map(at).collect());
        let mut runs: Vec<Vec<(f32, f32)>> = runs.collect();
        for (px, top, bottom) in &lane.strokes {
            runs.push(vec![at((*px, *top)), at((*px, *bottom))]);
        }
        self.push(Op::Trace { runs, ink: lane.hue.ink(), width: 0.9 });
    }
}

/// Shares of a box need few digits.
#[expect(clippy::cast_possible_truncation, reason = "between 0 and 1")]
pub(super) fn narrow(share: f64) -> f32 {
    share as f32
}
