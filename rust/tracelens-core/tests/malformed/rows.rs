//! Rows of delimited text that are too short or too long, quotes, and files with nothing in them.

use super::write::{FORMS, PACKINGS, gzip};
use super::{Logs, assert_says, mapping, of_report};
use tracelens_core::error::Code;

#[test]
fn rows_that_are_too_short_or_too_long_are_ragged() {
    for (name, tab) in [("a.csv", ","), ("a.tsv", "\t")] {
        for (row, found) in [("b,see", 2), ("b,see,x,y", 4), ("b", 1), ("b,see,x,", 4)] {
            let text = format!("user,action,item\na,see,x\n{row}\nc,see,z\n").replace(',', tab);
            let logs = Logs::of(&[(name, text)]);
            let error = logs.read(name, &mapping("delimited")).unwrap_err();
            let said = format!("a row of {found} columns where 3 are expected");
            assert_says(
                &error,
                Code::Ragged,
                (3, 1),
                &[
                    &said,
                    "correct the row, the separator or the quotes",
                    "--on-bad-row drop",
                ],
            );
            let read = logs.drop(name, &mapping("delimited")).unwrap();
            assert_eq!(read.report.dropped, of_report([("ragged row", 1)]), "{row}");
            assert_eq!(read.events, ["a - see x NaN", "c - see z NaN"]);
        }
    }
    // Without a header the first row says how many there are.
    let bare = "version = 1\nformat = \"delimited\"\n[delimited]\nheader = false\n[event]\nuser = { column = 0 }\naction = { column = 1 }\n";
    let logs = Logs::of(&[("a.csv", "a,see\nb,see,x\n")]);
    assert_says(
        &logs.read("a.csv", bare).unwrap_err(),
        Code::Ragged,
        (2, 1),
        &["3 columns where 2"],
    );
}

#[test]
fn quotes_hold_separators_line_ends_and_quotes() {
    for (written, value) in [
        ("\"x,y\"", "x,y"),
        ("\"x\ny\"", "x\ny"),
        ("\"x\r\ny\"", "x\r\ny"),
        ("\"say \"\"x\"\"\"", "say \"x\""),
        ("\"\"\"\"", "\""),
        ("\"\"\"x\n\"\"\"", "\"x\n\""),
        // In the middle of a value it is a character.
        ("5\" pot", "5\" pot"),
    ] {
        let logs = Logs::of(&[(
            "a.csv",
            format!("user,item,action\na,{written},see\nb,never,\nc,z,see\n"),
        )]);
        let read = logs.drop("a.csv", &mapping("delimited")).unwrap();
        assert_eq!(
            read.events,
            [format!("a - see {value} NaN"), "c - see z NaN".to_owned()],
            "{written}"
        );
        // Lines are those of the file, also behind values of several lines.
        let line = 3 + written.matches('\n').count();
        let error = logs.read("a.csv", &mapping("delimited")).unwrap_err();
        assert_says(
            &error,
            Code::BadValue,
            (line as u64, 1),
            &["does not say what was done"],
        );
    }
}

#[test]
fn a_quote_that_never_closes_is_an_error_also_where_rows_may_be_dropped() {
    for text in [
        "user,action\na,see\n\"b,see\nc,see\n",
        "user,action\na,see\nb,\"see\n",
        "user,\"action\na,see\n",
    ] {
        let logs = Logs::of(&[("a.csv", text)]);
        for read in [
            logs.read("a.csv", &mapping("delimited")),
            logs.drop("a.csv", &mapping("delimited")),
        ] {
            let error = read.unwrap_err();
            let at = text.find('"').unwrap();
            let line = text[..at].matches('\n').count() as u64 + 1;
            let column = (at - text[..at].rfind('\n').map_or(0, |i| i + 1)) as u64 + 1;
            assert_says(
                &error,
                Code::Ragged,
                (line, column),
                &["never closes", "close the quote, or say quote = \"\""],
            );
        }
    }
}

#[test]
fn a_column_that_is_not_there_is_said_with_those_that_are() {
    for (header, said) in [
        ("user,acton\n", "did you mean \"acton\"?"),
        ("user;action\n", "columns: user;action"),
        ("usér,what\n", "there is no column"),
    ] {
        let logs = Logs::of(&[("a.csv", format!("{header}a,see\n"))]);
        let error = logs.drop("a.csv", &mapping("delimited")).unwrap_err();
        assert_says(&error, Code::MissingColumn, (1, 1), &[said, "columns: "]);
    }
}

