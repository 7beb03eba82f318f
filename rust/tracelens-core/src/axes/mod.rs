//! Trace -> numbers: one accumulator a file, each named after the axis of comparison that it serves.
//!
//! An accumulator sees whole traces, one user at a time, and appends integer rows to its table. Accumulators of disjoint
//! users merge by concatenation, so neither threads nor partitions can change a byte.

pub mod activity;
pub mod burstiness;
pub mod chains;
pub mod clock;
mod controls;
pub mod dependence;
pub mod diversity;
pub mod drift;
pub mod failures;
pub mod first_touches;
pub mod funnel;
pub mod grams;
pub mod lead;
pub mod linked;
mod look_back;
pub mod look_backs;
pub mod minhash;
mod past;
pub mod paths;
mod runs;
pub mod selectivity;
pub mod sessions;
mod table;
pub mod tail;
mod tally;
pub mod tempo;
mod times;

pub use table::Table;
use tally::{Tally, pair, unpaired};

/// Shares are kept as multiples of 2^-20: sums of them are exact in f64, in whatever order.
pub const FIXED: i64 = 1 << 20;

/// `part / whole` in fixed point, rounded to nearest.
pub fn share(part: u64, whole: u64) -> i64 {
    if whole == 0 {
        return 0;
    }
    ((u128::from(part) * FIXED as u128 + u128::from(whole) / 2) / u128::from(whole)) as i64
}
