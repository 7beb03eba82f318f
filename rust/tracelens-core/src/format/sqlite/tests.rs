use super::*;
use crate::format::testing::{batches, disk, events, file, first_error, of_lines};
use crate::input::stream::Input;
use crate::mapping::Plan;
use bytes::Bytes;
use std::path::PathBuf;

const MAPPING: &str = r#"
version = 1
format = ["sqlite", "ndjson"]
[event]
user = "user"
time = { path = "ts", format = ["epoch_s"] }
action = "what"
item = { path = "item", optional = true }
value = { path = "price", optional = true }
"#;

struct Scratch {
    _directory: tempfile::TempDir,
    path: PathBuf,
}

/// A database made by these statements.
fn database(statements: &str) -> Scratch {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log %?#.sqlite");
    Connection::open(&path).unwrap().execute_batch(statements).unwrap();
    Scratch {
        _directory: directory,
        path,
    }
}

const TRACE: &str = "create table trace (user text, ts integer, what text, item integer, price real, payload blob);
    insert into trace values
        ('u1', 1756684800, 'view', 9007199254740993, 1.5, null),
        ('ü\"2', 1756684801, 'buy', null, 2, x'00'),
        ('u1', 1756684802, 'line
break', 7, 1e300, null);";

fn error(mapping: &str, statements: &str) -> String {
    let made = database(statements);
    let file = file(&made.path, mapping, OnBadRow::Error);
    first_error(open(file, disk(&made.path))).unwrap().to_string()
}

#[test]
fn rows_are_those_of_the_same_lines() {
    let made = database(TRACE);
    let file = file(&made.path, MAPPING, OnBadRow::Error);
    let lines = r#"
{"user": "u1", "ts": 1756684800, "what": "view", "item": 9007199254740993, "price": 1.5}
{"user": "ü\"2", "ts": 1756684801, "what": "buy", "price": 2.0}
{"user": "u1", "ts": 1756684802, "what": "line\nbreak", "item": 7, "price": 1e300}
"#;
    let expected = events(&file, &[of_lines(&file, lines)]);
    assert!(expected[0].contains("9007199254740993"), "whole numbers are exact");
    let bytes = Bytes::from(std::fs::read(&made.path).unwrap());
    for source in [disk(&made.path), Source::Memory(bytes)] {
        for task_bytes in [1, 1 << 20] {
            let tasks = open_in_tasks(Arc::clone(&file), source.clone(), task_bytes).unwrap();
            assert_eq!(events(&file, &batches(tasks).unwrap()), expected);
        }
    }
}

#[test]
fn a_packed_database_is_read_in_memory() {
    let made = database(TRACE);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, &std::fs::read(&made.path).unwrap()).unwrap();
    let packed = encoder.finish().unwrap();
    let file = file(Path::new("log.sqlite.gz"), MAPPING, OnBadRow::Error);
    let source = |bytes: &[u8]| Source::of(Input::of_reader(&file.path, std::io::Cursor::new(bytes.to_vec())).unwrap());
    let tasks = open(Arc::clone(&file), source(&packed).unwrap()).unwrap();
    assert_eq!(events(&file, &batches(tasks).unwrap()).len(), 3);
    let said = source(&packed[..packed.len() - 20]).unwrap_err().to_string();
    assert!(said.contains("TL207") && said.contains("damaged gzip file"), "{said}");
}

#[test]
fn a_view_of_what_is_gone_is_in_nobodys_way() {
    let made = database(&format!("{TRACE} create view broken as select * from gone;"));
    let log = file(&made.path, MAPPING, OnBadRow::Error);
    let tasks = open(Arc::clone(&log), disk(&made.path)).unwrap();
    assert_eq!(events(&log, &batches(tasks).unwrap()).len(), 3);
    let named = format!("{MAPPING}[sqlite]\ntable = \"broken\"\n");
    let log = file(&made.path, &named, OnBadRow::Error);
    let said = first_error(open(log, disk(&made.path))).unwrap().to_string();
    assert!(said.contains("TL203") && said.contains("no such table"), "{said}");
}

#[test]
fn a_table_or_a_query_may_be_named() {
    let made = database(&format!(
        "{TRACE} create table other (user text, ts integer, what text);"
    ));
    let count = |more: &str| {
        let file = file(&made.path, MAPPING, OnBadRow::Error);
        let mut plan = Plan::clone(&file.plan);
        match more.split_once('=').unwrap() {
            ("table", name) => plan.table = Some(name.to_owned()),
            (_, query) => plan.query = Some(query.to_owned()),
        }
        let file = file.with_plan(plan);
        match open(file, disk(&made.path)).and_then(batches) {
            Ok(all) => Ok(all.iter().map(|b| b.rows_in).sum::<u64>()),
            Err(e) => Err(e.to_string()),
        }
    };
    assert_eq!(count("table=trace"), Ok(3));
    assert_eq!(count("table=other"), Ok(0));
    assert_eq!(
        count("query=select user, ts, 'x' as what from trace where ts > 1756684800;"),
        Ok(2)
    );
    assert!(count("table=trac").unwrap_err().contains("did you mean \"trace\"?"));
    assert!(
        count("query=select user from trace")
            .unwrap_err()
            .contains("no column \"what\"")
    );
    assert!(count("query=selec 1").unwrap_err().contains("syntax error"));
    assert!(count("query=delete from trace").is_err());
}

