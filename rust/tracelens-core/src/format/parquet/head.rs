//! The first rows of a file, with all of their columns.

use super::super::head::Head;
use super::super::table::{self, guarded};
use super::{broken, load, schema_of};
use crate::error::Result;
use crate::input::source::Source;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use std::path::Path;
use std::sync::Arc;

/// Rows that are read at a time: of long ones there is soon enough.
const BATCH_ROWS: usize = 1 << 6;

/// The first rows of a file.
pub(crate) fn head(path: &Path, source: &Source, rows: usize) -> Result<Head> {
    let loaded = load(path, source)?;
    let mut head = table::head(loaded.schema(), rows);
    let read = (0..loaded.metadata().num_row_groups()).try_for_each(|group| {
        guarded(|| add(&mut head, source, &loaded, group)).map_err(|e| broken(path, Some(group), source, &e))
    });
    head.despite(read)
}

/// Add rows of a row group, while there is room.
fn add(head: &mut Head, source: &Source, loaded: &ArrowReaderMetadata, group: usize) -> Result<(), ParquetError> {
    if head.room() == 0 {
        return Ok(());
    }
    let schema = schema_of(loaded.metadata(), loaded.schema(), group);
    let options = ArrowReaderOptions::new().with_schema(Arc::new(schema));
    let metadata = ArrowReaderMetadata::try_new(Arc::clone(loaded.metadata()), options)?;
    let mut reader = ParquetRecordBatchReaderBuilder::new_with_metadata(source.clone(), metadata)
        .with_row_groups(vec![group])
        .with_limit(head.room())
        .with_batch_size(BATCH_ROWS.min(head.room()))
        .build()?;
    while head.room() > 0
        && let Some(rows) = reader.next().transpose()?
    {
        table::add_rows(head, &rows)?;
    }
    Ok(())
}
