//! From the text of a mapping to a plan.

use super::event::event;
use super::field::{Field, Scope};
use super::path::{Each, Level};
use super::plan::{Format, Plan};
use super::reference;
use super::section::{Document, Section, Text};
use super::sides::Sides;
use super::tables::{delimiters, given, happened, include, maps, melt, roles, signature, sqlite, valences};
use super::test::Test;
use crate::error::Result;
use std::cell::RefCell;
use std::path::Path;

impl Plan {
    /// Compile the text of a mapping for one of its sides, or for all that it says outside of them.
    pub fn compile(text: &str, origin: &Path, side: Option<&str>) -> Result<Self> {
        let document = Document { text, origin };
        let parsed = document.parse()?;
        let root = Section::root(document, parsed.get_ref(), reference::ROOT);
        version(&root)?;
        if root.value("source").is_some() {
            let error = root.fault("a mapping of [[source]]s is no single plan", &root.span_of("source"));
            return Err(error.help("name the mapping of one of its sources"));
        }
        let plan = plan(&root, side)?;
        if side.is_none() {
            // A mistake in a side is one even where another side is read.
            for side in &plan.sides {
                Self::compile(text, origin, Some(side))?;
            }
        }
        Ok(plan)
    }
}

/// The language's version, which every mapping starts with.
pub(super) fn version(root: &Section) -> Result<()> {
    match root.whole("version")? {
        Some(1) => Ok(()),
        Some(other) => {
            let said = format!("mapping language version {other} is not known");
            Err(root.fault(said, &root.span_of("version")).help("write version = 1"))
        }
        None => Err(root.incomplete("a mapping starts with its version", "write version = 1 on top")),
    }
}

/// The name a mapping gives itself, else that of its file.
pub(super) fn name(root: &Section) -> Result<String> {
    let stem = || {
        root.document
            .origin
            .file_stem()
            .map(|s| s.to_string_lossy().into_owned())
    };
    let own = root.string("name")?.map(|name| name.to_string());
    Ok(own.or_else(stem).unwrap_or_else(|| "mapping".to_owned()))
}

fn plan(root: &Section, side: Option<&str>) -> Result<Plan> {
    let formats = formats(root)?;
    let sides = Sides::parse(root, side)?;
    let rows = root.section("rows", reference::ROWS)?;
    let levels = match &rows {
        Some(rows) => levels(rows)?,
        None => vec![whole()],
    };
    let scope = Scope {
        levels: levels.len(),
        maps: maps(root)?,
        paths: RefCell::default(),
    };
    let mut keep = Vec::new();
    let mut unique = Vec::new();
    let mut exposure_by_record = false;
    if let Some(rows) = &rows {
        exposure_by_record = rows.word("exposure", &[("record", ())])?.is_some();
        if let Some(value) = rows.value("keep") {
            keep = Test::parse_all(rows, "keep", value, &scope)?;
        }
        if let Some(value) = rows.value("unique") {
            let fields = rows.some_of(value, "a field or a list of fields")?;
            for field in fields {
                unique.push(Field::parse(rows, "unique", field, &scope)?);
            }
        }
        rows.finish()?;
    }
    keep.extend(sides.keep(&scope)?);
    let melt = melt(root, &scope)?;
    let event = event(root, &sides, !melt.is_empty(), &scope)?;
    let given = root
        .section("given", reference::GIVEN)?
        .map(|s| given(&s))
        .transpose()?;
    let sides_given = sides.given()?;
    sides.finish()?;
    let (table, query) = sqlite(root, &formats)?;
    let plan = Plan {
        name: name(root)?,
        source: root.document.text.to_owned(),
        include: include(root)?,
        delimiters: delimiters(root, &formats)?,
        formats,
        levels,
        keep,
        unique,
        melt,
        exposure_by_record,
        happened: happened(root, &scope)?,
        roles: roles(root)?,
        valences: valences(root)?,
        given: sides_given.or(given).unwrap_or_default(),
        user: event.user,
        time: event.time,
        time_formats: event.time_formats,
        coarsest: event.coarsest,
        time_precision: event.time_precision,
        seq: event.seq,
        scenario: event.scenario,
        action: event.action,
        role: event.role,
        valence: event.valence,
        occurred: event.occurred,
        item: event.item,
        category: event.category,
        value: event.value,
        count: event.count,
        text: event.text,
        records: event.records,
        zone_name: event.zone_name,
        zone: event.zone,
        signature: signature(root)?,
        table,
        query,
        side: side.map(str::to_owned),
        paths: scope.paths.take(),
        sides: sides.names(),
    };
    root.finish()?;
    Ok(plan)
}

fn formats(root: &Section) -> Result<Vec<Format>> {
    let words = Format::ALL.map(|f| (f.name(), f));
    let Some(names) = root.strings("format")? else {
        let all: Vec<String> = words.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let help = format!("format = {}, or a list of these", all.join(", "));
        return Err(root.incomplete("a mapping has to name its format", help));
    };
    names.iter().map(|name| root.one_of(name, "format", &words)).collect()
}

/// A document that is one row.
fn whole() -> Level {
    Level {
        steps: Vec::new(),
        each: Each::Whole,
    }
}

fn levels(rows: &Section) -> Result<Vec<Level>> {
    let one = |text: &Text| {
        Level::parse(text).map_err(|why| {
            let said = format!("{:?} explodes nothing: {why}", text.text);
            let error = rows.fault(said, &text.span);
            error.help("one level an entry, for example [\"$\", \"history[*]\"] or [\"users.*\"]")
        })
    };
    match rows.strings("explode")? {
        Some(texts) => texts.iter().map(one).collect(),
        None => Ok(vec![whole()]),
    }
}
