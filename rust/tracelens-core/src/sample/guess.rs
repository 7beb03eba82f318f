//! Which built-in mapping fits: by the format of the first file that it would read, and by keys, columns or the look of its first
//! line.

use super::keys::Keys;
use super::look::{self, Unseen};
use super::{Kind, OPENED, empty, refuse_pipes, text};
use crate::error::{Code, Error, Result};
use crate::format::{missing, separator};
use crate::input::archive::is_archive;
use crate::input::discover::Discovered;
use crate::mapping::{Format, Mapping, Plan, builtin_names};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Rows of a file by which it is told.
const ROWS: usize = 100;

/// The built-in mapping that fits, and why in words. Nothing fits: an error that says what was seen.
pub fn guess(discovered: &Discovered) -> Result<(Mapping, String)> {
    let all = || discovered.named.iter().chain(&discovered.found);
    refuse_pipes(&discovered.named)?;
    if all().all(|p| std::fs::metadata(p).is_ok_and(|m| m.len() == 0)) {
        return Err(empty(all().next()));
    }
    let mut files = Files::among(discovered)?;
    let (mut seen, mut close): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for name in builtin_names() {
        let mapping = Mapping::builtin(name)?;
        let Some(look) = files.first_of(&mapping) else {
            continue;
        };
        match look.fits(mapping.plan()) {
            Fit::Yes(why) => return Ok((mapping, why)),
            Fit::Lacks(columns) => close.push(format!("{name} would fit, but there is no column {columns}")),
            Fit::No => {}
        }
        for line in look.in_words() {
            if !seen.contains(&line) {
                seen.push(line);
            }
        }
    }
    // A file that cannot be read is the better explanation.
    if let Some(error) = files.unreadable(seen.is_empty()) {
        return Err(error);
    }
    let mut error = Error::new(Code::MappingNoneFits, "no built-in mapping fits these logs");
    for line in seen.into_iter().take(3) {
        error = error.note(format!("seen: {line}"));
    }
    for line in close {
        error = error.note(line);
    }
    Err(error
        .note(format!("built-in mappings: {}", builtin_names().join(", ")))
        .help("say how they become events in a mapping file, and name it with --mapping mine.toml"))
}

/// Files among which each mapping looks for its first, and what those look like that were looked at.
struct Files {
    /// Members of an archive stand in it like files of a directory.
    among: Discovered,
    members: BTreeMap<PathBuf, Unseen>,
    looks: BTreeMap<PathBuf, Result<Look>>,
}

impl Files {
    fn among(discovered: &Discovered) -> Result<Self> {
        let plain = |paths: &[PathBuf]| paths.iter().filter(|p| !is_archive(p)).cloned().collect();
        let mut among = Discovered {
            named: plain(&discovered.named),
            found: plain(&discovered.found),
            ..Discovered::default()
        };
        let mut all = discovered.named.iter().chain(&discovered.found);
        let mut members = BTreeMap::new();
        // All archives are taken for one like the first.
        if let Some(archive) = all.find(|p| is_archive(p)) {
            match look::files(archive) {
                Ok(files) => members.extend(files.into_iter().take(OPENED).map(|file| (file.path.clone(), file))),
                Err(error) if among.named.is_empty() && among.found.is_empty() => return Err(error),
                Err(_) => {}
            }
        }
        among.found.extend(members.keys().cloned());
        Ok(Self {
            among,
            members,
            looks: BTreeMap::new(),
        })
    }

    /// What the first file that a mapping would read, and that is not empty, looks like.
    fn first_of(&mut self, mapping: &Mapping) -> Option<&Look> {
        let (files, _) = self.among.clone().claimed(mapping).ok()?;
        let paths = files.into_iter().map(|file| file.path);
        let path = paths.into_iter().find(|path| !self.is_empty(path))?;
        self.looks.get(&path)?.as_ref().ok()
    }

    /// Look at a file, unless it was looked at.
    fn is_empty(&mut self, path: &PathBuf) -> bool {
        let look = self.looks.entry(path.clone()).or_insert_with(|| {
            let file = self
                .members
                .remove(path)
                .map_or_else(|| look::files(path), |file| Ok(vec![file]))?;
            let kinds: Result<Vec<Vec<Kind>>> = file.into_iter().map(|file| file.look(ROWS)).collect();
            Ok(Look::new(kinds?.concat()))
        });
        look.as_ref().is_ok_and(|look| look.kinds.is_empty())
    }

