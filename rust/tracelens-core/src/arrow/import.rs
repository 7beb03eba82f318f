//! A record batch handed over -> events. Missing columns get the defaults of the `events` mapping; wrong types are told by name.

use super::COLUMNS;
use crate::error::{Code, Error, Result, closest};
use crate::event::{Coded, EventBatch, NO_CODE, NO_TIME, Precision, Role, Texts};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType, UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, RecordBatch};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{DataType, TimeUnit};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The events of a frame with canonical column names, of which only `user` and `action` must be there.
///
/// `ordinal` is the number of rows in the batches before this one: it numbers records where there is no `record` column.
/// Dates and times without a zone are taken to be local in `zone`.
pub fn from_record_batch(batch: &RecordBatch, ordinal: u64, zone: &TimeZone) -> Result<EventBatch> {
    let frame = Frame { batch, ordinal };
    let rows = batch.num_rows();
    let ordinals = ordinal..ordinal + rows as u64;
    let (time, precision) = frame.time(zone)?;
    Ok(EventBatch {
        user: frame.required("user", Code::MissingUser)?,
        seq: match frame.numbers::<UInt32Type>("seq")? {
            Some(seq) => seq.into_iter().map(Option::unwrap_or_default).collect(),
            // Without a clock the rows themselves are the order.
            None if time.iter().all(|&t| t == NO_TIME) => ordinals.clone().map(|o| o as u32).collect(),
            None => Vec::new(),
        },
        time,
        precision,
        scenario: frame.scenario()?,
        action: frame.required("action", Code::Frame)?,
        role: frame
            .parsed("role", Role::parse, &Role::ALL.map(Role::name))?
            .map_or_else(|| vec![Role::Active; rows], |r| unwrap_all(r, Role::Active)),
        valence: frame.valence()?,
        occurred: frame.occurred()?,
        item: frame.coded("item")?.unwrap_or_default(),
        category: frame.coded("category")?.unwrap_or_default(),
        value: frame
            .numbers::<Float64Type>("value")?
            .map_or_else(Vec::new, |v| unwrap_all(v, f64::NAN)),
        count: frame
            .numbers::<UInt32Type>("count")?
            .map_or_else(Vec::new, |v| unwrap_all(v, 1)),
        text: frame.text()?,
        record: match frame.numbers::<UInt64Type>("record")? {
            Some(record) => record.into_iter().zip(ordinals).map(|(r, o)| r.unwrap_or(o)).collect(),
            None => Vec::new(),
        },
        first_record: ordinal,
    })
}

fn unwrap_all<T: Copy>(values: Vec<Option<T>>, default: T) -> Vec<T> {
    values.into_iter().map(|v| v.unwrap_or(default)).collect()
}

struct Frame<'a> {
    batch: &'a RecordBatch,
    ordinal: u64,
}

