//! The tables of a mapping beside `[rows]` and `[event]`: value maps, delimiters, files, roles, valences and the like.

use super::field::{Field, Maps, Scope};
use super::plan::{Delimiters, Signature, incomplete};
use super::section::Section;
use super::test::{Check, Test};
use crate::error::{Code, Result};
use crate::event::{COLUMNS, Role};
use regex_lite::Regex;
use std::collections::HashMap;
use std::sync::Arc;
use toml::Spanned;
use toml::de::DeValue;

pub(super) fn maps(root: &Section) -> Result<Maps> {
    let Some(section) = root.section("map")? else {
        return Ok(Maps::new());
    };
    let mut maps = Maps::new();
    for (name, value) in section.entries() {
        let table = section.section_of(name, value)?;
        let mut values = HashMap::new();
        for (from, to) in table.entries() {
            let to = to.get_ref().as_str().ok_or_else(|| table.wrong(to, "a string"))?;
            values.insert(from.to_owned(), to.to_owned());
        }
        maps.insert(name.to_owned(), Arc::new(values));
    }
    Ok(maps)
}

pub(super) fn delimiters(root: &Section) -> Result<Delimiters> {
    let Some(section) = root.section("delimited")? else {
        return Ok(Delimiters {
            separator: None,
            header: true,
            quote: Some(b'"'),
        });
    };
    let byte = |key: &'static str| -> Result<Option<Option<u8>>> {
        let Some(text) = section.string(key)? else {
            return Ok(None);
        };
        match text.as_bytes() {
            [] => Ok(Some(None)),
            [one] => Ok(Some(Some(*one))),
            _ => Err(incomplete(&section, &format!("{key} is one character"))),
        }
    };
    let separator = byte("separator")?.flatten();
    let quote = byte("quote")?.unwrap_or(Some(b'"'));
    let header = section.boolean("header")?.unwrap_or(true);
    section.finish()?;
    Ok(Delimiters {
        separator,
        header,
        quote,
    })
}

pub(super) fn files(root: &Section) -> Result<Vec<String>> {
    let Some(section) = root.section("files")? else {
        return Ok(Vec::new());
    };
    let include = section.strings("include")?.unwrap_or_default();
    section.finish()?;
    Ok(include)
}

pub(super) fn happened(root: &Section, scope: &Scope) -> Result<HashMap<String, Vec<Test>>> {
    let Some(section) = root.section("occurred")? else {
        return Ok(HashMap::new());
    };
    let mut rules = HashMap::new();
    for (action, value) in section.entries() {
        let rule = section.section_of(action, value)?;
        let flags: &Spanned<DeValue> = rule.value("true").ok_or_else(|| {
            incomplete(
                &rule,
                "an action happened if any of its flags is true: { true = [...] }",
            )
        })?;
        let list = flags
            .get_ref()
            .as_array()
            .ok_or_else(|| rule.wrong(flags, "a list of paths"))?;
        let fields = list
            .iter()
            .map(|v| {
                let field = Field::parse(&rule, "true", v, scope)?;
                Ok(Test {
                    field,
                    check: Check::True,
                })
            })
            .collect::<Result<_>>()?;
        rule.finish()?;
        rules.insert(action.to_owned(), fields);
    }
    Ok(rules)
}

pub(super) fn roles(root: &Section) -> Result<HashMap<String, Role>> {
    let Some(section) = root.section("role")? else {
        return Ok(HashMap::new());
    };
    let mut roles = HashMap::new();
    for role in Role::ALL {
        for action in section.strings(role.name())?.unwrap_or_default() {
            roles.insert(action, role);
        }
    }
    section.finish()?;
    Ok(roles)
}

pub(super) fn valences(root: &Section) -> Result<HashMap<String, i8>> {
    let Some(section) = root.section("valence")? else {
        return Ok(HashMap::new());
    };
    let mut valences = HashMap::new();
    for (key, sign) in [("positive", 1), ("negative", -1)] {
        for action in section.strings(key)?.unwrap_or_default() {
            valences.insert(action, sign);
        }
    }
    section.finish()?;
    Ok(valences)
}

pub(super) fn given(root: &Section) -> Result<Vec<String>> {
    let Some(section) = root.section("given")? else {
        return Ok(Vec::new());
    };
    let columns = section.strings("columns")?.unwrap_or_default();
    if let Some(wrong) = columns.iter().find(|c| !COLUMNS.contains(&c.as_str())) {
        let span = section.value("columns").map_or(section.span.clone(), Spanned::span);
        let error = section
            .document
            .error(Code::MappingValue, format!("an event has no column \"{wrong}\""), &span);
        return Err(error.help(format!("columns: {}", COLUMNS.join(", "))));
    }
    section.finish()?;
    Ok(columns)
}

pub(super) fn signature(root: &Section) -> Result<Signature> {
    let Some(section) = root.section("signature")? else {
        return Ok(Signature::default());
    };
    let mut keys = Vec::new();
    if let Some(value) = section.value("keys") {
        let list = value
            .get_ref()
            .as_array()
            .ok_or_else(|| section.wrong(value, "a list of keys"))?;
        for v in list {
            keys.push(section.strings_of(v)?);
        }
    }
    let line = match section.string("line")? {
        None => None,
        Some(pattern) => Some(
            Regex::new(pattern)
                .map_err(|e| section.document.error(Code::MappingValue, e.to_string(), &section.span))?,
        ),
    };
    section.finish()?;
    Ok(Signature { keys, line })
}