    /// Why nothing could be seen of a file, or what is no text in it.
    fn unreadable(self, unseen: bool) -> Option<Error> {
        let mut looks = self.looks.into_values();
        looks.find_map(|look| match look {
            Err(error) => Some(error).filter(|_| unseen),
            Ok(look) => look.kinds.into_iter().find_map(|kind| kind.not_text),
        })
    }
}

/// What a file looks like: the tables of a database, or its one kind of rows.
struct Look {
    kinds: Vec<Kind>,
    keys: Keys,
}

/// Whether a mapping fits, and why.
enum Fit {
    Yes(String),
    /// It would, had it these columns.
    Lacks(String),
    No,
}

impl Look {
    fn new(kinds: Vec<Kind>) -> Self {
        let mut keys = Keys::default();
        for kind in &kinds {
            kind.columns.iter().flatten().for_each(|column| keys.add(column));
            kind.rows.iter().for_each(|row| keys.add_all(row));
        }
        Self { kinds, keys }
    }

    fn fits(&self, plan: &Plan) -> Fit {
        let Some(kind) = self.kinds.first().filter(|k| plan.formats.contains(&k.format)) else {
            return Fit::No;
        };
        let because = |why: String| Fit::Yes(format!("{} with {why}", kind.format.name()));
        let first_line = kind.first_line.as_deref().unwrap_or_default();
        if let Some(line) = &plan.signature.line {
            return if line.is_match(first_line) {
                because(format!("lines such as {first_line:?}"))
            } else {
                Fit::No
            };
        }
        // What the mapping would take for the header.
        let header = text::names(first_line, separator(plan, &kind.path));
        let is_there = |key: &&String| match kind.format {
            Format::Delimited => header.contains(key),
            _ => self.keys.contains(key),
        };
        let signature = plan.signature.keys.iter();
        let found: Option<Vec<&str>> = signature
            .map(|any| any.iter().find(is_there).map(String::as_str))
            .collect();
        let Some(found) = found.filter(|found| !found.is_empty()) else {
            return Fit::No;
        };
        let lacking = match kind.format {
            Format::Delimited if plan.delimiters.header => lacking(plan, &header),
            Format::Parquet | Format::Arrow => lacking(plan, kind.columns.as_deref().unwrap_or_default()),
            Format::Sqlite if plan.query.is_none() => self.lacking_in_tables(plan),
            _ => Vec::new(),
        };
        if lacking.is_empty() {
            because(format!("the keys {}", found.join(", ")))
        } else {
            Fit::Lacks(lacking.join(", "))
        }
    }

    /// What the table that is read lacks, or the one that lacks least.
    fn lacking_in_tables(&self, plan: &Plan) -> Vec<String> {
        let named = |kind: &&Kind| plan.table.is_none() || kind.table == plan.table;
        let tables = self
            .kinds
            .iter()
            .filter(named)
            .filter_map(|kind| kind.columns.as_deref());
        tables
            .map(|columns| lacking(plan, columns))
            .min_by_key(Vec::len)
            .unwrap_or_default()
    }

    /// The file, its format, and the first of its keys; of a database each table.
    fn in_words(&self) -> Vec<String> {
        let words = |kind: &Kind| {
            let table = kind.table.as_ref().map_or_else(String::new, |t| format!(", table {t}"));
            let keys = match (&kind.columns, kind.header) {
                (_, Some(false)) => kind.first_line.clone().unwrap_or_default(),
                (Some(columns), _) => columns[..columns.len().min(8)].join(", "),
                (None, _) => self.keys.first(8).join(", "),
            };
            format!("{}{table}: {}, {keys}", kind.path.display(), kind.format.name())
        };
        self.kinds.iter().map(words).collect()
    }
}

/// Columns that a mapping needs and that are not among these, each once.
fn lacking(plan: &Plan, names: &[String]) -> Vec<String> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut lacking: Vec<String> = missing(plan, &names);
    lacking.sort_unstable();
    lacking.dedup();
    lacking
}

#[cfg(test)]
mod tests;
