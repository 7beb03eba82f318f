//! Paths that are no plain file: links, loops, pipes, what may not be read, and what is named twice.

use super::write::gzip;
use super::{Logs, all_of, assert_says, mapping, open, options};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use tracelens_core::error::Code;
use tracelens_core::input::discover::discover;
use tracelens_core::reader::OnBadRow;
use tracelens_core::sample::guess;

const LINE: &str = "{\"user\": \"a\", \"action\": \"see\"}\n";

/// Files that are read, by their names in the directory.
fn files(logs: &Logs, names: &[&str]) -> Vec<String> {
    let paths: Vec<PathBuf> = names.iter().map(|name| logs.at(name)).collect();
    let read = all_of(open(&paths, &mapping("ndjson"), options(OnBadRow::Error)).unwrap()).unwrap();
    let inside = |path: &str| {
        PathBuf::from(path)
            .strip_prefix(logs.0.path())
            .unwrap()
            .display()
            .to_string()
    };
    read.report.files.iter().map(|file| inside(&file.path)).collect()
}

#[test]
fn a_loop_of_directories_is_walked_once() {
    let logs = Logs::of(&[("logs/a.ndjson", LINE), ("logs/x/b.ndjson", LINE)]);
    symlink(logs.at("logs"), logs.at("logs/x/up")).unwrap();
    symlink(".", logs.at("logs/here")).unwrap();
    assert_eq!(files(&logs, &["logs"]), ["logs/a.ndjson", "logs/x/b.ndjson"]);
}

#[test]
fn a_directory_and_a_link_to_it_are_one() {
    let logs = Logs::of(&[("logs/b/1.ndjson", LINE)]);
    // Whichever of them a system lists first.
    symlink("b", logs.at("logs/a")).unwrap();
    symlink("b", logs.at("logs/c")).unwrap();
    assert_eq!(files(&logs, &["logs"]), ["logs/b/1.ndjson"]);
}

#[test]
fn a_file_is_read_once_however_often_it_is_named() {
    let logs = Logs::of(&[("logs/2.ndjson", LINE), ("logs/3.ndjson", LINE)]);
    symlink("3.ndjson", logs.at("logs/1-latest.ndjson")).unwrap();
    let both = ["logs/2.ndjson", "logs/3.ndjson"];
    assert_eq!(files(&logs, &["logs"]), both);
    for again in [
        "logs",
        "logs/2.ndjson",
        "logs/../logs/2.ndjson",
        "logs/*.ndjson",
        "./logs",
        "logs/1-latest.ndjson",
    ] {
        assert_eq!(files(&logs, &["logs", again]).len(), 2, "{again}");
        assert_eq!(files(&logs, &[again, "logs"]).len(), 2, "{again}");
    }
    // Two files are two, were they alike to the byte.
    assert_eq!(files(&logs, &["logs/2.ndjson", "logs/3.ndjson"]), both);
    // A link of which nothing else is named is the file that it leads to.
    assert_eq!(files(&logs, &["logs/1-latest.ndjson"]), ["logs/1-latest.ndjson"]);
}

#[test]
fn a_link_that_leads_nowhere_is_skipped_and_said_and_an_error_where_it_is_named() {
    let logs = Logs::of(&[("logs/a.ndjson", LINE)]);
    // One that leads to itself leads nowhere.
    for target in ["gone.ndjson", "b.ndjson"] {
        let _ = std::fs::remove_file(logs.at("logs/b.ndjson"));
        symlink(target, logs.at("logs/b.ndjson")).unwrap();
        for path in ["logs", "logs/*.ndjson"] {
            let read = logs.read(path, &mapping("ndjson")).unwrap();
            assert_eq!(read.events.len(), 1);
            let said = format!("{} is a link that leads nowhere", logs.at("logs/b.ndjson").display());
            assert!(read.report.skipped[0].starts_with(&said), "{:?}", read.report.skipped);
            assert_eq!(read.report.notes, read.report.skipped, "and who compares is told");
        }
    }
    let error = logs.read("logs/b.ndjson", &mapping("ndjson")).unwrap_err();
    assert_eq!(error.code(), Code::NotFound, "{error}");
    assert!(
        error.to_string().contains("logs/b.ndjson") && error.to_string().contains("check the path"),
        "{error}"
    );
    // Where nothing else is there, it is said as well.
    std::fs::remove_file(logs.at("logs/a.ndjson")).unwrap();
    let error = logs.read("logs", &mapping("ndjson")).unwrap_err();
    assert_eq!(error.code(), Code::NothingToRead, "{error}");
    assert!(error.to_string().contains("leads nowhere"), "{error}");
}

