//! Arrow IPC: files, whose batches are read in any order, and streams, whose batches are read one after the other.

use super::emit::Batch;
use super::table::{Table, guarded};
use super::task::{File, Task, Tasks};
use crate::error::{Code, Error, Place, Result};
use crate::input::source::{ReadSeek, Source};
use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::convert::fb_to_schema;
use arrow_ipc::reader::{FileDecoder, StreamReader, read_footer_length};
use arrow_ipc::{Block, root_as_footer, root_as_message};
use arrow_schema::{ArrowError, SchemaRef};
use std::collections::VecDeque;
use std::io::{BufReader, Read, SeekFrom};
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
    let wrong = |e: ArrowError| broken(&file, None, &e);
    let mut input = source.open().map_err(|e| wrong(e.into()))?;
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
        let blocks = guarded(|| Blocks::new(&mut input)).map_err(wrong)?;
        return Batches::new(file, source, blocks, task_rows).map(|batches| Box::new(batches) as Box<dyn Tasks>);
    }
    if start.is_empty() {
        return Err(wrong(ArrowError::IpcError("the file is empty".to_owned())));
    }
    let schema = guarded(|| StreamReader::try_new(BufReader::new(input), None)).map_err(wrong)?.schema();
    let table = Table::new(&file, &schema)?;
    let open = || StreamReader::try_new(BufReader::new(source.open()?), Some(table.read.clone()));
    let reader = guarded(open).map_err(wrong)?;
    Ok(Box::new(Stream {
        reader,
        slices: Slices::new(file, table, task_rows),
        number: 0,
        rows: 0,
    }))
}

fn broken(file: &File, batch: Option<usize>, error: &ArrowError) -> Error {
    let place = Place {
        element: batch.map(|b| format!("batch {b}")),
        ..Place::file(&file.path)
    };
    Error::new(Code::Syntax, format!("no Arrow that can be read: {error}"))
        .at(place)
        .help("the file may have been cut off while it was copied: fetch it again")
}

/// Rows of a batch are counted from 1 in the file, and their batch is named.
fn events(table: &Table, rows: &RecordBatch, number: usize, before: u64) -> Batch {
    table.events(rows, &format!("batch {number}, row"), before + 1)
}

/// Batches that are in memory, divided into tasks.
struct Slices {
    file: Arc<File>,
    table: Arc<Table>,
    task_rows: usize,
    /// Rows, the number of their batch, and the rows before them.
    waiting: VecDeque<(RecordBatch, usize, u64)>,
}

impl Slices {
    fn new(file: Arc<File>, table: Table, task_rows: usize) -> Self {
        Self {
            file,
            table: Arc::new(table),
            task_rows,
            waiting: VecDeque::new(),
        }
    }

    fn add(&mut self, batch: &RecordBatch, number: usize, before: u64) {
        let rows = batch.num_rows();
        for from in (0..rows).step_by(self.task_rows) {
            let slice = batch.slice(from, self.task_rows.min(rows - from));
            self.waiting.push_back((slice, number, before + from as u64));
        }
    }

    /// The next task, of as many slices as it may have rows.
    fn next_task(&mut self) -> Option<Task> {
        let mut room = self.task_rows;
        let mut slices = Vec::new();
        while let Some(slice) = self.waiting.pop_front_if(|(rows, ..)| slices.is_empty() || rows.num_rows() <= room) {
            room = room.saturating_sub(slice.0.num_rows());
            slices.push(slice);
        }
        let table = Arc::clone(&self.table);
        let read = move || slices.iter().map(|(rows, number, before)| events(&table, rows, *number, *before)).collect();
        (room < self.task_rows).then(|| Box::new(read) as Task)
    }
}

/// A stream, read batch by batch.
struct Stream<R> {
    reader: StreamReader<R>,
    slices: Slices,
    number: usize,
    rows: u64,
}

impl<R: Read + Send> Tasks for Stream<R> {
    fn next_task(&mut self) -> Result<Option<Task>> {
        let mut waiting: usize = self.slices.waiting.iter().map(|(rows, ..)| rows.num_rows()).sum();
        while waiting < self.slices.task_rows {
            self.number += 1;
            let batch = guarded(|| self.reader.next().transpose());
            let Some(batch) = batch.map_err(|e| broken(&self.slices.file, Some(self.number), &e))? else {
                break;
            };
            self.slices.add(&batch, self.number, self.rows);
            waiting += batch.num_rows();
            self.rows += batch.num_rows() as u64;
        }
        Ok(self.slices.next_task())
    }
}

/// Where the batches of a file are, and what it takes to read them.
struct Blocks {
    schema: SchemaRef,
    decoder: FileDecoder,
    /// Each with its rows.
    all: Vec<(Block, usize)>,
}

