//! The part of a JSON document that a mapping asks for; everything else is skipped while it is read.

use super::Value;
use crate::mapping::Plan;
use crate::mapping::path::{Each, Level, Step};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// What is wanted below a place.
#[derive(Debug, Clone, Default)]
pub(super) struct Want {
    keys: Vec<(String, Want)>,
    every_value: Option<Box<Want>>,
    every_element: Option<Box<Want>>,
    elements: Vec<(usize, Want)>,
}

impl Want {
    /// What a plan wants of one element of its first explode level.
    pub(super) fn of(plan: &Plan) -> Self {
        let mut root = Self::default();
        for field in plan.fields() {
            for path in field.paths().into_iter().map(|p| &plan.paths[p]) {
                let level = (plan.levels.len() - 1).saturating_sub(path.up);
                let mut place = &mut root;
                for inner in &plan.levels[1..=level] {
                    place = place.descend(inner);
                }
                place.steps(&path.steps);
            }
        }
        let mut place = &mut root;
        for inner in &plan.levels[1..] {
            place = place.descend(inner);
        }
        root
    }

    fn descend(&mut self, level: &Level) -> &mut Self {
        let place = self.steps(&level.steps);
        match level.each {
            Each::Whole => place,
            Each::Value => place.every_value.get_or_insert_default(),
            Each::Element => place.every_element.get_or_insert_default(),
        }
    }

    fn steps(&mut self, steps: &[Step]) -> &mut Self {
        let mut place = self;
        for step in steps {
            place = match step {
                Step::Key(key) => entry(&mut place.keys, key, |k, key| k == key, String::clone),
                Step::At(at) => entry(&mut place.elements, at, |k, at| k == at, |at| *at),
                Step::Where(..) | Step::Any | Step::Json => return place,
            };
        }
        place
    }

    fn key(&self, key: &str) -> Option<&Self> {
        self.keys
            .iter()
            .find(|(k, _)| k == key)
            .map(|(_, w)| w)
            .or(self.every_value.as_deref())
    }

    fn element(&self, at: usize) -> Option<&Self> {
        self.elements
            .iter()
            .find(|(k, _)| *k == at)
            .map(|(_, w)| w)
            .or(self.every_element.as_deref())
    }
}

fn entry<'a, K, Q>(
    list: &'a mut Vec<(K, Want)>,
    key: &Q,
    same: impl Fn(&K, &Q) -> bool,
    own: impl Fn(&Q) -> K,
) -> &'a mut Want {
    let position = list.iter().position(|(k, _)| same(k, key)).unwrap_or_else(|| {
        list.push((own(key), Want::default()));
        list.len() - 1
    });
    &mut list[position].1
}

/// A wanted value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Text(Cow<'a, str>),
    /// Elements with their positions.
    List(Vec<(usize, Node<'a>)>),
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

impl<'a> Node<'a> {
    pub(super) fn get(&self, steps: &[Step]) -> Option<&Node<'a>> {
        let mut node = self;
        for step in steps {
            node = match (step, node) {
                // Of a repeated key the last counts, as in most readers.
                (Step::Key(key), Self::Object(entries)) => {
                    entries.iter().rev().find(|(k, _)| k == key).map(|(_, n)| n)?
                }
                (Step::At(at), Self::List(elements)) => elements.iter().find(|(i, _)| i == at).map(|(_, n)| n)?,
                _ => return None,
            };
        }
        Some(node)
    }

    pub(super) fn value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Missing,
            Self::Bool(b) => Value::Bool(*b),
            Self::Int(i) => Value::Int(*i),
            Self::Uint(u) => Value::Uint(*u),
            Self::Float(f) => Value::Float(*f),
            Self::Text(s) => Value::Text(s),
            Self::List(_) | Self::Object(_) => Value::Nested,
        }
    }
}

/// Builds the wanted part.
#[derive(Clone, Copy)]
pub(super) struct Seed<'w>(pub(super) &'w Want);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, v: bool) -> Result<Node<'de>, E> {
        Ok(Node::Bool(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Node<'de>, E> {
        Ok(Node::Int(v))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Node<'de>, E> {
        Ok(i64::try_from(v).map_or(Node::Uint(v), Node::Int))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Node<'de>, E> {
        Ok(Node::Float(v))
    }

    fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Borrowed(v)))
    }

    fn visit_str<E>(self, v: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(v.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node<'de>, A::Error> {
        let mut elements = Vec::new();
        let mut at = 0;
        loop {
            let more = match self.0.element(at) {
                Some(want) => match seq.next_element_seed(Seed(want))? {
                    Some(node) => {
                        elements.push((at, node));
                        true
                    }
                    None => false,
                },
                None => seq.next_element::<IgnoredAny>()?.is_some(),
            };
            if !more {
                return Ok(Node::List(elements));
            }
            at += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some(Key(key)) = map.next_key()? {
            match self.0.key(&key) {
                Some(want) => entries.push((key, map.next_value_seed(Seed(want))?)),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Node::Object(entries))
    }
}

/// An object key, borrowed where it has no escapes.
struct Key<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(v)))
            }

            fn visit_str<E>(self, v: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(v.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}
