//! Every fault is a located error: code, file, line, what was expected, how to mend.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its log should stop there")]

use std::path::Path;
use tracelens_core::error::{Code, Error};
use tracelens_core::input::discover::discover;
use tracelens_core::mapping::Mapping;
use tracelens_core::reader::{OnBadRow, ReadOptions, ReadReport, Reader};

fn read(name: &str, mapping: &Mapping, on_bad_row: OnBadRow) -> Result<ReadReport, Error> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/broken")
        .join(name);
    let options = ReadOptions {
        on_bad_row,
        max_bad: None,
        text: false,
    };
    let mut reader = Reader::open(
        discover(&[path.to_string_lossy().into_owned()])?,
        mapping.clone(),
        options,
    )?;
    while reader.next_group()?.is_some() {}
    Ok(reader.report().clone())
}

fn fault(name: &str, mapping: &str) -> Error {
    read(name, &Mapping::builtin(mapping).unwrap(), OnBadRow::Error).unwrap_err()
}

#[test]
fn each_fault_has_its_code_and_its_place() {
    for (name, mapping, code, line, column) in [
        ("timestamp.csv", "events", Code::Timestamp, 3, Some(3)),
        ("user.csv", "events", Code::MissingUser, 3, None),
        ("ragged.csv", "events", Code::Ragged, 2, None),
        ("encoding.csv", "events", Code::Encoding, 2, Some(26)),
        ("column.csv", "events", Code::MissingColumn, 1, None),
        ("syntax.ndjson", "events", Code::Syntax, 2, Some(25)),
        ("cut.json", "omnibehavior", Code::Syntax, 3, None),
        ("shape.json", "omnibehavior", Code::Syntax, 1, Some(1)),
        ("nested.json", "omnibehavior", Code::Timestamp, 2, Some(34)),
    ] {
        let error = fault(name, mapping);
        let place = error.detail().place.clone().unwrap();
        assert_eq!(error.code(), code, "{name}: {error}");
        assert!(place.path.ends_with(name), "{error}");
        assert_eq!(place.line, Some(line), "{name}: {error}");
        if let Some(column) = column {
            assert_eq!(place.column, Some(column), "{name}: {error}");
        }
        assert!(error.detail().help.is_some(), "{name} says how to mend: {error}");
    }
    assert_eq!(fault("cut.csv.gz", "events").code(), Code::Compression);
}

#[test]
fn a_bad_timestamp_reads_as_a_person_would_say_it() {
    let text = fault("timestamp.csv", "events").to_string();
    for part in [
        "error[TL204]",
        "September has 30 days",
        "^^^^^^^^^^^^^^^^^^^",
        "formats tried",
        "user a",
        "help:",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn dropped_rows_are_counted_and_nothing_is_lost() {
    let events = Mapping::builtin("events").unwrap();
    for (name, reason) in [
        ("timestamp.csv", "bad timestamp"),
        ("user.csv", "missing user"),
        ("ragged.csv", "ragged row"),
        ("syntax.ndjson", "not JSON"),
    ] {
        let report = read(name, &events, OnBadRow::Drop).unwrap();
        assert_eq!(report.dropped.get(reason), Some(&1), "{name}: {report:?}");
        assert_eq!(
            report.events_in,
            report.events_used + report.dropped.values().sum::<u64>()
        );
        assert_eq!(report.examples[reason].len(), 1);
    }
}

#[test]
fn mistakes_in_a_mapping_are_located_and_said() {
    let good = "version = 1\nformat = \"ndjson\"\n[event]\nuser = \"u\"\naction = \"a\"\n";
    for (from, to, code, line, said) in [
        (
            "action =",
            "aktion =",
            Code::MappingUnknownKey,
            5,
            "did you mean \"action\"?",
        ),
        (
            "\"ndjson\"",
            "\"ndjsn\"",
            Code::MappingValue,
            2,
            "did you mean \"ndjson\"?",
        ),
        ("version = 1", "version = 2", Code::MappingValue, 1, "version 2"),
        ("version = 1\n", "", Code::MappingIncomplete, 1, "version = 1"),
        ("user = \"u\"\n", "", Code::MappingIncomplete, 3, "user"),
        ("\"u\"", "\"^.u\"", Code::MappingValue, 4, "up"),
        ("\"u\"", "{ key = 1 }", Code::MappingValue, 4, "level 1"),
        (
            "\"u\"",
            "{ paht = \"u\" }",
            Code::MappingUnknownKey,
            4,
            "did you mean \"path\"?",
        ),
        (
            "\"u\"",
            "{ path = \"u\", map = \"m\" }",
            Code::MappingValue,
            4,
            "[map.m]",
        ),
        ("\"u\"", "3", Code::MappingValue, 4, "table"),
        ("\"u\"", "\"u", Code::MappingSyntax, 4, "TOML"),
        (
            "[event]",
            "[event]\ntime = { path = \"t\", format = \"iso\" }",
            Code::MappingValue,
            4,
            "rfc3339",
        ),
        (
            "[event]",
            "[event]\ntime = { path = \"t\", format = \"rfc3339\", zone = \"Mars/Base\" }",
            Code::MappingValue,
            4,
            "IANA",
        ),
    ] {
        let text = good.replace(from, to);
        let error = Mapping::parse(&text, Path::new("mine.toml")).unwrap_err();
        assert_eq!(error.code(), code, "{text}\n{error}");
        assert_eq!(
            error.detail().place.as_ref().unwrap().line,
            Some(line),
            "{text}\n{error}"
        );
        assert!(error.to_string().contains(said), "{said} in {error}");
    }
    assert!(Mapping::parse(good, Path::new("mine.toml")).is_ok());
}

#[test]
fn an_open_quote_never_counts_as_one_bad_row() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("open.csv");
    std::fs::write(&path, "user,action,item\na,see,x\nb,see,\"y\nc,see,z\nd,see,z\n").unwrap();
    let options = ReadOptions {
        on_bad_row: OnBadRow::Drop,
        max_bad: None,
        text: false,
    };
    let found = discover(&[path.to_string_lossy().into_owned()]).unwrap();
    let mut reader = Reader::open(found, Mapping::builtin("events").unwrap(), options).unwrap();
    let error = reader.next_group().unwrap_err();
    assert!(error.to_string().contains("never closes"), "{error}");
    assert_eq!(error.detail().place.as_ref().unwrap().line, Some(3));
}

#[test]
fn ids_keep_their_digits_or_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let read = |user: &str| {
        let path = directory.path().join("big.ndjson");
        std::fs::write(&path, format!("{{\"user\": {user}, \"action\": \"see\"}}\n")).unwrap();
        let options = ReadOptions {
            on_bad_row: OnBadRow::Error,
            max_bad: None,
            text: false,
        };
        let found = discover(&[path.to_string_lossy().into_owned()]).unwrap();
        let mut reader = Reader::open(found, Mapping::builtin("events").unwrap(), options).unwrap();
        reader
            .next_group()
            .map(|events| events.unwrap()[0].user.get(0).unwrap().to_owned())
    };
    // Whole numbers are taken as they are written, also beyond what 64 bits hold.
    assert_eq!(read("18446744073709551716").unwrap(), "18446744073709551716");
    assert_eq!(read("9007199254740993").unwrap(), "9007199254740993");
    // A table of floats has made 12 into 12.0: it is the same id.
    assert_eq!(read("12.0").unwrap(), "12");
    for lost in ["1.8446744073709552e19", "1e400"] {
        let error = read(lost).unwrap_err();
        assert_eq!(error.code(), Code::BadValue);
        assert!(error.to_string().contains("write ids as text"), "{error}");
    }
}

