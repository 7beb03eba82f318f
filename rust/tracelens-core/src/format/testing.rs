//! What the tests of formats share: a file to read, all that is read of it, and its events in words.

use super::batch::{Batch, FileContext, OnBadRow};
use super::json::parse_lines;
use super::task::{File, Origin, Piece, Tasks};
use crate::error::Error;
use crate::input::Progress;
use crate::input::source::Source;
use crate::input::stream::Input;
use crate::mapping::{Mapping, Records};
use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{
    Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field};
use std::path::Path;
use std::sync::Arc;

/// A file of this name, read by this mapping.
pub(super) fn file(path: &Path, mapping: &str, on_bad_row: OnBadRow) -> Arc<File> {
    let mapping = Mapping::parse(mapping, Path::new("test.toml")).unwrap();
    Arc::new(File {
        path: path.to_path_buf(),
        plan: Arc::new(mapping.plan().clone()),
        context: FileContext::new(path),
        on_bad_row,
        with_text: true,
    })
}

/// A file on the disk.
pub(super) fn disk(path: &Path) -> Source {
    Source::of(Input::open(path, &Progress::default()).unwrap()).unwrap()
}

/// All batches of all tasks, in order.
pub(super) fn batches(mut tasks: Box<dyn Tasks>) -> Result<Vec<Batch>, Error> {
    let mut all = Vec::new();
    while let Some(task) = tasks.next_task()? {
        all.extend(task());
    }
    Ok(all)
}

/// The first error of all tasks, if there is one.
pub(super) fn first_error(tasks: Result<Box<dyn Tasks>, Error>) -> Option<Error> {
    match tasks.and_then(batches) {
        Ok(all) => all.into_iter().find_map(|batch| batch.error),
        Err(error) => Some(error),
    }
}

/// What the same rows are as lines of JSON.
pub(super) fn of_lines(file: &File, text: &str) -> Batch {
    parse_lines(file, &mut Piece::new(text.as_bytes().to_vec(), Origin::default()))
}

/// Events, a line each, numbered as the reader numbers them.
pub(super) fn events(file: &File, batches: &[Batch]) -> Vec<String> {
    let (mut rows, mut records) = (0, 0);
    let mut said = Vec::new();
    for batch in batches {
        assert_eq!(batch.error, None);
        let e = &batch.events;
        assert_eq!(
            batch.rows_in,
            e.len() as u64 + batch.dropped.values().sum::<u64>(),
            "every row is accounted for"
        );
        for i in 0..e.len() {
            let record = match file.plan.records {
                Records::Value(_) if !batch.unnumbered.contains(&i) => e.record(i),
                Records::Level(_) => e.record(i) + records,
                _ => e.record(i) + rows,
            };
            let seq = u64::from(e.seq(i)) + if batch.by_position.contains(&i) { rows } else { 0 };
            said.push(format!(
                "{:?} {} {:?} #{seq} {:?} {:?} {:?} {} {} {:?} {:?} {:?} x{} {:?} r{record}",
                e.user.get(i).unwrap(),
                e.time[i],
                e.precision[i],
                e.scenario.get(i),
                e.action.get(i).unwrap(),
                e.role[i],
                e.valence[i],
                e.occurred[i],
                e.item.get(i),
                e.category.get(i),
                e.value(i),
                e.count(i),
                e.text.get(i),
            ));
        }
        rows += batch.rows_in;
        records += batch.records;
    }
    said
}

/// A mapping of [`sample`].
pub(super) const SAMPLE_MAPPING: &str = r#"
version = 1
format = ["parquet", "arrow", "ndjson"]
[event]
user = "user"
time = { path = "at", format = ["%Y-%m-%d %H:%M:%S"] }
action = "what"
item = "item"
value = "price"
"#;

/// The same, with what lies inside values.
pub(super) const NESTED_MAPPING: &str = r#"
version = 1
format = ["parquet", "arrow", "ndjson"]
[rows]
explode = ["$", "product.tags[*]"]
[event]
user = "^.user"
time = { path = "^.at", format = ["%Y-%m-%d %H:%M:%S"] }
action = "^.what"
item = "^.item"
category = "^.product.kind"
text = "$"
record = { index = 0 }
"#;

/// Six events in a table.
pub(super) fn sample() -> RecordBatch {
    let kinds = StringArray::from(vec![Some("tea"), None, Some("茶"), Some("tea"), None, None]);
    let mut tags = ListBuilder::new(StringBuilder::new());
    for row in [
        Some(vec!["new", "hot"]),
        None,
        Some(vec![]),
        Some(vec!["\"x\""]),
        Some(vec!["a", "b", "c"]),
        None,
    ] {
        tags.append_option(row.map(|tags| tags.into_iter().map(Some)));
    }
    let tags = tags.finish();
    let product = StructArray::from(vec![
        (
            Arc::new(Field::new("kind", DataType::Utf8, true)),
            Arc::new(kinds) as ArrayRef,
        ),
        (
            Arc::new(Field::new("tags", tags.data_type().clone(), true)),
            Arc::new(tags),
        ),
    ]);
    let micros = vec![0, 1_000_001, 2_000_000, 3_000_000, 4_500_000, 5_000_000];
    let columns: [(&str, ArrayRef); 7] = [
        (
            "user",
            Arc::new(StringArray::from(vec!["u1", "u2", "u1", "u3", "u2", "u1"])),
        ),
        ("at", Arc::new(TimestampMicrosecondArray::from(micros))),
        (
            "what",
            Arc::new(StringArray::from(vec!["view", "view", "buy", "view", "buy", "view"])),
        ),
        (
            "item",
            Arc::new(Int64Array::from(vec![
                Some(9_007_199_254_740_993),
                None,
                Some(7),
                Some(7),
                Some(-1),
                None,
            ])),
        ),
        (
            "price",
            Arc::new(Float64Array::from(vec![
                Some(1.5),
                None,
                Some(2.0),
                Some(f64::NAN),
                Some(1e300),
                None,
            ])),
        ),
        ("product", Arc::new(product)),
        ("unread", Arc::new(Int64Array::from(vec![1, 2, 3, 4, 5, 6]))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

/// What [`sample`] holds as lines of JSON; its times are read by the format `native`.
pub(super) const SAMPLE_LINES: &str = r#"
{"user": "u1", "at": "1970-01-01T00:00:00.000000", "what": "view", "item": 9007199254740993, "price": 1.5, "product": {"kind": "tea", "tags": ["new", "hot"]}}
{"user": "u2", "at": "1970-01-01T00:00:01.000001", "what": "view"}
{"user": "u1", "at": "1970-01-01T00:00:02.000000", "what": "buy", "item": 7, "price": 2.0, "product": {"kind": "茶", "tags": []}}
{"user": "u3", "at": "1970-01-01T00:00:03.000000", "what": "view", "item": 7, "product": {"kind": "tea", "tags": ["\"x\""]}}
{"user": "u2", "at": "1970-01-01T00:00:04.500000", "what": "buy", "item": -1, "price": 1e300, "product": {"tags": ["a", "b", "c"]}}
{"user": "u1", "at": "1970-01-01T00:00:05.000000", "what": "view"}
"#;

/// The events of [`sample`] by a mapping.
pub(super) fn sample_events(mapping: &str) -> Vec<String> {
    let mapping = mapping.replace("\"%Y-%m-%d %H:%M:%S\"", "\"native\"");
    let file = file(Path::new("log.ndjson"), &mapping, OnBadRow::Error);
    events(&file, &[of_lines(&file, SAMPLE_LINES)])
}
