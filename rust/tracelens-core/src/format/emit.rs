//! One row becomes one event, or is refused for a reason.

use super::look::{Look, UnmappedValues, bad_value, decimal, field_value, is_plain, is_unscaled};
use super::task::{File, Piece};
use super::{Row, Value};
use crate::error::{Code, Error, Place};
use crate::event::{Coded, EventBatch, NO_CODE, NO_TIME, Precision, Role};
use crate::input::text::snippet;
use crate::mapping::field::{Field, FilePart, Source};
use crate::mapping::test::{Check, Test};
use crate::mapping::time::Clock;
use crate::mapping::{Plan, Records};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

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

/// Why a row is dropped whose like was met before, as the mapping says.
pub const DUPLICATE: Reason = "duplicate";

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
    /// Address and length of the text to mark, where it stands in the log as it is.
    marked: Option<(usize, usize)>,
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
            marked: None,
            text: None,
            label: String::new(),
            user: None,
            wanted: false,
        })
    }

    /// The value that is wrong.
    pub(super) fn mark(&mut self, value: Value) {
        self.marked = value.raw().map(|raw| (raw.as_ptr() as usize, raw.len()));
    }

    /// Complete the error with its place: where its text stands in the row.
    pub(super) fn locate(self, file: &File, piece: &Piece, text: &str, row: Range<usize>) -> Error {
        let slice = &text[row.clone()];
        let marked = self.marked.and_then(|(address, length)| {
            let start = address.checked_sub(text.as_ptr() as usize)?;
            (start + length <= text.len()).then_some((start, length))
        });
        let found = marked.or_else(|| {
            let text = self.text.as_ref().filter(|t| !t.is_empty())?;
            let quoted = slice.find(&format!("\"{text}\"")).map(|i| i + 1);
            let at = quoted.or_else(|| slice.find(text.as_str()))?;
            Some((row.start + at, text.len()))
        });
        let (at, length) = found.unwrap_or((row.start, 1));
        let mut place = piece.place(&file.path, at);
        place.user = self.user;
        self.error.at(place).snippet(snippet(text, at, length, &self.label))
    }
}

/// Events of one task, with what was dropped. Record and row numbers count from 0 within the task, lines from its start; the
/// reader moves them up.
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
    pub examples: BTreeMap<Reason, Vec<Place>>,
    /// Records numbered so far.
    pub records: u64,
    /// The first record began in the task before.
    pub continued: bool,
    /// Events without a record of their own where a field names the record: each is one, numbered by its row.
    pub unnumbered: Vec<usize>,
    /// Events whose `seq` is their position: where the mapping says so, or where neither it nor a clock tells the order.
    pub by_position: Vec<usize>,
    /// What makes each event's row the same as another, where the mapping says so: a hash and the row's number.
    pub unique: Vec<(u128, u64)>,
    /// The first error, where errors stop the reading.
    pub error: Option<Error>,
    /// Values kept though a map did not know them: by map and value.
    pub unmapped: UnmappedValues,
    /// Line ends in the piece, and characters behind the last of them.
    pub extent: (u64, u64),
    /// Bytes on disk, where the task itself read the file.
    pub bytes: u64,
}

impl Batch {
    /// A batch without events, for this error.
    pub(crate) fn failed(error: Error) -> Self {
        Self {
            error: Some(error),
            ..Self::default()
        }
    }
}

/// Count a dropped row; keep the first places. To find a place costs time, and is not done for the others.
pub(super) fn drop_row(batch: &mut Batch, reason: Reason, error: impl FnOnce() -> Error) {
    *batch.dropped.entry(reason).or_insert(0) += 1;
    let examples = batch.examples.entry(reason).or_default();
    if examples.len() < 3
        && let Some(place) = &error().detail().place
    {
        examples.push(place.clone());
    }
}

/// A path or column whose value is taken as it is.
#[derive(Debug, Clone, Copy)]
enum Plain {
    Path(usize),
    Column(usize),
}

impl Plain {
    fn of(field: &Field) -> Option<Self> {
        match field.source {
            Source::Path(number) if is_plain(field) => Some(Self::Path(number)),
            Source::Column(number) if is_plain(field) => Some(Self::Column(number)),
            _ => None,
        }
    }

    #[inline]
    fn value<R: Row>(self, row: &R) -> Value<'_> {
        match self {
            Self::Path(number) => row.path(number),
            Self::Column(number) => row.column(number),
        }
    }
}

/// A text column and the field that fills it.
#[derive(Debug)]
struct Column<'f> {
    field: &'f Field,
    /// Where the value stands if nothing is done to it.
    plain: Option<Plain>,
    /// What the field gave for the element of its level that is being read.
    kept: (u64, u32),
}

