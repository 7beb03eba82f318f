//! The canonical event: the one shape that every log takes, whatever it looked like on disk.

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::hash::BuildHasher;

/// The canonical columns, in order.
pub const COLUMNS: [&str; 15] = [
    "user",
    "time",
    "time_precision",
    "seq",
    "scenario",
    "action",
    "role",
    "valence",
    "occurred",
    "item",
    "category",
    "value",
    "count",
    "text",
    "record",
];

/// Code of a missing string in a [`Coded`] column.
pub const NO_CODE: u32 = u32::MAX;
/// Time of an event in a log without a clock.
pub const NO_TIME: i64 = i64::MIN;

/// How fine a clock is: a date is not midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Precision {
    /// Microseconds.
    Micro = 0,
    /// Milliseconds.
    Milli = 1,
    /// Seconds.
    Second = 2,
    /// Minutes.
    Minute = 3,
    /// A date without a time of day.
    Day = 4,
    /// No clock at all.
    None = 5,
}

impl Precision {
    /// All, in the order of their codes.
    pub const ALL: [Self; 6] = [
        Self::Micro,
        Self::Milli,
        Self::Second,
        Self::Minute,
        Self::Day,
        Self::None,
    ];

    /// The name used in columns and files.
    pub fn name(self) -> &'static str {
        ["us", "ms", "s", "min", "day", "none"][self as usize]
    }

    /// The precision of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.name() == name)
    }
}

/// What an action means for the person: what was seen, consumed, done, or won.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Role {
    /// The person was shown something.
    Exposure = 0,
    /// The person consumed without deciding (watching, scrolling).
    Passive = 1,
    /// The person did something.
    Active = 2,
    /// The person did what the scenario is for (a purchase, an answer).
    Conversion = 3,
}

impl Role {
    /// All, in the order of their codes.
    pub const ALL: [Self; 4] = [Self::Exposure, Self::Passive, Self::Active, Self::Conversion];

    /// The name used in mappings, columns and files.
    pub fn name(self) -> &'static str {
        ["exposure", "passive", "active", "conversion"][self as usize]
    }

    /// The role of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.name() == name)
    }
}

/// Distinct strings, each with a code in the order of first appearance.
#[derive(Debug, Clone)]
pub struct Pool {
    bytes: String,
    /// Where each string starts, and the last one ends.
    bounds: Vec<usize>,
    /// Codes with the hashes of their strings.
    table: HashTable<(u64, u32)>,
    /// Code and place of the string that was met last.
    last: u32,
}

impl Default for Pool {
    fn default() -> Self {
        Self {
            bytes: String::new(),
            bounds: vec![0],
            table: HashTable::new(),
            last: NO_CODE,
        }
    }
}

impl Pool {
    /// The code of `s`, given out now if it is new.
    #[inline]
    pub fn intern(&mut self, s: &str) -> u32 {
        // Values come in runs: of one user, of one scenario.
        if self.last != NO_CODE && equal(self.get(self.last).as_bytes(), s.as_bytes()) {
            return self.last;
        }
        self.last = self.find_or_add(s);
        self.last
    }

    fn find_or_add(&mut self, s: &str) -> u32 {
        let hash = FixedState::default().hash_one(s.as_bytes());
        let (bytes, bounds) = (&self.bytes, &self.bounds);
        let same = |&(h, code): &(u64, u32)| {
            let known = &bytes.as_bytes()[bounds[code as usize]..bounds[code as usize + 1]];
            h == hash && equal(known, s.as_bytes())
        };
        match self.table.entry(hash, same, |&(h, _)| h) {
            Entry::Occupied(found) => found.get().1,
            Entry::Vacant(place) => {
                let code = u32::try_from(self.bounds.len() - 1)
                    .ok()
                    .filter(|&c| c != NO_CODE)
                    .expect("under 2^32 distinct strings");
                place.insert((hash, code));
                self.bytes.push_str(s);
                self.bounds.push(self.bytes.len());
                code
            }
        }
    }

