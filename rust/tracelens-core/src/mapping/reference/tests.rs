//! The page, the parser and the reader agree.

use super::{CHAPTERS, Chapter, Example, Key, markdown};
use crate::event::{COLUMNS, EventBatch, NO_TIME, Role};
use crate::input::discover::discover;
use crate::mapping::section::Known;
use crate::mapping::{Format, Mapping};
use crate::reader::{OnBadRow, ReadOptions, Reader};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

thread_local! {
    /// Keys that the parser asked for on this thread, and whether they were there.
    static MET: RefCell<BTreeSet<(&'static str, &'static str, bool)>> = const { RefCell::new(BTreeSet::new()) };
}

/// The parser asked for a key.
pub(crate) fn met(known: Known, key: &'static str, there: bool) {
    let is_it = |chapter: &&&Chapter| chapter.keys.iter().any(|k| k.name == key);
    if let Some(chapter) = known.iter().find(is_it) {
        MET.with_borrow_mut(|met| met.insert((chapter.title, key, there)));
    }
}

/// Chapters that are tables of the language, not what stands in them.
fn tables() -> impl Iterator<Item = (&'static str, &'static Key)> {
    let what_stands_in_them = ["Formats", "Paths", "Time formats"];
    let free = |key: &Key| key.name.chars().all(char::is_uppercase);
    CHAPTERS
        .into_iter()
        .filter(move |chapter| !what_stands_in_them.contains(&chapter.title))
        .flat_map(|chapter| chapter.keys.iter().map(|key| (chapter.title, key)))
        .filter(move |(_, key)| !free(key))
}

fn examples() -> impl Iterator<Item = &'static Example> {
    CHAPTERS.into_iter().flat_map(|chapter| chapter.examples)
}

/// Write an example to a directory and compile its mapping.
fn compile(example: &Example, directory: &Path) -> Mapping {
    for (name, text) in example.files {
        let path = directory.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let path = directory.join("tracelens.toml");
    std::fs::write(&path, example.mapping).unwrap();
    let mapping = Mapping::load(&path.to_string_lossy()).unwrap_or_else(|e| panic!("{}\n{e}", example.shows));
    match example.side {
        Some(side) => mapping.with_side(side).unwrap(),
        None => mapping,
    }
}

#[test]
fn every_key_that_is_documented_is_parsed_and_shown() {
    for example in examples() {
        compile(example, tempfile::tempdir().unwrap().path());
    }
    let met = MET.take();
    for (title, key) in tables() {
        assert!(
            met.contains(&(title, key.name, true)),
            "{title} {} is in no example, or nobody parses it",
            key.name
        );
    }
    let documented: Vec<(&str, &str)> = tables().map(|(title, key)| (title, key.name)).collect();
    for (title, key, _) in met {
        assert!(
            documented.contains(&(title, key)),
            "{title} {key} is parsed and not documented"
        );
    }
}

#[test]
fn lists_of_the_page_are_those_of_the_code() {
    let names = |chapter: &Chapter| -> Vec<&str> { chapter.keys.iter().map(|key| key.name).collect() };
    assert_eq!(names(&super::rows::EVENT), COLUMNS);
    assert_eq!(names(&super::tables::ROLE), Role::ALL.map(Role::name));
    assert_eq!(names(&super::whole::FORMATS), Format::ALL.map(Format::name));
    for (key, format) in super::whole::FORMATS.keys.iter().zip(Format::ALL) {
        let suffixes: Vec<String> = format.suffixes().iter().map(|suffix| format!("`.{suffix}`")).collect();
        assert_eq!(key.kind, suffixes.join(", "));
    }
}

#[test]
fn no_table_has_a_key_twice() {
    for chapter in CHAPTERS {
        let names: BTreeSet<&str> = chapter.keys.iter().map(|key| key.name).collect();
        assert_eq!(names.len(), chapter.keys.len(), "{}", chapter.title);
    }
}

#[test]
fn the_page_is_as_rendered() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/mapping.md");
    let page = markdown();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(
        written == page,
        "docs/mapping.md is not what the code says: run the tests with UPDATE_DOCS=1"
    );
}

#[test]
fn the_examples_read_as_the_page_says() {
    let mut faults = Vec::new();
    for example in examples().filter(|example| !example.columns.is_empty()) {
        let directory = tempfile::tempdir().unwrap();
        let mapping = compile(example, directory.path());
        let expected: Vec<Vec<String>> = example
            .events
            .iter()
            .map(|event| event.iter().map(ToString::to_string).collect())
            .collect();
        match read(directory.path(), mapping, example.columns) {
            Ok(events) if events == expected => {}
            Ok(events) => faults.push(format!(
                "{}\n  expected {expected:?}\n  found    {events:?}",
                example.shows
            )),
            Err(error) => faults.push(format!("{}\n{error}", example.shows)),
        }
    }
    assert!(
        faults.is_empty(),
        "{} examples read otherwise:\n\n{}",
        faults.len(),
        faults.join("\n\n")
    );
}

fn read(directory: &Path, mapping: Mapping, columns: &[&str]) -> crate::error::Result<Vec<Vec<String>>> {
    let found = discover(&[directory.to_string_lossy().into_owned()])?;
    let options = ReadOptions {
        on_bad_row: OnBadRow::Error,
        max_bad: None,
        text: true,
    };
    let mut reader = Reader::open(found, mapping, options)?;
    let mut events = Vec::new();
    while let Some(group) = reader.next_group()? {
        for batch in group {
            let row = |i: usize| columns.iter().map(|column| cell(&batch, column, i)).collect();
            events.extend((0..batch.len()).map(row).collect::<Vec<_>>());
        }
    }
    Ok(events)
}

/// A value as the page shows it.
fn cell(batch: &EventBatch, column: &str, i: usize) -> String {
    let none = || "-".to_owned();
    let text = |value: Option<&str>| value.map_or_else(none, str::to_owned);
    match column {
        "user" => text(batch.user.get(i)),
        "time" if batch.time[i] == NO_TIME => none(),
        "time" => jiff::Timestamp::from_microsecond(batch.time[i]).unwrap().to_string(),
        "time_precision" => batch.precision[i].name().to_owned(),
        "seq" => batch.seq(i).to_string(),
        "scenario" => text(batch.scenario.get(i)),
        "action" => text(batch.action.get(i)),
        "role" => batch.role[i].name().to_owned(),
        "valence" => batch.valence[i].to_string(),
        "occurred" => batch.occurred[i].to_string(),
        "item" => text(batch.item.get(i)),
        "category" => text(batch.category.get(i)),
        "value" if batch.value(i).is_nan() => none(),
        "value" => batch.value(i).to_string(),
        "count" => batch.count(i).to_string(),
        "text" => text(batch.text.get(i)),
        "record" => batch.record(i).to_string(),
        other => panic!("an event has no column {other}"),
    }
}
