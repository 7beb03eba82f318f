//! What one file looks like.

use super::prune::pruned;
use super::{Kind, text};
use crate::error::Result;
use crate::format::heads;
use crate::input::archive::{Content, Member, Members, is_archive};
use crate::input::discover::plain_name;
use crate::input::sniff::sniff;
use crate::input::source::Stream;
use crate::input::stream::{HEAD, Input};
use crate::input::{Packing, Progress};
use crate::mapping::Format;
use std::path::{Path, PathBuf};

/// Bytes of members of an archive that are looked at.
const MEMBERS: u64 = 1 << 23;

/// A file that was not looked at yet: one on the disk, or a member of an archive.
pub(super) struct Unseen {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    member: Option<Member>,
    /// What the archive is packed with.
    packing: Option<&'static str>,
}

/// The file at a path, or the first members of the archive.
pub(super) fn files(path: &Path) -> Result<Vec<Unseen>> {
    if is_archive(path) {
        return members(path);
    }
    Ok(vec![Unseen {
        path: path.to_path_buf(),
        bytes: std::fs::metadata(path).map_or(0, |m| m.len()),
        member: None,
        packing: None,
    }])
}

/// The members that an archive begins with. If it is damaged behind them, reading all of it will say so.
fn members(archive: &Path) -> Result<Vec<Unseen>> {
    let input = Input::open(archive, &Progress::default())?;
    let packing = input.packing().map(Packing::name);
    let (mut found, mut room) = (Vec::new(), MEMBERS);
    for member in Members::holding(archive, Box::new(Stream::new(input)), MEMBERS) {
        let member = match member {
            Ok(member) => member,
            Err(error) if found.is_empty() => return Err(error),
            Err(_) => break,
        };
        room = match &member.content {
            Content::Held(_) => room.saturating_sub(member.size),
            // What stands behind it is far away.
            Content::Stream(_) => 0,
        };
        found.push(Unseen {
            path: member.path.clone(),
            bytes: member.size,
            member: Some(member),
            packing,
        });
        if room == 0 {
            break;
        }
    }
    Ok(found)
}

impl Unseen {
    /// What it looks like: of a database each table, of an empty file nothing.
    pub(super) fn look(self, rows: usize) -> Result<Vec<Kind>> {
        let archive = self.member.is_some();
        let mut input = match self.member {
            Some(member) => member.open()?,
            None => Input::open(&self.path, &Progress::default())?,
        };
        let packing = input.packing().map(Packing::name).or(self.packing);
        let head = input.peek(HEAD)?;
        if head.is_empty() {
            return Ok(Vec::new());
        }
        let mut kind = Kind {
            format: format(&self.path, head),
            path: self.path,
            files: 1,
            bytes: self.bytes,
            packing,
            archive,
            encoding: None,
            separator: None,
            header: None,
            table: None,
            columns: None,
            rows: Vec::new(),
            first_line: None,
            not_text: None,
        };
        if matches!(kind.format, Format::Json | Format::Ndjson | Format::Delimited) {
            text::fill(&mut kind, input, rows)?;
            return Ok(vec![kind]);
        }
        let heads = heads(&kind.path, kind.format, input, rows)?.into_iter();
        let kinds = heads.map(|head| Kind {
            rows: String::from_utf8_lossy(&head.lines)
                .lines()
                .filter_map(pruned)
                .collect(),
            table: head.table,
            columns: head.columns,
            ..kind.clone()
        });
        Ok(kinds.collect())
    }
}

/// The format of a file as the reader sees it: a suffix says what is meant, unless something else is plainly there.
fn format(path: &Path, head: &[u8]) -> Format {
    match (Format::of_name(&plain_name(path)), sniff(head)) {
        (Some(named), Format::Delimited) => named,
        (Some(Format::Ndjson), Format::Json) => Format::Ndjson,
        (_, seen) => seen,
    }
}
