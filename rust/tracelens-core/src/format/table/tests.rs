use super::*;
use crate::format::OnBadRow;
use crate::format::testing::{events, file, of_lines};
use crate::mapping::test::{Check, Test};
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, DictionaryArray, Float64Array, Int64Array, ListArray, StringArray,
    StructArray,
};
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
        MAPPING.replace("item = { join = [\"number\", \"time\", \"absent\"]", "item = { join = [\"number\", \"time\"]"),
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
    ]
}

/// A plan with what the language has no words for yet.
fn with_tests(file: &File) -> Arc<File> {
    let mut plan = Plan::clone(&file.plan);
    let field = |plan: &Plan, name: &str| {
        let all = plan.fields().find(|f| match &f.source {
            Source::Path(p) => plan.paths[*p].written == name,
            _ => false,
        });
        all.unwrap().clone()
    };
    let (flag, number) = (field(&plan, "flag"), field(&plan, "number"));
    let not = Check::Not(vec!["a".to_owned()]);
    plan.keep = vec![
        Test {
            field: flag.clone(),
            check: Check::Present(true),
        },
        Test {
            field: plan.action.clone().unwrap(),
            check: not,
        },
    ];
    plan.occurred = Some(Test {
        field: number.clone(),
        check: Check::Above(1.0),
    });
    plan.value = Some(Field {
        scale: 0.5,
        offset: -3.0,
        ..number
    });
    plan.coarsest = Some(crate::event::Precision::Minute);
    file.with_plan(plan)
}

type Cells = Vec<(Option<i64>, Option<u8>, Option<u8>, Option<u8>, Option<f64>, Option<bool>)>;

const WORDS: [&str; 8] = ["a", "b", "exposure", "12", "12.5", "", "é\"\\\n茶", "2025-03-30 02:30:00"];

fn cells() -> impl Strategy<Value = Cells> {
    let word = || prop::option::weighted(0.9, 0u8..WORDS.len() as u8);
    let number = prop_oneof![-3i64..20, Just(i64::MIN), Just(i64::MAX), Just(9_007_199_254_740_993), 0i64..2_000_000_000_000];
    let float = prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(0.0), Just(1e300), -2.0..30.0, Just(7.0)];
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
    let whole = vec![T::Int64, T::Int8, T::UInt16, T::UInt64, T::Int32, T::Float32, T::Decimal128(30, 2), coded(T::Int16, T::Int64)];
    let mut times = texts.clone();
    times.extend([T::Int64, T::Float64, T::Date32, T::Date64, T::Boolean]);
    for unit in [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond] {
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
    let number = if pick[2] % 2 == 0 { column("number", &numbers, &DataType::Int64) } else { column("number", &small, &of(&whole, 2)) };
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
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn by_columns_and_as_lines_are_the_same(
        cells in cells(),
        pick in prop::collection::vec(0usize..1000, 7),
        which in 0usize..4,
        drop in any::<bool>(),
        tests in any::<bool>(),
    ) {
        let on_bad_row = if drop { OnBadRow::Drop } else { OnBadRow::Error };
        let mut file = file(Path::new("x/log.parquet"), &mappings()[which], on_bad_row);
        if tests && which < 2 {
            file = with_tests(&file);
        }
        compare(&file, &table(&cells, &pick))?;
    }
}
