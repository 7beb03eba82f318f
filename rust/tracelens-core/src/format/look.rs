//! The value of a field in one row: found, stripped, mapped, measured.

use super::emit::{Bad, FileContext, UNWANTED};
use super::{Row, Value};
use crate::error::{Code, Error};
use crate::mapping::Plan;
use crate::mapping::field::{Field, Source, Unmapped};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// From here on not every whole number has a float of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;

pub(super) fn bad_value(text: &str, expected: &str) -> Box<Bad> {
    let error = Error::new(Code::BadValue, format!("{text:?} is no such value"))
        .help("correct the value or the mapping, or drop such rows with --on-bad-row drop");
    let mut bad = Bad::new("bad value", error);
    bad.text = Some(text.to_owned());
    expected.clone_into(&mut bad.label);
    bad
}

pub(super) fn happened(plan: &Plan, row: &impl Row, action: &str) -> bool {
    if let Some(test) = &plan.occurred {
        return match field_value(&test.field, row) {
            Value::Missing => true,
            value => value.truth(),
        };
    }
    plan.happened
        .get(action)
        .is_none_or(|flags| flags.iter().any(|f| field_value(&f.field, row).truth()))
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

/// Looks up fields in one row.
pub(super) struct Look<'a, R> {
    pub(super) row: &'a R,
    pub(super) file: &'a FileContext,
    pub(super) position: u64,
    /// Values that a map did not know and that were kept.
    pub(super) unmapped: BTreeMap<(String, String), u64>,
}

impl<'a, R: Row> Look<'a, R> {
    /// The text of a field that has one; an empty text is none.
    pub(super) fn optional(&mut self, field: Option<&'a Field>) -> Result<Option<Cow<'a, str>>, Box<Bad>> {
        match field {
            Some(f) => Ok(self.text(f)?.filter(|t| !t.is_empty())),
            None => Ok(None),
        }
    }

    pub(super) fn text(&mut self, field: &'a Field) -> Result<Option<Cow<'a, str>>, Box<Bad>> {
        let Some(mut text) = self.found(field)? else {
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
            Source::Path(path) => {
                let value = self.row.path(*path);
                if let Value::Float(f) = value
                    && f.fract() == 0.0
                    && f.abs() >= EXACT
                {
                    return Err(bad_value(
                        &format!("{f}"),
                        "a number this large has lost digits: write ids as text",
                    ));
                }
                value.text()
            }
            Source::Key(level) => self.row.key(*level).map(Cow::Borrowed),
            Source::Index(level) => self.row.index(*level).map(|i| Cow::Owned(i.to_string())),
            Source::Column(number) => self.row.column(*number).text(),
            Source::File(part) => match &field.pattern {
                None => Some(Cow::Borrowed(self.file.part(*part))),
                Some(regex) => regex
                    .captures(self.file.part(*part))
                    .and_then(|c| c.get(1))
                    .map(|m| Cow::Borrowed(m.as_str())),
            },
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
                let mut parts = Vec::new();
                for f in fields {
                    parts.extend(self.optional(Some(f))?);
                }
                (!parts.is_empty()).then(|| Cow::Owned(parts.join(separator)))
            }
        })
    }

    pub(super) fn number(&mut self, field: Option<&'a Field>) -> Result<Option<f64>, Box<Bad>> {
        let Some(field) = field else { return Ok(None) };
        if field.map.is_none() && field.strip.is_empty() && !field.measure {
            match field_value(field, self.row) {
                Value::Int(i) => return Ok(Some(i as f64)),
                Value::Uint(u) => return Ok(Some(u as f64)),
                Value::Float(f) => return Ok(Some(f)),
                Value::Bool(b) => return Ok(Some(f64::from(u8::from(b)))),
                _ => {}
            }
        }
        let Some(text) = self.optional(Some(field))? else {
            return Ok(None);
        };
        match text.trim() {
            "NaN" | "nan" | "null" | "NA" => Ok(None),
            trimmed => trimmed
                .parse()
                .map(Some)
                .map_err(|_| bad_value(&text, "expected a number")),
        }
    }
}
