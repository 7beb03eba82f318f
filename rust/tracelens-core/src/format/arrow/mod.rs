//! Arrow IPC: files, whose batches are read in any order, and streams, whose batches are read one after the other.

mod head;
mod messages;

pub(crate) use head::head;

use super::batch::Batch;
use super::table::{Table, guarded};
use super::task::{File, Task, Tasks};
use crate::error::{Code, Error, Place, Result};
use crate::input::source::{ReadSeek, Source, own_error};
use arrow_array::RecordBatch;
use arrow_ipc::reader::FileDecoder;
use arrow_ipc::{Block, MetadataVersion};
use arrow_schema::{ArrowError, SchemaRef};
use messages::{Content, Framed, Index};
use std::collections::VecDeque;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;

/// Rows that one task reads: smaller batches are put together, larger ones divided.
const TASK_ROWS: usize = 1 << 18;

/// The first bytes of a file; a stream has none.
const MAGIC: &[u8] = b"ARROW1";
/// Those of the first version of Feather, which was another format.
const FEATHER_1: &[u8] = b"FEA1";

/// Tasks of a file or a stream.
pub(crate) fn open(file: Arc<File>, source: Source) -> Result<Box<dyn Tasks>> {
    open_in_tasks(file, source, TASK_ROWS)
}

fn open_in_tasks(file: Arc<File>, source: Source, task_rows: usize) -> Result<Box<dyn Tasks>> {
    Ok(match Layout::of(&file.path, &source)? {
        Layout::File(index) => Box::new(Batches::new(file, source, index, task_rows)?),
        Layout::Stream(input, schema) => Box::new(Stream::new(file, input, schema, task_rows)?),
    })
}

/// The two ways to store batches.
enum Layout {
    File(Index),
    /// Read up to its first batch.
    Stream(BufReader<Box<dyn ReadSeek>>, SchemaRef),
}

impl Layout {
    fn of(path: &Path, source: &Source) -> Result<Self> {
        let wrong = |e: ArrowError| broken(path, None, &e);
        let mut input = source.open();
        let mut start = Vec::new();
        (&mut input)
            .take(MAGIC.len() as u64)
            .read_to_end(&mut start)
            .and_then(|_| input.rewind())
            .map_err(|e| wrong(e.into()))?;
        if start.starts_with(FEATHER_1) {
            let error = wrong(ArrowError::IpcError("this is version 1 of Feather".to_owned()));
            return Err(error.help("write it anew with a library of today: version 2 is Arrow"));
        }
        if start == MAGIC {
            return guarded(|| Index::read(&mut input)).map(Self::File).map_err(wrong);
        }
        let mut input = BufReader::new(input);
        let first = || match Framed::next(&mut input)?.map(|message| message.content()).transpose()? {
            Some(Content::Schema(schema)) => Ok(schema),
            _ => Err(ArrowError::IpcError("it does not begin with a schema".to_owned())),
        };
        let schema = guarded(first).map_err(wrong)?;
        Ok(Self::Stream(input, schema))
    }
}

fn broken(path: &Path, batch: Option<usize>, error: &ArrowError) -> Error {
    if let Some(own) = own_error(error) {
        return own;
    }
    let place = Place {
        element: batch.map(|b| format!("batch {b}")),
        ..Place::file(path)
    };
    Error::new(Code::Syntax, format!("no Arrow that can be read: {error}"))
        .at(place)
        .help("the file may have been cut off while it was copied: fetch it again")
}

/// Rows of a batch in memory.
struct Slice {
    rows: RecordBatch,
    /// Number of the batch, from 1.
    number: usize,
    /// Rows of the file before them: they are counted on from batch to batch.
    before: u64,
}

impl Slice {
    fn events(&self, table: &Table) -> Batch {
        table.events(&self.rows, &format!("batch {}, row", self.number), self.before + 1)
    }
}

/// Batches in memory, divided into tasks.
struct Slices {
    table: Arc<Table>,
    task_rows: usize,
    waiting: VecDeque<Slice>,
}

impl Slices {
    fn new(table: Table, task_rows: usize) -> Self {
        Self {
            table: Arc::new(table),
            task_rows,
            waiting: VecDeque::new(),
        }
    }

    fn add(&mut self, batch: &RecordBatch, number: usize, before: u64) {
        let rows = batch.num_rows();
        for from in (0..rows).step_by(self.task_rows) {
            self.waiting.push_back(Slice {
                rows: batch.slice(from, self.task_rows.min(rows - from)),
                number,
                before: before + from as u64,
            });
        }
    }

    fn rows(&self) -> usize {
        self.waiting.iter().map(|slice| slice.rows.num_rows()).sum()
    }

    /// The next task, of as many slices as it may have rows.
    fn next_task(&mut self) -> Option<Task> {
        let some = some_of(&mut self.waiting, self.task_rows, |slice| slice.rows.num_rows());
        let table = Arc::clone(&self.table);
        let task =
            |some: Vec<Slice>| -> Task { Box::new(move || some.iter().map(|slice| slice.events(&table)).collect()) };
        Some(some).filter(|some| !some.is_empty()).map(task)
    }
}

