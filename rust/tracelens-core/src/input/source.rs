//! A file for libraries that want to walk about in it, or to read it themselves.

use super::stream::{Input, Seekable, unreadable};
use crate::error::{Error, Result};
use bytes::Bytes;
use std::io::{BufRead, Cursor, Read, Result as IoResult, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

/// Where the bytes of a file are.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// On the disk, as they are.
    Disk(Arc<Seekable>),
    /// In memory: they were packed, or stood in an archive, or came through a pipe.
    Memory(Bytes),
}

/// Something to read from at any place.
pub(crate) trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

impl Source {
    /// Of a file of which nothing was read. What cannot be walked about in is read into memory.
    pub(crate) fn of(mut input: Input) -> Result<Self> {
        if let Some(file) = input.seekable()? {
            return Ok(Self::Disk(Arc::new(file)));
        }
        let mut bytes = Vec::new();
        let mut upto = STEP;
        while !input.fill(&mut bytes, upto)? {
            upto = 2 * bytes.len();
        }
        Ok(Self::Memory(Bytes::from(bytes)))
    }

    /// Open it, each time with a place of its own.
    pub(crate) fn open(&self) -> Box<dyn ReadSeek> {
        match self {
            Self::Disk(file) => Box::new(Walk {
                file: Arc::clone(file),
                at: 0,
            }),
            Self::Memory(bytes) => Box::new(Cursor::new(bytes.clone())),
        }
    }

    /// The first error of reading it from the disk.
    pub(crate) fn failed(&self) -> Option<Error> {
        match self {
            Self::Disk(file) => file.failed(),
            Self::Memory(_) => None,
        }
    }

    /// How long it is.
    pub(crate) fn length(&self) -> u64 {
        match self {
            Self::Disk(file) => file.size,
            Self::Memory(bytes) => bytes.len() as u64,
        }
    }
}

/// Bytes read at a time.
const STEP: usize = 1 << 18;

/// A place in a file.
struct Walk {
    file: Arc<Seekable>,
    at: u64,
}

impl Read for Walk {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        let n = (buffer.len() as u64).min(self.file.size.saturating_sub(self.at));
        self.file
            .read_at(&mut buffer[..n as usize], self.at)
            .map_err(std::io::Error::other)?;
        self.at += n;
        Ok(n as usize)
    }
}

impl Seek for Walk {
    fn seek(&mut self, to: SeekFrom) -> IoResult<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.file.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(std::io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// A file as a stream.
pub(crate) struct Stream {
    input: Input,
    buffer: Vec<u8>,
    at: usize,
}

impl Stream {
    /// Of a file that was opened to be read.
    pub(crate) fn new(input: Input) -> Self {
        Self {
            input,
            buffer: Vec::new(),
            at: 0,
        }
    }
}

impl BufRead for Stream {
    fn fill_buf(&mut self) -> IoResult<&[u8]> {
        if self.at == self.buffer.len() {
            self.buffer.clear();
            self.at = 0;
            self.input.fill(&mut self.buffer, STEP).map_err(std::io::Error::other)?;
        }
        Ok(&self.buffer[self.at..])
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount;
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        let n = self.fill_buf()?.read(buffer)?;
        self.consume(n);
        Ok(n)
    }
}

/// The error of ours that a library met while it read, wherever it has put it.
pub(crate) fn own_error(error: &(dyn std::error::Error + 'static)) -> Option<Error> {
    if let Some(own) = error.downcast_ref::<Error>() {
        return Some(own.clone());
    }
    let inner = match error.downcast_ref::<std::io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn std::error::Error + 'static)),
        None => error.source(),
    };
    own_error(inner?)
}

/// What went wrong while a file was read.
pub(crate) fn read_error(path: &Path, error: &std::io::Error) -> Error {
    own_error(error).unwrap_or_else(|| unreadable(path, error))
}
