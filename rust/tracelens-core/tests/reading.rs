//! Logs in their real layouts, by their built-in mappings, to the events they mean.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its log should stop there")]

use std::io::Write;
use std::path::{Path, PathBuf};
use tracelens_core::event::{EventBatch, NO_TIME, Precision, Role};
use tracelens_core::input::discover::discover;
use tracelens_core::mapping::Mapping;
use tracelens_core::reader::{OnBadRow, ReadOptions, ReadReport, Reader};
use tracelens_core::sample::guess;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name)
}

fn read(path: &Path, mapping: &Mapping) -> (Vec<EventBatch>, ReadReport) {
    let found = discover(&[path.to_string_lossy().into_owned()]).unwrap();
    let options = ReadOptions {
        on_bad_row: OnBadRow::Error,
        max_bad: None,
        text: true,
    };
    let mut reader = Reader::open(found, mapping.clone(), options).unwrap();
    let mut all = Vec::new();
    while let Some(group) = reader.next_group().unwrap() {
        all.extend(group);
    }
    (all, reader.report().clone())
}

/// One line per event: what a person would check.
fn lines(batches: &[EventBatch]) -> Vec<String> {
    let mut lines = Vec::new();
    for b in batches {
        for i in 0..b.len() {
            let time = match b.time[i] {
                NO_TIME => "-".to_owned(),
                us => jiff::Timestamp::from_microsecond(us).unwrap().to_string(),
            };
            lines.push(format!(
                "{} {time} {} {} {} {} {:+} {} item={} category={} record={}",
                b.user.get(i).unwrap(),
                b.precision[i].name(),
                b.scenario.get(i).unwrap(),
                b.action.get(i).unwrap(),
                b.role[i].name(),
                b.valence[i],
                if b.occurred[i] { "happened" } else { "listed" },
                b.item.get(i).unwrap_or("-"),
                b.category.get(i).unwrap_or("-"),
                b.record(i),
            ));
        }
    }
    lines
}

#[test]
fn omnibehavior_with_every_trap() {
    let found = discover(&[fixture("omnibehavior").to_string_lossy().into_owned()]).unwrap();
    let (mapping, why) = guess(&found).unwrap();
    assert_eq!(mapping.name(), "omnibehavior", "{why}");
    let (events, report) = read(&fixture("omnibehavior"), &mapping);
    assert_eq!(
        lines(&events),
        [
            // Searches have no context, and no actions of their own beyond what was typed and shown.
            "user_en 2025-09-01T00:00:00Z s search search active +0 happened item=- category=- record=0",
            "user_en 2025-09-01T00:00:00Z s search show passive +0 happened item=- category=- record=0",
            // A date is a date; a count of 0 says that it did not happen.
            "user_en 2025-09-01T16:00:00Z day ad conversion active +0 happened item=Pot Shop category=Tableware record=1",
            "user_en 2025-09-01T16:00:00Z day ad activation active +0 listed item=Pot Shop category=Tableware record=1",
            "user_en 2025-09-02T13:15:30Z s live watch passive +0 happened item=Pots tonight category=Tableware record=2",
            "user_en 2025-09-02T13:15:30Z s live comment active +0 happened item=Pots tonight category=Tableware record=2",
            "user_en 2025-09-02T13:15:30Z s live dislike active -1 happened item=Pots tonight category=Tableware record=2",
            // Listed is not happened.
            "user_en 2025-09-03T01:30:00Z s shop cart active +0 listed item=23555512405720 category=Tableware record=3",
            "user_en 2025-09-03T01:30:00Z s shop purchase conversion +1 happened item=23555512405720 category=Tableware record=3",
            // Ids keep their text, numbers too; an empty text is no category.
            "user_en 2025-09-04T01:30:00Z s shop cart active +0 listed item=25412678005820 category=- record=4",
            "user_en 2025-09-04T01:30:00Z s shop purchase conversion +1 listed item=25412678005820 category=- record=4",
            // A record without actions was seen all the same.
            "user_en 2025-09-05T15:59:59Z s video exposure exposure +0 happened item=- category=- record=5",
            "user_zh 2025-08-31T16:23:54Z s video watch passive +0 happened item=茶壶 category=- record=6",
            "user_zh 2025-08-31T16:23:54Z s video like active +1 happened item=茶壶 category=- record=6",
            // A scenario that the map does not know is kept, and said.
            "user_zh 2025-09-01T02:00:00Z s 新场景 watch passive +0 happened item=- category=- record=7",
        ]
    );
    assert_eq!((report.events_in, report.events_used), (15, 15));
    assert!(report.notes.iter().any(|n| n.contains("新场景")), "{:?}", report.notes);
    let zh = &events[events.len() - 1];
    assert!((zh.value[0] - 7.0).abs() < 1e-9, "seconds with their unit written out");
    assert_eq!(events[0].text.get(0), Some("tea pot"));
}

