//! Which columns of a table a mapping reads.

use super::task::File;
use crate::error::{Code, Error, Place, Result, closest};
use crate::mapping::Plan;
use crate::mapping::field::{Field, Source};
use crate::mapping::path::{FieldPath, Step};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The columns of a table as a plan sees them.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    /// The column that each path of the plan starts in, by its number in the table.
    pub(super) of_path: Vec<Option<usize>>,
    /// Numbers of all columns that are read, in the order of the table.
    pub(super) read: Vec<usize>,
}

impl Columns {
    /// Find them by name. Those that are missing are an error, unless they are optional.
    pub(super) fn find(file: &File, names: &[&str]) -> Result<Self> {
        let plan = file.plan.as_ref();
        if let Some(missing) = missing(plan, names).first() {
            let error = Error::new(Code::MissingColumn, format!("there is no column \"{missing}\""))
                .at(Place::file(&file.path))
                .note(format!("columns: {}", names.join(", ")));
            return Err(match closest(missing, names.iter().copied()) {
                Some(near) => error.help(format!("did you mean \"{near}\"?")),
                None => error.help("correct the mapping, or name the one that is meant with --mapping"),
            });
        }
        let of_path: Vec<_> = plan.paths.iter().map(|p| position(plan, p, names)).collect();
        for column in of_path.iter().flatten() {
            if names.iter().filter(|n| *n == &names[*column]).count() > 1 {
                let said = format!("there are two columns \"{}\"", names[*column]);
                return Err(Error::new(Code::MissingColumn, said)
                    .at(Place::file(&file.path))
                    .help("rename one of them, or take it by number: { column = N }"));
            }
        }
        let mut read = BTreeSet::new();
        let unwanted = plan.text.as_ref().filter(|_| !file.with_text);
        for field in plan.fields().filter(|f| !unwanted.is_some_and(|u| std::ptr::eq(*f, u))) {
            let paths = field.paths();
            if paths.iter().any(|&p| root(plan, &plan.paths[p]).is_none()) {
                read.extend(0..names.len());
            }
            read.extend(paths.iter().filter_map(|&p| of_path[p]));
            numbered(field, &mut read);
        }
        // Rows are found in it, even if nothing is asked of them.
        for level in plan.levels.iter().skip(1).take(1) {
            let Some(Step::Key(key)) = level.steps.first() else { continue };
            read.extend(names.iter().position(|n| n == key));
        }
        read.retain(|&column| column < names.len());
        Ok(Self {
            of_path,
            read: read.into_iter().collect(),
        })
    }
}

/// Columns taken by number.
fn numbered(field: &Field, into: &mut BTreeSet<usize>) {
    match &field.source {
        Source::Column(number) => {
            into.insert(*number);
        }
        Source::First(fields) | Source::Join(fields, _) => fields.iter().for_each(|f| numbered(f, into)),
        _ => {}
    }
}

/// Columns that a plan needs and that are not among these.
pub(super) fn missing<'p>(plan: &'p Plan, names: &[&str]) -> Vec<&'p str> {
    let needed = plan.fields().filter(|f| !f.optional).flat_map(Field::paths);
    let missing = needed.map(|p| &plan.paths[p]).filter(|p| position(plan, p, names).is_none());
    missing.filter_map(|p| root(plan, p)).collect()
}

/// The column of a path: the one that has all of it as its name, else the one that its first key names.
fn position(plan: &Plan, path: &FieldPath, names: &[&str]) -> Option<usize> {
    let whole = |name: &&str| is_of_row(plan, path) && **name == path.written;
    names
        .iter()
        .position(whole)
        .or_else(|| root(plan, path).and_then(|root| names.iter().position(|n| *n == root)))
}

/// Whether a path starts from the row of the table, not from an element exploded from it.
fn is_of_row(plan: &Plan, path: &FieldPath) -> bool {
    path.up + 1 >= plan.levels.len()
}

/// The first key of a path, from the row of the table on. `None`: it is not one column that is meant.
fn root<'p>(plan: &'p Plan, path: &'p FieldPath) -> Option<&'p str> {
    let level = plan.levels.len().saturating_sub(path.up + 1);
    let outer = plan.levels.iter().take(level + 1).skip(1).flat_map(|l| &l.steps);
    match outer.chain(&path.steps).next() {
        Some(Step::Key(key)) => Some(key),
        _ => None,
    }
}

/// The file as one of lines made of its rows: paths that are the whole name of a column are one key there.
pub(super) fn as_lines(file: &File, names: &[&str]) -> Result<Arc<File>> {
    let mut plan = Plan::clone(&file.plan);
    let mut by_number = BTreeSet::new();
    plan.fields().for_each(|field| numbered(field, &mut by_number));
    if !by_number.is_empty() {
        let said = "in this file columns are taken by name, not by number";
        return Err(Error::new(Code::MappingValue, said)
            .at(Place::file(&file.path))
            .note(format!("columns: {}", names.join(", ")))
            .help("write { path = \"...\" } in place of { column = N }"));
    }
    let whole: Vec<bool> = plan
        .paths
        .iter()
        .map(|p| is_of_row(&plan, p) && names.contains(&p.written.as_str()))
        .collect();
    for (path, _) in plan.paths.iter_mut().zip(whole).filter(|(_, whole)| *whole) {
        path.steps = vec![Step::Key(path.written.clone())];
    }
    Ok(file.with_plan(plan))
}
