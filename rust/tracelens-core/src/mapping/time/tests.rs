use super::*;
use jiff::civil;
use jiff::fmt::strtime;
use proptest::prelude::*;

fn read(text: &str, formats: &[&str], zone: &str) -> Result<(String, Precision), String> {
    let formats: Vec<TimeFormat> = formats.iter().map(|f| TimeFormat::parse(f).unwrap()).collect();
    let mut clock = Clock::new(TimeZone::get(zone).unwrap());
    let (us, precision) = clock.read(text, &formats)?;
    Ok((jiff::Timestamp::from_microsecond(us).unwrap().to_string(), precision))
}

#[test]
fn local_times_are_read_in_the_zone_and_dates_are_days() {
    let formats = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d"];
    let shanghai = |t| read(t, &formats, "Asia/Shanghai");
    assert_eq!(
        shanghai("2025-09-01 00:23:54"),
        Ok(("2025-08-31T16:23:54Z".to_owned(), Precision::Second))
    );
    assert_eq!(
        shanghai("2025-09-03"),
        Ok(("2025-09-02T16:00:00Z".to_owned(), Precision::Day))
    );
    assert_eq!(shanghai("2024-02-29").unwrap().0, "2024-02-28T16:00:00Z");
}

#[test]
fn what_is_no_time_says_why() {
    let formats = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d"];
    for (text, why) in [
        ("2025-09-31 10:04:11", "September has 30 days"),
        ("2025-02-29", "February has 28 days"),
        ("1900-02-29", "February has 28 days"),
        ("2025-13-01", "there is no month 13"),
        ("2025-00-01", "there is no month 0"),
        ("2025-09-01 24:00:00", "no such time of day"),
        ("2025-09-01 23:60:00", "no such time of day"),
        ("2025-09-01 23:59:61", "no such time of day"),
        ("yesterday", "expected YYYY-MM-DD HH:MM:SS"),
        ("2025-09-01 00:23:54.5", "expected YYYY-MM-DD HH:MM:SS"),
        ("9999-12-31", "beyond the years of the calendar"),
        ("", "expected YYYY-MM-DD HH:MM:SS"),
        ("\0\0\0\0\0\0\0\0\0\0", "expected YYYY-MM-DD HH:MM:SS"),
        ("２０２５-09-01", "expected YYYY-MM-DD HH:MM:SS"),
    ] {
        assert_eq!(read(text, &formats, "UTC").unwrap_err(), why, "{text}");
    }
    assert!(read("99999999999999999999", &["epoch_ms"], "UTC").is_err());
    assert!(read("NaN", &["epoch_s"], "UTC").is_err());
    let two_digits = read("01.09.25", &["%d.%m.%Y"], "UTC").unwrap_err();
    assert_eq!(two_digits, "a year of two digits is %y");
    assert!(
        read("2025-09-01T10:00:00", &["rfc3339"], "UTC")
            .unwrap_err()
            .contains("offset")
    );
}

#[test]
fn a_leap_second_is_the_second_before_it() {
    for (format, text) in [
        ("%Y-%m-%d %H:%M:%S", "2016-12-31 23:59:60"),
        ("rfc3339", "2016-12-31T23:59:60Z"),
        ("%d.%m.%Y %H:%M:%S", "31.12.2016 23:59:60"),
    ] {
        assert_eq!(
            read(text, &[format], "UTC").unwrap().0,
            "2016-12-31T23:59:59Z",
            "{format}"
        );
    }
}

#[test]
fn the_first_and_the_last_year() {
    let first = read("0000-01-01 00:00:00", &["%Y-%m-%d %H:%M:%S"], "UTC").unwrap();
    assert_eq!(first.0, "0000-01-01T00:00:00Z");
    let last = read("9999-12-30 21:59:59", &["%Y-%m-%d %H:%M:%S"], "UTC").unwrap();
    assert_eq!(last.0, "9999-12-30T21:59:59Z");
    assert_eq!(*NAMED.start(), jiff::Timestamp::MIN.as_microsecond());
    assert_eq!(*NAMED.end(), jiff::Timestamp::MAX.as_microsecond());
}

