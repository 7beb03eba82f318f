use super::*;
use crate::input::discover::discover;
use crate::sample::testing::{self, directory, tar};
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use std::path::Path;
use std::sync::Arc;

fn guessed(path: &Path) -> Result<(String, String)> {
    let (mapping, why) = guess(&discover(&[path.to_string_lossy().into_owned()])?)?;
    Ok((mapping.name().to_owned(), why))
}

/// What is guessed of one file.
fn of(name: &str, bytes: &[u8]) -> Result<(String, String)> {
    guessed(&directory(&[(name, bytes)]).path().join(name))
}

fn fits(name: &str, bytes: &[u8], mapping: &str, why: &str) {
    let (found, because) = of(name, bytes).unwrap();
    assert_eq!((found.as_str(), because.as_str()), (mapping, why), "{name}");
}

fn refused(name: &str, bytes: &[u8]) -> String {
    of(name, bytes).unwrap_err().to_string()
}

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name)
}

fn parquet(columns: &[&str]) -> Vec<u8> {
    let column: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    let rows = RecordBatch::try_from_iter(columns.iter().map(|c| (*c, Arc::clone(&column)))).unwrap();
    testing::parquet(&rows, 1)
}

#[test]
fn every_fixture_is_told_by_the_keys_of_its_mapping() {
    for (name, mapping) in [
        ("events/a.csv", "events"),
        ("events/b.ndjson", "events"),
        ("events/c.parquet", "events"),
        ("events/d.arrow", "events"),
        ("ga4/events_20250901.ndjson", "ga4"),
        ("ga4/events_20250902.parquet", "ga4"),
        ("oasis/reddit.db", "oasis"),
        ("xes/cases.xes", "xes"),
        ("snap/net-c2q.txt.gz", "snap"),
        ("taobao/UserBehavior.csv", "taobao"),
        ("omnibehavior-predictions", "omnibehavior-predictions"),
        ("recllmsim", "recllmsim"),
        ("chat", "chat"),
    ] {
        assert_eq!(guessed(&fixture(name)).unwrap().0, mapping, "{name}");
    }
}

#[test]
fn a_guess_says_why() {
    fits(
        "log.csv",
        b"\"user\", action\nu,see\n",
        "events",
        "delimited with the keys user, action",
    );
    fits(
        "log.tsv",
        b"user\taction\nu\tsee\n",
        "events",
        "delimited with the keys user, action",
    );
    fits(
        "log.jsonl",
        b"{\"action\": 1, \"user\": 2}\n",
        "events",
        "ndjson with the keys user, action",
    );
    fits(
        "log.csv",
        b"1,2,3,pv,1511539200\n",
        "taobao",
        "delimited with lines such as \"1,2,3,pv,1511539200\"",
    );
    fits(
        "log.pq",
        &parquet(&["action", "user"]),
        "events",
        "parquet with the keys user, action",
    );
}

#[test]
fn keys_are_found_however_deep_they_stand() {
    // The keys of the records stand behind a long list and far more than a first look of a few kilobytes.
    let steps = "\"step\",".repeat(100_000);
    let log = format!(
        "{{\"u\": {{\"user_profile\": [{steps}1], \"action_history\": [{{\"timestamp\": \"2025-09-01\", \"action\": []}}]}}}}"
    );
    fits(
        "log.json",
        log.as_bytes(),
        "omnibehavior",
        "json with the keys action_history, timestamp",
    );
    // The answers stand behind prompts of which not even the first ends in what is looked at.
    let prompts = "{\"x\": \"y\"}, ".repeat(1 << 20);
    let log = format!(
        "[{{\"user_id\": \"u\", \"action_type\": \"a\", \"timestamp\": \"t\", \"scene_info\": {{}}, \"prompts\": [{prompts}1], \"questions\": []}}]"
    );
    fits(
        "m_prediction_results.json",
        log.as_bytes(),
        "omnibehavior-predictions",
        "json with the keys action_type, scene_info, prompts",
    );
}

