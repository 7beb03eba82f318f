//! Traces of one side, from files or from an Arrow stream, and their statistics as numpy arrays.

use crate::error::{bad_option, to_python};
use crate::reading::{self, Choice, Source, describe};
use crate::run::{PAUSE, run};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::collections::HashMap;
use std::time::Instant;
use tracelens_core::axes::Table;
use tracelens_core::axes::dependence::from_tables;
use tracelens_core::error::{Code, Error, Result};
use tracelens_core::gather::{self, Calendar, Gatherer};
use tracelens_core::mapping::Mapping;
use tracelens_core::reader::{ReadOptions, ReadReport, Reader};
use tracelens_core::statistics::{self, Options};
use tracelens_core::stop::Stop;

/// All events of one side, gathered by user.
#[pyclass(frozen, module = "tracelens._core")]
#[expect(clippy::struct_field_names, reason = "they are what they are in the core")]
pub(crate) struct Traces {
    traces: gather::Traces,
    mapping: Mapping,
    why: Option<String>,
    report: Option<ReadReport>,
    stop: Stop,
    /// Seconds of reading, and of bringing events together by user.
    seconds: (f64, f64),
}

/// Why reading ends early.
enum Stopped {
    Error(Error),
    /// What the progress callback raised.
    Python(PyErr),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<PyErr> for Stopped {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

/// Says a few times a second how far it is.
struct Watch {
    tell: Option<Py<PyAny>>,
    last: Option<Instant>,
}

impl Watch {
    fn look(&mut self, reader: &Reader) -> PyResult<()> {
        let Some(tell) = &self.tell else { return Ok(()) };
        if self.last.is_some_and(|last| last.elapsed() < PAUSE) {
            return Ok(());
        }
        self.last = Some(Instant::now());
        Python::attach(|py| tell.call1(py, reader.progress()).map(drop))
    }
}

#[pymethods]
impl Traces {
    /// Read logs.
    #[staticmethod]
    #[pyo3(signature = (paths, mapping=None, on_bad_row="error", max_bad=None, text=false, jobs=None, side=None, *, memory=None, progress=None))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments in Python")]
    fn read(
        py: Python<'_>,
        paths: Vec<String>,
        mapping: Option<String>,
        on_bad_row: &str,
        max_bad: Option<f64>,
        text: bool,
        jobs: Option<usize>,
        side: Option<String>,
        memory: Option<u64>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let options = ReadOptions {
            on_bad_row: reading::on_bad_row(py, on_bad_row)?,
            max_bad,
            text,
        };
        let choice = Choice {
            mapping,
            side,
            ..Choice::default()
        };
        let mut watch = Watch {
            tell: progress,
            last: None,
        };
        let stop = Stop::default();
        let work = || -> Result<Self, Stopped> {
            let began = Instant::now();
            let source = Source::open(&paths, &choice)?;
            let mut reader = source.reader(options)?;
            let mut gatherer = Gatherer::new(memory, stop.clone());
            while let Some(group) = reader.next_group()? {
                for batch in group {
                    gatherer.push(batch)?;
                }
                watch.look(&reader)?;
            }
            let report = reader.report().clone();
            let read = began.elapsed();
            let began = Instant::now();
            let traces = gatherer.finish().map_err(|e| no_events(e, &paths, &report))?;
            Ok(Self {
                traces,
                mapping: source.mapping,
                why: source.why,
                report: Some(report),
                stop: stop.clone(),
                seconds: (read.as_secs_f64(), began.elapsed().as_secs_f64()),
            })
        };
        run(py, jobs, &stop, work)?.map_err(|stopped| match stopped {
            Stopped::Error(e) => to_python(py, &e),
            Stopped::Python(e) => e,
        })
    }

    /// Gather a frame of canonical events.
    #[staticmethod]
    #[pyo3(signature = (frame, mapping, jobs=None))]
    fn from_arrow(
        py: Python<'_>,
        frame: pyo3_arrow::PyRecordBatchReader,
        mapping: &str,
        jobs: Option<usize>,
    ) -> PyResult<Self> {
        let reader = frame.into_reader()?;
        let stop = Stop::default();
        let work = || -> Result<Self> {
            let began = Instant::now();
            let mapping = Mapping::parse(mapping, "the mapping handed over".as_ref())?;
            let mut gatherer = Gatherer::new(None, stop.clone());
            let mut ordinal = 0;
            for batch in reader {
                let batch = batch.map_err(|e| Error::new(Code::Frame, format!("the frame cannot be read: {e}")))?;
                let events = tracelens_core::arrow::from_record_batch(&batch, ordinal, mapping.zone())?;
                ordinal += batch.num_rows() as u64;
                gatherer.push(events)?;
            }
            Ok(Self {
                traces: gatherer.finish()?,
                mapping,
                why: None,
                report: None,
                stop: stop.clone(),
                seconds: (0.0, began.elapsed().as_secs_f64()),
            })
        };
        run(py, jobs, &stop, work)?.map_err(|e| to_python(py, &e))
    }

    /// Seconds of reading, and of bringing events together by user.
    #[getter]
    fn seconds(&self) -> (f64, f64) {
        self.seconds
    }

    /// Number of events.
    fn __len__(&self) -> usize {
        self.traces.len()
    }

    /// Sorted user ids.
    #[getter]
    fn users(&self) -> Vec<String> {
        self.traces.users.clone()
    }

    /// Sorted distinct names of a coded column: scenario, action, item or category.
    fn names(&self, py: Python<'_>, column: &str) -> PyResult<Vec<String>> {
        let names = &self.traces.names;
        match column {
            "scenario" => Ok(names.scenario.clone()),
            "action" => Ok(names.action.clone()),
            "item" => Ok(names.item.clone()),
            "category" => Ok(names.category.clone()),
            other => Err(bad_option(py, format!("no names are kept of the column {other:?}"))),
        }
    }

    /// What was read and dropped, as JSON; None for a frame.
    fn report(&self) -> PyResult<Option<String>> {
        let json = |r| serde_json::to_string(r).map_err(|e| pyo3::exceptions::PyValueError::new_err(e.to_string()));
        self.report.as_ref().map(json).transpose()
    }

    /// What the mapping says about the side as a whole.
    fn description<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let t = &self.traces;
        let d = describe(py, &self.mapping, self.why.as_deref())?;
        let by_record = self.mapping.exposure_by_record();
        d.set_item("has_clock", t.facts.extent.is_some())?;
        d.set_item("has_valence", t.facts.valence)?;
        d.set_item("has_exposures", by_record || t.facts.exposures)?;
        d.set_item("has_conversions", t.facts.conversions)?;
        d.set_item("has_texts", t.facts.texts)?;
        d.set_item("has_items", !t.names.item.is_empty())?;
        d.set_item("has_categories", !t.names.category.is_empty())?;
        let extent = t.facts.extent;
        d.set_item("first", extent.map(|e| e.0))?;
        d.set_item("last", extent.map(|e| e.1))?;
        let mut calendar = Calendar::new(self.mapping.zone().clone());
        d.set_item("first_day", extent.map(|e| calendar.day(e.0)))?;
        d.set_item("last_day", extent.map(|e| calendar.day(e.1)))?;
        Ok(d)
    }

    /// All events in canonical order, as an Arrow stream of the canonical columns.
    #[pyo3(signature = (columns=None))]
    fn events(&self, py: Python<'_>, columns: Option<Vec<String>>) -> PyResult<crate::stream::ArrowStream> {
        let batch = py.detach(|| {
            let events = self.traces.to_batch()?;
            tracelens_core::arrow::to_record_batch(&events, columns.as_deref())
        });
        crate::stream::ArrowStream::of_batches(vec![batch.map_err(|e| to_python(py, &e))?])
            .map_err(|e| to_python(py, &e))
    }

    /// Tables of user statistics within local days `days = (from, until)`, or each user's own first day in `entry`.
    #[expect(clippy::too_many_arguments, reason = "keyword arguments in Python")]
    #[pyo3(signature = (days=None, entry=None, conversion_scenario=None, jobs=None, *, starts=false, look_backs=false))]
    fn summarise<'py>(
        &self,
        py: Python<'py>,
        days: Option<(i64, i64)>,
        entry: Option<HashMap<String, i64>>,
        conversion_scenario: Option<String>,
        jobs: Option<usize>,
        starts: bool,
        look_backs: bool,
    ) -> PyResult<Bound<'py, PyDict>> {
        let options = Options {
            zone: self.mapping.zone().clone(),
            exposure_by_record: self.mapping.exposure_by_record(),
            days: days.map(|(from, until)| from..until),
            entry: entry.map(|e| self.traces.users.iter().map(|u| e.get(u).copied()).collect()),
            conversion_scenario,
            starts,
            look_backs,
            grams: false,
            minhash: false,
        };
        let work = || statistics::summarise(&self.traces, &options);
        let statistics = run(py, jobs, &self.stop, work)?.map_err(|e| to_python(py, &e))?;
        let tables = PyDict::new(py);
        for (name, table) in statistics.tables {
            tables.set_item(name, columns_of(py, table)?)?;
        }
        let names = PyDict::new(py);
        names.set_item("scenario", &self.traces.names.scenario)?;
        names.set_item("action", &self.traces.names.action)?;
        names.set_item("item", &self.traces.names.item)?;
        names.set_item("category", &self.traces.names.category)?;
        names.set_item("path", statistics.paths)?;
        let all = PyDict::new(py);
        all.set_item("tables", tables)?;
        all.set_item("names", names)?;
        all.set_item("steps", statistics.steps)?;
        all.set_item("conversion_scenario", statistics.conversion_scenario)?;
        all.set_item("outside", statistics.outside)?;
        Ok(all)
    }

    /// What this side and `other` have in common within their windows (local days): records here, there, alike in time and
    /// scenario, alike in item and category too; events here, there, and up to the smaller count of each user.
    #[pyo3(signature = (other, days=None, other_days=None))]
    fn overlap(
        &self,
        py: Python<'_>,
        other: &Self,
        days: Option<(i64, i64)>,
        other_days: Option<(i64, i64)>,
    ) -> PyResult<(u64, u64, u64, u64, u64, u64, u64)> {
        let work = || {
            gather::overlap(
                (&self.traces, self.window(days)),
                (&other.traces, other.window(other_days)),
            )
        };
        let o = run(py, None, &self.stop, work)?.map_err(|e| to_python(py, &e))?;
        Ok((
            o.first,
            o.second,
            o.matched,
            o.matched_items,
            o.events_first,
            o.events_second,
            o.events_matched,
        ))
    }
}

