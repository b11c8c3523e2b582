//! The parts of the document, in the order of the page.

use super::{
    super::{
        figures::{Row, Table},
        ink::{self, Ink, LINE, LINE_STRONG, TEXT, TEXT_2, TEXT_3},
        sheet::{Differences, Fact, Overview, Sheet, StepSheet, Timeline},
        typesetting::Weight,
    },
    flow::{Flow, LEFT, Op, RIGHT, Style, narrow},
};
use crate::application::words::{Words, fill};

const BODY: Style = Style { size: 9.0, leading: 13.0, weight: Weight::Regular, ink: TEXT };
const NOTE: Style = Style { ink: TEXT_2, ..BODY };
const CAPTION: Style = Style { ink: TEXT_3, ..BODY };
const BOLD: Style = Style { weight: Weight::Bold, ..BODY };
const SMALL: Style = Style { size: 7.5, leading: 11.0, ..CAPTION };
const TITLE: Style = Style { size: 22.0, leading: 28.0, ..BOLD };
const LEAD: Style = Style { size: 11.5, leading: 17.0, ..BODY };
const HEADING: Style = Style { size: 13.0, leading: 18.0, ..BOLD };

/// Height of a row of a table.
const ROW: f32 = 17.0;
const FULL: f32 = RIGHT - LEFT;

pub(super) fn write(sheet: &Sheet, flow: &mut Flow<'_>) {
    let words = sheet.words;
    flow.paragraph(0.0, CAPTION, words.surgery_report);
    flow.section(words.summary);
    flow.paragraph(0.0, TITLE, &sheet.title);
    flow.y += 4.0;
    flow.paragraph(0.0, LEAD, &sheet.lead);
    for notice in &sheet.notices {
        flow.y += 4.0;
        flow.paragraph(0.0, BOLD, notice);
    }
    facts(flow, &sheet.facts);
    if !sheet.timeline.segments.is_empty() {
        heading(flow, words.timeline, "", None, 150.0);
        timeline(flow, &sheet.timeline);
        steps(flow, words, &sheet.steps);
    }
    if let Some(chart) = &sheet.overview {
        heading(flow, words.vital_signs, "", None, 206.0);
        overview(flow, chart);
        flow.paragraph(0.0, NOTE, words.legend);
    }
    for step in &sheet.steps {
        figures(flow, words, step);
    }
    heading(flow, words.technologies, "", None, 3.0 * ROW);
    if sheet.technologies.is_empty() {
        flow.paragraph(0.0, NOTE, words.none_used);
    } else {
        let columns =
            [(words.what, 0.36), (words.kind, 0.22), (words.from, 0.24), (words.to, 0.18)];
        list(flow, &columns, &[], &sheet.technologies);
    }
    let note = fill(words.movements_note, &[&sheet.passages.to_string()]);
    heading(flow, words.movements, &note, None, 3.0 * ROW);
    if sheet.movements.is_empty() {
        flow.paragraph(0.0, NOTE, words.nobody_moved);
    } else {
        let columns = [
            (words.who, 0.28),
            (words.role, 0.18),
            (words.room, 0.2),
            (words.entered, 0.12),
            (words.left, 0.12),
            (words.inside, 0.1),
        ];
        list(flow, &columns, &[], &sheet.movements);
    }
    additions(flow, sheet);
    heading(flow, words.versions, "", None, 3.0 * ROW);
    let columns = [("", 0.06), ("", 0.64), ("", 0.3)];
    list(flow, &columns, &[], &sheet.versions);
    if let Some(it) = &sheet.differences {
        differences(flow, words, it);
    }
}

/// A heading with what follows on the same line, kept together with so much of what comes next.
fn heading(flow: &mut Flow<'_>, title: &str, note: &str, key: Option<Ink>, keep: f32) {
    flow.space(20.0);
    flow.need(HEADING.leading + keep);
    flow.section(title);
    flow.y += HEADING.leading;
    let line = flow.y - 5.0;
    let mut x = LEFT;
    if let Some(ink) = key {
        flow.push(Op::Rect { x, y: line - 8.0, width: 8.0, height: 8.0, ink });
        x += 14.0;
    }
    flow.text(x, line, HEADING, title);
    x += flow.fonts.width(HEADING.weight, HEADING.size, title) + 8.0;
    flow.text(x, line, NOTE, note);
    flow.y += 2.0;
}

