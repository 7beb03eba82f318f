//! The value of a field in one row: found, stripped, mapped, measured; and what is asked of it.

use super::batch::{Bad, FileContext, UNWANTED};
use super::{Row, Value};
use crate::error::{Code, Error};
use crate::mapping::field::{Field, Source, Unmapped};
use crate::mapping::test::{Check, Test};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// From here on not every whole number has a float of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A number as the whole number that it is.
pub(super) fn whole(number: f64) -> Option<u32> {
    let fits = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
    fits.then_some(number as u32)
}

pub(super) fn bad_value(text: &str, expected: &str) -> Box<Bad> {
    let error = Error::new(Code::BadValue, format!("{text:?} is no such value"))
        .help("correct the value or the mapping, or drop such rows with --on-bad-row drop");
    let mut bad = Bad::new("bad value", error);
    bad.text = Some(text.to_owned());
    expected.clone_into(&mut bad.label);
    bad
}

/// The raw value of a field without maps: of the first that has one.
pub(super) fn field_value<'r>(field: &Field, row: &'r impl Row) -> Value<'r> {
    match &field.source {
        Source::Path(path) => row.path(*path),
        Source::Column(number) => row.column(*number),
        Source::First(fields) => fields
            .iter()
            .map(|f| field_value(f, row))
            .find(|v| *v != Value::Missing)
            .unwrap_or(Value::Missing),
        _ => Value::Missing,
    }
}

/// Whether the value of a field is what stands at its path, and nothing is done to it.
pub(super) fn is_plain(field: &Field) -> bool {
    matches!(field.source, Source::Path(_) | Source::Column(_))
        && field.pattern.is_none()
        && field.map.is_none()
        && field.strip.is_empty()
        && field.default.is_none()
        && field.prefix.is_empty()
        && !field.measure
}

/// Whether numbers of a field are taken as they are.
pub(super) fn is_unscaled(field: &Field) -> bool {
    field.scale.to_bits() == 1.0_f64.to_bits() && field.offset.to_bits() == 0.0_f64.to_bits()
}

/// Values kept though a map did not know them: by map and value.
pub(super) type UnmappedValues = BTreeMap<(String, String), u64>;

/// Looks up fields in one row.
pub(super) struct Look<'a, R> {
    pub(super) row: &'a R,
    pub(super) context: &'a FileContext,
    pub(super) position: u64,
    pub(super) unmapped: &'a mut UnmappedValues,
}

