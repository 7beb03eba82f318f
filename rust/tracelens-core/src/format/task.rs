//! What a file is cut into: tasks, each of which parses a piece of it, in parallel and in any order.

use super::emit::{Batch, FileContext, OnBadRow};
use crate::error::{Place, Result};
use crate::mapping::Plan;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What all tasks of a file share.
#[derive(Debug)]
pub(crate) struct File {
    /// The file as the user named it.
    pub(crate) path: PathBuf,
    pub(crate) plan: Arc<Plan>,
    pub(crate) context: FileContext,
    pub(crate) on_bad_row: OnBadRow,
    pub(crate) with_text: bool,
}

/// Parses one piece of a file.
pub(crate) type Task = Box<dyn FnOnce() -> Batch + Send>;

/// Cuts a file into tasks, reading on as it goes.
pub(crate) trait Tasks: Send {
    /// The next task, in the order of the file; `None` after the last.
    fn next_task(&mut self) -> Result<Option<Task>>;
}

/// Where a piece of text stood in its file, to say where in it a mistake is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// So many bytes and lines of the file stand before it, and so many characters on its first line.
    Bytes { byte: u64, line: u64, column: u64 },
    /// JSON made from something else: line `i` is `name` `first + i` ("row group 2, row 17").
    Rows { name: String, first: u64 },
}

impl Origin {
    /// The place of a byte of the piece.
    pub(crate) fn place(&self, path: &Path, bytes: &[u8], at: usize) -> Place {
        let at = at.min(bytes.len());
        let lines = bytes[..at].iter().filter(|&&b| b == b'\n').count() as u64;
        match self {
            Self::Bytes { byte, line, column } => {
                let start = bytes[..at].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
                let before = String::from_utf8_lossy(&bytes[start..at]).chars().count() as u64;
                Place {
                    byte: Some(byte + at as u64),
                    ..Place::at(path, line + lines + 1, before + 1 + if lines == 0 { *column } else { 0 })
                }
            }
            Self::Rows { name, first } => Place {
                element: Some(format!("{name} {}", first + lines)),
                ..Place::file(path)
            },
        }
    }
}
