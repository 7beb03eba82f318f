//! No text makes the compiler of mappings panic.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set up its mapping should stop there"
)]

use proptest::prelude::*;
use std::path::Path;
use tracelens_core::mapping::{Mapping, Plan, builtin_names};

const HEAD: &str = "version = 1\nformat = \"ndjson\"\n";
const EVENT: &str = "[event]\nuser = \"u\"\naction = \"a\"\n";

/// A value as a mapping may hold it, right or wrong.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("true".to_owned()),
        Just("1".to_owned()),
        Just("-9223372036854775808".to_owned()),
        Just("99999999999999999999999999".to_owned()),
        Just("0xffff_ffff_ffff_ffff_ff".to_owned()),
        Just("1e400".to_owned()),
        Just("nan".to_owned()),
        Just("2025-09-01T10:00:00Z".to_owned()),
        "[a-z\\[\\]*.{}^$=0-9%HMYd -]{0,12}".prop_map(|text| format!("'{text}'")),
        "\\PC{0,8}".prop_map(|text| format!("{text:?}")),
        prop::sample::select(vec![
            "'json'",
            "'record'",
            "'native'",
            "'rfc3339'",
            "'%Y-%m-%d'",
            "'a[key=x].b'",
            "'a{json}.b'",
            "'^.a'",
            "'(a)'",
            "'keep'",
            "'real'",
            "'name'",
            "'user'",
            "'m'",
            "'events'",
            "'$'",
            "'a[*]'",
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let entry = (key(), inner.clone()).prop_map(|(key, value)| format!("{key} = {value}"));
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|list| format!("[{}]", list.join(", "))),
            prop::collection::vec(entry, 0..4).prop_map(|list| format!("{{ {} }}", list.join(", "))),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "version",
        "name",
        "format",
        "files",
        "delimited",
        "sqlite",
        "signature",
        "rows",
        "event",
        "occurred",
        "melt",
        "role",
        "valence",
        "map",
        "given",
        "sides",
        "source",
        "explode",
        "exposure",
        "keep",
        "unique",
        "user",
        "time",
        "action",
        "record",
        "path",
        "key",
        "index",
        "column",
        "file",
        "const",
        "position",
        "first",
        "join",
        "separator",
        "pattern",
        "strip",
        "unmapped",
        "default",
        "prefix",
        "optional",
        "measure",
        "scale",
        "offset",
        "is",
        "not",
        "above",
        "below",
        "present",
        "zone",
        "precision",
        "true",
        "table",
        "query",
        "real",
        "mapping",
        "columns",
        "keys",
        "line",
        "include",
        "header",
        "quote",
        "\"\"",
        "é",
    ])
    .prop_map(str::to_owned)
}

fn table() -> impl Strategy<Value = String> {
    let header = prop_oneof![
        key().prop_map(|k| format!("[{k}]\n")),
        (key(), key()).prop_map(|(a, b)| format!("[{a}.{b}]\n")),
        key().prop_map(|k| format!("[[{k}]]\n")),
    ];
    let entries = prop::collection::vec((key(), value()).prop_map(|(k, v)| format!("{k} = {v}\n")), 0..4);
    (header, entries).prop_map(|(header, entries)| header + &entries.concat())
}

/// Compile, with every side; an error has its place.
fn compile(text: &str) {
    let sides = match Mapping::parse(text, Path::new("mine.toml")) {
        Ok(mapping) => mapping.sides().to_vec(),
        Err(error) => {
            let detail = error.detail();
            assert!(
                detail.place.is_some() && detail.snippet.is_some() && detail.help.is_some(),
                "{error}"
            );
            let _ = error.to_string();
            Vec::new()
        }
    };
    for side in sides.iter().map(String::as_str).chain(["sim"]) {
        let _ = Plan::compile(text, Path::new("mine.toml"), Some(side));
    }
}

