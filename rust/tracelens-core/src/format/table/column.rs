//! A column of a table as one of a few kinds, whatever type Arrow has for it.

use super::super::Value;
use super::super::lines;
use crate::event::Precision;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, LargeStringArray, StringArray, StringViewArray};
use arrow_buffer::{BooleanBuffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, Field, TimeUnit};
use std::sync::Arc;

/// The values of a column.
#[derive(Debug)]
pub(super) enum Kind {
    /// Nothing but nulls.
    Nothing,
    Bool(BooleanBuffer),
    Int(ScalarBuffer<i64>),
    Uint(ScalarBuffer<u64>),
    Float(ScalarBuffer<f64>),
    /// Timestamps in microseconds; zoned: those of UTC, else those that a clock on the wall shows.
    Time {
        micros: ScalarBuffer<i64>,
        precision: Precision,
        zoned: bool,
    },
    Text(Texts),
    /// Codes of texts.
    Coded {
        codes: ScalarBuffer<u32>,
        texts: Texts,
    },
    List {
        ends: OffsetBuffer<i32>,
        elements: Box<Column>,
    },
    /// Lists of keys and values.
    Map {
        ends: OffsetBuffer<i32>,
        keys: Box<Column>,
        values: Box<Column>,
    },
    Struct(Vec<Column>),
    Binary,
}

/// Texts in one of the layouts that Arrow has for them.
#[derive(Debug)]
pub(super) enum Texts {
    Short(StringArray),
    Long(LargeStringArray),
    Views(StringViewArray),
}

impl Texts {
    pub(super) fn value(&self, row: usize) -> &str {
        match self {
            Self::Short(texts) => texts.value(row),
            Self::Long(texts) => texts.value(row),
            Self::Views(texts) => texts.value(row),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Short(texts) => texts.len(),
            Self::Long(texts) => texts.len(),
            Self::Views(texts) => texts.len(),
        }
    }

    fn of(array: &ArrayRef) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Utf8 => Self::Short(array.as_string().clone()),
            DataType::LargeUtf8 => Self::Long(array.as_string().clone()),
            DataType::Utf8View => Self::Views(array.as_string_view().clone()),
            _ => return None,
        })
    }
}

/// A column.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    nulls: Option<NullBuffer>,
    length: usize,
}

impl Column {
    pub(super) fn new(name: &str, array: &ArrayRef) -> Result<Self, ArrowError> {
        let kind = kind(array)?;
        let mut nulls = array.logical_nulls();
        // Where there is no number there is no value.
        if let Kind::Float(numbers) = &kind
            && numbers.iter().any(|n| n.is_nan())
        {
            let known = numbers.iter().map(|n| !n.is_nan()).collect();
            nulls = NullBuffer::union(nulls.as_ref(), Some(&NullBuffer::new(known)));
        }
        Ok(Self {
            name: name.to_owned(),
            kind,
            length: array.len(),
            nulls: nulls.filter(|n| n.null_count() > 0),
        })
    }

    /// The column less what holds binary data; `None`: that is all of it.
    pub(super) fn without_binary(self) -> Option<Self> {
        let kind = match self.kind {
            Kind::Binary => return None,
            Kind::List { ends, elements } => Kind::List {
                ends,
                elements: Box::new(elements.without_binary()?),
            },
            Kind::Map { ends, keys, values } => Kind::Map {
                ends,
                keys,
                values: Box::new(values.without_binary()?),
            },
            Kind::Struct(members) => Kind::Struct(members.into_iter().filter_map(Self::without_binary).collect()),
            other => other,
        };
        Some(Self { kind, ..self })
    }

    pub(super) fn is_null(&self, row: usize) -> bool {
        matches!(self.kind, Kind::Nothing) || self.nulls.as_ref().is_some_and(|n| n.is_null(row))
    }

    pub(super) fn length(&self) -> usize {
        self.length
    }

    pub(super) fn nulls(&self) -> Option<&NullBuffer> {
        self.nulls.as_ref()
    }

