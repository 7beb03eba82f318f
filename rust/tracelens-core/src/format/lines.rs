//! Rows of other formats as lines of JSON: what is nested or exploded in them is read by the parser of JSON, and by no other.

use super::batch::{Batch, OnBadRow, Reason, drop_row};
use super::json::parse_lines;
use super::task::{File, Origin, Piece};
use crate::error::Error;
use serde::Serialize;

/// Lines that were made of rows, and the rows of which none could be made.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) text: Vec<u8>,
    refused: Vec<(Reason, Error)>,
}

impl Lines {
    /// Put a blank line in place of what was written of a row, from `start` on. `false`: reading ends with it.
    pub(super) fn refuse(&mut self, start: usize, reason: Reason, error: Error, on_bad_row: OnBadRow) -> bool {
        self.text.truncate(start);
        self.text.push(b'\n');
        self.refused.push((reason, error));
        on_bad_row == OnBadRow::Drop
    }

    /// Read them; `origin` says what each line was, and so many rows of the file stand before.
    pub(super) fn into_batch(self, file: &File, origin: Origin, before: u64) -> Batch {
        let mut batch = lines_to_batch(file, self.text, origin, before);
        for (reason, error) in self.refused {
            if file.on_bad_row == OnBadRow::Error {
                // It stood behind all lines that were read: an error among them comes first.
                batch.error.get_or_insert(error);
            } else {
                batch.rows_in += 1;
                drop_row(&mut batch, reason, || error);
            }
        }
        batch
    }
}

/// Read lines of JSON that were made from something else; `origin` says what each of them was, and there were so many before.
pub(super) fn lines_to_batch(file: &File, text: Vec<u8>, origin: Origin, before: u64) -> Batch {
    let mut piece = Piece::new(text, origin);
    piece.start.index = vec![before as usize];
    let mut batch = parse_lines(file, &mut piece);
    // Places are whole already: these are no lines of the file, to be counted on from the piece before.
    batch.extent = (0, 0);
    batch
}

/// Write a value.
pub(super) fn value<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    serde_json::to_writer(out, value).expect("memory takes all that is written to it");
}

/// Write a number: a whole one as such, for how fine a clock is its decimals tell. What JSON has no number for is a text.
pub(super) fn float(out: &mut Vec<u8>, number: f64) {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < EXACT && number.to_bits() != (-0.0f64).to_bits() {
        value(out, &(number as i64));
    } else if number.is_finite() {
        value(out, &number);
    } else {
        value(out, &number.to_string());
    }
}

/// Write the key of a member, with the comma before it.
pub(super) fn key(out: &mut Vec<u8>, name: &str) {
    comma(out);
    value(out, name);
    out.push(b':');
}

/// Write the comma before an element, unless it is the first.
pub(super) fn comma(out: &mut Vec<u8>) {
    if !matches!(out.last(), None | Some(b'{' | b'[')) {
        out.push(b',');
    }
}
