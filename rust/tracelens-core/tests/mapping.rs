//! What a mapping says is what its plan holds.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set up its mapping should stop there"
)]

use std::path::Path;
use tracelens_core::error::{Code, Error};
use tracelens_core::mapping::field::{Field, Source};
use tracelens_core::mapping::test::Check;
use tracelens_core::mapping::{Mapping, Plan, Records, builtin_names};

const HEAD: &str = "version = 1\nformat = \"ndjson\"\n";
const EVENT: &str = "[event]\nuser = \"u\"\naction = \"a\"\n";

fn parse(text: &str) -> Result<Mapping, Error> {
    Mapping::parse(text, Path::new("mine.toml"))
}

/// A mapping with something more in it.
fn plan(more: &str) -> Plan {
    parse(&format!("{HEAD}{more}\n{EVENT}"))
        .unwrap_or_else(|e| panic!("{more}\n{e}"))
        .plan()
        .clone()
}

#[test]
fn rows_are_kept_and_told_apart_by_tests_and_fields() {
    let checks = |more: &str| -> Vec<Check> { plan(more).keep.into_iter().map(|test| test.check).collect() };
    assert_eq!(checks(""), []);
    assert_eq!(checks("[rows]\nkeep = \"ok\""), [Check::True]);
    assert_eq!(checks("[rows]\nkeep = { path = \"ok\" }"), [Check::True]);
    assert_eq!(
        checks(
            "[rows]\nkeep = [{ path = \"k\", is = \"x\" }, { path = \"k\", not = [\"a\", \"b\"] }, { path = \"n\", above = 0 }, \
             { path = \"n\", below = 0x10 }, { path = \"n\", present = false }, \"ok\"]"
        ),
        [
            Check::Is(vec!["x".to_owned()]),
            Check::Not(vec!["a".to_owned(), "b".to_owned()]),
            Check::Above(0.0),
            Check::Below(16.0),
            Check::Present(false),
            Check::True,
        ]
    );
    assert_eq!(plan("[rows]\nunique = \"id\"").unique.len(), 1);
    assert_eq!(plan("[rows]\nunique = [\"a\", { path = \"b\" }]").unique.len(), 2);
}

#[test]
fn actions_come_in_the_order_of_the_mapping() {
    let text = format!(
        "{HEAD}[event]\nuser = \"u\"\n[melt]\nwatch = {{ path = \"ms\", above = 0 }}\nlike = \"l\"\n\"a b\" = \"c\"\n"
    );
    let mapping = parse(&text).unwrap();
    let melt: Vec<&str> = mapping.plan().melt.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(melt, ["watch", "like", "a b"]);
    assert!(mapping.plan().action.is_none());
}

#[test]
fn fields_say_how_deep_they_read() {
    let text = "version = 1\nformat = \"json\"\n[rows]\nexplode = [\"$.*\", \"a[*]\", \"b[*]\"]\n[event]\nuser = { key = 0 }\naction = \"a\"\n";
    let level = |item: &str| {
        parse(&format!("{text}item = {item}\n"))
            .unwrap()
            .plan()
            .item
            .as_ref()
            .unwrap()
            .level
    };
    for (item, expected) in [
        ("\"x\"", None),
        ("\"^.x\"", Some(1)),
        ("\"^^.x{json}.y\"", Some(0)),
        (
            "{ path = \"^.x\", pattern = '(x)', default = \"y\", scale = 2 }",
            Some(1),
        ),
        ("{ key = 0 }", Some(0)),
        ("{ index = 1 }", Some(1)),
        ("{ index = 2 }", None),
        ("{ const = \"x\" }", Some(0)),
        ("{ file = \"stem\" }", Some(0)),
        ("{ position = true }", None),
        ("{ column = 0 }", None),
        ("{ first = [\"^.x\", { const = \"x\" }] }", Some(1)),
        ("{ first = [\"^^.x\", \"^.x\"] }", Some(1)),
        ("{ join = [\"^.x\", { first = [\"x\"] }] }", None),
    ] {
        assert_eq!(level(item), expected, "{item}");
    }
}

#[test]
fn records_are_rows_levels_or_values() {
    let text =
        "version = 1\nformat = \"json\"\n[rows]\nexplode = [\"$\", \"a[*]\"]\n[event]\nuser = \"u\"\naction = \"a\"\n";
    let records = |record: &str| parse(&format!("{text}{record}\n")).unwrap().plan().records.clone();
    assert!(matches!(records(""), Records::Rows));
    assert!(matches!(records("record = { index = 0 }"), Records::Level(0)));
    assert!(matches!(records("record = \"^.id\""), Records::Value(_)));
    assert!(matches!(
        records("record = { index = 0, prefix = \"r\" }"),
        Records::Value(_)
    ));
}

