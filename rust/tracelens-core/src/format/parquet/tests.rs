use super::*;
use crate::format::OnBadRow;
use crate::format::testing::{
    NESTED_MAPPING, SAMPLE_MAPPING, batches, disk, events, file, first_error, of_lines, sample, sample_events,
};
use arrow_array::{ArrayRef, BinaryArray, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::WriterProperties;
use rayon::prelude::*;
use std::path::Path;
use std::time::Instant;

/// A file of row groups of two rows.
fn written(rows: &RecordBatch, compression: Compression, dictionary: bool) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_dictionary_enabled(dictionary)
        .set_max_row_group_row_count(Some(2))
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, rows.schema(), Some(properties)).unwrap();
    writer.write(rows).unwrap();
    writer.close().unwrap();
    bytes
}

fn one(_: u64, _: u64) -> usize {
    1
}

#[test]
fn tasks_keep_all_cores_busy_and_fit_in_memory() {
    let million = 1_000_000;
    assert_eq!(task_rows(100 * million, 1600 * million), 1 << 20);
    assert_eq!(task_rows(million, 16 * million), 1 << 17);
    assert_eq!(task_rows(4 * million, 64 * million), 500_000);
    assert_eq!(task_rows(100 * million, 50_000 * million), 237_974);
    assert_eq!(task_rows(0, 0), 1 << 17);
}

fn plain(rows: &RecordBatch) -> Vec<u8> {
    written(rows, Compression::UNCOMPRESSED, true)
}

fn memory(bytes: Vec<u8>) -> Source {
    Source::Memory(Bytes::from(bytes))
}

fn read(mapping: &str, bytes: Vec<u8>, task_rows: fn(u64, u64) -> usize) -> Vec<String> {
    let file = file(Path::new("log.parquet"), mapping, OnBadRow::Error);
    events(
        &file,
        &batches(open_in_tasks(Arc::clone(&file), memory(bytes), task_rows).unwrap()).unwrap(),
    )
}

fn error(mapping: &str, bytes: Vec<u8>) -> String {
    let file = file(Path::new("log.parquet"), mapping, OnBadRow::Error);
    first_error(open(file, memory(bytes))).unwrap().to_string()
}

#[test]
fn events_are_those_of_the_same_lines() {
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::BROTLI(BrotliLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::LZ4_RAW,
        Compression::LZ4,
    ] {
        for (dictionary, task_rows) in [(true, one as fn(u64, u64) -> usize), (false, task_rows)] {
            let bytes = written(&sample(), compression, dictionary);
            for mapping in [SAMPLE_MAPPING, NESTED_MAPPING] {
                assert_eq!(
                    read(mapping, bytes.clone(), task_rows),
                    sample_events(mapping),
                    "{compression:?}"
                );
            }
        }
    }
    assert_eq!(sample_events(NESTED_MAPPING).len(), 6);
    let mut file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file, &plain(&sample())).unwrap();
    let log = crate::format::testing::file(file.path(), SAMPLE_MAPPING, OnBadRow::Error);
    let tasks = open(Arc::clone(&log), disk(file.path())).unwrap();
    assert_eq!(events(&log, &batches(tasks).unwrap()), sample_events(SAMPLE_MAPPING));
}

