//! Long work: on threads of its own and without the GIL, while the caller's thread listens for an interrupt.

use crate::error::bad_option;
use pyo3::prelude::*;
use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tracelens_core::stop::Stop;

/// Time between two looks at Python.
pub(crate) const PAUSE: Duration = Duration::from_millis(100);

/// Run on a pool of `jobs` threads (`None`: all cores). At an interrupt the work is asked to stop, and what the interrupt raised is raised.
pub(crate) fn run<T: Send>(
    py: Python<'_>,
    jobs: Option<usize>,
    stop: &Stop,
    work: impl FnOnce() -> T + Send,
) -> PyResult<T> {
    let pool = match jobs {
        None => None,
        Some(0) => return Err(bad_option(py, "jobs must be at least 1".to_owned())),
        Some(n) => {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build();
            Some(pool.map_err(|e| bad_option(py, format!("cannot start {n} threads: {e}")))?)
        }
    };
    stop.clear();
    std::thread::scope(|scope| {
        let (done, is_done) = channel::<()>();
        let worker = scope.spawn(move || {
            // Dropped when the work ends, even by a panic.
            let _done = done;
            match pool {
                None => work(),
                Some(pool) => pool.install(work),
            }
        });
        let mut interrupt = None;
        let is_done = Mutex::new(is_done);
        let wait = || {
            is_done
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .recv_timeout(PAUSE)
        };
        while let Err(RecvTimeoutError::Timeout) = py.detach(wait) {
            if let Err(raised) = py.check_signals() {
                stop.request();
                interrupt.get_or_insert(raised);
            }
        }
        let result = py.detach(|| worker.join()).unwrap_or_else(|panic| resume_unwind(panic));
        interrupt.map_or(Ok(result), Err)
    })
}
