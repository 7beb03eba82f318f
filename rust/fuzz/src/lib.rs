//! What is fuzzed. `tracelens-core/tests/corpus.rs` runs the same over the corpora that are kept here.

pub mod naive;
pub mod reading;
pub mod targets;

/// Parse on this thread: one input at a time is worth no other.
pub fn alone() {
    rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread()
        .build_global()
        .expect("nobody has used rayon before");
}
