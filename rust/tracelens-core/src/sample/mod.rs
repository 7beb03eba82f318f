//! A few rows of each kind of file among logs, as they are: what a mapping is guessed from.

mod text;

use crate::error::Result;
use crate::input::discover::{discover, plain_name};
use crate::input::sniff::sniff;
use crate::input::stream::{HEAD, Input};
use crate::input::{Packing, Progress};
use crate::mapping::Format;
use std::path::{Path, PathBuf};

/// Files of one format with the same keys or columns, and what the first of them looks like.
#[derive(Debug, Clone)]
pub struct Kind {
    /// The first file.
    pub path: PathBuf,
    /// How many files are of this kind.
    pub files: usize,
    /// Their bytes on the disk.
    pub bytes: u64,
    /// Their format.
    pub format: Format,
    /// What the first file is packed with.
    pub packing: Option<&'static str>,
    /// Whether it stands in an archive.
    pub archive: bool,
    /// UTF-8 or what was found instead.
    pub encoding: String,
    /// Between columns of delimited text.
    pub separator: Option<u8>,
    /// Whether the first row of delimited text names the columns.
    pub header: Option<bool>,
    /// Columns of a table, in order.
    pub columns: Option<Vec<String>>,
    /// Rows as JSON: lines, documents pruned to their first elements, rows of tables as objects.
    pub rows: Vec<String>,
    /// Tables of a database.
    pub tables: Option<Vec<String>>,
}

/// Kinds that are told apart; of a directory in which every file is another, the rest is counted to the last of its format.
const MOST: usize = 8;
/// Files that are opened to see of what kind they are.
const OPENED: usize = 64;

/// The kinds of files that lie at some paths, with up to so many rows of each.
pub fn sample(paths: &[String], rows: usize) -> Result<Vec<Kind>> {
    let found = discover(paths)?;
    let mut kinds: Vec<Kind> = Vec::new();
    for (number, path) in found.named.iter().chain(&found.found).enumerate() {
        let bytes = std::fs::metadata(path).map_or(0, |m| m.len());
        let suffix = suffix(path);
        let like = kinds.iter().position(|k| self::suffix(&k.path) == suffix);
        let known = if number < OPENED || like.is_none() {
            let kind = look(path, rows)?;
            let same = kinds.iter().position(|k| k.same_as(&kind));
            match same {
                None if kinds.len() < MOST => {
                    kinds.push(kind);
                    continue;
                }
                same => same.or(like),
            }
        } else {
            like
        };
        if let Some(kind) = known.map(|k| &mut kinds[k]) {
            kind.files += 1;
            kind.bytes += bytes;
        }
    }
    Ok(kinds)
}

fn suffix(path: &Path) -> Option<String> {
    let name = plain_name(path);
    name.rsplit_once('.').map(|(_, suffix)| suffix.to_owned())
}

impl Kind {
    fn same_as(&self, other: &Self) -> bool {
        self.format == other.format && self.names() == other.names()
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

/// What one file looks like.
fn look(path: &Path, rows: usize) -> Result<Kind> {
    let mut input = Input::open(path, &Progress::default())?;
    let packing = input.packing().map(Packing::name);
    let head = input.peek(HEAD)?.to_vec();
    let name = plain_name(path);
    let by_name = |f: &Format| f.suffixes().iter().any(|s| name.ends_with(&format!(".{s}")));
    let seen = sniff(&head);
    // A suffix says what is meant; but lines are lines and a database is one.
    let format = match Format::ALL.into_iter().find(by_name) {
        Some(named) if matches!(seen, Format::Delimited) => named,
        _ => seen,
    };
    let mut kind = Kind {
        path: path.to_path_buf(),
        files: 1,
        bytes: std::fs::metadata(path).map_or(0, |m| m.len()),
        format,
        packing,
        archive: false,
        encoding: String::new(),
        separator: None,
        header: None,
        columns: None,
        rows: Vec::new(),
        tables: None,
    };
    text::fill(&mut kind, input, rows)?;
    Ok(kind)
}
