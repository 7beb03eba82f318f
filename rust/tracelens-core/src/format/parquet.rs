//! Parquet: tasks are ranges of rows within row groups.

mod leaves;

mod head;

pub(crate) use head::head;

use super::batch::Batch;
use super::table::{Table, guarded};
use super::task::{File, Task, Tasks};
use crate::error::{Code, Error, Place, Result};
use crate::input::source::{ReadSeek, Source, own_error};
use arrow_schema::{DataType, Schema, TimeUnit};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{ConvertedType, Encoding, Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::reader::{ChunkReader, Length};
use std::io::{BufReader, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Rows that are read at a time, and become one batch: so many that its ends cut few users in two, so few that there is work for
/// all cores.
const BATCH_ROWS: usize = 1 << 17;

/// Tasks of a file.
pub(crate) fn open(file: Arc<File>, source: Source) -> Result<Box<dyn Tasks>> {
    open_in_tasks(file, source, task_rows)
}

/// Rows that one task reads, at most. A part of a row group costs the pages at its ends and its dictionaries once more: groups
/// are divided only where there are too few of them for all cores, or where they are too large for the memory.
fn task_rows(rows: u64, bytes: u64) -> usize {
    let fit = TASK_BYTES / (bytes / rows.max(1) + EVENT_BYTES);
    fit.min(rows / TASKS).clamp(1 << 17, 1 << 20) as usize
}

/// Tasks in which a file of some size is read, at least.
const TASKS: u64 = 8;
/// Memory for the events of one task, about.
const TASK_BYTES: u64 = 1 << 27;
/// Memory for one event beside its texts, about.
const EVENT_BYTES: u64 = 64;

fn open_in_tasks(file: Arc<File>, source: Source, task_rows: fn(u64, u64) -> usize) -> Result<Box<dyn Tasks>> {
    let loaded = load(&file.path, &source)?;
    let table = Table::new(&file, loaded.schema())?;
    let metadata = Arc::clone(loaded.metadata());
    let leaves = leaves::wanted(loaded.schema(), &table.inside);
    let mask = ProjectionMask::leaves(loaded.parquet_schema(), leaves);
    let chunks = metadata
        .row_groups()
        .iter()
        .flat_map(|group| group.columns().iter().enumerate());
    let bytes = chunks
        .filter(|(leaf, _)| mask.leaf_included(*leaf))
        .map(|(_, c)| c.uncompressed_size());
    let bytes = bytes
        .map(|b| u64::try_from(b).unwrap_or(0))
        .fold(0, u64::saturating_add);
    let rows = u64::try_from(metadata.file_metadata().num_rows()).unwrap_or(0);
    let task_rows = task_rows(rows, bytes);
    let mut ranges = Vec::new();
    let mut before = 0;
    for (group, about) in metadata.row_groups().iter().enumerate() {
        let rows = usize::try_from(about.num_rows()).unwrap_or(0);
        // Ranges of about the same length.
        let parts = rows.div_ceil(task_rows);
        for part in 0..parts {
            let range = rows * part / parts..rows * (part + 1) / parts;
            ranges.push(Part { group, range, before });
        }
        before += rows as u64;
    }
    ranges.reverse();
    Ok(Box::new(Parts {
        shared: Arc::new(Shared {
            file,
            source,
            metadata,
            schema: Arc::clone(loaded.schema()),
            mask,
            table,
        }),
        ranges,
    }))
}

/// What a file says of itself.
fn load(path: &Path, source: &Source) -> Result<ArrowReaderMetadata> {
    let loaded = guarded(|| ArrowReaderMetadata::load(source, ArrowReaderOptions::new()));
    loaded.map_err(|e| broken(path, None, source, &e))
}

struct Parts {
    shared: Arc<Shared>,
    /// Those to come, the next one last.
    ranges: Vec<Part>,
}

/// What all tasks of a file share.
struct Shared {
    file: Arc<File>,
    source: Source,
    metadata: Arc<ParquetMetaData>,
    schema: Arc<Schema>,
    /// What is read of it.
    mask: ProjectionMask,
    table: Table,
}

/// Some rows of a row group.
struct Part {
    group: usize,
    range: Range<usize>,
    /// Rows of the groups before.
    before: u64,
}

impl Tasks for Parts {
    fn next_task(&mut self) -> Result<Option<Task>> {
        let shared = Arc::clone(&self.shared);
        let task = |part: Part| -> Task { Box::new(move || shared.read(&part)) };
        Ok(self.ranges.pop().map(task))
    }
}

impl Shared {
    /// Read some rows. They are counted from 1 in the file, and their group is named.
    fn read(&self, part: &Part) -> Vec<Batch> {
        let name = format!("row group {}, row", part.group + 1);
        let broken = |e: &ParquetError| Batch::failed(broken(&self.file.path, Some(part.group), &self.source, e));
        let mut reader = match guarded(|| self.reader(part)) {
            Ok(reader) => reader,
            Err(e) => return vec![broken(&e)],
        };
        let mut batches = Vec::new();
        let mut read = part.range.start;
        loop {
            match guarded(|| Ok::<_, ParquetError>(reader.next().transpose()?)) {
                Ok(Some(rows)) => {
                    let first = part.before + read as u64 + 1;
                    read += rows.num_rows();
                    batches.push(self.table.events(&rows, &name, first));
                }
                Ok(None) if read == part.range.end => return batches,
                Ok(None) => {
                    let missing = part.range.end - read;
                    batches.push(broken(&ParquetError::EOF(format!("{missing} rows are missing"))));
                    return batches;
                }
                Err(e) => {
                    batches.push(broken(&e));
                    return batches;
                }
            }
        }
    }

    fn reader(&self, part: &Part) -> Result<ParquetRecordBatchReader, ParquetError> {
        let options =
            ArrowReaderOptions::new().with_schema(Arc::new(schema_of(&self.metadata, &self.schema, part.group)));
        let metadata = ArrowReaderMetadata::try_new(Arc::clone(&self.metadata), options)?;
        ParquetRecordBatchReaderBuilder::new_with_metadata(self.source.clone(), metadata)
            .with_projection(self.mask.clone())
            .with_row_groups(vec![part.group])
            .with_offset(part.range.start)
            .with_limit(part.range.len())
            .with_batch_size(BATCH_ROWS.min(part.range.len()))
            .build()
    }
}

/// The types in which the columns of a row group are read: texts as codes where the file has codes for all of them.
fn schema_of(metadata: &ParquetMetaData, schema: &Schema, group: usize) -> Schema {
    let parquet = metadata.file_metadata().schema_descr();
    let mut types: Vec<Option<DataType>> = vec![None; schema.fields().len()];
    for (leaf, chunk) in metadata.row_group(group).columns().iter().enumerate() {
        let (column, about) = (parquet.get_column_root_idx(leaf), parquet.column(leaf));
        let field = schema.field(column);
        types[column] = match field.data_type() {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..)
                if about.converted_type() == ConvertedType::UTF8 =>
            {
                Some(if all_coded(chunk) {
                    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
                } else {
                    DataType::Utf8View
                })
            }
            // Microseconds reach further than nanoseconds, and are all that events know.
            DataType::Timestamp(TimeUnit::Nanosecond, zone) if about.physical_type() == Type::INT96 => {
                Some(DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))
            }
            _ => None,
        };
    }
    let fields = schema.fields().iter().zip(types).map(|(field, to)| match to {
        Some(to) => Arc::new(field.as_ref().clone().with_data_type(to)),
        None => Arc::clone(field),
    });
    Schema::new_with_metadata(fields.collect::<Vec<_>>(), schema.metadata().clone())
}

