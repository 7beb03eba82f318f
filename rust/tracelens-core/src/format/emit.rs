//! One row becomes one event, or is refused for a reason.

use super::look::{Look, bad_value, field_value, happened};
use super::{Row, Value};
use crate::error::{Code, Error};
use crate::event::{EventBatch, NO_TIME, Precision, Role};
use crate::mapping::field::{Field, FilePart, Source};
use crate::mapping::time::Clock;
use crate::mapping::{Plan, Records};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

/// What happens at a row that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnBadRow {
    /// Reading stops with an error.
    Error,
    /// The row is dropped and counted by reason.
    Drop,
}

/// Why rows are dropped that the mapping itself says to drop: they are not bad.
pub const UNWANTED: Reason = "unmapped value, dropped as the mapping says";

/// Why a row was dropped, in words.
pub type Reason = &'static str;

/// Parts of a file's path, as mappings ask for them.
#[derive(Debug, Clone, Default)]
pub struct FileContext {
    path: String,
    name: String,
    stem: String,
    parent: String,
}

impl FileContext {
    /// Of a path.
    pub fn new(path: &Path) -> Self {
        let lossy = |part: Option<&std::ffi::OsStr>| part.map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
        let name = lossy(path.file_name());
        Self {
            path: path.to_string_lossy().into_owned(),
            stem: name.split('.').next().unwrap_or_default().to_owned(),
            name,
            parent: lossy(path.parent().and_then(Path::file_name)),
        }
    }

    pub(super) fn part(&self, part: FilePart) -> &str {
        match part {
            FilePart::Path => &self.path,
            FilePart::Name => &self.name,
            FilePart::Stem => &self.stem,
            FilePart::Parent => &self.parent,
        }
    }
}

/// A row that cannot be an event.
#[derive(Debug)]
pub(super) struct Bad {
    pub(super) reason: Reason,
    /// The error without its place.
    pub(super) error: Error,
    /// The text to mark, to be looked for in the row.
    pub(super) text: Option<String>,
    /// What is wrong with it.
    pub(super) label: String,
    /// Whose row it is, if that is known.
    pub(super) user: Option<String>,
    /// Dropped without further ado, as the mapping says.
    pub(super) wanted: bool,
}

impl Bad {
    pub(super) fn new(reason: Reason, error: Error) -> Box<Self> {
        Box::new(Self {
            reason,
            error,
            text: None,
            label: String::new(),
            user: None,
            wanted: false,
        })
    }
}

/// Events of one task, with what was dropped. Record and row numbers count from 0 within the task; the reader moves them up.
#[derive(Debug, Default)]
pub struct Batch {
    /// The events.
    pub events: EventBatch,
    /// Rows that were to be events.
    pub rows_in: u64,
    /// Rows that the mapping leaves out.
    pub filtered: u64,
    /// Dropped rows by reason.
    pub dropped: BTreeMap<Reason, u64>,
    /// Places of the first dropped rows by reason.
    pub examples: BTreeMap<Reason, Vec<String>>,
    /// Records numbered so far.
    pub records: u64,
    /// Events without a record of their own where a field names the record: each is one, numbered by its row.
    pub unnumbered: Vec<usize>,
    /// Events whose `seq` is their position: where the mapping says so, or where neither it nor a clock tells the order.
    pub by_position: Vec<usize>,
    /// The first error, where errors stop the reading.
    pub error: Option<Error>,
    /// Values kept though a map did not know them: by map and value.
    pub unmapped: BTreeMap<(String, String), u64>,
}

/// Turns rows into events of a [`Batch`].
pub(super) struct Emitter<'p> {
    plan: &'p Plan,
    file: &'p FileContext,
    clock: Clock,
    with_text: bool,
    pub(super) batch: Batch,
}

impl<'p> Emitter<'p> {
    pub(super) fn new(plan: &'p Plan, file: &'p FileContext, with_text: bool) -> Self {
        Self {
            plan,
            file,
            clock: Clock::new(plan.zone.clone()),
            with_text,
            batch: Batch::default(),
        }
    }