#[test]
fn rows_of_a_group_may_be_divided_anywhere() {
    let users: StringArray = (0..1000).map(|i| Some(format!("u{}", i * i % 97))).collect();
    // Half of the items are too many for a dictionary.
    let items: StringArray = (0..1000)
        .map(|i| (i % 5 > 0).then(|| format!("{}", if i < 500 { i % 3 } else { i })))
        .collect();
    let numbers: Int64Array = (0..1000).collect();
    let columns: [(&str, ArrayRef); 4] = [
        ("user", Arc::new(users.clone())),
        ("at", Arc::new(numbers)),
        ("what", Arc::new(users)),
        ("item", Arc::new(items)),
    ];
    let rows = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(700))
        .set_dictionary_page_size_limit(64)
        .set_data_page_row_count_limit(50)
        .set_write_batch_size(10)
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, rows.schema(), Some(properties)).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
    let mapping = SAMPLE_MAPPING
        .replace("%Y-%m-%d %H:%M:%S", "epoch_s")
        .replace("value = \"price\"\n", "");
    let mut lines = String::new();
    for i in 0..1000 {
        let mut line =
            serde_json::json!({"user": format!("u{}", i * i % 97), "at": i, "what": format!("u{}", i * i % 97)});
        if i % 5 > 0 {
            line["item"] = format!("{}", if i < 500 { i % 3 } else { i }).into();
        }
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    let log = file(Path::new("log.ndjson"), &mapping, OnBadRow::Error);
    let expected = events(&log, &[of_lines(&log, &lines)]);
    for task_rows in [task_rows, |_, _| 333, |_, _| 64] {
        assert_eq!(read(&mapping, bytes.clone(), task_rows), expected);
    }
}

#[test]
fn what_is_not_asked_for_is_not_read() {
    let mut bytes = plain(&sample());
    let loaded = ArrowReaderMetadata::load(&memory(bytes.clone()), ArrowReaderOptions::new()).unwrap();
    let of = |name: &str| {
        let chunks = loaded.metadata().row_group(1).columns().iter();
        let (start, length) = chunks
            .clone()
            .find(|c| c.column_path().string() == name)
            .unwrap()
            .byte_range();
        start as usize..(start + length) as usize
    };
    bytes[of("unread")].fill(0xff);
    assert_eq!(read(SAMPLE_MAPPING, bytes.clone(), one), sample_events(SAMPLE_MAPPING));
    bytes[of("what")].fill(0xff);
    let said = error(SAMPLE_MAPPING, bytes);
    assert!(
        said.contains("TL203") && said.contains("log.parquet: row group 2"),
        "{said}"
    );
}

#[test]
fn columns_by_number_are_columns_by_name() {
    let mapping = SAMPLE_MAPPING
        .replace("user = \"user\"", "user = { column = 0 }")
        .replace("\"what\"", "{ first = [{ column = 99 }, { column = 2 }] }");
    assert_eq!(read(&mapping, plain(&sample()), one), sample_events(SAMPLE_MAPPING));
    let mapping = NESTED_MAPPING.replace("\"^.user\"", "{ column = 0 }");
    assert_eq!(read(&mapping, plain(&sample()), one), sample_events(NESTED_MAPPING));
}

#[test]
fn a_missing_column_is_named_with_its_like() {
    for mapping in [SAMPLE_MAPPING, NESTED_MAPPING] {
        let said = error(&mapping.replace("item\"", "itm\""), plain(&sample()));
        assert!(
            said.contains("TL214") && said.contains("no column \"itm\"") && said.contains("did you mean \"item\"?"),
            "{said}"
        );
        let optional = mapping.replace("item = \"item\"", "item = { path = \"itm\", optional = true }");
        let optional = optional.replace("item = \"^.item\"", "item = { path = \"^.itm\", optional = true }");
        assert!(read(&optional, plain(&sample()), one)[0].contains("None"));
    }
}

