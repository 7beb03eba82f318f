//! The events of a table by columns: each column of the events is made at once, and no row is looked at by itself.
//!
//! Rows that cannot be events are only found here. They are taken out, and what is wrong with each is said by the parser of
//! JSON, to which each of them goes as a line.

use super::super::batch::Batch;
use super::super::fields::happened;
use super::super::lines::lines_to_batch;
use super::super::task::Origin;
use super::rows::{By, Rows};
use super::times::times;
use super::write;
use crate::error::{Code, Error, Place};
use crate::event::{Coded, EventBatch, NO_CODE, NO_TIME, Role, Texts};
use crate::mapping::Records;
use crate::mapping::field::{Field, Source};
use crate::mapping::test::Test;
use std::collections::BTreeSet;
use xxhash_rust::xxh3::xxh3_64;

/// Read all rows of a table; the first of them is the `first` row called `name`.
pub(super) fn events(rows: &Rows, name: &str, first: u64) -> Batch {
    let mut bad = BTreeSet::new();
    let mut batch = loop {
        match good_rows(rows, &bad) {
            Ok(batch) => break batch,
            Err(more) => bad.extend(more),
        }
    };
    batch.rows_in += bad.len() as u64;
    for row in bad {
        if let Err(error) = refuse(rows, row, name, first + u64::from(row), &mut batch) {
            return Batch::failed(error);
        }
    }
    batch
}

/// What is wrong with a row, said by the parser of JSON: counted as dropped, or an error.
fn refuse(rows: &Rows, row: u32, name: &str, number: u64, batch: &mut Batch) -> Result<(), Error> {
    let at = row as usize;
    let line = write::rows(rows.file, rows.columns, at..at + 1, |_| Place::default()).text;
    let name = name.to_owned();
    let alone = lines_to_batch(rows.file, line, Origin::Rows { name, first: number }, 0);
    if let Some(error) = alone.error {
        return Err(error);
    }
    if alone.dropped.is_empty() {
        return Err(Error::new(Code::BadValue, "a row that cannot be read").at(Place::file(&rows.file.path)));
    }
    for (reason, n) in alone.dropped {
        *batch.dropped.entry(reason).or_insert(0) += n;
    }
    for (reason, places) in alone.examples {
        let examples = batch.examples.entry(reason).or_default();
        examples.extend(places.into_iter().take(3usize.saturating_sub(examples.len())));
    }
    for (value, n) in alone.unmapped {
        *batch.unmapped.entry(value).or_insert(0) += n;
    }
    Ok(())
}

/// Events of all rows but those known to be bad; or more rows that are.
fn good_rows(rows: &Rows, known_bad: &BTreeSet<u32>) -> Result<Batch, Vec<u32>> {
    let plan = rows.file.plan.as_ref();
    let mut kept: Vec<u32> = if known_bad.is_empty() {
        (0..rows.length as u32).collect()
    } else {
        (0..rows.length as u32).filter(|row| !known_bad.contains(row)).collect()
    };
    let asked = kept.len();
    for test in &plan.keep {
        let mut holds = tests(rows, &kept, test).into_iter();
        kept.retain(|_| holds.next() == Some(true));
    }
    let mut batch = Batch {
        rows_in: kept.len() as u64,
        filtered: (asked - kept.len()) as u64,
        records: if matches!(plan.records, Records::Level(_)) {
            rows.length as u64
        } else {
            0
        },
        ..Batch::default()
    };
    let positions = || positions(&kept, known_bad);
    let action = rows.coded(&kept, plan.action.as_ref(), true);
    let mut scenario = rows.coded(&kept, plan.scenario.as_ref(), false);
    fill(&mut scenario, "all");
    let (time, precision) = times(rows, &kept);
    let optional = |field: Option<&Field>| match field {
        None => Coded::default(),
        field => rows.coded(&kept, field, false),
    };
    let events = EventBatch {
        user: rows.coded(&kept, Some(&plan.user), true),
        seq: seqs(rows, &kept, &time, positions, &mut batch.by_position),
        role: roles(rows, &kept, &action),
        valence: valences(rows, &kept, &action),
        occurred: occurred(rows, &kept, &action),
        item: optional(plan.item.as_ref()),
        category: optional(plan.category.as_ref()),
        value: plan.value.as_ref().map_or_else(Vec::new, |f| rows.numbers(&kept, f)),
        count: counts(rows, &kept, plan.count.as_ref()),
        text: texts(rows, &kept),
        record: match &plan.records {
            Records::Rows if known_bad.is_empty() => Vec::new(),
            _ => records(rows, &kept, &positions(), &mut batch.unnumbered),
        },
        first_record: 0,
        time,
        precision,
        scenario,
        action,
    };
    let found = rows.found();
    if !found.bad.is_empty() {
        return Err(found.bad);
    }
    batch.events = events;
    batch.unmapped = found.unmapped;
    Ok(batch)
}

