//! Databases of `SQLite`: the rows of one table, or of a query, as lines of JSON.

mod head;

pub(crate) use head::heads;

use super::columns::{Columns, missing};
use super::lines::{Lines, float, key, value};
use super::task::{File, Origin, Task, Tasks};
use super::{OnBadRow, TASK_BYTES};
use crate::error::{Code, Error, Place, Result, closest};
use crate::input::source::{Source, read_error};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, Row};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Tasks of a database. A thread of its own walks through the rows, since a walk cannot be put down and taken up again.
pub(crate) fn open(file: Arc<File>, source: Source) -> Result<Box<dyn Tasks>> {
    open_in_tasks(file, source, TASK_BYTES)
}

fn open_in_tasks(file: Arc<File>, source: Source, task_bytes: usize) -> Result<Box<dyn Tasks>> {
    let (sender, receiver) = sync_channel(2);
    let path = file.path.clone();
    let walk = move || {
        let ended = read(&file, source, task_bytes, &sender);
        // Nobody listens any more if reading was given up.
        let _ = sender.send(ended.map(|()| None));
    };
    std::thread::Builder::new()
        .spawn(walk)
        .map_err(|e| failed(&path, &format!("no thread to read it with: {e}")))?;
    Ok(Box::new(Chunks { path, receiver }))
}

/// Rows, the file that they are lines of now, and how many came before; `None` after the last.
type Chunk = Option<(Arc<File>, Lines, Origin, u64)>;

struct Chunks {
    path: PathBuf,
    receiver: Receiver<Result<Chunk>>,
}

impl Tasks for Chunks {
    fn next_task(&mut self) -> Result<Option<Task>> {
        let chunk = self.receiver.recv();
        let Some((file, lines, origin, before)) = chunk.map_err(|_| failed(&self.path, "reading broke off"))?? else {
            return Ok(None);
        };
        Ok(Some(Box::new(move || vec![lines.into_batch(&file, origin, before)])))
    }
}

fn failed(path: &Path, why: &str) -> Error {
    Error::new(Code::Io, format!("the database cannot be read: {why}")).at(Place::file(path))
}

fn broken(path: &Path, element: Option<String>, error: impl std::fmt::Display) -> Error {
    let place = Place {
        element,
        ..Place::file(path)
    };
    Error::new(Code::Syntax, format!("no database of SQLite that can be read: {error}"))
        .at(place)
        .help("the file may be damaged, or have been copied while it was written: fetch it again")
}

fn connection(path: &Path, source: Source) -> Result<Connection> {
    if is_cut_off(&source).map_err(|e| read_error(path, &e))? {
        return Err(broken(path, None, "it ends early"));
    }
    connect(source).map_err(|e| broken(path, None, e))
}

/// Walk through the rows.
fn read(file: &File, source: Source, task_bytes: usize, sender: &SyncSender<Result<Chunk>>) -> Result<()> {
    let connection = connection(&file.path, source)?;
    let selection = select(file, &connection)?;
    let at = |row: u64| Some(format!("{}, row {row}", selection.name));
    let mut statement = connection
        .prepare(&selection.query)
        .map_err(|e| broken(&file.path, Some(selection.name.clone()), e))?;
    let mut rows = statement.raw_query();
    let (mut lines, mut first, mut number) = (Lines::default(), 1, 0);
    loop {
        let row = rows.next().map_err(|e| broken(&file.path, at(number + 1), e))?;
        let ended = match row {
            None => true,
            Some(row) => {
                number += 1;
                let place = || Place {
                    element: at(number),
                    ..Place::file(&file.path)
                };
                !write(&mut lines, row, &selection.columns, file.on_bad_row, place)
            }
        };
        if (ended || lines.text.len() >= task_bytes) && !lines.text.is_empty() {
            let name = format!("{}, row", selection.name);
            let chunk = (
                Arc::clone(&selection.file),
                std::mem::take(&mut lines),
                Origin::Rows { name, first },
                first - 1,
            );
            if sender.send(Ok(Some(chunk))).is_err() {
                return Ok(());
            }
            first = number + 1;
        }
        if ended {
            return Ok(());
        }
    }
}

