//! The tables of a mapping beside `[rows]` and `[event]`: value maps, delimiters, files, roles, valences and the like.

use super::field::{Maps, Scope};
use super::plan::{Delimiters, Format, Signature};
use super::reference;
use super::section::Section;
use super::test::Test;
use crate::error::Result;
use crate::event::{COLUMNS, Role};
use regex_lite::Regex;
use std::collections::HashMap;
use std::sync::Arc;

pub(super) fn maps(root: &Section) -> Result<Maps> {
    let Some(section) = root.section("map", reference::FREE)? else {
        return Ok(Maps::new());
    };
    let mut maps = Maps::new();
    for (name, value) in section.entries() {
        let table = section.section_of(&name, value, reference::FREE)?;
        let mut values = HashMap::new();
        for (from, to) in table.entries() {
            let to = to.get_ref().as_str().ok_or_else(|| table.wrong(to, "a string"))?;
            values.insert(from.to_string(), to.to_owned());
        }
        maps.insert(name.to_string(), Arc::new(values));
    }
    Ok(maps)
}

/// A table that says how to read one format has nothing to say where the mapping does not name it.
fn goes_with(section: &Section, format: Format, formats: &[Format]) -> Result<()> {
    if formats.contains(&format) {
        return Ok(());
    }
    let name = format.name();
    let said = format!(
        "{} means nothing here: \"{name}\" is none of the formats",
        section.title()
    );
    Err(section
        .fault(said, &section.span)
        .help(format!("write format = \"{name}\", or leave the table out")))
}

pub(super) fn delimiters(root: &Section, formats: &[Format]) -> Result<Delimiters> {
    let Some(section) = root.section("delimited", reference::DELIMITED)? else {
        return Ok(Delimiters {
            separator: None,
            header: true,
            quote: Some(b'"'),
        });
    };
    goes_with(&section, Format::Delimited, formats)?;
    let byte = |key: &'static str| -> Result<Option<Option<u8>>> {
        let Some(text) = section.string(key)? else {
            return Ok(None);
        };
        match text.as_bytes() {
            [] if key == "quote" => Ok(Some(None)),
            [one] if one.is_ascii() && !matches!(one, b'\n' | b'\r') => Ok(Some(Some(*one))),
            _ => Err(section
                .fault(format!("{key} is one ASCII character"), &text.span)
                .help("for example \",\", \";\" or \"\\t\" in double quotes")),
        }
    };
    let delimiters = Delimiters {
        separator: byte("separator")?.flatten(),
        quote: byte("quote")?.unwrap_or(Some(b'"')),
        header: section.boolean("header")?.unwrap_or(true),
    };
    if delimiters.separator.is_some() && delimiters.separator == delimiters.quote {
        let error = section.fault("separator and quote are the same", &section.span_of("separator"));
        return Err(error.help("write quote = \"\" where there are no quotes"));
    }
    section.finish()?;
    Ok(delimiters)
}

/// The table of a database, or the query to it.
pub(super) fn sqlite(root: &Section, formats: &[Format]) -> Result<(Option<String>, Option<String>)> {
    let Some(section) = root.section("sqlite", reference::SQLITE)? else {
        return Ok((None, None));
    };
    goes_with(&section, Format::Sqlite, formats)?;
    let (table, query) = (section.string("table")?, section.string("query")?);
    section.finish()?;
    match (table, query) {
        (Some(_), Some(query)) => Err(section
            .fault("a database is read by table or by query, not by both", &query.span)
            .help("leave one of them out")),
        (None, None) => {
            Err(section.incomplete("[sqlite] names no table and no query", "for example table = \"events\""))
        }
        (table, query) => Ok((table.map(|t| t.to_string()), query.map(|q| q.to_string()))),
    }
}

/// File name patterns.
pub(super) fn include(root: &Section) -> Result<Vec<String>> {
    let Some(section) = root.section("files", reference::FILES)? else {
        return Ok(Vec::new());
    };
    let include = section.strings("include")?.unwrap_or_default();
    section.finish()?;
    Ok(include.iter().map(ToString::to_string).collect())
}

