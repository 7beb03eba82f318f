//! Events in the order of the files become traces: one per user, in the order of that person's life.

mod calendar;
mod names;
mod overlap;
mod scatter;
mod trace;
mod traces;

pub use calendar::{Calendar, DAY, HOUR, MINUTE, SECOND};
pub use overlap::{Overlap, overlap};
pub use scatter::Gatherer;
pub use trace::{Event, Trace, TraceBuilder, Window};
pub use traces::{Names, Part, Sparse, Traces};