impl Blocks {
    fn new(input: &mut Box<dyn ReadSeek>) -> Result<Self, ArrowError> {
        let wrong = |what: &str| ArrowError::IpcError(what.to_owned());
        let length = input.seek(SeekFrom::End(0))?;
        let mut tail = [0; 10];
        if length < tail.len() as u64 {
            return Err(wrong("the file ends early"));
        }
        input.seek(SeekFrom::End(-10))?;
        input.read_exact(&mut tail)?;
        let footer = read_footer_length(tail)? as u64;
        let start = length.checked_sub(footer + 10).ok_or_else(|| wrong("the footer is too long"))?;
        let footer = bytes(input, start, footer)?;
        let footer = root_as_footer(&footer).map_err(|e| wrong(&format!("the footer makes no sense: {e}")))?;
        let described = footer.schema().ok_or_else(|| wrong("there is no schema"))?;
        if !described.endianness().equals_to_target_endianness() {
            return Err(wrong("its numbers are of another byte order"));
        }
        let schema = Arc::new(fb_to_schema(described));
        let mut decoder = FileDecoder::new(Arc::clone(&schema), footer.version());
        for dictionary in footer.dictionaries().iter().flatten() {
            decoder.read_dictionary(dictionary, &block(input, dictionary)?)?;
        }
        let mut all = Vec::new();
        for batch in footer.recordBatches().iter().flatten() {
            let (at, length) = place(batch)?;
            let header = bytes(input, at, length - body(batch)?)?;
            // Before the message stand its length and, since version 0.15, a mark.
            let message = header.strip_prefix(&[0xff; 4]).unwrap_or(&header).get(4..).unwrap_or_default();
            let message = root_as_message(message).map_err(|e| wrong(&format!("a batch makes no sense: {e}")))?;
            let rows = message.header_as_record_batch().map_or(0, |b| b.length());
            all.push((*batch, usize::try_from(rows).map_err(|_| wrong("a batch of less than no rows"))?));
        }
        Ok(Self { schema, decoder, all })
    }
}

fn body(block: &Block) -> Result<u64, ArrowError> {
    u64::try_from(block.bodyLength()).map_err(|_| ArrowError::IpcError("a block of less than no bytes".to_owned()))
}

/// Where a block is, and how long it is.
fn place(block: &Block) -> Result<(u64, u64), ArrowError> {
    let header = u64::try_from(block.metaDataLength()).ok();
    let place = u64::try_from(block.offset()).ok().zip(header.and_then(|h| h.checked_add(body(block).ok()?)));
    place.ok_or_else(|| ArrowError::IpcError("a block of less than no bytes".to_owned()))
}

fn block(input: &mut Box<dyn ReadSeek>, of: &Block) -> Result<Buffer, ArrowError> {
    let (at, length) = place(of)?;
    bytes(input, at, length).map(Buffer::from_vec)
}

fn bytes(input: &mut Box<dyn ReadSeek>, at: u64, length: u64) -> Result<Vec<u8>, ArrowError> {
    input.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    // No more memory than there is of the file, whatever it says of itself.
    if input.take(length).read_to_end(&mut bytes)? as u64 != length {
        return Err(ArrowError::IpcError("the file ends early".to_owned()));
    }
    Ok(bytes)
}

/// A file, whose tasks read its batches.
struct Batches {
    shared: Arc<Shared>,
    /// Batches to come, each with the number of rows before it.
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

struct Numbered {
    block: Block,
    number: usize,
    rows: usize,
    before: u64,
}

impl Batches {
    fn new(file: Arc<File>, source: Source, blocks: Blocks, task_rows: usize) -> Result<Self> {
        let slices = Slices::new(Arc::clone(&file), Table::new(&file, &blocks.schema)?, task_rows);
        let mut before = 0;
        let numbered = blocks.all.into_iter().enumerate().map(|(i, (block, rows))| {
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
                decoder: blocks.decoder.with_projection(slices.table.read.clone()),
                table: Arc::clone(&slices.table),
            }),
            slices,
        })
    }
}

impl Tasks for Batches {
    fn next_task(&mut self) -> Result<Option<Task>> {
        if let Some(task) = self.slices.next_task() {
            return Ok(Some(task));
        }
        let mut room = self.slices.task_rows;
        if let Some(large) = self.blocks.pop_front_if(|b| b.rows > 2 * room) {
            self.slices.add(&self.shared.read(&large)?, large.number, large.before);
            return Ok(self.slices.next_task());
        }
        let mut some = Vec::new();
        while let Some(block) = self.blocks.pop_front_if(|b| some.is_empty() || b.rows <= room) {
            room = room.saturating_sub(block.rows);
            some.push(block);
        }
        let shared = Arc::clone(&self.shared);
        let read = move |block: &Numbered| match shared.read(block) {
            Ok(rows) => events(&shared.table, &rows, block.number, block.before),
            Err(error) => Batch::failed(error),
        };
        Ok((!some.is_empty()).then(|| Box::new(move || some.iter().map(read).collect()) as Task))
    }
}

impl Shared {
    fn read(&self, of: &Numbered) -> Result<RecordBatch> {
        let read = || {
            let mut input = self.source.open()?;
            let rows = self.decoder.read_record_batch(&of.block, &block(&mut input, &of.block)?)?;
            rows.ok_or_else(|| ArrowError::IpcError("a block without a batch".to_owned()))
        };
        guarded(read).map_err(|e| broken(&self.file, Some(of.number), &e))
    }
}

#[cfg(test)]
mod tests;
