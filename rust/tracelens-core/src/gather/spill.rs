//! Events that memory cannot hold, put aside on disk by users, so that all events of a user can be had together.

use super::chunk::{self, At};
use super::codes::{CODED, interned, ranked, recode};
use super::part::Part;
use super::scatter::part;
use super::traces::Facts;
use crate::error::{Code, Error, Result};
use crate::event::{EventBatch, Pool};
use rayon::prelude::*;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError};

/// Into how many partitions users are divided: one of them for each thread has to fit into memory.
const PARTITIONS: usize = 256;

/// As many partitions are written as bytes at a time.
const AT_ONCE: usize = 8;

/// Events put aside, in one file without a name: it is gone when this is dropped, and when the process dies of whatever.
#[derive(Debug)]
pub(super) struct Spill {
    file: Mutex<File>,
    /// Where the chunks of each partition lie, in the order in which they were read.
    chunks: Vec<Vec<(u64, usize)>>,
    end: u64,
    /// The strings behind the codes, column by column.
    pools: [Pool; 5],
    /// The partition of each user.
    partition: Vec<u16>,
    /// The rank of each code, once all are known; of a user, among those of its partition.
    ranks: [Vec<u32>; 5],
    /// The users of each partition, ascending.
    members: Vec<Vec<u32>>,
    facts: Facts,
}

impl Spill {
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            file: Mutex::new(tempfile::tempfile().map_err(|e| failed(&e))?),
            chunks: vec![Vec::new(); PARTITIONS],
            end: 0,
            pools: Default::default(),
            partition: Vec::new(),
            ranks: Default::default(),
            members: vec![Vec::new(); PARTITIONS],
            facts: Facts::default(),
        })
    }

    /// Put batches aside.
    pub(super) fn take(&mut self, mut batches: Vec<EventBatch>) -> Result<()> {
        self.facts = self.facts.join(Facts::of(&batches));
        let maps: Vec<Vec<Vec<u32>>> = self
            .pools
            .par_iter_mut()
            .zip(CODED)
            .map(|(pool, column)| batches.iter().map(|b| interned(column(b), pool)).collect())
            .collect();
        batches.par_iter_mut().enumerate().for_each(|(i, batch)| {
            recode(batch, std::array::from_fn(|column| maps[column][i].as_slice()));
        });
        let users = &self.pools[0];
        let known = self.partition.len() as u32;
        self.partition
            .extend((known..users.len() as u32).map(|user| partition_of(users.get(user))));
        let mut rows: Vec<Vec<At>> = vec![Vec::new(); PARTITIONS];
        for (i, batch) in batches.iter().enumerate() {
            for (row, &user) in batch.user.codes.iter().enumerate() {
                rows[usize::from(self.partition[user as usize])].push((i as u32, row as u32));
            }
        }
        let file = self.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        for (first, some) in (0..).step_by(AT_ONCE).zip(rows.chunks(AT_ONCE)) {
            let written: Vec<Vec<u8>> = some.par_iter().map(|rows| chunk::write(&batches, rows)).collect();
            for (p, bytes) in (first..).zip(written).filter(|(p, _)| !rows[*p].is_empty()) {
                file.write_all(&bytes).map_err(|e| failed(&e))?;
                self.chunks[p].push((self.end, bytes.len()));
                self.end += bytes.len() as u64;
            }
        }
        Ok(())
    }

    /// When nothing more comes: the sorted strings behind the codes, column by column, and what holds of all events.
    pub(super) fn close(&mut self) -> ([Vec<String>; 5], Facts) {
        let mut names: [Vec<String>; 5] = Default::default();
        let columns = self.pools.par_iter_mut().zip(&mut names).zip(&mut self.ranks);
        columns.for_each(|((pool, names), ranks)| (*names, *ranks) = ranked(&std::mem::take(pool)));
        let users = &mut self.ranks[0];
        let mut code_of = vec![0; users.len()];
        for (code, &rank) in users.iter().enumerate() {
            code_of[rank as usize] = code;
        }
        for (rank, code) in (0..).zip(code_of) {
            let members = &mut self.members[usize::from(self.partition[code])];
            users[code] = members.len() as u32;
            members.push(rank);
        }
        (names, self.facts)
    }

    /// How many partitions there are.
    pub(super) fn len(&self) -> usize {
        self.chunks.len()
    }

    /// All events of the users of a partition.
    pub(super) fn load(&self, partition: usize) -> Result<Part> {
        let read = |&(start, length): &(u64, usize)| -> Result<EventBatch> {
            let mut bytes = vec![0; length];
            {
                let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
                let place = file.seek(SeekFrom::Start(start));
                place
                    .and_then(|_| file.read_exact(&mut bytes))
                    .map_err(|e| failed(&e))?;
            }
            let damaged = || io::Error::new(io::ErrorKind::InvalidData, "they are not what was written");
            chunk::read(&bytes).ok_or_else(|| failed(&damaged()))
        };
        let mut batches = self.chunks[partition].iter().map(read).collect::<Result<Vec<_>>>()?;
        for batch in &mut batches {
            recode(batch, self.ranks.each_ref().map(Vec::as_slice));
        }
        let members = &self.members[partition];
        let mut part = part(&batches, members.len());
        for user in &mut part.users {
            *user = members[*user as usize];
        }
        Ok(part)
    }
}

/// Far apart for ids that are alike, and the same on every machine.
fn partition_of(user: &str) -> u16 {
    (xxhash_rust::xxh3::xxh3_64(user.as_bytes()) % PARTITIONS as u64) as u16
}

fn failed(error: &io::Error) -> Error {
    let place = std::env::temp_dir();
    Error::new(
        Code::Io,
        format!("events put aside in {} cannot be kept there: {error}", place.display()),
    )
    .help("set TMPDIR to a directory on a disk with more room, or allow more --memory")
}
