//! One log that holds several sides: what each of them says beside the rest of the mapping.

use super::field::Scope;
use super::reference;
use super::section::Section;
use super::tables::columns;
use super::test::Test;
use crate::error::{Result, closest};

/// The sides of a mapping, and the one of them that is read.
pub(super) struct Sides<'a> {
    names: Vec<String>,
    read: Option<Section<'a>>,
}

impl<'a> Sides<'a> {
    pub(super) fn parse(root: &Section<'a>, side: Option<&str>) -> Result<Self> {
        let mut sides = Self {
            names: Vec::new(),
            read: None,
        };
        if let Some(section) = root.section("sides", reference::FREE)? {
            for (name, value) in section.entries() {
                let one = section.section_of(&name, value, reference::SIDE)?;
                if side == Some(name.text) {
                    sides.read = Some(one);
                }
                sides.names.push(name.to_string());
            }
            if sides.names.is_empty() {
                return Err(section.incomplete("[sides] names no side", "write [sides.real] and [sides.sim]"));
            }
        }
        match side {
            Some(side) if sides.read.is_none() => Err(unknown(root, side, &sides.names)),
            _ => Ok(sides),
        }
    }

    pub(super) fn names(self) -> Vec<String> {
        self.names
    }

    /// Whether there are sides and none of them is read.
    pub(super) fn unread(&self) -> bool {
        self.read.is_none() && !self.names.is_empty()
    }

    /// Whether a side may say what `[event]` does not.
    pub(super) fn may_complete(&self) -> bool {
        !self.names.is_empty()
    }

    /// What the rows of this side have to be, beside what all rows have to be.
    pub(super) fn keep(&self, scope: &Scope) -> Result<Vec<Test>> {
        match self.read.as_ref().and_then(|side| Some((side, side.value("keep")?))) {
            Some((side, value)) => Test::parse_all(side, "keep", value, scope),
            None => Ok(Vec::new()),
        }
    }

    /// What this side was given, in place of what all were.
    pub(super) fn given(&self) -> Result<Option<Vec<String>>> {
        match &self.read {
            Some(side) => columns(side, "given"),
            None => Ok(None),
        }
    }

    /// The columns that this side lays over `[event]`.
    pub(super) fn event(&self) -> Result<Option<Section<'a>>> {
        match &self.read {
            Some(side) => side.section("event", reference::EVENT),
            None => Ok(None),
        }
    }

    pub(super) fn finish(&self) -> Result<()> {
        self.read.as_ref().map_or(Ok(()), Section::finish)
    }
}

/// There is no such side.
pub(super) fn unknown(root: &Section, side: &str, names: &[String]) -> crate::error::Error {
    let error = root.fault(format!("this mapping has no side \"{side}\""), &root.span_of("sides"));
    match closest(side, names.iter().map(String::as_str)) {
        Some(near) => error.help(format!("did you mean \"{near}\"?")),
        None if names.is_empty() => error.help(format!("write [sides.{side}], or read it without a side")),
        None => error.help(format!("its sides: {}", names.join(", "))),
    }
}