impl<'f> Column<'f> {
    fn new(field: &'f Field) -> Self {
        Self {
            field,
            plain: Plain::of(field),
            kept: (u64::MAX, NO_CODE),
        }
    }

    /// The code of the row's value in its column.
    #[inline]
    fn code<'a, R: Row>(&mut self, look: &mut Look<'a, R>, into: &mut Coded) -> Result<u32, Box<Bad>>
    where
        'f: 'a,
    {
        let Some(level) = self.field.level else {
            return self.read(look, into);
        };
        let generation = look.row.generation(level);
        if self.kept.0 != generation {
            self.kept = (generation, self.read(look, into)?);
        }
        Ok(self.kept.1)
    }

    #[inline]
    fn read<'a, R: Row>(&self, look: &mut Look<'a, R>, into: &mut Coded) -> Result<u32, Box<Bad>>
    where
        'f: 'a,
    {
        if let Some(plain) = self.plain
            && let Value::Text(text) = plain.value(look.row)
        {
            return Ok(if text.is_empty() { NO_CODE } else { into.code(text) });
        }
        Ok(look
            .optional(Some(self.field))?
            .map_or(NO_CODE, |text| into.code(&text)))
    }
}

/// What a mapping says about an action.
#[derive(Debug, Clone, Copy)]
struct Facts<'f> {
    role: Role,
    valence: i8,
    happened: Option<&'f [Test]>,
}

/// Events for which a batch has room from the start.
const ROOM: usize = 1 << 12;

/// Turns rows into events of a [`Batch`].
pub(super) struct Emitter<'f> {
    plan: &'f Plan,
    context: &'f FileContext,
    clock: Clock,
    with_text: bool,
    user: Column<'f>,
    scenario: Option<Column<'f>>,
    action: Option<Column<'f>>,
    item: Option<Column<'f>>,
    category: Option<Column<'f>>,
    /// The time of the element of its level that is being read.
    time: (u64, (i64, Precision)),
    time_at: Option<Plain>,
    value_at: Option<Plain>,
    /// By code of the action.
    facts: Vec<Option<Facts<'f>>>,
    pub(super) batch: Batch,
}

