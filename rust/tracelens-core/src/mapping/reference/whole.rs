//! A mapping as a whole, and the formats that it reads.

use super::{Chapter, Example, chapter, key};

pub(super) const MAPPING: Chapter = chapter(
    "A whole mapping",
    "On top of the file stand the version of the language and the format; everything else is in tables.",
    &[
        key("version", "`1`", "the version of the language; required"),
        key("name", "string", "the name in results; else that of the file"),
        key(
            "format",
            "string or list",
            "the format of the files, or several: a file is read in the first whose suffix it has",
        ),
        key("files", "table", "which files of a directory are read"),
        key("delimited", "table", "separators and header of delimited files"),
        key("sqlite", "table", "what is read of a database"),
        key("rows", "table", "how a file becomes rows, and which of them are events"),
        key("event", "table", "where the columns of an event come from; required"),
        key("melt", "table", "flags of a row, each of which is an action"),
        key(
            "occurred",
            "table",
            "what has to be true for an action to have happened",
        ),
        key("role", "table", "roles of actions"),
        key("valence", "table", "valences of actions"),
        key("map", "table", "value maps"),
        key("given", "table", "what a simulator was handed"),
        key("sides", "table", "sides of which one log holds several"),
        key(
            "source",
            "list of tables",
            "kinds of files with a mapping each, in place of all else",
        ),
        key("signature", "table", "how the log is recognised without being named"),
    ],
)
.examples(&[Example {
    shows: "A shop writes one document a person, with baskets that were looked at and the things done in each:",
    mapping: r#"version = 1
name = "shop"
format = "json"

[rows]
explode = ["$", "baskets[*]", "items[*]"]   # a row is an item of a basket of the document

[event]
user = "^^.uid"                             # ^ is the basket, ^^ the document
record = { index = 1 }                      # the items of one basket were logged together
time = { path = "^.at", format = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d"], zone = "Europe/Berlin" }
scenario = { path = "^.page", map = "page", unmapped = "keep" }
action = "what"
item = { first = ["product.id", "product.sku"] }

[role]                                      # others are active
exposure = ["impression"]
conversion = ["buy"]

[valence]                                   # others are 0
positive = ["like", "buy"]
negative = ["return"]

[occurred]                                  # listed is not happened
buy = { true = ["paid"] }

[map.page]
"Startseite" = "home"

[given]
columns = ["time", "scenario"]              # what a simulator was handed is not tested
"#,
    side: None,
    files: &[(
        "ann.json",
        r#"{"uid": "ann", "baskets": [
  {"at": "2025-09-01 10:00:00", "page": "Startseite", "items": [
    {"what": "impression", "product": {"id": "7"}},
    {"what": "buy", "product": {"sku": "pot"}, "paid": false}]},
  {"at": "2025-09-03", "page": "Suche", "items": [
    {"what": "buy", "product": {"id": "7"}, "paid": true}]}]}
"#,
    )],
    columns: &[
        "user",
        "time",
        "time_precision",
        "scenario",
        "action",
        "role",
        "valence",
        "occurred",
        "item",
        "record",
    ],
    events: &[
        &[
            "ann",
            "2025-09-01T08:00:00Z",
            "s",
            "home",
            "impression",
            "exposure",
            "0",
            "true",
            "7",
            "0",
        ],
        &[
            "ann",
            "2025-09-01T08:00:00Z",
            "s",
            "home",
            "buy",
            "conversion",
            "1",
            "false",
            "pot",
            "0",
        ],
        &[
            "ann",
            "2025-09-02T22:00:00Z",
            "day",
            "Suche",
            "buy",
            "conversion",
            "1",
            "true",
            "7",
            "1",
        ],
    ],
}]);

pub(super) const FORMATS: Chapter = chapter(
    "Formats",
    "A file is read in the first of the mapping's formats whose suffix it has, and where its name says nothing it is recognised by
its first bytes. Any file may be packed with gzip, zstd or xz, or stand in an archive (`.tar`, `.tar.gz`, `.tar.xz`, `.tar.zst`),
whose members are files of the path `archive.tar.xz/member/path`. `-` is the standard input, read as `ndjson` unless the mapping
names `delimited` or `json` only.",
    &[
        key("json", "`.json`", "one JSON document a file"),
        key("ndjson", "`.ndjson`, `.jsonl`", "one JSON document a line"),
        key("delimited", "`.csv`, `.tsv`", "columns between separators"),
        key("parquet", "`.parquet`, `.pq`", "Apache Parquet"),
        key("arrow", "`.arrow`, `.feather`, `.ipc`", "Apache Arrow, as a file or a stream"),
        key("sqlite", "`.sqlite`, `.sqlite3`, `.db`", "a database of SQLite"),
        key("xes", "`.xes`", "event logs in XML (IEEE 1849): a document `{\"attributes\": {...}, \"events\": [{...}]}` a trace"),
    ],
)
.heads(["format", "suffixes", "files"])
.examples(&[Example {
    shows: "A log that began as a table and went on as lines:",
    mapping: r#"version = 1
format = ["ndjson", "delimited"]

[event]
user = "user"
action = "what"
"#,
    side: None,
    files: &[
        ("2024.csv", "user,what\nann,see\n"),
        ("2025.ndjson", "{\"user\": \"ann\", \"what\": \"like\"}\n"),
    ],
    columns: &["user", "action"],
    events: &[&["ann", "see"], &["ann", "like"]],
}]);
