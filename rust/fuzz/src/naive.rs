//! An oracle: `serde_json` reads the text, and two mappings are followed value by value, slowly and with nothing of the reader's.
//!
//! Known differences, which are ours on purpose:
//! - a lone surrogate is U+FFFD, where `serde_json` refuses it in a text that is asked for;
//! - more than 128 levels are refused ([`Refused::Unsaid`]), where `serde_json` passes over them;
//! - of a key that stands twice in an object the last value counts, and what holds rows may not stand twice; what a row takes
//!   from objects around it was taken when the row was met, so that their keys may not stand twice here either;
//! - numbers keep their digits as they are written, and whole ones that went through a float are refused;
//! - no text at all is no mistake.

use crate::reading::{Event, bits};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use xxhash_rust::xxh3::xxh3_64;

/// A value of JSON that forgets nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Why nothing is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The text is not JSON, or not the JSON of the mapping.
    Wrong,
    /// Here both may do as they like.
    Unsaid,
}

/// Why a row is dropped.
type Reason = &'static str;

/// Rows of a text: events, and how many were dropped for which reason.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    pub events: Vec<Event>,
    pub dropped: BTreeMap<String, u64>,
}

impl Rows {
    fn add(&mut self, row: Result<Event, Reason>) {
        match row {
            Ok(event) => self.events.push(event),
            Err(reason) => self.drop(reason),
        }
    }

    fn drop(&mut self, reason: Reason) {
        *self.dropped.entry(reason.to_owned()).or_insert(0) += 1;
    }

    fn count(&self) -> u32 {
        (self.events.len() as u64 + self.dropped.values().sum::<u64>()) as u32
    }
}

/// A document of users, each with a list of records, each with a list of acts.
pub const NESTED: &str = r#"
version = 1
name = "nested"
format = "json"
[rows]
explode = ["users.*", "history[*]", "acts[*]"]
exposure = "record"
[event]
user = { first = ["^^.id", { key = 0 }] }
record = { index = 1 }
time = { path = "^.at", format = "epoch_s", optional = true }
scenario = "^.where"
action = "what"
item = "^.thing.id"
category = "^^.kind"
value = "n"
count = "k"
text = "said"
"#;

/// The events of a document by [`NESTED`].
pub fn nested(text: &str) -> Result<Rows, Refused> {
    let mut rows = Rows::default();
    if text.trim_matches([' ', '\t', '\r', '\n']).is_empty() {
        return Ok(rows);
    }
    let document = parse(text)?;
    let mut records = 0;
    for (name, user) in members(held(&document, "users")?)? {
        for record in elements(held(user, "history")?)? {
            records += 1;
            let acts = elements(held(record, "acts")?)?;
            let around = Around {
                key: name,
                user,
                record,
                number: records - 1,
            };
            for act in acts {
                let row = around.event(Some(act), rows.count());
                rows.add(row);
            }
            if acts.is_empty() {
                let row = around.event(None, rows.count());
                rows.add(row);
            }
        }
    }
    Ok(rows)
}

/// What stands around an act.
struct Around<'a> {
    key: &'a str,
    user: &'a Json,
    record: &'a Json,
    number: u64,
}

impl Around<'_> {
    /// An act, or none: the record was seen.
    fn event(&self, act: Option<&Json>, position: u32) -> Result<Event, Reason> {
        let at = |path: &[&str]| act.and_then(|act| follow(act, path));
        let user = text(follow(self.user, &["id"]))?.or_else(|| Some(self.key.to_owned()).filter(|k| !k.is_empty()));
        let user = user.ok_or("missing user")?;
        let action = match act {
            Some(_) => text(at(&["what"]))?.ok_or("missing action")?,
            None => "exposure".to_owned(),
        };
        let scenario = text(follow(self.record, &["where"]))?.unwrap_or("all".to_owned());
        let item = text(follow(self.record, &["thing", "id"]))?;
        let category = text(follow(self.user, &["kind"]))?;
        let time = time(follow(self.record, &["at"]))?;
        let value = number(at(&["n"]))?;
        let count = number(at(&["k"]))?;
        Ok(Event {
            user,
            time: time.unwrap_or(i64::MIN),
            precision: 0,
            seq: if time.is_none() { position } else { 0 },
            scenario: Some(scenario),
            action,
            role: if act.is_none() { 0 } else { 2 },
            valence: 0,
            occurred: true,
            item,
            category,
            value: bits(value.unwrap_or(f64::NAN)),
            count: whole(count, 1),
            text: text(at(&["said"]))?,
            record: self.number,
        })
    }
}

