//! The grammar of JSON (RFC 8259) over bytes, sixteen at a time: where a string, a number or any value ends.
//!
//! Texts are padded: behind their last byte stand [`PADDING`] zero bytes. A zero byte is nowhere allowed in JSON, so every
//! walk stops there by itself and nothing has to ask whether the text has ended.

#![allow(
    clippy::inline_always,
    reason = "measured: calls between these cost as much as what they do"
)]

use wide::u8x16;

/// Zero bytes behind each text.
pub(crate) const PADDING: usize = 64;

/// Values may stand this deep in each other.
pub(crate) const DEEPEST: u32 = 128;

/// What is wrong, and at which byte: both in one word, so that results stay in registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault(u64);

/// What may be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Wrong {
    OpenString,
    Control,
    Hex,
    Escape,
    Number,
    Fraction,
    Exponent,
    Ended,
    Word,
    Colon,
    CommaInObject,
    CommaInList,
    Depth,
    Key,
    Twice,
    BehindDocument,
    LineEnds,
    LineGoesOn,
}

impl Wrong {
    const ALL: [(Self, &'static str); 18] = [
        (Self::OpenString, "a string does not end"),
        (Self::Control, "a control character inside a string"),
        (Self::Hex, "an escape \\u needs four hexadecimal digits"),
        (Self::Escape, "no such escape"),
        (Self::Number, "not a number"),
        (Self::Fraction, "digits have to follow the point of a number"),
        (Self::Exponent, "digits have to follow the exponent of a number"),
        (Self::Ended, "a value is missing: the text ends here"),
        (Self::Word, "not a value of JSON"),
        (Self::Colon, "a colon has to follow a key"),
        (Self::CommaInObject, "a comma or } is missing"),
        (Self::CommaInList, "a comma or ] is missing"),
        (Self::Depth, "nested more than 128 deep"),
        (Self::Key, "a key in quotes is missing"),
        (Self::Twice, "what holds the rows stands here for the second time"),
        (Self::BehindDocument, "the text goes on behind the end of the document"),
        (Self::LineEnds, "the line ends inside a value"),
        (Self::LineGoesOn, "the line goes on behind the end of its value"),
    ];
}

impl Fault {
    /// The byte.
    pub(crate) fn at(self) -> usize {
        (self.0 >> 8) as usize
    }

    /// In words.
    pub(crate) fn what(self) -> &'static str {
        Wrong::ALL[(self.0 & 0xff) as usize].1
    }
}

pub(crate) type Lexed<T> = Result<T, Fault>;

#[cold]
pub(crate) fn fault<T>(at: usize, wrong: Wrong) -> Lexed<T> {
    Err(Fault((at as u64) << 8 | wrong as u64))
}

#[inline(always)]
fn sixteen(text: &[u8], at: usize) -> u8x16 {
    let mut lanes = [0; 16];
    lanes.copy_from_slice(&text[at..at + 16]);
    u8x16::new(lanes)
}

/// Whether a byte is white space of JSON, which a form feed is not.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// The first byte at or after `at` that is no white space.
#[inline(always)]
pub(crate) fn space(text: &[u8], mut at: usize) -> usize {
    // Most values follow at once or behind one space.
    if text[at] > b' ' {
        return at;
    }
    if text[at] == b' ' && text[at + 1] > b' ' {
        return at + 1;
    }
    loop {
        let bytes = sixteen(text, at);
        let is = |byte: u8| bytes.simd_eq(u8x16::splat(byte));
        let white = (is(b' ') | is(b'\n') | is(b'\r') | is(b'\t')).to_bitmask() & 0xffff;
        if white != 0xffff {
            return at + white.trailing_ones() as usize;
        }
        at += 16;
    }
}

