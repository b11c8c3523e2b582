//! Messages: taken apart, written, and whatever strangers send.

use hl7_gateway_domain::character_set::CharacterSet;
use hl7_gateway_domain::message::{Delimiters, Message, NotHl7, Value, Writer};
use proptest::prelude::*;

fn parse(text: &str) -> Result<Message, NotHl7> {
    Message::parse(text.to_owned(), CharacterSet::Utf8)
}

#[test]
fn parts_are_found_by_their_numbers() {
    let message = parse("MSH|^~\\&|HIS\rPID|1||a^b&c^d~e^f|\"\"|\n\nOBX|1\r\nOBX|2\r").unwrap();
    let names: Vec<&str> = message.segments().map(|segment| segment.name()).collect();
    assert_eq!(names, ["MSH", "PID", "OBX", "OBX"]);
    let header = message.segment("MSH").unwrap();
    assert_eq!((header.value(3, 1), header.value(4, 1)), ("HIS".to_owned(), String::new()));
    let pid = message.segment("PID").unwrap();
    let parts: Vec<[String; 4]> = pid
        .field(3)
        .repetitions()
        .map(|it| {
            let sub = it.subcomponent(2, 2).into_owned();
            [it.value(1), it.value(2), sub, it.value(9)]
        })
        .collect();
    let text = |parts: [&str; 4]| parts.map(str::to_owned);
    assert_eq!(parts, [text(["a", "b", "c", ""]), text(["e", "f", "", ""])]);
    assert!(pid.field(4).is_null() && !pid.field(4).is_empty() && pid.value(4, 1).is_empty());
    assert!(pid.field(5).is_empty() && pid.field(99).is_empty() && pid.field(0).is_empty());
}

#[test]
fn escapes_are_undone_once() {
    for (raw, expected) in [
        (r"a\F\b\S\c\T\d\R\e\E\f", r"a|b^c&d~e\f"),
        (r"\E\F\E\", r"\F\"),
        (r"\X4C75C3AC\", "Luì"),
        (r"\XC3\", r"\XC3\"),
        (r"\X4\ \X\ \XZZ\", r"\X4\ \X\ \XZZ\"),
        (r"\H\loud\N\ \.br\ \Zours\.", "loud \n ."),
        (r"1\2", r"1\2"),
        (r"C:\temp\F\x", r"C:\temp|x"),
        (r"\", r"\"),
    ] {
        let message = parse(&format!("MSH|^~\\&|{raw}")).unwrap();
        let found = message.segment("MSH").unwrap().field(3).first();
        assert_eq!(found.subcomponent(1, 1), expected, "{raw}");
    }
}

#[test]
fn what_is_no_message_is_refused() {
    for (text, expected) in [
        ("", NotHl7::NoHeader),
        ("\r\r", NotHl7::NoHeader),
        ("PID|1\rMSH|^~\\&|", NotHl7::NoHeader),
        ("MSH", NotHl7::Delimiters),
        ("MSH|", NotHl7::Delimiters),
        ("MSH|^~|", NotHl7::Delimiters),
        ("MSH|^~\\&#+|", NotHl7::Delimiters),
        ("MSH|^~\\^|", NotHl7::Delimiters),
        ("MSH|^~&|", NotHl7::Delimiters),
        ("MSH|^a\\&|", NotHl7::Delimiters),
        ("MSH ^~\\& ", NotHl7::Delimiters),
        ("MSH|^~\\&|\rpid|1", NotHl7::SegmentName),
        ("MSH|^~\\&|\rPIDX|1", NotHl7::SegmentName),
        ("MSH|^~\\&|\rP|1", NotHl7::SegmentName),
        ("MSH|^~\\&|\rÀÈÌ|1", NotHl7::SegmentName),
        ("MSH|^~\\&|a\u{0}b", NotHl7::Control),
        ("MSH|^~\\&|a\u{85}b", NotHl7::Control),
    ] {
        assert_eq!(parse(text).unwrap_err(), expected, "{text:?}");
    }
    // The fourth may be left out, and there may be a fifth.
    assert!(parse("MSH|^~\\|").is_ok());
    assert!(parse("MSH|^~\\&#|2.7").is_ok());
    let many = |count: usize| parse(&format!("MSH|^~\\&|\r{}", "NTE\r".repeat(count)));
    assert!(many(9_999).is_ok());
    assert_eq!(many(10_000).unwrap_err(), NotHl7::Segments);
}

/// What a value may hold: letters of all sorts, blanks within, and every delimiter.
fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-zA-Z0-9 .àß字|^~\\\\&#\n\r\"\u{1}\u{b}\u{1c}\u{85}]{0,12}",
        1 => "\\PC{0,12}",
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let subcomponents = prop::collection::vec(part(), 1..3);
    let components = prop::collection::vec(subcomponents, 1..4);
    prop::collection::vec(components, 1..3)
}

fn delimiters() -> impl Strategy<Value = Delimiters> {
    let marks: Vec<char> = "|^~\\&#!$%*+,-./:;<=>?@_`'".chars().collect();
    Just(marks).prop_shuffle().prop_map(|marks| Delimiters {
        field: marks[0],
        component: marks[1],
        repetition: marks[2],
        escape: marks[3],
        subcomponent: marks[4],
    })
}

proptest! {
    #[test]
    fn written_and_read_is_the_same(
        delimiters in delimiters(),
        segments in prop::collection::vec(
            ("[A-Z][A-Z0-9]{2}", prop::collection::vec(value(), 0..5)), 0..5),
    ) {
        let mut writer = Writer::new(delimiters).segment("MSH", &[]);
        for (name, fields) in &segments {
            writer = writer.segment(name, fields);
        }
        let text = writer.into_text();
        let message = parse(&text).unwrap();
        prop_assert_eq!(message.delimiters(), delimiters);
        let read: Vec<_> = message.segments().skip(1).collect();
        prop_assert_eq!(read.len(), segments.len());
        for (segment, (name, fields)) in read.iter().zip(&segments) {
            prop_assert_eq!(segment.name(), name);
            // Of MSH the first field that is written is MSH-3.
            let first = if name == "MSH" { 3 } else { 1 };
            for (nth, field) in fields.iter().enumerate() {
                let repetitions: Vec<_> = segment.field(first + nth).repetitions().collect();
                prop_assert_eq!(repetitions.len(), field.len());
                for (repetition, components) in repetitions.iter().zip(field) {
                    for (component, parts) in components.iter().enumerate() {
                        for (part, expected) in parts.iter().enumerate() {
                            let found = repetition.subcomponent(component + 1, part + 1);
                            prop_assert_eq!(found.as_ref(), expected);
                        }
                    }
                }
            }
        }
        prop_assert_eq!(message.text(), text);
    }

    #[test]
    fn sets_read_what_they_write(text in "[ -ÿ]{0,40}", any in "\\PC{0,40}") {
        let latin = CharacterSet::Latin1;
        prop_assert_eq!(latin.decode(&latin.encode(&text)).unwrap(), text);
        let unicode = CharacterSet::Utf8;
        prop_assert_eq!(unicode.decode(&unicode.encode(&any)).unwrap(), any.clone());
        prop_assert!(CharacterSet::Ascii.encode(&any).is_ascii());
    }
}