#[test]
fn bad_rows_are_said_with_their_group_or_counted() {
    let mapping = SAMPLE_MAPPING.replace("value = \"price\"", "value = \"what\"");
    let said = error(&mapping, plain(&sample()));
    assert!(
        said.contains("TL209") && said.contains("log.parquet: row group 1, row 1   (user u1)"),
        "{said}"
    );
    assert!(
        said.contains("\"what\":\"view\"") && said.contains("^^^^ expected a number"),
        "{said}"
    );

    let mapping = SAMPLE_MAPPING.replace("user = \"user\"", "user = { path = \"item\" }");
    for (on_bad_row, task_rows) in [
        (OnBadRow::Drop, one as fn(u64, u64) -> usize),
        (OnBadRow::Drop, task_rows),
        (OnBadRow::Error, task_rows),
    ] {
        let log = file(Path::new("log.parquet"), &mapping, on_bad_row);
        let tasks = open_in_tasks(Arc::clone(&log), memory(plain(&sample())), task_rows);
        if on_bad_row == OnBadRow::Error {
            let said = first_error(tasks).unwrap().to_string();
            assert!(said.contains("TL205") && said.contains("row group 1, row 2"), "{said}");
            continue;
        }
        let all = batches(tasks.unwrap()).unwrap();
        assert_eq!(events(&log, &all).len(), 4);
        let places = all.iter().flat_map(|b| b.examples.values().flatten());
        let places: Vec<_> = places.map(|p| p.element.clone().unwrap()).collect();
        assert_eq!(places, ["row group 1, row 2", "row group 3, row 6"]);
    }
}

#[test]
fn binary_data_is_refused_where_it_is_asked_for() {
    let rows = sample();
    let binary: BinaryArray = (0..6).map(|i| (i == 3).then_some(&[0xff_u8][..])).collect();
    let mut columns: Vec<(&str, ArrayRef)> = vec![("binary", Arc::new(binary))];
    let schema = rows.schema();
    columns.extend(
        schema
            .fields()
            .iter()
            .zip(rows.columns())
            .map(|(f, c)| (f.name().as_str(), Arc::clone(c))),
    );
    let bytes = plain(&RecordBatch::try_from_iter(columns).unwrap());
    assert_eq!(read(SAMPLE_MAPPING, bytes.clone(), one), sample_events(SAMPLE_MAPPING));
    let said = error(&SAMPLE_MAPPING.replace("\"item\"", "\"binary\""), bytes);
    assert!(
        said.contains("\"binary\" holds binary data") && said.contains("log.parquet"),
        "{said}"
    );
}

#[test]
fn damaged_files_are_errors_and_never_panics() {
    let whole = written(&sample(), Compression::SNAPPY, true);
    for length in (0..whole.len()).step_by(7) {
        let said = error(SAMPLE_MAPPING, whole[..length].to_vec());
        assert!(said.contains("TL203") && said.contains("log.parquet"), "{said}");
    }
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        let log = file(Path::new("log.parquet"), NESTED_MAPPING, OnBadRow::Drop);
        let _ = open(log, memory(bytes)).and_then(batches);
    }
    assert!(error(SAMPLE_MAPPING, b"user,at,what\n".repeat(100)).contains("TL203"));
}

#[test]
fn a_file_without_rows_has_no_tasks() {
    assert!(read(SAMPLE_MAPPING, plain(&sample().slice(0, 0)), one).is_empty());
}

/// `cargo test --release --lib -- --ignored --nocapture speed`, with a file as `benchmarks` makes them.
#[test]
#[ignore = "a benchmark: needs TRACELENS_PARQUET"]
#[expect(clippy::print_stderr, reason = "its result is for whoever runs it")]
fn speed() {
    let Some(path) = std::env::var_os("TRACELENS_PARQUET") else {
        return;
    };
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
    let file = file(path, mapping, OnBadRow::Error);
    let file = Arc::new(File {
        with_text: false,
        ..Arc::try_unwrap(file).unwrap()
    });
    for _ in 0..10 {
        let start = Instant::now();
        let mut parts = open(Arc::clone(&file), disk(path)).unwrap();
        let mut tasks = Vec::new();
        while let Some(task) = parts.next_task().unwrap() {
            tasks.push(task);
        }
        let events: usize = threads.install(|| {
            let read = |task: Task| task().iter().map(|b| b.events.len()).sum::<usize>();
            tasks.into_par_iter().map(read).sum()
        });
        eprintln!("{events} events in {:.3} s", start.elapsed().as_secs_f64());
    }
}