    /// One row; `record` numbers the element that it was exploded from, where that makes a record.
    pub(super) fn row(&mut self, row: &impl Row, record: u64) -> Result<(), Box<Bad>> {
        for test in &self.plan.keep {
            let value = Look {
                row,
                file: self.file,
                position: 0,
                unmapped: BTreeMap::new(),
            }
            .text(&test.field)?;
            let crate::mapping::test::Check::Is(values) = &test.check else { continue };
            if !value.is_some_and(|v| values.iter().any(|k| *k == v)) {
                self.batch.filtered += 1;
                return Ok(());
            }
        }
        self.batch.rows_in += 1;
        self.event(row, record, None)
    }

    /// A record that lists nothing: it was seen.
    pub(super) fn bare_record(&mut self, row: &impl Row, record: u64) -> Result<(), Box<Bad>> {
        self.batch.rows_in += 1;
        self.event(row, record, Some("exposure"))
    }

    fn event<R: Row>(&mut self, row: &R, record: u64, bare: Option<&str>) -> Result<(), Box<Bad>> {
        let plan = self.plan;
        let position = self.batch.rows_in - 1;
        let mut look = Look {
            row,
            file: self.file,
            position,
            unmapped: BTreeMap::new(),
        };
        let missing_user = || {
            let error = Error::new(Code::MissingUser, "a row does not say whose it is");
            Bad::new(
                "missing user",
                error.help("map another field to user, or drop such rows with --on-bad-row drop"),
            )
        };
        let user = look.optional(Some(&plan.user))?.ok_or_else(missing_user)?;
        let named = |mut bad: Box<Bad>| {
            bad.user = Some(user.to_string());
            bad
        };
        let action = match bare {
            Some(action) => Cow::Borrowed(action),
            None => look.optional(plan.action.as_ref()).map_err(named)?.ok_or_else(|| {
                let error = Error::new(Code::BadValue, "a row does not say what was done");
                named(Bad::new(
                    "missing action",
                    error.help("give the action a default in the mapping"),
                ))
            })?,
        };
        let scenario = look.optional(plan.scenario.as_ref()).map_err(named)?;
        let item = look.optional(plan.item.as_ref()).map_err(named)?;
        let category = look.optional(plan.category.as_ref()).map_err(named)?;
        let said = if self.with_text {
            look.optional(plan.text.as_ref()).map_err(named)?
        } else {
            None
        };
        let precision = look.optional(plan.time_precision.as_ref()).map_err(named)?;
        let role = look.optional(plan.role.as_ref()).map_err(named)?;
        let valence = look.optional(plan.valence.as_ref()).map_err(named)?;
        let record_value = match &plan.records {
            Records::Value(field) => look.optional(Some(field)).map_err(named)?,
            _ => None,
        };
        let (time, precision) = self.time(&mut look, precision.as_deref()).map_err(named)?;
        let role = self.role(&action, role.as_deref(), bare.is_some()).map_err(named)?;
        let valence = self.valence(&action, valence.as_deref()).map_err(named)?;
        let occurred = bare.is_some() || happened(plan, row, &action);
        let value = look.number(plan.value.as_ref()).map_err(named)?;
        let count = look.number(plan.count.as_ref()).map_err(named)?;
        let seq = match &plan.seq {
            Some(Field {
                source: Source::Position,
                ..
            }) => None,
            field => look.number(field.as_ref()).map_err(named)?,
        };
        let unmapped = look.unmapped;

        let events = &mut self.batch.events;
        events.user.push(Some(&user));
        events.time.push(time);
        events.precision.push(precision);
        let by_position = matches!(&plan.seq, Some(f) if matches!(f.source, Source::Position));
        let seq = match seq {
            Some(given) => given,
            None if by_position || time == NO_TIME => {
                self.batch.by_position.push(events.seq.len());
                position as f64
            }
            None => 0.0,
        };
        events.seq.push(seq.clamp(0.0, f64::from(u32::MAX)) as u32);
        events.scenario.push(Some(scenario.as_deref().unwrap_or("all")));
        events.action.push(Some(&action));
        events.role.push(role);
        events.valence.push(valence);
        events.occurred.push(occurred);
        events.item.push(item.as_deref());
        events.category.push(category.as_deref());
        events.value.push(value.unwrap_or(f64::NAN));
        events
            .count
            .push(count.map_or(1, |c| c.clamp(0.0, f64::from(u32::MAX)) as u32));
        if self.with_text {
            events.text.push(said.as_deref());
        }
        events.record.push(match (record_value, &plan.records) {
            (Some(text), _) => text.parse().unwrap_or_else(|_| xxh3_64(text.as_bytes())),
            (None, Records::Level(_)) => record,
            (None, Records::Rows) => position,
            (None, Records::Value(_)) => {
                self.batch.unnumbered.push(events.record.len());
                position
            }
        });
        for (key, n) in unmapped {
            *self.batch.unmapped.entry(key).or_insert(0) += n;
        }
        Ok(())
    }

