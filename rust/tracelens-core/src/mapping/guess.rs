//! Which built-in mapping fits: by the format of the first file and by keys, columns or the look of its first line.

use super::{Format, Mapping, builtin_names};
use crate::error::{Code, Error, Place, Result};
use crate::format::{Origin, Piece, not_utf8};
use crate::input::Progress;
use crate::input::discover::{Discovered, plain_name};
use crate::input::stream::{HEAD, Input, head};
use std::path::Path;

/// The built-in mapping that fits, and why in words. Nothing fits: an error that says what was seen.
pub fn guess(discovered: &Discovered) -> Result<(Mapping, String)> {
    let all = || discovered.named.iter().chain(&discovered.found);
    if all().all(|p| std::fs::metadata(p).is_ok_and(|m| m.len() == 0))
        && let Some(path) = all().next()
    {
        let error = Error::new(Code::NothingToRead, "the file is empty").at(Place::file(path));
        return Err(error.help("name a file or directory with behaviour logs"));
    }
    let mut seen = Vec::new();
    for name in builtin_names() {
        let mapping = Mapping::builtin(name)?;
        let Ok((files, _)) = discovered.clone().claimed(&mapping) else {
            continue;
        };
        let mut paths = files.iter().map(|f| f.path.as_path());
        let Some(path) = paths.find(|p| std::fs::metadata(p).is_ok_and(|m| m.len() > 0)) else {
            continue;
        };
        let head = head_text(path);
        let (format, keys) = look(path, &head);
        if let Some(why) = fits(&mapping, format, &keys, &head) {
            return Ok((mapping, format!("{} with {why}", format.name())));
        }
        let line = format!(
            "{}: {}, {}",
            path.display(),
            format.name(),
            keys.iter().take(8).cloned().collect::<Vec<_>>().join(", ")
        );
        if !seen.contains(&line) {
            seen.push(line);
        }
    }
    // A file that cannot be read is the better explanation.
    if let Some(path) = all().next() {
        check_text(path)?;
    }
    let mut error = Error::new(Code::MappingNoneFits, "no built-in mapping fits these logs");
    for line in seen.into_iter().take(3) {
        error = error.note(format!("seen: {line}"));
    }
    Err(error
        .note(format!("built-in mappings: {}", builtin_names().join(", ")))
        .help("say how they become events in a mapping file, and name it with --mapping mine.toml"))
}

/// The format by look and name, and the keys or columns that stand in the head of the file.
fn look(path: &Path, head: &str) -> (Format, Vec<String>) {
    let start = head.trim_start();
    if !start.starts_with(['{', '[']) {
        let line = start.lines().next().unwrap_or("");
        let separator = if line.contains('\t') { '\t' } else { ',' };
        return (
            Format::Delimited,
            line.split(separator)
                .map(|c| c.trim().trim_matches('"').to_owned())
                .collect(),
        );
    }
    let name = plain_name(path);
    let lines = Format::Ndjson.suffixes().iter().any(|s| name.ends_with(s));
    let mut keys: Vec<String> = Vec::new();
    let mut parts = start.split('"').skip(1);
    while let (Some(text), Some(after)) = (parts.next(), parts.next()) {
        if after.trim_start().starts_with(':') && !keys.iter().any(|k| k == text) {
            keys.push(text.to_owned());
        }
    }
    (if lines { Format::Ndjson } else { Format::Json }, keys)
}

fn fits(mapping: &Mapping, format: Format, keys: &[String], head: &str) -> Option<String> {
    let plan = mapping.plan();
    if !plan.formats.contains(&format) {
        return None;
    }
    let signature = &plan.signature;
    if let Some(line) = &signature.line {
        let first = head.lines().next().unwrap_or("");
        return line.is_match(first).then(|| format!("lines such as {first:?}"));
    }
    let found: Option<Vec<&str>> = signature
        .keys
        .iter()
        .map(|any| any.iter().find(|k| keys.contains(k)).map(String::as_str))
        .collect();
    found
        .filter(|f| !f.is_empty())
        .map(|f| format!("the keys {}", f.join(", ")))
}

fn head_text(path: &Path) -> String {
    let bytes = head(path);
    bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid()).to_owned()
}

/// Refuse a file whose beginning cannot be read as text.
fn check_text(path: &Path) -> Result<()> {
    let mut bytes = Vec::new();
    let whole = Input::open(path, &Progress::default())?.fill(&mut bytes, HEAD)?;
    match std::str::from_utf8(&bytes) {
        // The last character may be cut off by the end of what was read.
        Err(e) if whole || e.error_len().is_some() => {
            let piece = Piece::new(bytes, Origin::Bytes(0));
            Err(not_utf8(path, &piece, e.valid_up_to()))
        }
        _ => Ok(()),
    }
}
