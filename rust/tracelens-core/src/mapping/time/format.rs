//! Ways of writing a timestamp, as mappings name them.

use super::digits::{Fault, cause};
use crate::event::Precision;
use jiff::fmt::strtime;
use jiff::{Timestamp, civil, tz::TimeZone};

/// One way of writing a timestamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeFormat {
    /// As the mapping writes it.
    pub(super) written: String,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// `%Y-%m-%d`, one byte, `%H:%M:%S`, perhaps decimals, and a text that is always the same.
    DateTime {
        between: u8,
        fraction: bool,
        rest: String,
        utc: bool,
    },
    /// `%Y-%m-%d`.
    Date,
    /// RFC 3339, with an offset or Z.
    Rfc3339,
    /// What a table itself keeps as a time; of a text, ISO 8601.
    Native,
    /// A number since 1970 UTC.
    Epoch(Unit),
    /// Anything else that strptime can read.
    Strptime { precision: Precision, utc: bool },
}

/// The unit in which time since 1970 is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Second,
    Milli,
    Micro,
    Nano,
}

impl Unit {
    /// Microseconds of a whole number of it.
    pub(super) fn whole(self, number: i64) -> Option<i64> {
        match self {
            Self::Nano => Some(number.div_euclid(1000)),
            Self::Micro => Some(number),
            Self::Milli => number.checked_mul(1_000),
            Self::Second => number.checked_mul(1_000_000),
        }
    }

    /// Microseconds of any number of it.
    pub(super) fn real(self, number: f64) -> Option<i64> {
        let us = match self {
            Self::Nano => number / 1e3,
            Self::Micro => number,
            Self::Milli => number * 1e3,
            Self::Second => number * 1e6,
        };
        let named = us >= *super::NAMED.start() as f64 && us <= *super::NAMED.end() as f64;
        named.then(|| us.round() as i64)
    }

    /// How fine a whole number of it is.
    pub(super) fn precision(self) -> Precision {
        match self {
            Self::Second => Precision::Second,
            Self::Milli => Precision::Milli,
            Self::Micro | Self::Nano => Precision::Micro,
        }
    }

    /// How fine a number with so many decimals is.
    pub(super) fn precision_with(self, decimals: usize) -> Precision {
        match (self, decimals) {
            (_, 0) => self.precision(),
            (Self::Second, 1..=3) => Precision::Milli,
            _ => Precision::Micro,
        }
    }

    /// How fine a number is, by its decimals.
    pub(super) fn precision_of(self, number: f64) -> Precision {
        // A float keeps seconds of our time to a quarter of a microsecond: this is half of one.
        let to_the_millisecond = |n: f64| (n * 1e3 - (n * 1e3).round()).abs() < 5e-4;
        self.precision_with(match number {
            n if n.fract() == 0.0 => 0,
            n if to_the_millisecond(n) => 3,
            _ => 6,
        })
    }
}

/// Formats that have a name, what they read, and how fine it is.
pub(in crate::mapping) const NAMES: [(&str, &str, &str); 6] = [
    (
        "rfc3339",
        "2025-09-01T00:23:54Z, 2025-09-01T02:23:54.123+02:00",
        "`s`; the decimals tell",
    ),
    (
        "epoch_s",
        "1756686234, 1756686234.25: seconds since 1970 UTC",
        "`s`; the decimals tell",
    ),
    ("epoch_ms", "milliseconds since 1970 UTC", "`ms`"),
    ("epoch_us", "microseconds since 1970 UTC", "`us`"),
    ("epoch_ns", "nanoseconds since 1970 UTC", "`us`"),
    (
        "native",
        "what the file itself types as a time or a date (parquet, arrow); of a text, ISO 8601",
        "as the file types it; a date is a `day`",
    ),
];

impl TimeFormat {
    /// From the way a mapping writes it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let kind = match text {
            "rfc3339" => Kind::Rfc3339,
            "native" => Kind::Native,
            "epoch_s" | "%s" => Kind::Epoch(Unit::Second),
            "epoch_ms" => Kind::Epoch(Unit::Milli),
            "epoch_us" => Kind::Epoch(Unit::Micro),
            "epoch_ns" => Kind::Epoch(Unit::Nano),
            other if other.contains('%') => match plain(other) {
                Some(kind) => kind,
                None => Kind::Strptime {
                    precision: fineness(other)?,
                    utc: says_utc(other),
                },
            },
            other => {
                let names = NAMES.map(|(name, ..)| name).join(", ");
                return Err(format!(
                    "{other:?} is no time format: write strptime directives, or {names}"
                ));
            }
        };
        Ok(Self {
            written: text.to_owned(),
            kind,
        })
    }
}