impl<'f> Emitter<'f> {
    pub(super) fn new(file: &'f File) -> Self {
        let plan = file.plan.as_ref();
        Self {
            plan,
            context: &file.context,
            clock: Clock::new(plan.zone.clone()),
            with_text: file.with_text,
            user: Column::new(&plan.user),
            scenario: plan.scenario.as_ref().map(Column::new),
            action: plan.action.as_ref().map(Column::new),
            item: plan.item.as_ref().map(Column::new),
            category: plan.category.as_ref().map(Column::new),
            time: (u64::MAX, (NO_TIME, Precision::None)),
            time_at: plan.time.as_ref().and_then(Plain::of),
            value_at: plan.value.as_ref().filter(|f| is_unscaled(f)).and_then(Plain::of),
            facts: Vec::new(),
            batch: Batch {
                events: EventBatch::with_capacity(ROOM),
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
        let (events, unmapped) = (&mut self.batch.events, &mut self.batch.unmapped);
        let mut look = Look {
            row,
            context: self.context,
            position,
            unmapped,
        };
        let user = self.user.code(&mut look, &mut events.user)?;
        if user == NO_CODE {
            return Err(missing_user());
        }
        let mut fields = || -> Result<Fields, Box<Bad>> {
            let action = match deed {
                Deed::Field => match &mut self.action {
                    Some(column) => column.code(&mut look, &mut events.action)?,
                    None => NO_CODE,
                },
                Deed::Named(name) => events.action.code(name),
                Deed::Seen => events.action.code("exposure"),
            };
            if action == NO_CODE {
                return Err(missing_action());
            }
            let mut text = |column: &mut Option<Column<'f>>, into: &mut Coded| match column {
                Some(column) => column.code(&mut look, into),
                None => Ok(NO_CODE),
            };
            let scenario = match text(&mut self.scenario, &mut events.scenario)? {
                NO_CODE => events.scenario.code("all"),
                code => code,
            };
            let item = text(&mut self.item, &mut events.item)?;
            let category = text(&mut self.category, &mut events.category)?;
            let time = match &plan.time {
                None => (NO_TIME, Precision::None),
                Some(field) => {
                    let generation = field.level.map(|level| row.generation(level));
                    if generation != Some(self.time.0) {
                        let time = match self.time_at.map(|at| at.value(row)) {
                            Some(Value::Text(text) | Value::Number(text)) if plan.time_precision.is_none() => {
                                match self.clock.read(text, &plan.time_formats) {
                                    Ok((time, precision)) => (time, coarsened(plan, precision)),
                                    Err(_) => read_time(&mut look, field, plan, &mut self.clock)?,
                                }
                            }
                            _ => read_time(&mut look, field, plan, &mut self.clock)?,
                        };
                        self.time = (generation.unwrap_or(u64::MAX), time);
                    }
                    self.time.1
                }
            };
            let facts = known_facts(plan, &mut self.facts, action, &events.action);
            let role = match deed {
                Deed::Seen => Role::Exposure,
                _ => role(&mut look, plan, facts.role)?,
            };
            Ok(Fields {
                action,
                scenario,
                item,
                category,
                time,
                role,
                valence: valence(&mut look, plan, facts.valence)?,
                occurred: matches!(deed, Deed::Seen | Deed::Named(_)) || happened(&mut look, plan, facts.happened)?,
                value: match self.value_at.map(|at| at.value(row)) {
                    Some(Value::Number(written)) => Some(decimal(written)),
                    Some(Value::Missing) => None,
                    _ => look.number(plan.value.as_ref())?,
                },
                count: look.number(plan.count.as_ref())?,
                seq: match &plan.seq {
                    Some(field) if matches!(field.source, Source::Position) => None,
                    field => look.number(field.as_ref())?,
                },
            })
        };
        let fields = fields();
        let mut rest = || -> Result<Rest, Box<Bad>> {
            Ok(Rest {
                record: match &plan.records {
                    Records::Level(_) => Some(record),
                    Records::Rows => Some(number),
                    Records::Value(field) => look
                        .optional(Some(field))?
                        .map(|text| text.parse().unwrap_or_else(|_| xxh3_64(text.as_bytes()))),
                },
                text: look.optional(plan.text.as_ref().filter(|_| self.with_text))?,
                identity: identity(&mut look, &plan.unique)?,
            })
        };
        let (fields, rest) = match fields.and_then(|fields| Ok((fields, rest()?))) {
            Ok(all) => all,
            Err(mut bad) => {
                bad.user = events.user.pool.get(user).to_owned().into();
                return Err(bad);
            }
        };
        // Nothing is refused from here on: all columns grow by one.
        if rest.record.is_none() {
            self.batch.unnumbered.push(events.record.len());
        }
        if self.with_text {
            events.text.push(rest.text.as_deref());
        }
        if !plan.unique.is_empty() {
            self.batch.unique.push((rest.identity, number));
        }
        let (time, precision) = fields.time;
        let by_position = time == NO_TIME || plan.seq.as_ref().is_some_and(|f| matches!(f.source, Source::Position));
        let seq = match fields.seq {
            Some(given) => given,
            None if by_position => {
                self.batch.by_position.push(events.seq.len());
                position as f64
            }
            None => 0.0,
        };
        events.user.codes.push(user);
        events.time.push(time);
        events.precision.push(precision);
        events.seq.push(seq.clamp(0.0, f64::from(u32::MAX)) as u32);
        events.scenario.codes.push(fields.scenario);
        events.action.codes.push(fields.action);
        events.role.push(fields.role);
        events.valence.push(fields.valence);
        events.occurred.push(fields.occurred);
        events.item.codes.push(fields.item);
        events.category.codes.push(fields.category);
        events.value.push(fields.value.unwrap_or(f64::NAN));
        let count = fields.count.map_or(1, |c| c.clamp(0.0, f64::from(u32::MAX)) as u32);
        events.count.push(count);
        events.record.push(rest.record.unwrap_or(number));
        Ok(())
    }
}

/// What was done in a row.
#[derive(Debug, Clone, Copy)]
enum Deed<'f> {
    /// As the field says.
    Field,
    /// This.
    Named(&'f str),
    /// Nothing: it was seen.
    Seen,
}

/// What of an event may be wrong.
struct Fields {
    action: u32,
    scenario: u32,
    item: u32,
    category: u32,
    time: (i64, Precision),
    role: Role,
    valence: i8,
    occurred: bool,
    value: Option<f64>,
    count: Option<f64>,
    seq: Option<f64>,
}

/// What is not read but of a row that is an event otherwise.
struct Rest<'a> {
    record: Option<u64>,
    text: Option<Cow<'a, str>>,
    identity: u128,
}

#[cold]
fn missing_user() -> Box<Bad> {
    let error = Error::new(Code::MissingUser, "a row does not say whose it is");
    let help = "map another field to user, or drop such rows with --on-bad-row drop";
    Bad::new("missing user", error.help(help))
}

#[cold]
fn missing_action() -> Box<Bad> {
    let error = Error::new(Code::BadValue, "a row does not say what was done");
    Bad::new("missing action", error.help("give the action a default in the mapping"))
}