#[test]
fn a_mapping_called_like_a_file_is_the_files() {
    let logs = Logs::of(&[("a.parquet", "x"), ("a.parquet.toml", "x"), ("b.parquet", "x")]);
    let beside = |name: &str| discover(&[logs.at(name).display().to_string()]).unwrap().mapping;
    assert_eq!(beside("a.parquet"), Some(logs.at("a.parquet.toml")));
    assert_eq!(beside("b.parquet"), None);
}

#[test]
fn a_device_without_bytes_is_a_file_without_events() {
    let read = all_of(open(&["/dev/null".into()], &mapping("ndjson"), options(OnBadRow::Error)).unwrap()).unwrap();
    assert_eq!(read.report.notes, ["/dev/null holds no event"]);
}

#[test]
fn what_cannot_be_opened_is_an_error_that_names_it() {
    let logs = Logs::of(&[("logs/a.ndjson", LINE)]);
    let _listener = UnixListener::bind(logs.at("logs/socket.ndjson")).unwrap();
    let error = logs.read("logs/socket.ndjson", &mapping("ndjson")).unwrap_err();
    assert_says(&error, Code::Io, None, &["cannot be read", "socket.ndjson"]);
    // In a directory it is no file.
    assert_eq!(files(&logs, &["logs"]), ["logs/a.ndjson"]);
}

#[test]
fn what_can_be_read_only_once_is_not_looked_at_before() {
    let logs = Logs::of(&[("a.ndjson", LINE)]);
    let _listener = UnixListener::bind(logs.at("pipe")).unwrap();
    for path in [logs.at("pipe").display().to_string(), "-".to_owned()] {
        let error = guess(&discover(&[path]).unwrap()).unwrap_err();
        assert_eq!(error.code(), Code::BadOption, "{error}");
        assert!(
            error.to_string().contains("cannot be looked at before it is read"),
            "{error}"
        );
        assert!(error.to_string().contains("name its mapping with --mapping"), "{error}");
    }
}

#[test]
fn nothing_to_read_is_an_error_that_says_what_was_seen() {
    let logs = Logs::of(&[
        ("notes/README.md", "about"),
        ("notes/.hidden.ndjson", LINE),
        ("packed/a.gz", ""),
    ]);
    std::fs::write(logs.at("packed/a.gz"), gzip(LINE.as_bytes())).unwrap();
    for (path, code, parts) in [
        ("gone", Code::NotFound, ["no such file or directory", "check the path"]),
        (
            "gone/*.ndjson",
            Code::NothingToRead,
            ["no file matches", "check the pattern"],
        ),
        (
            "notes/*.ndjson",
            Code::NothingToRead,
            ["no file matches", "check the pattern"],
        ),
        ("notes", Code::NothingToRead, ["README.md", "*.ndjson"]),
        ("packed", Code::NothingToRead, ["packed/a.gz", "[files] include"]),
    ] {
        let error = logs.read(path, &mapping("ndjson")).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        for part in parts {
            assert!(error.to_string().contains(part), "{part} in {error}");
        }
    }
    std::fs::create_dir(logs.at("empty")).unwrap();
    let error = logs.read("empty", &mapping("ndjson")).unwrap_err();
    assert_eq!(error.code(), Code::NothingToRead, "{error}");
    assert!(error.to_string().contains("nothing to read in"), "{error}");
}
