//! What is counted and said beside the events: how much may be dropped, names that the mapping and the log do not share.

use super::{Logs, all_of, assert_says, mapping, of_report, open, options};
use tracelens_core::error::Code;
use tracelens_core::reader::{OnBadRow, ReadOptions};

/// A hundred rows; so many of them without a user, and so many more with a time that is none.
fn log(nobody: usize, never: usize) -> Logs {
    let row = |n: usize| match n {
        n if n < nobody => ",see,2025-09-01T10:00:00Z\n",
        n if n < nobody + never => "a,see,never\n",
        _ => "a,see,2025-09-01T10:00:00Z\n",
    };
    let rows: String = (0..100).map(row).collect();
    Logs::of(&[("a.csv", format!("user,action,time\n{rows}"))])
}

fn read(logs: &Logs, max_bad: Option<f64>) -> Result<super::Read, tracelens_core::error::Error> {
    let options = ReadOptions {
        max_bad,
        ..options(OnBadRow::Drop)
    };
    all_of(open(&[logs.at("a.csv")], &mapping("delimited"), options)?)
}

#[test]
fn as_many_rows_as_allowed_may_be_bad_and_not_one_more() {
    for (nobody, never) in [(5, 0), (0, 5), (2, 3)] {
        assert_eq!(read(&log(nobody, never), Some(0.05)).unwrap().events.len(), 95);
        assert!(read(&log(nobody, never), None).is_ok());
        let error = read(&log(nobody, never + 1), Some(0.05)).unwrap_err();
        assert_eq!(error.code(), Code::TooManyBadRows);
        let said = error.to_string();
        assert!(
            said.contains("6 of 100 rows were dropped, more than the 5 % allowed"),
            "{said}"
        );
        assert!(
            said.contains(&format!("{} x bad timestamp, first at ", never + 1)),
            "{said}"
        );
        assert!(
            nobody == 0 || said.contains(&format!("{nobody} x missing user, first at ")),
            "{said}"
        );
        assert!(said.contains(&format!("a.csv:{}:", nobody + 2)), "{said}");
        assert!(
            said.contains("correct the log or the mapping, or allow more with --max-bad"),
            "{said}"
        );
    }
    assert_eq!(read(&log(0, 0), Some(0.0)).unwrap().report.dropped, of_report([]));
    assert_eq!(read(&log(1, 0), Some(0.0)).unwrap_err().code(), Code::TooManyBadRows);
    assert!(read(&log(100, 0), Some(1.0)).unwrap().events.is_empty());
}

#[test]
fn rows_are_bad_by_the_sum_of_all_files() {
    let logs = Logs::of(&[
        ("a.csv", "user,action\n,see\n"),
        ("b.csv", &format!("user,action\n{}", "b,see\n".repeat(99))),
    ]);
    let read = |max_bad| {
        let options = ReadOptions {
            max_bad: Some(max_bad),
            ..options(OnBadRow::Drop)
        };
        all_of(open(&[logs.0.path().to_path_buf()], &mapping("delimited"), options)?)
    };
    assert_eq!(read(0.01).unwrap().events.len(), 99);
    assert_says_with_first(&read(0.009).unwrap_err());
}

fn assert_says_with_first(error: &tracelens_core::error::Error) {
    assert_eq!(error.code(), Code::TooManyBadRows, "{error}");
    assert!(
        error.to_string().contains("1 x missing user, first at ") && error.to_string().contains("a.csv:2:1"),
        "{error}"
    );
}

fn notes(more: &str, lines: &str) -> Vec<String> {
    let logs = Logs::of(&[("a.ndjson", lines)]);
    logs.read("a.ndjson", &(mapping("ndjson") + more)).unwrap().report.notes
}

#[test]
fn actions_that_only_the_mapping_or_only_the_log_has_are_listed() {
    let lines: String = ["like", "dislike", "buy"]
        .map(|a| format!("{{\"user\": \"u\", \"action\": \"{a}\"}}\n"))
        .concat();
    let said = notes(
        "[role]\nconversion = [\"purchase\", \"bui\"]\n[valence]\nnegative = [\"dislike\"]\n",
        &lines,
    );
    assert_eq!(
        said,
        [
            "the mapping names the action \"bui\", which no row has: is \"buy\" meant?",
            "the mapping names the action \"purchase\", which no row has",
            "the mapping says nothing of the actions: buy, like (taken as active, neutral)",
        ]
    );
    assert!(
        notes(
            "[role]\nconversion = [\"buy\"]\nactive = [\"like\", \"dislike\"]\n",
            &lines
        )
        .is_empty()
    );
}

#[test]
fn many_actions_that_the_mapping_does_not_know_are_not_all_listed() {
    let line = |n: u32| format!("{{\"user\": \"u\", \"action\": \"a{n}\"}}\n");
    let lines: Vec<String> = (10..35).map(line).collect();
    let said = notes("[role]\nconversion = [\"a10\"]\n", &lines.concat());
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].contains("a11, a12") && said[0].contains("a20 and 14 more (taken as active)"),
        "{said:?}"
    );
}

#[test]
fn scenarios_that_a_map_does_not_know_are_listed_or_errors_or_left_out() {
    let lines = "{\"user\": \"u\", \"action\": \"a\", \"where\": \"home\"}\n{\"user\": \"u\", \"action\": \"a\", \"where\": \"hme\"}\n\
                 {\"user\": \"u\", \"action\": \"a\", \"where\": \"hme\"}\n";
    let logs = Logs::of(&[("a.ndjson", lines)]);
    let with = |unmapped: &str| {
        let scenario = format!("scenario = {{ path = \"where\", map = \"where\", unmapped = \"{unmapped}\" }}\n");
        mapping("ndjson") + &scenario + "[map.where]\nhome = \"start\"\n"
    };
    let read = logs.read("a.ndjson", &with("keep")).unwrap();
    assert_eq!(
        read.report.notes,
        ["[map.where] does not know \"hme\": kept as it is (2 times)"]
    );
    let error = logs.read("a.ndjson", &with("error")).unwrap_err();
    assert_says(
        &error,
        Code::Unmapped,
        (2, 40),
        &[
            "[map.where] does not know the value \"hme\"",
            "add the value to the map",
        ],
    );
    let read = logs.read("a.ndjson", &with("drop")).unwrap();
    assert_eq!(read.events.len(), 1);
    assert_eq!(
        read.report.dropped.values().sum::<u64>(),
        2,
        "{:?}",
        read.report.dropped
    );
}

#[test]
fn a_value_that_rows_share_is_counted_with_each_of_them() {
    // Where a document is cut makes no difference then.
    let document = r#"{"at": [{"where": "hme", "acts": [{"a": "x"}, {"a": "y"}, {"a": "x"}]}, {"where": "home", "acts": [{"a": "x"}]}]}"#;
    let mapping = "version = 1\nname = \"mine\"\nformat = \"json\"\n[rows]\nexplode = [\"at[*]\", \"acts[*]\"]\n[event]\n\
                   user = { const = \"u\" }\naction = \"a\"\n\
                   scenario = { path = \"^.where\", map = \"where\", unmapped = \"keep\" }\n[map.where]\nhome = \"start\"\n";
    let read = Logs::of(&[("a.json", document)]).read("a.json", mapping).unwrap();
    assert_eq!(
        read.report.notes,
        ["[map.where] does not know \"hme\": kept as it is (3 times)"]
    );
}
