//! Timestamps as logs write them, to microseconds since 1970 UTC and how fine they are. This runs for every row: what
//! most logs write is read digit by digit, and everything else by strptime.

mod digits;
mod format;
#[cfg(test)]
mod tests;
mod zone;

pub(super) use format::NAMES;
pub use format::TimeFormat;

use crate::event::Precision;
use digits::Fault;
use format::{Found, Kind, strptime};
use jiff::tz::TimeZone;
use zone::{DAY, Days};

/// An instant in microseconds since 1970 UTC, and how fine the clock was that told it.
type Read = (i64, Precision);

/// The instants that the calendar can name, of the years -9999 to 9999.
const NAMED: std::ops::RangeInclusive<i64> = -377_705_023_201_000_000..=253_402_207_200_999_999;

/// Parses timestamps. Times without an offset are read in its zone: one that the clocks show twice is the first of the
/// two, one that they skip is as long after the change as it says.
#[derive(Debug, Clone)]
pub struct Clock {
    days: Days,
    /// The last date as it was written, and the day that it is: most rows follow one of the same day.
    written: [u8; 10],
    day: i64,
}

impl Clock {
    /// A clock in this zone.
    pub fn new(zone: TimeZone) -> Self {
        Self {
            days: Days::new(zone),
            // What is remembered first is true as well: no bytes that are no date may be known as one.
            written: *b"1970-01-01",
            day: 0,
        }
    }

    /// Microseconds and precision of a timestamp in the first format that fits; the error says why none does.
    pub fn read(&mut self, text: &str, formats: &[TimeFormat]) -> Result<Read, String> {
        let mut fault = None;
        for format in formats {
            let why = match self.read_as(text, format) {
                Ok(found) if NAMED.contains(&found.0) => return Ok(found),
                Ok(_) => Fault::Beyond,
                Err(why) => why,
            };
            // A format of the right shape knows better what is wrong than one that expected another.
            if fault
                .as_ref()
                .is_none_or(|first: &Fault| first.is_of_shape() && !why.is_of_shape())
            {
                fault = Some(why);
            }
        }
        let fault = fault.unwrap_or(Fault::Expected("a format"));
        // strptime is content with less than all digits (2025-9-1): slow, and only for those who write so.
        if fault.is_of_shape()
            && let Some(found) = formats.iter().find_map(|format| self.leniently(text, format))
        {
            return Ok(found);
        }
        Err(fault.to_string())
    }

    /// As [`Clock::read`], of a whole number; `None` where no format is a count since 1970.
    pub fn read_whole(&self, number: i64, formats: &[TimeFormat]) -> Option<Read> {
        formats.iter().find_map(|format| match format.kind {
            Kind::Epoch(unit) => Some((unit.whole(number)?, unit.precision())).filter(|(us, _)| NAMED.contains(us)),
            _ => None,
        })
    }

    /// As [`Clock::read`], of any number.
    pub fn read_number(&self, number: f64, formats: &[TimeFormat]) -> Option<Read> {
        formats.iter().find_map(|format| match format.kind {
            Kind::Epoch(unit) => Some((unit.real(number)?, unit.precision_of(number))),
            _ => None,
        })
    }

    /// The instant of microseconds since 1970 as the clocks of the zone show them: how tables keep times without a zone.
    pub fn read_local(&mut self, local: i64) -> Option<i64> {
        let (day, within) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        self.days.instant(day, within).ok().filter(|us| NAMED.contains(us))
    }

    fn read_as(&mut self, text: &str, format: &TimeFormat) -> Result<Read, Fault> {
        let bytes = text.as_bytes();
        match &format.kind {
            Kind::DateTime {
                between,
                fraction,
                rest,
                utc,
            } => {
                let Some((date, clock, us, precision)) = digits::date_time(bytes, *between, *fraction, rest.as_bytes())
                else {
                    return Err(Fault::Expected("YYYY-MM-DD HH:MM:SS"));
                };
                let (day, us) = (self.day_of(date)?, digits::time_of_day(clock)? + us);
                Ok((self.at(day, us, *utc)?, precision))
            }
            Kind::Date => {
                let date = bytes.try_into().map_err(|_| Fault::Expected("YYYY-MM-DD"))?;
                let day = self.day_of(date)?;
                Ok((self.at(day, 0, false)?, Precision::Day))
            }
            Kind::Rfc3339 => self.iso(bytes, true),
            Kind::Native => match bytes.try_into() {
                Ok(date) => {
                    let day = self.day_of(date)?;
                    Ok((self.at(day, 0, false)?, Precision::Day))
                }
                Err(_) => self.iso(bytes, false),
            },
            Kind::Epoch(unit) => match text.parse::<i64>() {
                Ok(whole) => Ok((unit.whole(whole).ok_or(Fault::Beyond)?, unit.precision())),
                Err(_) => {
                    let number = text.parse().map_err(|_| Fault::Expected("a number since 1970"))?;
                    let us = unit.real(number).ok_or(Fault::Beyond)?;
                    Ok((us, unit.precision_with(digits::decimals(text))))
                }
            },
            Kind::Strptime { precision, utc } => Ok((self.strptime(text, format, *utc)?, *precision)),
        }
    }

    /// ISO 8601, the one way in which it is written most: `2025-09-01T00:23:54.123+02:00`.
    fn iso(&mut self, bytes: &[u8], with_offset: bool) -> Result<Read, Fault> {
        let expected = Fault::Expected(if with_offset {
            "RFC 3339, such as 2025-09-01T00:23:54Z"
        } else {
            "YYYY-MM-DD HH:MM:SS"
        });
        let Some(stamp) = digits::stamp(bytes) else {
            return Err(expected);
        };
        let (day, of_day) = (self.day_of(stamp.date)?, digits::time_of_day(stamp.clock)?);
        let us = of_day + stamp.fraction;
        match stamp.offset {
            Some(offset) => Ok((day * DAY + us - offset, stamp.precision)),
            None if with_offset => Err(Fault::Value("there is no offset: Z or +hh:mm")),
            None => Ok((self.at(day, us, false)?, stamp.precision)),
        }
    }

    fn day_of(&mut self, date: &[u8; 10]) -> Result<i64, Fault> {
        if self.written != *date {
            self.day = digits::day(date)?;
            self.written = *date;
        }
        Ok(self.day)
    }

    fn at(&mut self, day: i64, us: i64, utc: bool) -> Result<i64, Fault> {
        if utc {
            return Ok(day * DAY + us);
        }
        self.days.instant(day, us)
    }

    fn leniently(&self, text: &str, format: &TimeFormat) -> Option<Read> {
        let seconds = || digits::precision(digits::decimals(text));
        let (us, precision) = match &format.kind {
            Kind::DateTime { utc, fraction, .. } => {
                let precision = if *fraction { seconds() } else { Precision::Second };
                (self.strptime(text, format, *utc).ok()?, precision)
            }
            Kind::Date => (self.strptime(text, format, false).ok()?, Precision::Day),
            Kind::Rfc3339 | Kind::Native => (zone::micros(text.parse().ok()?), seconds()),
            Kind::Epoch(_) | Kind::Strptime { .. } => return None,
        };
        NAMED.contains(&us).then_some((us, precision))
    }

    fn strptime(&self, text: &str, format: &TimeFormat, utc: bool) -> Result<i64, Fault> {
        match strptime(&format.written, text)? {
            Found::Instant(at) => Ok(zone::micros(at)),
            Found::Local(local) => self.days.resolve(local, utc),
        }
    }
}