/// The closing quote of the string whose first byte (behind the opening quote) is at `at`, and whether escapes stand in it.
#[inline(always)]
pub(crate) fn string_end(text: &[u8], mut at: usize) -> Lexed<(usize, bool)> {
    let mut escaped = false;
    loop {
        let bytes = sixteen(text, at);
        let quote = bytes.simd_eq(u8x16::splat(b'"'));
        let escape = bytes.simd_eq(u8x16::splat(b'\\'));
        let control = bytes.min(u8x16::splat(0x1f)).simd_eq(bytes);
        let stops = (quote | escape | control).to_bitmask() & 0xffff;
        if stops == 0 {
            at += 16;
            continue;
        }
        at += stops.trailing_zeros() as usize;
        match text[at] {
            b'"' => return Ok((at, escaped)),
            b'\\' => {
                escaped = true;
                at = escape_end(text, at)?;
            }
            0 => return fault(at, Wrong::OpenString),
            _ => return fault(at, Wrong::Control),
        }
    }
}

/// The end of the escape that starts at `at`.
fn escape_end(text: &[u8], at: usize) -> Lexed<usize> {
    match text[at + 1] {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 2),
        b'u' => match text[at + 2..at + 6].iter().position(|b| !b.is_ascii_hexdigit()) {
            None => Ok(at + 6),
            Some(i) => fault(at + 2 + i, Wrong::Hex),
        },
        _ => fault(at + 1, Wrong::Escape),
    }
}

/// The end of the number at `at`.
#[inline(always)]
pub(crate) fn number_end(text: &[u8], at: usize) -> Lexed<usize> {
    let digits = |mut at: usize| {
        while text[at].is_ascii_digit() {
            at += 1;
        }
        at
    };
    let start = at + usize::from(text[at] == b'-');
    let mut end = digits(start);
    if end == start || (text[start] == b'0' && end > start + 1) {
        return fault(start, Wrong::Number);
    }
    if text[end] == b'.' {
        let fraction = digits(end + 1);
        if fraction == end + 1 {
            return fault(fraction, Wrong::Fraction);
        }
        end = fraction;
    }
    if text[end] | 0x20 == b'e' {
        let sign = end + 1 + usize::from(matches!(text[end + 1], b'+' | b'-'));
        end = digits(sign);
        if end == sign {
            return fault(end, Wrong::Exponent);
        }
    }
    Ok(end)
}

/// The end of `true`, `false` or `null` at `at`.
#[inline(always)]
pub(crate) fn word_end(text: &[u8], at: usize) -> Lexed<usize> {
    match &text[at..at + 4] {
        b"null" | b"true" => Ok(at + 4),
        b"fals" if text[at + 4] == b'e' => Ok(at + 5),
        [0, ..] => fault(at, Wrong::Ended),
        _ => fault(at, Wrong::Word),
    }
}

/// The value behind the colon behind a key that ends before `at`.
#[inline(always)]
pub(crate) fn colon(text: &[u8], at: usize) -> Lexed<usize> {
    let at = if text[at] == b':' { at } else { space(text, at) };
    if text[at] != b':' {
        return fault(at, Wrong::Colon);
    }
    Ok(space(text, at + 1))
}

/// What follows an element that ends before `at`: the next element behind a comma, or the place behind the closing bracket.
#[inline(always)]
pub(crate) fn next(text: &[u8], at: usize, close: u8) -> Lexed<(usize, bool)> {
    let at = if text[at] == b',' { at } else { space(text, at) };
    if text[at] == b',' {
        Ok((space(text, at + 1), true))
    } else if text[at] == close {
        Ok((at + 1, false))
    } else {
        fault(at, expected(close))
    }
}

fn expected(close: u8) -> Wrong {
    if close == b'}' {
        Wrong::CommaInObject
    } else {
        Wrong::CommaInList
    }
}

/// The end of the value at `at`, whatever it is; all of it is checked.
#[inline]
pub(crate) fn value_end(text: &[u8], at: usize) -> Lexed<usize> {
    match text[at] {
        b'"' => Ok(string_end(text, at + 1)?.0 + 1),
        b'{' | b'[' => container_end(text, at),
        b'-' | b'0'..=b'9' => number_end(text, at),
        _ => word_end(text, at),
    }
}

