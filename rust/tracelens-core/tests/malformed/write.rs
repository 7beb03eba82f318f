//! The same rows in every format and packing.

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use std::io::Write;
use std::sync::Arc;

/// Columns of [`Row`].
pub(crate) const COLUMNS: [&str; 5] = ["user", "at", "what", "item", "price"];
/// Texts; an empty one is missing.
pub(crate) type Row = [&'static str; 5];

/// Six rows of which nothing is wrong.
pub(crate) const ROWS: [Row; 6] = [
    ["ann", "2025-09-01T10:00:00Z", "see", "i1", "1.5"],
    ["ben", "2025-09-01T11:00:00Z", "buy", "i2", "2"],
    ["cem", "2025-09-01T12:00:00Z", "see", "i1", "3"],
    ["ann", "2025-09-02T10:00:00Z", "see", "i2", "4"],
    ["ben", "2025-09-02T11:00:00Z", "buy", "i1", "5"],
    ["dia", "2025-09-02T12:00:00Z", "see", "i2", "6"],
];

/// How a format is written.
pub(crate) struct Form {
    /// The name of the file, whose suffix says the format.
    pub(crate) name: &'static str,
    pub(crate) write: fn(&[Row]) -> Vec<u8>,
    /// What its mapping begins with: the format, and where rows are found.
    pub(crate) head: &'static str,
    /// How the place of the third row is called, in a file without lines.
    pub(crate) element: Option<&'static str>,
}

pub(crate) const FORMS: [Form; 9] = [
    form("log.ndjson", ndjson, "format = \"ndjson\"", None),
    form(
        "log.json",
        json,
        "format = \"json\"\n[rows]\nexplode = [\"$[*]\"]",
        None,
    ),
    form("log.csv", csv, "format = \"delimited\"", None),
    form("log.tsv", tsv, "format = \"delimited\"", None),
    form(
        "log.parquet",
        parquet,
        "format = \"parquet\"",
        Some("row group 2, row 3"),
    ),
    form("log.arrow", arrow_file, "format = \"arrow\"", Some("batch 2, row 3")),
    form("log.ipc", arrow_stream, "format = \"arrow\"", Some("batch 2, row 3")),
    form("log.db", sqlite, "format = \"sqlite\"", Some("table log, row 3")),
    form(
        "log.xes",
        xes,
        "format = \"xes\"\n[rows]\nexplode = [\"$\", \"events[*]\"]",
        Some("/log/trace[3]/event[1]"),
    ),
];

const fn form(
    name: &'static str,
    write: fn(&[Row]) -> Vec<u8>,
    head: &'static str,
    element: Option<&'static str>,
) -> Form {
    Form {
        name,
        write,
        head,
        element,
    }
}

impl Form {
    pub(crate) fn mapping(&self) -> String {
        let user = if self.name.ends_with("xes") {
            "^.attributes.user"
        } else {
            "user"
        };
        format!(
            "version = 1\n{}\n[event]\nuser = {user:?}\ntime = {{ path = \"at\", format = [\"rfc3339\"] }}\naction = \"what\"\n\
             item = \"item\"\ncategory = {{ path = \"item\", map = \"kinds\", unmapped = \"error\" }}\nvalue = \"price\"\n\
             [map.kinds]\ni1 = \"tea\"\ni2 = \"pots\"\n",
            self.head
        )
    }
}

fn object(row: &Row) -> String {
    let members = COLUMNS.iter().zip(row).filter(|(_, value)| !value.is_empty());
    let members: Vec<String> = members
        .map(|(name, value)| format!("\"{name}\": \"{value}\""))
        .collect();
    format!("{{{}}}", members.join(", "))
}

fn ndjson(rows: &[Row]) -> Vec<u8> {
    rows.iter()
        .map(|row| object(row) + "\n")
        .collect::<String>()
        .into_bytes()
}

fn json(rows: &[Row]) -> Vec<u8> {
    let rows: Vec<String> = rows.iter().map(object).collect();
    format!("[\n{}\n]\n", rows.join(",\n")).into_bytes()
}

fn lines(rows: &[Row], separator: &str) -> Vec<u8> {
    let lines = std::iter::once(&COLUMNS).chain(rows);
    lines
        .map(|row| row.join(separator) + "\n")
        .collect::<String>()
        .into_bytes()
}

fn csv(rows: &[Row]) -> Vec<u8> {
    lines(rows, ",")
}

fn tsv(rows: &[Row]) -> Vec<u8> {
    lines(rows, "\t")
}

fn xes(rows: &[Row]) -> Vec<u8> {
    let attribute = |(name, value): (&&str, &&str)| match *value {
        "" => String::new(),
        value => format!("<string key=\"{name}\" value=\"{value}\"/>"),
    };
    let traces = rows.iter().map(|row| {
        let mut all = COLUMNS.iter().zip(row).map(attribute);
        let user = all.next().unwrap_or_default();
        format!(
            "<trace>{user}\n  <event>{}</event>\n</trace>\n",
            all.collect::<String>()
        )
    });
    format!("<?xml version=\"1.0\"?>\n<log>\n{}</log>\n", traces.collect::<String>()).into_bytes()
}

/// Two rows a batch.
fn batches(rows: &[Row]) -> Vec<RecordBatch> {
    let of = |rows: &[Row]| {
        let column = |i: usize| -> ArrayRef {
            let texts = rows.iter().map(|row| Some(row[i]).filter(|text| !text.is_empty()));
            Arc::new(texts.collect::<StringArray>())
        };
        let columns = COLUMNS.iter().enumerate().map(|(i, name)| (*name, column(i), true));
        RecordBatch::try_from_iter_with_nullable(columns).unwrap()
    };
    rows.chunks(2).map(of).collect()
}

fn parquet(rows: &[Row]) -> Vec<u8> {
    let (mut bytes, batches) = (Vec::new(), batches(rows));
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batches[0].schema(), None).unwrap();
    for batch in &batches {
        writer.write(batch).unwrap();
        // Each batch is a row group.
        writer.flush().unwrap();
    }
    writer.close().unwrap();
    bytes
}

