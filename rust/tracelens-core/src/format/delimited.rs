//! Delimited text: csv, tsv and their kin, with or without a header.

use super::emit::{Bad, Batch, Emitter, OnBadRow};
use super::json::{File, drop_row, locate};
use super::{Row, Value};
use crate::error::{Code, Error, Result, closest};
use crate::input::bytes::place;
use crate::input::discover::plain_name;
use csv_core::ReadRecordResult;
use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

/// What the header, or its absence, says about all rows of a file.
#[derive(Debug)]
pub(crate) struct Table {
    separator: u8,
    quote: Option<u8>,
    columns: HashMap<String, usize>,
    /// Columns a row must have; `None`: as many as the first row.
    width: Option<usize>,
    body: usize,
}

/// Read the header.
pub(crate) fn open(file: &File) -> Result<Table> {
    let delimiters = file.plan.delimiters;
    let tabs = Path::new(&plain_name(file.path))
        .extension()
        .is_some_and(|e| e == "tsv");
    let separator = delimiters.separator.unwrap_or(if tabs { b'\t' } else { b',' });
    let mut table = Table {
        separator,
        quote: delimiters.quote,
        columns: HashMap::new(),
        width: None,
        body: 0,
    };
    let mut records = Records::new(&table, file.text, 0..file.text.len());
    let first = records.next_record();
    table.width = first.as_ref().map(|_| records.fields());
    if !delimiters.header {
        return Ok(table);
    }
    if let Some(range) = first {
        let names: Vec<String> = (0..records.fields())
            .map(|i| records.field(i).unwrap_or_default().trim().to_owned())
            .collect();
        table.body = range.end;
        table.columns = names.iter().enumerate().map(|(i, n)| (n.clone(), i)).collect();
        require_columns(file, &names)?;
        refuse_twins(file, &names)?;
    }
    Ok(table)
}

/// Every path of the mapping has to be a column, unless it is optional.
fn require_columns(file: &File, names: &[String]) -> Result<()> {
    for field in file.plan.fields().filter(|f| !f.optional) {
        for path in field.paths().into_iter().map(|p| &file.plan.paths[p]) {
            if names.contains(&path.written) {
                continue;
            }
            let error = Error::new(Code::MissingColumn, format!("there is no column \"{}\"", path.written))
                .at(place(file.path, file.text.as_bytes(), 0))
                .note(format!("columns: {}", names.join(", ")));
            return Err(match closest(&path.written, names.iter().map(String::as_str)) {
                Some(near) => error.help(format!("did you mean \"{near}\"?")),
                None => error.help("correct the mapping, or name the one that is meant with --mapping"),
            });
        }
    }
    Ok(())
}

/// A column that the mapping reads must not stand there twice: which of the two is meant nobody knows.
fn refuse_twins(file: &File, names: &[String]) -> Result<()> {
    for path in &file.plan.paths {
        if names.iter().filter(|n| **n == path.written).count() > 1 {
            let said = format!("there are two columns \"{}\"", path.written);
            return Err(Error::new(Code::MissingColumn, said)
                .at(place(file.path, file.text.as_bytes(), 0))
                .help("rename one of them, or take it by number: { column = N }"));
        }
    }
    Ok(())
}

/// Cut the body into tasks at ends of records; a quoted line break ends none.
pub(crate) fn cut(table: &Table, text: &str, task_bytes: usize) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let quote = table.quote.filter(|q| bytes.contains(q));
    let mut ranges = Vec::new();
    let (mut from, mut at, mut inside) = (table.body, table.body, false);
    while from < bytes.len() {
        let wanted = from + task_bytes;
        let end = loop {
            match bytes[at..].iter().position(|&b| b == b'\n' || Some(b) == quote) {
                None => break bytes.len(),
                Some(i) => {
                    at += i + 1;
                    if Some(bytes[at - 1]) == quote {
                        inside = !inside;
                    } else if !inside && at >= wanted {
                        break at;
                    } else if quote.is_none() && at < wanted {
                        at = wanted.min(bytes.len());
                    }
                }
            }
        };
        ranges.push(from..end);
        from = end;
        at = end;
    }
    ranges
}