/// The end of the object or list at `at`. Which kinds of bracket are open stands in the bits of `open` (1: an object).
fn container_end(text: &[u8], mut at: usize) -> Lexed<usize> {
    let mut open: u128 = 0;
    let mut depth = 0;
    'opened: loop {
        if depth == DEEPEST {
            return fault(at, Wrong::Depth);
        }
        depth += 1;
        let mut object = text[at] == b'{';
        open = open << 1 | u128::from(object);
        at = space(text, at + 1);
        let mut closed = text[at] == closing(object);
        loop {
            if closed {
                at += 1;
            } else {
                if object {
                    at = key_end(text, at)?;
                }
                at = match text[at] {
                    b'"' => string_end(text, at + 1)?.0 + 1,
                    b'{' | b'[' => continue 'opened,
                    b'-' | b'0'..=b'9' => number_end(text, at)?,
                    _ => word_end(text, at)?,
                };
                let (after, more) = next(text, at, closing(object))?;
                at = after;
                if more {
                    continue;
                }
            }
            // A container has closed, and with it perhaps those around it.
            depth -= 1;
            open >>= 1;
            if depth == 0 {
                return Ok(at);
            }
            object = open & 1 == 1;
            at = space(text, at);
            closed = text[at] == closing(object);
            if !closed {
                if text[at] != b',' {
                    return fault(at, expected(closing(object)));
                }
                at = space(text, at + 1);
            }
        }
    }
}

#[inline]
fn closing(object: bool) -> u8 {
    if object { b'}' } else { b']' }
}

/// The value behind the key at `at`.
#[inline(always)]
fn key_end(text: &[u8], at: usize) -> Lexed<usize> {
    if text[at] != b'"' {
        return fault(at, Wrong::Key);
    }
    colon(text, string_end(text, at + 1)?.0 + 1)
}

/// A name of at most 31 bytes with the quote behind it, to be compared with a key in one go.
#[derive(Debug, Clone)]
pub(crate) struct Name {
    text: String,
    lanes: [u8; 32],
    mask: u32,
}

