//! The bytes of a file, unpacked as they are read.

use super::discover::STDIN;
use crate::error::{Code, Error, Place, Result};
use crate::format::{Buffers, Origin};
use std::io::{BufRead, BufReader, Cursor, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// Bytes read from the disk so far, by all threads.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<AtomicU64>);

impl Progress {
    /// How many.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// What a file is packed with, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// RFC 1952, any number of members.
    Gzip,
    /// RFC 8878, any number of frames.
    Zstd,
    /// The format of xz, any number of streams.
    Xz,
}

impl Packing {
    /// The name in messages.
    pub fn name(self) -> &'static str {
        ["gzip", "zstd", "xz"][self as usize]
    }

    fn of(start: &[u8]) -> Option<Self> {
        match start {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            // Frames of zstd, and those that are skipped.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            _ => None,
        }
    }

    fn unpacked(self, reader: impl BufRead + Send + 'static) -> std::io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(reader)),
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(reader)?;
                decoder.window_log_max(ZSTD_WINDOW)?;
                Box::new(decoder)
            }
            Self::Xz => Box::new(liblzma::bufread::XzDecoder::new_multi_decoder(reader)),
        })
    }
}

/// As many bytes as tell what a file is packed with.
const MAGIC: u64 = 6;
/// The largest window that a zstd file may ask for: 2 GiB, as with `zstd --long=31`.
const ZSTD_WINDOW: u32 = 31;
const READ_AHEAD: usize = 1 << 18;
/// As much room as is made at once for what is read.
const ROOM: usize = 1 << 24;

/// A source of packed bytes that counts them.
struct Counted<R> {
    inner: R,
    progress: Progress,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.progress.add(n);
        Ok(n)
    }
}

/// A file that is being read.
pub(crate) struct Input {
    path: PathBuf,
    reader: Box<dyn Read + Send>,
    packing: Option<Packing>,
    /// Size when it was opened, of a plain file.
    size: Option<u64>,
    /// What was looked at and not yet taken.
    ahead: Vec<u8>,
    /// What went wrong behind it.
    broken: Option<Error>,
    read: u64,
    /// Bytes of a byte order mark, which is no part of the text.
    mark: u64,
    /// Where bytes are counted, unless they are before they are unpacked.
    progress: Option<Progress>,
}

impl Input {
    /// Open a file. It is read up to the size that it has now; `-` is what stands at the standard input.
    pub(crate) fn open(path: &Path, progress: &Progress) -> Result<Self> {
        if path == Path::new(STDIN) {
            return Self::new(path, std::io::stdin(), None, progress);
        }
        let file = std::fs::File::open(path).map_err(|e| unreadable(path, &e))?;
        let about = file.metadata().map_err(|e| unreadable(path, &e))?;
        match about.is_file().then_some(about.len()) {
            Some(size) => Self::new(path, file.take(size), Some(size), progress),
            None => Self::new(path, file, None, progress),
        }
    }

    /// A file that does not come from the disk, such as a member of an archive.
    pub(crate) fn of_reader(path: &Path, reader: impl Read + Send + 'static) -> Result<Self> {
        Self::new(path, reader, None, &Progress::default())
    }

    fn new(
        path: &Path,
        mut reader: impl Read + Send + 'static,
        size: Option<u64>,
        progress: &Progress,
    ) -> Result<Self> {
        let mut start = Vec::new();
        (&mut reader)
            .take(MAGIC)
            .read_to_end(&mut start)
            .map_err(|e| unreadable(path, &e))?;
        let packing = Packing::of(&start);
        refuse_utf16(path, &start)?;
        let whole = Cursor::new(start).chain(reader);
        let reader: Box<dyn Read + Send> = match packing {
            None => Box::new(whole),
            Some(packing) => {
                let inner = Counted {
                    inner: whole,
                    progress: progress.clone(),
                };
                packing
                    .unpacked(BufReader::with_capacity(READ_AHEAD, inner))
                    .map_err(|e| unreadable(path, &e))?
            }
        };
        Ok(Self {
            path: path.to_path_buf(),
            reader,
            packing,
            size,
            ahead: Vec::new(),
            broken: None,
            read: 0,
            mark: 0,
            progress: packing.is_none().then(|| progress.clone()),
        })
    }

