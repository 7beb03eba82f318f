//! From what the user names (files, directories, patterns) to the files that are read, always in the same order.

use super::sniff::sniff;
use crate::error::{Code, Error, Place, Result};
use crate::mapping::{Format, Mapping, Plan};
use std::collections::{BTreeSet, VecDeque};
use std::fs::DirEntry;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The path that stands for the standard input.
pub(crate) const STDIN: &str = "-";

/// Name of a mapping that lies beside the logs it describes.
pub const MAPPING_FILE: &str = "tracelens.toml";

/// What is said of a link to a file that is not there.
pub(crate) const LEADS_NOWHERE: &str = "is a link that leads nowhere, and was not read";

/// Files in reading order.
#[derive(Debug, Clone, Default)]
pub struct Discovered {
    /// Files named one by one: read whatever they are called.
    pub named: Vec<PathBuf>,
    /// Files found in directories: read if the mapping claims them.
    pub found: Vec<PathBuf>,
    /// Links in directories that lead to no file.
    pub dead: Vec<PathBuf>,
    /// A mapping beside them.
    pub mapping: Option<PathBuf>,
}

/// Expand paths, directories and patterns.
pub fn discover(paths: &[String]) -> Result<Discovered> {
    let mut all = Discovered::default();
    let (mut named, mut found) = (Vec::new(), Vec::new());
    for path in paths {
        let p = Path::new(path);
        if path == STDIN {
            named.push(Found::named(p));
        } else if p.is_dir() {
            walk(p, &mut found, &mut all.dead)?;
            let mapping = p.join(MAPPING_FILE);
            if mapping.is_file() {
                all.mapping.get_or_insert(mapping);
            }
        } else if p.exists() {
            named.push(Found::named(p));
            let mapping = PathBuf::from(format!("{path}.toml"));
            if mapping.is_file() {
                all.mapping.get_or_insert(mapping);
            }
        } else if path.contains(['*', '?']) {
            let before = named.len();
            expand(path, &mut named, &mut all.dead)?;
            if named.len() == before {
                return Err(
                    Error::new(Code::NothingToRead, format!("no file matches {path}")).help("check the pattern")
                );
            }
        } else {
            return Err(Error::new(Code::NotFound, format!("no such file or directory: {path}")).help("check the path"));
        }
    }
    let mut known = BTreeSet::new();
    all.named = once(named, &mut known);
    all.found = once(found, &mut known);
    if all.named.is_empty() && all.found.is_empty() {
        let mut error = Error::new(Code::NothingToRead, format!("nothing to read in {}", paths.join(", ")));
        for link in all.dead.iter().take(3) {
            error = error.note(format!("{} {LEADS_NOWHERE}", link.display()));
        }
        return Err(error.help("name a directory or file with behaviour logs"));
    }
    Ok(all)
}

/// A path that leads to a file.
struct Found {
    path: PathBuf,
    is_link: bool,
    /// Where the file is, whatever links lead there.
    truly: PathBuf,
}

impl Found {
    fn named(path: &Path) -> Self {
        Self {
            path: path.to_path_buf(),
            is_link: path.is_symlink(),
            // What is no file on a disk is nowhere else.
            truly: path.canonicalize().unwrap_or_else(|_| path.to_path_buf()),
        }
    }
}

/// Each file once, in reading order, however many paths lead to it: under its own name rather than that of a link.
fn once(mut files: Vec<Found>, known: &mut BTreeSet<PathBuf>) -> Vec<PathBuf> {
    files.sort_by_cached_key(|file| (file.is_link, natural(&file.path.to_string_lossy())));
    let mut paths: Vec<PathBuf> = files
        .into_iter()
        .filter_map(|file| known.insert(file.truly).then_some(file.path))
        .collect();
    paths.sort_by_cached_key(|path| natural(&path.to_string_lossy()));
    paths
}

/// A file and the part of a mapping that reads it.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The file.
    pub path: PathBuf,
    /// Number of the part.
    pub part: usize,
    /// How it becomes events; of an archive its members say.
    pub plan: Arc<Plan>,
    /// Its size on the disk, or in its archive.
    pub bytes: u64,
}

impl Claimed {
    /// A file, if the mapping reads it. One that was named is read whatever it is called, if the mapping has but one part.
    pub(crate) fn by(mapping: &Mapping, path: PathBuf, named: bool, bytes: u64) -> Result<Self, PathBuf> {
        match part_of(mapping, &path, named || is_archive(&path)) {
            Some(part) => Ok(Self {
                path,
                part,
                plan: Arc::clone(&mapping.parts()[part].plan),
                bytes,
            }),
            None => Err(path),
        }
    }

