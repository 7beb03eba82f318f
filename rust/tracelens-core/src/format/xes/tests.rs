use super::*;
use crate::format::OnBadRow;
use crate::format::testing::{batches, events, file, first_error, of_lines};
use crate::input::source::Stream;
use crate::input::stream::Input;
use proptest::prelude::*;
use std::io::Cursor;
use std::path::Path;

const MAPPING: &str = r#"
version = 1
format = ["xes", "ndjson"]
[rows]
explode = ["$", "events[*]"]
[event]
user = '^.attributes."concept:name"'
time = { path = '"time:timestamp"', format = ["rfc3339"] }
action = '"concept:name"'
item = '"item"'
value = '"cost"'
category = { first = ['"org:resource".value', '"org:resource"'] }
text = '"org:resource".children.role'
record = { index = 1 }
"#;

const LOG: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!-- a comment -->
<xes:log xmlns:xes="http://www.xes-standard.org/" xes.version="1.0">
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <global scope="event"><string key="concept:name" value="none"/></global>
  <classifier name="Activity" keys="concept:name"/>
  <string key="source" value="a tool"/>
  <trace>
    <string key="concept:name" value="case &lt;1&gt; &quot;ä&#x41;&quot;"/>
    <event>
      <string key="concept:name" value="pay &amp; go"/>
      <date key="time:timestamp" value="2011-01-01T00:00:00.000+01:00"/>
      <int key="item" value="9007199254740993"/>
      <float key="cost" value="12.5"/>
      <boolean key="done" value="true"/>
      <string key="org:resource" value="Ann"><string key="role" value="clerk"/></string>
    </event>
    <event><string key="concept:name" value="send"/><date key="time:timestamp" value="2011-01-02T00:00:00Z"/>
      <list key="items"><values><int key="a" value="1"/><int key="b" value="2"/></values></list>
      <container key="box"><id key="x" value="y"/></container></event>
  </trace>
  <trace><string key="concept:name" value="empty"/></trace>
  <event><string key="concept:name" value="alone"/><date key="time:timestamp" value="2011-01-03T00:00:00Z"/></event>
</xes:log>
"#;

const LINES: &str = r#"
{"attributes": {"concept:name": "case <1> \"äA\""}, "events": [{"concept:name": "pay & go", "time:timestamp": "2011-01-01T00:00:00.000+01:00", "item": 9007199254740993, "cost": 12.5, "done": true, "org:resource": {"value": "Ann", "children": {"role": "clerk"}}}, {"concept:name": "send", "time:timestamp": "2011-01-02T00:00:00Z", "items": [1, 2], "box": {"x": "y"}}]}
{"attributes": {"concept:name": "empty"}, "events": []}
"#;

fn log(file: &Arc<File>, text: &str, task_bytes: usize) -> Box<dyn Tasks> {
    of_bytes(file, text.as_bytes().to_vec(), task_bytes)
}

fn of_bytes(file: &Arc<File>, bytes: Vec<u8>, task_bytes: usize) -> Box<dyn Tasks> {
    Box::new(Traces {
        file: Arc::clone(file),
        log: Log::new(&file.path, Cursor::new(bytes), task_bytes),
        lines: 0,
    })
}

fn error(text: &str) -> String {
    let file = file(Path::new("log.xes"), MAPPING, OnBadRow::Error);
    first_error(Ok(log(&file, text, 1 << 20))).unwrap().to_string()
}

#[test]
fn traces_are_lines_of_json() {
    let file = file(Path::new("log.xes"), MAPPING, OnBadRow::Error);
    let alone = LOG
        .find("  <event><string key=\"concept:name\" value=\"alone\"")
        .unwrap();
    let text = format!("{}</xes:log>", &LOG[..alone]);
    let expected = events(&file, &[of_lines(&file, LINES)]);
    assert_eq!(expected.len(), 2);
    assert_eq!(events(&file, &batches(log(&file, &text, 1 << 20)).unwrap()), expected);
    let read = head(&file.path, Cursor::new(text.into_bytes()), 10).unwrap();
    let same = |text: &str| -> Vec<serde_json::Value> {
        text.lines()
            .filter(|l| !l.is_empty())
            .map(|l| serde_json::from_str(l).unwrap())
            .collect()
    };
    assert_eq!(same(std::str::from_utf8(&read.lines).unwrap()), same(LINES));
}