    /// Whether its values are texts.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Text(_) | Kind::Coded { .. })
    }

    /// The text of a row, where it is one.
    pub(super) fn text(&self, row: usize) -> Option<&str> {
        match &self.kind {
            _ if self.is_null(row) => None,
            Kind::Text(texts) => Some(texts.value(row)),
            Kind::Coded { codes, texts } => Some(texts.value(codes[row] as usize)),
            _ => None,
        }
    }

    /// What is written of a row that is no text.
    pub(super) fn written(&self, row: usize) -> Written {
        match &self.kind {
            _ if self.is_null(row) => Written::Nothing,
            Kind::Bool(flags) => Written::Bool(flags.value(row)),
            Kind::Int(numbers) => Written::Number(numbers[row].to_string()),
            Kind::Uint(numbers) => Written::Number(numbers[row].to_string()),
            Kind::Float(numbers) if numbers[row].is_finite() => {
                let mut text = Vec::new();
                lines::float(&mut text, numbers[row]);
                Written::Number(String::from_utf8(text).unwrap_or_default())
            }
            Kind::Float(numbers) => Written::Text(numbers[row].to_string()),
            Kind::Time {
                micros,
                precision,
                zoned,
            } => Written::Text(time(micros[row], *precision, *zoned)),
            _ => Written::Nothing,
        }
    }
}

/// A value as it is written in words.
#[derive(Debug)]
pub(super) enum Written {
    Nothing,
    Bool(bool),
    Number(String),
    Text(String),
}

impl Written {
    pub(super) fn value(&self) -> Value<'_> {
        match self {
            Self::Nothing => Value::Missing,
            Self::Bool(b) => Value::Bool(*b),
            Self::Number(s) => Value::Number(s),
            Self::Text(s) => Value::Text(s),
        }
    }
}

/// A timestamp in words, as fine as its column is; one that no calendar holds is not taken for any other.
fn time(micros: i64, precision: Precision, zoned: bool) -> String {
    let Ok(at) = jiff::Timestamp::from_microsecond(micros) else {
        return format!("{micros} us");
    };
    let local = jiff::tz::TimeZone::UTC.to_datetime(at);
    match (precision, zoned) {
        (Precision::Day, _) => local.date().to_string(),
        (Precision::Second, true) => format!("{at:.0}"),
        (Precision::Milli, true) => format!("{at:.3}"),
        (_, true) => format!("{at:.6}"),
        (Precision::Second, false) => format!("{local:.0}"),
        (Precision::Milli, false) => format!("{local:.3}"),
        (_, false) => format!("{local:.6}"),
    }
}

const DAY: i64 = 86_400_000_000;

