//! A question about a row: whether a flag is set, a value is one of some, a number lies above another.

use super::field::Field;

/// What is asked of the value.
#[derive(Debug, Clone, PartialEq)]
pub enum Check {
    /// A flag is set: true, a number above 0, a text that does not say no.
    True,
    /// It is one of these.
    Is(Vec<String>),
    /// There is one, and it is none of these.
    Not(Vec<String>),
    /// It is a number above this.
    Above(f64),
    /// It is a number below this.
    Below(f64),
    /// There is one, or there is none.
    Present(bool),
}

/// A test of a field.
#[derive(Debug, Clone)]
pub struct Test {
    /// Whose value.
    pub field: Field,
    /// What is asked of it.
    pub check: Check,
}
