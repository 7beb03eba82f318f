//! The members of a tar archive, in an order that does not depend on how it was packed.
//!
//! What is small enough is held and handed over in the order of the names, as the files of a directory are: all of it in most
//! archives, runs of [`HELD`] bytes in larger ones. A member larger than that is handed over as it comes, to be read from the
//! archive itself. Nothing is written to the disk, so that links and `..` in names are harmless.

use super::discover::{natural, plain_name};
use super::source::own_error;
use super::stream::Input;
use crate::error::{Code, Error, Place, Result};
use std::collections::VecDeque;
use std::io::{Read, Result as IoResult};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes of members that are held at a time, to be brought into order.
const HELD: u64 = 1 << 28;
const BLOCK: u64 = 512;

/// Suffixes of archives, less those of compression.
const SUFFIXES: [&str; 4] = [".tar", ".tgz", ".txz", ".tzst"];

/// Whether a file is an archive, by its name.
pub(crate) fn is_archive(path: &Path) -> bool {
    let name = plain_name(path);
    SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

/// A file in an archive.
pub(crate) struct Member {
    /// The path of the archive, and its own in there.
    pub(crate) path: PathBuf,
    /// Its bytes.
    pub(crate) size: u64,
    /// What it holds.
    pub(crate) content: Content,
}

impl Member {
    /// Open it as any other file.
    pub(crate) fn open(self) -> Result<Input> {
        match self.content {
            Content::Held(bytes) => Input::of_reader(&self.path, std::io::Cursor::new(bytes)),
            Content::Stream(reader) => Input::of_reader(&self.path, reader),
        }
    }
}

/// The bytes of a member.
pub(crate) enum Content {
    /// All of them.
    Held(Vec<u8>),
    /// A large member, to be read before the next member is asked for: what is left of it then is gone.
    Stream(Box<dyn Read + Send>),
}

/// Walks through an archive that is unpacked as it is read.
pub(crate) struct Members {
    path: PathBuf,
    archive: Arc<Mutex<Archive>>,
    held: VecDeque<Member>,
    /// A large member that was met behind those that are held.
    large: Option<Member>,
    /// An error behind them.
    failed: Option<Error>,
    ended: bool,
    room: u64,
}

/// The archive, and how much of the member that is being read is still to come.
struct Archive {
    reader: Box<dyn Read + Send>,
    left: u64,
    padding: u64,
}

/// A regular file as the archive announces it.
struct Entry {
    path: PathBuf,
    size: u64,
}

impl Members {
    /// Of an archive at `path`, already unpacked.
    pub(crate) fn new(path: &Path, reader: Box<dyn Read + Send>) -> Self {
        Self::holding(path, reader, HELD)
    }

    /// As [`Members::new`], with room for so many bytes of members at a time.
    pub(crate) fn holding(path: &Path, reader: Box<dyn Read + Send>, room: u64) -> Self {
        Self {
            path: path.to_path_buf(),
            archive: Arc::new(Mutex::new(Archive {
                reader,
                left: 0,
                padding: 0,
            })),
            held: VecDeque::new(),
            large: None,
            failed: None,
            ended: false,
            room,
        }
    }

    /// Read on until there is no room for more, and bring into order what was read.
    fn read_on(&mut self) {
        let mut room = self.room;
        while !self.ended {
            match self.read_member(room) {
                Ok(None) => self.ended = true,
                Ok(Some(member)) => match &member.content {
                    Content::Held(bytes) => {
                        room = room.saturating_sub(bytes.len() as u64);
                        self.held.push_back(member);
                        if room == 0 {
                            break;
                        }
                    }
                    Content::Stream(_) => {
                        self.large = Some(member);
                        break;
                    }
                },
                Err(error) => {
                    self.failed = Some(error);
                    self.ended = true;
                }
            }
        }
        let held = self.held.make_contiguous();
        held.sort_by_cached_key(|member| natural(&member.path.to_string_lossy()));
    }

    /// The next member that is not hidden.
    fn read_member(&self, room: u64) -> Result<Option<Member>> {
        let mut archive = lock(&self.archive);
        let mut last = None;
        loop {
            let entry = archive.next_entry().map_err(|e| self.damaged(last.as_deref(), &e))?;
            let Some(entry) = entry else { return Ok(None) };
            let path = self.path.join(&entry.path);
            if hidden(&entry.path) {
                last = Some(path);
                continue;
            }
            if entry.size > self.room {
                let content = Content::Stream(Box::new(Shared(Arc::clone(&self.archive))));
                return Ok(Some(Member {
                    path,
                    size: entry.size,
                    content,
                }));
            }
            let mut bytes = Vec::with_capacity(entry.size.min(room) as usize);
            archive
                .read_to_end(&mut bytes)
                .map_err(|e| self.damaged(Some(&path), &e))?;
            return Ok(Some(Member {
                path,
                size: entry.size,
                content: Content::Held(bytes),
            }));
        }
    }

    fn damaged(&self, member: Option<&Path>, error: &std::io::Error) -> Error {
        // An error of the file below, such as a damaged gzip file, says more than its effect here.
        own_error(error).unwrap_or_else(|| damaged(member.unwrap_or(&self.path), error))
    }
}

impl Iterator for Members {
    type Item = Result<Member>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.held.is_empty() && self.large.is_none() {
            self.read_on();
        }
        let member = self.held.pop_front().or_else(|| self.large.take());
        member.map(Ok).or_else(|| self.failed.take().map(Err))
    }
}

