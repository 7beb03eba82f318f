//! Scatter: batches of events, in whatever order they were read, into one set of columns sorted by user and time.

use crate::error::{Code, Error, Result};
use crate::event::{Coded, EventBatch, NO_CODE, NO_TIME, Pool, Precision, Role, Texts};
use rayon::prelude::*;

/// The sorted distinct names behind the codes, so that a code never depends on the order in which files were read.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Scenarios.
    pub scenario: Vec<String>,
    /// Actions.
    pub action: Vec<String>,
    /// Items.
    pub item: Vec<String>,
    /// Categories.
    pub category: Vec<String>,
}

/// All events of one side, sorted by (user, time, seq, scenario, action, item, value).
#[derive(Debug, Clone, Default)]
pub struct Traces {
    /// Sorted ids.
    pub users: Vec<String>,
    /// The events of user `u` are `starts[u]..starts[u + 1]`.
    pub starts: Vec<usize>,
    /// Names behind the codes.
    pub names: Names,
    /// Microseconds since 1970 UTC, or [`NO_TIME`].
    pub time: Vec<i64>,
    /// How fine the time is.
    pub precision: Vec<Precision>,
    /// Order within the user where the clock cannot tell.
    pub seq: Vec<u32>,
    /// Code of the scenario.
    pub scenario: Vec<u32>,
    /// Code of the action.
    pub action: Vec<u32>,
    /// Role of the action.
    pub role: Vec<Role>,
    /// -1, 0, +1.
    pub valence: Vec<i8>,
    /// Whether it happened.
    pub occurred: Vec<bool>,
    /// Code of the item or [`NO_CODE`].
    pub item: Vec<u32>,
    /// Code of the category or [`NO_CODE`].
    pub category: Vec<u32>,
    /// Value or NaN.
    pub value: Vec<f64>,
    /// How many acts.
    pub count: Vec<u32>,
    /// What was said; empty if not read.
    pub text: Texts,
    /// Record within the user.
    pub record: Vec<u64>,
}

impl Traces {
    /// Number of events.
    pub fn len(&self) -> usize {
        self.time.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }

    /// The rows of a user.
    pub fn rows(&self, user: usize) -> std::ops::Range<usize> {
        self.starts[user]..self.starts[user + 1]
    }

    /// The events as one batch, in canonical order.
    pub fn to_batch(&self) -> EventBatch {
        let owner: Vec<u32> = (0..self.users.len())
            .flat_map(|u| std::iter::repeat_n(u as u32, self.starts[u + 1] - self.starts[u]))
            .collect();
        EventBatch {
            user: coded(owner, &self.users),
            time: self.time.clone(),
            precision: self.precision.clone(),
            seq: self.seq.clone(),
            scenario: coded(self.scenario.clone(), &self.names.scenario),
            action: coded(self.action.clone(), &self.names.action),
            role: self.role.clone(),
            valence: self.valence.clone(),
            occurred: self.occurred.clone(),
            item: coded(self.item.clone(), &self.names.item),
            category: coded(self.category.clone(), &self.names.category),
            value: self.value.clone(),
            count: self.count.clone(),
            text: self.text.clone(),
            record: self.record.clone(),
        }
    }

    /// First and last time in the log, if it has a clock.
    pub fn extent(&self) -> Option<(i64, i64)> {
        let known = self.time.par_iter().copied().filter(|&t| t != NO_TIME);
        known.map(|t| (t, t)).reduce_with(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }
}

/// Collects batches; [`Gatherer::finish`] sorts them.
#[derive(Debug, Default)]
pub struct Gatherer {
    user: Coded,
    scenario: Coded,
    action: Coded,
    item: Coded,
    category: Coded,
    rest: EventBatch,
}

impl Gatherer {
    /// Add a batch.
    pub fn push(&mut self, batch: EventBatch) {
        append_coded(&mut self.user, &batch.user);
        append_coded(&mut self.scenario, &batch.scenario);
        append_coded(&mut self.action, &batch.action);
        append_coded(&mut self.item, &batch.item);
        append_coded(&mut self.category, &batch.category);
        let rest = &mut self.rest;
        rest.time.extend(batch.time);
        rest.precision.extend(batch.precision);
        rest.seq.extend(batch.seq);
        rest.role.extend(batch.role);
        rest.valence.extend(batch.valence);
        rest.occurred.extend(batch.occurred);
        rest.value.extend(batch.value);
        rest.count.extend(batch.count);
        rest.text.append(&batch.text);
        rest.record.extend(batch.record);
    }

