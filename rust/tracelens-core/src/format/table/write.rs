//! Rows of a table as lines of JSON.

use super::super::head::Head;
use super::super::lines::{Lines, comma, key, value};
use super::super::task::File;
use super::column::{Column, Kind, Written};
use crate::error::{Code, Error, Place};
use std::ops::Range;

/// Write some rows; `place` says where a row stands.
pub(super) fn rows(file: &File, columns: &[Column], rows: Range<usize>, place: impl Fn(usize) -> Place) -> Lines {
    let mut lines = Lines::default();
    for row in rows {
        let start = lines.text.len();
        if let Err(Binary(column)) = object(&mut lines.text, columns, row) {
            let error = Error::new(Code::BadValue, format!("\"{column}\" holds binary data"))
                .at(place(row))
                .help("have it written as text, or leave it out of the mapping");
            if !lines.refuse(start, "binary data", error, file.on_bad_row) {
                break;
            }
            continue;
        }
        lines.text.push(b'\n');
    }
    lines
}

/// Write rows to the beginning of a file while there is room, whatever is asked of them, less binary data.
pub(super) fn first_rows(head: &mut Head, columns: Vec<Column>, rows: usize) {
    let columns: Vec<Column> = columns.into_iter().filter_map(Column::without_binary).collect();
    for row in 0..rows.min(head.room()) {
        let mut line = Vec::new();
        if head.room() == 0 || object(&mut line, &columns, row).is_err() {
            break;
        }
        line.push(b'\n');
        head.add(&line);
    }
}

/// A column whose value cannot be written.
struct Binary(String);

fn object(out: &mut Vec<u8>, columns: &[Column], row: usize) -> Result<(), Binary> {
    out.push(b'{');
    for column in columns.iter().filter(|c| !c.is_null(row)) {
        key(out, &column.name);
        cell(out, column, row)?;
    }
    out.push(b'}');
    Ok(())
}

fn cell(out: &mut Vec<u8>, column: &Column, row: usize) -> Result<(), Binary> {
    if column.is_null(row) {
        out.extend_from_slice(b"null");
        return Ok(());
    }
    if let Some(text) = column.text(row) {
        value(out, text);
        return Ok(());
    }
    match &column.kind {
        Kind::Struct(members) => object(out, members, row)?,
        Kind::List { ends, elements } => {
            out.push(b'[');
            for i in ends[row] as usize..ends[row + 1] as usize {
                comma(out);
                cell(out, elements, i)?;
            }
            out.push(b']');
        }
        Kind::Map { ends, keys, values } => {
            out.push(b'{');
            for i in ends[row] as usize..ends[row + 1] as usize {
                match (keys.text(i), keys.written(i)) {
                    (Some(name), _) => key(out, name),
                    (None, Written::Number(name) | Written::Text(name)) => key(out, &name),
                    _ => continue,
                }
                cell(out, values, i)?;
            }
            out.push(b'}');
        }
        Kind::Binary => return Err(Binary(column.name.clone())),
        _ => match column.written(row) {
            Written::Nothing => out.extend_from_slice(b"null"),
            Written::Bool(flag) => value(out, &flag),
            Written::Number(number) => out.extend_from_slice(number.as_bytes()),
            Written::Text(text) => value(out, &text),
        },
    }
    Ok(())
}
