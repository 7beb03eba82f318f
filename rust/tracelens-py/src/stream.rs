//! Events as Arrow streams: what polars, duckdb, pyarrow and pandas take without a copy.

use crate::error::to_python;
use crate::reading::{self, Choice, Source};
use arrow_array::{ArrayRef, RecordBatch, StructArray};
use arrow_schema::{ArrowError, Field, FieldRef, SchemaRef};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict};
use pyo3_arrow::ffi::{ArrayIterator, to_schema_pycapsule, to_stream_pycapsule};
use rayon::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tracelens_core::arrow::{schema, to_record_batch};
use tracelens_core::error::{Code, Error, Result};
use tracelens_core::event::EventBatch;
use tracelens_core::reader::{ReadOptions, Reader};

/// A schema as the type of the structs that an Arrow stream consists of.
fn as_field(schema: &SchemaRef) -> FieldRef {
    Arc::new(Field::new_struct("", schema.fields().clone(), false))
}

/// Record batches as a capsule. The consumer pulls them, with or without the GIL as it likes.
fn capsule<'py>(
    py: Python<'py>,
    schema: &SchemaRef,
    batches: impl Iterator<Item = Result<RecordBatch>> + Send + 'static,
    requested: Option<Bound<'py, PyCapsule>>,
) -> PyResult<Bound<'py, PyCapsule>> {
    let mut batches = batches;
    // Neither a panic nor a null byte in a message may reach the C side.
    let next = move || match catch_unwind(AssertUnwindSafe(|| batches.next())) {
        Ok(None) => None,
        Ok(Some(Ok(batch))) => Some(Ok(Arc::new(StructArray::from(batch)) as ArrayRef)),
        Ok(Some(Err(error))) => Some(Err(ArrowError::ExternalError(
            error.to_string().replace('\0', " ").into(),
        ))),
        Err(_) => Some(Err(ArrowError::ExternalError("this is a bug of tracelens".into()))),
    };
    let arrays = ArrayIterator::new(std::iter::from_fn(next), as_field(schema));
    Ok(to_stream_pycapsule(py, Box::new(arrays), requested)?)
}

/// A table in memory. Speaks the Arrow stream interface, any number of times.
#[pyclass(frozen, module = "tracelens._core")]
pub(crate) struct ArrowStream {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl ArrowStream {
    /// A table of these batches, of which there has to be one.
    pub(crate) fn of_batches(batches: Vec<RecordBatch>) -> Result<Self> {
        match batches.first() {
            Some(first) => Ok(Self {
                schema: first.schema(),
                batches,
            }),
            None => Err(Error::new(Code::Frame, "a table without a batch has no columns")),
        }
    }
}

#[pymethods]
impl ArrowStream {
    /// A table of the canonical columns without a row.
    #[staticmethod]
    fn empty(py: Python<'_>) -> PyResult<Self> {
        let batch = to_record_batch(&EventBatch::default(), None);
        batch
            .and_then(|b| Self::of_batches(vec![b]))
            .map_err(|e| to_python(py, &e))
    }

    /// Number of rows.
    fn __len__(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        Ok(to_schema_pycapsule(py, self.schema.as_ref())?)
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        capsule(
            py,
            &self.schema,
            self.batches.clone().into_iter().map(Ok),
            requested_schema,
        )
    }
}

/// Logs that are read when asked for, afresh each time: as an Arrow stream, or group by group by iterating.
#[pyclass(frozen, module = "tracelens._core")]
pub(crate) struct EventReader {
    paths: Vec<String>,
    choice: Choice,
    columns: Option<Vec<String>>,
    schema: SchemaRef,
    options: ReadOptions,
    limit: Option<usize>,
}

impl EventReader {
    fn open(&self) -> Result<Groups> {
        Ok(Groups {
            reader: Source::open(&self.paths, &self.choice)?.reader(self.options.clone())?,
            columns: self.columns.clone(),
            left: self.limit,
        })
    }
}

#[pymethods]
impl EventReader {
    #[new]
    #[pyo3(signature = (
        paths, mapping=None, columns=None, on_bad_row="error", side=None, max_bad=None, limit=None, *, mapping_text=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments in Python")]
    fn new(
        py: Python<'_>,
        paths: Vec<String>,
        mapping: Option<String>,
        columns: Option<Vec<String>>,
        on_bad_row: &str,
        side: Option<String>,
        max_bad: Option<f64>,
        limit: Option<usize>,
        mapping_text: Option<String>,
    ) -> PyResult<Self> {
        let schema = schema(columns.as_deref()).map_err(|e| to_python(py, &e))?;
        let wants = |name: &str| columns.as_ref().is_none_or(|columns| columns.iter().any(|c| c == name));
        Ok(Self {
            paths,
            choice: Choice {
                mapping,
                text: mapping_text,
                side,
            },
            options: ReadOptions {
                on_bad_row: reading::on_bad_row(py, on_bad_row)?,
                max_bad,
                text: wants("text"),
            },
            columns,
            schema,
            limit,
        })
    }