    /// The file as one that can be read anywhere, if it is plain and nothing of it was read.
    pub(crate) fn seekable(&self) -> Result<Option<Seekable>> {
        let (Some(size), None) = (self.size, self.packing) else {
            return Ok(None);
        };
        let file = std::fs::File::open(&self.path).map_err(|e| unreadable(&self.path, &e))?;
        Ok(Some(Seekable {
            path: self.path.clone(),
            file,
            size,
            progress: self.progress.clone().unwrap_or_default(),
            failed: OnceLock::new(),
        }))
    }

    /// What it is packed with.
    pub(crate) fn packing(&self) -> Option<Packing> {
        self.packing
    }

    /// The first bytes, which stay to be read. What is damaged behind them is an error when it is read.
    pub(crate) fn peek(&mut self, length: usize) -> Result<&[u8]> {
        if self.read == 0 && self.ahead.is_empty() {
            let mut ahead = Vec::new();
            match self.fill(&mut ahead, length) {
                Err(error) if !ahead.is_empty() => self.broken = Some(error),
                read => {
                    read?;
                }
            }
            self.ahead = ahead;
        }
        Ok(&self.ahead)
    }

    /// Append bytes until the buffer holds `upto`; `true` if the file has ended.
    pub(crate) fn fill(&mut self, buffer: &mut Vec<u8>, upto: usize) -> Result<bool> {
        buffer.append(&mut self.ahead);
        // A byte order mark is told by three bytes.
        let upto = if self.read == 0 {
            upto.max(buffer.len() + 3)
        } else {
            upto
        };
        while buffer.len() < upto {
            if let Some(error) = &self.broken {
                return Err(error.clone());
            }
            let wanted = (upto - buffer.len()) as u64;
            let start = buffer.len();
            buffer.reserve((upto - start).min(ROOM));
            let n = (&mut self.reader)
                .take(wanted)
                .read_to_end(buffer)
                .map_err(|e| match self.packing {
                    Some(packing) => damaged(&self.path, packing, self.read, &e),
                    None => unreadable(&self.path, &e),
                })?;
            if self.read == 0 {
                refuse_utf16(&self.path, &buffer[start..]).inspect_err(|_| buffer.truncate(start))?;
                if buffer[start..].starts_with(b"\xef\xbb\xbf") {
                    buffer.drain(start..start + 3);
                    self.mark = 3;
                }
            }
            self.read += n as u64;
            if let Some(progress) = &self.progress {
                progress.add(n);
            }
            if n == 0 {
                return self.ended().map(|()| true);
            }
        }
        Ok(false)
    }

    /// A plain file has to be as long as it was when it was opened.
    fn ended(&self) -> Result<()> {
        match self.size {
            Some(size) if self.packing.is_none() && self.read < size => Err(shorter(&self.path, self.read, size)),
            _ => Ok(()),
        }
    }

    /// Whether more was appended while it was read, so that its last line may be half written.
    fn grew(&self) -> bool {
        let now = std::fs::metadata(&self.path).map_or(0, |m| m.len());
        self.packing.is_none() && self.size.is_some_and(|size| now > size)
    }
}

/// A plain file that any thread reads anywhere.
#[derive(Debug)]
pub(crate) struct Seekable {
    pub(crate) path: PathBuf,
    file: std::fs::File,
    pub(crate) size: u64,
    progress: Progress,
    failed: OnceLock<Error>,
}

impl Seekable {
    /// Fill a buffer from this place on; what is not there any more is an error.
    pub(crate) fn read_at(&self, buffer: &mut [u8], at: u64) -> Result<()> {
        self.progress.add(buffer.len());
        let read = self.file.read_exact_at(buffer, at).map_err(|e| match e.kind() {
            std::io::ErrorKind::UnexpectedEof => {
                shorter(&self.path, self.file.metadata().map_or(at, |m| m.len()), self.size)
            }
            _ => unreadable(&self.path, &e),
        });
        read.inspect_err(|error| _ = self.failed.set(error.clone()))
    }

    /// The first error of reading, for where a library hands on its text and nothing more.
    pub(crate) fn failed(&self) -> Option<Error> {
        self.failed.get().cloned()
    }

