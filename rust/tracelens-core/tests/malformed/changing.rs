//! Files that change while they are read.

use super::write::{FORMS, ROWS};
use super::{Logs, assert_says, mapping, options};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use tracelens_core::error::{Code, Error};
use tracelens_core::event::EventBatch;
use tracelens_core::reader::{OnBadRow, Reader};

/// Rows of a kilobyte: on one thread a file of [`MANY`] is read in several groups, so that it can change between them.
const MANY: usize = 48 << 10;

fn log(format: &str) -> String {
    let pad = "x".repeat(1 << 10);
    let line = |n: usize| format!("{{\"user\": \"u{}\", \"action\": \"see\", \"pad\": \"{pad}\"}}", n % 7);
    match format {
        "ndjson" => (0..MANY).map(|n| line(n) + "\n").collect(),
        "json" => format!("[\n{}\n]\n", (0..MANY).map(line).collect::<Vec<_>>().join(",\n")),
        _ => {
            let rows: Vec<String> = (0..MANY).map(|n| format!("u{},see,{pad}\n", n % 7)).collect();
            format!("user,action,pad\n{}", rows.concat())
        }
    }
}

fn mapping_of(format: &str) -> String {
    let json =
        "version = 1\nformat = \"json\"\n[rows]\nexplode = [\"$[*]\"]\n[event]\nuser = \"user\"\naction = \"action\"\n";
    if format == "json" {
        json.to_owned()
    } else {
        mapping(format)
    }
}

/// Read a file that is changed when a part of it was read: as many events as it has then.
fn read_while(path: &Path, format: &str, change: impl FnOnce(&Path) + Send) -> Result<usize, Error> {
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    one.install(|| {
        let mut reader = super::open(&[path.to_path_buf()], &mapping_of(format), options(OnBadRow::Error))?;
        let mut events = count(&mut reader)?.unwrap();
        assert!(events > 0 && events < MANY, "a part of it was read: {events}");
        change(path);
        while let Some(more) = count(&mut reader)? {
            events += more;
        }
        Ok(events)
    })
}

