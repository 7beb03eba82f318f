//! The expressions: Arrow arrays of one group in, one value out.

use super::abi::{Column, Expression, Input};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, UInt8Type, UInt16Type, UInt32Type,
};
use arrow_array::{
    Array, ArrayRef, DurationMicrosecondArray, Float64Array, LargeListArray, StringViewArray, StructArray,
    TimestampMicrosecondArray, UInt32Array,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field, Fields, TimeUnit};
use serde::Deserialize;
use std::sync::Arc;
use tracelens_core::axes::burstiness::burstiness;
use tracelens_core::axes::chains::{Chain, ChainOptions, any_chains};
use tracelens_core::axes::funnel::{self, STEPS};
use tracelens_core::event::Pool;

/// `burstiness(time)`: Kim and Jo's finite-size burstiness of one group.
pub(super) struct Burstiness;

impl Expression for Burstiness {
    fn output(inputs: &[Input]) -> Result<Field, String> {
        let [time] = inputs else {
            return Err(format!("burstiness takes 1 column, not {}", inputs.len()));
        };
        is_time("burstiness", time)?;
        Ok(Field::new(&time.name, DataType::Float64, true))
    }

    fn call(inputs: &[Input], columns: Vec<Column>, _: &[u8]) -> Result<ArrayRef, String> {
        let known: Vec<i64> = times(&chunks(inputs, columns)?[0])?.into_iter().flatten().collect();
        Ok(Arc::new(Float64Array::from(vec![burstiness(&known).map(|b| b.finite)])))
    }
}

/// `conversion_chains(time, scenario, conversion)`: the chains of one group.
pub(super) struct ConversionChains;

#[derive(Deserialize)]
struct Window {
    /// Microseconds.
    look_back: i64,
}

impl Expression for ConversionChains {
    fn output(inputs: &[Input]) -> Result<Field, String> {
        let [time, scenario, conversion] = inputs else {
            return Err(format!("conversion_chains takes 3 columns, not {}", inputs.len()));
        };
        let zone = is_time("conversion_chains", time)?;
        match &scenario.data_type {
            Ok(DataType::Utf8View) => {}
            Ok(DataType::Dictionary(_, values)) if **values == DataType::Utf8View => {}
            _ => return Err(wrong("conversion_chains", scenario, "String, Categorical or Enum")),
        }
        if conversion.data_type != Ok(DataType::Boolean) {
            return Err(wrong("conversion_chains", conversion, "Boolean"));
        }
        let chain = Field::new("item", DataType::Struct(chain_fields(zone)), true);
        Ok(Field::new(&time.name, DataType::LargeList(Arc::new(chain)), true))
    }

    fn call(inputs: &[Input], columns: Vec<Column>, kwargs: &[u8]) -> Result<ArrayRef, String> {
        let window: Window = serde_pickle::from_slice(kwargs, serde_pickle::DeOptions::new())
            .map_err(|e| format!("bad arguments: {e}"))?;
        let options = ChainOptions {
            look_back: window.look_back,
            ..ChainOptions::default()
        };
        let zone = is_time("conversion_chains", &inputs[0])?;
        let columns = chunks(inputs, columns)?;
        let all = height("conversion_chains", inputs, &columns)?;
        let mut names = Pool::default();
        let time = times(&columns[0])?;
        let scenario = codes(&columns[1], &mut names)?;
        let conversion = flags(&columns[2]);
        let row = |i: usize| Some((at(&time, i)?, at(&scenario, i)?, conversion[i % conversion.len()]));
        let (known, conversion): (Vec<_>, Vec<bool>) = (0..all).filter_map(row).map(|(t, s, c)| ((t, s), c)).unzip();
        let (time, scenario): (Vec<i64>, Vec<u32>) = known.into_iter().unzip();
        let chains = any_chains(&time, &scenario, &conversion, &options);
        let list = struct_array(&chains, &names, zone)?;
        let item = Field::new("item", list.data_type().clone(), true);
        let offsets = OffsetBuffer::from_lengths([chains.len()]);
        let array =
            LargeListArray::try_new(Arc::new(item), offsets, Arc::new(list), None).map_err(|e| e.to_string())?;
        Ok(Arc::new(array))
    }
}

