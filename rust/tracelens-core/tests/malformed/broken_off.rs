//! Files that end early, in every format and packing.

use super::write::{FORMS, Form, PACKINGS, ROWS};
use super::{Logs, assert_says, mapping, of_report};
use tracelens_core::error::Code;

fn form(name: &str) -> &'static Form {
    FORMS.iter().find(|form| form.name == name).unwrap()
}

#[test]
fn a_packed_file_that_ends_early_is_an_error_and_never_a_bad_row() {
    for form in &FORMS {
        let bytes = (form.write)(&ROWS);
        for packing in PACKINGS.iter().filter(|packing| !packing.suffix.is_empty()) {
            let (name, _) = packing.names(form.name);
            let whole = (packing.pack)(form.name, &bytes);
            let last = if packing.suffix == ".tar" {
                whole.len() - 1024
            } else {
                whole.len() - 1
            };
            for length in [whole.len() / 3, whole.len() / 2, last] {
                let logs = Logs::of(&[(name.as_str(), &whole[..length])]);
                for read in [logs.read(&name, &form.mapping()), logs.drop(&name, &form.mapping())] {
                    let error = read.map(|_| format!("{length} of {}", whole.len())).unwrap_err();
                    assert_says(&error, Code::Compression, None, &["damaged", "fetch it again", &name]);
                }
            }
        }
    }
}

#[test]
fn a_table_that_ends_early_is_an_error_and_never_a_bad_row() {
    for name in ["log.parquet", "log.arrow", "log.ipc", "log.db"] {
        let form = form(name);
        let whole = (form.write)(&ROWS);
        // A stream of Arrow may go without the mark at its end, which takes eight bytes.
        for length in [1, whole.len() / 3, whole.len() / 2, whole.len() - 9] {
            let logs = Logs::of(&[(name, &whole[..length])]);
            for read in [logs.read(name, &form.mapping()), logs.drop(name, &form.mapping())] {
                let error = read
                    .map(|_| format!("{name}: {length} of {}", whole.len()))
                    .unwrap_err();
                assert_says(
                    &error,
                    Code::Syntax,
                    None,
                    &["that can be read", "fetch it again", name],
                );
            }
        }
    }
    let whole = (form("log.ipc").write)(&ROWS);
    let logs = Logs::of(&[("log.ipc", &whole[..whole.len() - 20])]);
    let error = logs.read("log.ipc", &form("log.ipc").mapping()).unwrap_err();
    assert_eq!(
        error.detail().place.as_ref().unwrap().element.as_deref(),
        Some("batch 3"),
        "{error}"
    );
}

#[test]
fn text_that_ends_early_is_said_where_it_ends() {
    for (name, code, at, said) in [
        ("log.ndjson", Code::Syntax, (6, 57), "a string does not end"),
        ("log.json", Code::Syntax, (7, 57), "a string does not end"),
        (
            "log.csv",
            Code::Ragged,
            (7, 1),
            "a row of 3 columns where 5 are expected",
        ),
        (
            "log.tsv",
            Code::Ragged,
            (7, 1),
            "a row of 3 columns where 5 are expected",
        ),
        ("log.xes", Code::Syntax, (19, 57), "not closed"),
    ] {
        let text = String::from_utf8((form(name).write)(&ROWS)).unwrap();
        // Inside of what the last row says was done.
        let end = text.rfind("see").unwrap() + 1;
        let logs = Logs::of(&[(name, &text[..end])]);
        let error = logs.read(name, &form(name).mapping()).unwrap_err();
        assert_says(&error, code, at, &[said, name]);
    }
}

#[test]
fn a_last_line_that_is_cut_off_may_be_dropped_and_a_document_may_not() {
    for (name, reason) in [("log.ndjson", "not JSON"), ("log.csv", "ragged row")] {
        let whole = (form(name).write)(&ROWS);
        let logs = Logs::of(&[(name, &whole[..whole.len() - 13])]);
        let read = logs.drop(name, &form(name).mapping()).unwrap();
        assert_eq!(read.report.dropped, of_report([(reason, 1)]), "{name}");
        assert_eq!(read.events.len(), 5);
    }
    for name in ["log.json", "log.xes"] {
        let whole = (form(name).write)(&ROWS);
        let logs = Logs::of(&[(name, &whole[..whole.len() - 20])]);
        let error = logs.drop(name, &form(name).mapping()).unwrap_err();
        assert_eq!(error.code(), Code::Syntax, "{error}");
    }
}

#[test]
fn damage_in_the_middle_of_a_packed_file_says_how_far_it_could_be_read() {
    // Texts that cannot be packed, so that half of the file is half of the text.
    let line = |n: u64| {
        format!(
            "{{\"user\": \"{:016x}\", \"action\": \"see\"}}\n",
            n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        )
    };
    let text: String = (0..200_000).map(line).collect();
    for (name, packing) in [("a.ndjson.gz", ".gz"), ("a.ndjson.zst", ".zst"), ("a.ndjson.xz", ".xz")] {
        let pack = PACKINGS.iter().find(|p| p.suffix == packing).unwrap().pack;
        let mut bytes = pack(name, text.as_bytes());
        let middle = bytes.len() / 2;
        bytes[middle..middle + 64].fill(0xff);
        let logs = Logs::of(&[(name, bytes)]);
        let error = logs.drop(name, &mapping("ndjson")).unwrap_err();
        assert_says(
            &error,
            Code::Compression,
            None,
            &["damaged", "up to which it could be read", "fetch it again"],
        );
        let byte = error.detail().place.as_ref().unwrap().byte.unwrap();
        assert!(byte < text.len() as u64, "{error}");
    }
}
