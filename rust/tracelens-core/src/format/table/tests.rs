use super::*;
use crate::format::OnBadRow;
use crate::format::testing::{events, file};
use arrow_array::builder::{Int64Builder, MapBuilder, StringBuilder};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray, StructArray,
    TimestampMicrosecondArray, UInt8Array,
};
use arrow_buffer::OffsetBuffer;
use arrow_cast::cast;
use arrow_schema::TimeUnit;
use proptest::prelude::*;
use std::path::Path;

const MAPPING: &str = r#"
version = 1
format = ["parquet", "ndjson"]
[rows]
keep = { path = "word", is = ["a", "b", "exposure", "12", "12.5"] }
[event]
user = "user"
time = { path = "time", format = ["epoch_ms", "%Y-%m-%d %H:%M:%S"], zone = "Europe/Berlin", optional = true }
time_precision = { path = "word", map = "precision" }
scenario = { path = "word", map = "words", unmapped = "keep", prefix = "in " }
action = { first = ["action", "word"], default = "none" }
role = { path = "role", strip = ["!"] }
valence = "number"
item = { join = ["number", "time", "absent"], separator = "/" }
category = { path = "float", pattern = "([0-9]+)" }
value = { first = ["float", "number"] }
count = "number"
seq = "number"
text = { path = "word", measure = "chars" }
record = "number"
[role]
exposure = ["a"]
passive = ["12"]
[valence]
negative = ["a", "b"]
[occurred]
a = { true = ["flag", "float"] }
[map.words]
a = "A"
[map.precision]
a = "day"
b = "s"
"#;

/// The mapping, and others like it.
fn mappings() -> Vec<String> {
    let word = "\"word\"";
    vec![
        MAPPING.replace(
            "item = { join = [\"number\", \"time\", \"absent\"]",
            "item = { join = [\"number\", \"time\"]",
        ),
        // Plain columns.
        format!(
            r#"
version = 1
format = ["parquet", "ndjson"]
[event]
user = "user"
time = {{ path = "time", format = ["epoch_s", "%Y-%m-%d %H:%M:%S"] }}
action = {word}
item = "number"
category = "flag"
value = "float"
text = "user"
seq = {{ position = true }}
occurred = "flag"
"#
        ),
        format!(
            r#"
version = 1
format = ["parquet", "ndjson"]
[event]
user = {{ path = "user", default = "nobody" }}
time = {{ first = ["time", "action"], format = ["%Y-%m-%d %H:%M:%S", "epoch_us"], optional = true }}
scenario = {{ file = "stem", pattern = "^(.)" }}
action = {{ const = "see" }}
item = {{ path = "float", prefix = "f" }}
record = {{ index = 0 }}
value = {{ path = "word", strip = ["a"] }}
"#
        ),
        format!(
            r#"
version = 1
format = ["parquet", "ndjson"]
[event]
user = "user"
action = {{ path = {word}, map = "words", unmapped = "drop" }}
category = {{ path = "role", map = "words", unmapped = "error" }}
[map.words]
a = "A"
b = "B"
exposure = "A"
"#
        ),
        // Tests of every kind.
        format!(
            r#"
version = 1
format = ["parquet", "ndjson"]
[rows]
keep = [{{ path = "flag", present = true }}, {{ path = "action", not = ["b"] }}, {{ path = {word}, present = true }}]
[event]
user = "user"
time = {{ path = "time", format = ["epoch_ms", "%Y-%m-%d %H:%M:%S"], optional = true, precision = "min" }}
action = "action"
value = {{ path = "number", scale = 0.5, offset = -3 }}
count = {{ path = "float", scale = 2.0, default = "9" }}
[occurred]
a = {{ true = [{{ path = "number", above = 1 }}, {{ path = "float", below = 3 }}] }}
12 = {{ true = ["word", {{ path = "role", is = ["b", "exposure"] }}] }}
exposure = {{ true = [{{ path = "number", present = false }}] }}
"#
        ),
        format!(
            r#"
version = 1
format = ["parquet", "ndjson"]
[event]
user = "user"
time = {{ path = "time", format = ["epoch_ns", "%Y-%m-%d %H:%M:%S"], optional = true, zone = "Asia/Shanghai" }}
action = "action"
occurred = {{ path = "number", above = 1 }}
item = {{ path = "float", strip = ["7"] }}
"#
        ),
    ]
}