    /// What the mapping says of all that is read by it.
    fn description<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let source = py
            .detach(|| Source::open(&self.paths, &self.choice))
            .map_err(|e| to_python(py, &e))?;
        reading::describe(py, &source.mapping, source.why.as_deref())
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        Ok(to_schema_pycapsule(py, self.schema.as_ref())?)
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let groups = py.detach(|| self.open()).map_err(|e| to_python(py, &e))?;
        // An error ends the stream.
        let batches = groups.flat_map(|group| match group {
            Ok(batches) => batches.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        });
        capsule(py, &self.schema, batches, requested_schema)
    }

    fn __iter__(&self, py: Python<'_>) -> PyResult<EventGroups> {
        let groups = py.detach(|| self.open()).map_err(|e| to_python(py, &e))?;
        Ok(EventGroups(Mutex::new(groups)))
    }
}

/// The groups of batches that a reader parses at once.
struct Groups {
    reader: Reader,
    columns: Option<Vec<String>>,
    /// Events that may still follow.
    left: Option<usize>,
}

impl Groups {
    /// Less the rows beyond the limit.
    fn limited(&mut self, mut batches: Vec<RecordBatch>) -> Vec<RecordBatch> {
        if let Some(left) = &mut self.left {
            for batch in &mut batches {
                *batch = batch.slice(0, batch.num_rows().min(*left));
                *left -= batch.num_rows();
            }
            batches.retain(|batch| batch.num_rows() > 0);
        }
        batches
    }
}

impl Iterator for Groups {
    type Item = Result<Vec<RecordBatch>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == Some(0) {
            return None;
        }
        let group = self.reader.next_group().transpose()?;
        let columns = self.columns.as_deref();
        let batches = group.and_then(|events| {
            let batches = events.into_par_iter().map(|events| to_record_batch(&events, columns));
            batches.collect::<Result<Vec<_>>>()
        });
        Some(batches.map(|batches| self.limited(batches)))
    }
}

/// One pass over logs. Unlike a stream it raises errors as what they are.
#[pyclass(frozen, module = "tracelens._core")]
pub(crate) struct EventGroups(Mutex<Groups>);

impl EventGroups {
    fn groups(&self) -> MutexGuard<'_, Groups> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl EventGroups {
    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<ArrowStream>> {
        loop {
            let next = py.detach(|| self.groups().next());
            py.check_signals()?;
            match next.transpose().map_err(|e| to_python(py, &e))? {
                // Nothing to say, but more may come.
                Some(batches) if batches.is_empty() => {}
                Some(batches) => {
                    return ArrowStream::of_batches(batches)
                        .map(Some)
                        .map_err(|e| to_python(py, &e));
                }
                None => return Ok(None),
            }
        }
    }

    /// Bytes on the disk that were read so far, those in all, and the events in what was read.
    fn progress(&self, py: Python<'_>) -> (u64, u64, u64) {
        py.detach(|| self.groups().reader.progress())
    }

    /// What was read and dropped so far, as JSON; whole after the last group.
    fn report(&self, py: Python<'_>) -> PyResult<String> {
        let report = py.detach(|| serde_json::to_string(self.groups().reader.report()));
        report.map_err(|e| pyo3::exceptions::PyValueError::new_err(e.to_string()))
    }
}
