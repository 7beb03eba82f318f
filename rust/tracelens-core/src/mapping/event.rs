//! The columns of an event, as `[event]` and the side that is read say them.

use super::field::{Field, Scope, Source};
use super::plan::Records;
use super::reference;
use super::section::{Section, Value};
use super::sides::Sides;
use super::test::Test;
use super::time::{self, TimeFormat};
use crate::error::{Code, Result, closest};
use crate::event::Precision;
use jiff::tz::TimeZone;

/// What a plan says about the columns of an event.
pub(super) struct Event {
    pub(super) user: Field,
    pub(super) time: Option<Field>,
    pub(super) time_formats: Vec<TimeFormat>,
    pub(super) coarsest: Option<Precision>,
    pub(super) zone_name: Option<String>,
    pub(super) zone: TimeZone,
    pub(super) time_precision: Option<Field>,
    pub(super) seq: Option<Field>,
    pub(super) scenario: Option<Field>,
    pub(super) action: Option<Field>,
    pub(super) role: Option<Field>,
    pub(super) valence: Option<Field>,
    pub(super) occurred: Option<Test>,
    pub(super) item: Option<Field>,
    pub(super) category: Option<Field>,
    pub(super) value: Option<Field>,
    pub(super) count: Option<Field>,
    pub(super) text: Option<Field>,
    pub(super) records: Records,
}

/// `[event]` with what a side lays over it: of a column that both name the side's counts.
struct Columns<'a>(Vec<Section<'a>>);

impl<'a> Columns<'a> {
    fn find(&self, column: &'static str) -> Option<(&Section<'a>, &'a Value<'a>)> {
        let mut found = None;
        // Every table is asked, so that none refuses a column that it has in vain.
        for section in &self.0 {
            found = found.or(section.value(column).map(|value| (section, value)));
        }
        found
    }

    fn field(&self, column: &'static str, scope: &Scope) -> Result<Option<Field>> {
        self.find(column)
            .map(|(section, value)| Field::parse(section, column, value, scope))
            .transpose()
    }
}

pub(super) fn event(root: &Section, sides: &Sides, melts: bool, scope: &Scope) -> Result<Event> {
    let base = root.section("event", reference::EVENT)?;
    if base.is_none() && !sides.may_complete() {
        let help = "it says where user, action and the other columns come from";
        return Err(root.incomplete("a mapping needs an [event] table", help));
    }
    let columns = Columns(sides.event()?.into_iter().chain(base).collect());
    // A column that is misspelt is not missing.
    columns.0.iter().try_for_each(Section::refuse_unknown)?;
    let missing = |column: &str, help: &str| {
        let said = format!("[event] has to say where the {column} comes from");
        Err(columns.0.last().unwrap_or(root).incomplete(said, help))
    };
    let user = match columns.field("user", scope)? {
        Some(user) => user,
        // Each side says its own, and is checked on its own.
        None if sides.unread() => Field::of(Source::Constant(String::new()), Some(0)),
        None => return missing("user", "for example user = \"user_id\""),
    };
    let action = columns.field("action", scope)?;
    if action.is_none() && !melts && !sides.unread() {
        return missing(
            "action",
            "for example action = \"event\", or list the flags of a row under [melt]",
        );
    }
    let occurred = columns
        .find("occurred")
        .map(|(section, value)| Test::parse(section, "occurred", value, scope))
        .transpose()?;
    let time = columns
        .find("time")
        .map(|(section, value)| self::time(section, value, scope))
        .transpose()?
        .unwrap_or_else(Time::none);
    let records = match columns.field("record", scope)? {
        None => Records::Rows,
        Some(field) => match field.source {
            Source::Index(level) if field.is_bare() => Records::Level(level),
            _ => Records::Value(Box::new(field)),
        },
    };
    let event = Event {
        user,
        time: time.field,
        time_formats: time.formats,
        coarsest: time.coarsest,
        zone_name: time.zone_name,
        zone: time.zone,
        time_precision: columns.field("time_precision", scope)?,
        seq: columns.field("seq", scope)?,
        scenario: columns.field("scenario", scope)?,
        action,
        role: columns.field("role", scope)?,
        valence: columns.field("valence", scope)?,
        occurred,
        item: columns.field("item", scope)?,
        category: columns.field("category", scope)?,
        value: columns.field("value", scope)?,
        count: columns.field("count", scope)?,
        text: columns.field("text", scope)?,
        records,
    };
    columns.0.iter().try_for_each(Section::finish)?;
    Ok(event)
}

const EXAMPLE: &str = "for example time = { path = \"ts\", format = [\"%Y-%m-%d %H:%M:%S\"], zone = \"UTC\" }";

/// What a mapping says about time.
struct Time {
    field: Option<Field>,
    formats: Vec<TimeFormat>,
    coarsest: Option<Precision>,
    zone_name: Option<String>,
    zone: TimeZone,
}

impl Time {
    /// A log without a clock.
    fn none() -> Self {
        Self {
            field: None,
            formats: Vec::new(),
            coarsest: None,
            zone_name: None,
            zone: TimeZone::UTC,
        }
    }
}

fn time<'a>(event: &Section<'a>, value: &'a Value<'a>, scope: &Scope) -> Result<Time> {
    if value.get_ref().is_str() {
        let said = "time has to say its format";
        return Err(event
            .document
            .error(Code::MappingIncomplete, said, &value.span())
            .help(EXAMPLE));
    }
    let section = event.section_of("time", value, reference::TIME)?;
    let field = Field::parse_section(&section, scope)?;
    let mut formats = Vec::new();
    for text in section
        .strings("format")?
        .ok_or_else(|| section.incomplete("time has to say its format", EXAMPLE))?
    {
        formats.push(TimeFormat::parse(&text).map_err(|why| {
            let error = section.fault(why, &text.span);
            match closest(&text, time::NAMES.map(|(name, ..)| name)) {
                Some(near) => error.help(format!("did you mean \"{near}\"?")),
                None => error.help("for example \"%Y-%m-%d %H:%M:%S\", \"rfc3339\" or \"epoch_ms\""),
            }
        })?);
    }
    let precisions = Precision::ALL.map(|p| (p.name(), p));
    let coarsest = section.word("precision", &precisions[..5])?;
    let (zone_name, zone) = zone(&section)?;
    section.finish()?;
    Ok(Time {
        field: Some(field),
        formats,
        coarsest,
        zone_name,
        zone,
    })
}

fn zone(time: &Section) -> Result<(Option<String>, TimeZone)> {
    let Some(name) = time.string("zone")? else {
        return Ok((None, TimeZone::UTC));
    };
    if let Ok(zone) = TimeZone::get(&name) {
        return Ok((Some(name.to_string()), zone));
    }
    let error = time.fault(format!("unknown time zone \"{name}\""), &name.span);
    let known: Vec<String> = jiff::tz::db().available().map(|n| n.to_string()).collect();
    Err(match closest(&name, known.iter().map(String::as_str)) {
        Some(near) => error.help(format!("did you mean \"{near}\"? (IANA names)")),
        None => error.help("IANA names, such as Asia/Shanghai or UTC"),
    })
}
