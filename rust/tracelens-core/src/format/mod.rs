//! Bytes -> events, driven by the plan. One file a layout; what they share is here and in `emit`.

pub mod delimited;
mod emit;
pub mod json;
mod node;

pub use emit::{Batch, FileContext, OnBadRow, Reason};

use std::borrow::Cow;

/// A value as a log has it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    /// There is none, or it is null.
    Missing,
    /// true or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number beyond the signed ones.
    Uint(u64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(&'a str),
    /// A list or an object: no value of a field.
    Nested,
}

impl<'a> Value<'a> {
    /// As text; nothing for a missing or nested value.
    pub(crate) fn text(&self) -> Option<Cow<'a, str>> {
        match self {
            Self::Missing | Self::Nested => None,
            Self::Bool(b) => Some(Cow::Borrowed(if *b { "true" } else { "false" })),
            Self::Int(i) => Some(Cow::Owned(i.to_string())),
            Self::Uint(u) => Some(Cow::Owned(u.to_string())),
            Self::Float(f) => Some(Cow::Owned(f.to_string())),
            Self::Text(s) => Some(Cow::Borrowed(s)),
        }
    }

    /// Whether a flag is set: true, a number above 0, or a text that says so.
    pub(crate) fn truth(&self) -> bool {
        match self {
            Self::Missing | Self::Nested => false,
            Self::Bool(b) => *b,
            Self::Int(i) => *i > 0,
            Self::Uint(u) => *u > 0,
            Self::Float(f) => *f > 0.0,
            Self::Text(s) => match s.trim() {
                "" | "0" | "false" | "False" | "FALSE" | "no" | "n" | "f" => false,
                other => other.parse::<f64>().map_or(true, |n| n > 0.0),
            },
        }
    }
}

/// A row of a log, whatever it is made of.
pub(crate) trait Row {
    /// The value at a path.
    fn path(&self, path: &crate::mapping::path::FieldPath) -> Value<'_>;
    /// The object key at an explode level.
    fn key(&self, level: usize) -> Option<&str>;
    /// The position at an explode level.
    fn index(&self, level: usize) -> Option<usize>;
    /// A column by number.
    fn column(&self, number: usize) -> Value<'_>;
}