impl std::fmt::Display for TimeFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.written.contains('%') {
            write!(f, "\"{}\"", self.written)
        } else {
            f.write_str(&self.written)
        }
    }
}

/// Formats that can be read digit by digit.
fn plain(format: &str) -> Option<Kind> {
    if format.contains("%%") {
        return None;
    }
    let spelled = format.replace("%F", "%Y-%m-%d").replace("%T", "%H:%M:%S");
    let after = spelled.strip_prefix("%Y-%m-%d")?;
    if after.is_empty() {
        return Some(Kind::Date);
    }
    let (between, after) = after.as_bytes().split_first()?;
    let after = std::str::from_utf8(after).ok()?.strip_prefix("%H:%M:%S")?;
    let fractions = ["%.f", ".%f", "%.3f", ".%3f", "%.6f", ".%6f"];
    let fraction = fractions.into_iter().find(|f| after.starts_with(f));
    let rest = &after[fraction.map_or(0, str::len)..];
    (between.is_ascii() && *between != b'%' && !rest.contains('%')).then(|| Kind::DateTime {
        between: *between,
        fraction: fraction.is_some(),
        rest: rest.to_owned(),
        utc: says_utc(format),
    })
}

/// A format that ends in the word UTC, GMT or Z says where its clock stands, whatever the zone of the mapping.
fn says_utc(format: &str) -> bool {
    let directive = format.rsplit_once('%').map_or("", |(_, last)| last);
    let named = directive.trim_start_matches(|c: char| c.is_ascii_digit() || "-_^#.:".contains(c));
    let rest = named.get(1..).unwrap_or_default();
    matches!(rest.trim_matches(|c: char| !c.is_alphabetic()), "UTC" | "GMT" | "Z")
}

/// What strptime finds in a text.
pub(super) enum Found {
    Instant(Timestamp),
    /// Without an offset.
    Local(civil::DateTime),
}

pub(super) fn strptime(format: &str, text: &str) -> Result<Found, Fault> {
    let broken = strtime::parse(format, text).map_err(Fault::Strptime)?;
    if broken.year().is_some_and(|year| year < 100) {
        return Err(Fault::Value("a year of two digits is %y"));
    }
    if broken.timestamp().is_some() || broken.offset().is_some() {
        broken.to_timestamp().map(Found::Instant)
    } else if broken.iana_time_zone().is_some() {
        broken.to_zoned_datetime().map(|at| Found::Instant(at.timestamp()))
    } else {
        broken.to_datetime().map(Found::Local)
    }
    .map_err(Fault::Impossible)
}

/// How fine the times of a format are: that much of a known time which it brings back. A format that does not bring back
/// the day cannot be used.
fn fineness(format: &str) -> Result<Precision, String> {
    let local = civil::date(2025, 11, 23).at(14, 37, 48, 987_654_321);
    let unusable = |why: &str| format!("{format:?} is no time format: {why}");
    let failed = |why: jiff::Error| unusable(&cause(&why));
    let zone = TimeZone::get("America/New_York").map_err(failed)?;
    let known = local.to_zoned_datetime(zone.clone()).map_err(failed)?;
    let written = strtime::format(format, &known).map_err(failed)?;
    let found = match strptime(format, &written).map_err(|why| match why {
        Fault::Strptime(why) => failed(why),
        other => unusable(&other.to_string()),
    })? {
        Found::Instant(at) => at.to_zoned_datetime(zone).datetime(),
        Found::Local(found) => found,
    };
    if found.date() != local.date() {
        return Err(unusable("it does not tell the day"));
    }
    if found.hour() != local.hour() && found.hour() != 0 {
        return Err(unusable("an hour of 1 to 12 needs %p, before or after noon"));
    }
    let brought = [
        (found.subsec_nanosecond() / 1000 == 987_654, Precision::Micro),
        (found.subsec_nanosecond() / 1_000_000 == 987, Precision::Milli),
        (found.second() == local.second(), Precision::Second),
        // An hour is told to the minute: nothing is coarser but a day.
        (found.hour() == local.hour(), Precision::Minute),
    ];
    let finest = brought.into_iter().find(|(back, _)| *back);
    Ok(finest.map_or(Precision::Day, |(_, precision)| precision))
}