fn notes_of(text: &str, name: &str, mapping: &str) -> Result<Vec<String>, Error> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    std::fs::write(&path, text).unwrap();
    let mapping = Mapping::parse(mapping, Path::new("mine.toml")).unwrap();
    let options = ReadOptions {
        on_bad_row: OnBadRow::Error,
        max_bad: None,
        text: false,
    };
    let mut reader = Reader::open(discover(&[path.to_string_lossy().into_owned()])?, mapping, options)?;
    while reader.next_group()?.is_some() {}
    Ok(reader.report().notes.clone())
}

#[test]
fn an_action_that_the_mapping_misspells_is_said() {
    let mapping =
        "version = 1\nformat = \"ndjson\"\n[event]\nuser = \"u\"\naction = \"a\"\n[valence]\nnegative = [\"dislke\"]\n";
    let notes = notes_of("{\"u\": \"x\", \"a\": \"dislike\"}\n", "log.ndjson", mapping).unwrap();
    assert!(
        notes
            .iter()
            .any(|n| n.contains("dislke") && n.contains("is \"dislike\" meant?")),
        "{notes:?}"
    );
}

#[test]
fn a_column_that_stands_there_twice_is_refused() {
    let mapping = "version = 1\nformat = \"delimited\"\n[event]\nuser = \"u\"\naction = \"a\"\n";
    let error = notes_of("u,a,a\nx,see,like\n", "log.csv", mapping).unwrap_err();
    assert!(error.to_string().contains("two columns \"a\""), "{error}");
    assert!(
        notes_of("u,a,b,b\nx,see,1,2\n", "log.csv", mapping).unwrap().is_empty(),
        "others may"
    );
}

#[test]
fn what_the_mapping_says_to_drop_is_not_bad() {
    let mapping = "version = 1\nformat = \"ndjson\"\n[event]\nuser = \"u\"\naction = { path = \"a\", map = \"m\", unmapped = \"drop\" }\n[map.m]\nsee = \"see\"\n";
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log.ndjson");
    std::fs::write(
        &path,
        "{\"u\": \"x\", \"a\": \"see\"}\n{\"u\": \"x\", \"a\": \"ping\"}\n",
    )
    .unwrap();
    let options = ReadOptions {
        on_bad_row: OnBadRow::Error,
        max_bad: Some(0.0),
        text: false,
    };
    let found = discover(&[path.to_string_lossy().into_owned()]).unwrap();
    let mut reader = Reader::open(found, Mapping::parse(mapping, Path::new("mine.toml")).unwrap(), options).unwrap();
    while reader.next_group().unwrap().is_some() {}
    assert_eq!((reader.report().events_in, reader.report().events_used), (2, 1));
}