    /// Sort by user and time. Errors if there is no event, or more than 2^32 - 1.
    pub fn finish(mut self) -> Result<Traces> {
        let n = self.rest.len();
        if n == 0 {
            return Err(Error::new(Code::NoEvents, "no usable event was read")
                .help("check that the path and the mapping belong together"));
        }
        if n >= NO_CODE as usize {
            return Err(Error::new(
                Code::BadOption,
                format!("{n} events are more than one process can hold in memory"),
            )
            .help("compare a part of the users"));
        }
        let users = into_sorted(&mut self.user);
        let names = Names {
            scenario: into_sorted(&mut self.scenario),
            action: into_sorted(&mut self.action),
            item: into_sorted(&mut self.item),
            category: into_sorted(&mut self.category),
        };
        let (order, starts) = self.order(users.len());
        let rest = self.rest;
        Ok(Traces {
            users,
            starts,
            names,
            time: permuted(&rest.time, &order),
            precision: permuted(&rest.precision, &order),
            seq: permuted(&rest.seq, &order),
            scenario: permuted(&self.scenario.codes, &order),
            action: permuted(&self.action.codes, &order),
            role: permuted(&rest.role, &order),
            valence: permuted(&rest.valence, &order),
            occurred: permuted(&rest.occurred, &order),
            item: permuted(&self.item.codes, &order),
            category: permuted(&self.category.codes, &order),
            value: permuted(&rest.value, &order),
            count: permuted(&rest.count, &order),
            text: if rest.text.is_empty() {
                Texts::default()
            } else {
                order.iter().map(|&row| rest.text.get(row as usize)).collect()
            },
            record: permuted(&rest.record, &order),
        })
    }

    /// Row numbers in canonical order, and where each user starts.
    fn order(&self, users: usize) -> (Vec<u32>, Vec<usize>) {
        let mut starts = vec![0usize; users + 1];
        for &u in &self.user.codes {
            starts[u as usize + 1] += 1;
        }
        for u in 0..users {
            starts[u + 1] += starts[u];
        }
        let mut next = starts.clone();
        let mut order = vec![0u32; self.user.codes.len()];
        for (row, &u) in self.user.codes.iter().enumerate() {
            order[next[u as usize]] = row as u32;
            next[u as usize] += 1;
        }
        let mut slices = Vec::with_capacity(users);
        let mut tail = order.as_mut_slice();
        for u in 0..users {
            let (head, rest) = tail.split_at_mut(starts[u + 1] - starts[u]);
            slices.push(head);
            tail = rest;
        }
        let key = |&row: &u32| {
            let r = row as usize;
            (
                self.rest.time[r],
                self.rest.seq[r],
                self.scenario.codes[r],
                self.action.codes[r],
                self.item.codes[r],
                Total(self.rest.value[r]),
                self.rest.record[r],
            )
        };
        slices.into_par_iter().for_each(|rows| {
            if !rows.is_sorted_by_key(key) {
                rows.sort_by_key(key);
            }
        });
        (order, starts)
    }
}

fn coded(codes: Vec<u32>, names: &[String]) -> Coded {
    let mut pool = Pool::default();
    for name in names {
        pool.intern(name);
    }
    Coded { codes, pool }
}

/// A float with a total order, so that NaN has a place too.
#[derive(PartialEq)]
struct Total(f64);
impl Eq for Total {}
impl PartialOrd for Total {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Total {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

fn append_coded(all: &mut Coded, part: &Coded) {
    let map: Vec<u32> = part.pool.iter().map(|s| all.pool.intern(s)).collect();
    all.codes.extend(
        part.codes
            .iter()
            .map(|&c| if c == NO_CODE { NO_CODE } else { map[c as usize] }),
    );
}

/// Replace codes by the rank of their string; returns the sorted strings. Those of dropped rows, which no code has, are left out.
fn into_sorted(column: &mut Coded) -> Vec<String> {
    let pool: Pool = std::mem::take(&mut column.pool);
    let mut used = vec![false; pool.len()];
    for &code in column.codes.iter().filter(|&&c| c != NO_CODE) {
        used[code as usize] = true;
    }
    let mut by_name: Vec<u32> = (0..pool.len() as u32).filter(|&c| used[c as usize]).collect();
    by_name.par_sort_unstable_by_key(|&c| pool.get(c));
    let mut rank = vec![0u32; pool.len()];
    for (r, &c) in by_name.iter().enumerate() {
        rank[c as usize] = r as u32;
    }
    column.codes.par_iter_mut().for_each(|c| {
        if *c != NO_CODE {
            *c = rank[*c as usize];
        }
    });
    by_name.into_iter().map(|c| pool.get(c).to_owned()).collect()
}

fn permuted<T: Clone + Send + Sync>(column: &[T], order: &[u32]) -> Vec<T> {
    order.par_iter().map(|&row| column[row as usize].clone()).collect()
}
