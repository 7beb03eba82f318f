//! A run of events as bytes, the way they lie on disk while memory does not suffice.
//!
//! Every column is its smallest number and, for each event, the distance from it in as few bytes as the largest needs: what a
//! log has nothing for takes none.

use crate::event::{Coded, EventBatch, Precision, Role, Texts};

/// An event: its batch and its row there.
pub(super) type At = (u32, u32);

/// These events, whose codes are those of one pool a column.
pub(super) fn write(batches: &[EventBatch], rows: &[At]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend((rows.len() as u64).to_le_bytes());
    let mut column = |of: fn(&EventBatch, usize) -> u64| {
        let number = |&(batch, row): &At| of(&batches[batch as usize], row as usize);
        pack(&mut out, rows.iter().map(number));
    };
    column(|b, r| code(&b.user, r));
    column(|b, r| ordered(b.time[r]));
    column(flags);
    column(|b, r| u64::from(b.seq(r)));
    column(|b, r| code(&b.scenario, r));
    column(|b, r| code(&b.action, r));
    column(|b, r| code(&b.item, r));
    column(|b, r| code(&b.category, r));
    column(|b, r| b.value(r).to_bits());
    column(|b, r| u64::from(b.count(r)));
    column(EventBatch::record);
    column(|b, r| b.text.get(r).map_or(0, |t| t.len() as u64 + 1));
    for &(batch, row) in rows {
        out.extend(
            batches[batch as usize]
                .text
                .get(row as usize)
                .unwrap_or_default()
                .bytes(),
        );
    }
    out
}

/// The events of a chunk, or `None` for bytes that are none.
pub(super) fn read(bytes: &[u8]) -> Option<EventBatch> {
    let (n, mut rest) = bytes.split_first_chunk::<8>()?;
    let n = usize::try_from(u64::from_le_bytes(*n)).ok()?;
    let rest = &mut rest;
    let coded = |codes: Vec<u32>| Coded {
        codes,
        ..Coded::default()
    };
    let user = unpack(rest, n, None, uncode)?;
    let time = unpack(rest, n, None, |x| (x ^ SIGN) as i64)?;
    let flags = unpack(rest, n, None, |x| x)?;
    let seq = unpack(rest, n, Some(0), |x| x as u32)?;
    let scenario = unpack(rest, n, None, uncode)?;
    let action = unpack(rest, n, None, uncode)?;
    let item = unpack(rest, n, Some(0), uncode)?;
    let category = unpack(rest, n, Some(0), uncode)?;
    let value = unpack(rest, n, Some(f64::NAN.to_bits()), f64::from_bits)?;
    let count = unpack(rest, n, Some(1), |x| x as u32)?;
    let record = unpack(rest, n, None, |x| x)?;
    let lengths = unpack(rest, n, Some(0), |x| x)?;
    let mut texts = Texts::default();
    for length in lengths {
        let Some(length) = length.checked_sub(1) else {
            texts.push(None);
            continue;
        };
        let (text, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        texts.push(Some(std::str::from_utf8(text).ok()?));
        *rest = after;
    }
    Some(EventBatch {
        user: coded(user),
        time,
        precision: flags
            .iter()
            .map(|f| Precision::ALL.get((f & 7) as usize).copied())
            .collect::<Option<_>>()?,
        seq,
        scenario: coded(scenario),
        action: coded(action),
        role: flags.iter().map(|f| Role::ALL[(f >> 3 & 3) as usize]).collect(),
        valence: flags.iter().map(|f| (f >> 5 & 3) as i8 - 1).collect(),
        occurred: flags.iter().map(|f| f >> 7 == 1).collect(),
        item: coded(item),
        category: coded(category),
        value,
        count,
        text: texts,
        record,
        first_record: 0,
    })
}

const SIGN: u64 = 1 << 63;

/// A number that orders as a time does.
fn ordered(time: i64) -> u64 {
    time as u64 ^ SIGN
}

/// A code as a small number, 0 for none.
fn code(column: &Coded, row: usize) -> u64 {
    column.codes.get(row).map_or(0, |c| u64::from(c.wrapping_add(1)))
}

fn uncode(number: u64) -> u32 {
    (number as u32).wrapping_sub(1)
}

fn flags(b: &EventBatch, row: usize) -> u64 {
    let valence = (b.valence[row] + 1) as u64;
    b.precision[row] as u64 | (b.role[row] as u64) << 3 | valence << 5 | u64::from(b.occurred[row]) << 7
}

fn pack(out: &mut Vec<u8>, numbers: impl Iterator<Item = u64> + Clone) {
    let (least, most) = numbers
        .clone()
        .fold((u64::MAX, 0), |(least, most), x| (least.min(x), most.max(x)));
    let least = least.min(most);
    let width = match most - least {
        0 => 0,
        1..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xffff_ffff => 4,
        _ => 8,
    };
    out.extend(least.to_le_bytes());
    out.push(width);
    let distances = numbers.map(|x| x - least);
    match width {
        0 => {}
        1 => narrow::<1>(out, distances),
        2 => narrow::<2>(out, distances),
        4 => narrow::<4>(out, distances),
        _ => narrow::<8>(out, distances),
    }
}

/// The lowest bytes of numbers.
fn narrow<const WIDTH: usize>(out: &mut Vec<u8>, numbers: impl Iterator<Item = u64>) {
    for number in numbers {
        out.extend_from_slice(&number.to_le_bytes()[..WIDTH]);
    }
}

/// The numbers of which these are the lowest bytes.
fn widen<const WIDTH: usize>(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.as_chunks::<WIDTH>().0.iter().map(|lowest| {
        let mut number = [0; 8];
        number[..WIDTH].copy_from_slice(lowest);
        u64::from_le_bytes(number)
    })
}

/// The next column of `n` numbers; empty if all of them are `usual`.
fn unpack<T: Clone>(rest: &mut &[u8], n: usize, usual: Option<u64>, of: impl Fn(u64) -> T) -> Option<Vec<T>> {
    let (least, after) = rest.split_first_chunk::<8>()?;
    let (&width, after) = after.split_first()?;
    let (bytes, after) = after.split_at_checked(n.checked_mul(usize::from(width))?)?;
    *rest = after;
    let least = u64::from_le_bytes(*least);
    let from = |distance: u64| of(least.wrapping_add(distance));
    Some(match width {
        0 if usual == Some(least) => Vec::new(),
        0 => vec![of(least); n],
        1 => widen::<1>(bytes).map(from).collect(),
        2 => widen::<2>(bytes).map(from).collect(),
        4 => widen::<4>(bytes).map(from).collect(),
        8 => widen::<8>(bytes).map(from).collect(),
        _ => return None,
    })
}