pub(super) fn happened(root: &Section, scope: &Scope) -> Result<HashMap<String, Vec<Test>>> {
    let Some(section) = root.section("occurred", reference::FREE)? else {
        return Ok(HashMap::new());
    };
    let mut rules = HashMap::new();
    for (action, value) in section.entries() {
        let rule = section.section_of(&action, value, reference::OCCURRED)?;
        let flags = rule.value("true").ok_or_else(|| {
            let help = format!("{action} = {{ true = [\"flag\"] }}");
            rule.incomplete("an action happened if any of its flags is true", help)
        })?;
        let tests = Test::parse_all(&rule, "true", flags, scope)?;
        rule.finish()?;
        rules.insert(action.to_string(), tests);
    }
    Ok(rules)
}

/// Actions of which each row is a list, in the order of the mapping.
pub(super) fn melt(root: &Section, scope: &Scope) -> Result<Vec<(String, Test)>> {
    let Some(section) = root.section("melt", reference::FREE)? else {
        return Ok(Vec::new());
    };
    let mut melt = Vec::new();
    for (action, value) in section.entries() {
        if action.is_empty() {
            return Err(section
                .fault("an action has a name", &action.span)
                .help("for example like = \"is_like\""));
        }
        melt.push((action.to_string(), Test::parse(&section, &action, value, scope)?));
    }
    if melt.is_empty() {
        return Err(section.incomplete("[melt] names no action", "for example like = \"is_like\""));
    }
    Ok(melt)
}

/// What lists of actions say about each of them: no action stands in two.
fn by_action<T: Copy + PartialEq>(
    section: &Section,
    kind: &str,
    lists: &[(&'static str, T)],
) -> Result<HashMap<String, T>> {
    let mut said = HashMap::new();
    for (key, meaning) in lists {
        for action in section.any_strings(key)?.unwrap_or_default() {
            if said
                .insert(action.to_string(), *meaning)
                .is_some_and(|before| before != *meaning)
            {
                let message = format!("\"{}\" has two {kind}s", action.text);
                return Err(section
                    .fault(message, &action.span)
                    .help(format!("an action has one {kind}")));
            }
        }
    }
    section.finish()?;
    Ok(said)
}

pub(super) fn roles(root: &Section) -> Result<HashMap<String, Role>> {
    let lists = Role::ALL.map(|role| (role.name(), role));
    match root.section("role", reference::ROLE)? {
        Some(section) => by_action(&section, "role", &lists),
        None => Ok(HashMap::new()),
    }
}

pub(super) fn valences(root: &Section) -> Result<HashMap<String, i8>> {
    match root.section("valence", reference::VALENCE)? {
        Some(section) => by_action(&section, "valence", &[("positive", 1), ("negative", -1)]),
        None => Ok(HashMap::new()),
    }
}

/// A list of columns of an event; there may be none in it.
pub(super) fn columns(section: &Section, key: &'static str) -> Result<Option<Vec<String>>> {
    let words = COLUMNS.map(|c| (c, c));
    let Some(names) = section.any_strings(key)? else {
        return Ok(None);
    };
    let columns = names
        .iter()
        .map(|name| Ok(section.one_of(name, "column of an event", &words)?.to_owned()));
    columns.collect::<Result<_>>().map(Some)
}

pub(super) fn given(section: &Section) -> Result<Vec<String>> {
    let given = columns(section, "columns")?.unwrap_or_default();
    section.finish()?;
    Ok(given)
}

pub(super) fn signature(root: &Section) -> Result<Signature> {
    let Some(section) = root.section("signature", reference::SIGNATURE)? else {
        return Ok(Signature::default());
    };
    let mut keys = Vec::new();
    if let Some(value) = section.value("keys") {
        if !value.get_ref().is_array() {
            return Err(section.wrong(value, "a list of keys"));
        }
        for any in section.some_of(value, "a list of keys")? {
            keys.push(section.strings_of(any)?.iter().map(ToString::to_string).collect());
        }
    }
    let line = match section.string("line")? {
        None => None,
        Some(pattern) => Some(Regex::new(&pattern).map_err(|e| {
            let error = section.fault(format!("no regular expression: {e}"), &pattern.span);
            error.help("for example '^[0-9]+ [0-9]+$'")
        })?),
    };
    section.finish()?;
    Ok(Signature { keys, line })
}
