//! The text around a mistake.

use crate::error::Snippet;

/// Room shown to the left and right of a mark.
const CONTEXT: usize = 60;

/// The line around a byte range, with the range marked.
pub(crate) fn snippet(text: &str, at: usize, length: usize, label: &str) -> Snippet {
    let at = floor(text, at);
    let line_start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    let line_end = text[at..].find('\n').map_or(text.len(), |i| at + i);
    // A carriage return belongs to the end of the line, even one that is wrong there.
    let line_end = line_start + text[line_start..line_end].trim_end_matches('\r').len();
    let at = at.min(line_end);
    let from = floor(text, at.saturating_sub(CONTEXT).max(line_start));
    let until = floor(text, (at + length + CONTEXT).min(line_end)).max(at);
    let marked_end = floor(text, (at + length).min(until)).max(at);
    let lead = if from > line_start { "..." } else { "" };
    let tail = if until < line_end { "..." } else { "" };
    Snippet {
        text: format!("{lead}{}{tail}", &text[from..until]),
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