impl Traces {
    /// What the core knows: the events, and the mapping that they were read with.
    pub(crate) fn core(&self) -> (&gather::Traces, &Mapping, &Stop) {
        (&self.traces, &self.mapping, &self.stop)
    }

    fn window(&self, days: Option<(i64, i64)>) -> Option<gather::Window> {
        let calendar = Calendar::new(self.mapping.zone().clone());
        days.map(|(from, until)| gather::Window {
            from: calendar.start_of(from),
            until: calendar.start_of(until),
        })
    }
}

/// The columns of a table by name.
pub(crate) fn columns_of(py: Python<'_>, table: Table) -> PyResult<Bound<'_, PyDict>> {
    let columns = PyDict::new(py);
    for (column, values) in table.names.iter().zip(table.columns) {
        let array: Bound<'_, PyArray1<i64>> = values.into_pyarray(py);
        columns.set_item(column, array)?;
    }
    Ok(columns)
}

/// The asymmetry table from spans (user, first, last) and run starts (user, scenario, time, day) of users however joined.
#[pyfunction]
pub(crate) fn asymmetry<'py>(
    py: Python<'py>,
    spans: [PyReadonlyArray1<'py, i64>; 3],
    starts: [PyReadonlyArray1<'py, i64>; 4],
) -> PyResult<Bound<'py, PyDict>> {
    let [user, first, last] = &spans;
    let [owner, scenario, time, day] = &starts;
    let spans = [user.as_slice()?, first.as_slice()?, last.as_slice()?];
    let starts = [
        owner.as_slice()?,
        scenario.as_slice()?,
        time.as_slice()?,
        day.as_slice()?,
    ];
    columns_of(py, py.detach(|| from_tables(spans, starts)))
}

/// Say what was read when nothing of it could be used.
fn no_events(error: Error, paths: &[String], report: &ReadReport) -> Error {
    if error.code() != Code::NoEvents {
        return error;
    }
    let dropped: Vec<String> = report
        .dropped
        .iter()
        .map(|(reason, n)| format!("{n} dropped: {reason}"))
        .collect();
    let mut error = Error::new(Code::NoEvents, format!("no usable event in {}", paths.join(", "))).note(format!(
        "{} files, {} events in, {} used",
        report.files.len(),
        report.events_in,
        report.events_used
    ));
    for line in dropped {
        error = error.note(line);
    }
    error.help("check that the path and the mapping belong together")
}
