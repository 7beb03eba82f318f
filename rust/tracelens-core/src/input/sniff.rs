//! What format a file has, by its first bytes.

use crate::mapping::Format;

/// The format that a file's beginning looks like: one of tables in text if it looks like nothing else.
pub(crate) fn sniff(head: &[u8]) -> Format {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    match text {
        [b'P', b'A', b'R', b'1', ..] => Format::Parquet,
        [b'A', b'R', b'R', b'O', b'W', b'1', ..] | [0xff, 0xff, 0xff, 0xff, ..] => Format::Arrow,
        [b'S', b'Q', b'L', b'i', b't', b'e', b' ', ..] => Format::Sqlite,
        [b'<', ..] => Format::Xes,
        [b'{' | b'[', ..] if is_lines(text) => Format::Ndjson,
        [b'{' | b'[', ..] => Format::Json,
        _ => Format::Delimited,
    }
}

/// Whether a text of JSON goes on with another value behind the first line.
pub(crate) fn is_lines(text: &[u8]) -> bool {
    let mut lines = text
        .split_inclusive(|&b| b == b'\n')
        .filter(|line| !line.trim_ascii().is_empty());
    let whole = |line: &[u8]| serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok();
    let (Some(first), Some(second)) = (lines.next(), lines.next()) else {
        return false;
    };
    first.ends_with(b"\n") && whole(first) && matches!(second.trim_ascii_start(), [b'{' | b'[', ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_their_first_bytes() {
        for (head, format) in [
            (&b"PAR1\x15\x04"[..], Format::Parquet),
            (b"ARROW1\0\0", Format::Arrow),
            (b"SQLite format 3\0", Format::Sqlite),
            (b"<?xml version=\"1.0\"?>\n<log>", Format::Xes),
            (b"{\"a\": 1}\n{\"a\": 2}\n", Format::Ndjson),
            (b"[1]\n\n[2]", Format::Ndjson),
            (b"\xef\xbb\xbf {\"a\": 1}\n", Format::Json),
            (b"{\n \"a\": [1,\n 2]}", Format::Json),
            (b"user,action\nu,a\n", Format::Delimited),
            (b"", Format::Delimited),
        ] {
            assert_eq!(sniff(head), format, "{}", String::from_utf8_lossy(head));
        }
    }
}
