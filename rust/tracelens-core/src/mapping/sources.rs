//! A side of several kinds of files, each with a mapping of its own.

use super::plan::Plan;
use super::reference;
use super::section::{Document, Section, Text};
use super::{Part, builtin, sides};
use crate::error::{Code, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The parts of a mapping that is made of `[[source]]`s.
pub(super) fn parts(root: &Section, is_builtin: bool, side: Option<&str>) -> Result<Vec<Part>> {
    refuse_more(root)?;
    let Some(list) = root.value("source") else {
        return Ok(Vec::new());
    };
    let mut parts: Vec<Part> = Vec::new();
    let mut spans = Vec::new();
    for value in root.some_of(list, "[[source]] tables")? {
        let section = root.section_of("source", value, reference::SOURCE)?;
        let files = section.strings("files")?.ok_or_else(|| {
            section.incomplete("a source has to say its files", "for example files = \"orders/*.csv\"")
        })?;
        if let Some(wrong) = files.iter().find(|f| f.is_empty() || f.starts_with('/')) {
            let error = section.fault("files of a source are named relative to the mapping", &wrong.span);
            return Err(error.help("for example files = \"orders/*.csv\", or \"**/*.csv\" for any depth"));
        }
        let name = section.string("mapping")?.ok_or_else(|| {
            section.incomplete(
                "a source has to say its mapping",
                "for example mapping = \"orders.toml\"",
            )
        })?;
        section.finish()?;
        let (text, origin) = text(&section, &name, is_builtin)?;
        parts.push(Part {
            files: files.iter().map(ToString::to_string).collect(),
            plan: Arc::new(compile(&section, &name, &text, &origin, side)?),
        });
        spans.push(name.span);
    }
    if let Some(side) = side
        && parts.iter().all(|part| part.plan.side.is_none())
    {
        return Err(sides::unknown(root, side, &[]));
    }
    agree(root, &parts, &spans)?;
    Ok(parts)
}

/// Whatever else there is to say, each source's mapping says.
fn refuse_more(root: &Section) -> Result<()> {
    let own = ["version", "name", "source"];
    root.refuse_unknown()?;
    match root.entries().into_iter().find(|(key, _)| !own.contains(&key.text)) {
        None => Ok(()),
        Some((key, _)) => {
            let said = format!("a mapping of [[source]]s has no \"{}\" of its own", key.text);
            let error = root.document.error(Code::MappingUnknownKey, said, &key.span);
            Err(error.help("write it in the mapping of the source that it is about"))
        }
    }
}

/// The text of a source's mapping and where it is from: a built-in one by name, else a file beside the mapping.
fn text(section: &Section, name: &Text, is_builtin: bool) -> Result<(String, PathBuf)> {
    if let Some(text) = builtin::text(name) {
        return Ok((text.to_owned(), PathBuf::from(format!("{name}.toml"))));
    }
    let file = Path::new(name.text)
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("toml"));
    if is_builtin || !file {
        let error = section.fault(format!("no built-in mapping is called \"{name}\""), &name.span);
        return Err(super::near_builtin(error, name));
    }
    let path = section
        .document
        .origin
        .parent()
        .unwrap_or(Path::new(""))
        .join(name.text);
    match super::read_text(&path) {
        Ok(text) => Ok((text, path)),
        Err(why) => {
            let said = format!("the mapping {} cannot be read: {why}", path.display());
            let error = section.document.error(Code::NotFound, said, &name.span);
            Err(error.help("its path is relative to this mapping"))
        }
    }
}

fn compile(section: &Section, name: &Text, text: &str, origin: &Path, side: Option<&str>) -> Result<Plan> {
    let document = Document { text, origin };
    let parsed = document.parse()?;
    if parsed.get_ref().contains_key("source") {
        let said = format!("\"{name}\" is itself made of [[source]]s");
        let error = section.fault(said, &name.span);
        return Err(error.help("name the mappings that it names, each with its files"));
    }
    let plan = Plan::compile(text, origin, None)?;
    match side {
        Some(_) if !plan.sides.is_empty() => Plan::compile(text, origin, side),
        _ => Ok(plan),
    }
}

/// Days are counted in one zone, and records either are exposures or are not.
fn agree(root: &Section, parts: &[Part], spans: &[std::ops::Range<usize>]) -> Result<()> {
    let fault = |i: usize, said: String, help: &str| Err(root.fault(said, &spans[i]).help(help));
    let zone = |plan: &Plan| {
        plan.zone_name
            .clone()
            .unwrap_or_else(|| "UTC, since it declares none".to_owned())
    };
    let mut clocks = parts.iter().enumerate().filter(|(_, part)| part.plan.time.is_some());
    if let Some((_, first)) = clocks.next()
        && let Some((i, other)) = clocks.find(|(_, other)| other.plan.zone != first.plan.zone)
    {
        let (a, b) = (&first.plan, &other.plan);
        let said = format!(
            "all sources count days in one zone: \"{}\" in {}, \"{}\" in {}",
            a.name(),
            zone(a),
            b.name(),
            zone(b)
        );
        return fault(
            i,
            said,
            "declare the same zone in both; times with an offset are read by that in any zone",
        );
    }
    if let Some(first) = parts.first()
        && let Some(i) = parts
            .iter()
            .position(|p| p.plan.exposure_by_record != first.plan.exposure_by_record)
    {
        let name = if first.plan.exposure_by_record { i } else { 0 };
        let said = format!(
            "all sources count exposures in one way: \"{}\" does not say exposure = \"record\", another does",
            parts[name].plan.name()
        );
        return fault(
            i,
            said,
            "say exposure = \"record\" under [rows] in all of them, or in none",
        );
    }
    Ok(())
}