impl<'a, R: Row> Look<'a, R> {
    /// The text of a field that has one; an empty text is none.
    pub(super) fn optional(&mut self, field: Option<&'a Field>) -> Result<Option<Cow<'a, str>>, Box<Bad>> {
        match field {
            Some(f) => Ok(self.text(f)?.filter(|t| !t.is_empty())),
            None => Ok(None),
        }
    }

    /// What `read` gives, and the unmapped values that were met in it.
    pub(super) fn noting<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> (T, UnmappedValues) {
        let before = std::mem::take(self.unmapped);
        let found = read(self);
        let noted = std::mem::replace(self.unmapped, before);
        self.note(&noted);
        (found, noted)
    }

    /// Count unmapped values of another row as those of this one.
    pub(super) fn note(&mut self, noted: &UnmappedValues) {
        for (value, n) in noted {
            *self.unmapped.entry(value.clone()).or_insert(0) += n;
        }
    }

    pub(super) fn text(&mut self, field: &'a Field) -> Result<Option<Cow<'a, str>>, Box<Bad>> {
        let mut found = self.found(field)?;
        if let Some(pattern) = &field.pattern {
            found = found.and_then(|text| group(pattern, text));
        }
        let Some(mut text) = found else {
            return Ok(field.default.as_deref().map(Cow::Borrowed));
        };
        for affix in &field.strip {
            let bare = text
                .trim()
                .trim_start_matches(affix.as_str())
                .trim_end_matches(affix.as_str())
                .trim();
            text = Cow::Owned(bare.to_owned());
        }
        if let Some(map) = &field.map {
            match map.values.get(text.as_ref()) {
                Some(to) => text = Cow::Borrowed(to),
                None if field.unmapped == Unmapped::Keep => {
                    *self.unmapped.entry((map.name.clone(), text.to_string())).or_insert(0) += 1;
                }
                None => {
                    let said = format!("[map.{}] does not know the value {text:?}", map.name);
                    let help = "add the value to the map, or say unmapped = \"keep\" or \"drop\"";
                    let mut bad = Bad::new("unmapped value", Error::new(Code::Unmapped, said).help(help));
                    if field.unmapped == Unmapped::Drop {
                        (bad.wanted, bad.reason) = (true, UNWANTED);
                    }
                    bad.mark(field_value(field, self.row));
                    bad.text = Some(text.into_owned());
                    return Err(bad);
                }
            }
        }
        if field.measure {
            text = Cow::Owned(text.chars().count().to_string());
        }
        if !field.prefix.is_empty() {
            text = Cow::Owned(format!("{}{text}", field.prefix));
        }
        Ok(Some(text))
    }

    /// The text at the field's source.
    fn found(&mut self, field: &'a Field) -> Result<Option<Cow<'a, str>>, Box<Bad>> {
        Ok(match &field.source {
            Source::Path(path) => exact(self.row.path(*path))?,
            Source::Key(level) => self.row.key(*level).map(Cow::Borrowed),
            Source::Index(level) => self.row.index(*level).map(|i| Cow::Owned(i.to_string())),
            Source::Column(number) => self.row.column(*number).text(),
            Source::File(part) => Some(Cow::Borrowed(self.context.part(*part))),
            Source::Constant(text) => Some(Cow::Borrowed(text.as_str())),
            Source::Position => Some(Cow::Owned(self.position.to_string())),
            Source::First(fields) => {
                for f in fields {
                    let first = self.optional(Some(f))?;
                    if first.is_some() {
                        return Ok(first);
                    }
                }
                None
            }
            Source::Join(fields, separator) => {
                let mut parts: Vec<Cow<str>> = Vec::new();
                for f in fields {
                    match &f.source {
                        Source::Path(path) if is_plain(f) => {
                            self.row
                                .every(*path, &mut |value| parts.extend(value.text().filter(|t| !t.is_empty())));
                        }
                        _ => parts.extend(self.optional(Some(f))?),
                    }
                }
                (!parts.is_empty()).then(|| Cow::Owned(parts.join(separator)))
            }
        })
    }

    /// The number of a field that has one.
    pub(super) fn number(&mut self, field: Option<&'a Field>) -> Result<Option<f64>, Box<Bad>> {
        let Some(field) = field else { return Ok(None) };
        let number = if is_plain(field) {
            match field_value(field, self.row) {
                Value::Missing => None,
                Value::Bool(b) => Some(f64::from(u8::from(b))),
                Value::Number(written) => Some(decimal(written)),
                value => {
                    let text = value.text().unwrap_or_default();
                    parse_number(&text, value)?
                }
            }
        } else {
            match self.optional(Some(field))? {
                None => None,
                Some(text) => parse_number(&text, field_value(field, self.row))?,
            }
        };
        Ok(number.map(|n| n * field.scale + field.offset))
    }

    /// The whole number of a field that has one: a count, or a place in an order.
    pub(super) fn whole(&mut self, field: Option<&'a Field>) -> Result<Option<u32>, Box<Bad>> {
        let Some(number) = self.number(field)? else {
            return Ok(None);
        };
        whole(number).map(Some).ok_or_else(|| {
            let text = self.optional(field).ok().flatten().unwrap_or_default();
            let mut bad = bad_value(&text, "expected a whole number from 0 to 4294967295");
            if let Some(field) = field {
                bad.mark(field_value(field, self.row));
            }
            bad
        })
    }

    /// Whether a test holds.
    pub(super) fn holds(&mut self, test: &'a Test) -> Result<bool, Box<Bad>> {
        let field = &test.field;
        Ok(match &test.check {
            Check::True => match &field.source {
                Source::Path(path) if is_plain(field) => {
                    let mut any = false;
                    self.row.every(*path, &mut |value| any |= value.truth());
                    any
                }
                _ if is_plain(field) => field_value(field, self.row).truth(),
                _ => self.text(field)?.is_some_and(|text| Value::Text(&text).truth()),
            },
            Check::Is(values) => match &field.source {
                Source::Path(path) if is_plain(field) => {
                    let mut any = false;
                    self.row.every(*path, &mut |value| {
                        any |= value.text().is_some_and(|text| values.iter().any(|v| *v == text));
                    });
                    any
                }
                _ => self.text(field)?.is_some_and(|text| values.iter().any(|v| *v == text)),
            },
            Check::Not(values) => self
                .optional(Some(field))?
                .is_some_and(|text| values.iter().all(|v| *v != text)),
            Check::Above(limit) => self.number(Some(field))?.is_some_and(|n| n > *limit),
            Check::Below(limit) => self.number(Some(field))?.is_some_and(|n| n < *limit),
            Check::Present(wanted) => {
                let nested = matches!(field_value(field, self.row), Value::Nested(_));
                (nested || self.optional(Some(field))?.is_some()) == *wanted
            }
        })
    }
}

/// The text of a value that has kept all its digits; a float beyond these is whole, or no number at all.
fn exact(value: Value<'_>) -> Result<Option<Cow<'_, str>>, Box<Bad>> {
    if let Value::Number(written) = value
        && written.contains(['.', 'e', 'E'])
        && written.parse().is_ok_and(|n: f64| n.abs() >= EXACT)
    {
        let mut bad = bad_value(written, "a number this large has lost digits: write ids as text");
        bad.mark(value);
        return Err(bad);
    }
    Ok(value.text())
}

/// What a pattern's group finds in a text.
fn group<'a>(pattern: &regex_lite::Regex, text: Cow<'a, str>) -> Option<Cow<'a, str>> {
    let range = pattern.captures(&text)?.get(1)?.range();
    Some(match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[range]),
        Cow::Owned(text) => Cow::Owned(text[range].to_owned()),
    })
}