#[test]
fn recllmsim_has_no_clock_and_two_vocabularies() {
    let mapping = Mapping::builtin("recllmsim").unwrap();
    let (events, report) = read(&fixture("recllmsim/real_human_user"), &mapping);
    let person: Vec<String> = lines(&events);
    assert_eq!(person.len(), 4, "what the assistant says is no event");
    assert_eq!(
        person[0],
        "real_human_user/User_3 - none travel recommendation active +0 happened item=- category=- record=0"
    );
    assert_eq!(
        person[3],
        "real_human_user/User_3 - none travel evaluation active +0 happened item=- category=- record=1"
    );
    assert!(report.files[0].path.ends_with("2.json"), "2.json comes before 10.json");
    let order: Vec<u32> = events.iter().flat_map(|b| b.seq.clone()).collect();
    assert_eq!(
        order,
        [0, 1, 2, 3],
        "dialogues follow the names of their files, turns their list"
    );
    assert!((events[0].value[0] - 2.0).abs() < 1e-9, "characters, not bytes");
    let (events, _) = read(&fixture("recllmsim/LLM_agent_user"), &mapping);
    assert_eq!(
        lines(&events),
        ["persona_59 - none travel planning active +0 happened item=- category=- record=0"]
    );
}

#[test]
fn snap_takes_the_action_from_the_name_of_the_file() {
    let found = discover(&[fixture("snap").to_string_lossy().into_owned()]).unwrap();
    let (mapping, _) = guess(&found).unwrap();
    assert_eq!(mapping.name(), "snap");
    let (events, _) = read(&fixture("snap"), &mapping);
    assert_eq!(
        lines(&events),
        [
            "1 2009-09-29T02:56:28Z s a2q a2q conversion +0 happened item=4 category=- record=0",
            "3 2009-09-29T03:24:16Z s a2q a2q conversion +0 happened item=4 category=- record=1",
            "4 2009-09-29T05:36:52Z s c2q c2q active +0 happened item=1 category=- record=2",
        ]
    );
}

#[test]
fn canonical_events_from_csv() {
    let (events, _) = read(&fixture("golden/events.csv"), &Mapping::builtin("events").unwrap());
    let roles: Vec<Role> = events[0].role.clone();
    assert_eq!(roles.iter().filter(|r| **r == Role::Exposure).count(), 7);
    assert_eq!(events[0].valence.iter().filter(|v| **v < 0).count(), 2);
    assert!(events[0].precision.iter().all(|p| *p == Precision::Second));
}

#[test]
fn packed_files_hold_the_same_events() {
    let text = std::fs::read(fixture("golden/events.csv")).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(directory.path().join(name), bytes).unwrap();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(&text[..200]).unwrap();
    let mut members = gz.finish().unwrap();
    let mut rest = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    rest.write_all(&text[200..]).unwrap();
    members.extend(rest.finish().unwrap());
    write("a.csv.gz", &members);
    write("b.csv.zst", &zstd::encode_all(text.as_slice(), 1).unwrap());
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
    xz.write_all(&text).unwrap();
    write("c.csv.xz", &xz.finish().unwrap());
    // The first bytes decide, not the name; a byte order mark is no part of the header.
    write("d.csv", &[b"\xef\xbb\xbf".as_slice(), text.as_slice()].concat());
    write(
        "e.csv",
        String::from_utf8(text.clone())
            .unwrap()
            .replace('\n', "\r\n")
            .as_bytes(),
    );
    let mapping = Mapping::builtin("events").unwrap();
    let plain = lines(&read(&fixture("golden/events.csv"), &mapping).0);
    for name in ["a.csv.gz", "b.csv.zst", "c.csv.xz", "d.csv", "e.csv"] {
        assert_eq!(lines(&read(&directory.path().join(name), &mapping).0), plain, "{name}");
    }
}

#[test]
fn files_that_nobody_claims_are_skipped_and_listed() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::copy(fixture("golden/events.csv"), directory.path().join("events.csv")).unwrap();
    std::fs::write(directory.path().join("README.md"), "about").unwrap();
    let (_, report) = read(directory.path(), &Mapping::builtin("events").unwrap());
    assert_eq!(report.files.len(), 1);
    assert!(report.skipped[0].ends_with("README.md"));
}

#[test]
fn quoted_line_breaks_and_separators_end_no_row() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("quoted.csv");
    std::fs::write(
        &path,
        "user,action,item\na,say,\"one, two\nthree\"\nb,say,\"\"\"quoted\"\"\"\n",
    )
    .unwrap();
    let (events, _) = read(&path, &Mapping::builtin("events").unwrap());
    assert_eq!(events[0].item.get(0), Some("one, two\nthree"));
    assert_eq!(events[0].item.get(1), Some("\"quoted\""));
}

#[test]
fn rows_without_a_record_are_records_of_their_own_in_every_file() {
    let directory = tempfile::tempdir().unwrap();
    for part in 0..3 {
        let rows = "u,see\n".repeat(5);
        std::fs::write(
            directory.path().join(format!("{part}.csv")),
            format!("user,action\n{rows}"),
        )
        .unwrap();
    }
    let (events, _) = read(directory.path(), &Mapping::builtin("events").unwrap());
    let mut records: Vec<u64> = events.iter().flat_map(|b| (0..b.len()).map(|i| b.record(i))).collect();
    records.sort_unstable();
    // Beyond all numbers that a log gives its records, so that none is taken for another's.
    let expected: Vec<u64> = (0..15).map(|row| (1 << 62) + row).collect();
    assert_eq!(records, expected);
    let order: Vec<u32> = events.iter().flat_map(|b| b.seq.clone()).collect();
    assert_eq!(
        order,
        (0..15).collect::<Vec<u32>>(),
        "without a clock rows follow each other, across files too"
    );
}
