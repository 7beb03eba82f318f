//! The Python binding of tracelens-core: thin, no logic of its own.

// Python's calling convention decides the shape of these functions.
#![allow(clippy::needless_pass_by_value, clippy::used_underscore_binding, missing_docs)]

mod error;
mod stream;
mod traces;

use pyo3::prelude::*;

/// The compiled core of tracelens.
#[pymodule(gil_used = false)]
mod _core {
    #[pymodule_export]
    use super::stream::{ArrowStream, EventReader};
    #[pymodule_export]
    use super::traces::Traces;
    use super::{PyModule, PyModuleMethods, PyResult, builtin_mappings, pyfunction};
    use pyo3::Bound;

    /// Names of the built-in mappings.
    #[pyfunction]
    fn mappings() -> Vec<&'static str> {
        builtin_mappings()
    }

    #[pymodule_init]
    fn init(m: &Bound<'_, PyModule>) -> PyResult<()> {
        m.add("__version__", env!("CARGO_PKG_VERSION"))?;
        m.add("build_profile", if cfg!(debug_assertions) { "debug" } else { "release" })
    }
}

fn builtin_mappings() -> Vec<&'static str> {
    tracelens_core::mapping::builtin_names().to_vec()
}
