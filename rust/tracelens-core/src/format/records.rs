//! Records of delimited text: where they end, and their fields.

use super::lanes::Lanes;
use csv_core::{ReadRecordResult, Terminator};
use memchr::{memchr, memchr_iter, memrchr};
use std::ops::Range;

/// Finds the last end of a record in a text that grows; a line break inside quotes ends none.
pub(super) struct Ends {
    separator: u8,
    quote: Option<u8>,
    seen: usize,
    /// Where the quote stands inside which the text goes on.
    open: Option<usize>,
    /// The place behind the last quote that closed.
    closed: usize,
    last: Option<usize>,
}

impl Ends {
    pub(super) fn new(separator: u8, quote: Option<u8>) -> Self {
        Self {
            separator,
            quote,
            seen: 0,
            open: None,
            closed: usize::MAX,
            last: None,
        }
    }

    /// The last end in a text of which the beginning was seen before.
    pub(super) fn last(&mut self, bytes: &[u8]) -> Option<usize> {
        let seen = std::mem::replace(&mut self.seen, bytes.len());
        let Some(quote) = self.quote else {
            return memrchr(b'\n', bytes).map(|i| i + 1);
        };
        let mut from = seen;
        for at in memchr_iter(quote, &bytes[seen..]).map(|i| seen + i) {
            if self.open.take().is_some() {
                (from, self.closed) = (at + 1, at + 1);
            } else if self.opens(bytes, at) {
                self.outside(bytes, from..at);
                self.open = Some(at);
            }
        }
        if self.open.is_none() {
            self.outside(bytes, from..bytes.len());
        }
        self.last
    }

    /// Where the quote stands that is still open at the end of the text.
    pub(super) fn open(&self) -> Option<usize> {
        self.open
    }

    /// A quote opens at the beginning of a value only, or goes on where one has just closed: of two the first is no end.
    fn opens(&self, bytes: &[u8], at: usize) -> bool {
        at == self.closed
            || at
                .checked_sub(1)
                .is_none_or(|i| bytes[i] == self.separator || bytes[i] == b'\n')
    }

    fn outside(&mut self, bytes: &[u8], range: Range<usize>) {
        if let Some(i) = memrchr(b'\n', &bytes[range.clone()]) {
            self.last = Some(range.start + i + 1);
        }
    }
}

/// Reads records with quotes by the rules of `csv_core`: it costs far more to make than a record to read. Its `clone` has lost
/// its rules.
fn library(separator: u8, quote: Option<u8>) -> Box<csv_core::Reader> {
    let mut builder = csv_core::ReaderBuilder::new();
    builder.delimiter(separator).terminator(Terminator::Any(b'\n'));
    match quote {
        Some(quote) => builder.quote(quote),
        None => builder.quoting(false),
    };
    let mut library = builder.build();
    // It would pass over a byte order mark in what it reads first; here that is no beginning of a file, and a quote behind the
    // mark opens nothing. An empty line is nothing to it.
    library.read_record(b"\n", &mut [0], &mut [0]);
    Box::new(library)
}

/// Walks over records, keeping the fields of the last one.
pub(super) struct Records<'a> {
    text: &'a str,
    separator: u8,
    quote: Option<u8>,
    /// Whether there is a quote in the text at all.
    quotes: bool,
    /// Separators and line ends of the block that starts at `block`, less those that were taken.
    marks: u64,
    block: usize,
    at: usize,
    /// The fields of the last record, in the text or, where it has quotes, in `unquoted`.
    fields: Vec<Range<usize>>,
    in_text: bool,
    unquoted: Vec<u8>,
    /// Reads records with quotes, once there is one.
    library: Option<Box<csv_core::Reader>>,
}

impl<'a> Records<'a> {
    /// The records of a text from `from` on.
    pub(super) fn new(text: &'a str, from: usize, separator: u8, quote: Option<u8>) -> Self {
        let mut records = Self {
            text,
            separator,
            quote,
            quotes: quote.is_some_and(|q| memchr(q, &text.as_bytes()[from..]).is_some()),
            marks: 0,
            block: from,
            at: from,
            fields: Vec::new(),
            in_text: true,
            unquoted: Vec::new(),
            library: None,
        };
        records.mark();
        records
    }

