//! What has to hold whatever stands in a file: nothing panics, nothing is lost in silence, every error says where it is, and
//! neither where the text is cut nor how many threads read it makes a difference.

use std::path::Path;
use std::sync::OnceLock;
use tracelens_core::error::{Code, Error};
use tracelens_core::event::EventBatch;
use tracelens_core::mapping::Mapping;
use tracelens_core::reader::{OnBadRow, ReadOptions, ReadReport, Reader};

/// A piece that nothing is too large for.
const WHOLE: usize = 1 << 21;

/// An event, all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub user: String,
    pub time: i64,
    pub precision: u8,
    pub seq: u32,
    pub scenario: Option<String>,
    pub action: String,
    pub role: u8,
    pub valence: i8,
    pub occurred: bool,
    pub item: Option<String>,
    pub category: Option<String>,
    /// Bits of the number; those of NaN for none.
    pub value: u64,
    pub count: u32,
    pub text: Option<String>,
    pub record: u64,
}

/// The bits by which numbers are compared: there is but one NaN.
pub fn bits(number: f64) -> u64 {
    if number.is_nan() { f64::NAN } else { number }.to_bits()
}

fn events(batch: &EventBatch) -> impl Iterator<Item = Event> {
    let rows = batch.len();
    let lengths = [
        batch.user.codes.len(),
        batch.precision.len(),
        batch.scenario.codes.len(),
        batch.action.codes.len(),
        batch.role.len(),
        batch.valence.len(),
        batch.occurred.len(),
        batch.record.len(),
    ];
    assert_eq!(lengths, [rows; 8], "all columns have the same length");
    let optional = [
        batch.seq.len(),
        batch.item.codes.len(),
        batch.category.codes.len(),
        batch.value.len(),
        batch.count.len(),
        batch.text.len(),
    ];
    assert!(
        optional.iter().all(|n| [0, rows].contains(n)),
        "all or none of a column: {optional:?} of {rows}"
    );
    (0..rows).map(|i| Event {
        user: batch.user.get(i).expect("an event has a user").to_owned(),
        time: batch.time[i],
        precision: batch.precision[i] as u8,
        seq: batch.seq(i),
        scenario: batch.scenario.get(i).map(str::to_owned),
        action: batch.action.get(i).expect("an event has an action").to_owned(),
        role: batch.role[i] as u8,
        valence: batch.valence[i],
        occurred: batch.occurred[i],
        item: batch.item.get(i).map(str::to_owned),
        category: batch.category.get(i).map(str::to_owned),
        value: bits(batch.value(i)),
        count: batch.count(i),
        text: batch.text.get(i).map(str::to_owned),
        record: batch.record[i],
    })
}

/// All that was read of a file.
pub type Reading = Result<(Vec<Event>, ReadReport), Error>;

/// Read a file in pieces of about so many bytes.
pub fn read(name: &str, bytes: &[u8], mapping: &Mapping, on_bad_row: OnBadRow, piece_bytes: usize) -> Reading {
    let options = ReadOptions {
        on_bad_row,
        max_bad: None,
        text: true,
    };
    let mut reader = Reader::of_bytes_cut(Path::new(name), bytes.to_vec(), mapping.clone(), options, piece_bytes)?;
    let mut all = Vec::new();
    while let Some(group) = reader.next_group()? {
        all.extend(group.iter().flat_map(events));
    }
    Ok((all, reader.report().clone()))
}

/// How a file is read beside in one piece.
#[derive(Debug, Clone, Copy)]
pub struct Variation {
    /// Bytes of a piece.
    pub piece: usize,
    /// What tells the first bad row is read in pieces too.
    pub strict_in_pieces: bool,
    /// Also by two threads.
    pub threads: bool,
}

/// Read a file in one piece, and assert all that has to hold of it, read otherwise, too.
pub fn check(name: &str, bytes: &[u8], mapping: &Mapping, variation: Variation) {
    let Variation { piece, .. } = variation;
    let read = |on_bad_row, piece| read(name, bytes, mapping, on_bad_row, piece);
    let located = |error| is_located(error, Path::new(name), bytes);
    let whole = read(OnBadRow::Drop, WHOLE);
    let cut = read(OnBadRow::Drop, piece);
    match (&whole, &cut) {
        (Ok(whole), Ok(cut)) => {
            add_up(&whole.0, &whole.1);
            let mut cut = cut.clone();
            if Path::new(name).extension().is_some_and(|e| e == "json") {
                forgive_places_behind_a_cut(&whole.1, &mut cut.1);
            }
            assert_eq!(whole, &cut, "whole, and in pieces of {piece}");
        }
        // Of two faults in a text the one in front need not be met first.
        (Err(whole), Err(cut)) => {
            located(whole);
            located(cut);
        }
        (whole, cut) => panic!("whole: {whole:?}\nin pieces of {piece}: {cut:?}"),
    }
    // Where no row is bad it is the same to refuse them.
    let strict = read(OnBadRow::Error, if variation.strict_in_pieces { piece } else { WHOLE });
    match (&whole, &strict) {
        (Ok((_, report)), Err(error)) if bad_rows(report) => located(error),
        (Err(_), Err(error)) => located(error),
        (Ok((_, report)), Ok(_)) if !bad_rows(report) => assert_eq!(whole, strict, "bad rows are dropped, and refused"),
        (whole, strict) => panic!("bad rows are dropped: {whole:?}\nand refused: {strict:?}"),
    }
    if variation.threads {
        let by_two = two_threads().install(|| [OnBadRow::Drop, OnBadRow::Error].map(|mode| read(mode, piece)));
        assert_eq!(cut, by_two[0], "one thread, and two");
        assert_eq!(read(OnBadRow::Error, piece), by_two[1], "one thread, and two");
    }
}