fn count(reader: &mut Reader) -> Result<Option<usize>, Error> {
    Ok(reader
        .next_group()?
        .map(|group| group.iter().map(EventBatch::len).sum()))
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

#[test]
fn of_a_file_that_grows_is_read_what_was_there() {
    for (format, name, more) in [
        (
            "ndjson",
            "a.ndjson",
            "{\"user\": \"late\", \"action\": \"see\"}\n{\"user\": \"la",
        ),
        ("delimited", "a.csv", "late,see,x\nla"),
    ] {
        let logs = Logs::of(&[(name, log(format))]);
        let events = read_while(&logs.at(name), format, |path| append(path, more)).unwrap();
        assert_eq!(events, MANY, "{name}");
    }
}

#[test]
fn a_line_that_is_being_written_is_left_out_and_no_error() {
    for (format, name, half, rest) in [
        ("ndjson", "a.ndjson", "{\"user\": \"late\", \"acti", "on\": \"see\"}\n"),
        ("delimited", "a.csv", "late,s", "ee,x\n"),
        ("delimited", "a.csv", "late,see,\"several\nlin", "es\"\n"),
    ] {
        let logs = Logs::of(&[(name, log(format) + half)]);
        let events = read_while(&logs.at(name), format, |path| append(path, rest)).unwrap();
        assert_eq!(events, MANY, "{name}");
        // Nobody goes on with it: it is what it is.
        let logs = Logs::of(&[(name, log(format) + half)]);
        assert!(read_while(&logs.at(name), format, |_| ()).is_err(), "{name}");
    }
}

#[test]
fn a_last_line_without_its_end_counts() {
    for (format, name) in [("ndjson", "a.ndjson"), ("delimited", "a.csv")] {
        let logs = Logs::of(&[(name, log(format).trim_end())]);
        assert_eq!(read_while(&logs.at(name), format, |_| ()).unwrap(), MANY, "{name}");
    }
}

#[test]
fn a_file_that_becomes_shorter_is_an_error_that_says_so() {
    for (format, name) in [("ndjson", "a.ndjson"), ("delimited", "a.csv"), ("json", "a.json")] {
        let logs = Logs::of(&[(name, log(format))]);
        let shorten = |path: &Path| {
            let file = OpenOptions::new().write(true).open(path).unwrap();
            file.set_len(1 << 20).unwrap();
        };
        let error = read_while(&logs.at(name), format, shorten).unwrap_err();
        assert_says(
            &error,
            Code::Io,
            None,
            &["became shorter while it was read", name, "wait until it is written"],
        );
    }
}

#[test]
fn a_file_that_vanishes_while_it_is_read_is_read_to_its_end() {
    for (format, name) in [("ndjson", "a.ndjson"), ("delimited", "a.csv"), ("json", "a.json")] {
        let logs = Logs::of(&[(name, log(format))]);
        let events = read_while(&logs.at(name), format, |path| std::fs::remove_file(path).unwrap()).unwrap();
        assert_eq!(events, MANY, "{name}");
    }
}

#[test]
fn a_file_that_vanishes_before_it_is_read_is_an_error_that_names_it() {
    for form in &FORMS {
        let name = format!("logs/2/{}", form.name);
        let first = format!("logs/1/{}", form.name);
        let bytes = (form.write)(&ROWS);
        let logs = Logs::of(&[(first.as_str(), &bytes), (name.as_str(), &bytes)]);
        let mut reader = logs.open("logs", &form.mapping(), OnBadRow::Drop).unwrap();
        std::fs::remove_file(logs.at(&name)).unwrap();
        let error = loop {
            match reader.next_group() {
                Ok(group) => assert!(group.is_some(), "{name} is missing and nobody says so"),
                Err(error) => break error,
            }
        };
        assert_says(
            &error,
            Code::Io,
            None,
            &["cannot be read: No such file", &name, "check that the file is there"],
        );
    }
}

#[test]
fn a_table_that_becomes_shorter_is_an_error_that_says_so() {
    let form = FORMS.iter().find(|form| form.name == "log.parquet").unwrap();
    // So many row groups that they are read one after the other.
    let rows: Vec<_> = ROWS.iter().copied().cycle().take(20_000).collect();
    let logs = Logs::of(&[(form.name, (form.write)(&rows))]);
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let error = one.install(|| {
        let mut reader = logs.open(form.name, &form.mapping(), OnBadRow::Drop).unwrap();
        assert!(count(&mut reader).unwrap().unwrap() > 0);
        let file = OpenOptions::new().write(true).open(logs.at(form.name)).unwrap();
        file.set_len(1 << 16).unwrap();
        loop {
            match count(&mut reader) {
                Ok(more) => assert!(more.is_some(), "all of it was read"),
                Err(error) => break error,
            }
        }
    });
    let said = [
        "became shorter while it was read",
        form.name,
        "wait until it is written",
    ];
    assert_says(&error, Code::Io, None, &said);
}

#[test]
fn a_database_that_becomes_shorter_is_an_error_that_says_where() {
    let logs = Logs::of(&[("a.txt", "")]);
    let path = logs.at("a.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    database.execute_batch("create table log (user, action, item)").unwrap();
    database
        .execute(
            "insert into log with recursive n(i) as (select 1 union all select i + 1 from n where i < ?1)
             select 'u' || i, 'see', hex(zeroblob(512)) from n",
            [(MANY + MANY / 2) as i64],
        )
        .unwrap();
    drop(database);
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let error = one.install(|| {
        let mut reader = logs.open("a.db", &mapping("sqlite"), OnBadRow::Drop).unwrap();
        // The first group is the file itself; the second is read while the third is walked through.
        assert!(count(&mut reader).unwrap().is_some());
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(1 << 20).unwrap();
        loop {
            match count(&mut reader) {
                Ok(more) => assert!(more.is_some(), "all of it was read"),
                Err(error) => break error,
            }
        }
    });
    assert_says(
        &error,
        Code::Syntax,
        None,
        &["a.db: table log, row ", "copied while it was written"],
    );
}