/// Rows are numbered as they come, those that turned out bad among them.
fn positions(kept: &[u32], bad: &BTreeSet<u32>) -> Vec<u64> {
    let count = kept.len() as u64;
    if bad.is_empty() {
        return (0..count).collect();
    }
    let mut bad = bad.iter().peekable();
    let mut before = 0;
    let position = |(i, row): (u64, &u32)| {
        while bad.next_if(|b| *b < row).is_some() {
            before += 1;
        }
        i + before
    };
    (0..count).zip(kept).map(position).collect()
}

fn seqs(
    rows: &Rows,
    of: &[u32],
    time: &[i64],
    positions: impl Fn() -> Vec<u64>,
    by_position: &mut Vec<usize>,
) -> Vec<u32> {
    let seq = rows.file.plan.seq.as_ref();
    let always = seq.is_some_and(|field| matches!(field.source, Source::Position));
    if seq.is_none() && !time.contains(&NO_TIME) {
        return Vec::new();
    }
    let given = seq.filter(|_| !always).map(|field| rows.wholes(of, field));
    let positions = positions();
    let number = |i: usize| match given.as_ref().and_then(|given| given[i]) {
        Some(number) => number,
        None if always || time[i] == NO_TIME => {
            by_position.push(i);
            u32::try_from(positions[i]).unwrap_or(u32::MAX)
        }
        None => 0,
    };
    (0..of.len()).map(number).collect()
}

fn counts(rows: &Rows, of: &[u32], field: Option<&Field>) -> Vec<u32> {
    let given = field.map_or_else(Vec::new, |field| rows.wholes(of, field));
    given.into_iter().map(|count| count.unwrap_or(1)).collect()
}

/// A text for the rows that have none.
fn fill(column: &mut Coded, text: &str) {
    if column.codes.contains(&NO_CODE) {
        let code = column.pool.intern(text);
        for c in column.codes.iter_mut().filter(|c| **c == NO_CODE) {
            *c = code;
        }
    }
}

fn tests(rows: &Rows, of: &[u32], test: &Test) -> Vec<bool> {
    let columns = rows.columns_of(&test.field);
    rows.each(of, &columns, By::Price, (test, false), |look, test| {
        look.holds(test).ok()
    })
}

/// What each action of a column is, in each row.
fn by_action<T: Copy>(action: &Coded, of: impl Fn(&str) -> T) -> impl Iterator<Item = T> {
    let known: Vec<T> = action.pool.iter().map(of).collect();
    action
        .codes
        .iter()
        .filter_map(move |&code| known.get(code as usize).copied())
}