#[test]
fn blank_lines_are_no_rows_and_no_header() {
    let text = "\n \r\nuser,action,item\n\na,see,x\n  \nb,see\n";
    let logs = Logs::of(&[("a.csv", text)]);
    assert_says(
        &logs.read("a.csv", &mapping("delimited")).unwrap_err(),
        Code::Ragged,
        (7, 1),
        &[],
    );
    assert_eq!(
        logs.drop("a.csv", &mapping("delimited")).unwrap().events,
        ["a - see x NaN"]
    );
    let logs = Logs::of(&[("a.csv", "\n\nuser,what\n")]);
    let error = logs.read("a.csv", &mapping("delimited")).unwrap_err();
    assert_says(&error, Code::MissingColumn, (3, 1), &["no column \"action\""]);
    let bare = "version = 1\nformat = \"delimited\"\n[delimited]\nheader = false\n[event]\nuser = { column = 0 }\naction = { column = 1 }\n";
    let logs = Logs::of(&[("a.csv", "\n\na,see\n\nb,see\n")]);
    assert_eq!(
        logs.read("a.csv", bare).unwrap().events,
        ["a - see - NaN", "b - see - NaN"]
    );
}

#[test]
fn a_file_without_a_row_holds_no_event_and_says_so() {
    for (name, texts) in [
        ("log.ndjson", ["", " \n\t\n\r\n", "\n"]),
        ("log.csv", ["", "\n \n\n", "user,at,what,item,price\n"]),
        ("log.tsv", ["", "\n\n", "user\tat\twhat\titem\tprice"]),
        // A document that is not there is no document that is broken.
        ("log.json", ["", "[]", "\n [ ] \n"]),
        (
            "log.xes",
            ["<log/>", "<log></log>\n", "<?xml version=\"1.0\"?><log><trace/></log>"],
        ),
    ] {
        let form = FORMS.iter().find(|form| form.name == name).unwrap();
        for text in texts {
            for packing in &PACKINGS {
                let (packed, inside) = packing.names(name);
                let logs = Logs::of(&[(packed.as_str(), (packing.pack)(name, text.as_bytes()))]);
                let read = logs
                    .read(&packed, &form.mapping())
                    .unwrap_or_else(|e| panic!("{packed} {text:?}\n{e}"));
                assert!(read.events.is_empty());
                let note = format!("{} holds no event", logs.at(&inside).display());
                assert!(
                    read.report.notes.contains(&note),
                    "{packed} {text:?}: {:?}",
                    read.report.notes
                );
            }
        }
    }
}

#[test]
fn what_begins_with_more_than_its_rows_is_cut_off_if_it_is_empty() {
    for (name, said) in [
        ("log.xes", "the file ends without a log"),
        ("log.parquet", "no Parquet that can be read"),
        ("log.arrow", "no Arrow that can be read"),
        ("log.db", "the database has no table"),
    ] {
        let form = FORMS.iter().find(|form| form.name == name).unwrap();
        for (name, bytes) in [(name.to_owned(), Vec::new()), (format!("{name}.gz"), gzip(b""))] {
            let logs = Logs::of(&[(name.as_str(), bytes)]);
            let error = logs.drop(&name, &form.mapping()).unwrap_err();
            assert_says(&error, error.code(), None, &[said, &name]);
            assert!([Code::Syntax, Code::MissingColumn].contains(&error.code()), "{error}");
        }
    }
}

#[test]
fn what_other_programs_put_into_line_ends_or_above_the_header_is_said() {
    let logs = Logs::of(&[
        ("mac.csv", "user,action\rann,see\rbob,see\r"),
        ("sheet.csv", "sep=;\r\nuser;action\r\nann;see\r\n"),
    ]);
    for read in [Logs::read, Logs::drop] {
        let error = read(&logs, "mac.csv", &mapping("delimited")).unwrap_err();
        assert_says(&error, Code::Syntax, (1, 12), &["carriage return", "tr '\\r' '\\n'"]);
        let error = read(&logs, "sheet.csv", &mapping("delimited")).unwrap_err();
        assert_says(&error, Code::Syntax, (1, 1), &["sep=;", "remove this line"]);
    }
}
