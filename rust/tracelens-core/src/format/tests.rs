//! Where a file is cut never matters: the same events come of any piece size, from a plain file and from a stream.

use super::*;
use crate::input::Progress;
use crate::mapping::Mapping;
use proptest::prelude::*;
use std::io::Write;
use std::path::Path;

fn file(path: &Path, mapping: &Mapping, on_bad_row: OnBadRow) -> Arc<File> {
    Arc::new(File {
        path: path.to_path_buf(),
        plan: Arc::clone(&mapping.parts()[0].plan),
        context: FileContext::new(path),
        on_bad_row,
        with_text: true,
    })
}

fn run(mut tasks: Box<dyn Tasks>) -> Vec<Batch> {
    let mut batches = Vec::new();
    loop {
        match tasks.next_task() {
            Ok(Some(task)) => batches.extend(task()),
            Ok(None) => return batches,
            Err(error) => {
                batches.push(Batch::failed(error));
                return batches;
            }
        }
    }
}

/// The batches of a text in pieces of about so many bytes.
fn batches(text: &str, mapping: &Mapping, format: Format, task_bytes: usize) -> Vec<Batch> {
    let path = Path::new("log");
    let input = Input::of_reader(path, std::io::Cursor::new(text.as_bytes().to_vec())).unwrap();
    let file = file(path, mapping, OnBadRow::Drop);
    run(open_in_tasks(file, format, input, &Buffers::default(), task_bytes).unwrap())
}

/// One line an event; records and positions as the reader numbers them.
fn lines(batches: &[Batch]) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut records, mut rows) = (0, 0);
    for b in batches {
        assert!(b.error.is_none(), "{}", b.error.as_ref().unwrap());
        let e = &b.events;
        let base = records - u64::from(b.continued);
        for i in 0..e.len() {
            lines.push(format!(
                "{:?} {} {:?} {:?} {} {:?} {:?} record {}",
                e.user.get(i),
                e.time[i],
                e.action.get(i),
                e.item.get(i),
                e.occurred[i],
                e.role[i],
                e.text.get(i),
                e.record(i) + if b.records > 0 { base } else { rows },
            ));
        }
        records = base + b.records;
        rows += b.rows_in;
    }
    lines
}

fn events(text: &str, mapping: &Mapping, format: Format, task_bytes: usize) -> Vec<String> {
    lines(&batches(text, mapping, format, task_bytes))
}

fn text() -> impl Strategy<Value = String> {
    "[a-z\"\\\\,\n{}\\[\\] 茶é]{0,12}"
}

fn document(items: &[String], pretty: bool) -> String {
    let mut users = serde_json::Map::new();
    for (i, item) in items.iter().enumerate() {
        let action = serde_json::json!([{"type": "watch"}, {"type": "cart", "is_add_to_cart": i % 2 == 0}]);
        let records: Vec<_> = (0..i % 4)
            .map(|k| {
                serde_json::json!({
                    "type": "Video Browsing", "timestamp": format!("2025-09-01 00:00:0{k}"), "context": {"caption": item},
                    "action": if k == 2 { serde_json::json!([]) } else { action.clone() },
                })
            })
            .collect();
        let user = serde_json::json!({"user_profile": item, "action_history": records, "after": [item, 1]});
        users.insert(format!("u{i}{item}"), user);
    }
    let document = serde_json::Value::Object(users);
    if pretty {
        serde_json::to_string_pretty(&document).unwrap()
    } else {
        document.to_string()
    }
}

proptest! {
    #[test]
    fn lines_may_be_cut_anywhere(items in prop::collection::vec(text(), 1..40), task_bytes in 1usize..400, newline in any::<bool>()) {
        let lines: Vec<String> = items
            .iter()
            .enumerate()
            .map(|(i, item)| serde_json::json!({"user": format!("u{}", i % 3), "action": "a", "item": item}).to_string())
            .collect();
        let text = lines.join("\n") + if newline { "\n" } else { "" };
        let mapping = Mapping::builtin("events").unwrap();
        let whole = events(&text, &mapping, Format::Ndjson, usize::MAX / 4);
        prop_assert_eq!(whole.len(), items.len());
        prop_assert_eq!(&events(&text, &mapping, Format::Ndjson, task_bytes), &whole);
        // The same from a file, which each task reads for itself.
        let mut kept = tempfile::NamedTempFile::new().unwrap();
        kept.write_all(text.as_bytes()).unwrap();
        let input = Input::open(kept.path(), &Progress::default()).unwrap();
        let plain = file(kept.path(), &mapping, OnBadRow::Error);
        let tasks = open_in_tasks(plain, Format::Ndjson, input, &Buffers::default(), task_bytes).unwrap();
        prop_assert_eq!(super::tests::lines(&run(tasks)), whole);
    }

    #[test]
    fn rows_with_quotes_and_line_breaks_may_be_cut_anywhere(
        items in prop::collection::vec(text(), 1..40),
        task_bytes in 1usize..400,
        windows in any::<bool>(),
    ) {
        let end = if windows { "\r\n" } else { "\n" };
        let rows: Vec<String> = items.iter().map(|item| format!("u,a,\"{}\"", item.replace('"', "\"\""))).collect();
        let text = format!("user,action,item{end}{}{end}", rows.join(end));
        let mapping = Mapping::builtin("events").unwrap();
        let whole = events(&text, &mapping, Format::Delimited, usize::MAX / 4);
        prop_assert_eq!(whole.len(), items.len());
        prop_assert_eq!(events(&text, &mapping, Format::Delimited, task_bytes), whole);
    }

    #[test]
    fn documents_may_be_cut_between_any_elements(
        items in prop::collection::vec(text(), 1..20),
        task_bytes in 1usize..400,
        pretty in any::<bool>(),
    ) {
        let text = document(&items, pretty);
        let mapping = Mapping::builtin("omnibehavior").unwrap();
        let whole = events(&text, &mapping, Format::Json, usize::MAX / 4);
        let expected: usize = (0..items.len()).map(|i| [0, 2, 4, 5][i % 4]).sum();
        prop_assert_eq!(whole.len(), expected);
        prop_assert_eq!(events(&text, &mapping, Format::Json, task_bytes), whole);
    }

    #[test]
    fn a_document_that_is_broken_is_refused_wherever_it_is_cut(
        items in prop::collection::vec("[a-z]{0,3}", 1..6),
        task_bytes in 1usize..200,
        place in 0.0..1.0f64,
        with in "[\\[\\]{},:\"x1 ]",
        insert in any::<bool>(),
    ) {
        let mut text = document(&items, false);
        let at = (place * text.len() as f64) as usize;
        text.replace_range(at..at + usize::from(!insert), &with);
        let mapping = Mapping::builtin("omnibehavior").unwrap();
        let refused = |batches: Vec<Batch>| batches.iter().any(|b| b.error.is_some());
        let whole = refused(batches(&text, &mapping, Format::Json, usize::MAX / 4));
        prop_assert_eq!(refused(batches(&text, &mapping, Format::Json, task_bytes)), whole);
        if serde_json::from_str::<serde::de::IgnoredAny>(&text).is_err() {
            prop_assert!(whole);
        }
    }

    #[test]
    fn no_text_makes_the_parsers_panic(text in "[\\PC\n\"{}\\[\\]:,]{0,200}", task_bytes in 1usize..100) {
        for (name, format) in [("events", Format::Ndjson), ("events", Format::Delimited), ("omnibehavior", Format::Json)] {
            let mapping = Mapping::builtin(name).unwrap();
            for b in batches(&text, &mapping, format, task_bytes).iter().filter(|b| b.error.is_none()) {
                prop_assert_eq!(b.rows_in, b.events.len() as u64 + b.dropped.values().sum::<u64>());
            }
        }
    }
}

