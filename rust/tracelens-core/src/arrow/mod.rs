//! Events as Arrow record batches of one canonical schema, and back: the door to polars, duckdb, pyarrow and pandas.

mod export;
mod import;

pub use export::to_record_batch;
pub use import::from_record_batch;

use crate::error::{Code, Error, Result, closest};
use crate::event::COLUMNS;
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use std::sync::Arc;

/// The schema of canonical events; with `columns` only these, in their order.
pub fn schema(columns: Option<&[String]>) -> Result<SchemaRef> {
    let fields = names(columns).map(field).collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(Schema::new(fields)))
}

/// The asked columns, or all.
fn names(columns: Option<&[String]>) -> Box<dyn Iterator<Item = &str> + '_> {
    match columns {
        Some(columns) => Box::new(columns.iter().map(String::as_str)),
        None => Box::new(COLUMNS.into_iter()),
    }
}

/// The canonical field of this name.
fn field(name: &str) -> Result<Field> {
    // Views and u32 codes are what polars takes without a copy; pyarrow and duckdb take them too.
    let text = DataType::Utf8View;
    let coded = || DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::Utf8));
    let (data_type, nullable) = match name {
        "user" => (text, false),
        "time" => (DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true),
        "time_precision" | "role" => (coded(), false),
        "scenario" | "action" | "category" => (coded(), true),
        "seq" | "count" => (DataType::UInt32, false),
        "valence" => (DataType::Int8, false),
        "occurred" => (DataType::Boolean, false),
        "item" | "text" => (text, true),
        "value" => (DataType::Float64, true),
        "record" => (DataType::UInt64, false),
        other => {
            let error = Error::new(Code::BadOption, format!("events have no column {other:?}"))
                .note(format!("columns: {}", COLUMNS.join(", ")));
            return Err(match closest(other, COLUMNS) {
                Some(near) => error.help(format!("did you mean {near:?}?")),
                None => error,
            });
        }
    };
    Ok(Field::new(name, data_type, nullable))
}

#[cfg(test)]
mod tests;