type Cells = Vec<(
    Option<i64>,
    Option<u8>,
    Option<u8>,
    Option<u8>,
    Option<f64>,
    Option<bool>,
)>;

const WORDS: [&str; 8] = [
    "a",
    "b",
    "exposure",
    "12",
    "12.5",
    "",
    "é\"\\\n茶",
    "2025-03-30 02:30:00",
];

fn cells() -> impl Strategy<Value = Cells> {
    let word = || prop::option::weighted(0.9, 0u8..WORDS.len() as u8);
    let number = prop_oneof![
        -3i64..20,
        Just(i64::MIN),
        Just(i64::MAX),
        Just(9_007_199_254_740_993),
        0i64..2_000_000_000_000
    ];
    let float = prop_oneof![
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(0.0),
        Just(1e300),
        -2.0..30.0,
        Just(7.0)
    ];
    let row = (
        prop::option::weighted(0.9, number),
        word(),
        word(),
        word(),
        prop::option::of(float),
        prop::option::of(any::<bool>()),
    );
    prop::collection::vec(row, 0..30)
}

fn types() -> (Vec<DataType>, Vec<DataType>, Vec<DataType>, Vec<DataType>) {
    use DataType as T;
    let coded = |key: T, value: T| T::Dictionary(Box::new(key), Box::new(value));
    let texts = vec![
        T::Utf8,
        T::LargeUtf8,
        T::Utf8View,
        coded(T::Int32, T::Utf8),
        coded(T::UInt8, T::LargeUtf8),
        coded(T::Int64, T::Utf8View),
    ];
    let whole = vec![
        T::Int64,
        T::Int8,
        T::UInt16,
        T::UInt64,
        T::Int32,
        T::Float32,
        T::Decimal128(30, 2),
        coded(T::Int16, T::Int64),
    ];
    let mut times = texts.clone();
    times.extend([T::Int64, T::Float64, T::Date32, T::Date64, T::Boolean]);
    for unit in [
        TimeUnit::Second,
        TimeUnit::Millisecond,
        TimeUnit::Microsecond,
        TimeUnit::Nanosecond,
    ] {
        times.push(T::Timestamp(unit, None));
        times.push(T::Timestamp(unit, Some("+02:00".into())));
    }
    (texts, whole, times, vec![T::Float64, T::Float32, T::Float16])
}

fn column(name: &str, array: &dyn Array, to: &DataType) -> (String, ArrayRef) {
    (name.to_owned(), cast(array, to).unwrap())
}

