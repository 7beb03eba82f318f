//! Collapsed paths as codes, in the order of their first appearance.

use hashbrown::HashMap;

/// The paths met so far.
#[derive(Debug, Default)]
pub struct Paths {
    /// The scenarios of each, oldest first.
    pub all: Vec<Vec<u32>>,
    codes: HashMap<Vec<u32>, i64>,
}

impl Paths {
    /// Longest path kept in words; of longer ones the last scenarios.
    pub const KEPT: usize = 8;

    /// The code of a path.
    pub fn code(&mut self, path: &[u32]) -> i64 {
        let kept = &path[path.len().saturating_sub(Self::KEPT)..];
        if let Some(&code) = self.codes.get(kept) {
            return code;
        }
        let code = self.all.len() as i64;
        self.all.push(kept.to_vec());
        self.codes.insert(kept.to_vec(), code);
        code
    }

    /// Add those of others; returns the code here of each code there.
    pub fn join(&mut self, others: &Self) -> Vec<i64> {
        others.all.iter().map(|path| self.code(path)).collect()
    }
}
