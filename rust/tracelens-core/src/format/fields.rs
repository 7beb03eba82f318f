//! The fields of an event, read from a row.

use super::batch::Bad;
use super::look::{Look, UnmappedValues, bad_value, decimal, field_value, is_decimal, is_plain, is_unscaled};
use super::task::File;
use super::{Row, Value};
use crate::error::{Code, Error};
use crate::event::{Coded, EventBatch, NO_CODE, NO_TIME, Precision, Role};
use crate::mapping::field::{Field, Source};
use crate::mapping::test::{Check, Test};
use crate::mapping::time::Clock;
use crate::mapping::{Plan, Records};
use std::borrow::Cow;
use xxhash_rust::xxh3::Xxh3;

/// What was done in a row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Deed<'f> {
    /// As the field says.
    Field,
    /// This.
    Named(&'f str),
    /// Nothing: it was seen.
    Seen,
}

/// What a row says.
pub(super) struct Found<'a> {
    pub(super) user: u32,
    pub(super) action: u32,
    pub(super) scenario: u32,
    pub(super) item: u32,
    pub(super) category: u32,
    pub(super) time: (i64, Precision),
    pub(super) role: Role,
    pub(super) valence: i8,
    pub(super) occurred: bool,
    pub(super) value: Option<f64>,
    pub(super) count: Option<u32>,
    pub(super) seq: Option<u32>,
    /// What names its record.
    pub(super) record: Option<Cow<'a, str>>,
    /// What was said.
    pub(super) text: Option<Cow<'a, str>>,
    /// What makes the row the same as another: a hash, or 0.
    pub(super) identity: u128,
}

/// Reads the fields of events, one row after the other; what belongs to an element of an outer level is read once.
pub(super) struct Fields<'f> {
    plan: &'f Plan,
    clock: Clock,
    with_text: bool,
    user: Column<'f>,
    scenario: Option<Column<'f>>,
    action: Option<Column<'f>>,
    item: Option<Column<'f>>,
    category: Option<Column<'f>>,
    /// The time of the element of its level that is being read.
    time: (u64, (i64, Precision)),
    time_noted: UnmappedValues,
    time_at: Option<Plain>,
    value_at: Option<Plain>,
    /// By code of the action.
    facts: Vec<Option<Facts<'f>>>,
}

impl<'f> Fields<'f> {
    pub(super) fn new(file: &'f File) -> Self {
        let plan = file.plan.as_ref();
        Self {
            plan,
            clock: Clock::new(plan.zone.clone()),
            with_text: file.with_text,
            user: Column::new(&plan.user),
            scenario: plan.scenario.as_ref().map(Column::new),
            action: plan.action.as_ref().map(Column::new),
            item: plan.item.as_ref().map(Column::new),
            category: plan.category.as_ref().map(Column::new),
            time: (u64::MAX, (NO_TIME, Precision::None)),
            time_noted: UnmappedValues::new(),
            time_at: plan.time.as_ref().and_then(Plain::of),
            value_at: plan.value.as_ref().filter(|f| is_unscaled(f)).and_then(Plain::of),
            facts: Vec::new(),
        }
    }

    /// Whether what was said is kept.
    pub(super) fn with_text(&self) -> bool {
        self.with_text
    }