proptest! {
    #[test]
    fn no_mapping_makes_it_panic(
        head in prop::bool::weighted(0.9),
        event in prop::bool::weighted(0.7),
        tables in prop::collection::vec(table(), 0..6),
    ) {
        let head = if head { HEAD } else { "" };
        let event = if event { EVENT } else { "" };
        compile(&format!("{head}{}{event}", tables.concat()));
    }

    #[test]
    fn no_value_in_any_place_makes_it_panic(
        slot in prop::sample::select(vec![
            "name", "format", "files.include", "rows.explode", "rows.exposure", "rows.keep", "rows.unique", "melt.like", "occurred.buy",
            "occurred.buy.true", "role.passive", "valence.negative", "map.m", "map.m.v", "given.columns", "signature.keys",
            "signature.line", "sides.sim.keep", "sides.sim.given", "sides.sim.event", "sides.sim.event.user", "delimited.quote",
            "delimited.separator", "sqlite.table", "event.user", "event.time", "event.occurred", "event.record", "event.value",
        ]),
        inner in prop::option::of(key()),
        value in value(),
    ) {
        let levels = "rows.explode = ['$', 'a[*]', 'b.*']\n";
        let levels = if slot == "rows.explode" { "" } else { levels };
        let slot = match &inner {
            Some(key) if slot != "name" => format!("{slot} = {{ path = 'x', {key} = {value} }}"),
            _ => format!("{slot} = {value}"),
        };
        let format = if slot.starts_with("format") { "" } else { "format = ['json', 'delimited', 'sqlite']\n" };
        let (user, action) = ("event.user = 'u'\n", "event.action = 'a'\n");
        let user = if slot.starts_with("event.user") { "" } else { user };
        compile(&format!("version = 1\n{format}{levels}{user}{action}{slot}\n"));
    }

    #[test]
    fn no_change_of_a_mapping_makes_it_panic(
        name in prop::sample::select(builtin_names().to_vec()),
        at in any::<prop::sample::Index>(),
        cut in 0usize..40,
        with in "\\PC{0,6}|[\n\\[\\]{}='\"#.*^]{0,3}",
    ) {
        let text: Vec<char> = Mapping::builtin(name).unwrap().source().chars().collect();
        let at = at.index(text.len());
        let changed: String = text[..at].iter().copied().chain(with.chars()).chain(text.iter().skip(at + cut).copied()).collect();
        compile(&changed);
    }

    #[test]
    fn no_text_makes_it_panic(text in "(\\PC|[\n\r\t]){0,80}") {
        compile(&text);
        compile(&format!("{HEAD}{text}"));
        let _ = tracelens_core::mapping::path::FieldPath::parse(&text);
        let _ = tracelens_core::mapping::path::Level::parse(&text);
    }
}

#[test]
fn depth_and_size_are_no_danger() {
    for open in ["[", "{ first = [", "{ a = "] {
        compile(&format!("{HEAD}[event]\nuser = {}", open.repeat(100_000)));
    }
    let deep = (0..60).fold("\"x\"".to_owned(), |inner, _| format!("{{ first = [{inner}] }}"));
    compile(&format!("{HEAD}[event]\nuser = {deep}\naction = \"a\"\n"));
    compile(&format!(
        "{HEAD}[event]\nuser = \"{}a\"\naction = \"a\"\n",
        "a.".repeat(100_000)
    ));
    compile(&format!(
        "{HEAD}[event]\nuser = \"{}\"\naction = \"a\"\n",
        "^".repeat(100_000)
    ));
    compile(&format!(
        "{HEAD}{EVENT}item = {{ path = \"a\", pattern = '({})' }}\n",
        "(?:a{1000}){1000}"
    ));
    compile(&format!(
        "{HEAD}{EVENT}item = {{ path = \"a\", pattern = '{}' }}\n",
        "(".repeat(100_000)
    ));
    compile(&format!("{}{EVENT}", HEAD.replace("version", &"a.".repeat(50_000))));
    compile(&format!("\u{feff}{HEAD}{EVENT}"));
    compile(&format!("{HEAD}{EVENT}").replace('\n', "\r\n"));
}
