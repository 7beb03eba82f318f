//! Timestamps as logs write them, to microseconds since 1970 UTC and how fine they are.

use crate::event::Precision;
use jiff::fmt::strtime;
use jiff::{civil, tz::TimeZone};

/// One way of writing a timestamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimeFormat {
    /// `2025-09-01 00:23:54`, or with a T between.
    DateTime(u8),
    /// `2025-09-01`.
    Date,
    /// RFC 3339, with an offset or Z.
    Rfc3339,
    /// A number since 1970 UTC: microseconds in one of it.
    Epoch(i64, Precision),
    /// What the timestamps and dates of a table are: with an offset an instant, without one a local time, and alone a date.
    Native,
    /// Anything else that strptime can say.
    Strptime(String, Precision),
}

impl TimeFormat {
    /// From the way a mapping writes it.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "%Y-%m-%d %H:%M:%S" => Self::DateTime(b' '),
            "%Y-%m-%dT%H:%M:%S" => Self::DateTime(b'T'),
            "%Y-%m-%d" => Self::Date,
            "rfc3339" => Self::Rfc3339,
            "epoch_s" => Self::Epoch(1_000_000, Precision::Second),
            "epoch_ms" => Self::Epoch(1_000, Precision::Milli),
            "epoch_us" => Self::Epoch(1, Precision::Micro),
            "epoch_ns" => Self::Epoch(0, Precision::Micro),
            "native" => Self::Native,
            other if other.contains('%') => Self::Strptime(other.to_owned(), fineness(other)),
            other => {
                return Err(format!(
                    "{other:?} is no time format: write strptime directives, rfc3339, epoch_s, epoch_ms, epoch_us, epoch_ns or native"
                ));
            }
        })
    }
}

impl std::fmt::Display for TimeFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::DateTime(between) => write!(f, "\"%Y-%m-%d{}%H:%M:%S\"", char::from(*between)),
            Self::Date => f.write_str("\"%Y-%m-%d\""),
            Self::Rfc3339 => f.write_str("rfc3339"),
            Self::Native => f.write_str("native"),
            Self::Epoch(1_000_000, _) => f.write_str("epoch_s"),
            Self::Epoch(1_000, _) => f.write_str("epoch_ms"),
            Self::Epoch(1, _) => f.write_str("epoch_us"),
            Self::Epoch(..) => f.write_str("epoch_ns"),
            Self::Strptime(format, _) => write!(f, "{format:?}"),
        }
    }
}

fn fineness(format: &str) -> Precision {
    let has = |directives: &[&str]| directives.iter().any(|d| format.contains(d));
    if has(&["%f", "%.f", "%3f", "%6f", "%9f", "%N"]) {
        Precision::Micro
    } else if has(&["%S", "%T", "%s", "%c", "%X"]) {
        Precision::Second
    } else if has(&["%M", "%R", "%H", "%I"]) {
        Precision::Minute
    } else {
        Precision::Day
    }
}

/// Parses timestamps in one zone; remembers the offset of the last day it met.
#[derive(Debug, Clone)]
pub struct Clock {
    zone: TimeZone,
    day: i64,
    offset: Option<i64>,
}

const DAY: i64 = 86_400;

impl Clock {
    /// A clock in this zone.
    pub fn new(zone: TimeZone) -> Self {
        Self {
            zone,
            day: i64::MIN,
            offset: None,
        }
    }

    /// Microseconds and precision of a timestamp in the first format that fits; the error says why none does.
    pub fn read(&mut self, text: &str, formats: &[TimeFormat]) -> Result<(i64, Precision), String> {
        let mut why = String::new();
        for format in formats {
            match self.read_as(text, format) {
                Ok(found) => return Ok(found),
                // A format of the right shape knows better what is wrong than one that expected another.
                Err(reason) if why.is_empty() || why.starts_with("expected") => why = reason,
                Err(_) => {}
            }
        }
        Err(why)
    }

