//! Paths that go on where the parser cannot follow: a list searched by key, every element, JSON inside a text.

use super::lexer::paired;
use crate::format::Value;
use crate::mapping::path::Step;
use serde_json::Value as Json;

/// A path that goes on inside a value.
#[derive(Debug, Clone)]
pub(crate) struct Tail {
    /// Its number in the plan.
    pub(crate) path: usize,
    pub(crate) steps: Vec<Step>,
}

impl Tail {
    pub(crate) fn new(path: usize, steps: &[Step]) -> Self {
        Self {
            path,
            steps: steps.to_vec(),
        }
    }

    /// The text of a column as what the path starts from: it is JSON also where the path does not say so.
    pub(crate) fn start<'t>(&self, text: &'t str) -> Value<'t> {
        match self.steps.first() {
            Some(Step::Json) => Value::Text(text),
            _ => Value::Nested(text),
        }
    }
}

/// What such paths have found, by path; kept while the element that they start from stays the same.
#[derive(Debug, Default)]
pub(crate) struct Tails {
    /// By path of the plan: the element that it was followed from, and the values found.
    found: Vec<Option<(u64, Vec<Found>)>>,
}

#[derive(Debug)]
enum Found {
    Bool(bool),
    Number(String),
    Text(String),
    Nested(String),
}

impl Found {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Bool(b) => Value::Bool(*b),
            Self::Number(s) => Value::Number(s),
            Self::Text(s) => Value::Text(s),
            Self::Nested(s) => Value::Nested(s),
        }
    }
}

impl Tails {
    pub(crate) fn new<'a>(tails: impl IntoIterator<Item = &'a Tail>) -> Self {
        let mut found = Vec::new();
        for tail in tails {
            if found.len() <= tail.path {
                found.resize_with(tail.path + 1, || None);
            }
            found[tail.path] = Some((0, Vec::new()));
        }
        Self { found }
    }

    /// Follow a path from the value of its cell, unless that was done for this element.
    pub(crate) fn follow(&mut self, tail: &Tail, generation: u64, from: Value) {
        let Some(Some((known, found))) = self.found.get_mut(tail.path) else {
            return;
        };
        if *known == generation {
            return;
        }
        *known = generation;
        found.clear();
        walk_value(from, &tail.steps, &mut |value| found.push(value));
    }

    /// The first value of a path; `None` if its cell says it all.
    #[inline]
    pub(crate) fn first(&self, path: usize) -> Option<Value<'_>> {
        let (_, found) = self.found.get(path)?.as_ref()?;
        Some(found.first().map_or(Value::Missing, Found::value))
    }

    /// All values of a path; `None` if its cell says it all.
    pub(crate) fn all(&self, path: usize) -> Option<impl Iterator<Item = Value<'_>>> {
        let (_, found) = self.found.get(path)?.as_ref()?;
        Some(found.iter().map(Found::value))
    }
}

fn walk_value(from: Value, steps: &[Step], found: &mut dyn FnMut(Found)) {
    let (text, steps) = match (from, steps) {
        (Value::Nested(raw), steps) => (raw.to_owned(), steps),
        (value @ (Value::Text(_) | Value::Escaped(_)), [Step::Json, rest @ ..]) => {
            (value.text().unwrap_or_default().into_owned(), rest)
        }
        _ => return,
    };
    if let Some(json) = parse(&text) {
        walk(&json, steps, found);
    }
}

/// A text that is no JSON has nothing in it; whether it should have is the mapping's to say, with a default or without.
fn parse(text: &str) -> Option<Json> {
    // Lone surrogates, which serde_json refuses, are replaced here as they are everywhere.
    serde_json::from_str(text)
        .or_else(|_| serde_json::from_str(&paired(text)))
        .ok()
}

fn walk(json: &Json, steps: &[Step], found: &mut dyn FnMut(Found)) {
    let Some((step, rest)) = steps.split_first() else {
        let value = match json {
            Json::Null => return,
            Json::Bool(b) => Found::Bool(*b),
            Json::Number(n) => Found::Number(n.to_string()),
            Json::String(s) => Found::Text(s.clone()),
            nested => Found::Nested(nested.to_string()),
        };
        return found(value);
    };
    match (step, json) {
        (Step::Key(key), Json::Object(entries)) => {
            if let Some(inner) = entries.get(key) {
                walk(inner, rest, found);
            }
        }
        (Step::At(at), Json::Array(elements)) => {
            if let Some(inner) = elements.get(*at) {
                walk(inner, rest, found);
            }
        }
        (Step::Where(key, wanted), Json::Array(elements)) => {
            let is = |e: &&Json| match e.get(key) {
                Some(Json::String(s)) => s == wanted,
                Some(Json::Number(n)) => n.to_string().as_str() == wanted,
                Some(Json::Bool(b)) => wanted == if *b { "true" } else { "false" },
                _ => false,
            };
            if let Some(inner) = elements.iter().find(is) {
                walk(inner, rest, found);
            }
        }
        (Step::Any, Json::Array(elements)) => elements.iter().for_each(|inner| walk(inner, rest, found)),
        (Step::Any, Json::Object(entries)) => entries.values().for_each(|inner| walk(inner, rest, found)),
        (Step::Json, Json::String(text)) => {
            if let Some(inner) = parse(text) {
                walk(&inner, rest, found);
            }
        }
        _ => {}
    }
}
