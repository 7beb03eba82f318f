//! Where the parts of a JSON document are: a cheap walk over strings and brackets, so that parts can be parsed in parallel.
//! Whether it is JSON is for the parser to say. An `Err` carries the place at which something else was expected.

use crate::mapping::path::Step;
use std::ops::Range;

pub(super) fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && matches!(bytes[at], b' ' | b'\t' | b'\n' | b'\r') {
        at += 1;
    }
    at
}

/// The end of the string whose opening quote is at `at`; an error carries the place.
fn skip_string(bytes: &[u8], at: usize) -> Result<usize, usize> {
    let mut i = at + 1;
    while i < bytes.len() {
        match bytes[i] {
            b'"' => return Ok(i + 1),
            b'\\' => i += 2,
            _ => i += 1,
        }
    }
    Err(at)
}

/// The end of the value at `at`. Only strings and brackets are looked at: whether it is JSON is for the parser to say.
pub(super) fn skip_value(bytes: &[u8], at: usize) -> Result<usize, usize> {
    let mut i = at;
    let mut depth = 0usize;
    while i < bytes.len() {
        match bytes[i] {
            b'"' => {
                i = skip_string(bytes, i)?;
                if depth == 0 {
                    return Ok(i);
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                if depth <= 1 {
                    return Ok(if depth == 1 { i + 1 } else { i });
                }
                depth -= 1;
            }
            b',' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return Ok(i),
            _ => {}
        }
        i += 1;
    }
    if depth == 0 { Ok(i) } else { Err(i) }
}

pub(super) type Element = (Option<Range<usize>>, Range<usize>);

/// The elements of the container that opens at `at`.
pub(super) fn elements(bytes: &[u8], at: usize) -> impl Iterator<Item = Result<Element, usize>> + '_ {
    let keyed = bytes[at] == b'{';
    let close = if keyed { b'}' } else { b']' };
    let mut next = Some(skip_space(bytes, at + 1));
    let mut first = true;
    std::iter::from_fn(move || {
        let i = next.take()?;
        if bytes.get(i) == Some(&close) && first {
            return None;
        }
        first = false;
        let one = || -> Result<(Element, Option<usize>), usize> {
            let (key, start) = if keyed {
                if bytes.get(i) != Some(&b'"') {
                    return Err(i);
                }
                let end = skip_string(bytes, i)?;
                let colon = skip_space(bytes, end);
                if bytes.get(colon) != Some(&b':') {
                    return Err(colon);
                }
                (Some(i..end), skip_space(bytes, colon + 1))
            } else {
                (None, i)
            };
            let end = skip_value(bytes, start)?;
            if end == start {
                return Err(start);
            }
            let after = skip_space(bytes, end);
            match bytes.get(after) {
                Some(b',') => Ok(((key, start..end), Some(skip_space(bytes, after + 1)))),
                Some(c) if *c == close => Ok(((key, start..end), None)),
                _ => Err(after),
            }
        };
        match one() {
            Ok((element, following)) => {
                next = following;
                Some(Ok(element))
            }
            Err(at) => Some(Err(at.min(bytes.len()))),
        }
    })
}

/// The place of a child of the value at `at`.
pub(super) fn enter(bytes: &[u8], at: usize, step: &Step) -> Result<usize, usize> {
    if !matches!(bytes.get(at), Some(b'{' | b'[')) {
        return Err(at);
    }
    for (i, element) in elements(bytes, at).enumerate() {
        let (key, value) = element?;
        let found = match (step, key) {
            (Step::Key(wanted), Some(key)) => bytes[key.start + 1..key.end - 1] == *wanted.as_bytes(),
            (Step::At(wanted), None) => i == *wanted,
            _ => false,
        };
        if found {
            return Ok(value.start);
        }
    }
    Err(at)
}
