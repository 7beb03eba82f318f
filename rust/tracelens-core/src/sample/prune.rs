//! JSON with its lists and dictionaries cut to their first elements, otherwise as it is written.

use crate::format::{PADDING, lexer, unescape};
use serde_json::Value;

/// Elements of a list that are kept.
const ELEMENTS: usize = 20;
/// An object with more keys than this is a dictionary, of which as many entries are kept as of a list.
const KEYS: usize = 64;

/// The beginning of a value; a text that ends early is closed where it ends. `None`: it does not begin with one.
pub(super) fn pruned(text: &str) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(bytes.len() + PADDING, 0);
    let mut pruner = Pruner {
        text,
        bytes: &bytes,
        out: String::new(),
    };
    pruner.value(lexer::space(&bytes, 0), 0);
    Some(pruner.out).filter(|out| !out.is_empty())
}

struct Pruner<'t> {
    text: &'t str,
    /// The text, padded.
    bytes: &'t [u8],
    out: String,
}

impl Pruner<'_> {
    /// Write a value and return the place behind it; `None`: the text ends or breaks in it.
    fn value(&mut self, at: usize, depth: u32) -> Option<usize> {
        if matches!(self.bytes[at], b'{' | b'[') && depth < lexer::DEEPEST {
            return self.container(at, depth);
        }
        let end = lexer::value_end(self.bytes, at).ok()?;
        // A number at the end of the text may be a part of one.
        if depth > 0 && end == self.text.len() {
            return None;
        }
        self.scalar(at, end);
        Some(end)
    }

    fn scalar(&mut self, at: usize, end: usize) {
        let raw = &self.text[at..end];
        match raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')) {
            // Escapes of what no text can hold are no JSON to others.
            Some(text) if text.contains('\\') => self.out.push_str(&Value::from(unescape(text)).to_string()),
            _ => self.out.push_str(raw),
        }
    }

    fn container(&mut self, at: usize, depth: u32) -> Option<usize> {
        let (open, close, most) = match self.bytes[at] {
            b'{' => ('{', '}', KEYS + 1),
            _ => ('[', ']', ELEMENTS),
        };
        self.out.push(open);
        let (mut count, mut first) = (0, self.out.len());
        let mut at = lexer::space(self.bytes, at + 1);
        let mut end = (self.bytes[at] == close as u8).then_some(at + 1);
        while end.is_none() {
            // What is not kept is skipped, not written.
            let after = if count < most {
                self.element(at, open == '{', depth)
            } else {
                self.skip(at, open == '{')
            };
            count += 1;
            if count == ELEMENTS {
                first = self.out.len();
            }
            let Some(after) = after else { break };
            match lexer::next(self.bytes, after, close as u8) {
                Ok((next, true)) => at = next,
                Ok((after, false)) => end = Some(after),
                Err(_) => break,
            }
        }
        if open == '{' && count > KEYS {
            self.out.truncate(first);
        }
        self.out.push(close);
        end
    }

    /// Write an element, with its key if it has one, and return the place behind it.
    fn element(&mut self, at: usize, keyed: bool, depth: u32) -> Option<usize> {
        let start = self.out.len();
        let value = if keyed { self.key(at)? } else { at };
        if !self.out.ends_with(['{', '[']) {
            self.out.push(',');
        }
        if keyed {
            let key = lexer::value_end(self.bytes, at).ok()?;
            self.scalar(at, key);
            self.out.push(':');
        }
        let before = self.out.len();
        let after = self.value(value, depth + 1);
        if self.out.len() == before {
            // The key is known, if not its value.
            if keyed {
                self.out.push_str("null");
            } else {
                self.out.truncate(start);
            }
        }
        after
    }

    fn skip(&self, at: usize, keyed: bool) -> Option<usize> {
        let value = if keyed { self.key(at)? } else { at };
        lexer::value_end(self.bytes, value).ok()
    }

    /// The value behind the key at a place.
    fn key(&self, at: usize) -> Option<usize> {
        if self.bytes[at] != b'"' {
            return None;
        }
        let end = lexer::value_end(self.bytes, at).ok()?;
        lexer::colon(self.bytes, end).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_stays_as_it_is_written() {
        for text in [
            r#"{"b":1.50,"a":[1,{"x":"\"ü"}],"long":123456789012345678901234567890}"#,
            "[]",
            "{}",
            "12",
            r#""text""#,
            "[[],{},null,true,-1e300]",
        ] {
            assert_eq!(pruned(text).as_deref(), Some(text));
        }
        assert_eq!(pruned(" { \"a\" : [ 1 , 2 ] } ").as_deref(), Some(r#"{"a":[1,2]}"#));
        assert_eq!(pruned(r#"["\ud800"]"#).as_deref(), Some("[\"\u{fffd}\"]"));
    }

    #[test]
    fn lists_and_dictionaries_are_cut_and_objects_are_not() {
        let list = |n: usize| format!("[{}]", (0..n).map(|i| i.to_string()).collect::<Vec<_>>().join(","));
        assert_eq!(pruned(&list(1000)), Some(list(20)));
        let object = |n: usize| {
            let entries: Vec<String> = (0..n).map(|i| format!("\"k{i}\":{}", list(i))).collect();
            format!("{{{}}}", entries.join(","))
        };
        assert_eq!(pruned(&object(20)), Some(object(20)));
        let cut: serde_json::Value = serde_json::from_str(&pruned(&object(64)).unwrap()).unwrap();
        assert_eq!(cut.as_object().unwrap().len(), 64);
        assert_eq!(pruned(&object(65)), Some(object(20)));
    }

    #[test]
    fn a_text_that_ends_early_is_closed_where_it_ends() {
        for (text, kept) in [
            (r#"{"a":[{"b":1,"c":"wor"#, r#"{"a":[{"b":1,"c":null}]}"#),
            (r#"{"a":1,"b":12"#, r#"{"a":1,"b":null}"#),
            (r#"{"a":1,"b"#, r#"{"a":1}"#),
            (r#"{"a":1,"b":"#, r#"{"a":1,"b":null}"#),
            ("[1,[2,3", "[1,[2]]"),
            ("[1,tr", "[1]"),
            ("[1,", "[1]"),
        ] {
            assert_eq!(pruned(text).as_deref(), Some(kept), "{text}");
        }
        assert_eq!(pruned(""), None);
        assert_eq!(pruned("user,action"), None);
    }
}
