use super::*;
use crate::event::{Coded, EventBatch, NO_TIME, Precision, Role};
use arrow_array::types::Int8Type;
use arrow_array::{
    Array, ArrayRef, Date32Array, DictionaryArray, Float64Array, Int64Array, LargeStringArray, NullArray, RecordBatch,
    StringArray, TimestampMillisecondArray, TimestampNanosecondArray,
};
use jiff::tz::TimeZone;
use proptest::prelude::*;

fn frame(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true))).unwrap()
}

fn words(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn read(columns: Vec<(&str, ArrayRef)>) -> Result<EventBatch> {
    from_record_batch(&frame(columns), 10, &TimeZone::UTC)
}

#[test]
fn two_columns_are_enough() {
    let events = read(vec![("user", words(&["a", "b"])), ("action", words(&["like", "buy"]))]).unwrap();
    assert_eq!(events.user.get(1), Some("b"));
    assert_eq!(events.scenario.get(0), Some("all"));
    assert_eq!(events.time, [NO_TIME; 2]);
    assert_eq!(events.precision, [Precision::None; 2]);
    assert_eq!(events.seq, [10, 11], "without a clock the rows are the order");
    assert_eq!([events.record(0), events.record(1)], [10, 11]);
    assert_eq!(events.role, [Role::Active; 2]);
    assert_eq!([events.count(0), events.count(1)], [1; 2]);
    assert_eq!(events.occurred, [true; 2]);
    assert!(events.value(0).is_nan());
    assert!(events.text.is_empty());
}

#[test]
fn strings_come_in_every_layout() {
    let large: ArrayRef = Arc::new(LargeStringArray::from(vec![Some("shop"), None]));
    let coded: ArrayRef = Arc::new(vec![Some("x"), None].into_iter().collect::<DictionaryArray<Int8Type>>());
    let nothing: ArrayRef = Arc::new(NullArray::new(2));
    let events = read(vec![
        ("user", words(&["a", "b"])),
        ("action", words(&["like", "buy"])),
        ("scenario", large),
        ("item", coded.clone()),
        ("text", coded),
        ("category", nothing),
    ])
    .unwrap();
    assert_eq!(
        [events.scenario.get(0), events.scenario.get(1)],
        [Some("shop"), Some("all")]
    );
    assert_eq!([events.item.get(0), events.item.get(1)], [Some("x"), None]);
    assert_eq!(events.text.iter().collect::<Vec<_>>(), [Some("x"), None]);
    assert_eq!(events.category.get(0), None);
}

#[test]
fn times_come_in_every_unit_and_zone() {
    let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
    let who = || ("user", words(&["a"]));
    let what = || ("action", words(&["like"]));
    let time = |column: ArrayRef| {
        let events = from_record_batch(&frame(vec![who(), what(), ("time", column)]), 0, &shanghai).unwrap();
        (events.time[0], events.precision[0])
    };
    let noon = 1_756_728_000_000_i64; // 2025-09-01T12:00Z in milliseconds
    let zoned = TimestampMillisecondArray::from(vec![noon]).with_timezone("America/New_York");
    assert_eq!(time(Arc::new(zoned)), (noon * 1000, Precision::Milli));
    let eight_hours = 8 * 3_600_000_000;
    let naive = TimestampNanosecondArray::from(vec![noon * 1_000_000]);
    assert_eq!(time(Arc::new(naive)), (noon * 1000 - eight_hours, Precision::Micro));
    let date = Date32Array::from(vec![20_332]); // 2025-09-01
    assert_eq!(
        time(Arc::new(date)),
        (20_332 * 86_400_000_000 - eight_hours, Precision::Day)
    );
    let missing = TimestampMillisecondArray::from(vec![None]);
    assert_eq!(time(Arc::new(missing)), (NO_TIME, Precision::None));
}

#[test]
fn mistakes_are_told_by_column() {
    let message = |columns| {
        let error = read(columns).unwrap_err();
        assert!(matches!(error.code(), Code::Frame | Code::MissingUser));
        error.to_string()
    };
    let who = || ("user", words(&["a"]));
    let what = || ("action", words(&["like"]));
    let number = || -> ArrayRef { Arc::new(Int64Array::from(vec![7])) };
    assert!(message(vec![("usr", words(&["a"])), what()]).contains("did you mean the column \"usr\""));
    assert!(message(vec![("user", number()), what()]).contains("\"user\" of the frame has to be a string"));
    assert!(message(vec![who(), what(), ("time", words(&["noon"]))]).contains("\"time\""));
    assert!(message(vec![who(), what(), ("valence", number())]).contains("\"valence\" of the frame has the value 7"));
    assert!(message(vec![who(), what(), ("role", words(&["won"]))]).contains("known are exposure"));
    assert!(message(vec![who(), what(), ("count", Arc::new(Float64Array::from(vec![1.5])))]).contains("\"count\""));
    assert!(message(vec![who(), what(), ("count", Arc::new(Int64Array::from(vec![-1])))]).contains("\"count\""));
    assert!(message(vec![who(), what(), ("occurred", number())]).contains("\"occurred\""));
    let nobody: ArrayRef = Arc::new(StringArray::from(vec![None::<&str>]));
    assert!(message(vec![("user", nobody), what()]).contains("null in row 10"));
}

#[test]
fn columns_are_chosen_by_name() {
    let events = read(vec![("user", words(&["a"])), ("action", words(&["like"]))]).unwrap();
    let batch = to_record_batch(&events, Some(&["action".to_owned(), "user".to_owned()])).unwrap();
    assert_eq!(
        batch
            .schema()
            .fields()
            .iter()
            .map(|f| f.name().as_str())
            .collect::<Vec<_>>(),
        ["action", "user"]
    );
    let error = to_record_batch(&events, Some(&["acton".to_owned()])).unwrap_err();
    assert!(error.to_string().contains("did you mean \"action\""));
    assert_eq!(to_record_batch(&events, Some(&[])).unwrap().num_rows(), 1);
    assert_eq!(to_record_batch(&EventBatch::default(), None).unwrap().num_rows(), 0);
}

fn coded(values: &[Option<String>]) -> Coded {
    let mut coded = Coded::default();
    for value in values {
        coded.push(value.as_deref());
    }
    coded
}

fn some_events() -> impl Strategy<Value = EventBatch> {
    let event = (
        (
            "[a-c]{1,20}",
            prop::option::of(-1_000_000_000_000_i64..4_000_000_000_000_000),
            0..5_usize,
            any::<u32>(),
        ),
        ("[x-z]{1,3}", "[é-ü]{1,3}", 0..4_usize, -1..=1_i8, any::<bool>()),
        (
            prop::option::of(".{0,20}"),
            prop::option::of("[a-b]"),
            prop::option::of(-1e9..1e9),
            any::<u32>(),
        ),
        (prop::option::of(".{0,30}"), any::<u64>()),
    );
    prop::collection::vec(event, 1..40).prop_map(|events| {
        let mut batch = EventBatch::default();
        for ((user, time, precision, seq), (scenario, action, role, valence, occurred), things, (text, record)) in
            events
        {
            let (item, category, value, count) = things;
            batch.user.push(Some(&user));
            batch.time.push(time.unwrap_or(NO_TIME));
            batch.precision.push(if time.is_none() {
                Precision::None
            } else {
                Precision::ALL[precision]
            });
            batch.seq.push(seq);
            batch.scenario.push(Some(&scenario));
            batch.action.push(Some(&action));
            batch.role.push(Role::ALL[role]);
            batch.valence.push(valence);
            batch.occurred.push(occurred);
            batch.item.push(item.as_deref());
            batch.category.push(category.as_deref());
            batch.value.push(value.unwrap_or(f64::NAN));
            batch.count.push(count);
            batch.text.push(text.as_deref());
            batch.record.push(record);
        }
        batch
    })
}

fn strings(column: &Coded) -> Vec<Option<String>> {
    (0..column.codes.len())
        .map(|row| column.get(row).map(str::to_owned))
        .collect()
}

proptest! {
    #[test]
    fn there_and_back(events in some_events()) {
        let batch = to_record_batch(&events, None).unwrap();
        let again = from_record_batch(&batch, 0, &TimeZone::UTC).unwrap();
        for (one, other) in [
            (&events.user, &again.user),
            (&events.scenario, &again.scenario),
            (&events.action, &again.action),
            (&events.item, &again.item),
            (&events.category, &again.category),
        ] {
            prop_assert_eq!(strings(one), strings(other));
        }
        prop_assert_eq!(&events.time, &again.time);
        prop_assert_eq!(&events.precision, &again.precision);
        prop_assert_eq!(&events.seq, &again.seq);
        prop_assert_eq!(&events.role, &again.role);
        prop_assert_eq!(&events.valence, &again.valence);
        prop_assert_eq!(&events.occurred, &again.occurred);
        prop_assert_eq!(&events.count, &again.count);
        prop_assert_eq!(&events.text, &again.text);
        prop_assert_eq!(&events.record, &again.record);
        for (one, other) in events.value.iter().zip(&again.value) {
            prop_assert!(one.to_bits() == other.to_bits() || one.is_nan() && other.is_nan());
        }
        // What is asked for in parts is the same as in one.
        for name in COLUMNS {
            let part = to_record_batch(&events, Some(&[name.to_owned()])).unwrap();
            prop_assert_eq!(part.column(0).to_data(), batch.column_by_name(name).unwrap().to_data());
        }
    }
}

#[test]
fn a_pool_shared_with_other_rows_is_no_problem() {
    let mut events = read(vec![("user", words(&["a"])), ("action", words(&["like"]))]).unwrap();
    events.item = coded(&[None]);
    events.item.pool.intern("elsewhere");
    let batch = to_record_batch(&events, None).unwrap();
    assert_eq!(batch.column_by_name("item").unwrap().null_count(), 1);
}