    /// Whether it is read for its members.
    pub(crate) fn is_archive(&self) -> bool {
        is_archive(&self.path)
    }
}

impl Discovered {
    /// The files a mapping reads, and those that nobody claims.
    pub fn claimed(self, mapping: &Mapping) -> Result<(Vec<Claimed>, Vec<PathBuf>)> {
        let (mut files, mut skipped) = (Vec::new(), Vec::new());
        let found = self.found.into_iter().map(|path| (path, false));
        for (path, named) in found.chain(self.named.into_iter().map(|path| (path, true))) {
            let bytes = std::fs::metadata(&path).map_or(0, |about| if about.is_file() { about.len() } else { 0 });
            match Claimed::by(mapping, path, named, bytes) {
                Ok(file) => files.push(file),
                Err(path) => skipped.push(path),
            }
        }
        if files.is_empty() {
            let seen: Vec<String> = skipped.iter().take(5).map(|p| p.display().to_string()).collect();
            let reads: Vec<String> = mapping
                .parts()
                .iter()
                .flat_map(|p| {
                    if p.files.is_empty() {
                        patterns(&p.plan)
                    } else {
                        p.files.clone()
                    }
                })
                .collect();
            return Err(Error::new(Code::NothingToRead, "no file that this mapping would read")
                .note(format!("seen: {}", seen.join(", ")))
                .note(format!("the mapping reads {}", reads.join(", ")))
                .help("name another mapping with --mapping, or add a pattern under [files] include"));
        }
        files.sort_by_cached_key(|f| natural(&f.path.to_string_lossy()));
        Ok((files, skipped))
    }
}

fn part_of(mapping: &Mapping, path: &Path, named: bool) -> Option<usize> {
    let relative = mapping
        .directory()
        .and_then(|directory| path.strip_prefix(directory).ok())
        .unwrap_or(path);
    let relative = relative.strip_prefix(".").unwrap_or(relative).to_string_lossy();
    mapping.parts().iter().position(|part| {
        if part.files.is_empty() {
            named || claims(&part.plan, path)
        } else {
            part.claims(&relative) || is_archive(path)
        }
    })
}

fn is_archive(path: &Path) -> bool {
    Path::new(&plain_name(path)).extension().is_some_and(|e| e == "tar")
}

/// The format of a file: the first of the mapping's whose suffix it has; else the one that its beginning looks like, if it is one
/// of them, else the first. A list of documents is one of lines, whatever its suffix says.
pub(crate) fn format_of(plan: &Plan, path: &Path, head: impl FnOnce() -> Result<Vec<u8>>) -> Result<Format> {
    let name = plain_name(path);
    let fits = |f: &Format| f.suffixes().iter().any(|s| name.ends_with(&format!(".{s}")));
    let found = plan.formats.iter().copied().find(fits);
    match found {
        Some(format) if format != Format::Json => return Ok(format),
        None if plan.formats.len() == 1 && plan.formats[0] != Format::Json => return Ok(plan.formats[0]),
        _ => {}
    }
    let seen = sniff(&head()?);
    let json = found == Some(Format::Json) || plan.formats.contains(&Format::Json);
    let is_seen = (seen == Format::Ndjson && json) || (found.is_none() && plan.formats.contains(&seen));
    Ok(if is_seen {
        seen
    } else {
        found.unwrap_or(plan.formats[0])
    })
}

/// Lower-case file name less the suffix of its compression.
pub fn plain_name(path: &Path) -> String {
    let name = path
        .file_name()
        .map(|n| n.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    for (suffix, stands_for) in [
        (".gz", ""),
        (".zst", ""),
        (".xz", ""),
        (".tgz", ".tar"),
        (".txz", ".tar"),
    ] {
        if let Some(stem) = name.strip_suffix(suffix) {
            return format!("{stem}{stands_for}");
        }
    }
    name
}

fn patterns(plan: &Plan) -> Vec<String> {
    if plan.include.is_empty() {
        plan.formats
            .iter()
            .flat_map(|f| f.suffixes())
            .map(|s| format!("*.{s}"))
            .collect()
    } else {
        plan.include.clone()
    }
}

fn claims(plan: &Plan, path: &Path) -> bool {
    let name = plain_name(path);
    patterns(plan).iter().any(|p| matches(&p.to_lowercase(), &name))
}

/// Shell-like matching of a name: `*` is any text, `?` any character.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.chars().next() {
        None => name.is_empty(),
        Some('*') => {
            let rest = &pattern[1..];
            name.char_indices()
                .map(|(i, _)| i)
                .chain([name.len()])
                .any(|i| matches(rest, &name[i..]))
        }
        Some(c) => match name.chars().next() {
            Some(n) if c == '?' || c == n => matches(&pattern[c.len_utf8()..], &name[n.len_utf8()..]),
            _ => false,
        },
    }
}

