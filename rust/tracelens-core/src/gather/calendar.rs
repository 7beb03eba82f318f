//! Local days and hours of a side, in the zone its mapping declares.

use jiff::{Timestamp, civil, tz::TimeZone};

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Microseconds in an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Microseconds in a day of 24 hours.
pub const DAY: i64 = 24 * HOUR;

/// Turns instants into local days and hours. Remembers the last offset with the span in which it holds: a trace is
/// sorted, so nearly every look-up is answered from memory.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    offset: i64,
    from: i64,
    until: i64,
}

impl Calendar {
    /// A calendar of this zone.
    pub fn new(zone: TimeZone) -> Self {
        Self {
            zone,
            offset: 0,
            from: i64::MAX,
            until: i64::MIN,
        }
    }

    /// Local microseconds since 1970-01-01T00:00 local time.
    pub fn local(&mut self, time: i64) -> i64 {
        if time < self.from || time >= self.until {
            self.look_up(time);
        }
        time + self.offset
    }

    /// Local day number since 1970-01-01.
    pub fn day(&mut self, time: i64) -> i64 {
        self.local(time).div_euclid(DAY)
    }

    /// Local hour of the day, 0 to 23.
    pub fn hour(&mut self, time: i64) -> u8 {
        (self.local(time).rem_euclid(DAY) / HOUR) as u8
    }

    /// The instant at which a local day starts.
    pub fn start_of(&self, day: i64) -> i64 {
        let span = jiff::Span::new().days(day.clamp(-700_000, 2_900_000));
        civil::date(1970, 1, 1)
            .checked_add(span)
            .and_then(|date| self.zone.to_timestamp(date.to_datetime(civil::Time::midnight())))
            .map_or(day * DAY, jiff::Timestamp::as_microsecond)
    }

    fn look_up(&mut self, time: i64) {
        let Ok(at) = Timestamp::from_microsecond(time) else {
            (self.offset, self.from, self.until) = (0, time, time + 1);
            return;
        };
        self.offset = i64::from(self.zone.to_offset(at).seconds()) * SECOND;
        // The transition at `at` itself belongs to the new offset, which `preceding` would skip: look from just after.
        let just_after = Timestamp::from_microsecond(time.saturating_add(1)).unwrap_or(at);
        self.from = self
            .zone
            .preceding(just_after)
            .next()
            .map_or(i64::MIN, |t| t.timestamp().as_microsecond());
        self.until = self
            .zone
            .following(at)
            .next()
            .map_or(i64::MAX, |t| t.timestamp().as_microsecond());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_starts_at_local_midnight_and_hours_are_local() {
        let mut shanghai = Calendar::new(TimeZone::get("Asia/Shanghai").unwrap());
        let t: Timestamp = "2025-09-01T16:30:00Z".parse().unwrap();
        assert_eq!(shanghai.hour(t.as_microsecond()), 0, "00:30 on 2 September");
        let day = shanghai.day(t.as_microsecond());
        assert_eq!(
            shanghai.start_of(day),
            "2025-09-01T16:00:00Z".parse::<Timestamp>().unwrap().as_microsecond()
        );
    }

    #[test]
    fn offsets_follow_daylight_saving_in_either_direction_of_travel() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let mut moving = Calendar::new(zone.clone());
        for t in [
            "2025-03-30T00:59:59Z",
            "2025-03-30T01:00:00Z",
            "2025-10-26T01:00:00Z",
            "2025-03-30T00:59:59Z",
        ] {
            let at: Timestamp = t.parse().unwrap();
            let expected = i64::from(zone.to_offset(at).seconds()) * SECOND;
            assert_eq!(moving.local(at.as_microsecond()) - at.as_microsecond(), expected, "{t}");
        }
    }
}
