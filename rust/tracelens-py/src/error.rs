//! Core errors as `tracelens.errors.TracelensError`.

use pyo3::prelude::*;
use tracelens_core::error::{Code, Error};

/// The Python exception of a core error.
pub(crate) fn to_python(py: Python<'_>, error: &Error) -> PyErr {
    let make = || -> PyResult<PyErr> {
        let class = py.import("tracelens.errors")?.getattr("TracelensError")?;
        let code = error.code();
        let exception = class.call1((error.to_string(), code.to_string(), code.exit_status()))?;
        Ok(PyErr::from_value(exception))
    };
    make().unwrap_or_else(|e| e)
}

/// An error about an option of a call.
pub(crate) fn bad_option(py: Python<'_>, message: String) -> PyErr {
    to_python(py, &Error::new(Code::BadOption, message))
}