/// Powers of ten that a float holds exactly.
const TENS: [f64; 16] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
];

/// The number that is written, rounded as it should be: of few digits by one exact division (Clinger 1990).
#[inline]
pub(super) fn decimal(written: &str) -> f64 {
    let bytes = written.as_bytes();
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let (mut whole, mut point) = (0u64, None);
    if digits.len() <= 16 {
        for (i, &b) in digits.iter().enumerate() {
            match b {
                b'0'..=b'9' => whole = whole * 10 + u64::from(b - b'0'),
                b'.' if point.is_none() => point = Some(i + 1),
                _ => return written.parse().unwrap_or(f64::NAN),
            }
        }
        if whole < 1 << 53 {
            let size = whole as f64 / TENS[point.map_or(0, |p| digits.len() - p)];
            return if bytes.len() == digits.len() { size } else { -size };
        }
    }
    written.parse().unwrap_or(f64::NAN)
}

/// Whether a text is a number in digits and nothing else.
#[inline]
pub(super) fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.bytes().filter(|&b| b == b'.').count() <= 1
        && digits.as_bytes().first().is_some_and(u8::is_ascii_digit)
        && digits.as_bytes().last().is_some_and(u8::is_ascii_digit)
}

fn parse_number(text: &str, value: Value) -> Result<Option<f64>, Box<Bad>> {
    match text.trim() {
        "" | "NaN" | "nan" | "null" | "NA" => Ok(None),
        trimmed => trimmed.parse().map(Some).map_err(|_| {
            let mut bad = bad_value(text, "expected a number");
            bad.mark(value);
            bad
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_are_rounded_as_they_should_be(text in "-?(0|[1-9][0-9]{0,17})([.][0-9]{1,9})?([eE][+-]?[0-9]{1,2})?") {
            prop_assert_eq!(decimal(&text).to_bits(), text.parse::<f64>().unwrap().to_bits());
        }
    }
}
