//! Letters on paper: how wide a text is, where its lines break, and which glyphs draw it.
//!
//! Latin, Greek and Cyrillic letters stand one behind the other, without kerning. Digits all have
//! the width of the widest, so that figures stand below one another.

use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::{
    FontRef, MetadataProvider as _,
    instance::{LocationRef, Size},
};

use super::RenderError;

/// Inter, under the SIL Open Font License; see the text beside the files.
const REGULAR: &[u8] = include_bytes!("../../../fonts/Inter_400Regular.ttf");
const SEMIBOLD: &[u8] = include_bytes!("../../../fonts/Inter_600SemiBold.ttf");

/// The two weights of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// The fonts of documents.
pub(super) struct Fonts {
    regular: Face,
    bold: Face,
}

struct Face {
    font: Font,
    outline: FontRef<'static>,
    /// Units of an em.
    em: f32,
    /// The width of the widest digit, in units.
    digit: f32,
}

impl Face {
    fn new(bytes: &'static [u8]) -> Result<Self, RenderError> {
        let font = Font::new(bytes.to_vec().into(), 0).ok_or(RenderError::Font)?;
        let outline = FontRef::new(bytes).map_err(|_| RenderError::Font)?;
        let mut face = Self { em: font.units_per_em(), font, outline, digit: 0.0 };
        face.digit = ('0'..='9').map(|digit| face.own(digit).1).fold(0.0, f32::max);
        Ok(face)
    }

    /// A character's glyph and its own width in units.
    fn own(&self, char: char) -> (skrifa::GlyphId, f32) {
        // A thin space that the font lacks would be a box.
        let glyph = self.outline.charmap().map(char).unwrap_or_default();
        let metrics = self.outline.glyph_metrics(Size::unscaled(), LocationRef::default());
        (glyph, metrics.advance_width(glyph).unwrap_or(0.0))
    }

    /// A character's glyph, its width and how far it is moved in it, in ems.
    fn set(&self, char: char) -> (skrifa::GlyphId, f32, f32) {
        let (glyph, width) = self.own(char);
        if char.is_ascii_digit() {
            (glyph, self.digit / self.em, (self.digit - width) / 2.0 / self.em)
        } else {
            (glyph, width / self.em, 0.0)
        }
    }
}

impl Fonts {
    pub(super) fn new() -> Result<Self, RenderError> {
        Ok(Self { regular: Face::new(REGULAR)?, bold: Face::new(SEMIBOLD)? })
    }

    fn face(&self, weight: Weight) -> &Face {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    pub(super) fn font(&self, weight: Weight) -> Font {
        self.face(weight).font.clone()
    }

    /// The glyphs of a text, for one line.
    pub(super) fn glyphs(&self, weight: Weight, text: &str) -> Vec<KrillaGlyph> {
        let face = self.face(weight);
        let glyph = |(at, char): (usize, char)| {
            let (glyph, width, offset) = face.set(char);
            KrillaGlyph {
                glyph_id: GlyphId::new(glyph.to_u32()),
                text_range: at..at + char.len_utf8(),
                x_advance: width,
                x_offset: offset,
                y_offset: 0.0,
                y_advance: 0.0,
                location: None,
            }
        };
        text.char_indices().map(glyph).collect()
    }

    /// The width of a text in points.
    pub(super) fn width(&self, weight: Weight, size: f32, text: &str) -> f32 {
        let face = self.face(weight);
        text.chars().map(|char| face.set(char).1).sum::<f32>() * size
    }

    /// The text, cut with an ellipsis where it is wider.
    pub(super) fn fitted(&self, weight: Weight, size: f32, text: &str, width: f32) -> String {
        if self.width(weight, size, text) <= width {
            return text.to_owned();
        }
        let mut kept = String::new();
        for char in text.chars() {
            kept.push(char);
            if width < self.width(weight, size, &kept) + self.width(weight, size, "…") {
                kept.pop();
                break;
            }
        }
        format!("{}…", kept.trim_end())
    }

    /// The lines of a text; a word that is too wide is broken, a line break stays one.
    pub(super) fn lines(&self, weight: Weight, size: f32, text: &str, width: f32) -> Vec<String> {
        let mut lines = Vec::new();
        for paragraph in text.lines() {
            let mut line = String::new();
            for word in paragraph.split_whitespace() {
                let longer =
                    if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
                if self.width(weight, size, &longer) <= width {
                    line = longer;
                    continue;
                }
                if !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                }
                for char in word.chars() {
                    line.push(char);
                    if width < self.width(weight, size, &line) && 1 < line.chars().count() {
                        line.pop();
                        lines.push(std::mem::replace(&mut line, char.to_string()));
                    }
                }
            }
            lines.push(line);
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_have_one_width() {
        let fonts = Fonts::new().unwrap();
        for weight in [Weight::Regular, Weight::Bold] {
            let width = |text: &str| fonts.width(weight, 9.0, text);
            assert!((width("1111") - width("8888")).abs() < 1e-4);
            assert!(width("iiii") < width("mmmm"));
        }
    }

    #[test]
    fn lines_fit_and_lose_nothing() {
        let fonts = Fonts::new().unwrap();
        let text =
            "Desaturation at 08:51 followed a displaced probe.\n\nHippopotomonstrosesquippedalio";
        for width in [12.0, 40.0, 90.0, 1_000.0] {
            let lines = fonts.lines(Weight::Regular, 9.0, text, width);
            for line in &lines {
                let one = line.chars().count() == 1;
                assert!(one || fonts.width(Weight::Regular, 9.0, line) <= width, "{line}");
            }
            let squeezed = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(squeezed(&lines.concat()), squeezed(text));
        }
        assert_eq!(fonts.fitted(Weight::Regular, 9.0, "abc", 100.0), "abc");
        let cut = fonts.fitted(Weight::Regular, 9.0, "a long name of a room", 40.0);
        assert!(cut.ends_with('…') && fonts.width(Weight::Regular, 9.0, &cut) <= 40.0, "{cut}");
    }
}