#[test]
fn one_path_has_one_number() {
    let plan = plan("[rows]\nkeep = [\"u\", \"v\"]\nunique = [\"v\", \"u\"]");
    let written: Vec<&str> = plan.paths.iter().map(|path| path.written.as_str()).collect();
    assert_eq!(written, ["u", "v", "a"]);
    assert!(matches!(plan.user.source, Source::Path(0)));
}

const TWINS: &str = "version = 1
format = \"delimited\"
[rows]
keep = \"ok\"
[given]
columns = [\"time\"]
[event]
user = \"id\"
item = \"q\"
[sides.sim]
keep = { path = \"who\", is = \"twin\" }
given = [\"scenario\", \"item\"]
event = { action = \"said\", item = \"asked\" }
[sides.real]
event = { action = \"did\" }
";

#[test]
fn each_side_is_laid_over_the_mapping() {
    let mapping = parse(TWINS).unwrap();
    assert_eq!(mapping.sides(), ["sim", "real"]);
    assert_eq!((mapping.plan().side.clone(), mapping.plan().sides.len()), (None, 2));
    let side = |name: &str| mapping.with_side(name).unwrap();
    let columns = |mapping: &Mapping| -> Vec<String> {
        let plan = mapping.plan();
        let fields = [plan.action.as_ref(), plan.item.as_ref()];
        fields
            .into_iter()
            .flatten()
            .flat_map(Field::paths)
            .map(|p| plan.paths[p].written.clone())
            .collect()
    };
    let (real, sim) = (side("real"), side("sim"));
    assert_eq!(columns(&real), ["did", "q"]);
    assert_eq!(columns(&sim), ["said", "asked"]);
    assert_eq!((real.plan().keep.len(), sim.plan().keep.len()), (1, 2));
    assert_eq!(real.given(), ["time"]);
    assert_eq!(sim.given(), ["scenario", "item"]);
    assert_eq!(sim.plan().side.as_deref(), Some("sim"));
    assert_eq!(sim.hash(), mapping.hash(), "it is the same text");
    let error = mapping.with_side("simu").unwrap_err();
    assert!(error.to_string().contains("did you mean \"sim\"?"), "{error}");
    assert_eq!(error.detail().place.as_ref().unwrap().line, Some(10), "{error}");
    let error = parse(&format!("{HEAD}{EVENT}")).unwrap().with_side("sim").unwrap_err();
    assert!(error.to_string().contains("[sides.sim]"), "{error}");
}

#[test]
fn a_side_that_does_not_say_enough_is_a_mistake_even_unread() {
    let text = TWINS.replace("event = { action = \"did\" }", "keep = \"x\"");
    let error = parse(&text).unwrap_err();
    assert_eq!(error.code(), Code::MappingIncomplete);
    assert!(error.to_string().contains("where the action comes from"), "{error}");
    // Without an [event] at all, each side has to bring its own.
    let text = "version = 1\nformat = \"json\"\n[sides.a]\nevent = { user = \"u\", action = \"a\" }\n[sides.b]\nevent = { user = \"v\", action = \"b\" }\n";
    assert!(parse(text).is_ok());
}

#[test]
fn a_plain_mapping_is_one_part_that_leaves_its_files_to_its_formats() {
    let mapping = Mapping::builtin("events").unwrap();
    assert_eq!((mapping.parts().len(), mapping.parts()[0].files.len()), (1, 0));
    assert!(mapping.parts()[0].claims("any/where.csv"));
    assert_eq!(mapping.directory(), None);
    let hash = xxhash_rust::xxh3::xxh3_64(mapping.source().as_bytes());
    assert_eq!(
        mapping.hash(),
        format!("{hash:016x}"),
        "as results before this language had parts"
    );
}

#[test]
fn every_built_in_mapping_compiles_with_each_of_its_sides() {
    for name in builtin_names() {
        let mapping = Mapping::builtin(name).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(mapping.name(), *name);
        for side in mapping.sides() {
            mapping.with_side(side).unwrap_or_else(|e| panic!("{e}"));
        }
        let signature = &mapping.plan().signature;
        assert!(
            signature.line.is_some() || !signature.keys.is_empty(),
            "{name} is recognised by something"
        );
    }
    let error = Mapping::builtin("omnibehaviour").unwrap_err();
    assert!(error.to_string().contains("did you mean \"omnibehavior\"?"), "{error}");
}
