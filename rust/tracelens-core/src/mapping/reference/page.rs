//! The reference as a page of Markdown.

use super::{CHAPTERS, Chapter, Example};
use crate::mapping::builtin;
use std::fmt::Write as _;

const HEAD: &str = "\
<!-- Rendered from rust/tracelens-core/src/mapping/reference/: change it there, then run the tests with UPDATE_DOCS=1. -->

# Mapping language, version 1

A mapping is a TOML file that says how a log becomes events: one row of users, times, scenarios and actions for each thing that
was done. It has no loops and no code. The mappings that come with tracelens (at the end of this page) are ordinary files of the
same language. Name one, or the path of your own, with `--mapping`; a file called `tracelens.toml` in a directory of logs is
their mapping without being named, as `LOG.toml` is beside the file `LOG` (`log.parquet.toml` beside `log.parquet`), and otherwise the
built-in mapping is taken whose signature fits. A mistake in a mapping is an error with its line and column, and a key that the
language does not have is refused with the nearest one that it has.

Every example below is a whole mapping with a log, and the events under it are what tracelens makes of them.
";

/// The page.
pub fn markdown() -> String {
    let mut page = HEAD.to_owned();
    for chapter in CHAPTERS {
        render(&mut page, chapter);
    }
    page.push_str("\n## Built-in mappings\n");
    for (name, text) in builtin::ALL {
        let (about, traps) = about(text);
        let _ = write!(page, "\n### `{name}`\n\n```text\n{about}\n```\n");
        if !traps.is_empty() {
            page.push_str("\nTraps of the format:\n\n");
        }
        for trap in traps {
            let _ = writeln!(page, "- {}", plain(trap));
        }
    }
    page
}

fn render(page: &mut String, chapter: &Chapter) {
    let _ = write!(page, "\n## {}\n\n{}\n", chapter.title, chapter.text);
    if !chapter.keys.is_empty() {
        let [name, kind, meaning] = chapter.heads;
        let _ = write!(page, "\n| {name} | {kind} | {meaning} |\n|---|---|---|\n");
    }
    for key in chapter.keys {
        let _ = writeln!(page, "| `{}` | {} | {} |", key.name, key.kind, key.meaning);
    }
    if !chapter.more.is_empty() {
        let _ = write!(page, "\n{}\n", chapter.more);
    }
    for example in chapter.examples {
        show(page, example);
    }
}

fn show(page: &mut String, example: &Example) {
    let _ = write!(page, "\n{}\n\n```toml\n{}```\n", example.shows, example.mapping);
    for (name, text) in example.files {
        let language = name.rsplit('.').next().unwrap_or_default().replace("ndjson", "json");
        let _ = write!(page, "\n`{name}`\n\n```{language}\n{text}```\n");
    }
    if example.columns.is_empty() {
        return;
    }
    if let Some(side) = example.side {
        let _ = write!(page, "\nRead with `--side {side}`:\n");
    }
    let row = |cells: &[&str]| format!("| {} |\n", cells.join(" | "));
    let _ = write!(
        page,
        "\n{}{}",
        row(example.columns),
        row(&vec!["---"; example.columns.len()])
    );
    for event in example.events {
        page.push_str(&row(event));
    }
}

const TRAP: &str = "# trap:";

/// What a mapping says about itself on top, and the traps of its format.
fn about(text: &str) -> (String, Vec<&str>) {
    let top = text.lines().take_while(|line| line.starts_with('#'));
    let about: Vec<&str> = top
        .filter(|line| !line.starts_with(TRAP))
        .map(|line| line.trim_start_matches('#').trim())
        .collect();
    let traps = text.lines().filter_map(|line| line.split_once(TRAP));
    (about.join("\n"), traps.map(|(_, trap)| trap.trim()).collect())
}

/// A text in which nothing means anything to Markdown.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in text.chars() {
        if "\\*_<>[]`|#".contains(c) {
            plain.push('\\');
        }
        plain.push(c);
    }
    plain
}