fn table(cells: &Cells, pick: &[usize]) -> RecordBatch {
    let (texts, whole, times, floats) = types();
    let words = |of: &dyn Fn(usize) -> Option<u8>| -> StringArray {
        (0..cells.len()).map(|i| of(i).map(|w| WORDS[w as usize])).collect()
    };
    let numbers: Int64Array = cells.iter().map(|c| c.0).collect();
    let small: Int64Array = cells.iter().map(|c| c.1.map(i64::from)).collect();
    let of = |types: &[DataType], i: usize| types[pick[i] % types.len()].clone();
    let time_type = of(&times, 0);
    let time = match &time_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..) => {
            column("time", &words(&|i| cells[i].2), &time_type)
        }
        DataType::Date32 => column("time", &cast(&small, &DataType::Int32).unwrap(), &time_type),
        _ => column("time", &numbers, &time_type),
    };
    let user = match pick[1] % 3 {
        0 => column("user", &numbers, &DataType::Int64),
        _ => column("user", &words(&|i| cells[i].1), &of(&texts, 1)),
    };
    let number = if pick[2].is_multiple_of(2) {
        column("number", &numbers, &DataType::Int64)
    } else {
        column("number", &small, &of(&whole, 2))
    };
    let float: Float64Array = cells.iter().map(|c| c.4).collect();
    let flag: BooleanArray = cells.iter().map(|c| c.5).collect();
    let columns = [
        time,
        user,
        number,
        column("word", &words(&|i| cells[i].3), &of(&texts, 3)),
        column("action", &words(&|i| cells[i].2), &of(&texts, 4)),
        column("role", &words(&|i| cells[i].3.filter(|w| *w < 3)), &of(&texts, 5)),
        column("float", &float, &of(&floats, 6)),
        column("flag", &flag, &DataType::Boolean),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

/// The columns that a table is read with.
fn read(table: &Table, of: &RecordBatch) -> RecordBatch {
    of.project(&table.read).unwrap()
}

/// What both ways make of a table has to be the same.
fn compare(file: &File, of: &RecordBatch) -> Result<(), TestCaseError> {
    let by_columns = Table::new(file, of.schema_ref()).unwrap();
    prop_assert!(by_columns.by_columns);
    let by_lines = Table {
        file: Arc::clone(&by_columns.file),
        of_path: by_columns.of_path.clone(),
        read: by_columns.read.clone(),
        by_columns: false,
    };
    let rows = read(&by_columns, of);
    let (a, b) = (by_columns.events(&rows, "row", 1), by_lines.events(&rows, "row", 1));
    if a.error.is_some() || b.error.is_some() {
        prop_assert_eq!(a.error.map(|e| e.to_string()), b.error.map(|e| e.to_string()));
        return Ok(());
    }
    prop_assert_eq!(&a.dropped, &b.dropped);
    prop_assert_eq!(&a.examples, &b.examples);
    prop_assert_eq!((a.rows_in, a.filtered, a.records), (b.rows_in, b.filtered, b.records));
    prop_assert_eq!((&a.by_position, &a.unnumbered), (&b.by_position, &b.unnumbered));
    prop_assert_eq!(&a.unmapped, &b.unmapped);
    prop_assert_eq!(events(file, &[a]), events(file, &[b]));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn by_columns_and_as_lines_are_the_same(
        cells in cells(),
        pick in prop::collection::vec(0usize..1000, 7),
        which in 0usize..6,
        drop in any::<bool>(),
    ) {
        let on_bad_row = if drop { OnBadRow::Drop } else { OnBadRow::Error };
        let file = file(Path::new("x/log.parquet"), &mappings()[which], on_bad_row);
        compare(&file, &table(&cells, &pick))?;
    }
}

/// The events of a table, whichever way it is read.
fn table_events(mapping: &str, rows: &RecordBatch) -> (bool, Batch) {
    let file = file(Path::new("log.parquet"), mapping, OnBadRow::Drop);
    let table = Table::new(&file, rows.schema_ref()).unwrap();
    (table.by_columns, table.events(&read(&table, rows), "row", 1))
}

fn all_events(mapping: &str, rows: &RecordBatch) -> Vec<String> {
    let (by_columns, batch) = table_events(mapping, rows);
    assert!(!by_columns);
    events(&file(Path::new("log.parquet"), mapping, OnBadRow::Drop), &[batch])
}

const INSIDE: &str = r#"
version = 1
format = ["parquet", "ndjson"]
[event]
user = "who.name"
time = { path = "who.at", format = ["%d.%m.%Y"], zone = "Europe/Berlin" }
action = "tags[1]"
item = "prices[0]"
value = "prices[0]"
category = "map.a"
text = "numbers.7"
count = "who.count"
"#;

#[test]
fn what_lies_inside_values_keeps_its_digits_and_its_clock() {
    let micros = |zone: Option<&str>| {
        let at = TimestampMicrosecondArray::from(vec![Some(1_756_684_800_123_456), None]);
        Arc::new(at.with_timezone_opt(zone)) as ArrayRef
    };
    let member = |name: &str, array: ArrayRef| {
        let field = arrow_schema::Field::new(name, array.data_type().clone(), true);
        (Arc::new(field), array)
    };
    let lists = |from: &dyn Array, element: &DataType| -> ArrayRef {
        let element = Arc::new(arrow_schema::Field::new("item", element.clone(), true));
        let list = arrow_array::ListArray::new(
            Arc::clone(&element),
            OffsetBuffer::from_lengths([2, 1]),
            cast(from, element.data_type()).unwrap(),
            None,
        );
        Arc::new(list)
    };
    let mut map = MapBuilder::new(None, StringBuilder::new(), Int64Builder::new());
    map.keys().append_value("a");
    map.values().append_value(i64::MAX);
    map.append(true).unwrap();
    map.append(false).unwrap();
    let mut numbers = MapBuilder::new(None, Int64Builder::new(), StringBuilder::new());
    numbers.keys().append_value(7);
    numbers.values().append_value("seven \"7\"\n");
    numbers.append(true).unwrap();
    numbers.append(true).unwrap();
    let dates = Date32Array::from(vec![Some(20_332), Some(20_333)]);
    let prices = cast(&Int64Array::from(vec![12, 0, 7]), &DataType::Decimal128(20, 3)).unwrap();
    for (at, expected, precision) in [
        (micros(None), 1_756_677_600_123_456_i64, "Micro"),
        (micros(Some("+02:00")), 1_756_684_800_123_456, "Micro"),
        (Arc::new(dates) as ArrayRef, 1_756_677_600_000_000, "Day"),
        (
            cast(&micros(None), &DataType::Timestamp(TimeUnit::Second, None)).unwrap(),
            1_756_677_600_000_000,
            "Second",
        ),
        (
            cast(&micros(None), &DataType::Timestamp(TimeUnit::Nanosecond, None)).unwrap(),
            1_756_677_600_123_456,
            "Micro",
        ),
    ] {
        let who = StructArray::from(vec![
            member("name", Arc::new(StringArray::from(vec!["ü", "v"]))),
            member("at", at),
            member("count", Arc::new(UInt8Array::from(vec![3, 4]))),
            member("bytes", Arc::new(BooleanArray::from(vec![true, false]))),
        ]);
        let tags = StringArray::from(vec!["a", "b", "c"]);
        for list in [
            DataType::LargeList(Arc::new(arrow_schema::Field::new("item", DataType::Utf8, true))),
            DataType::List(Arc::new(arrow_schema::Field::new("item", DataType::Utf8, true))),
        ] {
            let rows = RecordBatch::try_from_iter([
                ("who", Arc::new(who.clone()) as ArrayRef),
                ("tags", cast(&lists(&tags, &DataType::Utf8), &list).unwrap()),
                ("prices", lists(&prices, &DataType::Decimal128(20, 3))),
                ("map", Arc::new(map.finish_cloned()) as ArrayRef),
                ("numbers", Arc::new(numbers.finish_cloned()) as ArrayRef),
            ])
            .unwrap();
            let found = all_events(INSIDE, &rows);
            assert_eq!(found.len(), 1, "the second row has no second tag");
            let start = format!("\"ü\" {expected} {precision} #0");
            assert!(found[0].starts_with(&start), "{} is not {start}", found[0]);
            let end = format!(
                "Some(\"12.000\") Some(\"{}\") 12.0 x3 Some(\"seven \\\"7\\\"\\n\") r0",
                i64::MAX
            );
            assert!(found[0].ends_with(&end), "{} is not {end}", found[0]);
        }
    }
}

#[test]
fn binary_data_inside_a_value_makes_its_row_bad() {
    let bytes = BinaryArray::from_opt_vec(vec![None, Some(&[0xff]), None]);
    let field = arrow_schema::Field::new("bytes", DataType::Binary, true);
    let inside = StructArray::from(vec![(Arc::new(field), Arc::new(bytes) as ArrayRef)]);
    let rows = RecordBatch::try_from_iter([
        ("user", Arc::new(StringArray::from(vec!["u", "v", "w"])) as ArrayRef),
        ("inside", Arc::new(inside)),
    ])
    .unwrap();
    let mapping = r#"
version = 1
format = ["parquet", "ndjson"]
[event]
user = "user"
action = { const = "a" }
item = "inside.bytes"
"#;
    let (_, batch) = table_events(mapping, &rows);
    assert_eq!((batch.rows_in, batch.events.len()), (3, 2));
    assert_eq!(batch.examples["binary data"][0].element.as_deref(), Some("row 2"));
}

#[test]
fn a_column_may_have_the_whole_path_as_its_name() {
    let rows = RecordBatch::try_from_iter([
        ("user.id", Arc::new(StringArray::from(vec!["u"])) as ArrayRef),
        ("a", Arc::new(StringArray::from(vec!["see"]))),
        ("list", Arc::new(StringArray::from(vec!["[1,2]"]))),
    ])
    .unwrap();
    let mapping = "version = 1\nformat = [\"parquet\", \"ndjson\"]\n[event]\nuser = \"user.id\"\naction = \"a\"\n";
    let (by_columns, batch) = table_events(mapping, &rows);
    assert!(by_columns);
    assert_eq!(batch.events.user.get(0), Some("u"));
    let mapping = format!("{mapping}[rows]\nexplode = [\"$.*\"]\n");
    let (by_columns, batch) = table_events(&mapping, &rows);
    assert!(!by_columns && batch.events.is_empty());
}
