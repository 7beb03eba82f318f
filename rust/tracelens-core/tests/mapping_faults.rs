//! Every mistake in a mapping is an error with its line and column that says how to mend it.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set up its mapping should stop there"
)]

use std::path::Path;
use tracelens_core::mapping::Mapping;

/// One mistake a line: its code, line and column, a part of what is said, and what stands in the mapping (`;` ends a line),
/// between a head of two lines and an `[event]`.
const FAULTS: &str = r#"
102 3:2  | did you mean "rows"?            | [row] ; keep = "x"
102 4:1  | did you mean "keep"?            | [rows] ; keeep = "x"
102 4:1  | known keys: explode             | [rows] ; zzz = 1
101 5:1  | duplicate key                   | [rows] ; keep = "x" ; keep = "y"
101 4:2  | duplicate key                   | [rows] ; [rows]
102 4:24 | means nothing here              | [rows] ; unique = { path = "a", separator = "x" }
102 4:24 | means nothing here              | [rows] ; unique = { path = "a", unmapped = "keep" }
102 4:24 | no key "is"                     | [rows] ; unique = { path = "a", is = "x" }
103 4:8  | a path (a string) or a table    | [rows] ; keep = 3
103 4:8  | the list is empty               | [rows] ; keep = []
103 4:28 | the list is empty               | [rows] ; keep = [{ path = "x", is = [] }]
103 4:29 | expected a string, found integer | [rows] ; keep = [{ path = "x", is = [1] }]
103 4:30 | a number                        | [rows] ; keep = { path = "x", above = "1" }
103 4:30 | a number                        | [rows] ; keep = { path = "x", above = inf }
103 4:30 | a number                        | [rows] ; keep = { path = "x", below = 99999999999999999999 }
103 4:32 | true or false                   | [rows] ; keep = { path = "x", present = 1 }
103 4:40 | asks one thing: is or above     | [rows] ; keep = { path = "x", is = "a", above = 1 }
103 4:11 | the list is empty               | [rows] ; explode = []
103 4:12 | write "record"                  | [rows] ; exposure = "rows"
103 3:8  | a table                         | rows = 1
103 4:11 | the list is empty               | [files] ; include = []
103 4:10 | an empty key                    | [rows] ; unique = "a..b"
103 4:10 | without its ]                   | [rows] ; unique = "a[key=x"
103 4:10 | write {json}                    | [rows] ; unique = "a{jsn}"
103 4:10 | has a parent                    | [rows] ; unique = "^.a"
103 4:17 | keys and elements               | [rows] ; explode = ["$", "a[*].b[*]"]
103 4:17 | ends in [*]                     | [rows] ; explode = ["$", "a"]
105 4:10 | one of: path, key               | [rows] ; unique = { }
103 4:10 | one source: path or const       | [rows] ; unique = { path = "a", const = "b" }
103 4:18 | no explode level 1              | [rows] ; unique = { key = 1 }
103 4:18 | 0 or more                       | [rows] ; unique = { key = -1 }
103 4:21 | 0 or more                       | [rows] ; unique = { column = 99999999999999999999 }
103 4:23 | is true                         | [rows] ; unique = { position = false }
103 4:19 | did you mean "name"?            | [rows] ; unique = { file = "nam" }
103 4:20 | a list of fields                | [rows] ; unique = { first = "a" }
103 4:20 | the list is empty               | [rows] ; unique = { first = [] }
103 4:34 | no regular expression           | [rows] ; unique = { path = "a", pattern = '(' }
103 4:34 | exactly one group               | [rows] ; unique = { path = "a", pattern = 'a' }
103 4:34 | exactly one group               | [rows] ; unique = { path = "a", pattern = '(a)(b)' }
103 4:33 | an empty text                   | [rows] ; unique = { path = "a", strip = [""] }
103 4:32 | a number                        | [rows] ; unique = { path = "a", scale = nan }
103 4:32 | a number                        | [rows] ; unique = { path = "a", scale = 1e999 }
103 4:33 | a number                        | [rows] ; unique = { path = "a", offset = true }
103 4:34 | write "chars"                   | [rows] ; unique = { path = "a", measure = "words" }
103 4:30 | did you mean "page"?            | [rows] ; unique = { path = "a", map = "pags" } ; [map.page]
103 4:30 | write it: [map.page]            | [rows] ; unique = { path = "a", map = "page" }
103 4:49 | did you mean "keep"?            | [rows] ; unique = { path = "a", map = "page", unmapped = "kep" } ; [map.page]
103 4:5  | a string                        | [map.page] ; a = 1
103 4:16 | the list is empty               | [occurred] ; buy = { true = [] }
105 4:7  | buy = { true                    | [occurred] ; buy = { }
103 4:7  | a table                         | [occurred] ; buy = "paid"
103 4:8  | a list of keys                  | [signature] ; keys = "a"
103 4:8  | no regular expression           | [signature] ; line = '('
103 3:1  | none of the formats             | [delimited] ; header = true
103 3:1  | none of the formats             | [sqlite] ; table = "t"
105 3:1  | names no action                 | [melt]
103 4:8  | a path                          | [melt] ; like = 1
103 4:1  | has a name                      | [melt] ; "" = "a"
103 5:11 | one role                        | [role] ; passive = ["a"] ; active = ["a"]
102 4:1  | did you mean "passive"?         | [role] ; pasive = ["a"]
103 5:13 | one valence                     | [valence] ; positive = ["a", "b"] ; negative = ["b"]
103 4:20 | did you mean "scenario"?        | [given] ; columns = ["time", "scenari"]
105 3:1  | names no side                   | [sides]
102 4:1  | did you mean "keep"?            | [sides.sim] ; keeep = "x"
102 4:11 | did you mean "item"?            | [sides.sim] ; event = { itm = "x" }
103 4:10 | did you mean "time"?            | [sides.sim] ; given = ["tme"]
102 2:1  | no "format" of its own          | [[source]] ; files = "*.csv" ; mapping = "events"
"#;

/// As above, of whole mappings.
const WHOLE: &str = r#"
105 1:1  | version = 1                     |
103 1:11 | a whole number                  | version = "1"
103 1:11 | version 2                       | version = 2
105 1:1  | name its format                 | version = 1
103 2:10 | the list is empty               | version = 1 ; format = []
103 2:19 | did you mean "json"?            | version = 1 ; format = ["json", "jsn"]
105 1:1  | [event]                         | version = 1 ; format = "json"
105 3:1  | where the user comes from       | version = 1 ; format = "json" ; [event] ; action = "a"
105 3:1  | [melt]                          | version = 1 ; format = "json" ; [event] ; user = "a"
102 4:1  | did you mean "user"?            | version = 1 ; format = "json" ; [event] ; usr = "a"
103 3:9  | a table                         | version = 1 ; format = "json" ; event = 3
103 5:9  | not by both                     | version = 1 ; format = "sqlite" ; [sqlite] ; table = "t" ; query = "q" ; [event] ; user = "u" ; action = "a"
105 3:1  | no table                        | version = 1 ; format = "sqlite" ; [sqlite] ; [event] ; user = "u" ; action = "a"
103 4:13 | one ASCII character             | version = 1 ; format = "delimited" ; [delimited] ; separator = "||" ; [event] ; user = "u" ; action = "a"
103 4:13 | one ASCII character             | version = 1 ; format = "delimited" ; [delimited] ; separator = "" ; [event] ; user = "u" ; action = "a"
103 4:13 | one ASCII character             | version = 1 ; format = "delimited" ; [delimited] ; separator = "，" ; [event] ; user = "u" ; action = "a"
103 4:13 | are the same                    | version = 1 ; format = "delimited" ; [delimited] ; separator = "'" ; quote = "'" ; [event] ; user = "u" ; action = "a"
"#;

/// As above, of `time` in an `[event]`.
const TIME: &str = r#"
105 6:8  | time has to say its format      | "t"
105 6:8  | time has to say its format      | { path = "t" }
103 6:31 | the list is empty               | { path = "t", format = [] }
103 6:42 | did you mean "rfc3339"?         | { path = "t", format = ["native", "rfc339"] }
103 6:31 | no time format                  | { path = "t", format = "%Y-%m" }
103 6:31 | needs %p                        | { path = "t", format = "%Y-%m-%d %I:%M" }
103 6:53 | write "us"                      | { path = "t", format = "native", precision = "hour" }
103 6:53 | no value of precision           | { path = "t", format = "native", precision = "none" }
103 6:48 | did you mean "Europe/Berlin"?   | { path = "t", format = "native", zone = "Europe/Berlim" }
103 6:48 | IANA                            | { path = "t", format = "native", zone = "Mars" }
102 6:41 | no key "is"                     | { path = "t", format = "native", is = "x" }
"#;

fn check(faults: &str, whole: impl Fn(&str) -> String) {
    for fault in faults.lines().filter(|line| !line.is_empty()) {
        let (place, rest) = fault.split_once(" | ").unwrap();
        let (said, mapping) = rest.split_once(" | ").unwrap_or((rest.trim_end_matches('|'), ""));
        let text = whole(&mapping.trim().replace(" ; ", "\n"));
        let error = Mapping::parse(&text, Path::new("mine.toml")).expect_err(fault);
        let at = error.detail().place.clone().unwrap();
        let found = format!("{} {}:{}", error.code().number(), at.line.unwrap(), at.column.unwrap());
        assert_eq!(found, place.trim(), "{text}\n{error}");
        assert!(error.to_string().contains(said.trim()), "{said} in\n{error}");
        assert!(error.detail().snippet.is_some(), "{error}");
        assert!(error.detail().help.is_some(), "{text}\n{error}");
    }
}

const HEAD: &str = "version = 1\nformat = \"ndjson\"\n";
const EVENT: &str = "[event]\nuser = \"u\"\naction = \"a\"\n";

#[test]
fn mistakes_are_located_and_say_how_to_mend_them() {
    check(FAULTS, |more| format!("{HEAD}{more}\n{EVENT}"));
    check(WHOLE, str::to_owned);
    check(TIME, |time| format!("{HEAD}{EVENT}time = {time}\n"));
}

#[test]
fn the_mark_stands_beside_its_line_where_lines_end_as_in_windows() {
    let text = format!("{HEAD}name = \"open\n").replace('\n', "\r\n");
    let error = Mapping::parse(&text, Path::new("mine.toml")).unwrap_err();
    let snippet = error.detail().snippet.clone().unwrap();
    assert_eq!(
        (snippet.text.as_str(), snippet.start, snippet.length),
        ("name = \"open", 12, 1)
    );
}