#[test]
fn clocks_that_skip_an_hour_and_show_one_twice() {
    let berlin = |t| read(t, &["%Y-%m-%d %H:%M:%S"], "Europe/Berlin").unwrap().0;
    assert_eq!(berlin("2025-03-30 01:59:59"), "2025-03-30T00:59:59Z");
    // Skipped: as long after the change as it says.
    assert_eq!(berlin("2025-03-30 02:30:00"), "2025-03-30T01:30:00Z");
    assert_eq!(berlin("2025-03-30 03:00:00"), "2025-03-30T01:00:00Z");
    // Twice: the first.
    assert_eq!(berlin("2025-10-26 02:30:00"), "2025-10-26T00:30:00Z");
    assert_eq!(berlin("2025-10-26 04:00:00"), "2025-10-26T03:00:00Z");
    // Before 1970, to the microsecond.
    let early = read(
        "1964-04-26 00:00:00.000001",
        &["%Y-%m-%d %H:%M:%S%.f"],
        "America/New_York",
    )
    .unwrap();
    assert_eq!(early.0, "1964-04-26T05:00:00.000001Z");
    // A midnight that there is not, and a day.
    let day = |t, zone| read(t, &["%Y-%m-%d"], zone).unwrap().0;
    assert_eq!(day("2018-11-04", "America/Sao_Paulo"), "2018-11-04T03:00:00Z");
    assert_eq!(day("2011-12-30", "Pacific/Apia"), "2011-12-30T10:00:00Z");
    assert_eq!(day("2011-12-31", "Pacific/Apia"), "2011-12-30T10:00:00Z");
}

#[test]
fn every_kind_of_format() {
    use Precision::{Day, Micro, Milli, Minute, Second};
    for (text, format, expected, precision) in [
        ("2025-09-01T00:23:54Z", "rfc3339", "2025-09-01T00:23:54Z", Second),
        (
            "2025-09-01T00:23:54.123456+02:00",
            "rfc3339",
            "2025-08-31T22:23:54.123456Z",
            Micro,
        ),
        (
            "2025-09-01 00:23:54.12-03:30",
            "rfc3339",
            "2025-09-01T03:53:54.12Z",
            Milli,
        ),
        ("2025-09-01T00:23:54+0200", "rfc3339", "2025-08-31T22:23:54Z", Second),
        ("1254192988", "epoch_s", "2009-09-29T02:56:28Z", Second),
        ("1254192988", "%s", "2009-09-29T02:56:28Z", Second),
        ("1254192988.5", "epoch_s", "2009-09-29T02:56:28.5Z", Milli),
        ("1254192988.123456", "epoch_s", "2009-09-29T02:56:28.123456Z", Micro),
        ("-1", "epoch_s", "1969-12-31T23:59:59Z", Second),
        ("1254192988123", "epoch_ms", "2009-09-29T02:56:28.123Z", Milli),
        ("1254192988123456", "epoch_us", "2009-09-29T02:56:28.123456Z", Micro),
        ("1254192988123456789", "epoch_ns", "2009-09-29T02:56:28.123456Z", Micro),
        ("2025-09-01", "native", "2025-09-01T00:00:00Z", Day),
        ("2025-09-01 10:00:00.5", "native", "2025-09-01T10:00:00.5Z", Milli),
        ("2025-09-01T10:00:00+02:00", "native", "2025-09-01T08:00:00Z", Second),
        ("01/09/2025 13:05", "%d/%m/%Y %H:%M", "2025-09-01T13:05:00Z", Minute),
        ("01.09.2025", "%d.%m.%Y", "2025-09-01T00:00:00Z", Day),
        ("20250901", "%Y%m%d", "2025-09-01T00:00:00Z", Day),
        ("2025-09-01 13", "%Y-%m-%d %H", "2025-09-01T13:00:00Z", Minute),
        (
            "2025-09-01 1:05 PM",
            "%Y-%m-%d %I:%M %p",
            "2025-09-01T13:05:00Z",
            Minute,
        ),
        (
            "2025-09-01 13:05:01.25",
            "%Y-%m-%d %H:%M:%S%.f",
            "2025-09-01T13:05:01.25Z",
            Milli,
        ),
        (
            "2025-09-01 13:05:01",
            "%Y-%m-%d %H:%M:%S%.f",
            "2025-09-01T13:05:01Z",
            Second,
        ),
        (
            "2025-09-01T13:05:01.250000",
            "%Y-%m-%dT%H:%M:%S.%f",
            "2025-09-01T13:05:01.25Z",
            Micro,
        ),
        (
            "01.09.25 13:05:01.250",
            "%d.%m.%y %T%.3f",
            "2025-09-01T13:05:01.25Z",
            Milli,
        ),
        (
            "01.09.25 13:05:01.25",
            "%d.%m.%y %T%.f",
            "2025-09-01T13:05:01.25Z",
            Micro,
        ),
        (
            "2025-09-01 13:05:01 +0200",
            "%Y-%m-%d %H:%M:%S %z",
            "2025-09-01T11:05:01Z",
            Second,
        ),
        (
            "Mon Sep 01 13:05:01 +0000 2025",
            "%a %b %d %T %z %Y",
            "2025-09-01T13:05:01Z",
            Second,
        ),
        ("2025-9-1 3:05:01", "%Y-%m-%d %H:%M:%S", "2025-09-01T03:05:01Z", Second),
        ("2025-9-1", "%F", "2025-09-01T00:00:00Z", Day),
        ("2025-244", "%Y-%j", "2025-09-01T00:00:00Z", Day),
    ] {
        let found = read(text, &[format], "UTC");
        assert_eq!(found, Ok((expected.to_owned(), precision)), "{text} as {format}");
    }
}

