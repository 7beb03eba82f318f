//! Local time to instants. Days are remembered, since logs hold many rows of few days.

use super::digits::Fault;
use jiff::{Timestamp, civil, tz::TimeZone};

/// Microseconds in a day of 24 hours.
pub(super) const DAY: i64 = 86_400_000_000;

/// Microseconds since 1970, the earlier one where an instant is finer.
pub(super) fn micros(at: Timestamp) -> i64 {
    at.as_nanosecond().div_euclid(1000) as i64
}

/// How many days are remembered: a year's rows in any order are found again.
const REMEMBERED: usize = 512;

#[derive(Debug, Clone, Copy)]
struct Day {
    number: i64,
    /// The instant at which it starts; `None`: clocks change on it, and its times are resolved one by one.
    midnight: Option<i64>,
}

/// The days of a zone.
#[derive(Debug, Clone)]
pub(super) struct Days {
    zone: TimeZone,
    /// By the last bits of their number.
    known: Vec<Day>,
}

impl Days {
    pub(super) fn new(zone: TimeZone) -> Self {
        let unknown = Day {
            number: i64::MIN,
            midnight: None,
        };
        Self {
            zone,
            known: vec![unknown; REMEMBERED],
        }
    }

    /// The instant of microseconds within a local day.
    pub(super) fn instant(&mut self, day: i64, us: i64) -> Result<i64, Fault> {
        let slot = day.rem_euclid(REMEMBERED as i64) as usize;
        if self.known[slot].number != day {
            self.known[slot] = self.look_up(day)?;
        }
        match self.known[slot].midnight {
            Some(midnight) => Ok(midnight + us),
            None => self.resolve(local(day, us)?, false),
        }
    }

    fn look_up(&self, day: i64) -> Result<Day, Fault> {
        let from = self.resolve(local(day, 0)?, false)?;
        let until = local(day + 1, 0).and_then(|next| self.resolve(next, false));
        Ok(Day {
            number: day,
            midnight: until.is_ok_and(|until| until - from == DAY).then_some(from),
        })
    }

    /// The instant of a local time, here or in UTC.
    pub(super) fn resolve(&self, local: civil::DateTime, utc: bool) -> Result<i64, Fault> {
        let zone = if utc { &TimeZone::UTC } else { &self.zone };
        zone.to_timestamp(local).map(micros).map_err(|_| Fault::Beyond)
    }
}

fn local(day: i64, us: i64) -> Result<civil::DateTime, Fault> {
    let beyond = |_| Fault::Beyond;
    // One after the other: a span has one sign for all its parts.
    let date = civil::date(1970, 1, 1)
        .checked_add(jiff::Span::new().try_days(day).map_err(beyond)?)
        .map_err(beyond)?;
    let midnight = date.to_datetime(civil::Time::midnight());
    midnight
        .checked_add(jiff::SignedDuration::from_micros(us))
        .map_err(beyond)
}
