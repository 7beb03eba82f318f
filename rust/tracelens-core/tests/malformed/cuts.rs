//! Wherever a file is cut into pieces, and however many threads parse them: the same events, counts, places and errors.

use super::write::{FORMS, ROWS, Row};
use super::{Logs, Read, all_of, mapping, options};
use std::path::Path;
use tracelens_core::error::Error;
use tracelens_core::mapping::Mapping;
use tracelens_core::reader::{OnBadRow, Reader};

/// Rows of which every fourth is wrong, each in its own way, with values of several lines and characters of several bytes.
fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = ROWS.iter().copied().cycle().take(24).collect();
    rows[3][1] = "2025-09-31T10:00:00Z";
    rows[7][0] = "";
    rows[11][4] = "much";
    rows[15][3] = "茶i9é";
    rows[19][2] = "";
    rows
}

fn read(name: &str, bytes: &[u8], mapping: &str, on_bad_row: OnBadRow, piece: usize) -> Result<Read, Error> {
    let mapping = Mapping::parse(mapping, Path::new("mine.toml")).unwrap();
    let reader = Reader::of_bytes_cut(Path::new(name), bytes.to_vec(), mapping, options(on_bad_row), piece)?;
    all_of(reader)
}

fn assert_same_by_pieces(name: &str, bytes: &[u8], mapping: &str, sizes: &(impl Iterator<Item = usize> + Clone)) {
    for on_bad_row in [OnBadRow::Drop, OnBadRow::Error] {
        let whole = read(name, bytes, mapping, on_bad_row, usize::MAX / 4);
        for size in sizes.clone() {
            assert_eq!(
                read(name, bytes, mapping, on_bad_row, size),
                whole,
                "{name} in pieces of {size}"
            );
        }
    }
}

const TEXTS: [&str; 5] = ["log.ndjson", "log.json", "log.csv", "log.tsv", "log.xes"];

#[test]
fn faults_and_counts_do_not_depend_on_where_a_text_is_cut() {
    for form in FORMS.iter().filter(|form| TEXTS.contains(&form.name)) {
        let bytes = (form.write)(&rows());
        let whole = read(form.name, &bytes, &form.mapping(), OnBadRow::Drop, usize::MAX / 4).unwrap();
        assert_eq!(
            (whole.events.len(), whole.report.dropped.len()),
            (19, 5),
            "{:?}",
            whole.report
        );
        assert_same_by_pieces(form.name, &bytes, &form.mapping(), &(1..300));
        let windows = String::from_utf8(bytes).unwrap().replace('\n', "\r\n");
        let marked = format!("\u{feff}{windows}");
        assert_same_by_pieces(form.name, marked.as_bytes(), &form.mapping(), &(1..300).step_by(7));
    }
}

#[test]
fn lines_that_cannot_be_read_do_not_depend_on_where_a_text_is_cut() {
    let csv = b"\n \nuser,action,item\na,see,x\nb,see\nc,see,\"1\n2\xe9\n3\"\nd,see,\"\"\"y\n\"\"\"\ne\xff,see,z\n\n f,see,x,y\ng,see,z".as_slice();
    let ndjson = b"{\"user\": \"a\", \"action\": \"see\"}\n\n{\"user\": \"b\", \"action\": }\n{\"user\": \"c\xe9\", \"action\": \"see\"}\n  \n\
        {\"user\": \"d\", \"action\": \"see\"} x\n{\"user\": \"e\", \"action\": \"see\", \"item\": \"\xe8\x8c\xb6\"}\n\0\0\0\n[1]\n{\"user\": \"f\", \"action\": \"see\"}"
        .as_slice();
    for (name, format, bytes, events) in [("a.csv", "delimited", csv, 3), ("a.ndjson", "ndjson", ndjson, 3)] {
        let whole = read(name, bytes, &mapping(format), OnBadRow::Drop, usize::MAX / 4).unwrap();
        assert_eq!(whole.events.len(), events, "{whole:?}");
        assert_same_by_pieces(name, bytes, &mapping(format), &(1..bytes.len() + 2));
    }
}

#[test]
fn any_number_of_threads_reads_the_same() {
    for form in &FORMS {
        let bytes = (form.write)(&rows());
        let files: Vec<String> = (0..20).map(|n| format!("logs/{n}-{}", form.name)).collect();
        let files: Vec<(&str, &[u8])> = files.iter().map(|name| (name.as_str(), bytes.as_slice())).collect();
        let logs = Logs::of(&files);
        let by = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| (logs.drop("logs", &form.mapping()), logs.read("logs", &form.mapping())))
        };
        let one = by(1);
        let read = one.0.as_ref().unwrap();
        assert_eq!(
            (read.events.len(), read.report.dropped.len()),
            (380, 5),
            "{}",
            form.name
        );
        assert!(
            one.1
                .as_ref()
                .unwrap_err()
                .to_string()
                .contains(&format!("/0-{}", form.name)),
            "the first file's"
        );
        for threads in [2, 3, 8] {
            assert_eq!(by(threads), one, "{} by {threads} threads", form.name);
        }
    }
}

#[test]
fn a_large_file_reads_the_same_by_any_number_of_threads() {
    // More than one task and one group of them, with a bad row here and there.
    let pad = "x".repeat(300);
    let line = |n: usize| match n % 9973 {
        0 => "broken\n".to_owned(),
        1 => format!("{{\"action\": \"see\", \"pad\": \"{pad}\"}}\n"),
        _ => format!(
            "{{\"user\": \"u{}\", \"action\": \"see\", \"item\": {n}, \"pad\": \"{pad}\"}}\n",
            n % 97
        ),
    };
    let lines: String = (0..60_000).map(line).collect();
    let row = |n: usize| match n % 9973 {
        0 => "short\n".to_owned(),
        1 => format!(",see,{n},\"{pad}\n\"\n"),
        _ => format!("u{},see,{n},\"{pad}\n\"\n", n % 97),
    };
    let rows: String = std::iter::once("user,action,item,pad\n".to_owned())
        .chain((0..60_000).map(row))
        .collect();
    for (name, format, text) in [("a.ndjson", "ndjson", lines), ("a.csv", "delimited", rows)] {
        let logs = Logs::of(&[(name, &text)]);
        let by = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| logs.drop(name, &mapping(format)).unwrap())
        };
        let one = by(1);
        assert_eq!(
            one.report.dropped.values().copied().collect::<Vec<_>>(),
            [7, 7],
            "{:?}",
            one.report
        );
        for threads in [2, 3, 8] {
            assert!(by(threads) == one, "{name} by {threads} threads");
        }
    }
}
