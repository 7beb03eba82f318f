//! The Python binding of tracelens-core: thin, no logic of its own.

// Python's calling convention decides the shape of these functions.
#![allow(clippy::needless_pass_by_value, clippy::used_underscore_binding, missing_docs)]

mod abundance;
mod error;
mod polars_plugin;
mod reading;
mod run;
mod sequences;
mod stream;
mod traces;

use crate::error::to_python;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use tracelens_core::error::Code;
use tracelens_core::input::discover::discover;
use tracelens_core::sample::{Kind, guess, sample};

/// The compiled core of tracelens.
#[pymodule(gil_used = false)]
mod _core {
    #[pymodule_export]
    use super::abundance::{moments, richness};
    #[pymodule_export]
    use super::sequences::sequences;
    #[pymodule_export]
    use super::stream::{ArrowStream, EventGroups, EventReader};
    #[pymodule_export]
    use super::traces::{Traces, asymmetry};
    use super::{PyModule, PyModuleMethods, PyResult, builtin_mappings, guessed, pyfunction, samples};
    use pyo3::types::PyDict;
    use pyo3::{Bound, Python};

    /// Names of the built-in mappings.
    #[pyfunction]
    fn mappings() -> Vec<&'static str> {
        builtin_mappings()
    }

    /// The built-in mapping that fits logs, and why; None if none does.
    #[pyfunction]
    fn guess(py: Python<'_>, paths: Vec<String>) -> PyResult<Option<(String, String)>> {
        guessed(py, &paths)
    }

    /// A few rows of each kind of file among logs.
    #[pyfunction]
    #[pyo3(signature = (paths, rows=1000))]
    fn sample(py: Python<'_>, paths: Vec<String>, rows: usize) -> PyResult<Vec<Bound<'_, PyDict>>> {
        samples(py, &paths, rows)
    }

    #[pymodule_init]
    fn init(m: &Bound<'_, PyModule>) -> PyResult<()> {
        m.add("__version__", env!("CARGO_PKG_VERSION"))?;
        m.add(
            "build_profile",
            if cfg!(debug_assertions) { "debug" } else { "release" },
        )
    }
}

fn guessed(py: Python<'_>, paths: &[String]) -> PyResult<Option<(String, String)>> {
    let found = py.detach(|| discover(paths).and_then(|found| guess(&found)));
    match found {
        Ok((mapping, why)) => Ok(Some((mapping.name().to_owned(), why))),
        Err(e) if e.code() == Code::MappingNoneFits => Ok(None),
        Err(e) => Err(to_python(py, &e)),
    }
}

fn samples<'py>(py: Python<'py>, paths: &[String], rows: usize) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let kinds = py.detach(|| sample(paths, rows)).map_err(|e| to_python(py, &e))?;
    let entry = |kind: Kind| {
        let d = PyDict::new(py);
        d.set_item("path", kind.path.display().to_string())?;
        d.set_item("files", kind.files)?;
        d.set_item("bytes", kind.bytes)?;
        d.set_item("format", kind.format.name())?;
        d.set_item("packing", kind.packing)?;
        d.set_item("archive", kind.archive)?;
        d.set_item("encoding", kind.encoding)?;
        d.set_item("separator", kind.separator.map(|b| char::from(b).to_string()))?;
        d.set_item("header", kind.header)?;
        d.set_item("table", kind.table)?;
        d.set_item("columns", kind.columns)?;
        d.set_item("rows", kind.rows)?;
        Ok(d)
    };
    kinds.into_iter().map(entry).collect()
}

fn builtin_mappings() -> Vec<&'static str> {
    tracelens_core::mapping::builtin_names().to_vec()
}
