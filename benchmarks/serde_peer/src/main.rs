//! What one would write by hand: a directory of nested JSON, one document a user, into event columns by `serde_json`
//! and typed structs, on all cores. Strings are borrowed from the file, and what is not needed is skipped.
//!
//! `serde-peer DIR [--check]` prints the seconds it took, or with `--check` what the events add up to.

use rayon::prelude::*;
use serde::Deserialize;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::Instant;

#[derive(Deserialize)]
struct User<'a> {
    #[serde(borrow)]
    action_history: Vec<Record<'a>>,
}

#[derive(Deserialize)]
struct Record<'a> {
    r#type: &'a str,
    timestamp: &'a str,
    #[serde(borrow)]
    action: Vec<Action<'a>>,
}

#[derive(Deserialize)]
struct Action<'a> {
    r#type: &'a str,
    play_duration: Option<f64>,
}

/// The distinct names of a column; few, so looking through them is the quickest way to a code.
#[derive(Default)]
struct Names(Vec<String>);

impl Names {
    fn code(&mut self, name: &str) -> u32 {
        let found = self.0.iter().position(|n| n == name);
        found.unwrap_or_else(|| {
            self.0.push(name.to_owned());
            self.0.len() - 1
        }) as u32
    }
}

/// The events of one file.
#[derive(Default)]
struct Events {
    users: Names,
    scenarios: Names,
    actions: Names,
    user: Vec<u32>,
    time: Vec<i64>,
    scenario: Vec<u32>,
    action: Vec<u32>,
    value: Vec<Option<f64>>,
}

fn read(path: &Path) -> Events {
    let bytes = std::fs::read(path).expect("a readable file");
    let document: HashMap<&str, User> = serde_json::from_slice(&bytes).expect("a document of users");
    let mut events = Events::default();
    for (name, user) in document {
        let user_code = events.users.code(name);
        for record in user.action_history {
            let time = microseconds(record.timestamp.as_bytes());
            let scenario = events.scenarios.code(record.r#type);
            for action in record.action {
                let action_code = events.actions.code(action.r#type);
                events.user.push(user_code);
                events.time.push(time);
                events.scenario.push(scenario);
                events.action.push(action_code);
                events.value.push(action.play_duration);
            }
        }
    }
    events
}

/// Of `2025-09-01 12:34:56` in UTC.
fn microseconds(text: &[u8]) -> i64 {
    let number = |from: usize, to: usize| text[from..to].iter().fold(0, |n, b| 10 * n + i64::from(b - b'0'));
    let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10));
    // Days since 1970-01-01, of years that begin in March.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    (((days * 24 + number(11, 13)) * 60 + number(14, 16)) * 60 + number(17, 19)) * 1_000_000
}

/// The same sums as `sums` in readers.py.
fn sums(files: &[Events]) -> serde_json::Value {
    let (mut rows, mut time, mut value) = (0, 0_i128, 0.0);
    let mut names = BTreeMap::<String, u64>::new();
    let mut users = HashMap::<&str, (u64, i64, i64)>::new();
    for file in files {
        for i in 0..file.time.len() {
            let at = file.time[i];
            rows += 1;
            time += i128::from(at);
            value += file.value[i].unwrap_or(0.0);
            let scenario = &file.scenarios.0[file.scenario[i] as usize];
            let action = &file.actions.0[file.action[i] as usize];
            *names.entry(format!("{scenario} / {action}")).or_default() += 1;
            let user = users.entry(&file.users.0[file.user[i] as usize]).or_insert((0, at, at));
            *user = (user.0 + 1, user.1.min(at), user.2.max(at));
        }
    }
    json!({
        "rows": rows,
        "time": time.to_string(),
        "value": value,
        "names": names,
        "users": users.len(),
        "heaviest": users.values().map(|u| u.0).max(),
        "spans": users.values().map(|u| i128::from(u.2 - u.1)).sum::<i128>().to_string(),
    })
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let began = Instant::now();
    let entries = std::fs::read_dir(&arguments[1]).expect("a directory");
    let mut paths: Vec<_> = entries.map(|e| e.expect("an entry").path()).collect();
    paths.sort();
    let files: Vec<Events> = paths.par_iter().map(|p| read(p)).collect();
    let seconds = began.elapsed().as_secs_f64();
    let report = if arguments.iter().any(|a| a == "--check") {
        sums(&files)
    } else {
        json!({"seconds": seconds})
    };
    println!("{report}");
}
