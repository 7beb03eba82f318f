//! What the fuzzers have found worth keeping (`make fuzz`, `rust/fuzz/corpus`) holds what they ask of every input.

#![allow(
    clippy::unwrap_used,
    unreachable_pub,
    reason = "the modules are those of the fuzzers, where they are public"
)]

#[path = "../../fuzz/src/naive.rs"]
mod naive;
#[path = "../../fuzz/src/reading.rs"]
mod reading;
#[path = "../../fuzz/src/targets.rs"]
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

fn replay(target: &str, run: impl Fn(&[u8])) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(target);
    let mut inputs = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let input = std::fs::read(&path).unwrap();
        let outcome = catch_unwind(AssertUnwindSafe(|| run(&input)));
        assert!(outcome.is_ok(), "{} breaks it", path.display());
        inputs += 1;
    }
    assert!(inputs > 0, "there is no corpus of {target}");
}

#[test]
fn json() {
    replay("json", targets::json);
}

#[test]
fn ndjson() {
    replay("ndjson", targets::ndjson);
}

#[test]
fn delimited() {
    replay("delimited", targets::delimited);
}

#[test]
fn xes() {
    replay("xes", targets::xes);
}

#[test]
fn mappings() {
    replay("mapping", targets::mapping);
}

#[test]
fn times() {
    replay("time", targets::time);
}

#[test]
fn json_is_what_serde_json_makes_of_it() {
    replay("json_differential", targets::json_differential);
}
