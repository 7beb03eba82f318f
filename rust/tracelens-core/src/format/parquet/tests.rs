use super::*;
use crate::format::OnBadRow;
use crate::format::testing::file;
use rayon::prelude::*;
use std::path::Path;
use std::time::Instant;

/// `cargo test --release --lib -- --ignored --nocapture speed`, with a file as `benchmarks` makes them.
#[test]
#[ignore = "a benchmark: needs TRACELENS_PARQUET"]
fn speed() {
    let Some(path) = std::env::var_os("TRACELENS_PARQUET") else { return };
    let path = Path::new(&path);
    let mapping = r#"
version = 1
format = "parquet"
[event]
user = "user_id"
time = { path = "ts", format = ["native"] }
scenario = "scenario"
action = "action"
"#;
    let threads = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    for task_rows in [1 << 16, 1 << 17, 1 << 18, 1 << 20] {
        let file = file(path, mapping, OnBadRow::Error);
        let mut best = f64::MAX;
        let mut events = 0;
        for _ in 0..5 {
            let start = Instant::now();
            let mut parts = open_in_tasks(Arc::clone(&file), Source::Disk(path.to_path_buf()), task_rows).unwrap();
            let mut tasks = Vec::new();
            while let Some(task) = parts.next_task().unwrap() {
                tasks.push(task);
            }
            events = threads.install(|| {
                tasks.into_par_iter().map(|task| task().iter().map(|b| b.events.len()).sum::<usize>()).sum()
            });
            best = best.min(start.elapsed().as_secs_f64());
        }
        eprintln!("{events} events in {best:.3} s by tasks of {task_rows} rows");
    }
}
