//! JSON: one document a file, or one value a line. The parser follows the plan; what the plan does not want is checked and skipped.

mod cut;
pub(crate) mod lexer;
mod lines;
mod parser;
mod tail;
mod tree;

pub(crate) use cut::Documents;
pub(crate) use lexer::{PADDING, unescape};
pub(crate) use lines::{Lines, parse_lines};
pub(crate) use tail::{Tail, Tails};

use super::batch::Batch;
use super::task::{File, Piece};
use crate::error::{Code, Error, Result};
use crate::input::text::snippet;
use parser::{Parser, Stop};
use std::path::Path;

/// An error about a place that is not the JSON that the mapping describes.
fn syntax(file: &File, piece: &Piece, at: usize, what: &str) -> Error {
    let error = Error::new(Code::Syntax, format!("not the JSON that the mapping describes: {what}"))
        .at(piece.place(&file.path, at));
    let rest = piece.bytes().get(at..).unwrap_or_default();
    let error = if rest.starts_with(b"NaN") || rest.starts_with(b"Infinity") {
        error.help("NaN and Infinity are not JSON: write null, or leave the key out")
    } else {
        error.help(format!(
            "check the file, or whether the mapping \"{}\" is meant for it",
            file.plan.name()
        ))
    };
    match std::str::from_utf8(piece.bytes()) {
        // What was put before the piece so that it could be parsed stands in no file.
        Ok(text) => error.snippet(snippet(&text[piece.lead..], at.max(piece.lead) - piece.lead, 1, what)),
        Err(_) => error,
    }
}

/// The text of a piece, padding included.
pub(super) fn utf8<'p>(file: &File, piece: &'p Piece) -> Result<&'p str> {
    simdutf8::basic::from_utf8(piece.padded()).map_err(|_| {
        let at = std::str::from_utf8(piece.padded()).map_or_else(|e| e.valid_up_to(), str::len);
        not_utf8(&file.path, piece, at)
    })
}

/// An error about a byte that is not UTF-8.
pub(crate) fn not_utf8(path: &Path, piece: &Piece, at: usize) -> Error {
    let byte = piece.padded()[at];
    Error::new(Code::Encoding, format!("not UTF-8: byte 0x{byte:02x}"))
        .at(piece.place(path, at))
        .help("convert the file to UTF-8, for example with iconv")
}

/// Parse a piece that is one document; `last`: nothing of the file follows.
fn parse_document(file: &File, piece: &Piece, last: bool) -> Batch {
    let text = match utf8(file, piece) {
        Ok(text) => text,
        Err(error) => return Batch::failed(error),
    };
    let mut parser = Parser::new(file, piece, text);
    if let Err(stop) = parser.document() {
        parser.emitter.batch.error = Some(match *stop {
            Stop::Fault(fault) => syntax(file, piece, fault.at(), fault.what()),
            Stop::Error(error) => error,
        });
    }
    let mut batch = parser.emitter.batch;
    // Lines are counted for those behind.
    if !last {
        batch.extent = piece.extent();
    }
    batch
}
