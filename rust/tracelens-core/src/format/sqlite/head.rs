//! The first rows of each table of a database.

use super::super::head::Head;
use super::{Table, all_of, broken, connection, member, tables};
use crate::error::Result;
use crate::input::source::Source;
use rusqlite::Connection;
use std::path::Path;

/// Tables that are looked at, at most.
const TABLES: usize = 64;
/// Steps of the virtual machine of a query, at most: a view may have to walk through all of its tables for its first row.
const STEPS: i32 = 20_000_000;

/// The first rows of each table, less binary data. A view for which that is too much work has none.
pub(crate) fn heads(path: &Path, source: Source, rows: usize) -> Result<Vec<Head>> {
    let mut connection = connection(path, source)?;
    let tables = tables(path, &connection)?;
    let readable = tables.iter().filter(|table| !table.columns.is_empty());
    let read = |table: &Table| {
        let mut head = Head::new(Some(table.columns.clone()), rows);
        head.table = Some(table.name.clone());
        match add(&mut head, &mut connection) {
            Err(e) if e.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) => Ok(head),
            read => head.despite(read.map_err(|e| broken(path, Some(format!("table {}", table.name)), e))),
        }
    };
    readable.take(TABLES).map(read).collect()
}

/// Add the first rows of a table.
fn add(head: &mut Head, connection: &mut Connection) -> rusqlite::Result<()> {
    let (Some(table), Some(columns)) = (&head.table, &head.columns) else {
        return Ok(());
    };
    let (query, columns) = (all_of(table), columns.clone());
    connection.progress_handler(STEPS, Some(|| true))?;
    let mut statement = connection.prepare(&query)?;
    let mut rows = statement.raw_query();
    while head.room() > 0
        && let Some(row) = rows.next()?
    {
        let mut line = vec![b'{'];
        for (i, column) in columns.iter().enumerate() {
            // A cell that is no text has no place in a sample.
            let _ = member(&mut line, column, row.get_ref(i)?);
        }
        line.extend_from_slice(b"}\n");
        head.add(&line);
    }
    Ok(())
}