fn kind(array: &ArrayRef) -> Result<Kind, ArrowError> {
    use DataType as T;
    let as_type = |to: &DataType| cast(array, to).and_then(|array| kind(&array));
    Ok(match array.data_type() {
        T::Null => Kind::Nothing,
        T::Boolean => Kind::Bool(array.as_boolean().values().clone()),
        T::Int64 => Kind::Int(array.as_primitive::<Int64Type>().values().clone()),
        T::Int8 | T::Int16 | T::Int32 | T::Duration(_) => as_type(&T::Int64)?,
        T::UInt64 => Kind::Uint(array.as_primitive::<UInt64Type>().values().clone()),
        T::UInt8 | T::UInt16 | T::UInt32 => as_type(&T::UInt64)?,
        T::Float64 => Kind::Float(array.as_primitive::<Float64Type>().values().clone()),
        T::Float16 | T::Float32 => as_type(&T::Float64)?,
        T::Timestamp(unit, zone) => {
            let (micros, precision) = micros(array, *unit);
            Kind::Time {
                micros,
                precision,
                zoned: zone.is_some(),
            }
        }
        T::Date32 => days(
            array
                .as_primitive::<Date32Type>()
                .values()
                .iter()
                .map(|&day| i64::from(day)),
        ),
        T::Date64 => days(
            array
                .as_primitive::<Date64Type>()
                .values()
                .iter()
                .map(|millis| millis.div_euclid(DAY / 1000)),
        ),
        T::Dictionary(_, to) => match Texts::of(array.as_any_dictionary().values()) {
            Some(texts) => coded(array, texts)?,
            None => as_type(to)?,
        },
        T::RunEndEncoded(_, values) => as_type(values.data_type())?,
        T::List(element) => {
            let list = array.as_list::<i32>();
            Kind::List {
                ends: list.offsets().clone(),
                elements: Box::new(Column::new(element.name(), list.values())?),
            }
        }
        T::LargeList(element) | T::ListView(element) | T::LargeListView(element) | T::FixedSizeList(element, _) => {
            as_type(&T::List(Arc::clone(element)))?
        }
        T::Map(..) => {
            let map = array.as_map();
            Kind::Map {
                ends: map.offsets().clone(),
                keys: Box::new(Column::new("key", map.keys())?),
                values: Box::new(Column::new("value", map.values())?),
            }
        }
        T::Struct(fields) => {
            let columns = fields.iter().zip(array.as_struct().columns());
            let member = |(field, column): (&Arc<Field>, &ArrayRef)| Column::new(field.name(), column);
            Kind::Struct(columns.map(member).collect::<Result<_, _>>()?)
        }
        T::Binary | T::LargeBinary | T::BinaryView | T::FixedSizeBinary(_) | T::Union(..) => Kind::Binary,
        // Decimals keep their digits as text, and so does what is rarer.
        _ => match Texts::of(array) {
            Some(texts) => Kind::Text(texts),
            None => as_type(&T::Utf8View)?,
        },
    })
}

/// Whether values of a type lie inside others, or cannot be read as one.
pub(super) fn is_nested(of: &DataType) -> bool {
    match of {
        DataType::Dictionary(_, values) => is_nested(values),
        DataType::RunEndEncoded(_, values) => is_nested(values.data_type()),
        DataType::Union(..) => true,
        other => other.is_nested(),
    }
}

/// Whether a type is of bytes that are no text.
pub(super) fn is_binary(of: &DataType) -> bool {
    use DataType as T;
    match of {
        T::Dictionary(_, values) => is_binary(values),
        T::RunEndEncoded(_, values) => is_binary(values.data_type()),
        other => matches!(
            other,
            T::Binary | T::LargeBinary | T::BinaryView | T::FixedSizeBinary(_) | T::Union(..)
        ),
    }
}

fn days(of: impl Iterator<Item = i64>) -> Kind {
    Kind::Time {
        micros: of.map(|day| day.saturating_mul(DAY)).collect(),
        precision: Precision::Day,
        zoned: false,
    }
}

fn micros(array: &ArrayRef, unit: TimeUnit) -> (ScalarBuffer<i64>, Precision) {
    let scaled = |values: &[i64], by: i64| values.iter().map(|v| v.saturating_mul(by)).collect();
    match unit {
        TimeUnit::Second => (
            scaled(array.as_primitive::<TimestampSecondType>().values(), 1_000_000),
            Precision::Second,
        ),
        TimeUnit::Millisecond => (
            scaled(array.as_primitive::<TimestampMillisecondType>().values(), 1_000),
            Precision::Milli,
        ),
        TimeUnit::Microsecond => (
            array.as_primitive::<TimestampMicrosecondType>().values().clone(),
            Precision::Micro,
        ),
        TimeUnit::Nanosecond => {
            let nanos = array.as_primitive::<TimestampNanosecondType>().values();
            (nanos.iter().map(|v| v.div_euclid(1_000)).collect(), Precision::Micro)
        }
    }
}

fn coded(array: &ArrayRef, texts: Texts) -> Result<Kind, ArrowError> {
    let keys = array.as_any_dictionary().keys();
    let codes = if let Some(keys) = keys.as_primitive_opt::<Int32Type>() {
        // A key that is not null is never below 0.
        ScalarBuffer::from(keys.values().inner().clone())
    } else {
        let keys = cast(keys, &DataType::UInt32)?;
        keys.as_primitive::<UInt32Type>().values().clone()
    };
    Ok(Kind::Coded { codes, texts })
}