/// Write a row as a line; `false` if it ends the reading.
fn write(lines: &mut Lines, row: &Row, columns: &[String], on_bad_row: OnBadRow, place: impl Fn() -> Place) -> bool {
    let start = lines.text.len();
    let out = &mut lines.text;
    out.push(b'{');
    for (i, column) in columns.iter().enumerate() {
        let Ok(cell) = row.get_ref(i) else { continue };
        let Err(why) = member(out, column, cell) else { continue };
        let error = Error::new(Code::BadValue, format!("the column \"{column}\" holds {why}"))
            .at(place())
            .help("read it as text, for example with [sqlite] query = \"select hex(...) ...\" in the mapping");
        return lines.refuse(start, why, error, on_bad_row);
    }
    out.extend_from_slice(b"}\n");
    true
}

/// Write a cell as a member; else say what it holds.
fn member(out: &mut Vec<u8>, column: &str, cell: ValueRef) -> Result<(), &'static str> {
    match cell {
        ValueRef::Null => {}
        ValueRef::Integer(number) => {
            key(out, column);
            value(out, &number);
        }
        ValueRef::Real(number) => {
            key(out, column);
            float(out, number);
        }
        ValueRef::Text(bytes) => {
            let text = std::str::from_utf8(bytes).map_err(|_| "text that is not UTF-8")?;
            key(out, column);
            value(out, text);
        }
        ValueRef::Blob(_) => return Err("binary data"),
    }
    Ok(())
}

/// Whether a database is shorter than it says: the library would take what is missing for zeros.
fn is_cut_off(source: &Source) -> std::io::Result<bool> {
    let mut input = source.open();
    let mut head = Vec::new();
    (&mut input).take(100).read_to_end(&mut head)?;
    let number = |at: usize| {
        head.get(at..at + 4)
            .map(|b| b.iter().fold(0, |n, b| n << 8 | u64::from(*b)))
    };
    let page = head.get(16..18).map(|b| u64::from(b[0]) << 8 | u64::from(b[1]));
    let (Some(page), Some(changes), Some(pages), Some(counted_at)) = (page, number(24), number(28), number(92)) else {
        return Ok(!head.is_empty());
    };
    let page = if page == 1 { 1 << 16 } else { page };
    // An older library that wrote it last did not count the pages.
    Ok(changes == counted_at && source.length() < page * pages)
}

fn connect(source: Source) -> rusqlite::Result<Connection> {
    let path = match source {
        Source::Disk(file) => file.path.clone(),
        Source::Memory(bytes) => return in_memory(&bytes),
    };
    // What stands in the log of a database that is being written to is part of it. Only without such a file beside it can
    // it be read as one that nobody changes, which needs no locks and works where nothing may be written.
    let beside = |suffix: &str| {
        let mut name = path.clone().into_os_string();
        name.push(suffix);
        std::fs::metadata(name).is_ok_and(|m| m.len() > 0)
    };
    let still = !beside("-wal") && !beside("-journal");
    let absolute = std::path::absolute(&path).unwrap_or(path);
    let escaped = absolute
        .to_string_lossy()
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    let slash = if escaped.starts_with('/') { "" } else { "/" };
    let options = if still { "mode=ro&immutable=1" } else { "mode=ro" };
    Connection::open_with_flags(
        format!("file:{slash}{escaped}?{options}"),
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
}

/// Where a database says how it is written and read: 2 stands for a log beside it, which one in memory cannot have.
const LOG_FLAGS: std::ops::Range<usize> = 18..20;

fn in_memory(bytes: &[u8]) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open_in_memory()?;
    // An empty file is a database without tables, of which the library makes none in memory.
    if bytes.is_empty() {
        return Ok(connection);
    }
    let (head, rest) = bytes.split_at(LOG_FLAGS.start.min(bytes.len()));
    let (flags, rest) = rest.split_at(LOG_FLAGS.len().min(rest.len()));
    let flags: &[u8] = if flags == [2, 2] { &[1, 1] } else { flags };
    connection.deserialize_read_exact("main", head.chain(flags).chain(rest), bytes.len(), true)?;
    Ok(connection)
}

/// What is read, and how its rows are called.
struct Selection {
    query: String,
    name: String,
    columns: Vec<String>,
    file: Arc<File>,
}