fn arrow_file(rows: &[Row]) -> Vec<u8> {
    let (mut bytes, batches) = (Vec::new(), batches(rows));
    let mut writer = arrow_ipc::writer::FileWriter::try_new(&mut bytes, &batches[0].schema()).unwrap();
    for batch in &batches {
        writer.write(batch).unwrap();
    }
    writer.finish().unwrap();
    drop(writer);
    bytes
}

fn arrow_stream(rows: &[Row]) -> Vec<u8> {
    let (mut bytes, batches) = (Vec::new(), batches(rows));
    let mut writer = arrow_ipc::writer::StreamWriter::try_new(&mut bytes, &batches[0].schema()).unwrap();
    for batch in &batches {
        writer.write(batch).unwrap();
    }
    writer.finish().unwrap();
    drop(writer);
    bytes
}

fn sqlite(rows: &[Row]) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    database
        .execute_batch(&format!("create table log ({})", COLUMNS.join(", ")))
        .unwrap();
    for row in rows {
        let cells = row.map(|text| Some(text).filter(|text| !text.is_empty()));
        database
            .execute("insert into log values (?, ?, ?, ?, ?)", cells)
            .unwrap();
    }
    drop(database);
    std::fs::read(path).unwrap()
}

/// How a file is packed: what its name becomes, what its bytes become, and the path of what is in it.
pub(crate) struct Packing {
    pub(crate) suffix: &'static str,
    pub(crate) pack: fn(&str, &[u8]) -> Vec<u8>,
    /// Whether it is an archive, in which the file has its own name.
    pub(crate) archive: bool,
}

pub(crate) const PACKINGS: [Packing; 8] = [
    packing("", |_, bytes| bytes.to_vec()),
    packing(".gz", |_, bytes| gzip(bytes)),
    packing(".zst", |_, bytes| zst(bytes)),
    packing(".xz", |_, bytes| xz(bytes)),
    archive(".tar", tar),
    archive(".tar.gz", |name, bytes| gzip(&tar(name, bytes))),
    archive(".tar.zst", |name, bytes| zst(&tar(name, bytes))),
    archive(".tar.xz", |name, bytes| xz(&tar(name, bytes))),
];

const fn packing(suffix: &'static str, pack: fn(&str, &[u8]) -> Vec<u8>) -> Packing {
    Packing {
        suffix,
        pack,
        archive: false,
    }
}

const fn archive(suffix: &'static str, pack: fn(&str, &[u8]) -> Vec<u8>) -> Packing {
    Packing {
        suffix,
        pack,
        archive: true,
    }
}

impl Packing {
    /// The name of a file that is packed, and how the file in it is called in errors.
    pub(crate) fn names(&self, name: &str) -> (String, String) {
        if self.archive {
            let packed = format!("log{}", self.suffix);
            return (packed.clone(), format!("{packed}/{name}"));
        }
        let packed = format!("{name}{}", self.suffix);
        (packed.clone(), packed)
    }
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// With a check sum, as the command writes it.
fn zst(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn tar(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_data(&mut header, name, bytes).unwrap();
    archive.into_inner().unwrap()
}
