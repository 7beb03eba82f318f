use super::*;
use crate::format::OnBadRow;
use crate::format::testing::{
    NESTED_MAPPING, SAMPLE_MAPPING, batches, disk, events, file, first_error, sample, sample_events,
};
use arrow_array::{Array, ArrayRef};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use arrow_schema::DataType;
use bytes::Bytes;
use std::path::Path;

/// The sample in batches of so many rows; some of its texts as codes.
fn parts(rows: usize) -> Vec<RecordBatch> {
    let all = sample();
    let coded = DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8));
    let columns = all
        .schema()
        .fields()
        .iter()
        .zip(all.columns())
        .map(|(field, column)| {
            let column: ArrayRef = match field.name().as_str() {
                "what" => arrow_cast::cast(column, &coded).unwrap(),
                _ => column.slice(0, column.len()),
            };
            (field.name().clone(), column)
        })
        .collect::<Vec<_>>();
    let all = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true))).unwrap();
    (0..6)
        .step_by(rows)
        .map(|from| all.slice(from, rows.min(6 - from)))
        .collect()
}

fn options(compression: Option<CompressionType>) -> IpcWriteOptions {
    IpcWriteOptions::default().try_with_compression(compression).unwrap()
}

fn as_file(parts: &[RecordBatch], compression: Option<CompressionType>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = FileWriter::try_new_with_options(&mut bytes, &parts[0].schema(), options(compression)).unwrap();
    for part in parts {
        writer.write(part).unwrap();
    }
    writer.finish().unwrap();
    drop(writer);
    bytes
}

fn as_stream(parts: &[RecordBatch], compression: Option<CompressionType>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = StreamWriter::try_new_with_options(&mut bytes, &parts[0].schema(), options(compression)).unwrap();
    for part in parts {
        writer.write(part).unwrap();
    }
    writer.finish().unwrap();
    drop(writer);
    bytes
}

fn memory(bytes: Vec<u8>) -> Source {
    Source::Memory(Bytes::from(bytes))
}

fn read(mapping: &str, source: Source, task_rows: usize) -> Vec<String> {
    let file = file(Path::new("log.arrow"), mapping, OnBadRow::Error);
    events(
        &file,
        &batches(open_in_tasks(Arc::clone(&file), source, task_rows).unwrap()).unwrap(),
    )
}

fn error(mapping: &str, bytes: Vec<u8>) -> Option<String> {
    let file = file(Path::new("log.arrow"), mapping, OnBadRow::Error);
    first_error(open(file, memory(bytes))).map(|e| e.to_string())
}

#[test]
fn events_are_those_of_the_same_lines() {
    for compression in [None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)] {
        for rows in [1, 4, 6] {
            for bytes in [as_file(&parts(rows), compression), as_stream(&parts(rows), compression)] {
                for (mapping, task_rows) in [
                    (SAMPLE_MAPPING, 1),
                    (SAMPLE_MAPPING, 2),
                    (SAMPLE_MAPPING, 100),
                    (NESTED_MAPPING, 3),
                ] {
                    assert_eq!(read(mapping, memory(bytes.clone()), task_rows), sample_events(mapping));
                }
            }
        }
    }
    let mut file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file, &as_file(&parts(2), None)).unwrap();
    let source = disk(file.path());
    assert_eq!(read(SAMPLE_MAPPING, source, 100), sample_events(SAMPLE_MAPPING));
}

#[test]
fn bad_rows_are_said_with_their_batch_and_counted_from_the_first_row() {
    let mapping = SAMPLE_MAPPING.replace("user = \"user\"", "user = { path = \"item\" }");
    for bytes in [as_file(&parts(4), None), as_stream(&parts(4), None)] {
        let said = error(&mapping, bytes.clone()).unwrap();
        assert!(
            said.contains("TL205") && said.contains("log.arrow: batch 1, row 2"),
            "{said}"
        );
        let log = file(Path::new("log.arrow"), &mapping, OnBadRow::Drop);
        for task_rows in [1, 100] {
            let all = batches(open_in_tasks(Arc::clone(&log), memory(bytes.clone()), task_rows).unwrap()).unwrap();
            assert_eq!(events(&log, &all).len(), 4);
            let places = all.iter().flat_map(|b| b.examples.values().flatten());
            let places: Vec<_> = places.map(|p| p.element.clone().unwrap()).collect();
            assert_eq!(places, ["batch 1, row 2", "batch 2, row 6"]);
        }
        let said = error(&SAMPLE_MAPPING.replace("\"item\"", "\"itm\""), bytes).unwrap();
        assert!(
            said.contains("TL214") && said.contains("did you mean \"item\"?"),
            "{said}"
        );
    }
}

#[test]
fn damaged_files_are_errors_and_never_panics() {
    for (bytes, stream) in [
        (as_file(&parts(4), None), false),
        (as_stream(&parts(4), Some(CompressionType::LZ4_FRAME)), true),
    ] {
        for length in (0..bytes.len()).step_by(5) {
            let said = error(SAMPLE_MAPPING, bytes[..length].to_vec());
            // A stream may end behind any batch.
            assert!(stream || said.is_some(), "{length}");
            if let Some(said) = said {
                assert!(said.contains("TL203") && said.contains("log.arrow"), "{length}: {said}");
            }
        }
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x55;
            let log = file(Path::new("log.arrow"), NESTED_MAPPING, OnBadRow::Drop);
            let _ = open(log, memory(bytes)).and_then(batches);
        }
    }
    assert!(
        error(SAMPLE_MAPPING, b"FEA1....".repeat(10))
            .unwrap()
            .contains("version 1 of Feather")
    );
    assert!(
        error(SAMPLE_MAPPING, b"user,at,what\n".repeat(100))
            .unwrap()
            .contains("TL203")
    );
    assert!(
        error(SAMPLE_MAPPING, Vec::new())
            .unwrap()
            .contains("does not begin with a schema")
    );
}
