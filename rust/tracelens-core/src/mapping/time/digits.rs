//! Dates and times of day digit by digit, and what can be wrong with them. Nothing here allocates until it is said.

use crate::event::Precision;
use std::fmt;

/// Why a text is no timestamp. It becomes text only where no format fits.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    /// It is written in another way.
    Expected(&'static str),
    /// strptime says so.
    Strptime(jiff::Error),
    /// It is written as expected and says something impossible.
    Value(&'static str),
    Month(i64),
    Day(&'static str, i64),
    /// strptime read it, and what it says is impossible.
    Impossible(jiff::Error),
    /// Before or after all that can be named.
    Beyond,
}

impl Fault {
    /// Whether another format may well fit.
    pub(super) fn is_of_shape(&self) -> bool {
        matches!(self, Self::Expected(_) | Self::Strptime(_))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expected(what) => write!(f, "expected {what}"),
            Self::Strptime(why) => write!(f, "expected another text: {}", cause(why)),
            Self::Value(why) => f.write_str(why),
            Self::Month(month) => write!(f, "there is no month {month}"),
            Self::Day(month, days) => write!(f, "{month} has {days} days"),
            Self::Impossible(why) => f.write_str(&cause(why)),
            Self::Beyond => f.write_str("beyond the years of the calendar"),
        }
    }
}

/// What jiff says, less which of its functions says it.
pub(super) fn cause(error: &jiff::Error) -> String {
    let said = error.to_string();
    [
        "strptime parsing failed: ",
        "strftime formatting failed: ",
        "date required to parse datetime: ",
    ]
    .into_iter()
    .fold(said, |said, who| said.replacen(who, "", 1))
}

/// How fine a second with so many decimals is.
pub(super) fn precision(decimals: usize) -> Precision {
    match decimals {
        0 => Precision::Second,
        1..=3 => Precision::Milli,
        _ => Precision::Micro,
    }
}

/// How many digits follow the last point.
pub(super) fn decimals(text: &str) -> usize {
    let digits = |after: &str| after.bytes().take_while(u8::is_ascii_digit).count();
    text.rsplit_once('.').map_or(0, |(_, after)| digits(after))
}

fn two(bytes: [u8; 2]) -> Option<i64> {
    let [a, b] = bytes.map(|b| b.wrapping_sub(b'0'));
    (a < 10 && b < 10).then_some(i64::from(a) * 10 + i64::from(b))
}

/// Microseconds of HH:MM:SS. A leap second, 60, is the second before it; a day ends before 24:00.
pub(super) fn time_of_day(bytes: [u8; 8]) -> Result<i64, Fault> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = bytes else {
        return Err(Fault::Expected("HH:MM:SS"));
    };
    let (Some(h), Some(m), Some(s)) = (two([h1, h2]), two([m1, m2]), two([s1, s2])) else {
        return Err(Fault::Expected("HH:MM:SS"));
    };
    if h > 23 || m > 59 || s > 60 {
        return Err(Fault::Value("no such time of day"));
    }
    Ok((h * 3600 + m * 60 + s.min(59)) * 1_000_000)
}

/// Date, time of day, microseconds and precision of a text that is written just so.
pub(super) fn date_time<'a>(
    bytes: &'a [u8],
    between: u8,
    with_fraction: bool,
    rest: &[u8],
) -> Option<(&'a [u8; 10], [u8; 8], i64, Precision)> {
    let (date, after) = bytes.split_first_chunk()?;
    let (clock, after) = after.strip_prefix(&[between])?.split_first_chunk()?;
    let (us, precision, after) = match after {
        [b'.', decimals @ ..] if with_fraction => fraction(decimals)?,
        _ => (0, Precision::Second, after),
    };
    (after == rest).then_some((date, *clock, us, precision))
}

/// Microseconds of the decimals of a second, how fine they are, and what stands after them.
fn fraction(bytes: &[u8]) -> Option<(i64, Precision, &[u8])> {
    let decimals = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    if !(1..=9).contains(&decimals) {
        return None;
    }
    let (digits, rest) = bytes.split_at(decimals);
    let digit = |i: usize| digits.get(i).map_or(0, |d| i64::from(d - b'0'));
    let us = (0..6).fold(0, |us, i| us * 10 + digit(i));
    Some((us, precision(decimals), rest))
}

/// Microseconds of `Z` or `+hh:mm`.
fn offset(bytes: &[u8]) -> Option<i64> {
    match *bytes {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (h, m) = (two([h1, h2])?, two([m1, m2])?);
            let seconds = h * 3600 + m * 60;
            let signed = if sign == b'-' { -seconds } else { seconds };
            (h < 24 && m < 60).then_some(signed * 1_000_000)
        }
        _ => None,
    }
}

/// The parts of an ISO 8601 timestamp.
pub(super) struct Stamp<'a> {
    pub(super) date: &'a [u8; 10],
    pub(super) clock: [u8; 8],
    /// Microseconds.
    pub(super) fraction: i64,
    pub(super) precision: Precision,
    /// Microseconds, where there is one.
    pub(super) offset: Option<i64>,
}

/// The parts of `2025-09-01T00:23:54`, with decimals and an offset if they are there.
pub(super) fn stamp(bytes: &[u8]) -> Option<Stamp<'_>> {
    let (date, rest) = bytes.split_first_chunk::<10>()?;
    let [b'T' | b't' | b' ', rest @ ..] = rest else {
        return None;
    };
    let (clock, rest) = rest.split_first_chunk::<8>()?;
    let (us, precision, rest) = match rest {
        [b'.', decimals @ ..] => fraction(decimals)?,
        _ => (0, Precision::Second, rest),
    };
    let offset = match rest {
        [] => None,
        written => Some(offset(written)?),
    };
    Some(Stamp {
        date,
        clock: *clock,
        fraction: us,
        precision,
        offset,
    })
}

/// Days since 1970 of YYYY-MM-DD.
pub(super) fn day(bytes: &[u8; 10]) -> Result<i64, Fault> {
    let expected = Fault::Expected("YYYY-MM-DD");
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *bytes else {
        return Err(expected);
    };
    let (Some(century), Some(of_century), Some(month), Some(day)) =
        (two([y1, y2]), two([y3, y4]), two([m1, m2]), two([d1, d2]))
    else {
        return Err(expected);
    };
    let year = century * 100 + of_century;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let (name, length) = match (month, leap) {
        (2, true) => ("February", 29),
        (1..=12, _) => MONTHS[month as usize - 1],
        _ => return Err(Fault::Month(month)),
    };
    if !(1..=length).contains(&day) {
        return Err(Fault::Day(name, length));
    }
    // Days from the civil calendar, after H. Hinnant's algorithm: the year starts in March.
    let y = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (y.div_euclid(400), y.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Ok(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

const MONTHS: [(&str, i64); 12] = [
    ("January", 31),
    ("February", 28),
    ("March", 31),
    ("April", 30),
    ("May", 31),
    ("June", 30),
    ("July", 31),
    ("August", 31),
    ("September", 30),
    ("October", 31),
    ("November", 30),
    ("December", 31),
];