    fn time<'a, R: Row>(&mut self, look: &mut Look<'a, R>, declared: Option<&str>) -> Result<(i64, Precision), Box<Bad>>
    where
        'p: 'a,
    {
        let plan: &'p Plan = self.plan;
        let Some(field) = &plan.time else {
            return Ok((NO_TIME, Precision::None));
        };
        let raw = field_value(field, look.row);
        let number = match raw {
            Value::Int(i) => Some(i as f64),
            Value::Uint(u) => Some(u as f64),
            Value::Float(f) => Some(f),
            _ => None,
        };
        let found = match number {
            // Whole numbers go through their text: nanoseconds are beyond what a float can hold.
            Some(n) if n.fract() != 0.0 => self
                .clock
                .read_number(n, &self.plan.time_formats)
                .ok_or("expected a timestamp, found a number".to_owned()),
            _ => match look.optional(Some(field))? {
                Some(text) => self.clock.read(&text, &self.plan.time_formats),
                // In a mapping that says so a log may have no clock; elsewhere a row without a time is a mistake.
                None if field.optional => return Ok((NO_TIME, Precision::None)),
                None => Err("there is none".to_owned()),
            },
        };
        let (time, mut precision) = found.map_err(|why| self.bad_time(&raw, why))?;
        if let Some(p) = declared.and_then(Precision::parse).filter(|p| *p != Precision::None) {
            precision = p;
        }
        Ok((time, precision))
    }

    fn bad_time(&self, raw: &Value, why: String) -> Box<Bad> {
        let plan = self.plan;
        let formats: Vec<String> = plan.time_formats.iter().map(|f| format!("{f}")).collect();
        let zone = plan.zone_name.as_deref().unwrap_or("UTC");
        let error = Error::new(Code::Timestamp, "timestamp does not match any declared format")
            .note(format!("formats tried: {} (zone {zone})", formats.join(", ")))
            .help("drop such rows with --on-bad-row drop, or add a format to time in the mapping");
        let mut bad = Bad::new("bad timestamp", error);
        bad.text = raw.text().map(Cow::into_owned);
        bad.label = why;
        bad
    }

    fn role(&self, action: &str, declared: Option<&str>, bare: bool) -> Result<Role, Box<Bad>> {
        if bare {
            return Ok(Role::Exposure);
        }
        match declared {
            Some(name) => {
                Role::parse(name).ok_or_else(|| bad_value(name, "a role is exposure, passive, active or conversion"))
            }
            None => Ok(self.plan.roles.get(action).copied().unwrap_or(Role::Active)),
        }
    }

    fn valence(&self, action: &str, declared: Option<&str>) -> Result<i8, Box<Bad>> {
        match declared {
            Some(text) => match text.parse::<f64>() {
                Ok(v) if v > 0.0 => Ok(1),
                Ok(v) if v < 0.0 => Ok(-1),
                Ok(_) => Ok(0),
                Err(_) => Err(bad_value(text, "a valence is a number: its sign counts")),
            },
            None => Ok(self.plan.valences.get(action).copied().unwrap_or(0)),
        }
    }
}
