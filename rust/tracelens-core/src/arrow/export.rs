//! Events -> a record batch.

use super::{names, schema};
use crate::error::{Code, Error, Result};
use crate::event::{Coded, EventBatch, NO_CODE, NO_TIME, Precision, Role};
use arrow_array::types::UInt32Type;
use arrow_array::{
    ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int8Array, RecordBatch, RecordBatchOptions, StringArray,
    StringViewArray, TimestampMicrosecondArray, UInt32Array, UInt64Array,
};
use arrow_buffer::NullBuffer;
use arrow_schema::ArrowError;
use std::sync::Arc;

/// The events in canonical columns; with `columns` only these, in their order.
pub fn to_record_batch(events: &EventBatch, columns: Option<&[String]>) -> Result<RecordBatch> {
    let schema = schema(columns)?;
    let arrays = names(columns)
        .map(|name| column(events, name))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| internal(&e))?;
    let rows = RecordBatchOptions::new().with_row_count(Some(events.len()));
    RecordBatch::try_new_with_options(schema, arrays, &rows).map_err(|e| internal(&e))
}

fn column(events: &EventBatch, name: &str) -> Result<ArrayRef, ArrowError> {
    Ok(match name {
        "user" => views(events, &events.user)?,
        "time" => {
            let known = nulls(&events.time, |&t| t != NO_TIME);
            let time = TimestampMicrosecondArray::new(events.time.clone().into(), known);
            Arc::new(time.with_timezone("UTC"))
        }
        "time_precision" => {
            let codes = events.precision.iter().map(|&p| p as u32).collect();
            dictionary(codes, Precision::ALL.into_iter().map(Precision::name))?
        }
        "role" => {
            let codes = events.role.iter().map(|&r| r as u32).collect();
            dictionary(codes, Role::ALL.into_iter().map(Role::name))?
        }
        "seq" => Arc::new(each(events, EventBatch::seq).collect::<UInt32Array>()),
        "scenario" => coded(events, &events.scenario)?,
        "action" => coded(events, &events.action)?,
        "category" => coded(events, &events.category)?,
        "valence" => Arc::new(Int8Array::from(events.valence.clone())),
        "occurred" => Arc::new(BooleanArray::from(events.occurred.clone())),
        "item" => views(events, &events.item)?,
        "value" => {
            let known = |v: f64| Some(v).filter(|v| !v.is_nan());
            Arc::new(each(events, EventBatch::value).map(known).collect::<Float64Array>())
        }
        "count" => Arc::new(each(events, EventBatch::count).collect::<UInt32Array>()),
        "text" if events.text.is_empty() => Arc::new(StringViewArray::new_null(events.len())),
        "text" => Arc::new(events.text.iter().collect::<StringViewArray>()),
        "record" => Arc::new((0..events.len()).map(|row| events.record(row)).collect::<UInt64Array>()),
        other => return Err(ArrowError::SchemaError(format!("no column {other}"))),
    })
}

fn each<T>(events: &EventBatch, of: impl Fn(&EventBatch, usize) -> T) -> impl Iterator<Item = T> {
    (0..events.len()).map(move |row| of(events, row))
}

/// Which rows have a value; `None` if all have.
fn nulls<T>(values: &[T], known: impl Fn(&T) -> bool) -> Option<NullBuffer> {
    Some(values.iter().map(known).collect::<NullBuffer>()).filter(|n| n.null_count() > 0)
}

/// The codes of a column, which may be missing.
fn codes(events: &EventBatch, column: &Coded) -> Vec<u32> {
    if column.codes.is_empty() {
        return vec![NO_CODE; events.len()];
    }
    column.codes.clone()
}

fn keys(codes: Vec<u32>) -> UInt32Array {
    let known = nulls(&codes, |&c| c != NO_CODE);
    UInt32Array::new(codes.into(), known)
}

fn dictionary<'a>(codes: Vec<u32>, values: impl Iterator<Item = &'a str>) -> Result<ArrayRef, ArrowError> {
    let values: StringArray = values.map(Some).collect();
    Ok(Arc::new(DictionaryArray::<UInt32Type>::try_new(
        keys(codes),
        Arc::new(values),
    )?))
}

fn coded(events: &EventBatch, column: &Coded) -> Result<ArrayRef, ArrowError> {
    dictionary(codes(events, column), column.pool.iter())
}

/// A string view a row, all into one copy of the pool.
fn views(events: &EventBatch, column: &Coded) -> Result<ArrayRef, ArrowError> {
    let pool: StringViewArray = column.pool.iter().map(Some).collect();
    arrow_select::take::take(&pool, &keys(codes(events, column)), None)
}

fn internal(error: &ArrowError) -> Error {
    Error::new(Code::Frame, format!("these events cannot be put into a frame: {error}"))
}
