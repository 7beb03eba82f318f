//! One function a target. The first byte of an input is its knobs, the rest the text.

use crate::naive::{self, Refused, Rows};
use crate::reading::{self, Event, Variation, check, mapping_fault_is_located};
use std::path::Path;
use std::sync::LazyLock;
use tracelens_core::mapping::Mapping;
use tracelens_core::mapping::time::{Clock, TimeFormat};
use tracelens_core::reader::OnBadRow;
use xxhash_rust::xxh3::xxh3_64;

/// How a text is read: all ways in turn would take several times as long, so each input has its own.
struct Knobs {
    /// Which of the target's mappings.
    mapping: usize,
    variation: Variation,
}

impl Knobs {
    fn of(data: &[u8]) -> Option<(Self, &[u8])> {
        let (&knobs, text) = data.split_first()?;
        // What no byte of the input has to be spent on.
        let any = xxh3_64(data);
        let variation = Variation {
            // Each piece costs the same however small it is: a long text is cut into few.
            piece: (1 + usize::from(knobs & 0x1f)).max(text.len() / 16),
            strict_in_pieces: any & 1 != 0,
            // Waking a second thread takes longer than all else.
            threads: knobs & 0x80 != 0 && any >> 60 == 0,
        };
        let mapping = usize::from(knobs >> 5 & 3);
        Some((Self { mapping, variation }, text))
    }
}

type Mappings = LazyLock<Vec<Mapping>>;

fn parsed(text: &str) -> Mapping {
    Mapping::parse(text, Path::new("fuzz.toml")).unwrap_or_else(|e| panic!("{e}"))
}

fn builtin(name: &str) -> Mapping {
    Mapping::builtin(name).unwrap_or_else(|e| panic!("{e}"))
}

/// Read a text by the mapping that the knobs choose.
fn run(data: &[u8], name: &str, mappings: &[Mapping]) {
    if let Some((knobs, text)) = Knobs::of(data) {
        let mapping = &mappings[knobs.mapping % mappings.len()];
        check(name, text, mapping, knobs.variation);
    }
}

/// A list of groups, each with rows that are lists: what rows need stands around them, before and behind.
const GROUPS: &str = r#"
version = 1
format = "json"
[rows]
explode = ["$", "groups[*]", "rows[*]"]
keep = { path = "^.off", present = false }
unique = ["$[2]", "^.id"]
[event]
user = "$[0]"
action = { first = ["$[1]", "^^.what"], map = "what", unmapped = "drop" }
item = "^.\"odd key\".id"
category = "^.tags[*]"
value = { path = "$[3]", strip = ["s"] }
text = { join = ["^^.text", "^.texts[*].said", "$[4]{json}.a"] }
record = "^.id"
[map.what]
see = "view"
buy = "buy"
"#;

/// Nested documents.
pub fn json(data: &[u8]) {
    static MAPPINGS: Mappings = Mappings::new(|| {
        vec![
            builtin("omnibehavior"),
            parsed(naive::NESTED),
            parsed(GROUPS),
            builtin("openinference"),
        ]
    });
    run(data, "log.json", &MAPPINGS);
}

