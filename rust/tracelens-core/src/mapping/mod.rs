//! The mapping language: a TOML file that says how a format becomes events, compiled once into a [`Plan`].

mod builtin;
mod compile;
mod event;
pub mod field;
pub mod path;
mod pattern;
mod plan;
pub mod reference;
mod section;
mod sides;
mod source;
mod sources;
mod tables;
pub mod test;
pub mod time;

pub use builtin::builtin_names;
pub use plan::{Delimiters, Format, Plan, Records, Signature};

use crate::error::{Code, Error, Place, Result, closest};
use crate::event::COLUMNS;
use jiff::tz::TimeZone;
use section::{Document, Section};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use xxhash_rust::xxh3::Xxh3Default;

/// One kind of files of a side, and how they are read.
#[derive(Debug, Clone)]
pub struct Part {
    /// Patterns of its files, relative to the directory of the mapping; none: the plan's formats tell them.
    pub files: Vec<String>,
    /// How they become events.
    pub plan: Arc<Plan>,
}

impl Part {
    /// Whether a path, relative to the directory of the mapping, is one of its files. What packs a file is no part of its
    /// name.
    pub fn claims(&self, relative_path: &str) -> bool {
        let packed = [".gz", ".zst", ".xz"]
            .into_iter()
            .find_map(|suffix| relative_path.strip_suffix(suffix));
        let fits = |pattern: &String| {
            pattern::fits(pattern, relative_path) || packed.is_some_and(|path| pattern::fits(pattern, path))
        };
        self.files.is_empty() || self.files.iter().any(fits)
    }
}

/// A compiled mapping; cheap to clone.
#[derive(Debug, Clone)]
pub struct Mapping(Arc<Whole>);

#[derive(Debug)]
struct Whole {
    name: String,
    source: String,
    origin: PathBuf,
    is_builtin: bool,
    /// At least one.
    parts: Vec<Part>,
    given: Vec<String>,
    sides: Vec<String>,
}

impl Mapping {
    /// Compile the text of a mapping; `origin` is named in errors, and mappings that it names lie beside it.
    pub fn parse(text: &str, origin: &Path) -> Result<Self> {
        Self::compile(text, origin, false, None)
    }

    fn compile(text: &str, origin: &Path, is_builtin: bool, side: Option<&str>) -> Result<Self> {
        let document = Document { text, origin };
        let parsed = document.parse()?;
        let root = Section::root(document, parsed.get_ref(), reference::ROOT);
        compile::version(&root)?;
        let parts = if root.value("source").is_some() {
            sources::parts(&root, is_builtin, side)?
        } else {
            vec![Part {
                files: Vec::new(),
                plan: Arc::new(Plan::compile(text, origin, side)?),
            }]
        };
        let is_given = |column: &&str| parts.iter().any(|part| part.plan.given.iter().any(|g| g == column));
        let mut sides: Vec<String> = Vec::new();
        for side in parts.iter().flat_map(|part| &part.plan.sides) {
            if !sides.contains(side) {
                sides.push(side.clone());
            }
        }
        Ok(Self(Arc::new(Whole {
            name: compile::name(&root)?,
            source: text.to_owned(),
            origin: origin.to_path_buf(),
            is_builtin,
            given: COLUMNS
                .iter()
                .filter(|c| is_given(c))
                .map(|c| (*c).to_owned())
                .collect(),
            sides,
            parts,
        })))
    }

    /// A built-in mapping.
    pub fn builtin(name: &str) -> Result<Self> {
        match builtin::text(name) {
            Some(text) => Self::compile(text, Path::new(&format!("{name}.toml")), true, None),
            None => {
                let said = format!("no built-in mapping is called \"{name}\", nor is there such a file");
                Err(near_builtin(Error::new(Code::MappingUnknown, said), name))
            }
        }
    }

    /// A built-in mapping by name, else a file.
    pub fn load(name_or_path: &str) -> Result<Self> {
        let path = Path::new(name_or_path);
        if builtin_names().contains(&name_or_path) || !(path.is_file() || path.extension().is_some_and(|e| e == "toml"))
        {
            return Self::builtin(name_or_path);
        }
        let text = read_text(path).map_err(|why| {
            Error::new(Code::NotFound, format!("the mapping cannot be read: {why}"))
                .at(Place::file(path))
                .help("check the path, and that it is a text in UTF-8")
        })?;
        Self::parse(&text, path)
    }

    /// The same mapping, for one of the sides that its logs hold.
    pub fn with_side(&self, name: &str) -> Result<Self> {
        Self::compile(&self.0.source, &self.0.origin, self.0.is_builtin, Some(name))
    }

    /// The sides that one log holds; none where a log is one side.
    pub fn sides(&self) -> &[String] {
        &self.0.sides
    }

    /// The kinds of files and how each is read; at least one.
    pub fn parts(&self) -> &[Part] {
        &self.0.parts
    }

    /// What drives the formats: of a mapping of several parts, the first.
    pub fn plan(&self) -> &Plan {
        &self.0.parts[0].plan
    }

    /// Its name: the `name` it gives itself, else that of its file.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The directory that patterns of files are relative to; nothing of a built-in mapping.
    pub fn directory(&self) -> Option<&Path> {
        if self.0.is_builtin {
            None
        } else {
            self.0.origin.parent()
        }
    }

    /// Hash of its text and of those that it names, 16 hexadecimal digits.
    pub fn hash(&self) -> String {
        let mut hash = Xxh3Default::new();
        hash.update(self.0.source.as_bytes());
        for part in self.0.parts.iter().filter(|part| !part.files.is_empty()) {
            // Lengths keep texts apart that differ only in where one ends.
            hash.update(&(part.plan.source.len() as u64).to_le_bytes());
            hash.update(part.plan.source.as_bytes());
        }
        format!("{:016x}", hash.digest())
    }

    /// The part that tells how days are counted: all those with a clock do it alike.
    fn clock(&self) -> &Plan {
        let clock = self.0.parts.iter().find(|part| part.plan.time.is_some());
        clock.map_or(self.plan(), |part| &part.plan)
    }

    /// Zone in which times without an offset are read, and days counted.
    pub fn zone(&self) -> &TimeZone {
        &self.clock().zone
    }

    /// The zone as declared; `None` if none was.
    pub fn zone_name(&self) -> Option<&str> {
        self.clock().zone_name.as_deref()
    }

    /// Whether each record is one exposure.
    pub fn exposure_by_record(&self) -> bool {
        self.plan().exposure_by_record
    }

    /// Columns that a simulator was given.
    pub fn given(&self) -> &[String] {
        &self.0.given
    }

    /// Its text.
    pub fn source(&self) -> &str {
        &self.0.source
    }
}

fn read_text(path: &Path) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        format!("byte {at} is not UTF-8")
    })
}

/// Help for a name that no built-in mapping has.
fn near_builtin(error: Error, name: &str) -> Error {
    let error = error.note(format!("built-in mappings: {}", builtin_names().join(", ")));
    match closest(name, builtin_names().iter().copied()) {
        Some(near) => error.help(format!("did you mean \"{near}\"?")),
        None => error.help("name a built-in mapping or the path of a mapping file (.toml)"),
    }
}
