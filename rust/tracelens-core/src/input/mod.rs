//! Which files, and their bytes.

#[allow(dead_code, reason = "the reader is about to ask for it")]
pub(crate) mod archive;
pub mod discover;
pub(crate) mod sniff;
pub(crate) mod source;
pub(crate) mod stream;
pub(crate) mod text;

pub use stream::{Packing, Progress};