impl Frame<'_> {
    /// A column, unless it is missing or has the type "null", which says as much.
    fn column(&self, name: &str) -> Option<&ArrayRef> {
        self.batch
            .column_by_name(name)
            .filter(|c| c.data_type() != &DataType::Null)
    }

    fn wrong(&self, name: &str, why: &str) -> Error {
        let error = Error::new(Code::Frame, format!("column {name:?} of the frame {why}"));
        match self.batch.column_by_name(name) {
            Some(column) => error.note(format!("its type is {}", column.data_type())),
            None => error.note(format!("canonical columns: {}", COLUMNS.join(", "))),
        }
    }

    fn cast(&self, name: &str, column: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
        // Not safe: a value that does not fit is an error, not a null.
        let strict = CastOptions {
            safe: false,
            ..CastOptions::default()
        };
        cast_with_options(column, to, &strict).map_err(|e| self.wrong(name, &format!("cannot be read: {e}")))
    }

    fn coded(&self, name: &str) -> Result<Option<Coded>> {
        let Some(column) = self.column(name) else {
            return Ok(None);
        };
        let mut coded = Coded::default();
        if let Some(dictionary) = column.as_any_dictionary_opt() {
            let values = self.strings(name, dictionary.values())?;
            let map: Vec<u32> = values
                .as_string_view()
                .iter()
                .map(|v| v.map_or(NO_CODE, |v| coded.pool.intern(v)))
                .collect();
            let keys = self.cast(
                name,
                &arrow_array::make_array(dictionary.keys().to_data()),
                &DataType::UInt32,
            )?;
            let code = |key: Option<u32>| key.map_or(NO_CODE, |k| map[k as usize]);
            coded.codes = keys.as_primitive::<UInt32Type>().iter().map(code).collect();
        } else {
            for value in self.strings(name, column)?.as_string_view() {
                coded.push(value);
            }
        }
        Ok(Some(coded))
    }

    fn strings(&self, name: &str, column: &ArrayRef) -> Result<ArrayRef> {
        use DataType::{LargeUtf8, Utf8, Utf8View};
        if !matches!(column.data_type(), Utf8 | LargeUtf8 | Utf8View) {
            return Err(self
                .wrong(name, "has to be a string")
                .help(format!("cast it: pl.col({name:?}).cast(pl.String)")));
        }
        self.cast(name, column, &Utf8View)
    }

    fn required(&self, name: &str, null: Code) -> Result<Coded> {
        let Some(coded) = self.coded(name)? else {
            let error = self.wrong(name, "is missing");
            let schema = self.batch.schema();
            let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
            return Err(match closest(name, names.iter().copied()) {
                Some(near) => error.help(format!("did you mean the column {near:?}? rename it to {name:?}")),
                None => error.help(format!("rename one of {} to {name:?}", names.join(", "))),
            });
        };
        match coded.codes.iter().position(|&c| c == NO_CODE) {
            None => Ok(coded),
            Some(row) => {
                let message = format!(
                    "column {name:?} of the frame is null in row {}",
                    self.ordinal + row as u64
                );
                Err(Error::new(null, message)
                    .note("rows are counted from 0")
                    .help(format!("leave such rows out: frame.drop_nulls({name:?})")))
            }
        }
    }

    fn scenario(&self) -> Result<Coded> {
        let missing = || Coded {
            codes: vec![NO_CODE; self.batch.num_rows()],
            ..Coded::default()
        };
        let mut scenario = self.coded("scenario")?.unwrap_or_else(missing);
        if scenario.codes.contains(&NO_CODE) {
            let all = scenario.pool.intern("all");
            scenario
                .codes
                .iter_mut()
                .filter(|c| **c == NO_CODE)
                .for_each(|c| *c = all);
        }
        Ok(scenario)
    }

    fn text(&self) -> Result<Texts> {
        let Some(column) = self.column("text") else {
            return Ok(Texts::default());
        };
        if column.as_any_dictionary_opt().is_some() {
            let coded = self.coded("text")?.unwrap_or_default();
            return Ok((0..coded.codes.len()).map(|row| coded.get(row)).collect());
        }
        Ok(self.strings("text", column)?.as_string_view().iter().collect())
    }

    /// A column of a few known words.
    fn parsed<T: Copy>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Option<T>,
        known: &[&str],
    ) -> Result<Option<Vec<Option<T>>>> {
        let Some(coded) = self.coded(name)? else {
            return Ok(None);
        };
        let words = coded.pool.iter().map(|word| {
            parse(word)
                .ok_or_else(|| self.wrong(name, &format!("has the value {word:?}; known are {}", known.join(", "))))
        });
        let words: Vec<T> = words.collect::<Result<_>>()?;
        Ok(Some(
            coded.codes.iter().map(|&c| words.get(c as usize).copied()).collect(),
        ))
    }

    fn numbers<T: ArrowPrimitiveType>(&self, name: &str) -> Result<Option<Vec<Option<T::Native>>>> {
        let Some(column) = self.column(name) else {
            return Ok(None);
        };
        if !(column.data_type().is_integer() || T::DATA_TYPE.is_floating() && column.data_type().is_numeric()) {
            let wanted = if T::DATA_TYPE.is_floating() {
                "a number"
            } else {
                "an integer"
            };
            return Err(self.wrong(name, &format!("has to be {wanted}")));
        }
        Ok(Some(
            self.cast(name, column, &T::DATA_TYPE)?
                .as_primitive::<T>()
                .iter()
                .collect(),
        ))
    }

    fn valence(&self) -> Result<Vec<i8>> {
        let Some(valence) = self.numbers::<Int64Type>("valence")? else {
            return Ok(vec![0; self.batch.num_rows()]);
        };
        let within = |v: Option<i64>| match v.unwrap_or(0) {
            v @ -1..=1 => Ok(v as i8),
            v => Err(self.wrong("valence", &format!("has the value {v}; it has to be -1, 0 or 1"))),
        };
        valence.into_iter().map(within).collect()
    }

    fn occurred(&self) -> Result<Vec<bool>> {
        match self.column("occurred") {
            None => Ok(vec![true; self.batch.num_rows()]),
            Some(column) => match column.as_boolean_opt() {
                Some(flags) => Ok(flags.iter().map(|f| f.unwrap_or(true)).collect()),
                None => Err(self.wrong("occurred", "has to be boolean")),
            },
        }
    }

    /// Times in microseconds UTC, and how fine they are.
    fn time(&self, zone: &TimeZone) -> Result<(Vec<i64>, Vec<Precision>)> {
        let rows = self.batch.num_rows();
        let Some(column) = self.column("time") else {
            return Ok((vec![NO_TIME; rows], vec![Precision::None; rows]));
        };
        let (fineness, local) = match column.data_type() {
            DataType::Timestamp(unit, zone) => {
                let fineness = match unit {
                    TimeUnit::Second => Precision::Second,
                    TimeUnit::Millisecond => Precision::Milli,
                    TimeUnit::Microsecond | TimeUnit::Nanosecond => Precision::Micro,
                };
                (fineness, zone.is_none())
            }
            DataType::Date32 | DataType::Date64 => (Precision::Day, true),
            _ => {
                return Err(self
                    .wrong("time", "has to be a timestamp or a date")
                    .help("parse it first: pl.col(\"time\").str.to_datetime(), or pl.from_epoch(\"time\")"));
            }
        };
        // The zone of a timestamp is how it is shown, not when it was.
        let micros = match column.data_type() {
            DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
            _ => DataType::Timestamp(TimeUnit::Microsecond, None),
        };
        let column = self.cast("time", column, &micros)?;
        let moment = |t: Option<i64>| match t {
            None => Ok(NO_TIME),
            Some(t) if local && zone != &TimeZone::UTC => from_local(t, zone)
                .ok_or_else(|| self.wrong("time", &format!("has the value {t} us, which is no time in the zone"))),
            Some(t) => Ok(t),
        };
        let time: Vec<i64> = column
            .as_primitive::<TimestampMicrosecondType>()
            .iter()
            .map(moment)
            .collect::<Result<_>>()?;
        let said = self.parsed("time_precision", Precision::parse, &Precision::ALL.map(Precision::name))?;
        let precision = time
            .iter()
            .enumerate()
            .map(|(row, &t)| match said.as_ref().and_then(|s| s[row]) {
                _ if t == NO_TIME => Precision::None,
                None | Some(Precision::None) => fineness,
                Some(said) => said,
            });
        let precision = precision.collect();
        Ok((time, precision))
    }
}

/// Microseconds UTC of a wall clock that shows `t` microseconds since 1970.
fn from_local(t: i64, zone: &TimeZone) -> Option<i64> {
    let shown = TimeZone::UTC.to_datetime(Timestamp::from_microsecond(t).ok()?);
    Some(zone.to_timestamp(shown).ok()?.as_microsecond())
}
