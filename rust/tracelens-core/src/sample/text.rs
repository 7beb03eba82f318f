//! Samples of text: JSON, lines of it, and delimited rows.

use super::Kind;
use super::prune::pruned;
use crate::error::{Code, Error, Place, Result};
use crate::format::{Origin, Piece, not_utf8, well_begun};
use crate::input::stream::{HEAD, Input};
use crate::input::text::snippet;
use crate::mapping::Format;
use serde_json::Value;
use std::collections::HashSet;
use std::path::Path;

/// As much text as is looked at.
const MOST_TEXT: usize = 1 << 23;

/// Fill in what the text of a file says.
pub(super) fn fill(kind: &mut Kind, mut input: Input, rows: usize) -> Result<()> {
    let mut bytes = Vec::new();
    let whole = match input.fill(&mut bytes, MOST_TEXT) {
        Ok(whole) => whole,
        // What can be read says enough: reading all of it will say the error.
        Err(_) if !bytes.is_empty() => false,
        Err(error) => return Err(error),
    };
    let text = String::from_utf8_lossy(&bytes);
    if kind.format == Format::Delimited {
        well_begun(&kind.path, &bytes)?;
        begins_with_names(&kind.path, &text)?;
    }
    read(kind, &text, whole, rows);
    kind.encoding = Some("utf-8".to_owned());
    if let Some(at) = not_text(&bytes, whole) {
        let byte = bytes[at];
        let error = not_utf8(&kind.path, &Piece::new(bytes, Origin::Bytes(0)), at);
        let place = error.detail().place.as_ref();
        let (line, column) = place.and_then(|p| p.line.zip(p.column)).unwrap_or((1, 1));
        kind.encoding = Some(format!("not utf-8 (byte 0x{byte:02x} at {line}:{column})"));
        kind.not_text = Some(error);
    }
    Ok(())
}

fn read(kind: &mut Kind, text: &str, whole: bool, rows: usize) {
    kind.first_line = text.lines().next().filter(|line| line.len() <= HEAD).map(str::to_owned);
    match kind.format {
        Format::Ndjson => {
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            // The last line that was read may go on.
            let known = if whole { usize::MAX } else { text.matches('\n').count() };
            kind.rows = lines.take(known.min(rows)).map(str::to_owned).collect();
        }
        Format::Json => kind.rows.extend(pruned(text)),
        _ => delimited(kind, text, whole, rows),
    }
}

/// The first byte that is not UTF-8. The last character may be cut off by the end of what was read.
fn not_text(bytes: &[u8], whole: bool) -> Option<usize> {
    match std::str::from_utf8(bytes) {
        Err(e) if whole || e.error_len().is_some() => Some(e.valid_up_to()),
        _ => None,
    }
}

/// The names that stand in a line between separators.
pub(super) fn names(line: &str, separator: u8) -> Vec<String> {
    let names = csv_reader(separator, line)().unwrap_or_default();
    names.iter().map(|name| name.trim().to_owned()).collect()
}

/// Separators that are tried, the likeliest first.
const SEPARATORS: [u8; 5] = [b',', b'\t', b';', b'|', b' '];
/// Lines by which a separator is told.
const LINES: usize = 20;
/// Rows by which a table is told from what stands above it.
const ROWS: usize = 3;

fn delimited(kind: &mut Kind, text: &str, whole: bool, rows: usize) {
    let separator = separator(text);
    let mut reader = csv_reader(separator, text);
    let mut records: Vec<Vec<String>> = Vec::new();
    while records.len() <= rows {
        match reader() {
            Some(record) => records.push(record),
            None => {
                // The last row that was read may go on.
                if !whole {
                    records.pop();
                }
                break;
            }
        }
    }
    records.retain(|r| r.len() > 1 || r.iter().any(|f| !f.trim().is_empty()));
    let header = has_header(&records);
    let width = records.first().map_or(0, Vec::len);
    let columns: Vec<String> = if header {
        records.remove(0).iter().map(|name| name.trim().to_owned()).collect()
    } else {
        (0..width).map(|i| i.to_string()).collect()
    };
    let quoted = |text: &String| Value::from(text.as_str()).to_string();
    // Of columns with one name the first is seen.
    let mut known = HashSet::new();
    let first: Vec<bool> = columns.iter().map(|name| known.insert(name)).collect();
    let object = |record: &Vec<String>| {
        let entries = columns.iter().zip(record).zip(&first);
        let members: Vec<String> = entries
            .filter(|((_, text), first)| **first && !text.is_empty())
            .map(|((name, text), _)| format!("{}:{}", quoted(name), quoted(text)))
            .collect();
        format!("{{{}}}", members.join(","))
    };
    kind.rows = records.iter().take(rows).map(object).collect();
    (kind.separator, kind.header, kind.columns) = (Some(separator), Some(header), Some(columns));
}