    /// All that a row says; texts become codes of the columns of `events`, to which nothing else is added.
    #[inline]
    pub(super) fn read<'a, R: Row>(
        &mut self,
        look: &mut Look<'a, R>,
        deed: Deed,
        events: &mut EventBatch,
    ) -> Result<Found<'a>, Box<Bad>>
    where
        'f: 'a,
    {
        let user = self.user.code(look, &mut events.user)?;
        if user == NO_CODE {
            return Err(missing_user());
        }
        self.read_rest(look, deed, user, events).map_err(|mut bad| {
            bad.user = events.user.pool.get(user).to_owned().into();
            bad
        })
    }

    #[inline]
    fn read_rest<'a, R: Row>(
        &mut self,
        look: &mut Look<'a, R>,
        deed: Deed,
        user: u32,
        events: &mut EventBatch,
    ) -> Result<Found<'a>, Box<Bad>>
    where
        'f: 'a,
    {
        let plan = self.plan;
        let action = match deed {
            Deed::Field => Column::code_of(&mut self.action, look, &mut events.action)?,
            Deed::Named(name) => events.action.code(name),
            Deed::Seen => events.action.code("exposure"),
        };
        if action == NO_CODE {
            return Err(missing_action());
        }
        let scenario = match Column::code_of(&mut self.scenario, look, &mut events.scenario)? {
            NO_CODE => events.scenario.code("all"),
            code => code,
        };
        let item = Column::code_of(&mut self.item, look, &mut events.item)?;
        let category = Column::code_of(&mut self.category, look, &mut events.category)?;
        let time = self.read_time(look)?;
        let facts = known_facts(plan, &mut self.facts, action, &events.action);
        let role = match deed {
            Deed::Seen => Role::Exposure,
            _ => role(look, plan, facts.role)?,
        };
        Ok(Found {
            user,
            action,
            scenario,
            item,
            category,
            time,
            role,
            valence: valence(look, plan, facts.valence)?,
            occurred: matches!(deed, Deed::Seen | Deed::Named(_)) || happened(look, plan, facts.happened)?,
            value: match self.value_at.map(|at| at.value(look.row)) {
                Some(Value::Number(written)) => Some(decimal(written)),
                Some(Value::Missing) => None,
                Some(Value::Text(text)) if is_decimal(text) => Some(decimal(text)),
                _ => look.number(plan.value.as_ref())?,
            },
            count: look.whole(plan.count.as_ref())?,
            seq: match &plan.seq {
                Some(field) if matches!(field.source, Source::Position) => None,
                field => look.whole(field.as_ref())?,
            },
            record: match &plan.records {
                Records::Value(field) => look.optional(Some(field))?,
                _ => None,
            },
            text: if self.with_text {
                look.optional(plan.text.as_ref())?
            } else {
                None
            },
            identity: if plan.unique.is_empty() {
                0
            } else {
                identity(look, &plan.unique)?
            },
        })
    }

    /// The time of the row, read once for all rows of its element.
    #[inline]
    fn read_time<'a, R: Row>(&mut self, look: &mut Look<'a, R>) -> Result<(i64, Precision), Box<Bad>>
    where
        'f: 'a,
    {
        let plan = self.plan;
        let Some(field) = &plan.time else {
            return Ok((NO_TIME, Precision::None));
        };
        let generation = field.level.map(|level| look.row.generation(level));
        if generation == Some(self.time.0) {
            look.note(&self.time_noted);
            return Ok(self.time.1);
        }
        let written = match self.time_at.map(|at| at.value(look.row)) {
            Some(Value::Text(text) | Value::Number(text)) if plan.time_precision.is_none() => Some(text),
            _ => None,
        };
        let time = match written.map(|text| self.clock.read(text, &plan.time_formats)) {
            Some(Ok((time, precision))) => (time, coarsened(plan, precision)),
            _ => {
                let (time, noted) = look.noting(|look| read_time(look, field, plan, &mut self.clock));
                self.time_noted = noted;
                time?
            }
        };
        self.time = (generation.unwrap_or(u64::MAX), time);
        Ok(time)
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
    /// Unmapped values in it. Each row counts, or the count would tell where a document was cut.
    noted: UnmappedValues,
}

impl<'f> Column<'f> {
    fn new(field: &'f Field) -> Self {
        Self {
            field,
            plain: Plain::of(field),
            kept: (u64::MAX, NO_CODE),
            noted: UnmappedValues::new(),
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
        if self.kept.0 == generation {
            look.note(&self.noted);
        } else {
            let (code, noted) = look.noting(|look| self.read(look, into));
            (self.kept, self.noted) = ((generation, code?), noted);
        }
        Ok(self.kept.1)
    }

    /// The same of a column that a mapping may not have.
    #[inline]
    fn code_of<'a, R: Row>(column: &mut Option<Self>, look: &mut Look<'a, R>, into: &mut Coded) -> Result<u32, Box<Bad>>
    where
        'f: 'a,
    {
        match column {
            Some(column) => column.code(look, into),
            None => Ok(NO_CODE),
        }
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
    let written = match raw {
        // A time is no id, which would have to keep all its digits.
        Value::Number(written) if is_plain(field) => Some(Cow::Borrowed(written)),
        _ => look.optional(Some(field))?,
    };
    let found = match written {
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
