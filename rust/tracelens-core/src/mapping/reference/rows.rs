//! How a file becomes rows, and rows events.

use super::{Chapter, Example, chapter, key};

pub(super) const ROWS: Chapter = chapter(
    "`[rows]`",
    "How a file becomes rows, and which of them are events. Without it a row is a line of a table, or a document.",
    &[
        key("explode", "list of strings", "the levels from the document to its rows, outermost first"),
        key("exposure", "`\"record\"`", "each record was seen once, and its actions are what was done about it: a record without any is one bare exposure"),
        key("keep", "test or list of tests", "rows that are events: all tests hold; the others are left out and counted as filtered"),
        key("unique", "field or list of fields", "a row whose values of these all occurred before is dropped as a duplicate; one without any of the values is kept"),
    ],
)
.more(
    "A level is `$` (the document is one element), `$[*]` (each element of a list), `$.*` (each value of an object), or a path of
keys that ends in `[*]` or `.*`. In a row `^.` goes to the element that it was exploded from, `^^.` to the one above that;
`{ key = L }` is the key and `{ index = L }` the position at level L, counted from 0.",
)
.examples(&[
    Example {
        shows: "An object of people, each with a list of records, each with a list of actions. What a record lists is done about what it
shows, and a record that lists nothing was seen all the same:",
        mapping: r#"version = 1
format = "json"

[rows]
explode = ["$.*", "history[*]", "actions[*]"]
exposure = "record"

[event]
user = { key = 0 }
record = { index = 1 }
item = "^.video"
action = "type"
"#,
        side: None,
        files: &[(
            "log.json",
            r#"{"ann": {"history": [{"video": "v1", "actions": [{"type": "watch"}, {"type": "like"}]}]},
 "ben": {"history": [{"video": "v2", "actions": []}]}}
"#,
        )],
        columns: &["user", "record", "item", "action", "role"],
        events: &[
            &["ann", "0", "v1", "watch", "active"],
            &["ann", "0", "v1", "like", "active"],
            &["ben", "1", "v2", "exposure", "exposure"],
        ],
    },
    Example {
        shows: "Rows of bots, and rows that were written twice, are no events:",
        mapping: r#"version = 1
format = "delimited"

[rows]
keep = [{ path = "agent", not = ["bot"] }, { path = "user", present = true }]
unique = "id"

[event]
user = "user"
action = "what"
"#,
        side: None,
        files: &[(
            "log.csv",
            "id,user,agent,what\n1,ann,web,see\n1,ann,web,see\n2,ben,bot,see\n3,,web,see\n,ann,web,like\n,ann,web,like\n",
        )],
        columns: &["user", "action"],
        events: &[&["ann", "see"], &["ann", "like"], &["ann", "like"]],
    },
]);

pub(super) const EVENT: Chapter = chapter(
    "`[event]`",
    "Where the columns of an event come from. Only `user` and `action` are required, and `action` not where `[melt]` lists them.",
    &[
        key("user", "field", "who"),
        key("time", "field with a format", "when; without it the log has no clock, and order is that of files (numbers in names count as numbers) and of rows"),
        key("time_precision", "field", "how fine the time is (`us`, `ms`, `s`, `min`, `day`), where a column says so; else the format tells"),
        key("seq", "field", "order where the clock cannot tell"),
        key("scenario", "field", "the context in which one acts; without it all is one, `all`"),
        key("action", "field", "what was done"),
        key("role", "field", "`exposure`, `passive`, `active` or `conversion`, where a column says so; it goes before `[role]`"),
        key("valence", "field", "a number whose sign counts, where a column says so; it goes before `[valence]`"),
        key("occurred", "field or test", "whether it happened, where a column says so; it goes before `[occurred]`"),
        key("item", "field", "of what"),
        key("category", "field", "of what kind"),
        key("value", "field", "how much: a duration, a price, a rating"),
        key("count", "field", "how many acts the row stands for; else 1"),
        key("text", "field", "what was said or shown"),
        key("record", "field", "what was logged together; without it each row is a record of its own, and `{ index = L }` numbers the elements of level L"),
    ],
)
.examples(&[
    Example {
        shows: "A log that says everything itself:",
        mapping: r#"version = 1
format = "ndjson"

[event]
user = "user"
time = { path = "at", format = "rfc3339" }
time_precision = "fine"
seq = "n"
scenario = "where"
action = "what"
role = "role"
valence = "rating"
occurred = "ok"
item = "item"
category = "kind"
value = "price"
count = "times"
text = "said"
record = "batch"
"#,
        side: None,
        files: &[(
            "log.ndjson",
            r#"{"user": "ann", "at": "2025-09-01T00:00:00Z", "fine": "day", "n": 3, "where": "shop", "what": "rate", "role": "conversion", "rating": -2, "ok": false, "item": 7, "kind": "pot", "price": 1.5, "times": 2, "said": "no", "batch": 9}
"#,
        )],
        columns: &[
            "user", "time", "time_precision", "seq", "scenario", "action", "role", "valence", "occurred", "item", "category",
            "value", "count", "text", "record",
        ],
        events: &[&[
            "ann", "2025-09-01T00:00:00Z", "day", "3", "shop", "rate", "conversion", "-1", "false", "7", "pot", "1.5", "2",
            "no", "9",
        ]],
    },
    Example {
        shows: "A log that says next to nothing:",
        mapping: r#"version = 1
format = "delimited"

[event]
user = "user"
action = "what"
"#,
        side: None,
        files: &[("log.csv", "user,what\nann,see\nann,like\n")],
        columns: &["user", "time", "seq", "scenario", "action", "role", "record"],
        events: &[
            &["ann", "-", "0", "all", "see", "active", "0"],
            &["ann", "-", "1", "all", "like", "active", "1"],
        ],
    },
    Example {
        shows: "Whether it happened may be a test:",
        mapping: r#"version = 1
format = "ndjson"

[event]
user = "user"
action = "what"
occurred = { path = "status", not = ["failed"] }
"#,
        side: None,
        files: &[(
            "log.ndjson",
            "{\"user\": \"ann\", \"what\": \"pay\", \"status\": \"failed\"}\n{\"user\": \"ann\", \"what\": \"pay\", \"status\": \"done\"}\n",
        )],
        columns: &["user", "action", "occurred"],
        events: &[&["ann", "pay", "false"], &["ann", "pay", "true"]],
    },
]);