impl Name {
    pub(crate) fn new(text: &str) -> Self {
        let (mut lanes, mut mask) = ([0; 32], 0);
        let n = text.len();
        // A name that is written with escapes is never met as it stands.
        if n < 32 && !text.bytes().any(|b| b == b'"' || b == b'\\' || b < 0x20) {
            lanes[..n].copy_from_slice(text.as_bytes());
            lanes[n] = b'"';
            mask = u32::MAX >> (31 - n);
        }
        Self {
            text: text.to_owned(),
            lanes,
            mask,
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The place behind the closing quote if the key whose first byte is at `at` has this name.
    #[inline(always)]
    pub(crate) fn matches(&self, text: &[u8], at: usize) -> Option<usize> {
        if self.mask == 0 {
            return None;
        }
        let same = |offset: usize| {
            sixteen(text, at + offset)
                .simd_eq(sixteen(&self.lanes, offset))
                .to_bitmask()
                & 0xffff
        };
        let mask = if self.mask <= 0xffff {
            same(0)
        } else {
            same(0) | same(16) << 16
        };
        (mask & self.mask == self.mask).then_some(at + self.text.len() + 1)
    }
}

/// The text of a string with escapes. A lone surrogate, which no text can hold, becomes U+FFFD.
pub(crate) fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(i) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..i]);
        let (code, mut length) = (rest.as_bytes().get(i + 1), 2);
        match code {
            Some(b'n') => out.push('\n'),
            Some(b't') => out.push('\t'),
            Some(b'r') => out.push('\r'),
            Some(b'b') => out.push('\u{8}'),
            Some(b'f') => out.push('\u{c}'),
            Some(b'u') => {
                let unit = |at: usize| rest.get(at + 2..at + 6).and_then(|h| u32::from_str_radix(h, 16).ok());
                let high = unit(i).unwrap_or(0xfffd);
                length = 6;
                let low = (rest.get(i + 6..i + 8) == Some("\\u")).then(|| unit(i + 6)).flatten();
                let point = match (high, low) {
                    (0xd800..0xdc00, Some(low @ 0xdc00..0xe000)) => {
                        length = 12;
                        0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)
                    }
                    _ => high,
                };
                out.push(char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            Some(other) => out.push(char::from(*other)),
            None => break,
        }
        rest = rest.get(i + length..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// The same text of JSON in which lone surrogates are written as U+FFFD.
pub(crate) fn paired(text: &str) -> String {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut out = String::with_capacity(text.len());
    let (mut from, mut at) = (0, 0);
    while let Some(i) = memchr::memchr(b'\\', &text.as_bytes()[at..]) {
        let escape = at + i;
        at = match (unit(escape), unit(escape + 6)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => escape + 12,
            (Some(0xd800..0xe000), _) => {
                out.push_str(&text[from..escape]);
                out.push_str("\\ufffd");
                from = escape + 6;
                from
            }
            _ => (escape + 2).min(text.len()),
        };
    }
    out.push_str(&text[from..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn padded(text: &str) -> Vec<u8> {
        [text.as_bytes(), &[0; PADDING]].concat()
    }

    /// Whether all of a text is one value.
    fn accepts(text: &str) -> bool {
        let bytes = padded(text);
        let start = space(&bytes, 0);
        value_end(&bytes, start).is_ok_and(|end| space(&bytes, end) == text.len())
    }

    proptest! {
        #[test]
        fn the_grammar_is_that_of_serde_json(text in r#"[\[\]{}",:\\utrfalsen0-9.eE+\- \na]{0,24}"#) {
            let serde = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            // serde_json ignores lone surrogates in what it skips, as this does.
            prop_assert_eq!(accepts(&text), serde, "{}", text);
        }

        #[test]
        fn escapes_are_those_of_serde_json(text in "\\PC{0,20}", tail in "[\\x00-\\x1f]{0,3}") {
            let written = serde_json::to_string(&format!("{text}{tail}")).unwrap();
            prop_assert_eq!(unescape(&written[1..written.len() - 1]), format!("{text}{tail}"));
        }
    }

    #[test]
    fn surrogates_pair_up_or_are_replaced() {
        assert_eq!(unescape("\\ud83d\\ude00 \\u8336"), "\u{1f600} 茶");
        assert_eq!(unescape("a\\ud83d"), "a\u{fffd}");
        assert_eq!(unescape("\\ude00\\ud83dx"), "\u{fffd}\u{fffd}x");
    }

    #[test]
    fn a_text_with_lone_surrogates_is_written_without_them() {
        for (text, expected) in [
            (r#"["\\ud83d", "\ud83d\ude00"]"#, r#"["\\ud83d", "\ud83d\ude00"]"#),
            (r#"["\ud83d", "\ude00\ud83d"]"#, r#"["\ufffd", "\ufffd\ufffd"]"#),
            (r#"["\ud83d\u0041 \"茶"]"#, r#"["\ufffd\u0041 \"茶"]"#),
            ("\\", "\\"),
            ("\\u茶", "\\u茶"),
        ] {
            assert_eq!(paired(text), expected);
        }
    }

    #[test]
    fn faults_say_what_they_are() {
        for (i, (wrong, words)) in Wrong::ALL.into_iter().enumerate() {
            assert_eq!(wrong as usize, i);
            let found = fault::<()>(1 << 40, wrong).unwrap_err();
            assert_eq!((found.at(), found.what()), (1 << 40, words));
        }
    }

    #[test]
    fn depth_is_limited() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(accepts(&nested(128)));
        let bytes = padded(&nested(129));
        assert_eq!(value_end(&bytes, 0), fault(128, Wrong::Depth));
    }

    #[test]
    fn names_match_keys_whole() {
        let name = Name::new("type");
        let bytes = padded("type\": 1");
        assert_eq!(name.matches(&bytes, 0), Some(5));
        assert_eq!(name.matches(&padded("types\""), 0), None);
        assert_eq!(name.matches(&padded("typ\""), 0), None);
        let long = Name::new(&"k".repeat(31));
        assert_eq!(long.matches(&padded(&format!("{}\"", "k".repeat(31))), 0), Some(32));
        assert_eq!(Name::new("a\"b").matches(&padded("a\"b\""), 0), None);
    }
}
