//! Letters on paper: how wide a text is, where its lines break, and which glyphs draw it.
//!
//! Texts are set from left to right in the fonts that come with the program. Digits are the
//! font's tabular ones, so that figures stand below one another.

use krilla::text::{Font, GlyphId, KrillaGlyph};
use rustybuzz::{
    Direction, Face as Shape, Feature, ShapePlan, UnicodeBuffer, script, shape_with_plan,
    ttf_parser::Tag,
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
    shape: Shape<'static>,
    /// How words and how figures are set: worked out once, since that takes longer than setting.
    words: ShapePlan,
    figures: ShapePlan,
    /// Units of an em.
    em: f32,
}

impl Face {
    fn new(bytes: &'static [u8]) -> Result<Self, RenderError> {
        let font = Font::new(bytes.to_vec().into(), 0).ok_or(RenderError::Font)?;
        let shape = Shape::from_slice(bytes, 0).ok_or(RenderError::Font)?;
        let plan = |features: &[Feature]| {
            // The fonts have no rules of their own for Greek and Cyrillic letters.
            ShapePlan::new(&shape, Direction::LeftToRight, Some(script::LATIN), None, features)
        };
        let words = plan(&[]);
        let figures = plan(&[Feature::new(Tag::from_bytes(b"tnum"), 1, ..)]);
        Ok(Self { em: font.units_per_em(), font, words, figures, shape })
    }

    /// The glyphs of a text in one line, with their sizes in ems.
    fn glyphs(&self, text: &str) -> Vec<KrillaGlyph> {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.set_direction(Direction::LeftToRight);
        buffer.set_script(script::LATIN);
        // Figures alone stand below one another; in words wide hyphens would look like spaces.
        let is_word = text.chars().any(char::is_alphabetic);
        let plan = if is_word { &self.words } else { &self.figures };
        let shaped = shape_with_plan(&self.shape, plan, buffer);
        let clusters: Vec<usize> = shaped
            .glyph_infos()
            .iter()
            .map(|info| usize::try_from(info.cluster).unwrap_or(text.len()))
            .collect();
        let ems = |units: i32| {
            #[expect(clippy::cast_precision_loss, reason = "a glyph has some thousand units")]
            let ems = units as f32 / self.em;
            ems
        };
        let glyphs = shaped.glyph_infos().iter().zip(shaped.glyph_positions()).zip(&clusters);
        let glyph = |((info, place), &start): ((&rustybuzz::GlyphInfo, _), &usize)| {
            let place: &rustybuzz::GlyphPosition = place;
            let end = clusters.iter().copied().find(|cluster| start < *cluster);
            KrillaGlyph {
                glyph_id: GlyphId::new(info.glyph_id),
                text_range: start..end.unwrap_or(text.len()),
                x_advance: ems(place.x_advance),
                x_offset: ems(place.x_offset),
                y_offset: ems(place.y_offset),
                y_advance: ems(place.y_advance),
                location: None,
            }
        };
        glyphs.map(glyph).collect()
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
        self.face(weight).glyphs(text)
    }

    /// The width of a text in points.
    pub(super) fn width(&self, weight: Weight, size: f32, text: &str) -> f32 {
        self.face(weight).glyphs(text).iter().map(|glyph| glyph.x_advance).sum::<f32>() * size
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
            assert!((width("1111") - width("8888")).abs() < 1e-3);
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
