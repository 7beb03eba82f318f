//! A file for libraries that want to walk about in it, or to read it themselves.

use super::stream::Input;
use crate::error::{Code, Error, Place, Result};
use bytes::Bytes;
use std::fs;
use std::io::{BufRead, Cursor, Read, Result as IoResult, Seek};
use std::path::{Path, PathBuf};

/// Where the bytes of a file are.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// On the disk, as they are.
    Disk(PathBuf),
    /// In memory: they were packed, or stood in an archive, or came through a pipe.
    Memory(Bytes),
}

/// Something to read from at any place.
pub(crate) trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

impl Source {
    /// Of a file that was opened to be read. What cannot be walked about in is read into memory.
    pub(crate) fn of(mut input: Input) -> Result<Self> {
        if let Some(path) = input.on_disk() {
            return Ok(Self::Disk(path.to_path_buf()));
        }
        let mut bytes = Vec::new();
        let mut upto = STEP;
        while !input.fill(&mut bytes, upto)? {
            upto = 2 * bytes.len();
        }
        Ok(Self::Memory(Bytes::from(bytes)))
    }

    /// Open it, each time with a place of its own.
    pub(crate) fn open(&self) -> IoResult<Box<dyn ReadSeek>> {
        Ok(match self {
            Self::Disk(path) => Box::new(fs::File::open(path)?),
            Self::Memory(bytes) => Box::new(Cursor::new(bytes.clone())),
        })
    }
}

/// Bytes read at a time.
const STEP: usize = 1 << 18;

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

/// What went wrong while a file was read: our own error if it was [`Stream`] that met it.
pub(crate) fn read_error(path: &Path, error: std::io::Error) -> Error {
    error.downcast::<Error>().unwrap_or_else(|e| {
        Error::new(Code::Io, format!("cannot be read: {e}"))
            .at(Place::file(path))
            .help("check that the file is there and readable")
    })
}