fn facts(flow: &mut Flow<'_>, facts: &[Fact]) {
    let column = (FULL - 32.0) / 3.0;
    flow.y += 12.0;
    flow.rule(flow.y, TEXT, 1.5);
    flow.y += 8.0;
    for row in facts.chunks(3) {
        // Each column as it is written, so that the tallest says how much there is.
        let columns: Vec<Vec<(Style, String)>> = row
            .iter()
            .map(|fact| {
                let mut lines = vec![(CAPTION, fact.label.clone())];
                let strong = Style { size: 10.5, leading: 15.0, ..BOLD };
                if let Some(text) = &fact.strong {
                    let set = flow.fonts.lines(strong.weight, strong.size, text, column);
                    lines.extend(set.into_iter().map(|line| (strong, line)));
                }
                for text in &fact.lines {
                    let set = flow.fonts.lines(BODY.weight, BODY.size, text, column);
                    lines.extend(set.into_iter().map(|line| (BODY, line)));
                }
                lines
            })
            .collect();
        let height = |lines: &Vec<(Style, String)>| lines.iter().map(|it| it.0.leading).sum();
        let tallest: f32 = columns.iter().map(height).fold(0.0, f32::max);
        flow.need(tallest + 8.0);
        let top = flow.y;
        let mut x = LEFT;
        for lines in columns {
            let mut y = top;
            for (style, line) in lines {
                y += style.leading;
                flow.text(x, y - 3.5, style, &line);
            }
            x += column + 16.0;
        }
        flow.y = top + tallest + 8.0;
    }
    flow.rule(flow.y, LINE, 0.75);
}

fn timeline(flow: &mut Flow<'_>, timeline: &Timeline) {
    let top = flow.y + 6.0;
    for segment in &timeline.segments {
        let (x, width) = (LEFT + narrow(segment.from) * FULL, narrow(segment.width) * FULL);
        let (ink, _) = ink::step(segment.step);
        flow.push(Op::Rect { x, y: top, width: (width - 0.8).max(0.4), height: 18.0, ink });
        if segment.named {
            flow.text(x, top + 38.0, BODY, segment.name);
            flow.text(x, top + 49.0, CAPTION, &segment.time);
        }
    }
    flow.y = top + 56.0;
    if let Some((from, width, label)) = &timeline.plan {
        let (x, width) = (LEFT + narrow(*from) * FULL, narrow(*width) * FULL);
        flow.push(Op::Rect { x, y: top + 22.0, width, height: 2.2, ink: LINE_STRONG });
        flow.paragraph(0.0, NOTE, label);
    }
}

fn steps(flow: &mut Flow<'_>, words: &Words, steps: &[StepSheet]) {
    flow.y += 6.0;
    let columns = [
        (words.step, 0.3),
        (words.from, 0.14),
        (words.to, 0.14),
        (words.room, 0.32),
        (words.minutes, 0.1),
    ];
    let rows: Vec<[String; 5]> = steps
        .iter()
        .map(|step| {
            let name = step.name.to_owned();
            [name, step.from.clone(), step.to.clone(), step.rooms.clone(), step.minutes.clone()]
        })
        .collect();
    let keys: Vec<_> = steps.iter().map(|step| ink::step(step.step).0).collect();
    list(flow, &columns, &keys, &rows);
}

fn overview(flow: &mut Flow<'_>, chart: &Overview) {
    const LABEL: f32 = 112.0;
    const LANE: f32 = 34.0;
    let (x, width) = (LEFT + LABEL, FULL - LABEL);
    let top = flow.y + 4.0;
    let first = top + 16.0;
    let mut bottom = first;
    for _ in &chart.lanes {
        bottom += LANE;
    }
    for band in &chart.bands {
        let (from, wide) = (x + narrow(band.from) * width, narrow(band.width) * width);
        let (_, wash) = ink::step(band.step);
        flow.push(Op::Rect {
            x: from,
            y: top,
            width: wide.max(0.4),
            height: bottom - top,
            ink: wash,
        });
        let (a, b) = ((from, top), (from, bottom));
        flow.push(Op::Rule { from: a, to: b, ink: LINE, width: 0.5, dotted: false });
        if band.named {
            flow.text(from + 3.0, top + 11.0, CAPTION, band.name);
        }
    }
    let mut y = first;
    for it in &chart.lanes {
        flow.rule(y, LINE, 0.5);
        flow.text(LEFT, y + 15.0, Style { ink: it.lane.hue.ink(), ..BOLD }, it.name);
        flow.text(LEFT, y + 27.0, CAPTION, &it.range);
        flow.lane(&it.lane, x, y + 3.0, width, LANE - 6.0);
        y += LANE;
    }
    let (a, b) = ((x, bottom), (RIGHT, bottom));
    flow.push(Op::Rule { from: a, to: b, ink: LINE_STRONG, width: 0.75, dotted: false });
    for (place, time) in &chart.ticks {
        let middle = x + narrow(*place) * width;
        let half = flow.fonts.width(CAPTION.weight, CAPTION.size, time) / 2.0;
        let left = (middle - half).min(RIGHT - 2.0 * half);
        flow.text(left, bottom + 12.0, CAPTION, time);
    }
    flow.y = bottom + 20.0;
}