    /// As [`Clock::read`], of a number.
    pub fn read_number(&self, number: f64, formats: &[TimeFormat]) -> Option<(i64, Precision)> {
        formats.iter().find_map(|format| match format {
            TimeFormat::Epoch(unit, precision) => epoch(number, *unit).map(|us| (us, *precision)),
            _ => None,
        })
    }

    fn read_as(&mut self, text: &str, format: &TimeFormat) -> Result<(i64, Precision), String> {
        let bytes = text.as_bytes();
        match format {
            TimeFormat::DateTime(between) => {
                if bytes.len() != 19 || bytes[10] != *between || bytes[13] != b':' || bytes[16] != b':' {
                    return Err("expected YYYY-MM-DD HH:MM:SS".to_owned());
                }
                let day = date(&bytes[..10])?;
                let part = |at: usize| two(&bytes[at..at + 2]).ok_or("expected HH:MM:SS".to_owned());
                let (h, m, s) = (part(11)?, part(14)?, part(17)?);
                if h > 23 || m > 59 || s > 60 {
                    return Err("no such time of day".to_owned());
                }
                Ok((self.instant(day, h * 3600 + m * 60 + s.min(59))?, Precision::Second))
            }
            TimeFormat::Date => {
                if bytes.len() != 10 {
                    return Err("expected YYYY-MM-DD".to_owned());
                }
                Ok((self.instant(date(bytes)?, 0)?, Precision::Day))
            }
            TimeFormat::Rfc3339 => rfc3339(text),
            TimeFormat::Native => self.native(text),
            TimeFormat::Epoch(unit, precision) => match text.parse::<i64>() {
                Ok(whole) if *unit == 0 => Ok((whole.div_euclid(1000), *precision)),
                Ok(whole) => whole
                    .checked_mul(*unit)
                    .map(|us| (us, *precision))
                    .ok_or_else(|| "the number is too large for a time".to_owned()),
                Err(_) => text
                    .parse::<f64>()
                    .ok()
                    .and_then(|number| epoch(number, *unit))
                    .map(|us| (us, *precision))
                    .ok_or_else(|| "expected a number since 1970".to_owned()),
            },
            TimeFormat::Strptime(format, precision) => self.strptime(text, format).map(|us| (us, *precision)),
        }
    }

    /// Microseconds of a whole number, if the first format counts from 1970 and reaches that far.
    pub fn read_whole(&self, whole: i64, formats: &[TimeFormat]) -> Option<(i64, Precision)> {
        match formats.first()? {
            TimeFormat::Epoch(0, precision) => Some((whole.div_euclid(1000), *precision)),
            TimeFormat::Epoch(unit, precision) => whole.checked_mul(*unit).map(|us| (us, *precision)),
            _ => None,
        }
    }

    /// Microseconds since 1970 on the clock of the zone, as an instant.
    pub fn local(&mut self, micros: i64) -> Result<i64, String> {
        const DAY_MICROS: i64 = DAY * 1_000_000;
        let of_day = micros.rem_euclid(DAY_MICROS);
        let second = self.instant(micros.div_euclid(DAY_MICROS), of_day / 1_000_000)?;
        Ok(second + of_day % 1_000_000)
    }

    fn native(&mut self, text: &str) -> Result<(i64, Precision), String> {
        if text.len() == 10 {
            return Ok((self.instant(date(text.as_bytes())?, 0)?, Precision::Day));
        }
        if text.ends_with('Z') {
            return rfc3339(text);
        }
        match text.parse::<civil::DateTime>() {
            Ok(local) => {
                let at = self.zone.to_timestamp(local).map_err(|e| e.to_string())?;
                Ok((at.as_microsecond(), fraction(text)))
            }
            Err(_) => Err("expected a timestamp or a date".to_owned()),
        }
    }