fn lock(archive: &Mutex<Archive>) -> MutexGuard<'_, Archive> {
    archive.lock().unwrap_or_else(PoisonError::into_inner)
}

fn damaged(path: &Path, error: &std::io::Error) -> Error {
    Error::new(Code::Compression, format!("damaged tar archive: {error}"))
        .at(Place::file(path))
        .help("the archive may have been cut off while it was copied: fetch it again")
}

/// Files and directories whose name starts with a dot are not read, as in directories.
fn hidden(path: &Path) -> bool {
    let name = |part: std::path::Component| part.as_os_str().to_string_lossy().into_owned();
    path.components()
        .map(name)
        .any(|n| n.starts_with('.') && n != "." && n != "..")
}

impl Archive {
    /// The next regular file; what is left of the one before is passed over.
    fn next_entry(&mut self) -> IoResult<Option<Entry>> {
        loop {
            self.pass(self.left + self.padding)?;
            (self.left, self.padding) = (0, 0);
            let mut headers = Headers {
                reader: &mut self.reader,
                read: 0,
                zeros: false,
            };
            let mut archive = tar::Archive::new(&mut headers);
            let Some(entry) = archive.entries()?.next() else {
                // Without its mark at the end an archive was cut off, if only between two members.
                return if headers.zeros { Ok(None) } else { Err(cut_off()) };
            };
            let mut entry = entry?;
            let (path, size, kind) = (entry.path()?.into_owned(), entry.size(), entry.header().entry_type());
            let sparse = kind.is_gnu_sparse() || is_sparse(&mut entry)?;
            (self.left, self.padding) = (size, size.next_multiple_of(BLOCK) - size);
            if sparse {
                return Err(std::io::Error::other(format!("{} is a sparse file", path.display())));
            }
            if kind.is_file() || kind.is_contiguous() {
                return Ok(Some(Entry { path, size }));
            }
        }
    }

    fn pass(&mut self, bytes: u64) -> IoResult<()> {
        let passed = std::io::copy(&mut (&mut self.reader).take(bytes), &mut std::io::sink())?;
        if passed < bytes { Err(cut_off()) } else { Ok(()) }
    }
}

/// Sparse files in the way of POSIX look like regular ones.
fn is_sparse<R: Read>(entry: &mut tar::Entry<R>) -> IoResult<bool> {
    let Some(extensions) = entry.pax_extensions()? else {
        return Ok(false);
    };
    for extension in extensions {
        if extension?.key_bytes().starts_with(b"GNU.sparse.") {
            return Ok(true);
        }
    }
    Ok(false)
}

fn cut_off() -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "it ends early")
}

/// The content of the member that was announced last.
impl Read for Archive {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        let wanted = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let n = self.reader.read(&mut buffer[..wanted])?;
        self.left -= n as u64;
        if n == 0 && wanted > 0 { Err(cut_off()) } else { Ok(n) }
    }
}

/// A large member.
struct Shared(Arc<Mutex<Archive>>);

impl Read for Shared {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        lock(&self.0).read(buffer)
    }
}

/// Remembers whether a block of zeros was read, which ends an archive.
struct Headers<'r> {
    reader: &'r mut Box<dyn Read + Send>,
    read: u64,
    zeros: bool,
}

impl Read for Headers<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        let n = self.reader.read(buffer)?;
        if n > 0 {
            let starts = self.read.is_multiple_of(BLOCK);
            self.zeros = (starts || self.zeros) && buffer[..n].iter().all(|&b| b == 0);
            self.read += n as u64;
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests;
