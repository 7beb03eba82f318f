//! Which files are read, and how those of each format are laid out.

use super::{Chapter, Example, chapter, key};

pub(super) const FILES: Chapter = chapter(
    "`[files]`",
    "Which files of a directory are read. Files named one by one are read whatever they are called; those that nobody claims are
skipped and listed in the result, as are links that lead nowhere. Each file is read once, however many names and links lead to it.",
    &[key(
        "include",
        "string or list",
        "patterns of names, in place of the suffixes of the formats: `*` is any text, `?` one character",
    )],
)
.examples(&[Example {
    shows: "Only the files of one kind, whose name says nothing about their format:",
    mapping: r#"version = 1
format = "ndjson"

[files]
include = ["app-*.log"]

[event]
user = "user"
action = "what"
"#,
    side: None,
    files: &[
        ("app-1.log", "{\"user\": \"ann\", \"what\": \"see\"}\n"),
        ("server.log", "started\n"),
    ],
    columns: &["user", "action"],
    events: &[&["ann", "see"]],
}]);

pub(super) const DELIMITED: Chapter = chapter(
    "`[delimited]`",
    "How delimited files are written. Blank lines are no rows.",
    &[
        key(
            "separator",
            "one character",
            "what stands between columns; else a tab in `.tsv` files and a comma elsewhere",
        ),
        key(
            "header",
            "true or false",
            "whether the first row names the columns; else it does",
        ),
        key(
            "quote",
            "one character",
            "what stands around values that hold a separator; `\"\"` for nothing, else `\"`",
        ),
    ],
)
.examples(&[Example {
    shows: "Columns without names are known by their number:",
    mapping: r#"version = 1
format = "delimited"

[delimited]
separator = ";"
header = false
quote = "'"

[event]
user = { column = 0 }
action = { column = 1 }
text = { column = 2 }
"#,
    side: None,
    files: &[("log.csv", "ann;say;'one; two'\nben;say;three\n")],
    columns: &["user", "action", "text"],
    events: &[&["ann", "say", "one; two"], &["ben", "say", "three"]],
}]);

pub(super) const SQLITE: Chapter = chapter(
    "`[sqlite]`",
    "What is read of a database: one table, or what a query finds. Paths name columns. Without this, a database of one table is that
table.",
    &[
        key("table", "string", "the name of a table"),
        key("query", "string", "a query in SQL, whose columns count; in place of `table`"),
    ],
)
.examples(&[
    Example {
        shows: "A table as it is:",
        mapping: r#"version = 1
format = "sqlite"

[sqlite]
table = "trace"

[event]
user = "user_id"
action = "action"
"#,
        side: None,
        files: &[],
        columns: &[],
        events: &[],
    },
    Example {
        shows: "Two tables put together:",
        mapping: r#"version = 1
format = "sqlite"

[sqlite]
query = "select user_id, action, p.title from trace left join post p using (post_id) order by trace.rowid"

[event]
user = "user_id"
action = "action"
item = "title"
"#,
        side: None,
        files: &[],
        columns: &[],
        events: &[],
    },
]);

pub(super) const SIGNATURE: Chapter = chapter(
    "`[signature]`",
    "What a built-in mapping is recognised by where none is named: its formats, and what stands in the head of the first file.",
    &[
        key("keys", "list", "keys or columns, all of which are there; of a list in the list one is enough"),
        key("line", "string", "a regular expression that the first line fits"),
    ],
)
.examples(&[
    Example {
        shows: "A file with the columns `visitor` and `event`, and with `time` or `timestamp`:",
        mapping: r#"version = 1
format = "delimited"

[signature]
keys = ["visitor", "event", ["time", "timestamp"]]

[event]
user = "visitor"
action = "event"
"#,
        side: None,
        files: &[("log.csv", "timestamp,visitor,event\n1,ann,see\n")],
        columns: &["user", "action"],
        events: &[&["ann", "see"]],
    },
    Example {
        shows: "A file without names, known by its look:",
        mapping: r#"version = 1
format = "delimited"

[signature]
line = '^\d+,(pv|buy)$'

[delimited]
header = false

[event]
user = { column = 0 }
action = { column = 1 }
"#,
        side: None,
        files: &[("log.csv", "7,pv\n")],
        columns: &["user", "action"],
        events: &[&["7", "pv"]],
    },
]);