    /// Local seconds of a local day, as an instant. Where clocks go back the earlier reading is meant.
    fn instant(&mut self, day: i64, seconds: i64) -> Result<i64, String> {
        if day != self.day {
            let (from, until) = (self.resolve(day, 0)?, self.resolve(day + 1, 0)?);
            // A day of 24 hours has one offset throughout; others are resolved one by one.
            self.offset = (until - from == DAY * 1_000_000).then_some(from - day * DAY * 1_000_000);
            self.day = day;
        }
        match self.offset {
            Some(offset) => Ok((day * DAY + seconds) * 1_000_000 + offset),
            None => self.resolve(day, seconds),
        }
    }

    fn resolve(&self, day: i64, seconds: i64) -> Result<i64, String> {
        let local = civil::date(1970, 1, 1)
            .checked_add(jiff::Span::new().days(day))
            .map_err(|e| e.to_string())?
            .at(
                (seconds / 3600) as i8,
                (seconds / 60 % 60) as i8,
                (seconds % 60) as i8,
                0,
            );
        self.zone
            .to_timestamp(local)
            .map(jiff::Timestamp::as_microsecond)
            .map_err(|e| e.to_string())
    }

    fn strptime(&mut self, text: &str, format: &str) -> Result<i64, String> {
        let broken = strtime::parse(format, text).map_err(|e| e.to_string())?;
        if broken.offset().is_some() {
            return broken
                .to_timestamp()
                .map(jiff::Timestamp::as_microsecond)
                .map_err(|e| e.to_string());
        }
        let local = match broken.to_datetime() {
            Ok(local) => local,
            Err(_) => broken
                .to_date()
                .map_err(|e| e.to_string())?
                .to_datetime(civil::Time::midnight()),
        };
        self.zone
            .to_timestamp(local)
            .map(jiff::Timestamp::as_microsecond)
            .map_err(|e| e.to_string())
    }
}

fn epoch(number: f64, unit: i64) -> Option<i64> {
    let us = if unit == 0 {
        number / 1000.0
    } else {
        number * unit as f64
    };
    (us.is_finite() && us.abs() < 9.0e18).then(|| us.round() as i64)
}

fn rfc3339(text: &str) -> Result<(i64, Precision), String> {
    let expected = || "expected RFC 3339, such as 2025-09-01T00:23:54Z".to_owned();
    let bytes = text.as_bytes();
    if bytes.len() == 20 && bytes[10] == b'T' && bytes[19] == b'Z' && bytes[13] == b':' && bytes[16] == b':' {
        let day = date(&bytes[..10])?;
        let part = |at: usize| two(&bytes[at..at + 2]).ok_or_else(expected);
        let (h, m, s) = (part(11)?, part(14)?, part(17)?);
        if h > 23 || m > 59 || s > 60 {
            return Err("no such time of day".to_owned());
        }
        return Ok((
            (day * DAY + h * 3600 + m * 60 + s.min(59)) * 1_000_000,
            Precision::Second,
        ));
    }
    let Ok(at) = text.parse::<jiff::Timestamp>() else {
        return Err(bytes.get(..10).and_then(|d| date(d).err()).unwrap_or_else(expected));
    };
    Ok((at.as_microsecond(), fraction(text)))
}

/// How fine a time is by the digits of its seconds.
fn fraction(text: &str) -> Precision {
    let digits = text
        .split_once('.')
        .map_or(0, |(_, f)| f.bytes().take_while(u8::is_ascii_digit).count());
    match digits {
        0 => Precision::Second,
        1..=3 => Precision::Milli,
        _ => Precision::Micro,
    }
}

fn two(bytes: &[u8]) -> Option<i64> {
    match bytes {
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some(i64::from(a - b'0') * 10 + i64::from(b - b'0')),
        _ => None,
    }
}