/// What a mapping says about an action, looked up once for each in a batch.
fn known_facts<'f>(plan: &'f Plan, known: &mut Vec<Option<Facts<'f>>>, action: u32, actions: &Coded) -> Facts<'f> {
    let code = action as usize;
    if known.len() <= code {
        known.resize(code + 1, None);
    }
    *known[code].get_or_insert_with(|| {
        let name = actions.pool.get(action);
        Facts {
            role: plan.roles.get(name).copied().unwrap_or(Role::Active),
            valence: plan.valences.get(name).copied().unwrap_or(0),
            happened: plan.happened.get(name).map(Vec::as_slice),
        }
    })
}

pub(super) fn happened<'a, R: Row>(
    look: &mut Look<'a, R>,
    plan: &'a Plan,
    tests: Option<&'a [Test]>,
) -> Result<bool, Box<Bad>> {
    if let Some(test) = &plan.occurred {
        // A column that says nothing about a row does not say that it did not happen.
        let silent = test.check == Check::True && look.optional(Some(&test.field))?.is_none();
        return Ok(silent || look.holds(test)?);
    }
    let Some(tests) = tests else { return Ok(true) };
    for test in tests {
        if look.holds(test)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn role<'a, R: Row>(look: &mut Look<'a, R>, plan: &'a Plan, by_action: Role) -> Result<Role, Box<Bad>> {
    match look.optional(plan.role.as_ref())? {
        Some(name) => {
            Role::parse(&name).ok_or_else(|| bad_value(&name, "a role is exposure, passive, active or conversion"))
        }
        None => Ok(by_action),
    }
}

fn valence<'a, R: Row>(look: &mut Look<'a, R>, plan: &'a Plan, by_action: i8) -> Result<i8, Box<Bad>> {
    let Some(field) = &plan.valence else {
        return Ok(by_action);
    };
    Ok(match look.number(Some(field))? {
        Some(v) if v > 0.0 => 1,
        Some(v) if v < 0.0 => -1,
        Some(_) => 0,
        None => by_action,
    })
}

/// A hash of what makes a row the same as another; 0 if it has none of it.
fn identity<'a, R: Row>(look: &mut Look<'a, R>, fields: &'a [Field]) -> Result<u128, Box<Bad>> {
    let mut hash = Xxh3::new();
    let mut any = false;
    for field in fields {
        let text = look.optional(Some(field))?;
        any |= text.is_some();
        // Lengths between the texts: "ab", "c" is not "a", "bc".
        hash.update(&text.as_ref().map_or(u64::MAX, |t| t.len() as u64).to_le_bytes());
        hash.update(text.as_deref().unwrap_or_default().as_bytes());
    }
    Ok(if any { hash.digest128().max(1) } else { 0 })
}

pub(super) fn read_time<'a, R: Row>(
    look: &mut Look<'a, R>,
    field: &'a Field,
    plan: &'a Plan,
    clock: &mut Clock,
) -> Result<(i64, Precision), Box<Bad>> {
    let raw = field_value(field, look.row);
    let found = match look.optional(Some(field))? {
        Some(text) => clock.read(&text, &plan.time_formats),
        // In a mapping that says so a log may have no clock; elsewhere a row without a time is a mistake.
        None if field.optional => return Ok((NO_TIME, Precision::None)),
        None => Err("there is none".to_owned()),
    };
    let (time, found) = found.map_err(|why| bad_time(plan, raw, why))?;
    let said = look.optional(plan.time_precision.as_ref())?;
    let said = said
        .as_deref()
        .and_then(Precision::parse)
        .filter(|p| *p != Precision::None);
    Ok((time, coarsened(plan, said.unwrap_or(found))))
}

fn coarsened(plan: &Plan, precision: Precision) -> Precision {
    plan.coarsest.map_or(precision, |coarsest| precision.max(coarsest))
}

#[cold]
fn bad_time(plan: &Plan, raw: Value, why: String) -> Box<Bad> {
    let formats: Vec<String> = plan.time_formats.iter().map(|f| format!("{f}")).collect();
    let zone = plan.zone_name.as_deref().unwrap_or("UTC");
    let error = Error::new(Code::Timestamp, "timestamp does not match any declared format")
        .note(format!("formats tried: {} (zone {zone})", formats.join(", ")))
        .help("drop such rows with --on-bad-row drop, or add a format to time in the mapping");
    let mut bad = Bad::new("bad timestamp", error);
    bad.mark(raw);
    bad.text = raw.text().map(std::borrow::Cow::into_owned);
    bad.label = why;
    bad
}
