//! Bytes -> events, driven by the plan. One file a layout; what they share is here and in `emit`.

pub mod delimited;
mod emit;
pub mod json;
mod look;
mod node;
mod scan;

pub use emit::{Batch, FileContext, OnBadRow, Reason, UNWANTED};

use crate::error::Result;
use crate::mapping::Format;
use rayon::prelude::*;
use std::borrow::Cow;

/// Bytes that one task parses: enough to be worth a task, little enough to keep all cores busy.
const TASK_BYTES: usize = 1 << 21;

/// Parse a file, its parts in parallel; batches are in the order of the file.
pub(crate) fn parse(file: &json::File, format: Format) -> Result<Vec<Batch>> {
    parse_in_tasks(file, format, TASK_BYTES)
}

fn parse_in_tasks(file: &json::File, format: Format, task_bytes: usize) -> Result<Vec<Batch>> {
    Ok(match format {
        Format::Json => {
            let tasks = json::cut_document(file, task_bytes)?;
            tasks.par_iter().map(|task| file.parse_elements(task)).collect()
        }
        Format::Ndjson => {
            let ranges = json::cut_lines(file.text, task_bytes);
            ranges.into_par_iter().map(|range| file.parse_lines(range)).collect()
        }
        Format::Parquet | Format::Arrow | Format::Sqlite | Format::Xes => Vec::new(),
        Format::Delimited => {
            let table = delimited::open(file)?;
            let ranges = delimited::cut(&table, file.text, task_bytes);
            ranges
                .into_par_iter()
                .map(|range| file.parse_rows(&table, range))
                .collect()
        }
    })
}

/// A value as a log has it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    /// There is none, or it is null.
    Missing,
    /// true or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number beyond the signed ones.
    Uint(u64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(&'a str),
    /// A list or an object: no value of a field.
    Nested,
}

impl<'a> Value<'a> {
    /// As text; nothing for a missing or nested value.
    pub(crate) fn text(&self) -> Option<Cow<'a, str>> {
        match self {
            Self::Missing | Self::Nested => None,
            Self::Bool(b) => Some(Cow::Borrowed(if *b { "true" } else { "false" })),
            Self::Int(i) => Some(Cow::Owned(i.to_string())),
            Self::Uint(u) => Some(Cow::Owned(u.to_string())),
            Self::Float(f) => Some(Cow::Owned(f.to_string())),
            Self::Text(s) => Some(Cow::Borrowed(s)),
        }
    }

    /// Whether a flag is set: true, a number above 0, or a text that says so.
    pub(crate) fn truth(&self) -> bool {
        match self {
            Self::Missing | Self::Nested => false,
            Self::Bool(b) => *b,
            Self::Int(i) => *i > 0,
            Self::Uint(u) => *u > 0,
            Self::Float(f) => *f > 0.0,
            Self::Text(s) => match s.trim() {
                "" | "0" | "false" | "False" | "FALSE" | "no" | "n" | "f" => false,
                other => other.parse::<f64>().map_or(true, |n| n > 0.0),
            },
        }
    }
}

/// A row of a log, whatever it is made of.
pub(crate) trait Row {
    /// The value at a path of the plan.
    fn path(&self, number: usize) -> Value<'_>;
    /// The object key at an explode level.
    fn key(&self, level: usize) -> Option<&str>;
    /// The position at an explode level.
    fn index(&self, level: usize) -> Option<usize>;
    /// A column by number.
    fn column(&self, number: usize) -> Value<'_>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Mapping;
    use proptest::prelude::*;
    use std::path::Path;

