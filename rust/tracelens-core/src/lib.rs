//! tracelens-core reads behaviour logs, gathers them into traces of users, and folds each trace into statistics.
//! It knows no Python. Data flows one way, and the modules stand in that order:
//! mapping, input, format, reader, gather, axes, statistics.

pub mod error;
pub mod event;

pub mod axes;
pub mod gather;
pub mod statistics;
