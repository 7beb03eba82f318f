//! What the tests of samples share: files of each format and packing.

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{
    ArrayRef, BinaryArray, Int64Array, RecordBatch, StringArray, StructArray, TimestampMillisecondArray,
};
use arrow_schema::{DataType, Field};
use serde_json::{Value, json};
use std::io::Write;
use std::sync::Arc;
use tempfile::TempDir;

/// Files of these names and bytes in a new directory.
pub(super) fn directory(files: &[(&str, &[u8])]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    directory
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut packed = liblzma::write::XzEncoder::new(Vec::new(), 1);
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

type Pack = fn(&[u8]) -> Vec<u8>;
pub(super) const PACKINGS: [(&str, Option<&str>, Pack); 4] = [
    ("", None, <[u8]>::to_vec),
    (".gz", Some("gzip"), gzip),
    (".xz", Some("xz"), xz),
    (".zst", Some("zstd"), zstd),
];

pub(super) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

/// Rows with a list, a structure and what is no text.
pub(super) fn table(length: i64) -> RecordBatch {
    let users: StringArray = (0..length).map(|i| Some(format!("u{}", i % 3))).collect();
    let times: TimestampMillisecondArray = (0..length).map(|i| (i % 2 == 0).then_some(1000 * i)).collect();
    let mut tags = ListBuilder::new(StringBuilder::new());
    for i in 0..length {
        tags.append_value((0..30).map(|tag| Some(format!("{i}-{tag}"))));
    }
    let binary: ArrayRef = Arc::new((0..length).map(|_| Some(&[0xff_u8][..])).collect::<BinaryArray>());
    let member = |name: &str, of: DataType| Arc::new(Field::new(name, of, true));
    let product = StructArray::from(vec![
        (
            member("price", DataType::Int64),
            Arc::new((0..length).collect::<Int64Array>()) as ArrayRef,
        ),
        (member("picture", DataType::Binary), Arc::clone(&binary)),
    ]);
    RecordBatch::try_from_iter([
        ("user", Arc::new(users) as ArrayRef),
        ("at", Arc::new(times)),
        ("tags", Arc::new(tags.finish())),
        ("product", Arc::new(product)),
        ("binary", binary),
    ])
    .unwrap()
}

/// What the first rows of [`table`] are.
pub(super) fn expected(length: usize) -> Vec<Value> {
    let row = |i: usize| {
        let tags: Vec<String> = (0..20).map(|tag| format!("{i}-{tag}")).collect();
        let mut row = json!({"user": format!("u{}", i % 3), "tags": tags, "product": {"price": i}});
        if i.is_multiple_of(2) {
            row["at"] = format!("1970-01-01T00:00:{i:02}.000").into();
        }
        row
    };
    (0..length).map(row).collect()
}

pub(super) fn parquet(rows: &RecordBatch, group: usize) -> Vec<u8> {
    let properties = parquet::file::properties::WriterProperties::builder()
        .set_max_row_group_row_count(Some(group))
        .build();
    let mut bytes = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, rows.schema(), Some(properties)).unwrap();
    writer.write(rows).unwrap();
    writer.close().unwrap();
    bytes
}

pub(super) fn arrow_file(rows: &RecordBatch) -> Vec<u8> {
    let mut writer = arrow_ipc::writer::FileWriter::try_new(Vec::new(), rows.schema_ref()).unwrap();
    writer.write(&rows.slice(0, 2)).unwrap();
    writer.write(&rows.slice(2, rows.num_rows() - 2)).unwrap();
    writer.into_inner().unwrap()
}

pub(super) fn arrow_stream(rows: &RecordBatch) -> Vec<u8> {
    let mut writer = arrow_ipc::writer::StreamWriter::try_new(Vec::new(), rows.schema_ref()).unwrap();
    writer.write(&rows.slice(0, 2)).unwrap();
    writer.write(&rows.slice(2, rows.num_rows() - 2)).unwrap();
    writer.into_inner().unwrap()
}

pub(super) fn database(statements: &str) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log.db");
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch(statements)
        .unwrap();
    std::fs::read(path).unwrap()
}

pub(super) const ARCHIVES: [(&str, Option<&str>, Pack); 7] = [
    (".tar", None, <[u8]>::to_vec),
    (".tar.gz", Some("gzip"), gzip),
    (".tgz", Some("gzip"), gzip),
    (".tar.xz", Some("xz"), xz),
    (".txz", Some("xz"), xz),
    (".tar.zst", Some("zstd"), zstd),
    (".tzst", Some("zstd"), zstd),
];