    /// Read the next record; returns where it stands.
    #[inline]
    pub(super) fn next_record(&mut self) -> Option<Range<usize>> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        if start >= bytes.len() {
            return None;
        }
        if self.quotes {
            let line = memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |i| start + i);
            if self.quote.is_some_and(|q| memchr(q, &bytes[start..line]).is_some()) {
                return self.quoted_record(start);
            }
            (self.block, self.marks) = (start, 0);
            self.mark();
        }
        self.in_text = true;
        self.fields.clear();
        let mut from = start;
        loop {
            while self.marks == 0 {
                self.block += 64;
                if self.block >= bytes.len() {
                    return Some(self.end(start, from, bytes.len(), bytes.len()));
                }
                self.mark();
            }
            let at = self.block + self.marks.trailing_zeros() as usize;
            self.marks &= self.marks - 1;
            if bytes[at] == b'\n' {
                return Some(self.end(start, from, at, at + 1));
            }
            self.fields.push(from..at);
            from = at + 1;
        }
    }

    /// Find the separators and line ends of the block.
    #[inline]
    fn mark(&mut self) {
        let lanes = Lanes::at(self.text.as_bytes(), self.block, 0);
        self.marks = lanes.equal(self.separator) | lanes.equal(b'\n');
    }

    /// The last field of a record ends before `end`, less what Windows writes there.
    #[inline]
    fn end(&mut self, start: usize, from: usize, end: usize, next: usize) -> Range<usize> {
        let windows = end > from && self.text.as_bytes()[end - 1] == b'\r';
        self.fields.push(from..end - usize::from(windows));
        self.at = next;
        start..next
    }

    /// A record with quotes, by the rules of `csv_core`; lines end in it as they do elsewhere.
    #[cold]
    fn quoted_record(&mut self, start: usize) -> Option<Range<usize>> {
        let (separator, quote) = (self.separator, self.quote);
        let reader = self.library.get_or_insert_with(|| library(separator, quote));
        let bytes = self.text.as_bytes();
        self.unquoted.resize(self.unquoted.capacity().max(1 << 10), 0);
        let mut ends = vec![0; 64];
        let (mut written, mut ended) = (0, 0);
        loop {
            let (result, read, out, found) =
                reader.read_record(&bytes[self.at..], &mut self.unquoted[written..], &mut ends[ended..]);
            self.at += read;
            written += out;
            ended += found;
            match result {
                ReadRecordResult::OutputFull => self.unquoted.resize(self.unquoted.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => ends.resize(ends.len() * 2, 0),
                // All input was given: an empty slice tells the reader that nothing follows.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return None,
            }
        }
        // Before the end of a record nothing is in quotes: a carriage return there belongs to the end.
        let line = &bytes[start..self.at];
        if line.strip_suffix(b"\n").unwrap_or(line).ends_with(b"\r") {
            ends[ended - 1] -= 1;
        }
        self.in_text = false;
        self.fields.clear();
        let mut from = 0;
        for &end in &ends[..ended] {
            self.fields.push(from..end);
            from = end;
        }
        Some(start..self.at)
    }

    /// Number of fields of the last record.
    pub(super) fn fields(&self) -> usize {
        self.fields.len()
    }

    /// A field of the last record.
    #[inline]
    pub(super) fn field(&self, i: usize) -> Option<&str> {
        let range = self.fields.get(i)?.clone();
        if self.in_text {
            Some(&self.text[range])
        } else {
            std::str::from_utf8(&self.unquoted[range]).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The records of a text by the library alone.
    fn by_library(text: &str, quote: bool) -> Vec<Vec<String>> {
        let mut reader = csv_core::ReaderBuilder::new().quoting(quote).build();
        let (mut at, mut records) = (0, Vec::new());
        let (mut output, mut ends) = (vec![0; 4096], vec![0; 1024]);
        let (mut written, mut ended) = (0, 0);
        loop {
            let (result, read, out, found) =
                reader.read_record(&text.as_bytes()[at..], &mut output[written..], &mut ends[ended..]);
            at += read;
            written += out;
            ended += found;
            match result {
                ReadRecordResult::Record => {
                    let mut from = 0;
                    let field = |&end: &usize| {
                        let text = String::from_utf8_lossy(&output[from..end]).into_owned();
                        from = end;
                        text
                    };
                    records.push(ends[..ended].iter().map(field).collect());
                    (written, ended) = (0, 0);
                }
                ReadRecordResult::End => return records,
                _ => {}
            }
        }
    }

    fn ours(text: &str, quote: bool) -> Vec<Vec<String>> {
        let mut records = Records::new(text, 0, b',', quote.then_some(b'"'));
        let mut all = Vec::new();
        while records.next_record().is_some() {
            let fields: Vec<String> = (0..records.fields())
                .map(|i| records.field(i).unwrap().to_owned())
                .collect();
            all.push(fields);
        }
        all
    }

    #[test]
    fn a_byte_order_mark_in_the_middle_is_text() {
        for text in ["a,b\n\u{feff}c,\"d\"\n\u{feff}e,\"f\"\n", "\u{feff}c,\"d\""] {
            let marked: String = ours(text, true).concat().concat();
            let marks = |text: &str| text.matches('\u{feff}').count();
            assert_eq!(marks(&marked), marks(text), "{marked:?}");
        }
        // What follows it stands inside of the value.
        assert_eq!(ours("\u{feff}\"a\nb\"", true), [["\u{feff}\"a"], ["b\""]]);
    }

    proptest! {
        #[test]
        fn records_are_those_of_csv_core(
            rows in prop::collection::vec(prop::collection::vec("[a-z ]{0,20}|\"[a-z,\n ]{0,12}(\"\")?[a-z]{0,3}\"", 1..5), 0..12),
            windows in any::<bool>(),
            quote in any::<bool>(),
            last in any::<bool>(),
        ) {
            let end = if windows { "\r\n" } else { "\n" };
            let lines: Vec<String> = rows.iter().map(|r| r.join(",")).collect();
            let text = lines.join(end) + if last { end } else { "" };
            // An empty line and an empty value in quotes look the same.
            let some = |records: Vec<Vec<String>>| records.into_iter().filter(|r| *r != [""]).collect::<Vec<_>>();
            prop_assert_eq!(some(ours(&text, quote)), some(by_library(&text, quote)));
        }
    }
}