/// `funnel(time, step, step, ...)`: how far one group got.
pub(super) struct Funnel;

#[derive(Deserialize)]
struct Modes {
    /// Microseconds.
    window: i64,
    strict_order: bool,
    strict_deduplication: bool,
    strict_increase: bool,
}

impl Expression for Funnel {
    fn output(inputs: &[Input]) -> Result<Field, String> {
        let Some((time, steps)) = inputs.split_first().filter(|(_, s)| (1..=STEPS).contains(&s.len())) else {
            let found = inputs.len().saturating_sub(1);
            return Err(format!("funnel takes 1 to {STEPS} steps, not {found}"));
        };
        is_time("funnel", time)?;
        match steps.iter().find(|step| step.data_type != Ok(DataType::Boolean)) {
            Some(step) => Err(wrong("funnel", step, "Boolean")),
            None => Ok(Field::new(&time.name, DataType::UInt32, true)),
        }
    }

    fn call(inputs: &[Input], columns: Vec<Column>, kwargs: &[u8]) -> Result<ArrayRef, String> {
        let modes: Modes = serde_pickle::from_slice(kwargs, serde_pickle::DeOptions::new())
            .map_err(|e| format!("bad arguments: {e}"))?;
        let funnel = funnel::Funnel {
            window: modes.window,
            strict_order: modes.strict_order,
            strict_deduplication: modes.strict_deduplication,
            strict_increase: modes.strict_increase,
        };
        let columns = chunks(inputs, columns)?;
        let all = height("funnel", inputs, &columns)?;
        let time = times(&columns[0])?;
        let mut steps = vec![0u32; all];
        for (step, column) in columns[1..].iter().enumerate() {
            let flags = flags(column);
            for (i, steps) in steps.iter_mut().enumerate() {
                *steps |= u32::from(flags[i % flags.len()]) << step;
            }
        }
        let row = |(i, steps): (usize, u32)| Some((at(&time, i)?, steps));
        let (times, steps): (Vec<i64>, Vec<u32>) = steps.into_iter().enumerate().filter_map(row).unzip();
        Ok(Arc::new(UInt32Array::from(vec![funnel.level(&times, &steps)])))
    }
}

/// How many rows a group has. A literal comes as one row.
fn height(expression: &str, inputs: &[Input], columns: &[Vec<ArrayRef>]) -> Result<usize, String> {
    let rows = columns
        .iter()
        .map(|c| c.iter().map(Array::len).sum())
        .collect::<Vec<usize>>();
    if rows.contains(&0) {
        return Ok(0);
    }
    let all = rows.iter().copied().max().unwrap_or(0);
    match rows.iter().position(|&n| n != all && n != 1) {
        None => Ok(all),
        Some(i) => {
            let (name, n) = (&inputs[i].name, rows[i]);
            Err(format!(
                "{expression}: column {name:?} has {n} rows where others have {all}"
            ))
        }
    }
}

/// A column of yes and no; null is no.
fn flags(chunks: &[ArrayRef]) -> Vec<bool> {
    let flags = chunks.iter().flat_map(AsArray::as_boolean);
    flags.map(|b| b.unwrap_or(false)).collect()
}

/// Row `i`, or the only row.
fn at<T: Copy>(values: &[Option<T>], i: usize) -> Option<T> {
    values[i % values.len()]
}

fn chain_fields(zone: Option<Arc<str>>) -> Fields {
    Fields::from(vec![
        Field::new("time", DataType::Timestamp(TimeUnit::Microsecond, zone), true),
        Field::new("depth", DataType::UInt32, true),
        Field::new("span", DataType::Duration(TimeUnit::Microsecond), true),
        Field::new("scenarios", DataType::UInt32, true),
        Field::new("path", DataType::Utf8View, true),
    ])
}

