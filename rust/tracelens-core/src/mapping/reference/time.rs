//! When.

use super::{Chapter, Example, Key, chapter, key};
use crate::mapping::time::NAMES;

pub(super) const TIME: Chapter = chapter(
    "Time",
    "`time` is a field, and says besides how it is written.",
    &[
        key("format", "string or list", "formats, tried in order; required"),
        key("zone", "name", "the zone (IANA) in which times without an offset are read and days are counted; else UTC"),
        key("precision", "`\"us\"`, `\"ms\"`, `\"s\"`, `\"min\"`, `\"day\"`", "the log's clock is no finer than this, whatever its times are written like"),
    ],
)
.more(
    "How fine a time is follows from the format that fitted: a date is a day, not its midnight, and what is told to the hour is taken as
told to the minute. A local time that the clocks show twice is the first of the two; one that they skip is as long after the
change as it says. A leap second is the second before it. A row without a time, or with one that no format fits, is an error
(or dropped and counted, with `--on-bad-row drop`); with `optional = true` it may be without.",
)
.examples(&[
    Example {
        shows: "A log with times, but for some rows that carry a date only:",
        mapping: r#"version = 1
format = "delimited"

[event]
user = "user"
action = "what"
time = { path = "at", format = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d"], zone = "Asia/Shanghai" }
"#,
        side: None,
        files: &[("log.csv", "user,what,at\nann,see,2025-09-01 10:04:11\nann,ad,2025-09-01\n")],
        columns: &["user", "action", "time", "time_precision"],
        events: &[
            &["ann", "see", "2025-09-01T02:04:11Z", "s"],
            &["ann", "ad", "2025-08-31T16:00:00Z", "day"],
        ],
    },
    Example {
        shows: "A log whose clock only ever tells the minute, though it writes milliseconds:",
        mapping: r#"version = 1
format = "ndjson"

[event]
user = "user"
action = "what"
time = { path = "at", format = "epoch_ms", precision = "min" }
"#,
        side: None,
        files: &[("log.ndjson", "{\"user\": \"ann\", \"what\": \"see\", \"at\": 1756720860000}\n")],
        columns: &["user", "action", "time", "time_precision"],
        events: &[&["ann", "see", "2025-09-01T10:01:00Z", "min"]],
    },
]);

const fn formats() -> [Key; NAMES.len() + 2] {
    let mut keys = [const { key("", "", "") }; NAMES.len() + 2];
    let mut i = 0;
    while i < NAMES.len() {
        keys[i] = key(NAMES[i].0, NAMES[i].1, NAMES[i].2);
        i += 1;
    }
    keys[i] = key(
        "%Y-%m-%d %H:%M:%S",
        "2025-09-01 00:23:54",
        "`s`; with `%.f` the decimals tell",
    );
    keys[i + 1] = key("%d/%m/%Y", "01/09/2025", "`day`");
    keys
}

pub(super) const FORMATS: Chapter = chapter(
    "Time formats",
    "A name, or directives of strptime: `%Y` `%m` `%d` `%H` `%M` `%S`, `%.f` (decimals), `%z` and `%:z` (offsets), `%I` with `%p` (a
clock of twelve hours), `%b` `%B` (months by name), `%a` `%A` (days of the week), `%y`, `%j`, `%s`, `%F` = `%Y-%m-%d`,
`%T` = `%H:%M:%S`. Digits may be left out (`2025-9-1`), which is slower to read. A format that ends in the word UTC, GMT or Z tells
UTC in any zone. A format that cannot tell the day is refused.",
    &const { formats() },
)
.heads(["format", "reads", "how fine"])
.examples(&[Example {
    shows: "Many ways of saying nearly the same:",
    mapping: r#"version = 1
format = "delimited"

[event]
user = "user"
action = "what"
time = { path = "at", zone = "Europe/Berlin", format = [
  "rfc3339", "epoch_s", "%Y-%m-%d %H:%M:%S UTC", "%d.%m.%Y %H:%M", "%Y-%m-%d %I %p", "%a %b %d %T %z %Y",
] }
"#,
    side: None,
    files: &[(
        "log.csv",
        "user,what,at
a,see,2025-09-01T10:00:00.5+02:00
b,see,1756713600.25
c,see,2025-09-01 08:00:00 UTC
d,see,01.09.2025 10:00
e,see,2025-09-01 10 AM
f,see,Mon Sep 01 10:00:00 +0200 2025
",
    )],
    columns: &["user", "time", "time_precision"],
    events: &[
        &["a", "2025-09-01T08:00:00.5Z", "ms"],
        &["b", "2025-09-01T08:00:00.25Z", "ms"],
        &["c", "2025-09-01T08:00:00Z", "s"],
        &["d", "2025-09-01T08:00:00Z", "min"],
        &["e", "2025-09-01T08:00:00Z", "min"],
        &["f", "2025-09-01T08:00:00Z", "s"],
    ],
}]);