/// Days since 1970 of YYYY-MM-DD.
fn date(bytes: &[u8]) -> Result<i64, String> {
    let expected = || "expected YYYY-MM-DD".to_owned();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return Err(expected());
    }
    let field = |range: std::ops::Range<usize>| two(&bytes[range]).ok_or_else(expected);
    let (year, month, day) = (field(0..2)? * 100 + field(2..4)?, field(5..7)?, field(8..10)?);
    if !(1..=12).contains(&month) {
        return Err(format!("there is no month {month}"));
    }
    let first = civil::date(year as i16, month as i8, 1);
    let length = i64::from(first.days_in_month());
    if !(1..=length).contains(&day) {
        return Err(format!("{} has {length} days", MONTHS[month as usize - 1]));
    }
    // Days from the civil calendar, after H. Hinnant's algorithm: the year starts in March.
    let y = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (y.div_euclid(400), y.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Ok(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, formats: &[&str], zone: &str) -> Result<(String, Precision), String> {
        let formats: Vec<TimeFormat> = formats.iter().map(|f| TimeFormat::parse(f).unwrap()).collect();
        let mut clock = Clock::new(TimeZone::get(zone).unwrap());
        let (us, precision) = clock.read(text, &formats)?;
        Ok((jiff::Timestamp::from_microsecond(us).unwrap().to_string(), precision))
    }

    #[test]
    fn local_times_are_read_in_the_zone_and_dates_are_days() {
        let formats = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d"];
        let shanghai = |t| read(t, &formats, "Asia/Shanghai");
        assert_eq!(
            shanghai("2025-09-01 00:23:54"),
            Ok(("2025-08-31T16:23:54Z".to_owned(), Precision::Second))
        );
        assert_eq!(
            shanghai("2025-09-03"),
            Ok(("2025-09-02T16:00:00Z".to_owned(), Precision::Day))
        );
        assert_eq!(shanghai("2025-09-31 10:04:11"), Err("September has 30 days".to_owned()));
        assert_eq!(shanghai("2024-02-29").unwrap().0, "2024-02-28T16:00:00Z");
        assert!(shanghai("2025-02-29").unwrap_err().contains("February has 28 days"));
    }

    #[test]
    fn days_on_which_clocks_change_are_resolved_hour_by_hour() {
        let berlin = |t| read(t, &["%Y-%m-%d %H:%M:%S"], "Europe/Berlin").unwrap().0;
        assert_eq!(berlin("2025-03-30 01:59:59"), "2025-03-30T00:59:59Z");
        assert_eq!(berlin("2025-03-30 03:00:00"), "2025-03-30T01:00:00Z");
        assert_eq!(berlin("2025-10-26 04:00:00"), "2025-10-26T03:00:00Z");
    }

    #[test]
    fn every_kind_of_format() {
        for (text, format, expected, precision) in [
            (
                "2025-09-01T00:23:54Z",
                "rfc3339",
                "2025-09-01T00:23:54Z",
                Precision::Second,
            ),
            (
                "2025-09-01T00:23:54.123456+02:00",
                "rfc3339",
                "2025-08-31T22:23:54.123456Z",
                Precision::Micro,
            ),
            ("1254192988", "epoch_s", "2009-09-29T02:56:28Z", Precision::Second),
            ("1254192988.5", "epoch_s", "2009-09-29T02:56:28.5Z", Precision::Second),
            (
                "1254192988123",
                "epoch_ms",
                "2009-09-29T02:56:28.123Z",
                Precision::Milli,
            ),
            (
                "01/09/2025 13:05",
                "%d/%m/%Y %H:%M",
                "2025-09-01T13:05:00Z",
                Precision::Minute,
            ),
            ("01.09.2025", "%d.%m.%Y", "2025-09-01T00:00:00Z", Precision::Day),
        ] {
            assert_eq!(
                read(text, &[format], "UTC"),
                Ok((expected.to_owned(), precision)),
                "{text}"
            );
        }
        assert!(read("99999999999999999999", &["epoch_ms"], "UTC").is_err());
        assert!(TimeFormat::parse("iso").unwrap_err().contains("rfc3339"));
    }
}
