//! Statistics of sequences as plain columns: codes as integers, shares as floats, which Python gives their names.

use crate::error::to_python;
use crate::run::run;
use crate::traces::{Traces, columns_of};
use numpy::IntoPyArray;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use tracelens_core::sequences::{
    Chains, ChainsWanted, FunnelWanted, Lift, Profile, Sequences, Step, Wanted, summarise,
};

/// A step as Python tells it: names of a scenario and an action, either may be missing.
type Named = (Option<String>, Option<String>);

/// What is wanted of traces, times in microseconds; what is not wanted is None in the dict that comes back.
#[pyfunction]
#[pyo3(signature = (traces, *, directly_follows=false, chains=None, grams=None, lift=None, profile=false, funnel=None, jobs=None))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments in Python")]
pub(crate) fn sequences<'py>(
    py: Python<'py>,
    traces: &Traces,
    directly_follows: bool,
    chains: Option<(i64, Option<String>, usize)>,
    grams: Option<i64>,
    lift: Option<i64>,
    profile: bool,
    funnel: Option<(i64, Vec<Vec<Named>>)>,
    jobs: Option<usize>,
) -> PyResult<Bound<'py, PyDict>> {
    let (log, mapping, stop) = traces.core();
    let named = |(scenario, action): Named| Step { scenario, action };
    let any = |any: Vec<Named>| any.into_iter().map(named).collect();
    let wanted = Wanted {
        zone: mapping.zone().clone(),
        directly_follows,
        chains: chains.map(|(look_back, conversion, most)| ChainsWanted {
            look_back,
            conversion,
            most,
        }),
        grams,
        lift,
        profile,
        funnel: funnel.map(|(window, steps)| FunnelWanted {
            window,
            steps: steps.into_iter().map(any).collect(),
        }),
    };
    let found = run(py, jobs, stop, || summarise(log, &wanted))?.map_err(|e| to_python(py, &e))?;
    to_dict(py, found)
}

fn to_dict(py: Python<'_>, found: Sequences) -> PyResult<Bound<'_, PyDict>> {
    let all = PyDict::new(py);
    let table = |table| columns_of(py, table);
    all.set_item("directly_follows", found.directly_follows.map(table).transpose()?)?;
    all.set_item("grams", found.grams.map(table).transpose()?)?;
    all.set_item("chains", found.chains.map(|c| chains_of(py, c)).transpose()?)?;
    all.set_item("lift", found.lift.map(|l| lifts_of(py, &l)).transpose()?)?;
    all.set_item("profile", found.profiles.map(|p| profiles_of(py, &p)).transpose()?)?;
    all.set_item("funnel", found.funnel)?;
    Ok(all)
}

fn chains_of(py: Python<'_>, chains: Chains) -> PyResult<Bound<'_, PyDict>> {
    let (paths, counts): (Vec<Vec<u32>>, Vec<u64>) = chains.paths.into_iter().unzip();
    let columns = PyDict::new(py);
    columns.set_item("conversions", chains.conversions)?;
    columns.set_item("scenarios", chains.scenarios)?;
    columns.set_item("span", chains.span)?;
    columns.set_item("distinct", chains.distinct)?;
    columns.set_item("paths", paths)?;
    columns.set_item("counts", counts.into_pyarray(py))?;
    Ok(columns)
}

fn lifts_of<'py>(py: Python<'py>, lifts: &[Lift]) -> PyResult<Bound<'py, PyDict>> {
    let columns = PyDict::new(py);
    let integers = |of: fn(&Lift) -> i64| lifts.iter().map(of).collect::<Vec<_>>().into_pyarray(py);
    columns.set_item("scenario", integers(|l| l.scenario.into()))?;
    columns.set_item("then", integers(|l| l.then.into()))?;
    columns.set_item("users", integers(|l| l.users as i64))?;
    let values: Vec<f64> = lifts.iter().map(|l| l.lift).collect();
    columns.set_item("lift", values.into_pyarray(py))?;
    Ok(columns)
}

/// Unknown shares are NaN, unknown days -1.
fn profiles_of<'py>(py: Python<'py>, profiles: &[Profile]) -> PyResult<Bound<'py, PyDict>> {
    let columns = PyDict::new(py);
    let shares = |of: fn(&Profile) -> Option<f64>| {
        let values = profiles.iter().map(|p| of(p).unwrap_or(f64::NAN));
        values.collect::<Vec<_>>().into_pyarray(py)
    };
    columns.set_item("entropy_bits", shares(|p| p.entropy))?;
    columns.set_item("gini", shares(|p| p.gini))?;
    let days: Vec<i64> = profiles.iter().map(|p| p.active_days.map_or(-1, i64::from)).collect();
    columns.set_item("active_days", days.into_pyarray(py))?;
    columns.set_item("burstiness", shares(|p| p.burstiness))?;
    Ok(columns)
}
