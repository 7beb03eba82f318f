//! The rows of a table, and what a field is in all of them: worked out once for rows that are alike.

use super::super::look::{Look, UnmappedValues, is_plain, whole};
use super::super::task::File;
use super::super::{Row, Value};
use super::classes::Classes;
use super::column::{Column, Kind, Written};
use crate::event::{Coded, NO_CODE, Pool};
use crate::mapping::field::{Field, Source};
use hashbrown::HashMap;
use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};

/// A table in memory.
pub(super) struct Rows<'t> {
    pub(super) file: &'t File,
    pub(super) columns: &'t [Column],
    pub(super) length: usize,
    /// The column of each path of the plan.
    of_path: &'t [Option<usize>],
    classes: Vec<OnceCell<Classes>>,
    /// What was found beside values.
    found: RefCell<Found>,
}

/// What is found while a field is worked out.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Rows that cannot be events, in no order; some more than once.
    pub(super) bad: Vec<u32>,
    /// Values that were kept though a map did not know them.
    pub(super) unmapped: UnmappedValues,
}

/// Whether something is worked out once for rows that are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// Always.
    Class,
    /// Where it costs next to nothing to tell them apart: it is cheap to work out.
    Price,
    /// Never.
    Row,
}

/// Which rows have the same of what is made from some columns.
enum Alike {
    Alone,
    Classes(Classes),
}

impl<'t> Rows<'t> {
    pub(super) fn new(file: &'t File, columns: &'t [Column], of_path: &'t [Option<usize>], length: usize) -> Self {
        let mut classes = Vec::new();
        classes.resize_with(columns.len(), OnceCell::new);
        Self {
            file,
            columns,
            length,
            of_path,
            classes,
            found: RefCell::default(),
        }
    }

    /// What was found since this was asked last.
    pub(super) fn found(&self) -> Found {
        self.found.take()
    }

    /// A row cannot be an event.
    pub(super) fn bad(&self, row: u32) {
        self.found.borrow_mut().bad.push(row);
    }

    /// The columns that a field reads.
    pub(super) fn columns_of(&self, field: &Field) -> Vec<usize> {
        let mut all = Vec::new();
        self.add_columns(field, &mut all);
        all.sort_unstable();
        all.dedup();
        all
    }

    fn add_columns(&self, field: &Field, all: &mut Vec<usize>) {
        match &field.source {
            Source::Path(path) => all.extend(self.of_path[*path]),
            Source::First(fields) | Source::Join(fields, _) => fields.iter().for_each(|f| self.add_columns(f, all)),
            _ => {}
        }
    }

    /// The column whose values are those of a field as they are.
    pub(super) fn plain(&self, field: &Field) -> Option<&'t Column> {
        match &field.source {
            Source::Path(path) if is_plain(field) => self.of_path[*path].map(|c| &self.columns[c]),
            _ => None,
        }
    }

    fn classes(&self, column: usize) -> &Classes {
        self.classes[column].get_or_init(|| Classes::of(&self.columns[column]))
    }

    fn alike(&self, columns: &[usize], by: By) -> Alike {
        let told = |c: &usize| matches!(self.columns[*c].kind, Kind::Coded { .. } | Kind::Bool(_));
        match (by, columns) {
            (By::Row, _) => Alike::Alone,
            (_, []) => Alike::Classes(Classes::none(self.length)),
            (By::Price, all) if !all.iter().all(told) => Alike::Alone,
            (_, [first, others @ ..]) => {
                let classes = self.classes(*first).clone();
                Alike::Classes(others.iter().fold(classes, |all, c| all.with(self.classes(*c))))
            }
        }
    }

    /// What is made of some columns, for each of these rows. `None` makes a row bad.
    pub(super) fn each<X: ?Sized, T: Copy>(
        &self,
        rows: &[u32],
        columns: &[usize],
        by: By,
        (what, blank): (&X, T),
        mut make: impl for<'a> FnMut(&mut Look<'a, At<'a>>, &'a X) -> Option<T>,
    ) -> Vec<T> {
        let mut found = self.found.borrow_mut();
        let mut of = |row: u32, unmapped: &mut UnmappedValues| {
            let at = At::new(self, row as usize, columns);
            let mut look = Look {
                row: &at,
                context: &self.file.context,
                position: 0,
                unmapped,
            };
            make(&mut look, what)
        };
        let classes = match self.alike(columns, by) {
            Alike::Alone => {
                let mut one = |&row: &u32| {
                    of(row, &mut found.unmapped).unwrap_or_else(|| {
                        found.bad.push(row);
                        blank
                    })
                };
                return rows.iter().map(&mut one).collect();
            }
            Alike::Classes(classes) => classes,
        };
        // The class of rows without a value comes first.
        let of_row = pick(rows, &classes.of_row);
        let slot = |class: u32| class.wrapping_add(1) as usize;
        let mut example = vec![None; classes.count + 1];
        for (&class, &row) in of_row.iter().zip(rows) {
            example[slot(class)] = Some(row);
        }
        let (mut bad, mut unmapped) = (vec![false; example.len()], HashMap::new());
        let mut values = vec![blank; example.len()];
        for (class, row) in example.into_iter().enumerate() {
            let Some(row) = row else { continue };
            let mut seen = UnmappedValues::new();
            match of(row, &mut seen) {
                Some(value) => values[class] = value,
                None => bad[class] = true,
            }
            if !seen.is_empty() {
                unmapped.insert(class, seen);
            }
        }
        if bad.contains(&true) {
            let rows = rows.iter().zip(of_row.iter());
            found
                .bad
                .extend(rows.filter(|(_, class)| bad[slot(**class)]).map(|(row, _)| row));
        }
        if !unmapped.is_empty() {
            for kept in of_row.iter().filter_map(|class| unmapped.get(&slot(*class))) {
                for (value, n) in kept {
                    *found.unmapped.entry(value.clone()).or_insert(0) += n;
                }
            }
        }
        of_row.iter().map(|&class| values[slot(class)]).collect()
    }

    /// The texts of a field, as codes.
    pub(super) fn coded(&self, rows: &[u32], field: Option<&Field>, required: bool) -> Coded {
        let mut pool = Pool::default();
        let Some(field) = field else {
            return Coded {
                codes: vec![NO_CODE; rows.len()],
                pool,
            };
        };
        let columns = self.columns_of(field);
        let codes = self.each(rows, &columns, By::Class, (field, NO_CODE), |look, field| {
            match look.optional(Some(field)).ok()? {
                Some(text) => Some(pool.intern(&text)),
                None => (!required).then_some(NO_CODE),
            }
        });
        Coded { codes, pool }
    }

    /// The numbers of a field; not a number where there is none.
    pub(super) fn numbers(&self, rows: &[u32], field: &Field) -> Vec<f64> {
        if let Some(column) = self.plain(field)
            && let Some(numbers) = column.numbers(rows)
        {
            return numbers.into_iter().map(|n| n * field.scale + field.offset).collect();
        }
        let columns = self.columns_of(field);
        self.each(rows, &columns, By::Price, (field, f64::NAN), |look, field| {
            look.number(Some(field)).ok().map(|n| n.unwrap_or(f64::NAN))
        })
    }

    /// The whole numbers of a field.
    pub(super) fn wholes(&self, rows: &[u32], field: &Field) -> Vec<Option<u32>> {
        if let Some(column) = self.plain(field)
            && let Some(numbers) = column.numbers(rows)
        {
            let scaled = numbers.into_iter().map(|n| n * field.scale + field.offset);
            let number = |n: f64| if n.is_nan() { Some(None) } else { whole(n).map(Some) };
            if let Some(all) = scaled.map(number).collect() {
                return all;
            }
        }
        let columns = self.columns_of(field);
        self.each(rows, &columns, By::Price, (field, None), |look, field| {
            look.whole(Some(field)).ok()
        })
    }
}

