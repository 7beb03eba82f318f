//! A question about a row: whether a flag is set, a value is one of some, a number lies above another.

use super::field::{Field, Scope};
use super::reference;
use super::section::{Section, Text, Value};
use crate::error::Result;

/// What is asked of the value.
#[derive(Debug, Clone, PartialEq)]
pub enum Check {
    /// A flag is set: true, a number above 0, a text that does not say no.
    True,
    /// It is one of these.
    Is(Vec<String>),
    /// There is one, and it is none of these.
    Not(Vec<String>),
    /// It is a number above this.
    Above(f64),
    /// It is a number below this.
    Below(f64),
    /// There is one, or there is none.
    Present(bool),
}

/// A test of a field.
#[derive(Debug, Clone)]
pub struct Test {
    /// Whose value.
    pub field: Field,
    /// What is asked of it.
    pub check: Check,
}

impl Test {
    /// From a path, which has to be true, or from a field's table with a check in it.
    pub(super) fn parse<'a>(owner: &Section<'a>, name: &str, value: &'a Value<'a>, scope: &Scope) -> Result<Self> {
        if !value.get_ref().is_table() {
            return Ok(Self {
                field: Field::parse(owner, name, value, scope)?,
                check: Check::True,
            });
        }
        let section = owner.section_of(name, value, reference::TEST)?;
        let field = Field::parse_section(&section, scope)?;
        let check = check(&section)?;
        section.finish()?;
        Ok(Self { field, check })
    }

    /// From one test or a list of them.
    pub(super) fn parse_all<'a>(
        owner: &Section<'a>,
        name: &str,
        value: &'a Value<'a>,
        scope: &Scope,
    ) -> Result<Vec<Self>> {
        let all = owner.some_of(value, "a test or a list of tests")?;
        all.into_iter().map(|v| Self::parse(owner, name, v, scope)).collect()
    }
}

fn check(section: &Section) -> Result<Check> {
    let owned = |texts: Vec<Text>| texts.iter().map(ToString::to_string).collect();
    let checks = [
        ("is", section.strings("is")?.map(|t| Check::Is(owned(t)))),
        ("not", section.strings("not")?.map(|t| Check::Not(owned(t)))),
        ("above", section.number("above")?.map(Check::Above)),
        ("below", section.number("below")?.map(Check::Below)),
        ("present", section.boolean("present")?.map(Check::Present)),
    ];
    let mut said = checks.into_iter().filter_map(|(key, check)| Some((key, check?)));
    match (said.next(), said.next()) {
        (None, _) => Ok(Check::True),
        (Some((_, check)), None) => Ok(check),
        (Some((first, _)), Some((second, _))) => Err(section
            .fault(
                format!("a test asks one thing: {first} or {second}"),
                &section.span_of(second),
            )
            .help("write two tests in a list: both have to hold")),
    }
}
