//! One row becomes one event, or is refused for a reason.

use super::Row;
use super::batch::{Bad, Batch, FileContext};
use super::fields::{Deed, Fields};
use super::look::Look;
use super::task::File;
use crate::event::{EventBatch, NO_TIME};
use crate::mapping::field::Source;
use crate::mapping::test::Test;
use crate::mapping::{Plan, Records};
use xxhash_rust::xxh3::xxh3_64;

/// Turns rows into events of a [`Batch`].
pub(super) struct Emitter<'f> {
    plan: &'f Plan,
    context: &'f FileContext,
    fields: Fields<'f>,
    pub(super) batch: Batch,
}

impl<'f> Emitter<'f> {
    /// With room for about so many events.
    pub(super) fn new(file: &'f File, room: usize) -> Self {
        Self {
            plan: &file.plan,
            context: &file.context,
            fields: Fields::new(file),
            batch: Batch {
                events: EventBatch::with_capacity(room),
                ..Batch::default()
            },
        }
    }

    /// One row; `record` numbers the element that it was exploded from, where that makes a record.
    #[inline]
    pub(super) fn row(&mut self, row: &impl Row, record: u64) -> Result<(), Box<Bad>> {
        for test in &self.plan.keep {
            if !self.holds(row, test)? {
                self.batch.filtered += 1;
                return Ok(());
            }
        }
        if !self.plan.melt.is_empty() {
            return self.melted(row, record);
        }
        let number = self.batch.rows_in;
        self.batch.rows_in += 1;
        self.event(row, record, number, Deed::Field)
    }

    /// A record that lists nothing: it was seen.
    pub(super) fn bare_record(&mut self, row: &impl Row, record: u64) -> Result<(), Box<Bad>> {
        let number = self.batch.rows_in;
        self.batch.rows_in += 1;
        self.event(row, record, number, Deed::Seen)
    }

    /// A row that lists actions by flags: one event for each that is set.
    fn melted(&mut self, row: &impl Row, record: u64) -> Result<(), Box<Bad>> {
        // Rows are counted apart from the events that are made of them.
        let number = self.batch.records;
        if matches!(self.plan.records, Records::Rows) {
            self.batch.records += 1;
        }
        let before = self.batch.rows_in;
        for (action, test) in &self.plan.melt {
            if self.holds(row, test)? {
                self.batch.rows_in += 1;
                self.event(row, record, number, Deed::Named(action))?;
            }
        }
        if self.batch.rows_in == before {
            if self.plan.exposure_by_record {
                self.batch.rows_in += 1;
                return self.event(row, record, number, Deed::Seen);
            }
            self.batch.filtered += 1;
        }
        Ok(())
    }

    /// Whether a test holds; a row of which that cannot be said was to be an event.
    fn holds(&mut self, row: &impl Row, test: &'f Test) -> Result<bool, Box<Bad>> {
        let mut look = Look {
            row,
            context: self.context,
            position: self.batch.rows_in,
            unmapped: &mut self.batch.unmapped,
        };
        let holds = look.holds(test);
        self.batch.rows_in += u64::from(holds.is_err());
        holds
    }

    #[inline]
    fn event(&mut self, row: &impl Row, record: u64, number: u64, deed: Deed) -> Result<(), Box<Bad>> {
        let plan = self.plan;
        let position = self.batch.rows_in - 1;
        let mut look = Look {
            row,
            context: self.context,
            position,
            unmapped: &mut self.batch.unmapped,
        };
        let events = &mut self.batch.events;
        let found = self.fields.read(&mut look, deed, events)?;
        // From here on nothing is refused: all columns grow by one.
        let record = match (&plan.records, found.record) {
            (Records::Level(_), _) => record,
            (Records::Rows, _) => number,
            (Records::Value(_), Some(text)) => text.parse().unwrap_or_else(|_| xxh3_64(text.as_bytes())),
            (Records::Value(_), None) => {
                self.batch.unnumbered.push(events.record.len());
                number
            }
        };
        if self.fields.with_text() {
            events.text.push(found.text.as_deref());
        }
        if !plan.unique.is_empty() {
            self.batch.unique.push((found.identity, number));
        }
        let (time, precision) = found.time;
        let by_position = time == NO_TIME || plan.seq.as_ref().is_some_and(|f| matches!(f.source, Source::Position));
        let seq = match found.seq {
            Some(given) => given,
            None if by_position => {
                self.batch.by_position.push(events.time.len());
                u32::try_from(position).unwrap_or(u32::MAX)
            }
            None => 0,
        };
        if seq != 0 || !events.seq.is_empty() {
            events.seq.resize(events.time.len(), 0);
            events.seq.push(seq);
        }
        events.user.codes.push(found.user);
        events.time.push(time);
        events.precision.push(precision);
        events.scenario.codes.push(found.scenario);
        events.action.codes.push(found.action);
        events.role.push(found.role);
        events.valence.push(found.valence);
        events.occurred.push(found.occurred);
        if plan.item.is_some() {
            events.item.codes.push(found.item);
        }
        if plan.category.is_some() {
            events.category.codes.push(found.category);
        }
        if plan.value.is_some() {
            events.value.push(found.value.unwrap_or(f64::NAN));
        }
        if plan.count.is_some() {
            events.count.push(found.count.unwrap_or(1));
        }
        events.record.push(record);
        Ok(())
    }
}