#[test]
fn a_piece_that_goes_on_with_a_record_does_not_begin_it_again() {
    let actions: Vec<_> = (0..50)
        .map(|i| serde_json::json!({"type": "watch", "play_duration": i}))
        .collect();
    let actions = serde_json::to_string(&actions).unwrap();
    // Only what stands before the actions is known when a piece starts among them.
    let record =
        format!(r#"{{"type": "Search", "timestamp": "2025-09-01 00:00:00", "context": {{}}, "action": {actions}}}"#);
    let text = format!(r#"{{"u1": {{"action_history": [{record}, {record}]}}}}"#);
    let mapping = Mapping::builtin("omnibehavior").unwrap();
    let whole = events(&text, &mapping, Format::Json, usize::MAX / 4);
    assert!(whole[49].ends_with("record 0") && whole[50].ends_with("record 1"));
    for task_bytes in [1, 10, 100, 1000] {
        assert_eq!(events(&text, &mapping, Format::Json, task_bytes), whole);
    }
    // And it is cut: the pieces are far smaller than a user.
    assert!(batches(&text, &mapping, Format::Json, 100).len() > 10);
}

/// Place of the first error, as the reader says it.
fn fault(text: &str, mapping: &Mapping, task_bytes: usize) -> Option<(u64, u64, u64)> {
    let (mut line, mut column) = (0, 0);
    for batch in batches(text, mapping, Format::Json, task_bytes) {
        if let Some(error) = batch.error {
            let place = error.detail().place.clone().unwrap();
            let (at_line, at_column) = (place.line.unwrap(), place.column.unwrap());
            let before = if at_line == 1 { column } else { 0 };
            return Some((line + at_line, before + at_column, place.byte.unwrap()));
        }
        let (lines, characters) = batch.extent;
        column = characters + if lines == 0 { column } else { 0 };
        line += lines;
    }
    None
}

#[test]
fn a_fault_stands_at_the_same_place_wherever_the_document_is_cut() {
    let mapping = Mapping::builtin("omnibehavior").unwrap();
    let items: Vec<String> = (0..12).map(|i| format!("茶{i}")).collect();
    for pretty in [false, true] {
        let text = document(&items, pretty);
        for at in (0..text.len()).filter(|&i| text.as_bytes()[i] == b':') {
            let broken = format!("{}?{}", &text[..at], &text[at + 1..]);
            let whole = fault(&broken, &mapping, 1 << 20);
            if whole.is_some() {
                assert_eq!(fault(&broken, &mapping, 64), whole, "{broken}");
            }
        }
    }
}

#[test]
fn half_a_character_hides_nothing_from_paths_that_search() {
    // As a text that was cut in the middle of a character: here where a path is searched, in a list and in JSON inside a text.
    let mapping = "version = 1\nformat = \"ndjson\"\n[event]\nuser = \"u\"\naction = \"p[key=page].value\"\nitem = \"p[*].value\"\ntext = \"t{json}.said\"";
    let mapping = Mapping::parse(mapping, Path::new("mine.toml")).unwrap();
    let text = r#"{"u": "u", "p": [{"key": "x", "value": "cut \ud83d"}, {"key": "page", "value": "see"}], "t": "{\"said\": \"hm \\ud83d\"}"}"#;
    let found = events(text, &mapping, Format::Ndjson, usize::MAX / 4);
    assert_eq!(found.len(), 1);
    for part in ["Some(\"see\")", "Some(\"cut \u{fffd}\")", "Some(\"hm \u{fffd}\")"] {
        assert!(found[0].contains(part), "{part} in {}", found[0]);
    }
}
