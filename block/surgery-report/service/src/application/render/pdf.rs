//! The document to print: A4, set as the page is. What is drawn is first collected page by page,
//! since a footer says how many pages there are.

mod flow;
mod parts;

use jiff::{Timestamp, tz::TimeZone};
use krilla::{
    Document,
    color::rgb,
    destination::XyzDestination,
    geom::{PathBuilder, Point, Rect},
    metadata::{DateTime, Metadata},
    num::NormalizedF32,
    outline::{Outline, OutlineNode},
    page::PageSettings,
    paint::{Fill, FillRule, LineCap, LineJoin, Stroke, StrokeDash},
    surface::Surface,
};

use self::flow::{Flow, HEIGHT, LEFT, Op, RIGHT, WIDTH};
use super::{
    RenderError,
    ink::{Ink, LINE, TEXT_3},
    sheet::Sheet,
    typesetting::{Fonts, Weight},
};
use crate::application::words::fill;

/// A sheet as a PDF. No clock and no chance: what would be "now" is when the version was filed.
pub(super) fn document(sheet: &Sheet, fonts: &Fonts) -> Result<Vec<u8>, RenderError> {
    let mut flow = Flow::new(fonts);
    parts::write(sheet, &mut flow);
    let (pages, sections) = flow.finish();

    let mut document = Document::new();
    document.set_metadata(metadata(sheet));
    let count = pages.len();
    for (index, page) in pages.iter().enumerate() {
        let failed = || RenderError::Document("the size of a page".to_owned());
        let settings = PageSettings::from_wh(WIDTH, HEIGHT).ok_or_else(failed)?;
        let mut drawn = document.start_page_with(settings);
        let mut surface = drawn.surface();
        for op in page.iter().chain(&frame(sheet, fonts, index, count)) {
            draw(&mut surface, fonts, op);
        }
        surface.finish();
        drawn.finish();
    }
    let mut outline = Outline::new();
    for (title, page, y) in sections {
        let place = XyzDestination::new(page, Point::from_xy(LEFT, y));
        outline.push_child(OutlineNode::new(title, place));
    }
    document.set_outline(outline);
    document.finish().map_err(|error| RenderError::Document(format!("{error:?}")))
}

fn metadata(sheet: &Sheet) -> Metadata {
    let words = sheet.words;
    Metadata::new()
        .title(format!("{}: {}, {}", words.surgery_report, sheet.title, sheet.process))
        .language(sheet.language.to_owned())
        .creator("Chiron".to_owned())
        .document_id(format!("{}/{}/{}", sheet.process, sheet.revision, sheet.language))
        .creation_date(date_time(sheet.filed_at))
}

fn date_time(at: Timestamp) -> DateTime {
    let at = at.to_zoned(TimeZone::UTC);
    let part = |part: i8| u8::try_from(part).unwrap_or(0);
    DateTime::new(u16::try_from(at.year()).unwrap_or(0))
        .month(part(at.month()))
        .day(part(at.day()))
        .hour(part(at.hour()))
        .minute(part(at.minute()))
        .second(part(at.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

/// The running lines of a page: at the top of all but the first which report this is, at the foot
/// the version and the page.
fn frame(sheet: &Sheet, fonts: &Fonts, index: usize, count: usize) -> Vec<Op> {
    let words = sheet.words;
    let text = |x: f32, y: f32, text: String| Op::Text {
        x,
        y,
        size: 8.0,
        weight: Weight::Regular,
        ink: TEXT_3,
        text,
    };
    let right = |y: f32, line: String| {
        let width = fonts.width(Weight::Regular, 8.0, &line);
        text(RIGHT - width, y, line)
    };
    let rule = |y: f32| Op::Rule {
        from: (LEFT, y),
        to: (RIGHT, y),
        ink: LINE,
        width: 0.75,
        dotted: false,
    };
    let half = (RIGHT - LEFT) * 0.6;
    let mut ops = Vec::new();
    if 0 < index {
        let patient = sheet.facts.first().and_then(|fact| fact.strong.clone()).unwrap_or_default();
        let head = fonts.fitted(Weight::Regular, 8.0, &format!("{}, {patient}", sheet.title), half);
        ops.push(text(LEFT, 34.0, head));
        let process = fonts.fitted(Weight::Regular, 8.0, &sheet.process, RIGHT - LEFT - half);
        ops.push(right(34.0, process));
        ops.push(rule(40.0));
    }
    let foot = HEIGHT - 28.0;
    ops.push(rule(foot - 12.0));
    let version = fill(words.version, &[&sheet.version.to_string()]);
    ops.push(text(LEFT, foot, format!("{version}. {}", words.disclaimer)));
    let numbers = [(index + 1).to_string(), count.to_string()];
    ops.push(right(foot, fill(words.page_of, &[&numbers[0], &numbers[1]])));
    ops
}

fn filled(Ink(red, green, blue): Ink) -> Fill {
    Fill {
        paint: rgb::Color::new(red, green, blue).into(),
        opacity: NormalizedF32::ONE,
        rule: FillRule::NonZero,
    }
}

fn stroked(Ink(red, green, blue): Ink, width: f32, dotted: bool) -> Stroke {
    Stroke {
        paint: rgb::Color::new(red, green, blue).into(),
        width,
        line_cap: if dotted { LineCap::Butt } else { LineCap::Round },
        line_join: LineJoin::Round,
        dash: dotted.then(|| StrokeDash { array: vec![1.2, 2.0], offset: 0.0 }),
        ..Stroke::default()
    }
}

fn draw(surface: &mut Surface<'_>, fonts: &Fonts, op: &Op) {
    match op {
        Op::Text { x, y, size, weight, ink, text } => {
            surface.set_stroke(None);
            surface.set_fill(Some(filled(*ink)));
            let glyphs = fonts.glyphs(*weight, text);
            let (start, font) = (Point::from_xy(*x, *y), fonts.font(*weight));
            surface.draw_glyphs(start, &glyphs, font, text, *size, false);
        }
        Op::Rect { x, y, width, height, ink } => {
            let rect = Rect::from_xywh(*x, *y, *width, *height);
            let path = rect.and_then(|rect| {
                let mut path = PathBuilder::new();
                path.push_rect(rect);
                path.finish()
            });
            if let Some(path) = path {
                surface.set_stroke(None);
                surface.set_fill(Some(filled(*ink)));
                surface.draw_path(&path);
            }
        }
        Op::Rule { from, to, ink, width, dotted } => {
            trace(surface, &[vec![*from, *to]], stroked(*ink, *width, *dotted));
        }
        Op::Trace { runs, ink, width } => trace(surface, runs, stroked(*ink, *width, false)),
    }
}

fn trace(surface: &mut Surface<'_>, runs: &[Vec<(f32, f32)>], stroke: Stroke) {
    let mut path = PathBuilder::new();
    for run in runs {
        let mut points = run.iter();
        let Some((x, y)) = points.next() else { continue };
        path.move_to(*x, *y);
        for (x, y) in points {
            path.line_to(*x, *y);
        }
        // A single value is a dot, which needs some length to be seen.
        if run.len() == 1 {
            path.line_to(x + 0.6, *y);
        }
    }
    if let Some(path) = path.finish() {
        surface.set_fill(None);
        surface.set_stroke(Some(stroke));
        surface.draw_path(&path);
    }
}
