//! One vocabulary for the codes of all batches.

use crate::event::{Coded, EventBatch, NO_CODE, Pool};
use rayon::prelude::*;

/// The sorted strings of a column of all batches, and for each batch the rank of each of its codes.
#[derive(Debug)]
pub(super) struct Merged {
    pub(super) names: Vec<String>,
    pub(super) ranks: Vec<Vec<u32>>,
}

pub(super) fn merge(batches: &[EventBatch], column: impl Fn(&EventBatch) -> &Coded + Sync) -> Merged {
    let mut all = Pool::default();
    // Strings of dropped rows, which no code has, are left out.
    let used: Vec<Vec<bool>> = batches.par_iter().map(|batch| used(column(batch))).collect();
    let mut ranks: Vec<Vec<u32>> = batches
        .iter()
        .zip(used)
        .map(|(batch, used)| {
            let strings = column(batch).pool.iter().zip(used);
            strings
                .map(|(s, used)| if used { all.intern(s) } else { NO_CODE })
                .collect()
        })
        .collect();
    let mut by_name: Vec<u32> = (0..all.len() as u32).collect();
    by_name.par_sort_unstable_by_key(|&c| all.get(c));
    let mut rank = vec![0u32; all.len()];
    for (r, &c) in by_name.iter().enumerate() {
        rank[c as usize] = r as u32;
    }
    for code in ranks.iter_mut().flatten().filter(|c| **c != NO_CODE) {
        *code = rank[*code as usize];
    }
    Merged {
        names: by_name.into_iter().map(|c| all.get(c).to_owned()).collect(),
        ranks,
    }
}

fn used(column: &Coded) -> Vec<bool> {
    let mut used = vec![false; column.pool.len()];
    for &code in column.codes.iter().filter(|&&c| c != NO_CODE) {
        used[code as usize] = true;
    }
    used
}
