//! Values that are written in ways that JSON, floats or a field have no place for.

use super::{Logs, Read, assert_says, mapping, of_report};
use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use std::sync::Arc;
use tracelens_core::error::{Code, Error};

fn line(members: &str) -> Result<Read, Error> {
    let logs = Logs::of(&[("log.ndjson", format!("{{{members}}}\n"))]);
    logs.read("log.ndjson", &mapping("ndjson"))
}

fn row(header: &str, row: &str) -> Result<Read, Error> {
    let logs = Logs::of(&[("log.csv", format!("{header}\n{row}\n"))]);
    logs.read("log.csv", &mapping("delimited"))
}

#[test]
fn of_a_key_that_stands_there_twice_the_last_counts() {
    let read = line(r#""user": "a", "action": "see", "item": "x", "user": "b", "item": null"#).unwrap();
    assert_eq!(read.events, ["b - see - NaN"]);
    // Wherever it stands: in the way of a path, and where a path looks around.
    for path in ["at.item", "at{json}.item", "all[key=at].item"] {
        let mapping = mapping("ndjson").replace("\"item\"", &format!("\"{path}\""));
        let twice = r#""user": "a", "action": "see", "at": {"item": "x", "item": "y"}, "all": [{"key": "at", "item": "x", "item": "y"}]"#;
        let twice = twice.to_owned() + r#", "at{json}": 0"#;
        let twice = if path.contains("json") {
            twice.replace(
                r#"{"item": "x", "item": "y"}, "all""#,
                r#""{\"item\": \"x\", \"item\": \"y\"}", "all""#,
            )
        } else {
            twice
        };
        let logs = Logs::of(&[("log.ndjson", format!("{{{twice}}}"))]);
        assert_eq!(
            logs.read("log.ndjson", &mapping).unwrap().events,
            ["a - see y NaN"],
            "{path}"
        );
    }
}

#[test]
fn rows_that_stand_there_twice_are_refused() {
    let mapping = "version = 1\nformat = \"FORMAT\"\n[rows]\nexplode = [\"$\", \"all[*]\"]\n[event]\nuser = \"^.user\"\naction = \"action\"\n";
    let text = "{\"user\": \"a\", \"all\": [{\"action\": \"see\"}], \"all\": [{\"action\": \"buy\"}]}\n";
    let logs = Logs::of(&[("log.ndjson", text), ("log.json", text)]);
    for format in ["ndjson", "json"] {
        let error = logs
            .read(&format!("log.{format}"), &mapping.replace("FORMAT", format))
            .unwrap_err();
        assert_says(
            &error,
            Code::Syntax,
            (1, 50),
            &["what holds the rows stands here for the second time", "check the file"],
        );
    }
}

#[test]
fn what_json_has_no_number_for_is_refused_and_said_how_to_write() {
    for (written, column) in [("NaN", 38), ("Infinity", 38), ("-Infinity", 39)] {
        let error = line(&format!(r#""user": "a", "action": "see", "value": {written}"#)).unwrap_err();
        assert_says(
            &error,
            Code::Syntax,
            (1, column + 3),
            &[written, "NaN and Infinity are not JSON", "null"],
        );
        // Also where nobody asks for it: what follows could not be told from it.
        let error = line(&format!(r#""user": "a", "other": [{written}], "action": "see""#)).unwrap_err();
        assert_says(&error, Code::Syntax, None, &["NaN and Infinity are not JSON"]);
    }
    let text = "{\"user\": \"a\", \"action\": \"see\", \"value\": NaN}\n{\"user\": \"b\", \"action\": \"see\", \"value\": 1}\n";
    let read = Logs::of(&[("log.ndjson", text)])
        .drop("log.ndjson", &mapping("ndjson"))
        .unwrap();
    assert_eq!(
        (read.events, read.report.dropped),
        (vec!["b - see - 1".to_owned()], of_report([("not JSON", 1)]))
    );
}

#[test]
fn nan_is_no_number_and_no_time_and_nobody() {
    // As a value there is none.
    for none in ["NaN", "nan", "NA", "null", ""] {
        assert_eq!(
            row("user,action,value", &format!("a,see,{none}")).unwrap().events,
            ["a - see - NaN"],
            "{none}"
        );
    }
    let error = row("user,action,time", "a,see,NaN").unwrap_err();
    assert_says(&error, Code::Timestamp, (2, 7), &["NaN", "formats tried"]);
    // A table of floats has it where there was nothing.
    let table = |users: Vec<f64>, values: Vec<f64>| {
        let actions = StringArray::from(vec!["see"; users.len()]);
        let columns: [(&str, ArrayRef); 3] = [
            ("user", Arc::new(Float64Array::from(users))),
            ("action", Arc::new(actions)),
            ("value", Arc::new(Float64Array::from(values))),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut bytes = Vec::new();
        let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let logs = Logs::of(&[("log.parquet", bytes)]);
        (
            logs.read("log.parquet", &mapping("parquet")),
            logs.drop("log.parquet", &mapping("parquet")),
        )
    };
    let (read, _) = table(vec![1.0, 2.0], vec![f64::NAN, 0.5]);
    assert_eq!(read.unwrap().events, ["1 - see - NaN", "2 - see - 0.5"]);
    let (read, dropped) = table(vec![1.0, f64::NAN], vec![1.0, 1.0]);
    assert_says(
        &read.unwrap_err(),
        Code::MissingUser,
        None,
        &["row group 1, row 2", "map another field to user"],
    );
    assert_eq!(dropped.unwrap().report.dropped, of_report([("missing user", 1)]));
}

#[test]
fn a_time_that_is_nan_is_none() {
    let columns: [(&str, ArrayRef); 3] = [
        ("user", Arc::new(StringArray::from(vec!["a", "b"]))),
        ("action", Arc::new(StringArray::from(vec!["see", "see"]))),
        ("time", Arc::new(Float64Array::from(vec![1_756_684_800.0, f64::NAN]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let logs = Logs::of(&[("log.parquet", bytes)]);
    let without = mapping("parquet").replace("rfc3339", "epoch_s");
    let events = logs.read("log.parquet", &without).unwrap().events;
    assert_eq!(events, ["a 2025-09-01T00:00:00Z see - NaN", "b - see - NaN"]);
    // Where a log has a clock, a row without a time is a mistake.
    let required = without.replace("[\"epoch_s\"], optional = true", "[\"epoch_s\"]");
    let error = logs.read("log.parquet", &required).unwrap_err();
    assert_says(
        &error,
        Code::Timestamp,
        None,
        &["row group 1, row 2", "user b", "formats tried: epoch_s"],
    );
    assert_eq!(
        logs.drop("log.parquet", &required).unwrap().report.dropped,
        of_report([("bad timestamp", 1)])
    );
}

#[test]
fn a_number_that_no_float_holds_is_without_end() {
    let value = |read: Result<Read, Error>| read.unwrap().events;
    assert_eq!(
        value(line(r#""user": "a", "action": "see", "value": 1e400"#)),
        ["a - see - inf"]
    );
    assert_eq!(value(row("user,action,value", "a,see,-1e400")), ["a - see - -inf"]);
    let error = row("user,action,value", "a,see,1e4oo").unwrap_err();
    assert_says(
        &error,
        Code::BadValue,
        (2, 7),
        &["expected a number", "correct the value"],
    );
}

#[test]
fn large_whole_numbers_keep_their_digits_as_ids() {
    for id in [
        "9007199254740993",
        "18446744073709551617",
        "340282366920938463463374607431768211457",
        "-9007199254740993",
    ] {
        let expected = [format!("{id} - see {id} NaN")];
        assert_eq!(
            line(&format!(r#""user": {id}, "action": "see", "item": {id}"#))
                .unwrap()
                .events,
            expected
        );
        assert_eq!(
            row("user,action,item", &format!("{id},see,{id}")).unwrap().events,
            expected
        );
    }
    // Digits that were lost before we came cannot be made up.
    let error = line(r#""user": 1.8446744073709552e19, "action": "see""#).unwrap_err();
    assert_says(&error, Code::BadValue, (1, 10), &["lost digits", "write ids as text"]);
}

#[test]
fn large_whole_numbers_are_the_nearest_values_and_no_times() {
    let read = line(r#""user": "a", "action": "see", "value": 9007199254740993"#).unwrap();
    assert_eq!(read.events, ["a - see - 9007199254740992"]);
    let read = line(r#""user": "a", "action": "see", "value": 18446744073709551617"#).unwrap();
    assert_eq!(read.events, ["a - see - 18446744073709552000"]);
    for format in ["epoch_s", "epoch_ms", "epoch_us", "epoch_ns"] {
        let mapping = mapping("ndjson").replace("rfc3339", format);
        for time in ["9223372036854775808", "18446744073709551617", "1e300"] {
            let logs = Logs::of(&[(
                "log.ndjson",
                format!("{{\"user\": \"a\", \"time\": {time}, \"action\": \"see\"}}"),
            )]);
            match logs.read("log.ndjson", &mapping) {
                // Nanoseconds since 1970 reach the year 2554 in 64 bits.
                Ok(read) => assert!(
                    format == "epoch_ns" && time != "1e300",
                    "{format} {time}: {:?}",
                    read.events
                ),
                Err(error) => assert_says(&error, Code::Timestamp, (1, 23), &[time, "formats tried"]),
            }
        }
    }
}

#[test]
fn values_may_stand_128_deep_in_each_other_and_no_deeper() {
    let deep = |path: &str, depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        let text = format!("{{\"user\": \"a\", \"action\": \"see\", \"{path}\": {open}{close}}}");
        let logs = Logs::of(&[("log.ndjson", text.clone()), ("log.json", text)]);
        let json = logs.read("log.json", &mapping("json")).map(|read| read.events);
        let lines = logs.read("log.ndjson", &mapping("ndjson")).map(|read| read.events);
        let dropped = logs.drop("log.ndjson", &mapping("ndjson")).unwrap().report.dropped;
        (json, lines, dropped)
    };
    for path in ["other", "item"] {
        let (json, lines, dropped) = deep(path, 128);
        let events = vec!["a - see - NaN".to_owned()];
        assert_eq!(
            (json.unwrap(), lines.unwrap(), dropped),
            (events.clone(), events, of_report([]))
        );
        let (json, lines, dropped) = deep(path, 129);
        let column = 35 + path.len() as u64 + 129;
        for error in [json.unwrap_err(), lines.unwrap_err()] {
            assert_says(
                &error,
                Code::Syntax,
                (1, column),
                &["nested more than 128 deep", "check the file"],
            );
        }
        assert_eq!(dropped, of_report([("not JSON", 1)]));
    }
    // So deep that whoever follows it by calling himself falls over.
    let (json, lines, _) = deep("other", 5_000_000);
    assert_eq!(
        (json.unwrap_err().code(), lines.unwrap_err().code()),
        (Code::Syntax, Code::Syntax)
    );
}