impl File<'_> {
    /// Parse some rows of a delimited file.
    pub(crate) fn parse_rows(&self, table: &Table, range: Range<usize>) -> Batch {
        let mut emitter = Emitter::new(self.plan, self.context, self.with_text);
        let mut records = Records::new(table, self.text, range);
        while let Some(place_) = records.next_record() {
            if records.fields() == 1 && records.field(0).is_none_or(|f| f.trim().is_empty()) {
                continue;
            }
            if let Some(error) = self.open_quote(table, &place_) {
                emitter.batch.error = Some(error);
                break;
            }
            let result = match table.width {
                Some(width) if records.fields() != width => {
                    emitter.batch.rows_in += 1;
                    Err(ragged(width, records.fields()))
                }
                _ => emitter.row(
                    &Columns {
                        plan: self.plan,
                        table,
                        records: &records,
                    },
                    0,
                ),
            };
            let Err(bad) = result else { continue };
            let (reason, wanted) = (bad.reason, bad.wanted);
            let error = locate(*bad, self.path, self.text, &place_);
            if wanted || self.on_bad_row == OnBadRow::Drop {
                drop_row(&mut emitter.batch, reason, &error);
            } else {
                emitter.batch.error = Some(error);
                break;
            }
        }
        emitter.batch
    }

    /// A quote that opens in the last record and never closes: not one bad row but the rest of the file inside one, and
    /// never to be dropped as one.
    fn open_quote(&self, table: &Table, record: &Range<usize>) -> Option<Error> {
        let text = &self.text[record.clone()];
        let quote = table.quote.map(char::from)?;
        if record.end != self.text.len() || !text.trim_end().contains('\n') || text.matches(quote).count() % 2 == 0 {
            return None;
        }
        let at = record.start + text.find(quote)?;
        let error = Error::new(
            Code::Ragged,
            "a quote that opens here never closes and takes in the rest of the file",
        );
        Some(
            error
                .at(place(self.path, self.text.as_bytes(), at))
                .help("close the quote, or say quote = \"\" in the mapping"),
        )
    }
}

fn ragged(expected: usize, found: usize) -> Box<Bad> {
    let error = Error::new(
        Code::Ragged,
        format!("a row of {found} columns where {expected} are expected"),
    )
    .help("correct the row, the separator or the quotes in the mapping, or drop such rows with --on-bad-row drop");
    let mut bad = Bad::new("ragged row", error);
    bad.label = format!("{found} columns");
    bad
}

/// Walks over the records of a range, keeping the fields of the last one.
struct Records<'a> {
    reader: csv_core::Reader,
    text: &'a [u8],
    at: usize,
    end: usize,
    output: Vec<u8>,
    ends: Vec<usize>,
    fields: usize,
}

impl<'a> Records<'a> {
    fn new(table: &Table, text: &'a str, range: Range<usize>) -> Self {
        let mut builder = csv_core::ReaderBuilder::new();
        builder.delimiter(table.separator);
        match table.quote {
            Some(quote) => builder.quote(quote),
            None => builder.quoting(false),
        };
        Self {
            reader: builder.build(),
            text: text.as_bytes(),
            at: range.start,
            end: range.end,
            output: vec![0; 1 << 10],
            ends: vec![0; 64],
            fields: 0,
        }
    }

    /// Read the next record; returns where it stands.
    fn next_record(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        let (mut written, mut ended) = (0, 0);
        loop {
            let input = &self.text[self.at..self.end];
            let (result, read, out, ends) =
                self.reader
                    .read_record(input, &mut self.output[written..], &mut self.ends[ended..]);
            self.at += read;
            written += out;
            ended += ends;
            match result {
                ReadRecordResult::OutputFull => self.output.resize(self.output.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                // All input was given: an empty slice tells the reader that nothing follows.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::Record => {
                    self.fields = ended;
                    return Some(start..self.at);
                }
                ReadRecordResult::End => return None,
            }
        }
    }

    fn fields(&self) -> usize {
        self.fields
    }

    fn field(&self, i: usize) -> Option<&str> {
        if i >= self.fields {
            return None;
        }
        let start = if i == 0 { 0 } else { self.ends[i - 1] };
        std::str::from_utf8(&self.output[start..self.ends[i]]).ok()
    }
}

/// A record as a row.
struct Columns<'a> {
    plan: &'a crate::mapping::Plan,
    table: &'a Table,
    records: &'a Records<'a>,
}

impl Row for Columns<'_> {
    fn path(&self, number: usize) -> Value<'_> {
        let path = &self.plan.paths[number];
        self.table
            .columns
            .get(&path.written)
            .map_or(Value::Missing, |&i| self.column(i))
    }

    fn key(&self, _: usize) -> Option<&str> {
        None
    }

    fn index(&self, _: usize) -> Option<usize> {
        None
    }

    fn column(&self, number: usize) -> Value<'_> {
        match self.records.field(number) {
            None | Some("") => Value::Missing,
            Some(text) => Value::Text(text),
        }
    }
}
