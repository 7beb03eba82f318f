//! Two groups of users over many things, as numpy arrays.

use crate::error::bad_option;
use numpy::{IntoPyArray, PyArray2, PyReadonlyArray1, PyReadonlyArray2, ndarray::Array2};
use pyo3::prelude::*;
use tracelens_core::abundance::{self, Masses, Moments, Weighted};

/// Weights of shape (B, U) or (1, U), and a sparse matrix of shape (K, U) by rows: starts, columns and values.
type Part<'py> = (
    PyReadonlyArray2<'py, f64>,
    PyReadonlyArray1<'py, i64>,
    PyReadonlyArray1<'py, i32>,
    PyReadonlyArray1<'py, f64>,
);

/// Sums over things: total, things, x ln x, squares and mass alone, each of both groups; shape (B, 10).
#[pyfunction]
pub(crate) fn moments<'py>(
    py: Python<'py>,
    first: Vec<Part<'py>>,
    second: Vec<Part<'py>>,
    things: usize,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let row = |m: &Moments| [m.total, m.things, m.logs, m.squares, m.alone].into_iter().flatten();
    with(py, &first, &second, things, |groups, resamples| {
        let found = abundance::moments(groups, resamples, things);
        found.iter().flat_map(row).collect()
    })
}

/// Rarefied richness of both groups at half the smaller mass; shape (B, 2).
#[pyfunction]
pub(crate) fn richness<'py>(
    py: Python<'py>,
    first: Vec<Part<'py>>,
    second: Vec<Part<'py>>,
    things: usize,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    with(py, &first, &second, things, |groups, resamples| {
        abundance::richness(groups, resamples, things).concat()
    })
}

fn with<'py>(
    py: Python<'py>,
    first: &[Part<'py>],
    second: &[Part<'py>],
    things: usize,
    count: impl Fn([&[Weighted]; 2], usize) -> Vec<f64> + Sync + Send,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let resamples = first
        .iter()
        .chain(second)
        .map(|part| part.0.as_array().nrows())
        .max()
        .unwrap_or(0);
    let groups = [
        parts(py, first, resamples, things)?,
        parts(py, second, resamples, things)?,
    ];
    let values = py.detach(|| count([&groups[0], &groups[1]], resamples));
    let columns = values.len() / resamples.max(1);
    let array = Array2::from_shape_vec((resamples, columns), values);
    Ok(array.map_err(|e| bad_option(py, e.to_string()))?.into_pyarray(py))
}

/// The parts of a group, if they are what they should be.
fn parts<'a>(py: Python<'_>, parts: &'a [Part], resamples: usize, things: usize) -> PyResult<Vec<Weighted<'a>>> {
    let of_part = |(weights, starts, users, masses): &'a Part| {
        let weighted = Weighted {
            weights: weights.as_slice()?,
            users: weights.as_array().ncols(),
            of: Masses {
                starts: starts.as_slice()?,
                users: users.as_slice()?,
                masses: masses.as_slice()?,
            },
        };
        let of = &weighted.of;
        let rows = weights.as_array().nrows();
        let fits = (rows == 1 || rows == resamples)
            && of.starts.len() == things + 1
            && of.starts.is_sorted()
            && of.starts.first() == Some(&0)
            && of.starts.last() == Some(&(of.masses.len() as i64))
            && of.users.len() == of.masses.len()
            && of
                .users
                .iter()
                .all(|&user| usize::try_from(user).is_ok_and(|u| u < weighted.users));
        if fits {
            Ok(weighted)
        } else {
            Err(bad_option(py, "weights and masses do not fit together".to_owned()))
        }
    };
    parts.iter().map(of_part).collect()
}
