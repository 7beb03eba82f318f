//! Where a field's value comes from, as a mapping writes it.

use super::field::{Field, FilePart, Scope, Source};
use super::path::FieldPath;
use super::reference;
use super::section::{Section, Value};
use crate::error::Result;

/// A source and the deepest explode level that it reads.
type Found = (Source, Option<usize>);

/// The one source of a field.
pub(super) fn source(section: &Section, scope: &Scope) -> Result<Found> {
    let mut found: Vec<(&str, Found)> = Vec::new();
    if let Some(value) = section.value("path") {
        found.push(("path", path(section, value, scope)?));
    }
    for (key, make) in [("key", Source::Key as fn(usize) -> Source), ("index", Source::Index)] {
        if let Some(level) = section.whole(key)? {
            if level >= scope.levels {
                let error = section.fault(format!("there is no explode level {level}"), &section.span_of(key));
                let levels = scope.levels;
                return Err(error.help(format!("rows have {levels}, counted from 0: those of [rows] explode")));
            }
            found.push((key, (make(level), above(level, scope))));
        }
    }
    if let Some(column) = section.whole("column")? {
        found.push(("column", (Source::Column(column), None)));
    }
    let parts = [
        ("path", FilePart::Path),
        ("name", FilePart::Name),
        ("stem", FilePart::Stem),
        ("parent", FilePart::Parent),
    ];
    if let Some(part) = section.word("file", &parts)? {
        found.push(("file", (Source::File(part), Some(0))));
    }
    if let Some(constant) = section.string("const")? {
        found.push(("const", (Source::Constant(constant.to_string()), Some(0))));
    }
    if let Some(position) = section.boolean("position")? {
        if !position {
            let error = section.fault("position is true, or is not there", &section.span_of("position"));
            return Err(error.help("write position = true"));
        }
        found.push(("position", (Source::Position, None)));
    }
    if let Some((fields, level)) = fields(section, "first", scope)? {
        found.push(("first", (Source::First(fields), level)));
    }
    if let Some((fields, level)) = fields(section, "join", scope)? {
        let separator = section
            .string("separator")?
            .map_or_else(|| " ".to_owned(), |s| s.to_string());
        found.push(("join", (Source::Join(fields, separator), level)));
    }
    match (found.pop(), found.pop()) {
        (Some((_, source)), None) => Ok(source),
        (Some((last, _)), Some((other, _))) => Err(section
            .fault(format!("a field has one source: {other} or {last}"), &section.span)
            .help("{ first = [...] } takes the first of several that has a value")),
        (None, _) => {
            let help = format!("one of: {}", reference::sources().join(", "));
            Err(section.incomplete("a field has to say where its value comes from", help))
        }
    }
}

/// A list of fields, and the deepest level that one of them reads.
fn fields(section: &Section, key: &'static str, scope: &Scope) -> Result<Option<(Vec<Field>, Option<usize>)>> {
    let Some(value) = section.value(key) else {
        return Ok(None);
    };
    if !value.get_ref().is_array() {
        return Err(section.wrong(value, "a list of fields"));
    }
    let fields: Vec<Field> = section
        .some_of(value, "a list of fields")?
        .into_iter()
        .map(|v| Field::parse(section, key, v, scope))
        .collect::<Result<_>>()?;
    let level = fields.iter().map(|f| f.level).fold(Some(0), deeper);
    Ok(Some((fields, level)))
}

/// The deepest level of two; `None` (the row itself) is deepest of all.
fn deeper(a: Option<usize>, b: Option<usize>) -> Option<usize> {
    a.zip(b).map(|(a, b)| a.max(b))
}

/// A level as what a field reads: the innermost is the row itself.
fn above(level: usize, scope: &Scope) -> Option<usize> {
    (level + 1 < scope.levels).then_some(level)
}

/// The path that a string is.
pub(super) fn path<'a>(section: &Section<'a>, value: &'a Value<'a>, scope: &Scope) -> Result<Found> {
    let text = value
        .get_ref()
        .as_str()
        .ok_or_else(|| section.wrong(value, "a string"))?;
    let path = FieldPath::parse(text).map_err(|why| {
        section
            .fault(format!("{text:?} is no path: {why}"), &value.span())
            .help("for example type, context.item_id, tags[0], ^.timestamp, params[key=id].value, payload{json}.x")
    })?;
    let parents = scope.levels.saturating_sub(1);
    if path.up > parents {
        let said = format!("{text:?} goes {} up, but rows have {parents} parents", path.up);
        return Err(section
            .fault(said, &value.span())
            .help("each level of [rows] explode but the first has a parent"));
    }
    let level = above(parents - path.up, scope);
    Ok((Source::Path(scope.number(path)), level))
}