#[test]
fn a_text_that_says_utc_is_utc_in_any_zone() {
    for format in ["%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%d %H:%M:%S GMT", "%FT%TZ"] {
        let text = strtime::format(format, civil::date(2019, 11, 1).at(0, 0, 1, 0)).unwrap();
        assert_eq!(
            read(&text, &[format], "Asia/Shanghai").unwrap().0,
            "2019-11-01T00:00:01Z"
        );
    }
    let minutes = read("1.11.2019 00:00 (UTC)", &["%d.%m.%Y %H:%M (UTC)"], "Asia/Shanghai").unwrap();
    assert_eq!(minutes.0, "2019-11-01T00:00:00Z");
    let local = read("2019-11-01 00:00 Uhr", &["%Y-%m-%d %H:%M Uhr"], "Asia/Shanghai").unwrap();
    assert_eq!(local.0, "2019-10-31T16:00:00Z");
}

#[test]
fn a_format_that_cannot_tell_a_time_is_refused() {
    for (format, why) in [
        ("iso", "rfc3339"),
        ("%Y-%m", "no time format"),
        ("%H:%M:%S", "no time format"),
        ("%m-%d", "no time format"),
        ("%Y-%m-%d %I:%M", "needs %p"),
        ("%Y-%m-%d %Z", "no time format"),
        ("%Y-%m-%d %K", "no time format"),
        ("%Y-%m-%d %", "no time format"),
        ("", "no time format"),
    ] {
        let said = TimeFormat::parse(format).unwrap_err();
        assert!(said.contains(why), "{format}: {said}");
    }
}

#[test]
fn numbers_are_read_as_their_text_is() {
    let clock = Clock::new(TimeZone::UTC);
    for (number, unit) in [
        (1_254_192_988.0, "epoch_s"),
        (1_254_192_988.5, "epoch_s"),
        (1_254_192_988.123_456, "epoch_s"),
        (5.25, "epoch_ms"),
    ] {
        let formats = [TimeFormat::parse(unit).unwrap()];
        let text = clock.clone().read(&number.to_string(), &formats).unwrap();
        assert_eq!(clock.read_number(number, &formats), Some(text), "{number}");
    }
    let seconds = [
        TimeFormat::parse("rfc3339").unwrap(),
        TimeFormat::parse("epoch_s").unwrap(),
    ];
    assert_eq!(clock.read_whole(-5, &seconds), Some((-5_000_000, Precision::Second)));
    assert_eq!(clock.read_whole(i64::MAX, &seconds), None);
    assert_eq!(clock.read_number(f64::NAN, &seconds), None);
    assert_eq!(
        clock.read_whole(20_250_901, &[TimeFormat::parse("%Y%m%d").unwrap()]),
        None
    );
}

#[test]
fn local_times_of_tables_are_those_of_texts() {
    let mut clock = Clock::new(TimeZone::get("Europe/Berlin").unwrap());
    let formats = [TimeFormat::parse("native").unwrap()];
    for text in [
        "2025-03-30 02:30:00",
        "2025-10-26 02:30:00",
        "1969-12-31 23:59:59.999999",
    ] {
        let local: civil::DateTime = text.parse().unwrap();
        let us = zone::micros(local.to_zoned_datetime(TimeZone::UTC).unwrap().timestamp());
        assert_eq!(
            clock.read_local(us).unwrap(),
            clock.read(text, &formats).unwrap().0,
            "{text}"
        );
    }
    assert_eq!(clock.read_local(i64::MAX), None);
    assert_eq!(clock.read_local(i64::MIN), None);
}

const ZONES: [&str; 5] = [
    "Asia/Shanghai",
    "Europe/Berlin",
    "America/New_York",
    "UTC",
    "Asia/Kathmandu",
];