/// The first of a queue that together have no more than so many rows, at least one.
fn some_of<T>(queue: &mut VecDeque<T>, mut room: usize, rows: impl Fn(&T) -> usize) -> Vec<T> {
    let mut some = Vec::new();
    while let Some(next) = queue.pop_front_if(|next| some.is_empty() || rows(next) <= room) {
        room = room.saturating_sub(rows(&next));
        some.push(next);
    }
    some
}

/// A stream, read batch by batch.
struct Stream {
    file: Arc<File>,
    input: BufReader<Box<dyn ReadSeek>>,
    decoder: FileDecoder,
    slices: Slices,
    number: usize,
    rows: u64,
}

impl Stream {
    fn new(file: Arc<File>, input: BufReader<Box<dyn ReadSeek>>, schema: SchemaRef, task_rows: usize) -> Result<Self> {
        let table = Table::new(&file, &schema)?;
        let decoder = decoder(schema).with_projection(table.read.clone());
        Ok(Self {
            file,
            input,
            decoder,
            slices: Slices::new(table, task_rows),
            number: 0,
            rows: 0,
        })
    }
}

fn decoder(schema: SchemaRef) -> FileDecoder {
    // Version 1 stands for any: each message of a stream says its own.
    FileDecoder::new(schema, MetadataVersion::V1)
}

/// The next batch of a stream; the dictionaries before it are read on the way.
fn next_batch(input: &mut impl Read, decoder: &mut FileDecoder) -> Result<Option<RecordBatch>, ArrowError> {
    while let Some(message) = Framed::next(input)? {
        match message.content()? {
            Content::Dictionary => message.add_dictionary(decoder)?,
            Content::Batch => return message.rows(decoder).map(Some),
            Content::Schema(_) => return Err(ArrowError::IpcError("a second schema".to_owned())),
            Content::Other => {}
        }
    }
    Ok(None)
}

impl Tasks for Stream {
    fn next_task(&mut self) -> Result<Option<Task>> {
        while self.slices.rows() < self.slices.task_rows {
            self.number += 1;
            let batch = guarded(|| next_batch(&mut self.input, &mut self.decoder))
                .map_err(|e| broken(&self.file.path, Some(self.number), &e))?;
            let Some(batch) = batch else { break };
            self.slices.add(&batch, self.number, self.rows);
            self.rows += batch.num_rows() as u64;
        }
        Ok(self.slices.next_task())
    }
}

/// A file, whose tasks read its batches.
struct Batches {
    shared: Arc<Shared>,
    blocks: VecDeque<Numbered>,
    /// A large batch that was read to be divided.
    slices: Slices,
}

struct Shared {
    file: Arc<File>,
    source: Source,
    decoder: FileDecoder,
    table: Arc<Table>,
}

/// A batch to come, with its number, its rows and those before it.
struct Numbered {
    block: Block,
    number: usize,
    rows: usize,
    before: u64,
}

impl Batches {
    fn new(file: Arc<File>, source: Source, index: Index, task_rows: usize) -> Result<Self> {
        let slices = Slices::new(Table::new(&file, &index.schema)?, task_rows);
        let mut before = 0;
        let numbered = index.batches.into_iter().enumerate().map(|(i, (block, rows))| {
            let numbered = Numbered {
                block,
                number: i + 1,
                rows,
                before,
            };
            before += rows as u64;
            numbered
        });
        Ok(Self {
            blocks: numbered.collect(),
            shared: Arc::new(Shared {
                file,
                source,
                decoder: index.decoder.with_projection(slices.table.read.clone()),
                table: Arc::clone(&slices.table),
            }),
            slices,
        })
    }
}

impl Tasks for Batches {
    fn next_task(&mut self) -> Result<Option<Task>> {
        let room = self.slices.task_rows;
        if self.slices.waiting.is_empty()
            && let Some(large) = self.blocks.pop_front_if(|b| b.rows > 2 * room)
        {
            self.slices.add(&self.shared.read(&large)?, large.number, large.before);
        }
        if let Some(task) = self.slices.next_task() {
            return Ok(Some(task));
        }
        let some = some_of(&mut self.blocks, room, |block| block.rows);
        let shared = Arc::clone(&self.shared);
        let task =
            |some: Vec<Numbered>| -> Task { Box::new(move || some.iter().map(|block| shared.events(block)).collect()) };
        Ok(Some(some).filter(|some| !some.is_empty()).map(task))
    }
}

impl Shared {
    fn read(&self, of: &Numbered) -> Result<RecordBatch> {
        let read = || Framed::at(&mut self.source.open(), of.block)?.rows(&self.decoder);
        guarded(read).map_err(|e| broken(&self.file.path, Some(of.number), &e))
    }

    fn events(&self, of: &Numbered) -> Batch {
        match self.read(of) {
            Ok(rows) => Slice {
                rows,
                number: of.number,
                before: of.before,
            }
            .events(&self.table),
            Err(error) => Batch::failed(error),
        }
    }
}

#[cfg(test)]
mod tests;
