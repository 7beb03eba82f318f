//! Several sides in one log, and several kinds of files in one side.

use super::{Chapter, Example, chapter, key};

pub(super) const SIDES: Chapter = chapter(
    "`[sides.NAME]`",
    "One log holds several sides: each is the mapping with what stands under its name laid over it. `tracelens compare X X` reads the
first X as `real` and the second as `sim`; elsewhere `--side NAME` says which is read, and without it such a mapping is an error
that says so. A column that no side shares may be missing from `[event]` if every side has it.",
    &[
        key("keep", "test or list of tests", "rows of this side; those of `[rows] keep` have to hold as well"),
        key("event", "table", "columns that this side has in place of those of `[event]`"),
        key("given", "list of columns", "what this side was handed, in place of `[given]`"),
    ],
)
.examples(&[
    Example {
        shows: "People and their twins in one table:",
        mapping: r#"version = 1
format = "delimited"

[event]
user = "id"
action = "what"

[sides.real]
keep = { path = "who", is = "human" }

[sides.sim]
keep = { path = "who", is = "twin" }
given = ["scenario"]
"#,
        side: Some("sim"),
        files: &[("log.csv", "id,who,what\n1,human,like\n1,twin,buy\n")],
        columns: &["user", "action"],
        events: &[&["1", "buy"]],
    },
    Example {
        shows: "What was done and what was predicted in one row:",
        mapping: r#"version = 1
format = "delimited"

[event]
user = "id"

[sides.real]
event = { action = "did" }

[sides.sim]
event = { action = "predicted" }
"#,
        side: Some("real"),
        files: &[("log.csv", "id,did,predicted\n1,like,buy\n")],
        columns: &["user", "action"],
        events: &[&["1", "like"]],
    },
]);

pub(super) const SOURCE: Chapter = chapter(
    "`[[source]]`",
    "One side is of several kinds of files: each source names its files and the mapping that reads them. Beside the sources stand only
`version` and `name`. All sources count days in one zone and exposures in one way, and none is made of sources itself.",
    &[
        key("files", "string or list", "patterns of paths relative to the mapping: `*` is any text within a directory, `**/` any directories"),
        key("mapping", "string", "a built-in mapping, or a path relative to this one"),
    ],
)
.examples(&[Example {
    shows: "Orders and clicks of a shop:",
    mapping: r#"version = 1

[[source]]
files = "orders/*.csv"
mapping = "orders.toml"

[[source]]
files = "**/*.ndjson"
mapping = "events"
"#,
    side: None,
    files: &[
        (
            "orders.toml",
            r#"version = 1
format = "delimited"

[event]
user = "customer"
action = { const = "buy" }
"#,
        ),
        ("clicks/2025/log.ndjson", "{\"user\": \"ann\", \"action\": \"see\"}\n"),
        ("orders/2025.csv", "customer\nann\n"),
    ],
    columns: &["user", "action"],
    events: &[&["ann", "see"], &["ann", "buy"]],
}]);
