//! Where a value comes from, what is done to it, and what may be asked of it.

use super::{Chapter, Example, chapter, key};

pub(super) const PATHS: Chapter = chapter(
    "Paths",
    "A path is a string that leads from the row to a value.",
    &[
        key("a.b", "member `b` of member `a`", "`context.item_id`"),
        key("\"odd key\".x", "a key with odd characters, in quotes", "`'\"time:timestamp\"'`"),
        key("a[0]", "an element of a list, from 0", "`items[0].id`"),
        key("a[key=x]", "the first element whose member `key` is `x`", "`params[key=page].value.text`, `a[key=\"x y\"]`"),
        key("a[*]", "every element of a list", "`parts[*].text`"),
        key("a.*", "every value of an object", "`scores.*`"),
        key("a{json}", "what the text of `a` says as JSON", "`payload{json}.id`"),
        key("^.a", "from the element that the row was exploded from; `^^.` from the one above", "`^.timestamp`"),
        key("$", "the row itself, which may be a list or a text", "`$[1]`"),
    ],
)
.heads(["path", "leads to", "for example"])
.more(
    "Of several values (`[*]`, `.*`) the first that is there counts; in `join` all of them do, and a test holds if it holds of any. In
tables (delimited, parquet, arrow, sqlite) a path names a column, and what follows the name goes on inside its value.",
)
.examples(&[
    Example {
        shows: "Parameters as a list of keys and values, parts of a message, and a text that is JSON:",
        mapping: r#"version = 1
format = "ndjson"

[event]
user = "user.id"
action = "name"
item = "params[key=page].value.text"
category = "scores.*"
text = { join = ["parts[*].text"] }
value = "payload{json}.price"
record = '"batch:id"'
"#,
        side: None,
        files: &[(
            "log.ndjson",
            r#"{"user": {"id": "ann"}, "name": "view", "params": [{"key": "lang", "value": {"text": "de"}}, {"key": "page", "value": {"text": "/pots"}}], "scores": {"a": null, "b": "high"}, "parts": [{"text": "one"}, {"image": 1}, {"text": "two"}], "payload": "{\"price\": 2.5}", "batch:id": 4}
"#,
        )],
        columns: &["user", "action", "item", "category", "text", "value", "record"],
        events: &[&["ann", "view", "/pots", "high", "one two", "2.5", "4"]],
    },
    Example {
        shows: "Rows that are lists:",
        mapping: r#"version = 1
format = "json"

[rows]
explode = ["days[*]", "rows[*]"]

[event]
user = "$[0]"
action = "$[1]"
scenario = "^.where"
"#,
        side: None,
        files: &[("log.json", "{\"days\": [{\"where\": \"shop\", \"rows\": [[\"ann\", \"see\"], [\"ben\", \"buy\"]]}]}\n")],
        columns: &["user", "action", "scenario"],
        events: &[&["ann", "see", "shop"], &["ben", "buy", "shop"]],
    },
    Example {
        shows: "A column of a table that holds JSON:",
        mapping: r#"version = 1
format = "delimited"

[event]
user = "user"
action = "info{json}.did"
item = "info{json}.items[0]"
"#,
        side: None,
        files: &[("log.tsv", "user\tinfo\nann\t\"{\"\"did\"\": \"\"buy\"\", \"\"items\"\": [7]}\"\n")],
        columns: &["user", "action", "item"],
        events: &[&["ann", "buy", "7"]],
    },
]);

pub(super) const SOURCES: Chapter = chapter(
    "Fields: where a value comes from",
    "A field is a path, or a table with one of these and what is done to the value. An empty text is no value.",
    &[
        key(
            "path",
            "path",
            "what stands at the path; `{ path = \"a\" }` alone is the same as `\"a\"`",
        ),
        key("key", "level", "the object's key at an explode level, from 0"),
        key("index", "level", "the position at an explode level, from 0"),
        key("column", "number", "a column of a delimited file by its number, from 0"),
        key(
            "file",
            "`\"path\"`, `\"name\"`, `\"stem\"`, `\"parent\"`",
            "a part of the file's path: all of it, the name, the name before its first point, the directory",
        ),
        key("const", "string", "always the same"),
        key("position", "`true`", "the position of the row in all that is read"),
        key("first", "list of fields", "the first of these that has a value"),
        key("join", "list of fields", "all of these that have a value, put together"),
        key(
            "separator",
            "string",
            "what stands between the parts of a `join`; a blank, if nothing is said",
        ),
    ],
)
.examples(&[
    Example {
        shows: "From the document, from where the row stands in it, and from the file:",
        mapping: r#"version = 1
format = "json"

[rows]
explode = ["$.*", "acts[*]"]

[event]
user = { key = 0 }
record = { index = 0 }
seq = { position = true }
scenario = { file = "stem" }
action = { const = "act" }
item = { first = [{ path = "sku" }, "id"] }
category = { join = ["kind", "form"], separator = "/" }
"#,
        side: None,
        files: &[(
            "shop.v1.json",
            r#"{"ann": {"acts": [{"id": 1, "kind": "pot", "form": "round"}, {"id": 2, "sku": "s2", "kind": "lid"}]}}
"#,
        )],
        columns: &["user", "record", "seq", "scenario", "action", "item", "category"],
        events: &[
            &["ann", "0", "0", "shop", "act", "1", "pot/round"],
            &["ann", "0", "1", "shop", "act", "s2", "lid"],
        ],
    },
    Example {
        shows: "A table without names:",
        mapping: r#"version = 1
format = "delimited"

[delimited]
header = false

[event]
user = { column = 1 }
action = { column = 0 }
"#,
        side: None,
        files: &[("log.csv", "see,ann\n")],
        columns: &["user", "action"],
        events: &[&["ann", "see"]],
    },
]);