#[test]
fn a_mapping_that_lacks_a_column_does_not_fit_and_is_named() {
    let said = refused("log_1.csv", b"user_id,video_id,time_ms,is_click,tab\n1,2,3,1,0\n");
    assert!(
        said.contains("kuairand would fit, but there is no column is_comment, is_follow")
            && said.contains("log_1.csv: delimited, user_id, video_id"),
        "{said}"
    );
    let said = refused(
        "log.parquet",
        &parquet(&["event_name", "event_timestamp", "event_params"]),
    );
    assert!(
        said.contains("ga4 would fit, but there is no column") && said.contains("user_pseudo_id"),
        "{said}"
    );
    // Another that needs less still fits.
    let header = "event_time,event_type,product_id,user_session,user,action\n";
    fits(
        "log.csv",
        header.as_bytes(),
        "events",
        "delimited with the keys user, action",
    );
}

#[test]
fn columns_are_those_between_the_separators_of_the_mapping() {
    let said = refused("log.csv", b"user;action\nu;see\n");
    assert!(said.contains("log.csv: delimited, user, action"), "{said}");
}

#[test]
fn members_of_an_archive_are_told_by_their_names_and_content() {
    let page = br#"{"id": 1, "conversations": [{"from": "human", "value": "hi"}]}"#;
    let events = b"user,action\nu,see\n";
    for (files, mapping) in [
        (vec![("README.md", &b"about"[..]), ("logs/chat.json", page)], "sharegpt"),
        (vec![("a.csv", b""), ("logs/events.csv", events)], "events"),
        (
            vec![
                ("item.csv", &b"a,b\n"[..]),
                ("events.csv", b"timestamp,visitorid,event,itemid,transactionid\n"),
            ],
            "retailrocket",
        ),
    ] {
        let packed = directory(&[("logs.tar.zst", &zstd::encode_all(tar(&files).as_slice(), 1).unwrap())]);
        for path in [packed.path().to_path_buf(), packed.path().join("logs.tar.zst")] {
            assert_eq!(guessed(&path).unwrap().0, mapping);
        }
    }
    let said = refused("logs.tar", &tar(&[("a.csv", b"colour,weight\n")]));
    assert!(said.contains("logs.tar/a.csv: delimited, colour, weight"), "{said}");
    let said = refused("logs.tar", b"no archive");
    assert!(said.contains("TL207") && said.contains("logs.tar"), "{said}");
}

#[test]
fn what_nothing_fits_is_said_with_what_was_seen() {
    let said = refused("log.csv", b"colour,weight\nred,3\n");
    assert!(
        said.contains("TL106") && said.contains("log.csv: delimited, colour, weight") && said.contains("--mapping"),
        "{said}"
    );
    let said = refused("log.csv", b"1,2\n3,4\n");
    assert!(said.contains("log.csv: delimited, 1,2"), "{said}");
    let said = refused("log.json", br#"{"b": {"c": 1}, "a": 2}"#);
    assert!(said.contains("log.json: json, b, c, a"), "{said}");
}

#[test]
fn a_file_that_cannot_be_read_is_the_better_explanation() {
    let said = refused("log.csv", b"colour,weight\nred,\xff\n");
    assert!(said.contains("TL206") && said.contains("log.csv:2:5"), "{said}");
    let said = refused("log.db", b"no database");
    assert!(said.contains("TL203") && said.contains("log.db"), "{said}");
    let said = refused("log.csv", b"");
    assert!(said.contains("TL202") && said.contains("the file is empty"), "{said}");
    // Of a file that ends early enough can be seen; who reads it says where it breaks.
    let whole = std::fs::read(fixture("broken/cut.csv.gz")).unwrap();
    fits("log.csv.gz", &whole, "events", "delimited with the keys user, action");
    let said = guess(&Discovered {
        named: vec!["-".into()],
        ..Discovered::default()
    });
    assert!(said.unwrap_err().to_string().contains("standard input"));
}

#[test]
fn what_is_empty_is_passed_over() {
    let found = directory(&[("a.csv", b""), ("b.csv", b"user,action\nu,see\n")]);
    assert_eq!(guessed(found.path()).unwrap().0, "events");
}