/// Where the columns of figures end.
const ENDS: [f32; 6] = [0.57, 0.685, 0.755, 0.83, 0.905, 1.0];
/// Where courses are drawn.
const COURSE: (f32, f32) = (0.27, 0.485);

fn figures(flow: &mut Flow<'_>, words: &Words, step: &StepSheet) {
    let note = if step.to.is_empty() {
        step.from.clone()
    } else {
        format!("{}–{}, {} {}", step.from, step.to, step.minutes, words.minutes)
    };
    let (key, _) = ink::step(step.step);
    // A heading is not left alone: with it stands the whole of the first table.
    let first = step.tables.first().map_or(1, |table| table.rows.len().max(1));
    heading(flow, step.name, &note, Some(key), ROW * (size(first) + 1.0));
    for table in &step.tables {
        let rows = size(table.rows.len().max(1));
        flow.need(ROW * (rows.min(3.0) + 1.0));
        columns(flow, words, table);
        for row in &table.rows {
            if flow.need(ROW) {
                columns(flow, words, table);
            }
            figure(flow, row);
        }
        if let Some(nothing) = table.nothing {
            flow.y += ROW;
            flow.text(LEFT, flow.y - 5.5, NOTE, nothing);
            flow.rule(flow.y, LINE, 0.5);
        }
        flow.y += 6.0;
    }
}

/// Tables are short.
fn size(rows: usize) -> f32 {
    f32::from(u16::try_from(rows).unwrap_or(u16::MAX))
}

fn columns(flow: &mut Flow<'_>, words: &Words, table: &Table) {
    flow.y += ROW;
    let line = flow.y - 5.0;
    let title = flow.fonts.fitted(Weight::Bold, BOLD.size, &table.title, FULL * 0.5);
    flow.text(LEFT, line, BOLD, &title);
    if !table.rows.is_empty() {
        let names = [words.mean, words.weighted, words.sd, words.min, words.max, words.samples];
        for (name, end) in names.into_iter().zip(ENDS) {
            flow.text_to(LEFT + FULL * end, line, CAPTION, name);
        }
    }
    flow.rule(flow.y, LINE_STRONG, 0.75);
}

fn figure(flow: &mut Flow<'_>, row: &Row) {
    flow.y += ROW;
    let line = flow.y - 5.5;
    flow.text(LEFT, line, BODY, row.name);
    let name = flow.fonts.width(BODY.weight, BODY.size, row.name);
    flow.text(LEFT + name + 4.0, line, CAPTION, row.unit);
    if let Some(lane) = &row.lane {
        let (x, width) = (LEFT + FULL * COURSE.0, FULL * (COURSE.1 - COURSE.0));
        flow.lane(lane, x, flow.y - ROW + 1.5, width, ROW - 3.0);
    }
    let cells = [
        (&row.mean, false),
        (&row.weighted, false),
        (&row.sd, false),
        (&row.min, row.low),
        (&row.max, row.high),
        (&row.samples, false),
    ];
    for ((cell, outside), end) in cells.into_iter().zip(ENDS) {
        let x = LEFT + FULL * end;
        if outside {
            // Bold and underlined: on paper without colours, too.
            let width = flow.fonts.width(Weight::Bold, BODY.size, cell);
            flow.text_to(x, line, BOLD, cell);
            let (from, to) = ((x - width, line + 2.2), (x, line + 2.2));
            flow.push(Op::Rule { from, to, ink: TEXT, width: 1.0, dotted: false });
        } else {
            let style = if end < 1.0 { BODY } else { NOTE };
            flow.text_to(x, line, style, cell);
        }
    }
    flow.rule(flow.y, LINE, 0.5);
}

