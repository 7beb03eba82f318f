//! Codes of several batches become ranks of names, which do not depend on the order in which files were read.

use crate::event::{Coded, EventBatch, NO_CODE, Pool};
use rayon::prelude::*;

/// The columns that hold codes.
pub(super) const CODED: [fn(&EventBatch) -> &Coded; 5] = [
    |b| &b.user,
    |b| &b.scenario,
    |b| &b.action,
    |b| &b.item,
    |b| &b.category,
];

/// The same columns, to be given other codes.
fn coded_mut(batch: &mut EventBatch) -> [&mut Coded; 5] {
    [
        &mut batch.user,
        &mut batch.scenario,
        &mut batch.action,
        &mut batch.item,
        &mut batch.category,
    ]
}

/// For each code of a column the code of its string in a pool of all. Strings of dropped rows, which no code has, are left out.
pub(super) fn interned(column: &Coded, all: &mut Pool) -> Vec<u32> {
    let mut used = vec![false; column.pool.len()];
    for &code in column.codes.iter().filter(|&&c| c != NO_CODE) {
        used[code as usize] = true;
    }
    let strings = column.pool.iter().zip(used);
    strings
        .map(|(s, used)| if used { all.intern(s) } else { NO_CODE })
        .collect()
}

/// The sorted strings of a pool, and the rank of each of its codes.
pub(super) fn ranked(pool: &Pool) -> (Vec<String>, Vec<u32>) {
    let mut by_name: Vec<u32> = (0..pool.len() as u32).collect();
    by_name.par_sort_unstable_by_key(|&c| pool.get(c));
    let mut rank = vec![0u32; pool.len()];
    for (r, &c) in by_name.iter().enumerate() {
        rank[c as usize] = r as u32;
    }
    (by_name.into_iter().map(|c| pool.get(c).to_owned()).collect(), rank)
}

/// Give the columns of a batch other codes, of a pool that is not theirs: for each column the new code of each old one.
pub(super) fn recode(batch: &mut EventBatch, codes: [&[u32]; 5]) {
    for (column, codes) in coded_mut(batch).into_iter().zip(codes) {
        for code in column.codes.iter_mut().filter(|c| **c != NO_CODE) {
            *code = codes[*code as usize];
        }
        column.pool = Pool::default();
    }
}
