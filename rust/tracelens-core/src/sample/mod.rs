//! A few rows of each kind of file among logs, as they are: what a mapping is guessed from.

mod guess;
mod keys;
mod look;
mod prune;
mod text;

pub use guess::guess;

use crate::error::{Code, Error, Place, Result};
use crate::input::discover::{STDIN, discover, plain_name};
use crate::mapping::Format;
use look::Unseen;
use std::path::{Path, PathBuf};

/// Files of one format with the same keys or columns, and what the first of them looks like.
#[derive(Debug, Clone)]
pub struct Kind {
    /// The first file; of a member of an archive, behind the path of that.
    pub path: PathBuf,
    /// How many files are of this kind; of archives, among the first of their members.
    pub files: usize,
    /// Their bytes, as they lie on the disk or in the archive.
    pub bytes: u64,
    /// Their format.
    pub format: Format,
    /// What the first file, or the archive, is packed with.
    pub packing: Option<&'static str>,
    /// Whether it stands in an archive.
    pub archive: bool,
    /// Of text: UTF-8, or what was found instead.
    pub encoding: Option<String>,
    /// Between columns of delimited text.
    pub separator: Option<u8>,
    /// Whether the first row of delimited text names the columns.
    pub header: Option<bool>,
    /// The table of a database.
    pub table: Option<String>,
    /// Columns of a table, in order.
    pub columns: Option<Vec<String>>,
    /// Rows as JSON: lines; documents, and what lies inside values of tables, pruned to their first elements. Of files with a
    /// document each that of the first, in an archive those of the first few.
    pub rows: Vec<String>,
    /// Of text, unless it is very long.
    first_line: Option<String>,
    /// The text that is not UTF-8, as an error.
    not_text: Option<Error>,
}

/// Kinds that are told apart; of a directory in which every file is another, the rest is counted to the first of its suffix.
const MOST: usize = 8;
/// Files that are opened to see of what kind they are.
const OPENED: usize = 64;

/// Documents of an archive that are kept of a kind.
const DOCUMENTS: usize = 20;

/// The kinds of files that lie at some paths, with up to so many rows of each.
pub fn sample(paths: &[String], rows: usize) -> Result<Vec<Kind>> {
    let found = discover(paths)?;
    refuse_pipes(&found.named)?;
    let mut kinds = Kinds {
        rows,
        seen: 0,
        found: Vec::new(),
    };
    for path in &found.named {
        kinds.add(path)?;
    }
    let mut failed = None;
    for path in found.found.iter().filter(|p| Some(*p) != found.mapping.as_ref()) {
        // Whatever else lies in a directory need not be a log.
        if let Err(error) = kinds.add(path) {
            failed.get_or_insert(error);
        }
    }
    if kinds.found.is_empty() {
        let first = found.named.iter().chain(&found.found).next();
        return Err(failed.unwrap_or_else(|| empty(first)));
    }
    Ok(kinds.found)
}

/// What is read once only cannot be looked at before.
fn refuse_pipes(named: &[PathBuf]) -> Result<()> {
    let is_pipe = |path: &&PathBuf| std::fs::metadata(path).is_ok_and(|about| !about.is_file());
    let said = match named
        .iter()
        .find(|path| path.as_path() == Path::new(STDIN) || is_pipe(path))
    {
        None => return Ok(()),
        Some(path) if path.as_path() == Path::new(STDIN) => "the standard input".to_owned(),
        Some(path) => format!("{} is no file on a disk: it", path.display()),
    };
    let error = Error::new(Code::BadOption, format!("{said} cannot be looked at before it is read"));
    Err(error.help("name its mapping with --mapping, or save it to a file"))
}

fn empty(path: Option<&PathBuf>) -> Error {
    let error =
        Error::new(Code::NothingToRead, "the file is empty").help("name a file or directory with behaviour logs");
    match path {
        Some(path) => error.at(Place::file(path)),
        None => error,
    }
}

/// Kinds that were found so far.
struct Kinds {
    rows: usize,
    /// Files so far.
    seen: usize,
    found: Vec<Kind>,
}

impl Kinds {
    /// Add what lies at a path: an error if nothing of it can be looked at.
    fn add(&mut self, path: &Path) -> Result<()> {
        let (mut failed, mut added) = (None, false);
        for file in look::files(path)? {
            match self.add_file(file) {
                Ok(()) => added = true,
                Err(error) => {
                    failed.get_or_insert(error);
                }
            }
        }
        failed.filter(|_| !added).map_or(Ok(()), Err)
    }

    fn add_file(&mut self, file: Unseen) -> Result<()> {
        let like = self.found.iter().position(|k| suffix(&k.path) == suffix(&file.path));
        let bytes = file.bytes;
        self.seen += 1;
        if let Some(like) = like.filter(|_| self.seen > OPENED) {
            self.found[like].count(bytes);
            return Ok(());
        }
        let room = self.found.len() < MOST;
        for kind in file.look(self.rows)? {
            let same = self.found.iter().position(|k| k.same_as(&kind));
            match same {
                Some(same) => self.found[same].add(kind, self.rows),
                None if room => self.found.push(kind),
                None => like.into_iter().for_each(|like| self.found[like].count(bytes)),
            }
        }
        Ok(())
    }
}

fn suffix(path: &Path) -> Option<String> {
    let name = plain_name(path);
    name.rsplit_once('.').map(|(_, suffix)| suffix.to_owned())
}

impl Kind {
    fn count(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes += bytes;
    }

    /// Add a file of the same kind.
    fn add(&mut self, other: Self, rows: usize) {
        self.count(other.bytes);
        // One document alone shows one person; those of an archive can be had from here only.
        if self.archive && self.format == Format::Json {
            let room = rows.min(DOCUMENTS).saturating_sub(self.rows.len());
            self.rows.extend(other.rows.into_iter().take(room));
        }
    }

    fn same_as(&self, other: &Self) -> bool {
        self.format == other.format && self.table == other.table && self.names() == other.names()
    }

    /// What tells kinds of one format apart: columns, or keys of the first row.
    fn names(&self) -> Vec<String> {
        if let Some(columns) = &self.columns {
            return columns.clone();
        }
        let first = self
            .rows
            .first()
            .and_then(|r| serde_json::from_str::<serde_json::Value>(r).ok());
        match first {
            // The keys of a dictionary of users are no names.
            Some(serde_json::Value::Object(entries)) if self.format != Format::Json || entries.len() > 1 => {
                let mut names: Vec<String> = entries.keys().cloned().collect();
                names.sort_unstable();
                names
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
