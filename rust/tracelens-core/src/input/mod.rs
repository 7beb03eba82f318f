//! Which files, and their bytes.

pub mod bytes;
pub mod discover;
