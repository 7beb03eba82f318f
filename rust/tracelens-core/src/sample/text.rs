//! Samples of text: JSON, lines of it, and delimited rows.

use super::Kind;
use crate::error::Result;
use crate::format::{PADDING, lexer, unescape};
use crate::input::stream::Input;
use crate::mapping::Format;
use serde_json::{Map, Value};

/// As much text as is looked at.
const MOST_TEXT: usize = 1 << 23;
/// Elements of a list that are kept.
const ELEMENTS: usize = 20;
/// An object with more keys than this is a dictionary, of which as many entries are kept as of a list.
const KEYS: usize = 64;

/// Fill in what the text of a file says.
pub(super) fn fill(kind: &mut Kind, mut input: Input, rows: usize) -> Result<()> {
    let mut bytes = Vec::new();
    let whole = input.fill(&mut bytes, MOST_TEXT)?;
    kind.encoding = encoding(&bytes, whole);
    let text = String::from_utf8_lossy(&bytes);
    match kind.format {
        Format::Ndjson => {
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            // The last line that was read may go on.
            let known = if whole { usize::MAX } else { text.matches('\n').count() };
            kind.rows = lines.take(known.min(rows)).map(str::to_owned).collect();
        }
        Format::Json => kind.rows.extend(pruned(&text).map(|document| document.to_string())),
        Format::Delimited => delimited(kind, &text, whole, rows),
        _ => {}
    }
    Ok(())
}

fn encoding(bytes: &[u8], whole: bool) -> String {
    match std::str::from_utf8(bytes) {
        Err(e) if whole || e.error_len().is_some() => {
            let at = e.valid_up_to();
            let line = memchr::memchr_iter(b'\n', &bytes[..at]).count() + 1;
            let start = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |i| i + 1);
            let column = String::from_utf8_lossy(&bytes[start..at]).chars().count() + 1;
            format!("not utf-8 (byte 0x{:02x} at {line}:{column})", bytes[at])
        }
        _ => "utf-8".to_owned(),
    }
}

/// The beginning of a document, with lists and dictionaries cut to their first elements; a text that ends early is closed where
/// it ends.
fn pruned(text: &str) -> Option<Value> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(bytes.len() + PADDING, 0);
    let mut pruner = Pruner { bytes: &bytes, text };
    let start = lexer::space(&bytes, 0);
    pruner.value(start, 0).0
}

struct Pruner<'t> {
    bytes: &'t [u8],
    text: &'t str,
}

impl Pruner<'_> {
    /// A value and the place behind it; no place if the text ends or breaks in it.
    fn value(&mut self, at: usize, depth: u32) -> (Option<Value>, Option<usize>) {
        match self.bytes[at] {
            b'{' | b'[' if depth < lexer::DEEPEST => self.container(at, depth),
            b'"' => match self.string(at) {
                Some((text, end)) => (Some(Value::String(text)), Some(end)),
                None => (None, None),
            },
            _ => match lexer::value_end(self.bytes, at) {
                Ok(end) => (serde_json::from_str(&self.text[at..end]).ok(), Some(end)),
                Err(_) => (None, None),
            },
        }
    }

    fn string(&self, at: usize) -> Option<(String, usize)> {
        if self.bytes[at] != b'"' {
            return None;
        }
        let (end, escaped) = lexer::string_end(self.bytes, at + 1).ok()?;
        let raw = &self.text[at + 1..end];
        Some((if escaped { unescape(raw) } else { raw.to_owned() }, end + 1))
    }

    fn container(&mut self, at: usize, depth: u32) -> (Option<Value>, Option<usize>) {
        let keyed = self.bytes[at] == b'{';
        let close = if keyed { b'}' } else { b']' };
        let mut entries: Vec<(String, Value)> = Vec::new();
        let mut at = lexer::space(self.bytes, at + 1);
        let mut end = (self.bytes[at] == close).then_some(at + 1);
        let most = if keyed { KEYS + 1 } else { ELEMENTS };
        while end.is_none() {
            let mut key = String::new();
            if keyed {
                let Some((name, after)) = self.string(at) else { break };
                let Ok(value) = lexer::colon(self.bytes, after) else {
                    break;
                };
                (key, at) = (name, value);
            }
            // What is not kept is skipped, not built.
            let after = if entries.len() < most {
                let (value, after) = self.value(at, depth + 1);
                entries.extend(value.map(|value| (key, value)));
                after
            } else {
                lexer::value_end(self.bytes, at).ok()
            };
            let Some(after) = after else { break };
            match lexer::next(self.bytes, after, close) {
                Ok((next, true)) => at = next,
                Ok((after, false)) => end = Some(after),
                Err(_) => break,
            }
        }
        if keyed && entries.len() > KEYS {
            entries.truncate(ELEMENTS);
        }
        let value = if keyed {
            Value::Object(entries.into_iter().collect::<Map<_, _>>())
        } else {
            Value::Array(entries.into_iter().map(|(_, value)| value).collect())
        };
        (Some(value), end)
    }
}

/// Separators that are tried, the likeliest first.
const SEPARATORS: [u8; 5] = [b',', b'\t', b';', b'|', b' '];
/// Lines by which a separator is told.
const LINES: usize = 20;

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
    let object = |record: &Vec<String>| {
        let entries = columns.iter().zip(record).filter(|(_, text)| !text.is_empty());
        Value::Object(
            entries
                .map(|(name, text)| (name.clone(), Value::String(text.clone())))
                .collect(),
        )
        .to_string()
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

/// Names are words, all different; values are numbers, times, or repeat.
fn has_header(records: &[Vec<String>]) -> bool {
    let Some((first, rest)) = records.split_first() else {
        return false;
    };
    let is_value =
        |text: &String| text.trim().is_empty() || text.trim().parse::<f64>().is_ok() || looks_like_time(text);
    let mut names: Vec<&String> = first.iter().collect();
    names.sort_unstable();
    names.dedup();
    let repeats = rest
        .iter()
        .take(200)
        .any(|row| row.iter().zip(first).any(|(a, b)| a == b));
    names.len() == first.len() && !first.iter().any(is_value) && !repeats
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
