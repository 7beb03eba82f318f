//! Events in the order of the files become traces: one per user, in the order of that person's life.

mod calendar;
mod columns;
mod overlap;
mod trace;

pub use calendar::{Calendar, DAY, HOUR, MINUTE, SECOND};
pub use columns::{Gatherer, Names, Traces};
pub use overlap::{Overlap, overlap};
pub use trace::{Event, Trace, TraceBuilder, Window};
