//! One error type for everything: what went wrong, where, why, and how to mend it.
//!
//! ```text
//! error[TL204]: timestamp does not match any declared format
//!   --> sim/part-003.ndjson:1187:88   (byte 402113, user u0412)
//!    |  {"user":"u0412","ts":"2025-09-31 10:04:11"}
//!    |                       ^^^^^^^^^^^^^^^^^^^^^ September has 30 days
//!    = formats tried: "%Y-%m-%d %H:%M:%S" (zone Asia/Shanghai)
//! help: drop such rows with --on-bad-row drop
//! ```

use std::fmt;
use std::path::{Path, PathBuf};

/// Shorthand used by the whole crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of mistake it is. TL1xx: the mapping or the way of asking; TL2xx: the data; TL3xx: the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u16)]
pub enum Code {
    /// The mapping file is not valid TOML.
    MappingSyntax = 101,
    /// A key the mapping language does not have.
    MappingUnknownKey = 102,
    /// A key with a value of the wrong type or range, or keys that exclude each other.
    MappingValue = 103,
    /// No built-in mapping has this name.
    MappingUnknown = 104,
    /// Something the mapping has to say is missing.
    MappingIncomplete = 105,
    /// None of the built-in mappings fits the files.
    MappingNoneFits = 106,
    /// An option with an impossible value.
    BadOption = 110,
    /// Stopped from outside.
    Interrupted = 130,
    /// No such file or directory.
    NotFound = 201,
    /// A directory or pattern without a single readable log file.
    NothingToRead = 202,
    /// A file is not of the format its mapping says.
    Syntax = 203,
    /// A timestamp fits no declared format.
    Timestamp = 204,
    /// A row does not say whose it is.
    MissingUser = 205,
    /// Bytes that are not UTF-8.
    Encoding = 206,
    /// A compressed file that ends early or is damaged.
    Compression = 207,
    /// A value that the mapping's value map does not know, where it says that this is an error.
    Unmapped = 208,
    /// A value that should be a number (or a flag, a role, a valence) and is not.
    BadValue = 209,
    /// A delimited row with too few or too many columns.
    Ragged = 210,
    /// The operating system refused.
    Io = 211,
    /// A side without a single usable event.
    NoEvents = 212,
    /// More bad rows than `--max-bad` allows.
    TooManyBadRows = 213,
    /// The mapping names a column or key that the file does not have.
    MissingColumn = 214,
    /// A frame handed over has the wrong columns or types.
    Frame = 215,
    /// The two sides cannot be compared.
    NotComparable = 301,
}

impl Code {
    /// The number printed as `TLnnn`.
    pub fn number(self) -> u16 {
        self as u16
    }

    /// Exit status of the command line: 2 for a mistake in the asking, 3 for a mistake in the data.
    pub fn exit_status(self) -> u8 {
        if self.number() < 200 { 2 } else { 3 }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TL{}", self.number())
    }
}

/// Where something is: as much of it as is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The file as the user named it.
    pub path: PathBuf,
    /// Line, from 1.
    pub line: Option<u64>,
    /// Column in characters, from 1.
    pub column: Option<u64>,
    /// Byte offset in the (decompressed) file, from 0.
    pub byte: Option<u64>,
    /// In a file without lines: `row group 2, row 17`, `/log/trace[3]/event[17]`.
    pub element: Option<String>,
    /// Whose row it is.
    pub user: Option<String>,
}

impl Place {
    /// A whole file.
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().to_path_buf(),
            ..Self::default()
        }
    }

    /// A line and column of a file, both from 1.
    pub fn at(path: impl AsRef<Path>, line: u64, column: u64) -> Self {
        Self {
            line: Some(line),
            column: Some(column),
            ..Self::file(path)
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        if let Some(element) = &self.element {
            write!(f, ": {element}")?;
        }
        let extra: Vec<String> = [
            self.byte.map(|b| format!("byte {b}")),
            self.user.as_ref().map(|u| format!("user {u}")),
        ]
        .into_iter()
        .flatten()
        .collect();
        if extra.is_empty() {
            Ok(())
        } else {
            write!(f, "   ({})", extra.join(", "))
        }
    }
}

/// The offending text with the part that is wrong marked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snippet {
    /// One line of the source, shortened around the mark.
    pub text: String,
    /// Start of the mark, in characters from 0.
    pub start: usize,
    /// Length of the mark in characters, at least 1.
    pub length: usize,
    /// What is wrong with the marked part; may be empty.
    pub label: String,
}

/// An error in the one form that tracelens prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Box<Detail>);

/// The parts of an [`Error`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// Which mistake.
    pub code: Code,
    /// One sentence without a full stop.
    pub message: String,
    /// Where.
    pub place: Option<Place>,
    /// The text that is wrong.
    pub snippet: Option<Snippet>,
    /// What else is worth knowing, a line each.
    pub notes: Vec<String>,
    /// How to mend it.
    pub help: Option<String>,
}

impl Error {
    /// An error with a code and a message; add the rest with the builder methods.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self(Box::new(Detail {
            code,
            message: message.into(),
            place: None,
            snippet: None,
            notes: Vec::new(),
            help: None,
        }))
    }

    /// Where it is.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.0.place = Some(place);
        self
    }

    /// The same error with its place, if it has one, changed.
    #[must_use]
    pub(crate) fn moved(mut self, change: impl FnOnce(&mut Place)) -> Self {
        if let Some(place) = &mut self.0.place {
            change(place);
        }
        self
    }

    /// The text that is wrong.
    #[must_use]
    pub fn snippet(mut self, snippet: Snippet) -> Self {
        self.0.snippet = Some(snippet);
        self
    }

    /// One more line of explanation.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.0.notes.push(note.into());
        self
    }

    /// How to mend it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// The parts.
    pub fn detail(&self) -> &Detail {
        &self.0
    }

    /// Which mistake.
    pub fn code(&self) -> Code {
        self.0.code
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let d = &self.0;
        write!(f, "error[{}]: {}", d.code, d.message)?;
        if let Some(place) = &d.place {
            write!(f, "\n  --> {place}")?;
        }
        if let Some(s) = &d.snippet {
            write!(f, "\n   |  {}", s.text)?;
            write!(f, "\n   |  {}{}", " ".repeat(s.start), "^".repeat(s.length.max(1)))?;
            if !s.label.is_empty() {
                write!(f, " {}", s.label)?;
            }
        }
        for note in &d.notes {
            write!(f, "\n   = {note}")?;
        }
        if let Some(help) = &d.help {
            write!(f, "\nhelp: {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// The candidate closest to `word`, for "did you mean" (`None` if nothing is close).
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|c| (strsim::jaro_winkler(&word.to_lowercase(), &c.to_lowercase()), c))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, c)| c)
}
