use super::testing::{
    ARCHIVES, PACKINGS, arrow_file, arrow_stream, database, directory, expected, gzip, parquet, table, tar,
};
use super::*;
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use serde_json::{Value, json};
use std::sync::Arc;
use tempfile::TempDir;

fn at(directory: &TempDir, name: &str) -> Vec<String> {
    vec![directory.path().join(name).to_string_lossy().into_owned()]
}

fn kinds(name: &str, bytes: &[u8], rows: usize) -> Result<Vec<Kind>> {
    sample(&at(&directory(&[(name, bytes)]), name), rows)
}

fn one(name: &str, bytes: &[u8], rows: usize) -> Kind {
    let mut kinds = kinds(name, bytes, rows).unwrap();
    assert_eq!(kinds.len(), 1, "{name}");
    kinds.remove(0)
}

fn error(paths: &[String]) -> String {
    sample(paths, 10).unwrap_err().to_string()
}

fn rows(kind: &Kind) -> Vec<Value> {
    kind.rows.iter().map(|r| serde_json::from_str(r).unwrap()).collect()
}

#[test]
fn tables_are_sampled_by_their_first_rows_packed_or_not() {
    let rows_of = table(9);
    for (suffix, packing, pack) in PACKINGS {
        for (name, format, bytes) in [
            ("log.parquet", Format::Parquet, parquet(&rows_of, 4)),
            ("log.pq", Format::Parquet, parquet(&rows_of, 100)),
            ("log.arrow", Format::Arrow, arrow_file(&rows_of)),
            ("log.ipc", Format::Arrow, arrow_stream(&rows_of)),
            // The first bytes tell where the suffix does not.
            ("log.data", Format::Parquet, parquet(&rows_of, 4)),
        ] {
            let name = format!("{name}{suffix}");
            let kind = one(&name, &pack(&bytes), 6);
            assert_eq!(
                (kind.format, kind.packing, kind.archive),
                (format, packing, false),
                "{name}"
            );
            assert_eq!(
                kind.columns.clone().unwrap(),
                ["user", "at", "tags", "product", "binary"]
            );
            assert_eq!(rows(&kind), expected(6), "{name}");
            assert!(
                kind.rows[0].starts_with(r#"{"user":"u0","at":"1970"#),
                "in the order of the columns"
            );
            assert_eq!(one(&name, &pack(&bytes), 100).rows.len(), 9);
        }
    }
}

#[test]
fn no_more_is_read_of_a_table_than_its_first_rows() {
    let bytes = parquet(&table(40), 10);
    let mut damaged = bytes.clone();
    // Everything behind the first of four row groups, up to what the file says of itself.
    let footer = bytes.len() - 8 - u32::from_le_bytes(*bytes[bytes.len() - 8..].first_chunk().unwrap()) as usize;
    damaged[footer / 3..footer].fill(0xff);
    assert_eq!(rows(&one("log.parquet", &damaged, 10)), expected(10));
    // What comes before the damage is enough for a guess.
    let seen = one("log.parquet", &damaged, 40);
    assert_eq!(rows(&seen)[..10], expected(10));
    assert!(seen.rows.len() < 40);
    assert!(kinds("log.parquet", &bytes[..bytes.len() - 1], 10).is_err());
}

#[test]
fn long_rows_are_fewer() {
    let long: StringArray = (0..2000).map(|i| Some(format!("{i}{}", "x".repeat(1 << 14)))).collect();
    let batch = RecordBatch::try_from_iter([("text", Arc::new(long) as ArrayRef)]).unwrap();
    for bytes in [parquet(&batch, 5000), arrow_stream(&batch)] {
        let rows = one("log", &bytes, 2000).rows;
        assert!((100..1000).contains(&rows.len()), "{}", rows.len());
    }
}

#[test]
fn each_table_of_a_database_is_a_kind() {
    let bytes = database(
        "create table trace (user_id, created_at, action, picture);
         insert into trace values (1, '2025-09-01 10:00:00', 'like', x'ff'), (2, 1.5, null, null), (3, 3, 'see', null);
         create table \"user \"\"x\"\"\" (id integer);
         create table empty (x);
         create view seen as select action from trace where action is not null;
         create view broken as select * from gone;
         create view endless as with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n;",
    );
    for (suffix, packing, pack) in PACKINGS {
        let name = format!("log.db{suffix}");
        let found = kinds(&name, &pack(&bytes), 2).unwrap();
        let tables: Vec<&str> = found.iter().map(|k| k.table.as_deref().unwrap()).collect();
        assert_eq!(tables, ["empty", "endless", "seen", "trace", "user \"x\""], "{name}");
        assert!(
            found
                .iter()
                .all(|k| k.format == Format::Sqlite && k.packing == packing && k.files == 1)
        );
        let trace = &found[3];
        assert_eq!(
            trace.columns.clone().unwrap(),
            ["user_id", "created_at", "action", "picture"]
        );
        let first = r#"{"user_id":1,"created_at":"2025-09-01 10:00:00","action":"like"}"#;
        assert_eq!(trace.rows, [first, r#"{"user_id":2,"created_at":1.5}"#]);
        assert_eq!(found[2].rows.len(), 2);
        assert!(
            found[0].rows.is_empty() && found[1].rows.is_empty(),
            "no endless search for a row"
        );
    }
    assert!(kinds("log.db", &bytes[..bytes.len() - 4096], 2).is_err());
}

#[test]
fn databases_of_the_same_tables_are_alike() {
    let bytes = database("create table a (x); create table b (y); insert into b values (1)");
    let other = database("create table b (y, z)");
    let found = directory(&[("1.db", &bytes), ("2.db", &bytes), ("3.db", &other)]);
    let found = sample(&at(&found, ""), 10).unwrap();
    let about: Vec<_> = found.iter().map(|k| (k.table.as_deref().unwrap(), k.files)).collect();
    assert_eq!(about, [("a", 2), ("b", 2), ("b", 1)]);
}

#[test]
fn traces_of_a_log_in_xml_are_rows() {
    let event = r#"<event><string key="concept:name" value="a"/><date key="time:timestamp" value="2011-01-01T00:00:00Z"/></event>"#;
    let trace = format!(r#"<trace><string key="id" value="t"/>{}</trace>"#, event.repeat(30));
    let log = format!("<?xml version=\"1.0\"?><log>{}</log>", trace.repeat(5));
    let event = json!({"concept:name": "a", "time:timestamp": "2011-01-01T00:00:00Z"});
    let expected = json!({"attributes": {"id": "t"}, "events": vec![event; 20]});
    for (suffix, packing, pack) in PACKINGS {
        let kind = one(&format!("log.xes{suffix}"), &pack(log.as_bytes()), 3);
        assert_eq!(
            (kind.format, kind.packing, kind.columns.clone()),
            (Format::Xes, packing, None)
        );
        assert_eq!(rows(&kind), vec![expected.clone(); 3]);
    }
    // Damage behind the first traces is told by who reads it all.
    let cut = &log.as_bytes()[..log.len() - trace.len() / 2];
    assert_eq!(one("log.xes", cut, 10).rows.len(), 4);
    assert!(kinds("log.xes", b"<html></html>", 10).is_err());
}

#[test]
fn text_is_sampled_packed_or_not_and_up_to_its_damage() {
    for (suffix, packing, pack) in PACKINGS {
        let document = format!("{{\"b\":[{}],\"a\":1.50}}", vec!["0"; 100].join(","));
        let kind = one(&format!("log.json{suffix}"), &pack(document.as_bytes()), 10);
        assert_eq!((kind.format, kind.packing), (Format::Json, packing));
        assert_eq!(
            kind.rows,
            [format!("{{\"b\":[{}],\"a\":1.50}}", vec!["0"; 20].join(","))]
        );

        let kind = one(&format!("log.jsonl{suffix}"), &pack(b"{\"b\": 1, \"a\": 2}\n"), 10);
        assert_eq!(
            (kind.format, kind.rows),
            (Format::Ndjson, vec!["{\"b\": 1, \"a\": 2}".to_owned()])
        );

        let text = "user;what\nu;\"a \"\"b\"\"\"\nv;c\n";
        let kind = one(&format!("log.csv{suffix}"), &pack(text.as_bytes()), 10);
        assert_eq!((kind.separator, kind.header), (Some(b';'), Some(true)));
        assert_eq!(
            kind.rows,
            [r#"{"user":"u","what":"a \"b\""}"#, r#"{"user":"v","what":"c"}"#]
        );
        assert_eq!(kind.encoding.as_deref(), Some("utf-8"));
    }
    let noise: Vec<String> = (0..9000_u64)
        .map(|i| format!("u{i},{}", i.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
        .collect();
    let noise = noise.join("\n");
    let packed = gzip(format!("user,what\n{noise}").as_bytes());
    assert!(one("log.csv.gz", &packed[..packed.len() - 10], 10).rows.len() == 10);
    assert!(kinds("log.csv.gz", &packed[..11], 10).is_err());
    assert_eq!(
        one("log.csv", b"user,what\nu,\xff\n", 10).encoding.as_deref(),
        Some("not utf-8 (byte 0xff at 2:3)")
    );
}

#[test]
fn members_of_an_archive_are_files() {
    let packed = gzip(b"user,what\nu,see\n");
    let bytes = parquet(&table(3), 10);
    let files: Vec<(&str, &[u8])> = vec![
        ("logs/10.json", br#"{"user": 10, "did": []}"#),
        ("logs/9.json", br#"{"user": 9, "did": []}"#),
        ("logs/empty.json", b""),
        ("logs/wrong.db", b"no database"),
        ("logs/table.csv.gz", &packed),
        ("logs/table.parquet", &bytes),
    ];
    for (suffix, packing, pack) in ARCHIVES {
        let name = format!("all{suffix}");
        let found = kinds(&name, &pack(&tar(&files)), 10).unwrap();
        let about: Vec<_> = found
            .iter()
            .map(|k| (k.format, k.files, k.bytes, k.packing, k.archive))
            .collect();
        assert_eq!(
            about,
            [
                (Format::Json, 2, 45, packing, true),
                (Format::Delimited, 1, packed.len() as u64, Some("gzip"), true),
                (Format::Parquet, 1, bytes.len() as u64, packing, true),
            ]
        );
        assert!(
            found[0].path.ends_with(format!("{name}/logs/9.json")),
            "in the order of the names"
        );
        assert_eq!(rows(&found[2]), expected(3));
        let users: Vec<Value> = rows(&found[0]).iter().map(|row| row["user"].clone()).collect();
        assert_eq!(users, [9, 10], "a document of each person");
    }
    let found = kinds("all.tar", &tar(&files)[..700], 10).unwrap();
    assert_eq!(found.len(), 1, "what stands before the damage is enough for a guess");
    let error = kinds("all.tar", &tar(&files)[..300], 10).unwrap_err();
    assert!(error.to_string().contains("damaged tar archive"), "{error}");
}

#[test]
fn only_the_beginning_of_an_archive_is_looked_at() {
    let large = "{\"user\": 1, \"what\": \"see\"}\n".repeat(1 << 19);
    let bytes = tar(&[("a.jsonl", large.as_bytes()), ("b.csv", b"user,what\nu,see\n")]);
    let kind = one("logs.tar", &bytes, 5);
    assert_eq!((kind.rows.len(), kind.files, kind.bytes), (5, 1, large.len() as u64));
    let half = vec![b' '; 1 << 22];
    let many: Vec<(String, &[u8])> = (0..9).map(|i| (format!("{i}.txt"), half.as_slice())).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    let found = kinds("logs.tar", &tar(&many), 5).unwrap();
    assert_eq!(
        found.iter().map(|k| k.files).sum::<usize>(),
        2,
        "some megabytes of members"
    );
}

#[test]
fn what_is_empty_is_passed_over_unless_all_is() {
    let found = directory(&[
        ("logs/a.csv", b""),
        ("logs/b.csv.gz", &gzip(b"")),
        ("logs/c.csv", b"user,what\nu,see\n"),
        ("logs/tracelens.toml", b"version = 1"),
    ]);
    let seen = sample(&at(&found, "logs"), 10).unwrap();
    assert_eq!((seen.len(), seen[0].rows.len()), (1, 1));
    assert!(seen[0].path.ends_with("c.csv"));
    for name in ["logs/a.csv", "logs/b.csv.gz"] {
        let said = error(&at(&found, name));
        assert!(
            said.contains("TL202") && said.contains("the file is empty") && said.contains(name),
            "{said}"
        );
    }
}

#[test]
fn what_cannot_be_looked_at_is_an_error_where_it_was_named_or_is_all_there_is() {
    let found = directory(&[("logs/a.db", b"no database"), ("logs/b.csv", b"user,what\nu,see\n")]);
    assert!(error(&at(&found, "logs/a.db")).contains("a.db"));
    assert_eq!(sample(&at(&found, "logs"), 10).unwrap().len(), 1);
    std::fs::remove_file(found.path().join("logs/b.csv")).unwrap();
    assert!(error(&at(&found, "logs")).contains("a.db"));
    let said = error(&["-".to_owned()]);
    assert!(said.contains("TL110") && said.contains("standard input"), "{said}");
}

#[test]
fn what_comes_through_a_pipe_is_not_looked_at() {
    use std::os::unix::net::UnixListener;
    let found = directory(&[]);
    // No file that could be read twice.
    let _listener = UnixListener::bind(found.path().join("pipe")).unwrap();
    let said = error(&at(&found, "pipe"));
    assert!(
        said.contains("TL110") && said.contains("pipe is no file on a disk"),
        "{said}"
    );
}

#[test]
fn a_header_may_lack_a_name_or_have_one_twice() {
    for header in [",user,action", "user,at,user", "user,action,"] {
        let text = format!("{header}\n1,ann,see\n2,bob,see\n3,ann,buy\n");
        let kind = one("log.csv", text.as_bytes(), 10);
        assert_eq!(kind.header, Some(true), "{header}");
        assert_eq!(kind.columns.unwrap().join(","), header);
    }
    let kind = one("log.csv", b"user,at,user\n1,2,3\n", 10);
    assert_eq!(
        rows(&kind),
        [json!({"user": "1", "at": "2"})],
        "the first of two is seen"
    );
    assert_eq!(one("log.csv", b"u1,see,\nu2,see,\nu1,buy,\n", 10).header, Some(false));
}

#[test]
fn what_stands_above_a_header_is_said_with_its_place() {
    let table = "user,action,item\nann,see,\"a, b\"\nbob,see,b\n";
    for (title, place, first) in [
        ("Export of 2025\n", "log.csv:1:1", "tail -n +2"),
        ("\nExport of 2025\nby us\n\n", "log.csv:2:1", "tail -n +5"),
    ] {
        let logs = directory(&[("log.csv", format!("{title}{table}").as_bytes())]);
        let said = error(&at(&logs, "log.csv"));
        for part in ["TL203", "Export of 2025", "of 3 columns", place, first] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
    for bytes in [&b"sep=;\nuser;action\nann;see\n"[..], b"user,action\rann,see\r"] {
        assert!(error(&at(&directory(&[("log.csv", bytes)]), "log.csv")).contains("TL203"));
    }
    // A separator in the first line makes it a row, though decimal commas separate the others alike.
    assert_eq!(
        one("log.csv", b"user;price\nann;1,5\nbob;2,5\nann;3,5\n", 10)
            .rows
            .len(),
        3
    );
    // A column of one word is no title.
    assert_eq!(one("log.csv", b"user\nann\nbob\n", 10).rows.len(), 2);
}
