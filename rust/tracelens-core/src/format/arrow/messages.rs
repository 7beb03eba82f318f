//! The messages that Arrow files and streams are made of: a header that describes what it is, and a body of buffers.

use crate::input::source::ReadSeek;
use arrow_buffer::Buffer;
use arrow_ipc::convert::fb_to_schema;
use arrow_ipc::reader::{FileDecoder, read_footer_length};
use arrow_ipc::{Block, CompressionType, Message, MessageHeader, RecordBatch, root_as_footer, root_as_message};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use std::io::{Read, SeekFrom};
use std::sync::Arc;

type Result<T> = std::result::Result<T, ArrowError>;

/// A message with the bytes that it was read from.
pub(super) struct Framed {
    block: Block,
    bytes: Buffer,
}

/// What a message brings.
pub(super) enum Content {
    Schema(SchemaRef),
    Dictionary,
    Batch,
    Other,
}

impl Framed {
    /// The message at a place of a file.
    pub(super) fn at(input: &mut Box<dyn ReadSeek>, block: Block) -> Result<Self> {
        let (at, length) = place(&block)?;
        let bytes = Buffer::from_vec(bytes(input, at, length)?);
        Self { block, bytes }.checked()
    }

    /// The next message of a stream; `None` at its end.
    pub(super) fn next(input: &mut impl Read) -> Result<Option<Self>> {
        let mut bytes = Vec::new();
        append(input, &mut bytes, 4)?;
        if bytes == MARK {
            append(input, &mut bytes, 4)?;
        }
        let prefix = bytes.len();
        let length = match bytes[prefix.saturating_sub(4)..] {
            [a, b, c, d] => i32::from_le_bytes([a, b, c, d]),
            // A stream may end without a mark, but not inside a message.
            [] => 0,
            _ => return Err(ends_early()),
        };
        if length == 0 {
            return Ok(None);
        }
        let length = u64::try_from(length).map_err(|_| wrong("a message of less than no bytes"))?;
        append(input, &mut bytes, length)?;
        let header = i32::try_from(bytes.len()).map_err(|_| wrong("a header is too long"))?;
        let body = root_as_message(&bytes[prefix..])
            .map_err(|e| nonsense(&e))?
            .bodyLength();
        let block = Block::new(0, header, body);
        append(input, &mut bytes, self::body(&block)?)?;
        let (_, whole) = place(&block)?;
        if bytes.len() as u64 != whole {
            return Err(ends_early());
        }
        let bytes = Buffer::from_vec(bytes);
        Self { block, bytes }.checked().map(Some)
    }

    fn message(&self) -> Result<Message<'_>> {
        header(&self.bytes)
    }

    pub(super) fn content(&self) -> Result<Content> {
        let message = self.message()?;
        Ok(match message.header_type() {
            MessageHeader::Schema => Content::Schema(schema(message.header_as_schema())?),
            MessageHeader::DictionaryBatch => Content::Dictionary,
            MessageHeader::RecordBatch => Content::Batch,
            _ => Content::Other,
        })
    }

    pub(super) fn add_dictionary(&self, decoder: &mut FileDecoder) -> Result<()> {
        decoder.read_dictionary(&self.block, &self.bytes)
    }

    pub(super) fn rows(&self, decoder: &FileDecoder) -> Result<arrow_array::RecordBatch> {
        let rows = decoder.read_record_batch(&self.block, &self.bytes)?;
        rows.ok_or_else(|| wrong("a block without a batch"))
    }

    /// What a buffer is announced to be unpacked is taken at its word by the library, which ends the process if there is not
    /// so much memory.
    fn checked(self) -> Result<Self> {
        let message = self.message()?;
        let batch = message
            .header_as_record_batch()
            .or_else(|| message.header_as_dictionary_batch().and_then(|d| d.data()));
        if let Some(batch) = batch {
            check(
                &batch,
                self.bytes
                    .get(self.block.metaDataLength() as usize..)
                    .unwrap_or_default(),
            )?;
        }
        Ok(self)
    }
}

/// No compressed buffer unpacks to more than so many times its size,
const RATIOS: [(CompressionType, u64); 2] = [(CompressionType::LZ4_FRAME, 1 << 8), (CompressionType::ZSTD, 1 << 16)];
/// nor to more than this.
const UNPACKED: u64 = 1 << 32;