    /// The events of a text cut into tasks of about so many bytes, one line each.
    fn events(text: &str, mapping: &Mapping, format: Format, task_bytes: usize) -> Vec<String> {
        let context = FileContext::default();
        let plan = mapping.plan();
        let path = Path::new("log");
        let file = json::File {
            path,
            text,
            plan,
            context: &context,
            on_bad_row: OnBadRow::Drop,
            with_text: false,
        };
        let batches = parse_in_tasks(&file, format, task_bytes).unwrap();
        let line = |b: &Batch, i: usize| {
            let e = &b.events;
            format!(
                "{:?} {} {:?} {:?} {}",
                e.user.get(i),
                e.time[i],
                e.action.get(i),
                e.item.get(i),
                e.occurred[i]
            )
        };
        batches
            .iter()
            .flat_map(|b| (0..b.events.len()).map(|i| line(b, i)).collect::<Vec<_>>())
            .collect()
    }

    fn text() -> impl Strategy<Value = String> {
        "[a-z\"\\\\,\n{}\\[\\] 茶é]{0,12}"
    }

    proptest! {
        #[test]
        fn lines_may_be_cut_anywhere(items in prop::collection::vec(text(), 1..40), task_bytes in 1usize..400) {
            let lines: Vec<String> = items
                .iter()
                .enumerate()
                .map(|(i, item)| serde_json::json!({"user": format!("u{}", i % 3), "action": "a", "item": item}).to_string())
                .collect();
            let (text, mapping) = (lines.join("\n"), Mapping::builtin("events").unwrap());
            let whole = events(&text, &mapping, Format::Ndjson, usize::MAX / 2);
            prop_assert_eq!(whole.len(), items.len());
            prop_assert_eq!(events(&text, &mapping, Format::Ndjson, task_bytes), whole);
        }

        #[test]
        fn rows_with_quotes_and_line_breaks_may_be_cut_anywhere(
            items in prop::collection::vec(text(), 1..40),
            task_bytes in 1usize..400,
        ) {
            let rows: Vec<String> = items.iter().map(|item| format!("u,a,\"{}\"", item.replace('"', "\"\""))).collect();
            let text = format!("user,action,item\n{}\n", rows.join("\n"));
            let mapping = Mapping::builtin("events").unwrap();
            let whole = events(&text, &mapping, Format::Delimited, usize::MAX / 2);
            prop_assert_eq!(whole.len(), items.len());
            prop_assert_eq!(events(&text, &mapping, Format::Delimited, task_bytes), whole);
        }

        #[test]
        fn documents_may_be_cut_between_any_users(items in prop::collection::vec(text(), 1..20), task_bytes in 1usize..400) {
            let mut document = serde_json::Map::new();
            for (i, item) in items.iter().enumerate() {
                let record = serde_json::json!({
                    "type": "Video Browsing", "timestamp": "2025-09-01 00:00:00", "context": {"caption": item},
                    "action": [{"type": "watch"}, {"type": "cart", "is_add_to_cart": i % 2 == 0}],
                });
                document.insert(format!("u{i}{item}"), serde_json::json!({"action_history": [record]}));
            }
            let text = serde_json::Value::Object(document).to_string();
            let mapping = Mapping::builtin("omnibehavior").unwrap();
            let whole = events(&text, &mapping, Format::Json, usize::MAX / 2);
            prop_assert_eq!(whole.len(), 2 * items.len());
            prop_assert_eq!(events(&text, &mapping, Format::Json, task_bytes), whole);
        }

        #[test]
        fn no_text_makes_the_parsers_panic(text in "[\\PC\n\"{}\\[\\]:,]{0,200}", task_bytes in 1usize..100) {
            for (name, format) in [("events", Format::Ndjson), ("events", Format::Delimited), ("omnibehavior", Format::Json)] {
                let (mapping, context) = (Mapping::builtin(name).unwrap(), FileContext::default());
                let (plan, path) = (mapping.plan(), Path::new("log"));
                let file = json::File { path, text: &text, plan, context: &context, on_bad_row: OnBadRow::Drop, with_text: true };
                if let Ok(batches) = parse_in_tasks(&file, format, task_bytes) {
                    for b in batches.iter().filter(|b| b.error.is_none()) {
                        prop_assert_eq!(b.rows_in, b.events.len() as u64 + b.dropped.values().sum::<u64>());
                    }
                }
            }
        }
    }
}