    /// Whether more was appended since it was opened.
    pub(crate) fn grew(&self) -> bool {
        self.file.metadata().is_ok_and(|m| m.len() > self.size)
    }
}

/// Text in UTF-16, which its mark tells.
fn refuse_utf16(path: &Path, start: &[u8]) -> Result<()> {
    if !matches!(start, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
        return Ok(());
    }
    let error = Error::new(Code::Encoding, "not UTF-8 but UTF-16, by its first two bytes").at(Place::at(path, 1, 1));
    Err(error.help("convert the file to UTF-8, for example with iconv -f UTF-16 -t UTF-8"))
}

fn shorter(path: &Path, now: u64, size: u64) -> Error {
    let said = format!("the file became shorter while it was read: {now} of {size} bytes");
    Error::new(Code::Io, said)
        .at(Place::file(path))
        .help("wait until it is written, then read it again")
}

pub(crate) fn unreadable(path: &Path, e: &std::io::Error) -> Error {
    Error::new(Code::Io, format!("cannot be read: {e}"))
        .at(Place::file(path))
        .help("check that the file is there and readable")
}

fn damaged(path: &Path, packing: Packing, read: u64, e: &std::io::Error) -> Error {
    let place = Place {
        byte: Some(read),
        ..Place::file(path)
    };
    Error::new(Code::Compression, format!("damaged {} file: {e}", packing.name()))
        .at(place)
        .note("the byte is that of the unpacked text up to which it could be read")
        .help("the file may have been cut off while it was copied: fetch it again")
}

/// As much of a file as tells what it is.
pub(crate) const HEAD: usize = 1 << 16;

/// A file that is read piece by piece: what a piece leaves over goes to the next one.
pub(crate) struct Reading {
    input: Input,
    pub(crate) buffers: Buffers,
    left: Vec<u8>,
    /// Bytes of the file before what is left.
    offset: u64,
    ended: bool,
}

impl Reading {
    pub(crate) fn new(input: Input, buffers: Buffers) -> Self {
        Self {
            input,
            buffers,
            left: Vec::new(),
            offset: 0,
            ended: false,
        }
    }

    /// A buffer that starts with `lead` and what was left over.
    pub(crate) fn begin(&mut self, lead: &[u8]) -> Vec<u8> {
        let mut bytes = self.buffers.take();
        bytes.extend_from_slice(lead);
        bytes.append(&mut self.left);
        bytes
    }

    /// Where the piece stands that is being filled.
    pub(crate) fn origin(&self) -> Origin {
        Origin::Bytes(self.input.mark + self.offset)
    }

    /// Append bytes of the file until the buffer holds `upto`; `true` if all of the file has been read.
    pub(crate) fn fill(&mut self, bytes: &mut Vec<u8>, upto: usize) -> Result<bool> {
        if !self.ended {
            self.ended = self.input.fill(bytes, upto)?;
        }
        Ok(self.ended)
    }

    /// Leave what stands behind `at` to the next piece. The first `lead` bytes are not the file's.
    pub(crate) fn keep(&mut self, bytes: &mut Vec<u8>, at: usize, lead: usize) {
        self.left.extend_from_slice(&bytes[at..]);
        bytes.truncate(at);
        self.offset += (at - lead) as u64;
    }

    /// The next piece of about `wanted` bytes, ending where `cut` says (`None`: not in this much).
    pub(crate) fn upto(
        &mut self,
        wanted: usize,
        mut cut: impl FnMut(&[u8]) -> Option<usize>,
    ) -> Result<Option<(Vec<u8>, Origin)>> {
        let mut bytes = self.begin(&[]);
        let mut room = wanted.max(1);
        loop {
            let ended = self.fill(&mut bytes, room)?;
            let origin = self.origin();
            if ended {
                let whole = bytes.ends_with(b"\n") || !self.input.grew();
                let end = if whole { bytes.len() } else { cut(&bytes).unwrap_or(0) };
                bytes.truncate(end);
                return Ok((!bytes.is_empty()).then_some((bytes, origin)));
            }
            if let Some(at) = cut(&bytes) {
                self.keep(&mut bytes, at, 0);
                return Ok(Some((bytes, origin)));
            }
            room = 2 * bytes.len();
        }
    }
}

#[cfg(test)]
mod tests;