#[test]
fn the_only_table_with_all_columns_is_taken() {
    let made = database(&format!("{TRACE} create table users (user text, age int);"));
    let file = file(&made.path, MAPPING, OnBadRow::Error);
    let tasks = open(Arc::clone(&file), disk(&made.path)).unwrap();
    assert_eq!(batches(tasks).unwrap()[0].rows_in, 3);

    let said = error(
        MAPPING,
        "create table users (user text, age int); create table logs (user text, ts int);",
    );
    assert!(said.contains("TL214") && said.contains("\"logs\" lacks what"), "{said}");
    assert!(
        said.contains("table users: user, age") && said.contains("[sqlite] table"),
        "{said}"
    );
    let said = error(MAPPING, &format!("{TRACE} create view again as select * from trace;"));
    assert!(
        said.contains("several tables") && said.contains("\"again\", \"trace\""),
        "{said}"
    );
    let said = error(MAPPING, "create table t (a); drop table t;");
    assert!(said.contains("no table"), "{said}");
}

#[test]
fn bad_rows_are_said_with_their_place_or_counted() {
    let more = "create table trace (user, ts, what, item, price);
        insert into trace values ('u', 1, 'a', 1, 1), (null, 1, 'a', 1, 1), ('u', 1, 'a', x'ff00', 1),
            ('u', 'yesterday', 'a', 1, 1), ('u', 1, cast(x'ff' as text), 1, 1), ('u', 2, 'a', 1, 1);";
    let said = error(MAPPING, more);
    assert!(
        said.contains("TL205") && said.contains(": table trace, row 2"),
        "{said}"
    );
    let said = error(MAPPING, &more.replace("(null, 1, 'a', 1, 1), ", ""));
    assert!(
        said.contains("holds binary data") && said.contains(": table trace, row 2"),
        "{said}"
    );

    let made = database(more);
    let file = file(&made.path, MAPPING, OnBadRow::Drop);
    for task_bytes in [1, 1 << 20] {
        let tasks = open_in_tasks(Arc::clone(&file), disk(&made.path), task_bytes).unwrap();
        let all = batches(tasks).unwrap();
        assert_eq!(events(&file, &all).len(), 2);
        let mut places: Vec<String> = all
            .iter()
            .flat_map(|b| &b.examples)
            .flat_map(|(reason, places)| {
                places
                    .iter()
                    .map(move |p| format!("{reason} {}", p.element.clone().unwrap()))
            })
            .collect();
        places.sort();
        assert_eq!(
            places,
            [
                "bad timestamp table trace, row 4",
                "binary data table trace, row 3",
                "missing user table trace, row 2",
                "text that is not UTF-8 table trace, row 5"
            ]
        );
    }
}

#[test]
fn damaged_files_are_located_errors() {
    let made = database(TRACE);
    let whole = std::fs::read(&made.path).unwrap();
    let file = file(&made.path, MAPPING, OnBadRow::Error);
    let read = |bytes: Vec<u8>| first_error(open(Arc::clone(&file), Source::Memory(Bytes::from(bytes))));
    for length in [0, 10, 100, 4096, whole.len() - 1] {
        let said = read(whole[..length].to_vec()).unwrap_or_else(|| panic!("{length} bytes"));
        assert!(said.to_string().contains("log %?#.sqlite"), "{length}: {said}");
    }
    let mut damaged = whole.clone();
    damaged[4096..].fill(0xa5);
    let said = read(damaged).unwrap().to_string();
    assert!(said.contains("TL203"), "{said}");
    assert!(read(b"user,ts,what\nu,1,a\n".to_vec()).is_some());
}

#[test]
fn what_a_writer_has_not_yet_moved_into_the_database_is_read_too() {
    let made = database("pragma journal_mode = wal;");
    let writer = Connection::open(&made.path).unwrap();
    writer.execute_batch(TRACE).unwrap();
    let file = file(&made.path, MAPPING, OnBadRow::Error);
    let count = |source| batches(open(Arc::clone(&file), source).unwrap()).map(|all| all[0].rows_in);
    assert_eq!(count(disk(&made.path)), Ok(3));
    drop(writer);
    let bytes = Bytes::from(std::fs::read(&made.path).unwrap());
    assert_eq!(count(Source::Memory(bytes)), Ok(3), "a closed database in that mode");
}