/// The separator that cuts most lines into the same number of columns.
fn separator(text: &str) -> u8 {
    let lines: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).take(LINES).collect();
    let score = |separator: u8| {
        let counts: Vec<usize> = lines
            .iter()
            .map(|l| memchr::memchr_iter(separator, l.as_bytes()).count())
            .collect();
        let usual = counts.first().copied().unwrap_or(0);
        let same = counts.iter().filter(|&&c| c == usual).count();
        if usual == 0 {
            (0, 0)
        } else {
            (100 * same / counts.len(), usual)
        }
    };
    let best = SEPARATORS.into_iter().rev().max_by_key(|&s| score(s).0);
    best.filter(|&s| score(s).0 > 0).unwrap_or(b',')
}

/// Refuse lines above the header: without any separator, where each of the lines below has as many of one.
fn begins_with_names(path: &Path, text: &str) -> Result<()> {
    let written = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let lines: Vec<(usize, &str)> = written.take(LINES).collect();
    let separators = || SEPARATORS.into_iter().filter(|&s| s != b' ');
    let above = lines
        .iter()
        .take_while(|(_, line)| !separators().any(|s| line.as_bytes().contains(&s)))
        .count();
    for separator in separators() {
        let columns = |line: &str| names(line, separator).len();
        let rows = &lines[above..];
        let alike = |rows: &[(usize, &str)]| rows.windows(2).all(|two| columns(two[0].1) == columns(two[1].1));
        if above == 0 || rows.len() < ROWS || columns(rows[0].1) == 1 || !alike(rows) {
            continue;
        }
        let ((first, title), (header, table)) = (lines[0], rows[0]);
        let what = format!(
            "not a row of the table of {} columns that begins in line {}",
            columns(table),
            header + 1
        );
        let error = Error::new(Code::Syntax, what).at(Place::at(path, first as u64 + 1, 1));
        let help = format!(
            "remove what stands above the header: tail -n +{} FILE > NEW",
            header + 1
        );
        return Err(error.snippet(snippet(title, 0, title.len(), "")).help(help));
    }
    Ok(())
}

/// Names are words, of which a few may be missing or stand twice; values are numbers, times, or repeat down their column.
fn has_header(records: &[Vec<String>]) -> bool {
    let Some((first, rest)) = records.split_first() else {
        return false;
    };
    let is_value = |text: &String| text.trim().parse::<f64>().is_ok() || looks_like_time(text);
    let names = first.iter().filter(|name| !name.trim().is_empty()).count();
    let repeats = rest
        .iter()
        .take(200)
        .any(|row| row.iter().zip(first).any(|(a, b)| a == b && !a.trim().is_empty()));
    2 * names > first.len() && !first.iter().any(is_value) && !repeats
}

fn looks_like_time(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    digits >= 6 && text.contains(['-', '/', ':']) && 2 * digits >= text.len()
}

fn csv_reader(separator: u8, text: &str) -> impl FnMut() -> Option<Vec<String>> {
    let mut reader = csv_core::ReaderBuilder::new().delimiter(separator).build();
    let (mut at, mut output, mut ends) = (0, vec![0; 1 << 12], vec![0; 256]);
    move || {
        let (mut written, mut ended) = (0, 0);
        loop {
            let (result, read, out, found) =
                reader.read_record(&text.as_bytes()[at..], &mut output[written..], &mut ends[ended..]);
            at += read;
            written += out;
            ended += found;
            match result {
                csv_core::ReadRecordResult::OutputFull => output.resize(output.len() * 2, 0),
                csv_core::ReadRecordResult::OutputEndsFull => ends.resize(ends.len() * 2, 0),
                csv_core::ReadRecordResult::InputEmpty => {}
                csv_core::ReadRecordResult::End => return None,
                csv_core::ReadRecordResult::Record => {
                    let mut from = 0;
                    let field = |&end: &usize| {
                        let text = String::from_utf8_lossy(&output[from..end]).into_owned();
                        from = end;
                        text
                    };
                    return Some(ends[..ended].iter().map(field).collect());
                }
            }
        }
    }
}