/// Lines, each of which is an event.
pub const LINES: &str = r#"
version = 1
name = "lines"
format = "ndjson"
[event]
user = "u"
time = { path = "t", format = "epoch_s", optional = true }
seq = "q"
scenario = "s.name"
action = "a[1]"
valence = "v"
occurred = "o"
item = "i"
value = "n"
text = "x"
record = "r"
"#;

/// The events of lines by [`LINES`]. `record` is left out where nothing says it: 0 here.
pub fn lines(text: &str) -> Result<Rows, Refused> {
    let mut rows = Rows::default();
    for line in text.split('\n') {
        let line = line.trim_matches([' ', '\t', '\r']);
        if line.is_empty() {
            continue;
        }
        match parse(line) {
            Ok(Json::Null) => {}
            Ok(json) => {
                let row = line_event(&json, rows.count());
                rows.add(row);
            }
            Err(Refused::Wrong) => rows.drop("not JSON"),
            Err(Refused::Unsaid) => return Err(Refused::Unsaid),
        }
    }
    Ok(rows)
}

fn line_event(line: &Json, position: u32) -> Result<Event, Reason> {
    let user = text(last(line, &[Step::Key("u")]))?.ok_or("missing user")?;
    let action = text(last(line, &[Step::Key("a"), Step::At(1)]))?.ok_or("missing action")?;
    let key = |key| last(line, &[Step::Key(key)]);
    let scenario = text(last(line, &[Step::Key("s"), Step::Key("name")]))?.unwrap_or("all".to_owned());
    let item = text(key("i"))?;
    let time = time(key("t"))?;
    let valence = number(key("v"))?.map_or(0, |v| i8::from(v > 0.0) - i8::from(v < 0.0));
    let occurred = text(key("o"))?.is_none_or(|_| truth(key("o")));
    let value = number(key("n"))?;
    let seq = number(key("q"))?;
    let record = text(key("r"))?;
    Ok(Event {
        user,
        time: time.unwrap_or(i64::MIN),
        precision: 0,
        seq: whole(seq, if time.is_none() { position } else { 0 }),
        scenario: Some(scenario),
        action,
        role: 2,
        valence,
        occurred,
        item,
        category: None,
        value: bits(value.unwrap_or(f64::NAN)),
        count: 1,
        text: text(key("x"))?,
        record: record.map_or(0, |r| r.parse().unwrap_or_else(|_| xxh3_64(r.as_bytes()))),
    })
}

// Values of fields.

fn text(json: Option<&Json>) -> Result<Option<String>, Reason> {
    let text = match json {
        Some(Json::Bool(b)) => b.to_string(),
        Some(Json::Number(written)) => match written.parse::<f64>() {
            _ if written.bytes().all(|b| b.is_ascii_digit() || b == b'-') => written.clone(),
            Ok(n) if n.is_finite() && n.fract() == 0.0 && n.abs() >= 9_007_199_254_740_992.0 => {
                return Err("bad value");
            }
            Ok(n) if n.is_finite() => n.to_string(),
            _ => return Err("bad value"),
        },
        Some(Json::Text(text)) => text.clone(),
        _ => return Ok(None),
    };
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn number(json: Option<&Json>) -> Result<Option<f64>, Reason> {
    Ok(match json {
        Some(Json::Bool(b)) => Some(f64::from(u8::from(*b))),
        Some(Json::Number(written)) => written.parse().ok(),
        Some(Json::Text(text)) => match text.trim() {
            "" | "NaN" | "nan" | "null" | "NA" => None,
            text => Some(text.parse().map_err(|_| "bad value")?),
        },
        _ => None,
    })
}

fn whole(number: Option<f64>, otherwise: u32) -> u32 {
    number.map_or(otherwise, |n| n as u32)
}

fn truth(json: Option<&Json>) -> bool {
    match json {
        Some(Json::Bool(b)) => *b,
        Some(Json::Number(written)) => written.parse::<f64>().is_ok_and(|n| n > 0.0),
        Some(Json::Text(text)) => match text.trim() {
            "" | "0" | "false" | "False" | "FALSE" | "no" | "n" | "f" => false,
            text => text.parse::<f64>().map_or(true, |n| n > 0.0),
        },
        _ => false,
    }
}

/// Microseconds of a number of seconds since 1970.
fn time(json: Option<&Json>) -> Result<Option<i64>, Reason> {
    let written = match json {
        Some(Json::Number(written)) => written.clone(),
        _ => match text(json)? {
            Some(text) => text,
            None => return Ok(None),
        },
    };
    let us = match written.parse::<i64>() {
        Ok(seconds) => seconds.checked_mul(1_000_000),
        Err(_) => match written.parse::<f64>() {
            Ok(seconds) if (seconds * 1e6).abs() < 1e18 => Some((seconds * 1e6).round() as i64),
            _ => None,
        },
    };
    us.filter(|&us| jiff::Timestamp::from_microsecond(us).is_ok())
        .ok_or("bad timestamp")
        .map(Some)
}

// Ways through a document.

/// The value at a path of keys, none of which stands twice.
fn follow<'a>(json: &'a Json, path: &[&str]) -> Option<&'a Json> {
    let steps: Vec<Step> = path.iter().map(|key| Step::Key(key)).collect();
    last(json, &steps)
}