    /// The string of a code.
    #[inline]
    pub fn get(&self, code: u32) -> &str {
        let i = code as usize;
        &self.bytes[self.bounds[i]..self.bounds[i + 1]]
    }

    /// How many distinct strings.
    pub fn len(&self) -> usize {
        self.bounds.len() - 1
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// About how many bytes it takes.
    fn memory(&self) -> usize {
        // A string has a bound, and in the table a hash, a code and a byte.
        self.bytes.len() + 32 * self.len()
    }

    /// All strings in the order of their codes.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len() as u32).map(|c| self.get(c))
    }
}

/// Whether two texts are the same: most are short, and two overlapping words tell.
#[inline]
fn equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    match (
        a.first_chunk::<8>(),
        b.first_chunk::<8>(),
        a.last_chunk::<8>(),
        b.last_chunk::<8>(),
    ) {
        (Some(a1), Some(b1), Some(a2), Some(b2)) if a.len() <= 16 => a1 == b1 && a2 == b2,
        _ => a == b,
    }
}

/// A string column as codes into its own pool; [`NO_CODE`] where there is no value.
#[derive(Debug, Clone, Default)]
pub struct Coded {
    /// One code a row.
    pub codes: Vec<u32>,
    /// The distinct strings.
    pub pool: Pool,
}

impl Coded {
    /// Append a value.
    pub fn push(&mut self, value: Option<&str>) {
        let code = value.map_or(NO_CODE, |s| self.pool.intern(s));
        self.codes.push(code);
    }

    /// The code of a value that may become that of a row.
    #[inline]
    pub fn code(&mut self, value: &str) -> u32 {
        self.pool.intern(value)
    }

    /// The value of a row; of a column without codes none has any.
    pub fn get(&self, row: usize) -> Option<&str> {
        match self.codes.get(row) {
            None | Some(&NO_CODE) => None,
            Some(&code) => Some(self.pool.get(code)),
        }
    }
}

/// A column of long strings, few of which are alike.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    bytes: String,
    ends: Vec<u64>,
    known: Vec<bool>,
}

impl Texts {
    /// Append a value.
    pub fn push(&mut self, value: Option<&str>) {
        self.bytes.push_str(value.unwrap_or_default());
        self.ends.push(self.bytes.len() as u64);
        self.known.push(value.is_some());
    }

    /// The value of a row; none in a column that is not there.
    pub fn get(&self, row: usize) -> Option<&str> {
        let known = self.known.get(row).is_some_and(|&known| known);
        let start = if row == 0 { 0 } else { *self.ends.get(row - 1)? };
        known.then(|| &self.bytes[start as usize..self.ends[row] as usize])
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// About how many bytes it takes.
    fn memory(&self) -> usize {
        self.bytes.len() + 9 * self.len()
    }

    /// All values in order.
    pub fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        (0..self.len()).map(|row| self.get(row))
    }

    /// Append all rows of another column.
    pub fn append(&mut self, other: &Self) {
        let before = self.bytes.len() as u64;
        self.bytes.push_str(&other.bytes);
        self.ends.extend(other.ends.iter().map(|end| end + before));
        self.known.extend(&other.known);
    }
}

impl<'a> FromIterator<Option<&'a str>> for Texts {
    fn from_iter<I: IntoIterator<Item = Option<&'a str>>>(values: I) -> Self {
        let mut texts = Self::default();
        values.into_iter().for_each(|v| texts.push(v));
        texts
    }
}