pub(super) const OPERATIONS: Chapter = chapter(
    "Fields: what is done to a value",
    "In this order.",
    &[
        key("pattern", "regular expression", "what its one group finds is the value; without a match there is none"),
        key("strip", "string or list", "texts taken off both ends, with the blanks around them"),
        key("map", "name", "what `[map.NAME]` has for the value"),
        key("unmapped", "`\"keep\"`, `\"drop\"`, `\"error\"`", "what happens to a value that the map does not know: it is kept and said (as if nothing were written here), its row is dropped, or it is an error"),
        key("measure", "`\"chars\"`", "the number of characters in place of the text"),
        key("prefix", "string", "a text put before the value"),
        key("scale", "number", "the number is multiplied by this (`value`, `count`, `valence`)"),
        key("offset", "number", "and this is added to it"),
        key("default", "string", "taken where there is no value"),
        key("optional", "true or false", "a table may lack the column; and a row its time"),
    ],
)
.examples(&[
    Example {
        shows: "Milliseconds become seconds, ids are taken out of addresses, units are taken off:",
        mapping: r#"version = 1
format = "ndjson"

[event]
user = { path = "uid", prefix = "u" }
action = { path = "what", map = "action", unmapped = "drop", default = "see" }
item = { path = "url", pattern = '/item/([0-9]+)' }
category = { path = "kind", strip = ["(not set)", "~"] }
value = { path = "ms", scale = 0.001 }
count = { path = "extra", offset = 1 }
text = { path = "said", measure = "chars" }

[map.action]
see = "see"
thumb_up = "like"
"#,
        side: None,
        files: &[(
            "log.ndjson",
            r#"{"uid": 1, "what": "thumb_up", "url": "https://shop/item/7?ref=x", "kind": "~ pots ~", "ms": 2500, "extra": 2, "said": "grüße"}
{"uid": 1, "url": "https://shop/home", "kind": "(not set)"}
{"uid": 1, "what": "ping"}
"#,
        )],
        columns: &["user", "action", "item", "category", "value", "count", "text"],
        events: &[&["u1", "like", "7", "pots", "2.5", "3", "5"], &["u1", "see", "-", "-", "-", "1", "-"]],
    },
    Example {
        shows: "A column that not all files have:",
        mapping: r#"version = 1
format = "delimited"

[event]
user = "user"
action = "what"
item = { path = "item", optional = true }
"#,
        side: None,
        files: &[("1.csv", "user,what\nann,see\n"), ("2.csv", "user,what,item\nann,see,7\n")],
        columns: &["user", "action", "item"],
        events: &[&["ann", "see", "-"], &["ann", "see", "7"]],
    },
]);

pub(super) const TESTS: Chapter = chapter(
    "Tests",
    "A test is a path, which has to be true (true, a number above 0, a text that is not `0`, `false`, `no` or empty), or the table of
a field with one of these. Without any of them the field has to be true.",
    &[
        key("is", "string or list", "the value is one of these"),
        key("not", "string or list", "there is a value, and it is none of these"),
        key("above", "number", "the value is a number above this"),
        key("below", "number", "the value is a number below this"),
        key("present", "true or false", "there is a value, or there is none"),
    ],
)
.examples(&[Example {
    shows: "All that are said hold of a row that is an event:",
    mapping: r#"version = 1
format = "ndjson"

[rows]
keep = [
  "valid",
  { path = "kind", is = ["user", "guest"] },
  { path = "page", not = "test" },
  { path = "ms", above = 0 },
  { path = "ms", below = 1e6 },
  { path = "error", present = false },
]

[event]
user = "user"
action = "what"
"#,
    side: None,
    files: &[(
        "log.ndjson",
        r#"{"user": "ann", "what": "yes", "valid": true, "kind": "user", "page": "home", "ms": 5}
{"user": "ann", "what": "invalid", "valid": "no", "kind": "user", "page": "home", "ms": 5}
{"user": "ann", "what": "robot", "valid": 1, "kind": "bot", "page": "home", "ms": 5}
{"user": "ann", "what": "nowhere", "valid": 1, "kind": "user", "ms": 5}
{"user": "ann", "what": "short", "valid": 1, "kind": "user", "page": "home", "ms": 0}
{"user": "ann", "what": "failed", "valid": 1, "kind": "user", "page": "home", "ms": 5, "error": "E1"}
"#,
    )],
    columns: &["user", "action"],
    events: &[&["ann", "yes"]],
}]);
