//! What the tests of formats share: a file to read, all that is read of it, and its events in words.

use super::emit::{Batch, FileContext, OnBadRow};
use super::json::parse_lines;
use super::task::{File, Origin, Piece, Tasks};
use crate::error::Error;
use crate::mapping::{Mapping, Records};
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
        assert_eq!(batch.rows_in, e.len() as u64 + batch.dropped.values().sum::<u64>(), "every row is accounted for");
        for i in 0..e.len() {
            let record = match file.plan.records {
                Records::Value(_) if !batch.unnumbered.contains(&i) => e.record[i],
                Records::Level(_) => e.record[i] + records,
                _ => e.record[i] + rows,
            };
            let seq = u64::from(e.seq[i]) + if batch.by_position.contains(&i) { rows } else { 0 };
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
                e.value[i],
                e.count[i],
                e.text.get(i),
            ));
        }
        rows += batch.rows_in;
        records += batch.records;
    }
    said
}