fn select(file: &File, connection: &Connection) -> Result<Selection> {
    let (from, name) = match (&file.plan.query, &file.plan.table) {
        (Some(query), _) => (query.clone(), "query".to_owned()),
        (None, Some(table)) => {
            let tables = tables(&file.path, connection)?;
            if !tables.iter().any(|t| t.name.eq_ignore_ascii_case(table)) {
                let error = refused(file, &format!("there is no table \"{table}\""), &tables);
                return Err(match closest(table, tables.iter().map(|t| t.name.as_str())) {
                    Some(near) => error.help(format!("did you mean \"{near}\"?")),
                    None => error.help("correct [sqlite] table in the mapping"),
                });
            }
            (all_of(table), format!("table {table}"))
        }
        (None, None) => {
            let table = only_table(file, connection)?;
            (all_of(&table), format!("table {table}"))
        }
    };
    let all = columns_of(connection, &from).map_err(|e| broken(&file.path, Some(name.clone()), e))?;
    let names: Vec<&str> = all.iter().map(String::as_str).collect();
    let found = Columns::find(file, &names, &Place::file(&file.path))?;
    let columns: Vec<String> = found.read.iter().map(|&i| all[i].clone()).collect();
    let list: Vec<String> = columns.iter().map(|c| quoted(c)).collect();
    let list = if list.is_empty() {
        "null".to_owned()
    } else {
        list.join(", ")
    };
    Ok(Selection {
        query: format!("select {list} from ({})", from.trim_end().trim_end_matches(';')),
        name,
        columns,
        file: found.file,
    })
}

/// A name as SQL takes it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn all_of(table: &str) -> String {
    format!("select * from {}", quoted(table))
}

fn columns_of(connection: &Connection, query: &str) -> rusqlite::Result<Vec<String>> {
    let statement = connection.prepare(query)?;
    Ok(statement.column_names().map(str::to_owned).collect())
}

struct Table {
    name: String,
    columns: Vec<String>,
}

fn tables(path: &Path, connection: &Connection) -> Result<Vec<Table>> {
    let read = || -> rusqlite::Result<Vec<Table>> {
        let mut statement = connection.prepare(
            "select name from sqlite_master where type in ('table', 'view') and name not like 'sqlite\\_%' escape '\\' order by name",
        )?;
        let names = statement
            .query_map([], |row| row.get::<_, String>(0))?
            .collect::<Result<Vec<_>, _>>()?;
        names
            .into_iter()
            .map(|name| {
                let columns = columns_of(connection, &all_of(&name));
                // A view of what is no longer there can be read by nobody.
                let columns = columns.or_else(|e| if is_nonsense(&e) { Ok(Vec::new()) } else { Err(e) })?;
                Ok(Table { name, columns })
            })
            .collect()
    };
    read().map_err(|e| broken(path, None, e))
}

/// Whether a query is wrong, rather than the database damaged.
fn is_nonsense(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqlInputError { .. }) || error.sqlite_error_code() == Some(ErrorCode::Unknown)
}

/// The table that has all columns of the mapping.
fn only_table(file: &File, connection: &Connection) -> Result<String> {
    let tables = tables(&file.path, connection)?;
    let lacks = |table: &Table| {
        let names: Vec<&str> = table.columns.iter().map(String::as_str).collect();
        missing(&file.plan, &names)
    };
    let fits: Vec<&Table> = tables.iter().filter(|t| lacks(t).is_empty()).collect();
    let said = match fits.as_slice() {
        [table] => return Ok(table.name.clone()),
        [] if tables.is_empty() => "the database has no table".to_owned(),
        [] => {
            let nearest = tables.iter().min_by_key(|t| lacks(t).len());
            let lacking = nearest.map(|t| format!(": \"{}\" lacks {}", t.name, lacks(t).join(", ")));
            format!("no table has all columns of the mapping{}", lacking.unwrap_or_default())
        }
        several => {
            let names: Vec<String> = several.iter().map(|t| format!("\"{}\"", t.name)).collect();
            format!("several tables have all columns of the mapping: {}", names.join(", "))
        }
    };
    let error = refused(file, &said, &tables);
    Err(error.help("say which is meant in the mapping: [sqlite] table = \"...\", or query = \"select ...\""))
}

fn refused(file: &File, said: &str, tables: &[Table]) -> Error {
    let error = Error::new(Code::MissingColumn, said).at(Place::file(&file.path));
    tables.iter().fold(error, |error, t| {
        error.note(format!("table {}: {}", t.name, t.columns.join(", ")))
    })
}

#[cfg(test)]
mod tests;