/// A run of events in columns, in the order of the file. All columns have the same length but those that the log has nothing for: `seq`,
/// the codes of `item` and `category`, `value`, `count`, `text` and `record` may be empty, and then every row has the usual value.
#[derive(Debug, Clone, Default)]
pub struct EventBatch {
    /// Who. Never missing.
    pub user: Coded,
    /// When, in microseconds since 1970 UTC; [`NO_TIME`] without a clock. Of a date: the start of the day in the mapping's zone.
    pub time: Vec<i64>,
    /// How fine `time` is.
    pub precision: Vec<Precision>,
    /// Order within the user where the clock cannot tell; 0 where nothing is known.
    pub seq: Vec<u32>,
    /// The context in which one acts.
    pub scenario: Coded,
    /// What was done.
    pub action: Coded,
    /// What it means.
    pub role: Vec<Role>,
    /// -1, 0 or +1.
    pub valence: Vec<i8>,
    /// False: listed in the log, did not happen.
    pub occurred: Vec<bool>,
    /// Of what.
    pub item: Coded,
    /// Of what kind.
    pub category: Coded,
    /// Duration, price, rating; NaN where missing.
    pub value: Vec<f64>,
    /// How many acts the record stands for.
    pub count: Vec<u32>,
    /// What was said or shown; empty too if it was not asked for.
    pub text: Texts,
    /// Events logged together share a record; without numbers each is a record of its own.
    pub record: Vec<u64>,
    /// Where records without a number start to be counted.
    pub first_record: u64,
}

impl EventBatch {
    /// Number of events.
    pub fn len(&self) -> usize {
        self.time.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }

    /// Order of an event within its user where the clock cannot tell.
    #[inline]
    pub fn seq(&self, row: usize) -> u32 {
        self.seq.get(row).copied().unwrap_or(0)
    }

    /// Value of an event; NaN where missing.
    #[inline]
    pub fn value(&self, row: usize) -> f64 {
        self.value.get(row).copied().unwrap_or(f64::NAN)
    }

    /// How many acts an event stands for.
    #[inline]
    pub fn count(&self, row: usize) -> u32 {
        self.count.get(row).copied().unwrap_or(1)
    }

    /// Number of the record of an event.
    #[inline]
    pub fn record(&self, row: usize) -> u64 {
        let own = || self.first_record + row as u64;
        self.record.get(row).copied().unwrap_or_else(own)
    }

    /// About how many bytes its columns take.
    pub(crate) fn memory(&self) -> usize {
        let coded = |column: &Coded| 4 * column.codes.len() + column.pool.memory();
        let coded =
            coded(&self.user) + coded(&self.scenario) + coded(&self.action) + coded(&self.item) + coded(&self.category);
        let words = self.time.len() + self.value.len() + self.record.len();
        let halves = self.seq.len() + self.count.len();
        let bytes = self.precision.len() + self.role.len() + self.valence.len() + self.occurred.len();
        coded + 8 * words + 4 * halves + bytes + self.text.memory()
    }

    /// An empty batch with room for so many events in the columns that every log has.
    pub(crate) fn with_capacity(rows: usize) -> Self {
        let coded = || Coded {
            codes: Vec::with_capacity(rows),
            pool: Pool::default(),
        };
        Self {
            user: coded(),
            time: Vec::with_capacity(rows),
            precision: Vec::with_capacity(rows),
            scenario: coded(),
            action: coded(),
            role: Vec::with_capacity(rows),
            valence: Vec::with_capacity(rows),
            occurred: Vec::with_capacity(rows),
            record: Vec::with_capacity(rows),
            ..Self::default()
        }
    }

    /// Some of the events, in this order.
    pub(crate) fn only(&self, rows: &[usize]) -> Self {
        fn of<T: Copy>(column: &[T], rows: &[usize]) -> Vec<T> {
            let missing = column.is_empty();
            rows.iter().filter(|_| !missing).map(|&i| column[i]).collect()
        }
        let coded = |column: &Coded| Coded {
            codes: of(&column.codes, rows),
            pool: column.pool.clone(),
        };
        Self {
            user: coded(&self.user),
            time: of(&self.time, rows),
            precision: of(&self.precision, rows),
            seq: of(&self.seq, rows),
            scenario: coded(&self.scenario),
            action: coded(&self.action),
            role: of(&self.role, rows),
            valence: of(&self.valence, rows),
            occurred: of(&self.occurred, rows),
            item: coded(&self.item),
            category: coded(&self.category),
            value: of(&self.value, rows),
            count: of(&self.count, rows),
            text: if self.text.is_empty() {
                Texts::default()
            } else {
                rows.iter().map(|&i| self.text.get(i)).collect()
            },
            record: rows.iter().map(|&i| self.record(i)).collect(),
            first_record: 0,
        }
    }
}
