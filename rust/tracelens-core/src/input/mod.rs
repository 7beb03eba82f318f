//! Which files, and their bytes.

pub mod discover;
pub(crate) mod sniff;
pub(crate) mod stream;
pub(crate) mod text;

pub use stream::{Packing, Progress};