/// Local times of a century, half of them within a day of a change of clocks.
fn local() -> impl Strategy<Value = civil::DateTime> {
    let changes = [
        civil::date(2025, 3, 30),
        civil::date(2025, 10, 26), // Berlin
        civil::date(2025, 3, 9),
        civil::date(2025, 11, 2), // New York
        civil::date(1986, 1, 1),
        civil::date(1940, 6, 3), // Kathmandu, Shanghai
    ];
    let any = (1931i16..2069, 1i8..13, 1i8..29).prop_map(|(y, m, d)| civil::date(y, m, d));
    let near = (prop::sample::select(changes.to_vec()), -1i64..2)
        .prop_map(|(day, off)| day.checked_add(jiff::Span::new().days(off)).unwrap());
    let seconds = (0i8..24, 0i8..60, 0i8..60, 0i32..1_000_000);
    (prop_oneof![any, near], seconds).prop_map(|(day, (h, m, s, us))| day.at(h, m, s, us * 1000))
}

proptest! {
    #[test]
    fn digits_are_read_as_strptime_reads_them(
        locals in prop::collection::vec(local(), 1..20),
        zone in prop::sample::select(ZONES.to_vec()),
        offset in -23i32 * 60..23 * 60,
    ) {
        let tz = TimeZone::get(zone).unwrap();
        let mut clock = Clock::new(tz.clone());
        for local in locals {
            for format in ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d", "%Y-%m-%d %H:%M:%S%.6f", "%Y-%m-%d %H:%M:%S UTC"] {
                let text = strtime::format(format, local).unwrap();
                let read = clock.read(&text, &[TimeFormat::parse(format).unwrap()]).unwrap().0;
                let broken = strtime::parse(format, &text).unwrap().to_datetime().unwrap();
                let tz = if format.ends_with("UTC") { &TimeZone::UTC } else { &tz };
                prop_assert_eq!(read, zone::micros(tz.to_timestamp(broken).unwrap()), "{} in {}", text, zone);
            }
            let fixed = jiff::tz::Offset::from_seconds(offset * 60).unwrap();
            let at = fixed.to_timestamp(local).unwrap();
            let rfc3339 = [TimeFormat::parse("rfc3339").unwrap()];
            for text in [at.to_string(), at.display_with_offset(fixed).to_string(), format!("{at:.3}"), format!("{at:.9}")] {
                let expected = zone::micros(text.parse().unwrap());
                prop_assert_eq!(clock.read(&text, &rfc3339).unwrap().0, expected, "{}", text);
            }
            let broken = strtime::format("%d/%m/%Y %H:%M:%S", local).unwrap();
            let slow = clock.read(&broken, &[TimeFormat::parse("%d/%m/%Y %H:%M:%S").unwrap()]).unwrap().0;
            let quick = strtime::format("%Y-%m-%d %H:%M:%S", local).unwrap();
            prop_assert_eq!(clock.read(&quick, &[TimeFormat::parse("%Y-%m-%d %H:%M:%S").unwrap()]).unwrap().0, slow);
        }
    }

    #[test]
    fn no_text_and_no_format_make_it_panic(text in "[-0-9TZ:. +]{0,30}|\\PC{0,20}", format in "(%[-_.:0-9]{0,2}[a-zA-Z%]|[-T: /.]|\\PC){0,8}") {
        let mut clock = Clock::new(TimeZone::get("Europe/Berlin").unwrap());
        let mut formats: Vec<TimeFormat> = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d", "rfc3339", "native", "epoch_s", "epoch_ns"]
            .iter().map(|f| TimeFormat::parse(f).unwrap()).collect();
        formats.extend(TimeFormat::parse(&format));
        for format in &formats {
            let _ = clock.read(&text, std::slice::from_ref(format));
        }
        let _ = clock.read(&text, &formats);
    }

    #[test]
    fn no_number_makes_it_panic(whole in any::<i64>(), real in any::<f64>()) {
        let mut clock = Clock::new(TimeZone::get("Europe/Berlin").unwrap());
        for unit in ["epoch_s", "epoch_ms", "epoch_us", "epoch_ns"] {
            let formats = [TimeFormat::parse(unit).unwrap()];
            for found in [clock.read_whole(whole, &formats), clock.read_number(real, &formats)].into_iter().flatten() {
                prop_assert!(jiff::Timestamp::from_microsecond(found.0).is_ok());
            }
        }
        let _ = clock.read_local(whole);
    }
}