/// What stands in some rows, in their order. Rows are named once each: as many as there are means all.
pub(super) fn pick<'a, T: Copy>(rows: &[u32], of: &'a [T]) -> Cow<'a, [T]> {
    if rows.len() == of.len() {
        return Cow::Borrowed(of);
    }
    Cow::Owned(rows.iter().map(|&row| of[row as usize]).collect())
}

impl Column {
    /// The values of these rows, if they are numbers.
    fn numbers(&self, rows: &[u32]) -> Option<Vec<f64>> {
        let mut all: Vec<f64> = match &self.kind {
            Kind::Int(numbers) => pick(rows, numbers).iter().map(|&n| n as f64).collect(),
            Kind::Uint(numbers) => pick(rows, numbers).iter().map(|&n| n as f64).collect(),
            Kind::Float(numbers) => pick(rows, numbers).into_owned(),
            Kind::Bool(flags) => rows
                .iter()
                .map(|&row| f64::from(u8::from(flags.value(row as usize))))
                .collect(),
            _ => return None,
        };
        if self.nulls().is_some() {
            for (number, &row) in all.iter_mut().zip(rows) {
                if self.is_null(row as usize) {
                    *number = f64::NAN;
                }
            }
        }
        Some(all)
    }
}

/// One row of a table.
pub(super) struct At<'t> {
    rows: &'t Rows<'t>,
    row: usize,
    /// What of it is no text, in words, by column.
    written: Vec<(usize, Written)>,
}

impl<'t> At<'t> {
    /// A row of which these columns are asked for.
    pub(super) fn new(rows: &'t Rows<'t>, row: usize, columns: &[usize]) -> Self {
        let others = columns.iter().filter(|c| !rows.columns[**c].is_text());
        Self {
            rows,
            row,
            written: others.map(|&c| (c, rows.columns[c].written(row))).collect(),
        }
    }
}

impl Row for At<'_> {
    fn path(&self, number: usize) -> Value<'_> {
        let Some(column) = self.rows.of_path[number] else {
            return Value::Missing;
        };
        if let Some(text) = self.rows.columns[column].text(self.row) {
            return Value::Text(text);
        }
        let written = self.written.iter().find(|(c, _)| *c == column);
        written.map_or(Value::Missing, |(_, written)| written.value())
    }

    fn key(&self, _: usize) -> Option<&str> {
        None
    }

    fn index(&self, _: usize) -> Option<usize> {
        None
    }

    fn column(&self, _: usize) -> Value<'_> {
        Value::Missing
    }

    fn generation(&self, _: usize) -> u64 {
        self.row as u64
    }
}