fn check(batch: &RecordBatch, body: &[u8]) -> Result<()> {
    let Some(compression) = batch.compression() else {
        return Ok(());
    };
    let ratio = RATIOS
        .iter()
        .find(|(codec, _)| *codec == compression.codec())
        .map_or(1, |(_, ratio)| *ratio);
    for buffer in batch.buffers().iter().flatten() {
        let start = usize::try_from(buffer.offset()).unwrap_or(usize::MAX);
        let Some(prefix) = body.get(start..).and_then(<[u8]>::first_chunk) else {
            continue;
        };
        // -1: it is not compressed after all.
        let unpacked = i64::from_le_bytes(*prefix).max(0).unsigned_abs();
        let most = buffer
            .length()
            .max(0)
            .unsigned_abs()
            .saturating_mul(ratio)
            .min(UNPACKED);
        if buffer.length() > 0 && unpacked > most {
            return Err(wrong("a buffer that would be far larger than it can be"));
        }
    }
    Ok(())
}

/// What stands before a message, since version 0.15, before its length.
const MARK: [u8; 4] = [0xff; 4];

/// The header of a message, behind its length.
fn header(bytes: &[u8]) -> Result<Message<'_>> {
    let message = bytes.strip_prefix(&MARK).unwrap_or(bytes).get(4..).unwrap_or_default();
    root_as_message(message).map_err(|e| nonsense(&e))
}

fn schema(described: Option<arrow_ipc::Schema>) -> Result<SchemaRef> {
    let described = described.ok_or_else(|| wrong("there is no schema"))?;
    if !described.endianness().equals_to_target_endianness() {
        return Err(wrong("its numbers are of another byte order"));
    }
    Ok(Arc::<Schema>::new(fb_to_schema(described)))
}

/// Where the batches of a file are, and what it takes to read them.
pub(super) struct Index {
    pub(super) schema: SchemaRef,
    pub(super) decoder: FileDecoder,
    /// Each with its number of rows.
    pub(super) batches: Vec<(Block, usize)>,
}

impl Index {
    pub(super) fn read(input: &mut Box<dyn ReadSeek>) -> Result<Self> {
        let length = input.seek(SeekFrom::End(0))?;
        let mut tail = [0; 10];
        let before = length.checked_sub(tail.len() as u64).ok_or_else(ends_early)?;
        input.seek(SeekFrom::Start(before))?;
        input.read_exact(&mut tail)?;
        let footer = read_footer_length(tail)? as u64;
        let footer = bytes(input, before.checked_sub(footer).ok_or_else(ends_early)?, footer)?;
        let footer = root_as_footer(&footer).map_err(|e| nonsense(&e))?;
        let schema = schema(footer.schema())?;
        let mut decoder = FileDecoder::new(Arc::clone(&schema), footer.version());
        for block in footer.dictionaries().iter().flatten() {
            Framed::at(input, *block)?.add_dictionary(&mut decoder)?;
        }
        let mut batches = Vec::new();
        for block in footer.recordBatches().iter().flatten() {
            let (at, length) = place(block)?;
            let bytes = bytes(input, at, length - body(block)?)?;
            let rows = header(&bytes)?
                .header_as_record_batch()
                .map_or(0, |batch| batch.length());
            batches.push((
                *block,
                usize::try_from(rows).map_err(|_| wrong("a batch of less than no rows"))?,
            ));
        }
        Ok(Self {
            schema,
            decoder,
            batches,
        })
    }
}

fn body(block: &Block) -> Result<u64> {
    u64::try_from(block.bodyLength()).map_err(|_| wrong("a block of less than no bytes"))
}

/// Where a block is, and how long it is.
fn place(block: &Block) -> Result<(u64, u64)> {
    let (start, header) = (
        u64::try_from(block.offset()).ok(),
        u64::try_from(block.metaDataLength()).ok(),
    );
    let length = header.and_then(|h| h.checked_add(body(block).ok()?));
    start.zip(length).ok_or_else(|| wrong("a block of less than no bytes"))
}

fn bytes(input: &mut Box<dyn ReadSeek>, at: u64, length: u64) -> Result<Vec<u8>> {
    input.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    append(input, &mut bytes, length)?;
    if bytes.len() as u64 == length {
        Ok(bytes)
    } else {
        Err(ends_early())
    }
}

/// No more memory than there is of the file, whatever it says of itself.
fn append(input: &mut impl Read, bytes: &mut Vec<u8>, length: u64) -> Result<()> {
    input.take(length).read_to_end(bytes)?;
    Ok(())
}

fn wrong(what: &str) -> ArrowError {
    ArrowError::IpcError(what.to_owned())
}

fn ends_early() -> ArrowError {
    wrong("the file ends early")
}

fn nonsense(e: &impl std::fmt::Display) -> ArrowError {
    wrong(&format!("a header makes no sense: {e}"))
}