/// Rows of a document share values that stand in front of them. Behind a cut such a value is known, but not where it stood: what
/// is wrong with it is said to be where the piece begins.
fn forgive_places_behind_a_cut(whole: &ReadReport, cut: &mut ReadReport) {
    for (reason, places) in &mut cut.examples {
        let there = whole.examples.get(reason).into_iter().flatten();
        for (place, there) in places.iter_mut().zip(there) {
            if let (Some((at, of)), Some((there_at, there_of))) = (byte(place), byte(there))
                && at > there_at
                && of == there_of
            {
                place.clone_from(there);
            }
        }
    }
}

/// The byte of a place, and what is said behind it.
fn byte(place: &str) -> Option<(u64, &str)> {
    let (_, said) = place.split_once("(byte ")?;
    let digits = said.find(|c: char| !c.is_ascii_digit())?;
    Some((said[..digits].parse().ok()?, &said[digits..]))
}

/// Whether rows were dropped that a mapping did not want to be.
fn bad_rows(report: &ReadReport) -> bool {
    report.dropped.keys().any(|reason| !is_wanted(reason))
}

fn is_wanted(reason: &str) -> bool {
    reason.contains("as the mapping says") || reason == "duplicate"
}

fn two_threads() -> &'static rayon::ThreadPool {
    static POOL: OnceLock<rayon::ThreadPool> = OnceLock::new();
    POOL.get_or_init(|| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(2)
            .build()
            .expect("two threads")
    })
}

/// Nothing is lost in silence.
fn add_up(events: &[Event], report: &ReadReport) {
    let dropped: u64 = report.dropped.values().sum();
    assert_eq!(report.events_used, events.len() as u64);
    assert_eq!(report.events_in, report.events_used + dropped);
    for file in &report.files {
        assert_eq!(file.events_in, file.events_used + file.dropped.values().sum::<u64>());
    }
    assert_eq!(report.events_in, report.files.iter().map(|f| f.events_in).sum::<u64>());
    for (reason, n) in &report.dropped {
        // Duplicates are told by the reader, which keeps no places.
        let examples = report.examples.get(reason).map_or(0, Vec::len) as u64;
        assert!(
            reason == "duplicate" || examples == 3.min(*n),
            "{n} x {reason}, {examples} examples"
        );
    }
}

/// An error says in which file, where in it, and how to mend it.
fn is_located(error: &Error, path: &Path, bytes: &[u8]) {
    let detail = error.detail();
    let place = detail.place.as_ref().unwrap_or_else(|| panic!("no place: {error}"));
    assert_eq!(place.path, path, "{error}");
    assert!(detail.help.is_some(), "no help: {error}");
    match (error.code(), place.line, place.column) {
        (Code::Compression, ..) => assert!(place.byte.is_some(), "no place in the file: {error}"),
        (_, Some(line), Some(column)) => {
            let lines = bytes.split(|&b| b == b'\n');
            let there = lines.clone().nth(line.saturating_sub(1) as usize);
            let length = there.map_or(0, |line| line.iter().filter(|&&b| b & 0xc0 != 0x80).count() as u64);
            assert!((1..=lines.count() as u64 + 1).contains(&line), "no such line: {error}");
            assert!((1..=length + 1).contains(&column), "no such column: {error}");
        }
        _ => panic!("no line and column: {error}"),
    }
    if let Some(snippet) = &detail.snippet {
        assert!(snippet.length >= 1, "{error}");
        assert!(
            snippet.start <= snippet.text.chars().count(),
            "the mark stands beside its text: {error}"
        );
    }
}

/// A mistake in a mapping is located too.
pub fn mapping_fault_is_located(error: &Error, path: &Path, text: &str) {
    is_located(error, path, text.as_bytes());
}
