//! Integer tables.

/// Named integer columns of one length. One type for every statistic keeps the boundary to Python a single function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Column names.
    pub names: &'static [&'static str],
    /// The columns.
    pub columns: Vec<Vec<i64>>,
}

impl Table {
    /// An empty table with these columns.
    pub fn new(names: &'static [&'static str]) -> Self {
        Self {
            names,
            columns: vec![Vec::new(); names.len()],
        }
    }

    /// Append a row, one value a column.
    pub fn push<const N: usize>(&mut self, row: [i64; N]) {
        debug_assert_eq!(N, self.columns.len());
        for (column, value) in self.columns.iter_mut().zip(row) {
            column.push(value);
        }
    }

    /// Append all rows of another table with the same columns.
    pub fn append(&mut self, other: &Self) {
        for (column, more) in self.columns.iter_mut().zip(&other.columns) {
            column.extend_from_slice(more);
        }
    }

    /// Append them with other codes in one of the columns, if there is such a column.
    pub fn append_recoded(&mut self, other: &Self, name: &str, codes: &[i64]) {
        let columns = self.columns.iter_mut().zip(&other.columns);
        for (own, (column, more)) in self.names.iter().zip(columns) {
            if *own == name {
                column.extend(more.iter().map(|&code| codes[code as usize]));
            } else {
                column.extend_from_slice(more);
            }
        }
    }

    /// Bring the rows into the order of their users, so many in all; those of one user stay as they are.
    pub fn sort_by_user(&mut self, of_rows: &[i64], users: usize) {
        let mut next = vec![0usize; users + 1];
        for &user in of_rows {
            next[user as usize + 1] += 1;
        }
        for user in 0..users {
            next[user + 1] += next[user];
        }
        let mut from = vec![0usize; self.len()];
        for (row, &user) in of_rows.iter().enumerate() {
            from[next[user as usize]] = row;
            next[user as usize] += 1;
        }
        for column in &mut self.columns {
            *column = from.iter().map(|&row| column[row]).collect();
        }
    }

    /// Hand over all rows; none are left.
    #[must_use]
    pub fn take(&mut self) -> Self {
        std::mem::replace(self, Self::new(self.names))
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, Vec::len)
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A column by name.
    pub fn column(&self, name: &str) -> Option<&[i64]> {
        let i = self.names.iter().position(|n| *n == name)?;
        self.columns.get(i).map(Vec::as_slice)
    }
}
