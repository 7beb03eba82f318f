//! When the rows of a table were, and how fine that is.

use super::super::fields::read_time;
use super::column::{Column, Kind, Written};
use super::rows::{By, Rows, pick};
use crate::event::{NO_TIME, Precision};
use crate::mapping::field::Field;
use crate::mapping::time::Clock;
use jiff::tz::TimeZone;

/// The times of these rows.
pub(super) fn times(rows: &Rows, of: &[u32]) -> (Vec<i64>, Vec<Precision>) {
    let plan = rows.file.plan.as_ref();
    let Some(field) = &plan.time else {
        return (vec![NO_TIME; of.len()], vec![Precision::None; of.len()]);
    };
    if plan.time_precision.is_none()
        && let Some(column) = rows.plain(field)
        && let Some(found) = column_times(rows, of, field, column)
    {
        return found;
    }
    let mut columns = rows.columns_of(field);
    columns.extend(plan.time_precision.iter().flat_map(|f| rows.columns_of(f)));
    columns.sort_unstable();
    columns.dedup();
    let rarely_alike = |&c: &usize| matches!(rows.columns[c].kind, Kind::Text(_) | Kind::Float(_));
    let by = if columns.iter().any(rarely_alike) {
        By::Price
    } else {
        By::Class
    };
    let blank = (NO_TIME, Precision::None);
    let mut clock = Clock::new(plan.zone.clone());
    let found = rows.each(of, &columns, by, (plan, blank), |look, plan| {
        read_time(look, plan.time.as_ref()?, plan, &mut clock).ok()
    });
    found.into_iter().unzip()
}

/// The times of a column as it is, if it holds timestamps, numbers or texts.
fn column_times(rows: &Rows, of: &[u32], field: &Field, column: &Column) -> Option<(Vec<i64>, Vec<Precision>)> {
    let plan = rows.file.plan.as_ref();
    let (formats, mut clock) = (&plan.time_formats, Clock::new(plan.zone.clone()));
    let first = formats.get(..1);
    let read = Times {
        rows,
        of,
        column,
        optional: field.optional,
    };
    Some(match &column.kind {
        Kind::Time {
            micros,
            precision,
            zoned,
        } => {
            let known = jiff::Timestamp::MIN.as_microsecond()..=jiff::Timestamp::MAX.as_microsecond();
            let as_they_are = *zoned || plan.zone == TimeZone::UTC;
            let picked = pick(of, micros);
            if as_they_are && column.nulls().is_none() && picked.iter().all(|at| known.contains(at)) {
                let precision = plan.coarsest.map_or(*precision, |coarsest| coarsest.max(*precision));
                return Some((picked.into_owned(), vec![precision; of.len()]));
            }
            read.all(|row| {
                let at = Some(micros[row]).filter(|at| known.contains(at))?;
                Some((if as_they_are { at } else { clock.read_local(at)? }, *precision))
            })
        }
        // A number goes by the first format that fits, which need not be the first that counts.
        Kind::Int(numbers) if first.is_some_and(|first| clock.read_whole(0, first).is_some()) => {
            let first = first.unwrap_or_default();
            read.all(|row| {
                let number = numbers[row];
                clock
                    .read_whole(number, first)
                    .or_else(|| clock.read(&number.to_string(), formats).ok())
            })
        }
        Kind::Float(_) => read.all(|row| match column.written(row) {
            Written::Number(text) | Written::Text(text) => clock.read(&text, formats).ok(),
            _ => None,
        }),
        Kind::Text(texts) => read.all(|row| {
            Some(texts.value(row))
                .filter(|t| !t.is_empty())
                .and_then(|t| clock.read(t, formats).ok())
        }),
        _ => return None,
    })
}

/// The rows of a column of times.
struct Times<'t> {
    rows: &'t Rows<'t>,
    of: &'t [u32],
    column: &'t Column,
    optional: bool,
}

impl Times<'_> {
    fn all(&self, mut read: impl FnMut(usize) -> Option<(i64, Precision)>) -> (Vec<i64>, Vec<Precision>) {
        let coarsest = self.rows.file.plan.coarsest.unwrap_or(Precision::Micro);
        let (mut times, mut precisions) = (Vec::with_capacity(self.of.len()), Vec::with_capacity(self.of.len()));
        for &row in self.of {
            let (time, precision) = if self.column.is_null(row as usize) {
                self.optional.then_some((NO_TIME, Precision::None))
            } else {
                read(row as usize).map(|(time, precision)| (time, precision.max(coarsest)))
            }
            .unwrap_or_else(|| {
                self.rows.bad(row);
                (NO_TIME, Precision::None)
            });
            times.push(time);
            precisions.push(precision);
        }
        (times, precisions)
    }
}
