//! Rows that are alike: those that have the same values in some columns, and therefore the same of all that is made of these.

use super::column::{Column, Kind};
use crate::event::{NO_CODE, Pool};
use arrow_buffer::ScalarBuffer;
use hashbrown::HashMap;
use std::hash::Hash;

/// A class for each row; `NO_CODE` is one too, that of rows without a value.
#[derive(Debug, Clone)]
pub(super) struct Classes {
    pub(super) of_row: ScalarBuffer<u32>,
    /// All classes but `NO_CODE` are below this.
    pub(super) count: usize,
}

impl Classes {
    /// Of one column.
    pub(super) fn of(column: &Column) -> Self {
        let classes = match &column.kind {
            // A dictionary larger than the table is not worth walking through.
            Kind::Coded { codes, texts } if texts.len() > codes.len() => distinct(codes.iter().copied()),
            Kind::Coded { codes, texts } => Self {
                of_row: codes.clone(),
                count: texts.len(),
            },
            Kind::Bool(flags) => Self {
                of_row: flags.iter().map(u32::from).collect(),
                count: 2,
            },
            Kind::Int(numbers) => distinct(numbers.iter().copied()),
            Kind::Uint(numbers) => distinct(numbers.iter().copied()),
            Kind::Float(numbers) => distinct(numbers.iter().map(|n| n.to_bits())),
            Kind::Time { micros, .. } => distinct(micros.iter().copied()),
            Kind::Text(texts) => {
                let mut pool = Pool::default();
                let code = |row| column.text(row).map_or(NO_CODE, |text| pool.intern(text));
                let of_row = (0..texts.len()).map(code).collect();
                return Self {
                    of_row,
                    count: pool.len(),
                };
            }
            _ => return Self::none(column.length()),
        };
        match column.nulls() {
            None => classes,
            Some(nulls) => Self {
                of_row: classes
                    .of_row
                    .iter()
                    .zip(nulls)
                    .map(|(&class, known)| if known { class } else { NO_CODE })
                    .collect(),
                ..classes
            },
        }
    }

    /// All rows alike.
    pub(super) fn none(length: usize) -> Self {
        Self {
            of_row: vec![NO_CODE; length].into(),
            count: 0,
        }
    }

    /// Of both: rows are alike that are in the same class of each.
    pub(super) fn with(&self, other: &Self) -> Self {
        // One more, for the rows without a value.
        let width = other.count as u64 + 1;
        let number = |class: u32, count: usize| {
            if class == NO_CODE {
                count as u64
            } else {
                u64::from(class)
            }
        };
        let both = self.of_row.iter().zip(other.of_row.iter());
        distinct(both.map(|(&a, &b)| number(a, self.count) * width + number(b, other.count)))
    }
}

/// Number distinct values in the order of their first appearance.
fn distinct<T: Copy + Eq + Hash>(values: impl Iterator<Item = T>) -> Classes {
    let mut known: HashMap<T, u32> = HashMap::new();
    let mut last = None;
    let of_row = values
        .map(|value| match last {
            // Values come in runs: of one user, of one session.
            Some((before, class)) if before == value => class,
            _ => {
                let next = known.len() as u32;
                let class = *known.entry(value).or_insert(next);
                last = Some((value, class));
                class
            }
        })
        .collect();
    Classes {
        of_row,
        count: known.len(),
    }
}