fn struct_array(chains: &[Chain], names: &Pool, zone: Option<Arc<str>>) -> Result<StructArray, String> {
    let time: TimestampMicrosecondArray = chains.iter().map(|c| Some(c.time)).collect();
    let depth: UInt32Array = chains.iter().map(|c| Some(c.depth)).collect();
    let span: DurationMicrosecondArray = chains.iter().map(|c| Some(c.span)).collect();
    let scenarios: UInt32Array = chains.iter().map(|c| Some(c.scenarios)).collect();
    let path = |c: &Chain| c.path.iter().map(|&code| names.get(code)).collect::<Vec<_>>().join(">");
    let path: StringViewArray = chains.iter().map(|c| Some(path(c))).collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(time.with_timezone_opt(zone.clone())),
        Arc::new(depth),
        Arc::new(span),
        Arc::new(scenarios),
        Arc::new(path),
    ];
    StructArray::try_new_with_length(chain_fields(zone), columns, None, chains.len()).map_err(|e| e.to_string())
}

fn wrong(expression: &str, input: &Input, wanted: &str) -> String {
    let found = match &input.data_type {
        Ok(data_type) => data_type.to_string(),
        Err(format) => format.clone(),
    };
    format!(
        "{expression}: column {:?} has to be {wanted}, but is {found} (as an Arrow type)",
        input.name
    )
}

/// The zone of a column of times.
fn is_time(expression: &str, input: &Input) -> Result<Option<Arc<str>>, String> {
    match &input.data_type {
        Ok(DataType::Timestamp(_, zone)) => Ok(zone.clone()),
        _ => Err(wrong(expression, input, "Datetime")),
    }
}

fn chunks(inputs: &[Input], columns: Vec<Column>) -> Result<Vec<Vec<ArrayRef>>, String> {
    let chunks = |(input, column): (&Input, Column)| column.chunks(input.data_type.as_ref().map_err(Clone::clone)?);
    inputs.iter().zip(columns).map(chunks).collect()
}

/// Beyond this, differences of times could overflow: some 70,000 years around 1970.
const FAR: i64 = 1 << 61;

/// Microseconds.
fn times(chunks: &[ArrayRef]) -> Result<Vec<Option<i64>>, String> {
    let mut times = Vec::with_capacity(chunks.iter().map(Array::len).sum());
    for chunk in chunks {
        match chunk.data_type() {
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                let chunk = chunk.as_primitive::<TimestampMillisecondType>();
                times.extend(chunk.iter().map(|t| t.map(|t| t.saturating_mul(1_000))));
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                times.extend(chunk.as_primitive::<TimestampMicrosecondType>());
            }
            DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                let chunk = chunk.as_primitive::<TimestampNanosecondType>();
                times.extend(chunk.iter().map(|t| t.map(|t| t.div_euclid(1_000))));
            }
            other => return Err(format!("no time in a column of {other}")),
        }
    }
    if times.iter().flatten().any(|t| !(-FAR..FAR).contains(t)) {
        return Err("a time is more than 70,000 years from 1970".to_owned());
    }
    Ok(times)
}

/// Codes of strings into `names`.
fn codes(chunks: &[ArrayRef], names: &mut Pool) -> Result<Vec<Option<u32>>, String> {
    let mut codes = Vec::with_capacity(chunks.iter().map(Array::len).sum());
    for chunk in chunks {
        match chunk.data_type() {
            DataType::Utf8View => codes.extend(chunk.as_string_view().iter().map(|s| s.map(|s| names.intern(s)))),
            DataType::Dictionary(key, _) => {
                // Only what the group uses is looked up: polars hands over all categories with each group.
                let words = chunk.as_any_dictionary().values().as_string_view();
                let mut code = |key: Option<usize>| {
                    let word = key.filter(|&k| words.is_valid(k)).map(|k| words.value(k));
                    word.map(|w| names.intern(w))
                };
                let keys = chunk.as_any_dictionary().keys();
                match **key {
                    DataType::UInt8 => codes.extend(
                        keys.as_primitive::<UInt8Type>()
                            .iter()
                            .map(|k| code(k.map(usize::from))),
                    ),
                    DataType::UInt16 => codes.extend(
                        keys.as_primitive::<UInt16Type>()
                            .iter()
                            .map(|k| code(k.map(usize::from))),
                    ),
                    DataType::UInt32 => {
                        codes.extend(
                            keys.as_primitive::<UInt32Type>()
                                .iter()
                                .map(|k| code(k.map(|k| k as usize))),
                        );
                    }
                    ref other => return Err(format!("no scenario in a column coded by {other}")),
                }
            }
            other => return Err(format!("no scenario in a column of {other}")),
        }
    }
    Ok(codes)
}
