//! Expressions for polars, called by polars itself on its own threads: the plugin C ABI, version 0.1, written over arrow-rs.
//!
//! Not linked against polars, so it neither breaks with its releases nor aborts on a type it was not compiled with, and
//! costs seconds rather than minutes to build.

mod abi;
mod expressions;