fn roles(rows: &Rows, of: &[u32], action: &Coded) -> Vec<Role> {
    let plan = rows.file.plan.as_ref();
    let by_action = by_action(action, |name| plan.roles.get(name).copied().unwrap_or(Role::Active));
    let Some(field) = &plan.role else {
        return by_action.collect();
    };
    let said = rows.each(
        of,
        &rows.columns_of(field),
        By::Class,
        (field, None),
        |look, field| match look.optional(Some(field)).ok()? {
            Some(name) => Role::parse(&name).map(Some),
            None => Some(None),
        },
    );
    said.into_iter()
        .zip(by_action)
        .map(|(said, role)| said.unwrap_or(role))
        .collect()
}

fn valences(rows: &Rows, of: &[u32], action: &Coded) -> Vec<i8> {
    let plan = rows.file.plan.as_ref();
    let by_action = by_action(action, |name| plan.valences.get(name).copied().unwrap_or(0));
    let Some(field) = &plan.valence else {
        return by_action.collect();
    };
    let said = rows.numbers(of, field);
    let sign = |(said, by_action): (f64, i8)| match said {
        v if v > 0.0 => 1,
        v if v < 0.0 => -1,
        v if v.is_nan() => by_action,
        _ => 0,
    };
    said.into_iter().zip(by_action).map(sign).collect()
}

fn occurred(rows: &Rows, of: &[u32], action: &Coded) -> Vec<bool> {
    let plan = rows.file.plan.as_ref();
    if let Some(test) = &plan.occurred {
        let columns = rows.columns_of(&test.field);
        return rows.each(of, &columns, By::Price, (plan, true), |look, plan| {
            happened(look, plan, None).ok()
        });
    }
    let mut all = vec![true; of.len()];
    for (code, name) in action.pool.iter().enumerate() {
        let Some(tests) = plan.happened.get(name) else { continue };
        let at: Vec<usize> = (0..of.len()).filter(|&i| action.codes[i] as usize == code).collect();
        let those: Vec<u32> = at.iter().map(|&i| of[i]).collect();
        let mut columns: Vec<usize> = tests.iter().flat_map(|t| rows.columns_of(&t.field)).collect();
        columns.sort_unstable();
        columns.dedup();
        let what = (plan, tests.as_slice());
        let holds = rows.each(&those, &columns, By::Price, (&what, true), |look, (plan, tests)| {
            happened(look, plan, Some(tests)).ok()
        });
        at.into_iter().zip(holds).for_each(|(i, holds)| all[i] = holds);
    }
    all
}

fn texts(rows: &Rows, of: &[u32]) -> Texts {
    let mut texts = Texts::default();
    if !rows.file.with_text {
        return texts;
    }
    let Some(field) = &rows.file.plan.text else {
        return of.iter().map(|_| None).collect();
    };
    if let Some(column) = rows.plain(field)
        && column.is_text()
    {
        return of
            .iter()
            .map(|&row| column.text(row as usize).filter(|t| !t.is_empty()))
            .collect();
    }
    rows.each(of, &rows.columns_of(field), By::Row, (field, ()), |look, field| {
        let text = look.optional(Some(field));
        texts.push(text.as_ref().ok().and_then(|text| text.as_deref()));
        text.ok().map(|_| ())
    });
    texts
}

fn records(rows: &Rows, of: &[u32], positions: &[u64], unnumbered: &mut Vec<usize>) -> Vec<u64> {
    let field = match &rows.file.plan.records {
        Records::Rows => return positions.to_vec(),
        Records::Level(_) => return of.iter().map(|&row| u64::from(row)).collect(),
        Records::Value(field) => field.as_ref(),
    };
    let columns = rows.columns_of(field);
    let given = rows.each(of, &columns, By::Class, (field, None), |look, field| {
        let text = look.optional(Some(field)).ok()?;
        Some(text.map(|text| text.parse().unwrap_or_else(|_| xxh3_64(text.as_bytes()))))
    });
    let numbered = given
        .into_iter()
        .zip(positions)
        .enumerate()
        .map(|(i, (given, &position))| {
            given.unwrap_or_else(|| {
                unnumbered.push(i);
                position
            })
        });
    numbered.collect()
}
