//! The bytes of a file, unpacked, and where in them a mistake is.

use crate::error::{Code, Error, Place, Result, Snippet};
use std::io::{BufRead, Read};
use std::path::Path;

/// A file's text.
#[derive(Debug)]
pub struct Text {
    text: String,
    /// Size on disk.
    pub size: u64,
}

impl Text {
    /// Read a file, unpack it (by its first bytes, whatever its name) and check that it is UTF-8.
    pub fn read(path: &Path) -> Result<Self> {
        let raw = std::fs::read(path).map_err(|e| {
            Error::new(Code::Io, format!("cannot be read: {e}"))
                .at(Place::file(path))
                .help("check that the file is there and readable")
        })?;
        let size = raw.len() as u64;
        let mut bytes = unpack(raw).map_err(|(kind, e)| {
            Error::new(Code::Compression, format!("damaged {kind} file: {e}"))
                .at(Place::file(path))
                .help("the file may have been cut off while it was copied: fetch it again")
        })?;
        if bytes.starts_with(b"\xef\xbb\xbf") {
            bytes.drain(..3);
        }
        let text = String::from_utf8(bytes).map_err(|e| {
            let at = e.utf8_error().valid_up_to();
            let said = format!("not UTF-8: byte 0x{:02x}", e.as_bytes()[at]);
            Error::new(Code::Encoding, said)
                .at(place(path, e.as_bytes(), at))
                .help("convert the file to UTF-8, for example with iconv")
        })?;
        Ok(Self { text, size })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// How a file is packed, by its first bytes.
fn packing(start: &[u8]) -> Option<&'static str> {
    match start {
        [0x1f, 0x8b, ..] => Some("gzip"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("zstd"),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some("xz"),
        _ => None,
    }
}

fn unpacked<'a>(kind: Option<&str>, input: impl BufRead + 'a) -> std::io::Result<Box<dyn Read + 'a>> {
    Ok(match kind {
        Some("gzip") => Box::new(flate2::bufread::MultiGzDecoder::new(input)),
        Some("zstd") => Box::new(zstd::stream::read::Decoder::with_buffer(input)?),
        Some("xz") => Box::new(liblzma::bufread::XzDecoder::new_multi_decoder(input)),
        _ => Box::new(input),
    })
}

fn unpack(raw: Vec<u8>) -> Result<Vec<u8>, (&'static str, std::io::Error)> {
    let Some(kind) = packing(&raw) else { return Ok(raw) };
    let mut out = Vec::new();
    let read = unpacked(Some(kind), raw.as_slice()).and_then(|mut reader| reader.read_to_end(&mut out));
    read.map(|_| out).map_err(|e| (kind, e))
}

/// The first `length` bytes of a file's text, or what of them can be read: the rest of it stays on the disk.
pub fn head(path: &Path, length: u64) -> String {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut input = std::io::BufReader::new(std::fs::File::open(path)?);
        let kind = packing(input.fill_buf()?);
        let mut bytes = Vec::new();
        // What was read before an error is enough to recognise a file by; reading all of it will say the error.
        let _ = unpacked(kind, input)?.take(length).read_to_end(&mut bytes);
        Ok(bytes)
    };
    let bytes = read().unwrap_or_default();
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let valid = text.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    valid.to_owned()
}

/// Line and column of a byte offset.
pub fn place(path: &Path, bytes: &[u8], at: usize) -> Place {
    let at = at.min(bytes.len());
    let line_start = bytes[..at].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
    let line = bytes[..at].split(|&b| b == b'\n').count() as u64;
    let column = String::from_utf8_lossy(&bytes[line_start..at]).chars().count() as u64 + 1;
    Place {
        byte: Some(at as u64),
        ..Place::at(path, line, column)
    }
}

/// Room shown to the left and right of a mark.
const CONTEXT: usize = 60;

/// The line around a byte range, with the range marked.
pub fn snippet(text: &str, at: usize, length: usize, label: &str) -> Snippet {
    let at = floor(text, at);
    let line_start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    let line_end = text[at..].find('\n').map_or(text.len(), |i| at + i);
    let from = floor(text, at.saturating_sub(CONTEXT).max(line_start));
    let until = floor(text, (at + length + CONTEXT).min(line_end)).max(at);
    let marked_end = floor(text, (at + length).min(until)).max(at);
    let lead = if from > line_start { "..." } else { "" };
    let tail = if until < line_end { "..." } else { "" };
    Snippet {
        text: format!("{lead}{}{tail}", text[from..until].trim_end_matches('\r')),
        start: lead.len() + text[from..at].chars().count(),
        length: text[at..marked_end].chars().count().max(1),
        label: label.to_owned(),
    }
}

/// The character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