/// Whether all values of a column are codes into its dictionary, as far as the file says.
fn all_coded(chunk: &ColumnChunkMetaData) -> bool {
    let coded = [Encoding::RLE_DICTIONARY, Encoding::PLAIN_DICTIONARY];
    match chunk.page_encoding_stats_mask() {
        Some(mask) => coded.iter().any(|&c| mask.is_only(c)),
        None => chunk.encodings().any(|e| coded.contains(&e)),
    }
}

fn broken(path: &Path, group: Option<usize>, source: &Source, error: &ParquetError) -> Error {
    if let Some(own) = own_error(error).or_else(|| source.failed()) {
        return own;
    }
    let place = Place {
        element: group.map(|g| format!("row group {}", g + 1)),
        ..Place::file(path)
    };
    Error::new(Code::Syntax, format!("no Parquet that can be read: {error}"))
        .at(place)
        .help("the file may have been cut off while it was copied: fetch it again")
}

impl Length for Source {
    fn len(&self) -> u64 {
        self.length()
    }
}

impl ChunkReader for Source {
    type T = BufReader<Box<dyn ReadSeek>>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let mut input = self.open();
        input.seek(SeekFrom::Start(start))?;
        Ok(BufReader::new(input))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        match self {
            Self::Disk(file) => {
                let end = start.checked_add(length as u64).filter(|end| *end <= file.size);
                let end = end.ok_or_else(|| ParquetError::EOF("the file ends early".to_owned()))?;
                let mut bytes = vec![0; (end - start) as usize];
                file.read_at(&mut bytes, start)
                    .map_err(|e| ParquetError::External(Box::new(e)))?;
                Ok(Bytes::from(bytes))
            }
            Self::Memory(bytes) => bytes.get_bytes(start, length),
        }
    }
}

#[cfg(test)]
mod tests;