#[test]
fn a_large_trace_comes_in_parts_with_the_same_attributes() {
    let event = r#"<event><string key="concept:name" value="a"/><date key="time:timestamp" value="2011-01-01T00:00:00Z"/></event>"#;
    let text = format!(
        r#"<log><trace><string key="concept:name" value="u"/>{}</trace></log>"#,
        event.repeat(50)
    );
    let mapping = MAPPING.replace("record = { index = 1 }\n", "");
    let file = file(Path::new("log.xes"), &mapping, OnBadRow::Error);
    let whole = batches(log(&file, &text, 1 << 20)).unwrap();
    let parts = batches(log(&file, &text, 200)).unwrap();
    assert!(whole.len() == 1 && parts.len() > 10);
    assert_eq!(events(&file, &parts), events(&file, &whole));
    let late = text.replace("</trace>", r#"<string key="late" value="x"/></trace>"#);
    assert!(first_error(Ok(log(&file, &late, 1 << 20))).is_none());
    let said = first_error(Ok(log(&file, &late, 200))).unwrap().to_string();
    assert!(said.contains("before the events"), "{said}");
}

#[test]
fn a_row_that_cannot_be_read_has_its_line_and_its_path() {
    let said = error(&LOG.replace("2011-01-02T00:00:00Z", "yesterday"));
    assert!(
        said.contains("TL204") && said.contains("log.xes:18:5: /log/trace[1]/event[2]"),
        "{said}"
    );
    assert!(said.contains("yesterday"), "{said}");
    // The event that stands alone has no trace to say whose it is.
    let said = error(LOG);
    assert!(
        said.contains("TL205") && said.contains("log.xes:23:3: /log/event[1]"),
        "{said}"
    );
    let file = file(Path::new("log.xes"), MAPPING, OnBadRow::Drop);
    let all = batches(log(&file, LOG, 1)).unwrap();
    assert_eq!(events(&file, &all).len(), 2);
}

#[test]
fn what_is_not_xes_is_a_located_error() {
    for (text, place, why) in [
        ("", ":1:1", "without a log"),
        ("user,action\nu,a\n", "", "without a log"),
        ("<html/>", ":1:1", "its root is <html>"),
        ("<log>\n <trace>\n  <event>", ":3:10", "cut off"),
        ("<log>\n <trace>\n  <event><string key=\"a", ":3:10", ""),
        ("<log>\n <trace></event></log>", ":2:9", "</event>"),
        (
            "<log><trace><string key=\"a\" value=\"b & c\"/></trace></log>",
            ":1:13",
            "",
        ),
        ("<log><trace>b & c</trace></log>", ":1:", ""),
        ("<log><trace>&bomb;</trace></log>", ":1:13", "&bomb; stands for nothing"),
        (
            "<log><trace><string key=\"a\" value=\"&bomb;\"/></trace></log>",
            ":1:13",
            "bomb",
        ),
        (
            "<!DOCTYPE log [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><log/>",
            ":1:1",
            "document type",
        ),
        ("<log><trace><trace/></trace></log>", ":1:13", "a trace inside a trace"),
        (
            "<log><trace><string value=\"b\"/></trace></log>",
            ":1:13",
            "without its key",
        ),
        (
            "<log><trace><string key=\"a\" key=\"b\"/></trace></log>",
            ":1:13",
            "duplicated",
        ),
        ("<log/><log/>", ":1:", "behind the end"),
        ("<log/>text", ":1:", "behind the end"),
        ("<log><trace><string key=a value=b/></trace></log>", ":1:13", ""),
    ] {
        let said = error(text);
        assert!(
            said.contains("TL203") && said.contains(&format!("log.xes{place}")),
            "{text}: {said}"
        );
        assert!(said.contains(why), "{text}: {said}");
    }
    let deep = format!("<log><trace>{}", "<string key=\"a\" value=\"b\">".repeat(100_000));
    assert!(error(&deep).contains("too deeply"));
    let deep = format!("<log><trace>{}", "<list key=\"a\"><values>".repeat(100_000));
    assert!(
        first_error(Ok(log(
            &file(Path::new("log.xes"), MAPPING, OnBadRow::Error),
            &deep,
            1 << 20
        )))
        .is_some()
    );
}

#[test]
fn text_that_is_not_utf8_is_refused() {
    let mut bytes = LOG.as_bytes().to_vec();
    let at = LOG.find("send").unwrap();
    bytes[at] = 0xff;
    let file = file(Path::new("log.xes"), MAPPING, OnBadRow::Error);
    let said = first_error(Ok(of_bytes(&file, bytes, 1 << 20))).unwrap().to_string();
    assert!(
        said.contains("log.xes:18") && said.to_lowercase().contains("utf-8"),
        "{said}"
    );
}

#[test]
fn packed_logs_are_read_as_they_are_unpacked_and_their_damage_is_said() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let alone = LOG
        .find("  <event><string key=\"concept:name\" value=\"alone\"")
        .unwrap();
    let text = format!("{}</xes:log>", &LOG[..alone]);
    std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    let file = file(Path::new("log.xes.gz"), MAPPING, OnBadRow::Error);
    let tasks = |bytes: &[u8]| {
        let input = Input::of_reader(&file.path, std::io::Cursor::new(bytes.to_vec())).unwrap();
        open(Arc::clone(&file), Stream::new(input), TASK_BYTES)
    };
    let expected = events(&file, &[of_lines(&file, LINES)]);
    assert_eq!(events(&file, &batches(tasks(&packed)).unwrap()), expected);
    let said = first_error(Ok(tasks(&packed[..packed.len() - 20])))
        .unwrap()
        .to_string();
    assert!(said.contains("TL207") && said.contains("damaged gzip file"), "{said}");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(<log>|<trace>|</trace>|<event>|</event>|<string key=\"a\" value=\"b\">|</string>|[\\PC<>&\"'/]){0,40}") {
        let file = file(Path::new("log.xes"), MAPPING, OnBadRow::Drop);
        let _ = batches(log(&file, &text, 10));
    }
}
