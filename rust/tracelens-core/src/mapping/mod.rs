//! The mapping language: a TOML file that says how a format becomes events, compiled once into a [`Plan`].

pub mod field;
pub mod guess;
pub mod path;
mod plan;
mod section;
mod tables;
pub mod test;
pub mod time;

pub use plan::{Delimiters, Format, Plan, Records, Signature};

use crate::error::{Code, Error, Place, Result, closest};
use jiff::tz::TimeZone;
use std::path::Path;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// The mappings that come with tracelens, in the order in which they are tried.
const BUILTIN: [(&str, &str); 4] = [
    ("omnibehavior", include_str!("builtin/omnibehavior.toml")),
    ("recllmsim", include_str!("builtin/recllmsim.toml")),
    ("snap", include_str!("builtin/snap.toml")),
    ("events", include_str!("builtin/events.toml")),
];

/// Names of the built-in mappings.
pub fn builtin_names() -> &'static [&'static str] {
    const NAMES: [&str; 4] = [BUILTIN[0].0, BUILTIN[1].0, BUILTIN[2].0, BUILTIN[3].0];
    &NAMES
}

/// A compiled mapping; cheap to clone.
#[derive(Debug, Clone)]
pub struct Mapping {
    plan: Arc<Plan>,
}

impl Mapping {
    /// Compile the text of a mapping; `origin` is named in errors.
    pub fn parse(text: &str, origin: &Path) -> Result<Self> {
        Plan::compile(text, origin).map(|plan| Self { plan: Arc::new(plan) })
    }

    /// A built-in mapping.
    pub fn builtin(name: &str) -> Result<Self> {
        match BUILTIN.iter().find(|(n, _)| *n == name) {
            Some((_, text)) => Self::parse(text, Path::new(&format!("{name}.toml"))),
            None => {
                let error = Error::new(
                    Code::MappingUnknown,
                    format!("no built-in mapping is called \"{name}\", nor is there such a file"),
                )
                .note(format!("built-in mappings: {}", builtin_names().join(", ")));
                Err(match closest(name, builtin_names().iter().copied()) {
                    Some(near) => error.help(format!("did you mean \"{near}\"?")),
                    None => error.help("name a built-in mapping or the path of a mapping file (.toml)"),
                })
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
        let text = std::fs::read_to_string(path).map_err(|e| {
            Error::new(Code::NotFound, format!("the mapping cannot be read: {e}"))
                .at(Place::file(path))
                .help("check the path")
        })?;
        Self::parse(&text, path)
    }

    /// What drives the formats, to be shared by threads.
    pub(crate) fn shared_plan(&self) -> Arc<Plan> {
        Arc::clone(&self.plan)
    }

    /// What drives the formats.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Its name: the `name` it gives itself, else that of its file.
    pub fn name(&self) -> &str {
        &self.plan.name
    }

    /// Hash of its text, 16 hexadecimal digits.
    pub fn hash(&self) -> String {
        format!("{:016x}", xxh3_64(self.plan.source.as_bytes()))
    }

    /// Zone in which times without an offset are read, and days counted.
    pub fn zone(&self) -> &TimeZone {
        &self.plan.zone
    }

    /// The zone as declared; `None` if none was.
    pub fn zone_name(&self) -> Option<&str> {
        self.plan.zone_name.as_deref()
    }

    /// Whether each record is one exposure.
    pub fn exposure_by_record(&self) -> bool {
        self.plan.exposure_by_record
    }

    /// Columns that a simulator was given.
    pub fn given(&self) -> &[String] {
        &self.plan.given
    }

    /// Its text.
    pub fn source(&self) -> &str {
        &self.plan.source
    }
}
