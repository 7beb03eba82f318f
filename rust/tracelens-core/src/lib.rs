//! tracelens-core reads behaviour logs, gathers them into traces of users, and folds each trace into statistics.
//! It knows no Python. Data flows one way, and the modules stand in that order.

pub mod error;
pub mod event;
pub mod stop;

pub mod mapping;

pub mod input;

pub mod format;

pub mod reader;

pub mod sample;

pub mod abundance;
pub mod arrow;

pub mod gather;

pub mod links;

pub mod axes;

pub mod statistics;

pub mod sequences;