/// All files below a directory that are not hidden, and the links in it that lead nowhere. Links to directories are followed last, for what they lead to may have a
/// name of its own here; and each directory is seen once, for a link that leads back up would be followed for ever.
fn walk(top: &Path, files: &mut Vec<Found>, dead: &mut Vec<PathBuf>) -> Result<()> {
    let (mut ahead, mut seen) = (VecDeque::from([top.to_path_buf()]), BTreeSet::new());
    while let Some(directory) = ahead.pop_front() {
        let io = |e: std::io::Error| {
            Error::new(Code::Io, format!("cannot be read: {e}"))
                .at(Place::file(&directory))
                .help("check the permissions")
        };
        let truly = directory.canonicalize().map_err(io)?;
        if !seen.insert(truly.clone()) {
            continue;
        }
        let entries = std::fs::read_dir(&directory).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
        let mut entries = entries.map_err(io)?;
        entries.sort_by_cached_key(DirEntry::file_name);
        for entry in entries {
            let (path, name) = (entry.path(), entry.file_name());
            let is_link = entry.file_type().is_ok_and(|of| of.is_symlink());
            if name.to_string_lossy().starts_with('.') {
                continue;
            }
            if path.is_dir() {
                if is_link {
                    ahead.push_back(path);
                } else {
                    ahead.push_front(path);
                }
            } else if is_link && std::fs::metadata(&path).is_err_and(|e| e.kind() != ErrorKind::PermissionDenied) {
                dead.push(path);
            } else if path.is_file() || !path.exists() {
                // What lies behind a directory that may not be entered is a file that cannot be read: whoever claims it will
                // say so.
                let found = if is_link {
                    Found::named(&path)
                } else {
                    Found {
                        path,
                        is_link,
                        truly: truly.join(name),
                    }
                };
                files.push(found);
            }
        }
    }
    Ok(())
}

fn expand(pattern: &str, files: &mut Vec<Found>, dead: &mut Vec<PathBuf>) -> Result<()> {
    let fixed: PathBuf = Path::new(pattern)
        .components()
        .take_while(|c| !c.as_os_str().to_string_lossy().contains(['*', '?']))
        .collect();
    let root = if fixed.as_os_str().is_empty() {
        Path::new(".")
    } else {
        &fixed
    };
    if !root.is_dir() {
        return Ok(());
    }
    let (mut all, mut links) = (Vec::new(), Vec::new());
    walk(root, &mut all, &mut links)?;
    let plain = pattern.trim_start_matches("./");
    let depth = plain.matches('/').count();
    let meant = |path: &Path| {
        let text = path.to_string_lossy();
        let text = text.trim_start_matches("./");
        // A star does not cross directories: as many slashes in the one as in the other.
        text.matches('/').count() == depth && matches(plain, text)
    };
    files.extend(all.into_iter().filter(|file| meant(&file.path)));
    dead.extend(links.into_iter().filter(|link| meant(link)));
    Ok(())
}

/// Sorting key in which numbers count as numbers: 2.json comes before 10.json.
pub(super) fn natural(text: &str) -> Vec<(String, u64)> {
    let mut key = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let word = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let digits = rest[word..]
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len() - word);
        key.push((
            rest[..word].to_owned(),
            rest[word..word + digits].parse().unwrap_or(u64::MAX),
        ));
        rest = &rest[word + digits..];
    }
    key.push((text.to_owned(), 0));
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let mut names = vec!["u/10.json", "u/9.json", "u/a1.json", "u/2.json", "t/11.json"];
        names.sort_by_cached_key(|n| natural(n));
        assert_eq!(names, ["t/11.json", "u/2.json", "u/9.json", "u/10.json", "u/a1.json"]);
    }

    #[test]
    fn patterns_match_names() {
        assert!(matches("*.json", "a.json"));
        assert!(matches("part-?.csv", "part-3.csv"));
        assert!(!matches("*.json", "a.jsonl"));
        assert!(matches("*", ""));
    }
}