enum Step<'a> {
    Key(&'a str),
    At(usize),
}

/// The last of the values at a path.
fn last<'a>(json: &'a Json, path: &[Step]) -> Option<&'a Json> {
    let Some((step, rest)) = path.split_first() else {
        return Some(json);
    };
    match (step, json) {
        (Step::Key(key), Json::Object(entries)) => {
            let here = entries.iter().filter(|(k, _)| k == key);
            here.filter_map(|(_, inner)| last(inner, rest)).next_back()
        }
        (Step::At(at), Json::List(elements)) => last(elements.get(*at)?, rest),
        _ => None,
    }
}

/// What holds rows in an object: nothing, or one list or object.
fn held<'a>(json: &'a Json, key: &str) -> Result<Option<&'a Json>, Refused> {
    let Json::Object(entries) = json else { return Ok(None) };
    let mut known = BTreeSet::new();
    let unsaid = entries.iter().any(|(k, _)| !known.insert(k) && k != key);
    let mut found = None;
    for (_, inner) in entries.iter().filter(|(k, inner)| k == key && *inner != Json::Null) {
        if found.replace(inner).is_some() {
            return Err(Refused::Wrong);
        }
    }
    if unsaid { Err(Refused::Unsaid) } else { Ok(found) }
}

fn members(json: Option<&Json>) -> Result<impl Iterator<Item = (&str, &Json)>, Refused> {
    let entries: &[(String, Json)] = match json {
        None => &[],
        Some(Json::Object(entries)) => entries,
        Some(_) => return Err(Refused::Wrong),
    };
    Ok(entries.iter().map(|(key, inner)| (key.as_str(), inner)))
}

fn elements(json: Option<&Json>) -> Result<&[Json], Refused> {
    match json {
        None => Ok(&[]),
        Some(Json::List(elements)) => Ok(elements),
        Some(_) => Err(Refused::Wrong),
    }
}

// The text.

fn parse(text: &str) -> Result<Json, Refused> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|_| Refused::Wrong)?;
    // Brackets inside of texts count too: then less is compared than might be.
    let opened = raw.get().bytes().scan(0i32, |depth, b| {
        *depth += i32::from(matches!(b, b'[' | b'{')) - i32::from(matches!(b, b']' | b'}'));
        Some(*depth)
    });
    if opened.max().unwrap_or(0) > 120 || raw.get().bytes().filter(|b| matches!(b, b'[' | b'{')).count() > 2000 {
        return Err(Refused::Unsaid);
    }
    Ok(build(raw))
}

fn build(raw: &RawValue) -> Json {
    let text = raw.get();
    let checked = "serde_json has accepted it";
    match text.as_bytes()[0] {
        b'n' => Json::Null,
        b't' | b'f' => Json::Bool(text == "true"),
        b'"' => Json::Text(serde_json::from_str::<Text>(text).expect(checked).0),
        b'[' => {
            let elements: Vec<&RawValue> = serde_json::from_str(text).expect(checked);
            Json::List(elements.into_iter().map(build).collect())
        }
        b'{' => {
            let Members(members) = serde_json::from_str(text).expect(checked);
            Json::Object(members.into_iter().map(|(key, inner)| (key.0, build(inner))).collect())
        }
        _ => Json::Number(text.to_owned()),
    }
}

/// A text in which lone surrogates are replaced.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Text, E> {
                let mut bytes = bytes.to_vec();
                // In bytes serde_json keeps a surrogate as it would be written were it a character.
                for i in 0..bytes.len().saturating_sub(2) {
                    if bytes[i] == 0xed && bytes[i + 1] >= 0xa0 {
                        bytes[i..i + 3].copy_from_slice("\u{fffd}".as_bytes());
                    }
                }
                String::from_utf8(bytes).map(Text).map_err(E::custom)
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// All members of an object, in order.
struct Members<'a>(Vec<(Text, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    all.push(entry);
                }
                Ok(Members(all))
            }
        }
        deserializer.deserialize_map(All)
    }
}
