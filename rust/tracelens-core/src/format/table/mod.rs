//! Tables of Arrow -> events: by columns where each field is made of whole columns, else as lines of JSON.
//!
//! What a table has no place for (elements of lists, members of structures, rows exploded from one, flags melted into actions)
//! is left to the parser of JSON, so that both say the same of it.

mod classes;
mod column;
mod events;
mod rows;
mod times;
mod write;

use super::batch::Batch;
use super::columns::Columns;
use super::head::Head;
use super::task::{File, Origin};
use crate::error::{Code, Error, Place, Result};
use crate::mapping::Plan;
use crate::mapping::field::{Field, Source};
use crate::mapping::path::{Each, Step};
use crate::mapping::time::TimeFormat;
use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, DataType, Schema};
use column::{Column, is_binary, is_nested};
use rows::Rows;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Read from a damaged file: some decoders panic at what makes no sense rather than say so.
pub(super) fn guarded<T, E: From<std::io::Error>>(read: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    let nonsense = || std::io::Error::new(std::io::ErrorKind::InvalidData, "it makes no sense");
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(nonsense().into()))
}

/// How the tables of a file are read: they all have the same columns.
#[derive(Debug)]
pub(super) struct Table {
    file: Arc<File>,
    /// Columns to read, by number.
    pub(super) read: Vec<usize>,
    /// What is read inside them: a column and the steps from it.
    pub(super) inside: Vec<(usize, Vec<Step>)>,
    /// The column of each path of the plan, among those that are read.
    of_path: Vec<Option<usize>>,
    by_columns: bool,
}

impl Table {
    /// Of a file whose tables have these columns.
    pub(super) fn new(file: &File, schema: &Schema) -> Result<Self> {
        let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        let columns = Columns::find(file, &names, &Place::file(&file.path))?;
        if let Some(&binary) = columns.read.iter().find(|&&c| is_binary(schema.field(c).data_type())) {
            let said = format!("the column \"{}\" holds binary data", names[binary]);
            return Err(Error::new(Code::BadValue, said)
                .at(Place::file(&file.path))
                .help("have it written as text, or leave it out of the mapping"));
        }
        let among = |column: usize| columns.read.binary_search(&column).ok();
        Ok(Self {
            by_columns: is_by_columns(&columns, schema),
            file: with_native_times(&columns, schema),
            of_path: columns.of_path.iter().map(|c| c.and_then(among)).collect(),
            read: columns.read,
            inside: columns.inside,
        })
    }

    /// The events of rows, the first of which is the `first` row called `name`; the batch has the columns that are read.
    pub(super) fn events(&self, batch: &RecordBatch, name: &str, first: u64) -> Batch {
        let columns = match columns(batch) {
            Ok(columns) => columns,
            Err(e) => {
                let error = Error::new(Code::Syntax, format!("a column cannot be read: {e}"));
                return Batch::failed(error.at(Place::file(&self.file.path)));
            }
        };
        if self.by_columns {
            let rows = Rows::new(&self.file, &columns, &self.of_path, batch.num_rows());
            return events::events(&rows, name, first);
        }
        let place = |row: usize| Place {
            element: Some(format!("{name} {}", first + row as u64)),
            ..Place::file(&self.file.path)
        };
        let lines = write::rows(&self.file, &columns, 0..batch.num_rows(), place);
        let name = name.to_owned();
        lines.into_batch(&self.file, Origin::Rows { name, first }, first - 1)
    }
}

fn columns(of: &RecordBatch) -> Result<Vec<Column>, ArrowError> {
    let fields = of.schema_ref().fields().iter();
    fields
        .zip(of.columns())
        .map(|(field, array)| Column::new(field.name(), array))
        .collect()
}

/// The beginning of a file whose tables have these columns, to which rows are added.
pub(super) fn head(schema: &Schema, rows: usize) -> Head {
    Head::new(Some(schema.fields().iter().map(|f| f.name().clone()).collect()), rows)
}

/// Add rows to the beginning of a file, as far as there is room.
pub(super) fn add_rows(head: &mut Head, batch: &RecordBatch) -> Result<(), ArrowError> {
    let rows = batch.num_rows().min(head.room());
    write::first_rows(head, columns(&batch.slice(0, rows))?, rows);
    Ok(())
}

/// Whether all that is asked for are whole columns, and a row is one event.
fn is_by_columns(columns: &Columns, schema: &Schema) -> bool {
    let plan = columns.file.plan.as_ref();
    let one_row = matches!(plan.levels.as_slice(), [only] if only.steps.is_empty() && only.each == Each::Whole);
    let whole = |path: usize| match columns.of_path[path] {
        Some(column) => plan.paths[path].steps.len() == 1 && !is_nested(schema.field(column).data_type()),
        None => !plan.paths[path].steps.is_empty(),
    };
    let by_position = |field: &Field| plan.seq.as_ref().is_some_and(|seq| std::ptr::eq(seq, field));
    one_row
        && plan.melt.is_empty()
        && plan.unique.is_empty()
        && plan.fields().all(|field| match &field.source {
            Source::Position => by_position(field),
            _ => is_of_columns(field, &whole),
        })
}

fn is_of_columns(field: &Field, whole: &impl Fn(usize) -> bool) -> bool {
    match &field.source {
        Source::Path(path) => whole(*path),
        Source::First(fields) | Source::Join(fields, _) => fields.iter().all(|f| is_of_columns(f, whole)),
        Source::File(_) | Source::Constant(_) => true,
        Source::Column(_) | Source::Key(_) | Source::Index(_) | Source::Position => false,
    }
}

/// Timestamps and dates of a table fit whatever formats a mapping has for those that are written in words.
fn with_native_times(columns: &Columns, schema: &Schema) -> Arc<File> {
    let mut plan = Plan::clone(&columns.file.plan);
    let native = plan
        .time
        .iter()
        .flat_map(Field::paths)
        .filter_map(|p| columns.of_path[p]);
    if native.map(|c| schema.field(c).data_type()).any(holds_times)
        && let Ok(native) = TimeFormat::parse("native")
        && !plan.time_formats.contains(&native)
    {
        plan.time_formats.insert(0, native);
    }
    columns.file.with_plan(plan)
}

fn holds_times(of: &DataType) -> bool {
    use DataType as T;
    match of {
        T::Timestamp(..) | T::Date32 | T::Date64 => true,
        T::Dictionary(_, values) => holds_times(values),
        T::RunEndEncoded(_, inner)
        | T::List(inner)
        | T::LargeList(inner)
        | T::ListView(inner)
        | T::LargeListView(inner)
        | T::FixedSizeList(inner, _)
        | T::Map(inner, _) => holds_times(inner.data_type()),
        T::Struct(members) => members.iter().any(|m| holds_times(m.data_type())),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
