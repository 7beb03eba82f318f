//! What actions and values mean.

use super::{Chapter, Example, chapter, key};

pub(super) const MAP: Chapter = chapter(
    "`[map.NAME]`",
    "Values of the log and what they are in events, for fields with `map = \"NAME\"`.",
    &[key("VALUE", "string", "what becomes of this value")],
)
.examples(&[Example {
    shows: "Two languages, one vocabulary; what the map does not know is kept and said:",
    mapping: r#"version = 1
format = "delimited"

[event]
user = "user"
action = { path = "what", map = "action" }

[map.action]
"购买" = "buy"
"purchase" = "buy"
"#,
    side: None,
    files: &[("log.csv", "user,what\nann,购买\nben,purchase\ncem,return\n")],
    columns: &["user", "action"],
    events: &[&["ann", "buy"], &["ben", "buy"], &["cem", "return"]],
}]);

pub(super) const OCCURRED: Chapter = chapter(
    "`[occurred]`",
    "Listed is not happened: an action named here happened if any of its tests holds, `ACTION = { true = [...] }`. Others happened.",
    &[key("true", "test or list of tests", "the action happened if any of these holds")],
)
.examples(&[Example {
    shows: "A purchase that was not paid, and a refund of nothing:",
    mapping: r#"version = 1
format = "ndjson"

[event]
user = "user"
action = "what"

[occurred]
buy = { true = ["paid", "paid_cnt"] }
refund = { true = { path = "amount", above = 0 } }
"#,
    side: None,
    files: &[(
        "log.ndjson",
        r#"{"user": "ann", "what": "buy", "paid": false}
{"user": "ann", "what": "buy", "paid": false, "paid_cnt": 2}
{"user": "ann", "what": "refund", "amount": 0}
{"user": "ann", "what": "see"}
"#,
    )],
    columns: &["user", "action", "occurred"],
    events: &[
        &["ann", "buy", "false"],
        &["ann", "buy", "true"],
        &["ann", "refund", "false"],
        &["ann", "see", "true"],
    ],
}]);

pub(super) const MELT: Chapter = chapter(
    "`[melt]`",
    "Each row is a list of actions, those whose test holds: `ACTION = TEST`. All events of a row share its record; with
`exposure = \"record\"` a row of which none holds is one bare exposure.",
    &[key("ACTION", "test", "this action was done if the test holds")],
)
.examples(&[Example {
    shows: "A row a video that was shown, with a column for each thing that might be done about it:",
    mapping: r#"version = 1
format = "delimited"

[rows]
exposure = "record"

[event]
user = "user"
item = "video"

[melt]
click = "is_click"
like = "is_like"
watch = { path = "ms", above = 0 }
"#,
    side: None,
    files: &[(
        "log.csv",
        "user,video,is_click,is_like,ms\nann,v1,0,0,0\nann,v2,1,0,5200\n",
    )],
    columns: &["user", "item", "action", "role", "record"],
    events: &[
        &["ann", "v1", "exposure", "exposure", "0"],
        &["ann", "v2", "click", "active", "1"],
        &["ann", "v2", "watch", "active", "1"],
    ],
}]);

pub(super) const ROLE: Chapter = chapter(
    "`[role]`",
    "What an action means for the person. Actions that are in none of the lists are active; none is in two.",
    &[
        key("exposure", "list of actions", "something was shown to the person"),
        key(
            "passive",
            "list of actions",
            "the person consumed without deciding: watching, scrolling",
        ),
        key("active", "list of actions", "the person did something"),
        key(
            "conversion",
            "list of actions",
            "what the scenario is for: a purchase, an answer",
        ),
    ],
)
.examples(&[Example {
    shows: "Four kinds of doing:",
    mapping: r#"version = 1
format = "delimited"

[event]
user = "user"
action = "what"

[role]
exposure = ["impression"]
passive = ["watch"]
active = ["like"]
conversion = ["buy"]
"#,
    side: None,
    files: &[(
        "log.csv",
        "user,what\nann,impression\nann,watch\nann,like\nann,ask\nann,buy\n",
    )],
    columns: &["user", "action", "role"],
    events: &[
        &["ann", "impression", "exposure"],
        &["ann", "watch", "passive"],
        &["ann", "like", "active"],
        &["ann", "ask", "active"],
        &["ann", "buy", "conversion"],
    ],
}]);

pub(super) const VALENCE: Chapter = chapter(
    "`[valence]`",
    "Whether an action speaks for or against what it is about. Others are 0; none is in both lists.",
    &[
        key("positive", "list of actions", "+1"),
        key("negative", "list of actions", "-1"),
    ],
)
.examples(&[Example {
    shows: "For and against:",
    mapping: r#"version = 1
format = "delimited"

[event]
user = "user"
action = "what"

[valence]
positive = ["like"]
negative = ["dislike"]
"#,
    side: None,
    files: &[("log.csv", "user,what\nann,like\nann,dislike\nann,see\n")],
    columns: &["user", "action", "valence"],
    events: &[&["ann", "like", "1"], &["ann", "dislike", "-1"], &["ann", "see", "0"]],
}]);

pub(super) const GIVEN: Chapter = chapter(
    "`[given]`",
    "What a simulator was handed is not its merit: metrics on given columns alone are \"given, not tested\".",
    &[key(
        "columns",
        "list of columns",
        "columns of events that the simulator was told",
    )],
)
.examples(&[Example {
    shows: "A simulator that was told when and where, and only says what:",
    mapping: r#"version = 1
format = "delimited"

[event]
user = "user"
action = "what"
scenario = "where"

[given]
columns = ["time", "scenario"]
"#,
    side: None,
    files: &[("log.csv", "user,what,where\nann,see,shop\n")],
    columns: &["user", "scenario", "action"],
    events: &[&["ann", "shop", "see"]],
}]);
