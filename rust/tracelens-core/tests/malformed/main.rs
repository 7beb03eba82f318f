//! Malformed logs of every kind: what is wrong is said with its place and how to mend it, or counted; nothing is lost unsaid.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its log should stop there")]

mod broken_off;
mod changing;
mod counts;
mod cuts;
mod encodings;
mod formats;

mod paths;
mod rows;
mod values;
mod write;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tracelens_core::error::{Code, Error};
use tracelens_core::event::NO_TIME;
use tracelens_core::input::discover::discover;
use tracelens_core::mapping::Mapping;
use tracelens_core::reader::{OnBadRow, ReadOptions, ReadReport, Reader};

/// Files on the disk, for as long as a test lasts.
struct Logs(TempDir);

/// All that comes of reading.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    events: Vec<String>,
    report: ReadReport,
}

impl Logs {
    fn of<B: AsRef<[u8]>>(files: &[(&str, B)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        Self(directory)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn open(&self, name: &str, mapping: &str, on_bad_row: OnBadRow) -> Result<Reader, Error> {
        open(&[self.at(name)], mapping, options(on_bad_row))
    }

    fn read(&self, name: &str, mapping: &str) -> Result<Read, Error> {
        all_of(self.open(name, mapping, OnBadRow::Error)?)
    }

    fn drop(&self, name: &str, mapping: &str) -> Result<Read, Error> {
        all_of(self.open(name, mapping, OnBadRow::Drop)?)
    }
}

fn options(on_bad_row: OnBadRow) -> ReadOptions {
    ReadOptions {
        on_bad_row,
        max_bad: None,
        text: false,
    }
}

fn open(paths: &[PathBuf], mapping: &str, options: ReadOptions) -> Result<Reader, Error> {
    let paths: Vec<String> = paths.iter().map(|p| p.to_string_lossy().into_owned()).collect();
    let mapping = Mapping::parse(mapping, Path::new("mine.toml")).unwrap();
    Reader::open(discover(&paths)?, mapping, options)
}

fn all_of(mut reader: Reader) -> Result<Read, Error> {
    let mut events = Vec::new();
    while let Some(group) = reader.next_group()? {
        for batch in &group {
            events.extend((0..batch.len()).map(|i| {
                let time = match batch.time[i] {
                    NO_TIME => "-".to_owned(),
                    us => jiff::Timestamp::from_microsecond(us).unwrap().to_string(),
                };
                let (user, action) = (batch.user.get(i).unwrap(), batch.action.get(i).unwrap());
                let item = batch.item.get(i).unwrap_or("-");
                format!("{user} {time} {action} {item} {}", batch.value(i))
            }));
        }
    }
    let report = reader.report().clone();
    let dropped: u64 = report.dropped.values().sum();
    assert_eq!(
        report.events_in,
        report.events_used + dropped,
        "nothing is lost: {report:?}"
    );
    assert_eq!(report.events_used, events.len() as u64);
    let mut by_file: BTreeMap<String, u64> = BTreeMap::new();
    for (reason, n) in report.files.iter().flat_map(|file| &file.dropped) {
        *by_file.entry(reason.clone()).or_insert(0) += n;
    }
    assert_eq!(by_file, report.dropped, "the files add up to all of them");
    Ok(Read { events, report })
}

fn of_report<const N: usize>(counts: [(&str, u64); N]) -> BTreeMap<String, u64> {
    counts.into_iter().map(|(reason, n)| (reason.to_owned(), n)).collect()
}

/// A line and a column, where they are known.
type At = (Option<u64>, Option<u64>);

fn place_of(error: &Error) -> At {
    let place = error
        .detail()
        .place
        .as_ref()
        .unwrap_or_else(|| panic!("no place: {error}"));
    (place.line, place.column)
}

/// An error has this code and place, and says all of these; what to do about it among them, if that is any help.
fn assert_says(error: &Error, code: Code, at: impl Into<Option<(u64, u64)>>, parts: &[&str]) {
    assert_eq!(error.code(), code, "{error}");
    if let Some((line, column)) = at.into() {
        assert_eq!(place_of(error), (Some(line), Some(column)), "{error}");
    }
    assert!(error.detail().place.is_some(), "it says where: {error}");
    assert!(error.detail().help.is_some(), "it says how to mend: {error}");
    let said = error.to_string();
    for part in parts {
        assert!(said.contains(part), "{part:?} in {said}");
    }
}

/// Canonical columns in the text formats, with a time that is not there in many of these logs.
fn mapping(format: &str) -> String {
    format!(
        "version = 1\nformat = {format:?}\n[event]\nuser = \"user\"\naction = \"action\"\n\
         time = {{ path = \"time\", format = [\"rfc3339\"], optional = true }}\n\
         item = {{ path = \"item\", optional = true }}\nvalue = {{ path = \"value\", optional = true }}\n"
    )
}
