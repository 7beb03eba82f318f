//! A side of several kinds of files, each with a mapping of its own.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set up its mapping should stop there"
)]

use tempfile::TempDir;
use tracelens_core::error::{Code, Error};
use tracelens_core::mapping::Mapping;

const ORDERS: &str = "version = 1
format = \"delimited\"
[event]
user = \"u\"
action = \"a\"
time = { path = \"t\", format = \"native\", zone = \"UTC\" }
[given]
columns = [\"item\"]
";

const ALL: &str = "version = 1
[[source]]
files = [\"orders/*.csv\", \"old.csv\"]
mapping = \"orders.toml\"
[[source]]
files = \"**/*.ndjson\"
mapping = \"events\"
";

/// A directory with mappings to be named.
struct Mappings(TempDir);

impl Mappings {
    fn new() -> Self {
        let mappings = Self(tempfile::tempdir().unwrap());
        mappings.write("orders.toml", ORDERS);
        mappings
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    fn load(&self, text: &str) -> Result<Mapping, Error> {
        self.write("all.toml", text);
        Mapping::load(&self.0.path().join("all.toml").to_string_lossy())
    }

    fn fault(&self, text: &str, line: u64, said: &str) -> Error {
        let error = self.load(text).unwrap_err();
        assert_eq!(
            error.detail().place.as_ref().unwrap().line,
            Some(line),
            "{text}\n{error}"
        );
        assert!(error.to_string().contains(said), "{said} in\n{error}");
        error
    }
}

#[test]
fn sources_are_parts_with_their_files() {
    let mappings = Mappings::new();
    let mapping = mappings.load(ALL).unwrap();
    assert_eq!((mapping.parts().len(), mapping.name()), (2, "all"));
    assert_eq!(mapping.parts()[1].plan.name(), "events");
    assert_eq!(mapping.directory(), Some(mappings.0.path()));
    assert_eq!(mapping.given(), ["item"]);
    assert_eq!(mapping.zone_name(), Some("UTC"));
    let claims = |i: usize, path: &str| mapping.parts()[i].claims(path);
    assert!(claims(0, "orders/1.csv") && claims(0, "orders/1.csv.gz") && claims(0, "old.csv"));
    assert!(!claims(0, "orders/x/1.csv") && !claims(0, "1.csv"));
    assert!(claims(1, "a.ndjson") && claims(1, "x/y/a.ndjson"));
}

#[test]
fn the_hash_covers_every_text() {
    let mappings = Mappings::new();
    let before = mappings.load(ALL).unwrap().hash();
    mappings.write("orders.toml", &format!("{ORDERS}# changed\n"));
    assert_ne!(mappings.load(ALL).unwrap().hash(), before);
}

#[test]
fn mappings_that_cannot_be_a_source_are_refused() {
    let mappings = Mappings::new();
    mappings.write(
        "nested.toml",
        "version = 1\n[[source]]\nfiles = \"*\"\nmapping = \"events\"\n",
    );
    mappings.write("berlin.toml", &ORDERS.replace("UTC", "Europe/Berlin"));
    mappings.write("broken.toml", &ORDERS.replace("user =", "usr ="));
    mappings.write(
        "seen.toml",
        &ORDERS.replace("[event]", "[rows]\nexposure = \"record\"\n[event]"),
    );
    for (name, line, said) in [
        ("nested.toml", 7, "itself made of [[source]]s"),
        ("all.toml", 7, "itself made of [[source]]s"),
        ("berlin.toml", 7, "\"orders\" in UTC, \"berlin\" in Europe/Berlin"),
        ("seen.toml", 7, "\"orders\" does not say exposure = \"record\""),
        ("missing.toml", 7, "relative to this mapping"),
        ("evnts", 7, "did you mean \"events\"?"),
        // A mistake in a source's mapping stands there.
        ("broken.toml", 4, "did you mean \"user\"?"),
    ] {
        mappings.fault(&ALL.replace("\"events\"", &format!("\"{name}\"")), line, said);
    }
}

#[test]
fn mistakes_in_a_source_are_located() {
    let mappings = Mappings::new();
    for (from, to, line, said) in [
        ("files = \"**/*.ndjson\"", "files = []", 6, "the list is empty"),
        ("files = \"**/*.ndjson\"", "files = \"/tmp/*.ndjson\"", 6, "relative"),
        ("files = \"**/*.ndjson\"\n", "", 5, "say its files"),
        ("mapping = \"events\"\n", "", 5, "say its mapping"),
        (
            "mapping = \"events\"",
            "maping = \"events\"",
            7,
            "did you mean \"mapping\"?",
        ),
        ("version = 1\n", "version = 1\n[event]\n", 2, "no \"event\" of its own"),
        ("version = 1\n", "version = 1\n[evnt]\n", 2, "did you mean \"event\"?"),
    ] {
        mappings.fault(&ALL.replacen(from, to, 1), line, said);
    }
    assert_eq!(
        mappings.fault("version = 1\nsource = []\n", 2, "list is empty").code(),
        Code::MappingValue
    );
}

#[test]
fn a_side_is_that_of_the_sources_that_have_it() {
    let mappings = Mappings::new();
    let error = mappings.load(ALL).unwrap().with_side("sim").unwrap_err();
    assert!(error.to_string().contains("no side \"sim\""), "{error}");
    mappings.write(
        "twins.toml",
        &format!("{ORDERS}[sides.sim]\nkeep = \"s\"\n[sides.real]\nkeep = \"r\"\n"),
    );
    let twins = mappings.load(&ALL.replace("\"events\"", "\"twins.toml\"")).unwrap();
    assert_eq!(twins.sides(), ["sim", "real"]);
    let sim = twins.with_side("sim").unwrap();
    let read: Vec<Option<&str>> = sim.parts().iter().map(|part| part.plan.side.as_deref()).collect();
    assert_eq!(read, [None, Some("sim")]);
}
