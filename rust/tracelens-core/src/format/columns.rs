//! Which columns of a table a mapping reads.

use super::task::File;
use crate::error::{Code, Error, Place, Result, closest};
use crate::mapping::Plan;
use crate::mapping::field::{Field, Source};
use crate::mapping::path::{Each, FieldPath, Step};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The columns of a table as a mapping sees them.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    /// The file, read by a plan in which columns have names and each name is one key, as in the lines made of its rows.
    pub(super) file: Arc<File>,
    /// The column that each path of the plan starts in, by its number in the table.
    pub(super) of_path: Vec<Option<usize>>,
    /// Numbers of all columns that are read, in the order of the table.
    pub(super) read: Vec<usize>,
    /// What is read inside them: a column and the steps from it.
    pub(super) inside: Vec<(usize, Vec<Step>)>,
}

impl Columns {
    /// Find them by name. Those that are missing are an error, unless they are optional; `place` is where they are named.
    pub(super) fn find(file: &File, names: &[&str], place: &Place) -> Result<Self> {
        if let Some(missing) = missing(&file.plan, names).first() {
            let error = Error::new(Code::MissingColumn, format!("there is no column \"{missing}\""))
                .at(place.clone())
                .note(format!("columns: {}", names.join(", ")));
            return Err(match closest(missing, names.iter().copied()) {
                Some(near) => error.help(format!("did you mean \"{near}\"?")),
                None => error.help("correct the mapping, or name the one that is meant with --mapping"),
            });
        }
        let plan = with_names(&file.plan, names);
        let of_path: Vec<_> = plan.paths.iter().map(|p| position(&plan, p, names)).collect();
        for column in of_path.iter().flatten() {
            if names.iter().filter(|n| *n == &names[*column]).count() > 1 {
                let said = format!("there are two columns \"{}\"", names[*column]);
                return Err(Error::new(Code::MissingColumn, said)
                    .at(place.clone())
                    .help("rename one of them"));
            }
        }
        let unwanted = plan.text.as_ref().filter(|_| !file.with_text);
        let wanted = plan.fields().filter(|f| !unwanted.is_some_and(|u| std::ptr::eq(*f, u)));
        let mut inside = Vec::new();
        for path in wanted.flat_map(Field::paths) {
            let steps = || steps_to(&plan, &plan.paths[path]).into_iter();
            match of_path[path] {
                Some(column) => inside.push((column, steps().skip(1).collect())),
                // All columns are meant, or one that is not there.
                None if root(&plan, &plan.paths[path]).is_none() => {
                    inside.extend((0..names.len()).map(|column| (column, steps().skip(1).collect())));
                }
                None => {}
            }
        }
        // Rows are found in it, even if nothing is asked of them.
        let rows = steps_to_level(&plan, plan.levels.len() - 1);
        if let Some(Step::Key(key)) = rows.first()
            && let Some(column) = names.iter().position(|n| n == key)
        {
            inside.push((column, rows[1..].to_vec()));
        }
        let read: BTreeSet<usize> = inside.iter().map(|(column, _)| *column).collect();
        Ok(Self {
            file: file.with_plan(plan),
            of_path,
            read: read.into_iter().collect(),
            inside,
        })
    }
}

/// Columns that a plan needs and that are not among these.
pub(crate) fn missing(plan: &Plan, names: &[&str]) -> Vec<String> {
    let needed = plan.fields().filter(|f| !f.optional).flat_map(Field::paths);
    let missing = needed
        .map(|p| &plan.paths[p])
        .filter(|p| position(plan, p, names).is_none());
    missing.filter_map(|p| root(plan, p)).collect()
}

/// The column of a path: the one that has all of it as its name, else the one that its first key names.
fn position(plan: &Plan, path: &FieldPath, names: &[&str]) -> Option<usize> {
    let whole = |name: &&str| is_of_row(plan, path) && **name == path.written;
    names
        .iter()
        .position(whole)
        .or_else(|| root(plan, path).and_then(|root| names.iter().position(|n| **n == *root)))
}

/// Whether a path starts from the row of the table, not from an element exploded from it.
fn is_of_row(plan: &Plan, path: &FieldPath) -> bool {
    path.up + 1 >= plan.levels.len()
}

/// The steps from the row of the table to the elements of an explode level.
fn steps_to_level(plan: &Plan, level: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    for outer in plan.levels.iter().take(level + 1).skip(1) {
        steps.extend_from_slice(&outer.steps);
        if outer.each != Each::Whole {
            steps.push(Step::Any);
        }
    }
    steps
}

/// The steps of a path from the row of the table.
fn steps_to(plan: &Plan, path: &FieldPath) -> Vec<Step> {
    let mut steps = steps_to_level(plan, plan.levels.len().saturating_sub(path.up + 1));
    steps.extend_from_slice(&path.steps);
    steps
}

/// The first key of a path, from the row of the table on. `None`: it is not one column that is meant.
fn root(plan: &Plan, path: &FieldPath) -> Option<String> {
    match steps_to(plan, path).into_iter().next() {
        Some(Step::Key(key)) => Some(key),
        _ => None,
    }
}

/// The plan with names in place of numbers of columns, and paths of one key where that is the whole name of a column.
fn with_names(plan: &Plan, names: &[&str]) -> Plan {
    let whole = |p: &&mut FieldPath| names.contains(&p.written.as_str()) && p.up + 1 >= plan.levels.len();
    let mut changed = plan.clone();
    for path in changed.paths.iter_mut().filter(whole) {
        path.steps = vec![Step::Key(path.written.clone())];
    }
    let mut paths = std::mem::take(&mut changed.paths);
    for field in changed.fields_mut() {
        name_columns(field, names, plan.levels.len() - 1, &mut paths);
    }
    changed.paths = paths;
    changed
}

fn name_columns(field: &mut Field, names: &[&str], up: usize, paths: &mut Vec<FieldPath>) {
    match &mut field.source {
        Source::Column(number) => {
            // A number beyond the last column is the name of none.
            let name = names.get(*number).map_or_else(String::new, |n| (*n).to_owned());
            paths.push(FieldPath {
                up,
                steps: vec![Step::Key(name.clone())],
                written: name,
            });
            field.source = Source::Path(paths.len() - 1);
        }
        Source::First(fields) | Source::Join(fields, _) => {
            for field in fields {
                name_columns(field, names, up, paths);
            }
        }
        _ => {}
    }
}
