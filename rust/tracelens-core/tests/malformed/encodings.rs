//! Text that is not the UTF-8 that is expected, and marks, line ends and characters that are in the way.

use super::write::{FORMS, Form, PACKINGS, ROWS};
use super::{Logs, assert_says, mapping, of_report, place_of};
use tracelens_core::error::Code;

const TEXTS: [&str; 5] = ["log.ndjson", "log.json", "log.csv", "log.tsv", "log.xes"];

fn form(name: &str) -> &'static Form {
    FORMS.iter().find(|form| form.name == name).unwrap()
}

/// The six rows, the third with a time that is none if it is to be broken.
fn text(name: &str, broken: bool) -> String {
    let mut rows = ROWS;
    if broken {
        rows[2][1] = "2025-09-31T10:00:00Z";
    }
    String::from_utf8((form(name).write)(&rows)).unwrap()
}

/// The text in each packing: the name of the file, and its bytes.
fn packed(name: &str, bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let pack = |packing: &super::write::Packing| (packing.names(name).0, (packing.pack)(name, bytes));
    PACKINGS.iter().map(pack).collect()
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_text() {
    for name in TEXTS {
        let mapping = form(name).mapping();
        let plain = Logs::of(&[(name, text(name, false))])
            .read(name, &mapping)
            .unwrap()
            .events;
        let broken = Logs::of(&[(name, text(name, true))]).read(name, &mapping).unwrap_err();
        for (packed_name, bytes) in packed(name, format!("\u{feff}{}", text(name, false)).as_bytes()) {
            let read = Logs::of(&[(packed_name.as_str(), bytes)])
                .read(&packed_name, &mapping)
                .unwrap();
            assert_eq!(read.events, plain, "{packed_name}");
        }
        let marked = Logs::of(&[(name, format!("\u{feff}{}", text(name, true)))]);
        let error = marked.read(name, &mapping).unwrap_err();
        assert_eq!(place_of(&error), place_of(&broken), "{error}");
        // Bytes are those of the file, of which the mark is one part.
        let byte = |error: &tracelens_core::error::Error| error.detail().place.as_ref().unwrap().byte;
        assert_eq!(byte(&error), byte(&broken).map(|byte| byte + 3), "{error}");
    }
}

#[test]
fn utf_16_is_told_by_its_mark_and_how_to_convert_it() {
    for name in TEXTS {
        let little: Vec<u8> = text(name, false).encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text(name, false).encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [
            [b"\xff\xfe".as_slice(), &little].concat(),
            [b"\xfe\xff".as_slice(), &big].concat(),
        ] {
            for (packed_name, bytes) in packed(name, &bytes) {
                let logs = Logs::of(&[(packed_name.as_str(), bytes)]);
                for read in [
                    logs.read(&packed_name, &form(name).mapping()),
                    logs.drop(&packed_name, &form(name).mapping()),
                ] {
                    let error = read.unwrap_err();
                    assert_says(
                        &error,
                        Code::Encoding,
                        (1, 1),
                        &["UTF-16", "iconv -f UTF-16 -t UTF-8", name],
                    );
                }
            }
        }
    }
}

#[test]
fn line_ends_of_windows_are_line_ends() {
    for name in TEXTS {
        let mapping = form(name).mapping();
        let windows = |broken| text(name, broken).replace('\n', "\r\n");
        let plain = Logs::of(&[(name, text(name, false))])
            .read(name, &mapping)
            .unwrap()
            .events;
        let read = Logs::of(&[(name, windows(false))]).read(name, &mapping).unwrap();
        assert_eq!(read.events, plain, "{name}");
        let broken = Logs::of(&[(name, text(name, true))]).read(name, &mapping).unwrap_err();
        let error = Logs::of(&[(name, windows(true))]).read(name, &mapping).unwrap_err();
        assert_eq!(place_of(&error), place_of(&broken), "{error}");
        assert!(!error.to_string().contains('\r'), "{error:?}");
    }
}

/// The text with the third row's item in Latin 1.
fn mixed(name: &str) -> Vec<u8> {
    let text = text(name, false);
    let at = text.match_indices("i1").nth(1).unwrap().0;
    [&text.as_bytes()[..at], b"caf\xe9", &text.as_bytes()[at + 2..]].concat()
}

#[test]
fn a_line_in_another_encoding_has_the_place_of_its_first_strange_byte() {
    for (name, at) in [
        ("log.ndjson", (3, 74)),
        ("log.json", (4, 74)),
        ("log.csv", (4, 33)),
        ("log.tsv", (4, 33)),
    ] {
        for (packed_name, bytes) in packed(name, &mixed(name)) {
            let logs = Logs::of(&[(packed_name.as_str(), bytes)]);
            let error = logs.read(&packed_name, &form(name).mapping()).unwrap_err();
            assert_says(&error, Code::Encoding, at, &["not UTF-8: byte 0xe9", "with iconv"]);
        }
    }
    let logs = Logs::of(&[("log.xes", mixed("log.xes"))]);
    let error = logs.read("log.xes", &form("log.xes").mapping()).unwrap_err();
    assert!(error.to_string().contains("log.xes:10:"), "{error}");
}

#[test]
fn a_line_in_another_encoding_may_be_dropped_and_a_document_may_not() {
    for (name, at) in [("log.ndjson", ":3:74"), ("log.csv", ":4:33"), ("log.tsv", ":4:33")] {
        for (packed_name, bytes) in packed(name, &mixed(name)) {
            let logs = Logs::of(&[(packed_name.as_str(), bytes)]);
            let read = logs.drop(&packed_name, &form(name).mapping()).unwrap();
            assert_eq!(read.report.dropped, of_report([("not UTF-8", 1)]), "{packed_name}");
            assert_eq!(read.events.len(), 5);
            assert!(
                read.report.examples["not UTF-8"][0].contains(at),
                "{:?}",
                read.report.examples
            );
        }
    }
    for name in ["log.json", "log.xes"] {
        assert!(
            Logs::of(&[(name, mixed(name))])
                .drop(name, &form(name).mapping())
                .is_err(),
            "{name}"
        );
    }
    // A header that cannot be read says nothing of any row.
    let logs = Logs::of(&[("a.csv", b"user,action,caf\xe9\nu,see,1\n")]);
    let error = logs.drop("a.csv", &mapping("delimited")).unwrap_err();
    assert_says(&error, Code::Encoding, (1, 16), &["byte 0xe9"]);
}

#[test]
fn a_quoted_value_of_several_lines_is_dropped_with_its_row() {
    let logs = Logs::of(&[(
        "a.csv",
        b"user,action,item\na,see,\"one\ntwo\xe9\nthree\"\nb,see,x\nc,see,\n".as_slice(),
    )]);
    let read = logs.drop("a.csv", &mapping("delimited")).unwrap();
    assert_eq!(read.events, ["b - see x NaN", "c - see - NaN"]);
    assert!(
        read.report.examples["not UTF-8"][0].contains("a.csv:3:4"),
        "{:?}",
        read.report.examples
    );
}

#[test]
fn bytes_of_zero_are_where_they_are_and_end_no_file() {
    // What a crash leaves of the end of a file.
    let tail = [b"{\"user\": \"a\", \"action\": \"see\"}\n".as_slice(), &[0; 100]].concat();
    let logs = Logs::of(&[("a.ndjson", tail)]);
    assert_says(
        &logs.read("a.ndjson", &mapping("ndjson")).unwrap_err(),
        Code::Syntax,
        (2, 1),
        &["a.ndjson:2:1"],
    );
    let read = logs.drop("a.ndjson", &mapping("ndjson")).unwrap();
    assert_eq!(
        (read.events.len(), read.report.dropped),
        (1, of_report([("not JSON", 1)]))
    );

    let lines = "{\"user\": \"a\0\", \"action\": \"see\"}\n{\"user\": \"b\", \"action\": \"see\"}\n";
    let logs = Logs::of(&[("a.ndjson", lines)]);
    let error = logs.read("a.ndjson", &mapping("ndjson")).unwrap_err();
    assert_says(&error, Code::Syntax, (1, 12), &[]);
    assert_eq!(
        logs.drop("a.ndjson", &mapping("ndjson")).unwrap().events,
        ["b - see - NaN"]
    );

    // In columns, and as an escape, it is a character like any other.
    let logs = Logs::of(&[
        ("a.csv", "user,action\na\0,see\n"),
        ("a.ndjson", "{\"user\": \"a\\u0000\", \"action\": \"see\"}"),
    ]);
    assert_eq!(
        logs.read("a.csv", &mapping("delimited")).unwrap().events,
        ["a\0 - see - NaN"]
    );
    assert_eq!(
        logs.read("a.ndjson", &mapping("ndjson")).unwrap().events,
        ["a\0 - see - NaN"]
    );
}

#[test]
fn half_of_a_pair_of_surrogates_is_replaced_wherever_it_is_asked_for() {
    let read = |mapping: &str, text: &str| {
        let logs = Logs::of(&[("log.ndjson", text)]);
        logs.read("log.ndjson", mapping).unwrap().events
    };
    // As a value, and as one that is only looked at.
    let line = r#"{"user": "a\ud800", "action": "s\u0065e", "item": "\udc00x", "other": "\ud83d"}"#;
    assert_eq!(read(&mapping("ndjson"), line), ["a\u{fffd} - see \u{fffd}x NaN"]);
    // As a key.
    let keys = "version = 1\nformat = \"ndjson\"\n[rows]\nexplode = [\"$.*\"]\n[event]\nuser = { key = 0 }\naction = \"action\"\n";
    assert_eq!(
        read(keys, r#"{"a\ud800": {"action": "see", "\udc00": 1}}"#),
        ["a\u{fffd} - see - NaN"]
    );
    // Beside what a path looks for in a list, and in JSON inside of a text.
    let list = mapping("ndjson").replace("\"item\"", "\"tags[key=kind].value\"");
    let tagged = r#"{"user": "a", "action": "see", "tags": [{"key": "\ud800", "value": 1}, {"key": "kind", "value": "x\ud800"}]}"#;
    assert_eq!(read(&list, tagged), ["a - see x\u{fffd} NaN"]);
    let inside = mapping("ndjson").replace("\"item\"", "\"more{json}.kind\"");
    let text = r#"{"user": "a", "action": "see", "more": "{\"kind\": \"x\\ud800\"}"}"#;
    assert_eq!(read(&inside, text), ["a - see x\u{fffd} NaN"]);
    // A pair is one character.
    assert_eq!(
        read(&mapping("ndjson"), r#"{"user": "\ud83d\ude00", "action": "see"}"#),
        ["😀 - see - NaN"]
    );
}
