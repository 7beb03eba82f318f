//! Events in the order of the files become traces: one per user, in the order of that person's life.

mod calendar;
mod chunk;
mod codes;
mod gatherer;
mod overlap;
mod part;
mod scatter;
mod spill;
mod trace;
mod traces;

pub use calendar::{Calendar, DAY, HOUR, MINUTE, SECOND};
pub use gatherer::Gatherer;
pub use overlap::{Overlap, overlap};
pub use part::{Part, Sparse};
pub use trace::{Event, Trace, TraceBuilder, Window};
pub use traces::{Facts, Names, Traces};
