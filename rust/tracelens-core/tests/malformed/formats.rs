//! One row of six is wrong: its place in every format and packing, and its count.

use super::write::{FORMS, Form, PACKINGS, Packing, ROWS, Row};
use super::{Logs, assert_says, mapping, of_report, place_of};
use tracelens_core::error::{Code, Error};

/// What is wrong with the third row.
struct Fault {
    reason: &'static str,
    code: Code,
    /// The column that is changed, and into what.
    column: usize,
    to: &'static str,
    /// What is said of it, and how to mend it.
    said: [&'static str; 2],
}

const FAULTS: [Fault; 5] = [
    fault(
        "bad timestamp",
        Code::Timestamp,
        (1, "2025-09-31T10:00:00Z"),
        ["September has 30 days", "add a format to time"],
    ),
    fault(
        "missing user",
        Code::MissingUser,
        (0, ""),
        ["does not say whose it is", "map another field to user"],
    ),
    fault(
        "bad value",
        Code::BadValue,
        (4, "much"),
        ["expected a number", "correct the value or the mapping"],
    ),
    fault(
        "missing action",
        Code::BadValue,
        (2, ""),
        ["does not say what was done", "give the action a default"],
    ),
    fault(
        "unmapped value",
        Code::Unmapped,
        (3, "i9"),
        ["[map.kinds] does not know", "add the value to the map"],
    ),
];

const fn fault(
    reason: &'static str,
    code: Code,
    (column, to): (usize, &'static str),
    said: [&'static str; 2],
) -> Fault {
    Fault {
        reason,
        code,
        column,
        to,
        said,
    }
}

impl Fault {
    fn rows(&self) -> [Row; 6] {
        let mut rows = ROWS;
        rows[2][self.column] = self.to;
        rows
    }

    /// Where it stands in a text: the value that is wrong, else the beginning of its row.
    fn place_in(&self, text: &str, form: &Form) -> (u64, u64) {
        let third = match form.name {
            "log.xes" => text.match_indices("<event>").nth(2).unwrap().0,
            "log.csv" | "log.tsv" => text.match_indices('\n').nth(2).unwrap().0 + 1,
            "log.json" => text.match_indices('{').nth(2).unwrap().0,
            _ => text.match_indices('\n').nth(1).unwrap().0 + 1,
        };
        // The elements of XML are the finest that is told there.
        let at = if self.to.is_empty() || form.name == "log.xes" {
            third
        } else {
            text.find(self.to).unwrap()
        };
        let line = text[..at].rfind('\n').map_or(0, |i| i + 1);
        let lines = text[..at].matches('\n').count();
        (lines as u64 + 1, text[line..at].chars().count() as u64 + 1)
    }
}

/// Each fault in each format, packed in each way: the files, what is read of them, and where the fault is.
fn each(check: impl Fn(&Fault, &Form, &Packing, &Logs, &str)) {
    for fault in &FAULTS {
        for form in &FORMS {
            let bytes = (form.write)(&fault.rows());
            for packing in &PACKINGS {
                let (name, _) = packing.names(form.name);
                let logs = Logs::of(&[(name.as_str(), (packing.pack)(form.name, &bytes))]);
                check(fault, form, packing, &logs, &name);
            }
        }
    }
}

fn assert_place(error: &Error, fault: &Fault, form: &Form) {
    let place = error.detail().place.as_ref().unwrap();
    assert_eq!(place.element.as_deref(), form.element, "{error}");
    if form.element.is_none() || form.name == "log.xes" {
        let text = String::from_utf8((form.write)(&fault.rows())).unwrap();
        let (line, column) = fault.place_in(&text, form);
        assert_eq!(place_of(error), (Some(line), Some(column)), "{error}");
    }
    let whose = Some("cem").filter(|_| fault.column != 0);
    assert_eq!(place.user.as_deref(), whose, "{error}");
}

#[test]
fn what_is_wrong_has_its_place_in_every_format_and_packing() {
    each(|fault, form, packing, logs, name| {
        let error = logs.read(name, &form.mapping()).unwrap_err();
        assert_says(&error, fault.code, None, &fault.said);
        assert_place(&error, fault, form);
        let (_, inside) = packing.names(form.name);
        assert_eq!(error.detail().place.as_ref().unwrap().path, logs.at(&inside), "{error}");
    });
}

#[test]
fn what_is_dropped_is_counted_by_reason_and_all_else_is_read() {
    each(|fault, form, packing, logs, name| {
        let read = logs.drop(name, &form.mapping()).unwrap();
        let (_, inside) = packing.names(form.name);
        let counts = of_report([(fault.reason, 1)]);
        assert_eq!(read.report.dropped, counts, "{name}");
        assert_eq!(read.report.files.len(), 1);
        assert_eq!(read.report.files[0].dropped, counts, "{name}");
        assert_eq!(read.report.files[0].path, logs.at(&inside).to_string_lossy());
        let users: Vec<&str> = read.events.iter().filter_map(|e| e.split(' ').next()).collect();
        assert_eq!(users, ["ann", "ben", "ann", "ben", "dia"], "{name}");
        // The place of the first of a reason is that of the error.
        let error = logs.read(name, &form.mapping()).unwrap_err();
        let place = error.detail().place.as_ref().unwrap().to_string();
        assert_eq!(read.report.examples[fault.reason], [place], "{name}");
    });
}

#[test]
fn every_reason_is_counted_for_every_file() {
    let mut files = Vec::new();
    let csv = FORMS.iter().find(|form| form.name == "log.csv").unwrap();
    for (n, fault) in FAULTS.iter().enumerate() {
        // The first file has its fault once, the second twice, and so on.
        let rows: Vec<Row> = (0..=n).flat_map(|_| fault.rows()).collect();
        files.push((format!("logs/{n}.csv"), (csv.write)(&rows)));
    }
    let files: Vec<(&str, &[u8])> = files.iter().map(|(n, b)| (n.as_str(), b.as_slice())).collect();
    let logs = Logs::of(&files);
    let report = logs.drop("logs", &csv.mapping()).unwrap().report;
    for (n, fault) in FAULTS.iter().enumerate() {
        let count = n as u64 + 1;
        assert_eq!(report.files[n].dropped, of_report([(fault.reason, count)]));
        assert_eq!(
            (report.files[n].events_in, report.files[n].events_used),
            (6 * count, 5 * count)
        );
        assert_eq!(report.dropped[fault.reason], count);
        assert_eq!(
            report.examples[fault.reason].len(),
            (n + 1).min(3),
            "the first three are shown"
        );
        let place = format!("{}:4", logs.at(&format!("logs/{n}.csv")).display());
        assert!(report.examples[fault.reason][0].starts_with(&place), "{report:?}");
    }
}

#[test]
fn a_file_of_another_format_than_the_mapping_reads_is_told_by_what_it_is() {
    let logs = Logs::of(&[
        ("log.csv", "user,action\nann,see\n"),
        ("log.ndjson", "{\"user\": 1}\n{\"user\": 2}\n"),
        ("log.json", "user"),
    ]);
    for (name, reads, is) in [("log.csv", "json", "delimited"), ("log.ndjson", "delimited", "ndjson")] {
        let error = logs.read(name, &mapping(reads)).unwrap_err();
        let said = format!("reads {reads}, and this file is {is}");
        assert_says(
            &error,
            Code::Syntax,
            None,
            &[&said, name, "leave --mapping out", "tracelens inspect"],
        );
    }
    // What a mistake in a file of the right name looks like is no other format; and what is shown of it stands there.
    let error = logs.read("log.json", &mapping("json")).unwrap_err();
    assert_says(
        &error,
        Code::Syntax,
        (1, 1),
        &["not a value of JSON", "\n   |  user\n   |  ^"],
    );
}
