//! What is to be read and how: paths, a mapping and a side, as Python names them.

use crate::error::bad_option;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::Path;
use tracelens_core::error::Result;
use tracelens_core::input::discover::{self, Discovered};
use tracelens_core::mapping::Mapping;
use tracelens_core::reader::{OnBadRow, ReadOptions, Reader};
use tracelens_core::sample::guess;

/// Where a mapping comes from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Choice {
    /// A built-in mapping or a file.
    pub(crate) mapping: Option<String>,
    /// The text of a mapping.
    pub(crate) text: Option<String>,
    /// The side of a log that holds several.
    pub(crate) side: Option<String>,
}

/// Logs that were found, and the mapping that is theirs.
pub(crate) struct Source {
    pub(crate) found: Discovered,
    pub(crate) mapping: Mapping,
    /// Why this mapping, if it was guessed.
    pub(crate) why: Option<String>,
}

impl Source {
    /// Files, and their mapping: given, found beside the logs, or guessed.
    pub(crate) fn open(paths: &[String], choice: &Choice) -> Result<Self> {
        let found = discover::discover(paths)?;
        let mut why = None;
        let mapping = match (&choice.text, &choice.mapping, &found.mapping) {
            (Some(text), ..) => Mapping::parse(text, Path::new("the mapping handed over"))?,
            (None, Some(name), _) => Mapping::load(name)?,
            (None, None, Some(path)) => Mapping::load(&path.to_string_lossy())?,
            (None, None, None) => {
                let (mapping, because) = guess(&found)?;
                why = Some(because);
                mapping
            }
        };
        let mapping = match &choice.side {
            // A log that is one side is that side, whatever it is called.
            Some(side) if !mapping.sides().is_empty() => mapping.with_side(side)?,
            _ => mapping,
        };
        Ok(Self { found, mapping, why })
    }

    pub(crate) fn reader(&self, options: ReadOptions) -> Result<Reader> {
        Reader::open(self.found.clone(), self.mapping.clone(), options)
    }
}

pub(crate) fn on_bad_row(py: Python<'_>, name: &str) -> PyResult<OnBadRow> {
    match name {
        "error" => Ok(OnBadRow::Error),
        "drop" => Ok(OnBadRow::Drop),
        other => Err(bad_option(
            py,
            format!("on_bad_row is \"error\" or \"drop\", not {other:?}"),
        )),
    }
}

/// What a mapping says of all that is read by it.
pub(crate) fn describe<'py>(py: Python<'py>, mapping: &Mapping, why: Option<&str>) -> PyResult<Bound<'py, PyDict>> {
    let d = PyDict::new(py);
    d.set_item("mapping", mapping.name())?;
    d.set_item("mapping_hash", mapping.hash())?;
    d.set_item("mapping_source", mapping.source())?;
    d.set_item("why", why)?;
    d.set_item("zone", mapping.zone_name())?;
    d.set_item("given", mapping.given().to_vec())?;
    d.set_item("exposure_by_record", mapping.exposure_by_record())?;
    d.set_item("sides", mapping.sides().to_vec())?;
    Ok(d)
}