/// Lines with all that a field can be.
const EVERYTHING: &str = r#"
version = 1
format = "ndjson"
[rows]
keep = [{ path = "bot", not = ["1"] }]
unique = "id"
[event]
user = { path = "user", pattern = "^u?(.+)$" }
time = { path = "at", format = ["rfc3339", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y", "epoch_ms"], zone = "Europe/Berlin" }
seq = { position = true }
scenario = { path = "where", map = "where", unmapped = "keep" }
role = "role"
valence = "stars"
item = "params[key=page].value"
category = { file = "stem" }
value = { path = "price", scale = 0.5, offset = -1 }
count = "n"
text = { join = ["parts[*].text", "info{json}.said"], measure = "chars" }
record = { path = "batch", prefix = "b" }
[melt]
see = "see"
like = { path = "flags.*", is = ["like", "1"] }
buy = { path = "price", above = 2 }
[map.where]
shop = "store"
"#;

/// Lines of documents.
pub fn ndjson(data: &[u8]) {
    static MAPPINGS: Mappings = Mappings::new(|| {
        let nested = naive::NESTED.replace("\"json\"", "\"ndjson\"");
        vec![builtin("events"), parsed(EVERYTHING), parsed(&nested), builtin("ga4")]
    });
    run(data, "log.ndjson", &MAPPINGS);
}

/// Columns by number, other separators and quotes, values that go on inside.
const COLUMNS: &str = r#"
version = 1
format = "delimited"
[delimited]
separator = ";"
header = false
quote = "'"
[rows]
unique = { column = 3 }
[event]
user = { column = 0 }
action = { column = 1 }
text = { column = 2 }
"#;

const BARE: &str = r#"
version = 1
format = "delimited"
[delimited]
separator = " "
quote = ""
[event]
user = "user"
action = "info{json}.did"
item = "info[0]"
time = { path = "time", format = ["epoch_s", "%H:%M %d %b %Y"] }
"#;

/// Tables in text.
pub fn delimited(data: &[u8]) {
    static MAPPINGS: Mappings = Mappings::new(|| {
        vec![
            builtin("events"),
            parsed(COLUMNS),
            parsed(BARE),
            builtin("retailrocket"),
        ]
    });
    run(data, "log.csv", &MAPPINGS);
}

const WITH_CHILDREN: &str = r#"
version = 1
format = "xes"
[rows]
explode = ["$", "events[*]"]
[event]
user = '^.attributes."concept:name"'
time = { path = '"time:timestamp"', format = ["rfc3339"], optional = true }
action = '"concept:name"'
item = '"org:resource".children.role'
category = "list[*]"
value = "cost"
record = { index = 1 }
"#;

/// Event logs in XML.
pub fn xes(data: &[u8]) {
    static MAPPINGS: Mappings = Mappings::new(|| vec![builtin("xes"), parsed(WITH_CHILDREN)]);
    run(data, "log.xes", &MAPPINGS);
}

/// Small logs for mappings that nobody has seen before.
const LOGS: [(&str, &str); 4] = [
    (
        "dir/log.ndjson",
        "{\"user\": \"u\", \"a\": [1, \"x\"], \"b\": {\"c\": \"{\\\"d\\\": 2}\"}, \"t\": \"2025-09-01T10:00:00Z\", \"action\": \"see\"}\n{\"user\": 7, \"t\": 5e3}\n[1, {\"k\": \"v\"}]\n",
    ),
    (
        "dir/log.json",
        "{\"u1\": {\"a\": [{\"b\": [{\"user\": \"x\", \"action\": \"see\", \"t\": \"2025-09-01\"}, 3]}, {\"b\": []}], \"user\": \"y\"}, \"a\": [[1, \"2\"], [\"u\", \"see\"]]}",
    ),
    (
        "dir/log.csv",
        "user,action,t,a,b\nu,see,2025-09-01 10:00:00,1,\"{\"\"c\"\": [1, 2]}\"\nv,\"buy\n\",1756686234,,\n",
    ),
    (
        "dir/log.xes",
        "<log><trace><string key=\"a\" value=\"u\"/><event><string key=\"a\" value=\"see\"/><date key=\"t\" value=\"2025-09-01T10:00:00Z\"/></event></trace></log>",
    ),
];

/// The text of a mapping, and what small logs are by it.
pub fn mapping(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // Other mappings are files, which have no place here.
    if text.contains(".toml") {
        return;
    }
    let path = Path::new("mine.toml");
    let mapping = match Mapping::parse(text, path) {
        Ok(mapping) => mapping,
        Err(error) => return mapping_fault_is_located(&error, path, text),
    };
    let sides: Vec<Mapping> = if mapping.sides().is_empty() {
        vec![mapping]
    } else {
        let one = |side: &String| mapping.with_side(side).unwrap_or_else(|e| panic!("{e}"));
        mapping.sides().iter().map(one).collect()
    };
    let variation = Variation {
        piece: 7,
        strict_in_pieces: data.len() & 1 != 0,
        threads: false,
    };
    for side in sides.iter().take(3) {
        for (name, log) in LOGS {
            let suffix = name.rsplit('.').next().unwrap_or_default();
            let of_this_format = |part: &tracelens_core::mapping::Part| {
                part.claims(name) && part.plan.formats.iter().any(|f| f.suffixes().contains(&suffix))
            };
            if side.parts().iter().any(of_this_format) {
                check(name, log.as_bytes(), side, variation);
            }
        }
    }
}

/// A format of times on the first line, and a time on the second.
pub fn time(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.splitn(3, '\n');
    let (Some(format), Some(written)) = (lines.next(), lines.next()) else {
        return;
    };
    let Ok(format) = TimeFormat::parse(format) else { return };
    for zone in ["UTC", "Europe/Berlin"] {
        let zone = jiff::tz::TimeZone::get(zone).unwrap_or_else(|e| panic!("{e}"));
        let mut clock = Clock::new(zone);
        let formats = std::slice::from_ref(&format);
        let read = clock.read(written, formats);
        if let Ok((us, _)) = read {
            assert!(jiff::Timestamp::from_microsecond(us).is_ok(), "{us} is no time");
        }
        // Of another day in between nothing is remembered.
        let _ = clock.read(lines.clone().next().unwrap_or("2024-02-29 01:02:03"), formats);
        assert_eq!(clock.read(written, formats), read);
    }
}

/// The same text by the reader and by an oracle.
pub fn json_differential(data: &[u8]) {
    static NESTED: LazyLock<Mapping> = LazyLock::new(|| parsed(naive::NESTED));
    static LINES: LazyLock<Mapping> = LazyLock::new(|| parsed(naive::LINES));
    let Some((knobs, bytes)) = Knobs::of(data) else { return };
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if knobs.mapping & 1 == 1 {
        agree("log.ndjson", bytes, &LINES, knobs.variation, &naive::lines(text));
    } else if !is_of_lines(text) {
        agree("log.json", bytes, &NESTED, knobs.variation, &naive::nested(text));
    }
}

/// Lines of documents are read as such whatever their file is called.
fn is_of_lines(text: &str) -> bool {
    let first = text.trim_ascii_start().split('\n').next().unwrap_or_default();
    serde_json::from_str::<serde::de::IgnoredAny>(first).is_ok() && text.trim_ascii().contains('\n')
}

fn agree(name: &str, bytes: &[u8], mapping: &Mapping, variation: Variation, oracle: &Result<Rows, Refused>) {
    // One of both ways is in one piece: the oracle tells what either is to give.
    let pieces = [1 << 21, variation.piece];
    let strict = usize::from(variation.strict_in_pieces);
    let dropping = reading::read(name, bytes, mapping, OnBadRow::Drop, pieces[1 - strict]);
    let strict = reading::read(name, bytes, mapping, OnBadRow::Error, pieces[strict]);
    match oracle {
        Err(Refused::Unsaid) => {}
        Err(Refused::Wrong) => {
            assert!(dropping.is_err() && strict.is_err(), "the oracle refuses: {dropping:?}");
        }
        Ok(rows) => {
            let (events, report) = dropping.unwrap_or_else(|e| panic!("the oracle reads {rows:?}\n{e}"));
            assert_eq!(plain(events, rows), rows.events);
            assert_eq!(report.dropped, rows.dropped);
            assert_eq!(strict.is_ok(), rows.dropped.is_empty(), "{strict:?}");
            if let Ok((events, _)) = strict {
                assert_eq!(plain(events, rows), rows.events);
            }
        }
    }
}

/// Events as far as the oracle speaks of them: not of how fine a clock is, nor of records that have no number.
fn plain(events: Vec<Event>, rows: &Rows) -> Vec<Event> {
    let silent = |i: usize| rows.events.get(i).is_some_and(|e| e.record == 0);
    let plain = |(i, event): (usize, Event)| Event {
        precision: 0,
        record: if silent(i) { 0 } else { event.record },
        ..event
    };
    events.into_iter().enumerate().map(plain).collect()
}