/// A table of texts; its last column ends at the right. Columns are named with their shares of the
/// width; a row may have a key of its own colour.
fn list(flow: &mut Flow<'_>, columns: &[(&str, f32)], keys: &[Ink], rows: &[impl AsRef<[String]>]) {
    let named = columns.iter().any(|(name, _)| !name.is_empty());
    let line = |flow: &mut Flow<'_>, cells: &[&str], style: Style, ink: Ink, key: Option<&Ink>| {
        flow.y += ROW;
        let base = flow.y - 5.5;
        let mut x = LEFT;
        if let Some(&ink) = key {
            flow.push(Op::Rect { x, y: base - 7.0, width: 7.0, height: 7.0, ink });
        }
        for (index, ((_, share), cell)) in columns.iter().zip(cells).enumerate() {
            let width = share * FULL;
            let text = flow.fonts.fitted(style.weight, style.size, cell, width - 6.0);
            if index + 1 == columns.len() {
                flow.text_to(RIGHT, base, style, &text);
            } else if let (0, Some(_)) = (index, key) {
                flow.text(x + 13.0, base, style, &text);
            } else {
                flow.text(x, base, style, &text);
            }
            x += width;
        }
        flow.rule(flow.y, ink, 0.5);
    };
    let head = |flow: &mut Flow<'_>| {
        if named {
            let titles: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
            line(flow, &titles, CAPTION, LINE_STRONG, None);
        }
    };
    flow.need(2.0 * ROW);
    head(flow);
    for (index, row) in rows.iter().enumerate() {
        if flow.need(ROW) {
            head(flow);
        }
        let cells: Vec<_> = row.as_ref().iter().map(String::as_str).collect();
        line(flow, &cells, BODY, LINE, keys.get(index));
    }
}

fn additions(flow: &mut Flow<'_>, sheet: &Sheet) {
    let words = sheet.words;
    heading(flow, words.additions, "", None, 3.0 * ROW);
    if sheet.additions.is_empty() {
        flow.paragraph(0.0, NOTE, words.no_additions);
    }
    for note in &sheet.additions {
        flow.y += 4.0;
        flow.need(2.0 * BODY.leading);
        let lines = flow.fonts.lines(BODY.weight, BODY.size, &note.text, FULL - 12.0);
        for (style, line) in
            lines.iter().map(|line| (BODY, line)).chain(std::iter::once((CAPTION, &note.by)))
        {
            flow.need(style.leading);
            let (x, y) = (LEFT + 1.0, flow.y);
            flow.push(Op::Rect {
                x: x - 1.0,
                y,
                width: 2.0,
                height: style.leading,
                ink: LINE_STRONG,
            });
            flow.y += style.leading;
            flow.text(LEFT + 12.0, flow.y - 3.5, style, line);
        }
    }
    if let Some(signed) = &sheet.signature {
        flow.y += 12.0;
        flow.need(50.0);
        flow.rule(flow.y, TEXT, 1.5);
        flow.y += 6.0;
        flow.paragraph(0.0, BOLD, &signed.by);
        flow.paragraph(0.0, NOTE, &signed.note);
        flow.paragraph(0.0, SMALL, &signed.fingerprint);
        flow.y += 4.0;
        flow.rule(flow.y, LINE, 0.75);
    }
}

fn differences(flow: &mut Flow<'_>, words: &Words, it: &Differences) {
    heading(flow, words.differences, &it.between, None, 3.0 * ROW);
    if !it.rows.is_empty() {
        let columns =
            [(words.where_, 0.34), (words.quantity, 0.36), (words.from, 0.15), (words.to, 0.15)];
        let rows: Vec<[String; 4]> = it
            .rows
            .iter()
            .map(|row| {
                let (before, after) = (row.before.clone(), row.after.clone());
                [row.place.clone(), row.quantity.clone(), before, after]
            })
            .collect();
        list(flow, &columns, &[], &rows);
    }
    if let Some(rest) = &it.rest {
        flow.paragraph(0.0, NOTE, rest);
    }
}
