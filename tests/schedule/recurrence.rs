//! The recurrence against a walk through time.

use cleanup::domain::Wall;
use cleanup::schedule::recurrence::{Hours, Recurrence, RecurrenceError, Slot};
use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::oracle::{FROM, TO, ZONES, day, minute, walk, weekday};

fn wall(text: &str) -> Wall {
    Wall(text.parse::<Timestamp>().unwrap().as_millisecond())
}

fn next(cron: &str, zone: &str, after: &str) -> String {
    Recurrence::parse(cron, zone).unwrap().next_after(wall(after)).unwrap().at.rfc3339()
}

fn local_seconds(slot: &Slot) -> i64 {
    TimeZone::UTC.to_timestamp(slot.local).unwrap().as_second()
}

#[test]
fn once_on_every_local_day_from_2024_to_2038() {
    let mut days = 0;
    for name in ZONES {
        let zone = TimeZone::get(name).unwrap();
        for at in [0, 90, 150, 165] {
            let expected = walk(&zone, (FROM, TO), 900, |local| minute(local) == at);
            let recurrence = Recurrence::parse(&format!("{} {} * * *", at % 60, at / 60), name).unwrap();
            let slots: Vec<Slot> =
                recurrence.upcoming(Wall(FROM * 1000)).take_while(|slot| slot.at.0 <= TO * 1000).collect();
            let told: Vec<(i64, i64)> = slots.iter().map(|slot| (slot.at.0 / 1000, local_seconds(slot))).collect();
            let expected: Vec<(i64, i64)> = expected.iter().map(|(moment, locals)| (*moment, locals[0])).collect();
            assert_eq!(told, expected, "{name} {at}");
            let on: Vec<i64> = told.iter().map(|(_, local)| day(*local)).collect();
            assert!(on.windows(2).all(|two| two[1] == two[0] + 1), "{name} {at}: each day once, and none left out");
            days += on.len();
        }
    }
    assert!(days > 14 * 4 * 5_478, "{days}");
}

#[test]
fn a_time_that_does_not_exist_falls_on_the_end_of_the_gap() {
    assert_eq!(next("30 2 * * *", "Europe/Berlin", "2027-03-27T12:00:00Z"), "2027-03-28T01:00:00Z");
    assert_eq!(next("0 2 * * *", "America/New_York", "2027-03-13T12:00:00Z"), "2027-03-14T07:00:00Z");
    assert_eq!(next("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z"), "2026-10-03T15:30:00Z");
    assert_eq!(next("0 0 * * *", "Africa/Cairo", "2027-04-29T00:00:00Z"), "2027-04-29T22:00:00Z");
    // Every half hour: 02:00 and 02:30 and 03:00 fall on one moment, and are one.
    let recurrence = Recurrence::parse("*/30 * * * *", "Europe/Berlin").unwrap();
    let slots: Vec<String> =
        recurrence.upcoming(wall("2027-03-28T00:29:00Z")).take(3).map(|slot| slot.at.rfc3339()).collect();
    assert_eq!(slots, ["2027-03-28T00:30:00Z", "2027-03-28T01:00:00Z", "2027-03-28T01:30:00Z"]);
}

#[test]
fn a_time_that_comes_twice_falls_on_the_first() {
    assert_eq!(next("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z"), "2026-10-25T00:30:00Z");
    assert_eq!(next("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z"), "2026-10-26T01:30:00Z");
    assert_eq!(next("30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z"), "2026-10-26T01:30:00Z", "the second 02:10");
    assert_eq!(next("0 3 * * *", "Europe/Berlin", "2026-10-25T00:59:00Z"), "2026-10-25T02:00:00Z");
    assert_eq!(next("0 0 * * *", "America/Havana", "2026-11-01T03:00:00Z"), "2026-11-01T04:00:00Z");
    assert_eq!(next("0 0 * * *", "America/Havana", "2026-11-01T04:00:00Z"), "2026-11-02T05:00:00Z");
}

#[test]
fn hours_end_by_the_clock_of_the_zone() {
    let recurrence = Recurrence::parse("0 2 * * *", "Europe/Berlin").unwrap();
    let until = |text: &str| Hours::Until(text.parse::<Time>().unwrap());
    let end = |after: &str, hours: Hours| {
        let slot = recurrence.next_after(wall(after)).unwrap();
        recurrence.end_of(&slot, slot.at, hours).map(Wall::rfc3339)
    };
    assert_eq!(end("2026-11-22T12:00:00Z", until("06:00")).unwrap(), "2026-11-23T05:00:00Z");
    assert_eq!(end("2027-03-27T12:00:00Z", until("06:00")).unwrap(), "2027-03-28T04:00:00Z", "three hours long");
    assert_eq!(end("2026-10-24T12:00:00Z", until("06:00")).unwrap(), "2026-10-25T05:00:00Z", "five hours long");
    assert_eq!(end("2026-11-22T12:00:00Z", until("01:00")).unwrap(), "2026-11-24T00:00:00Z", "over midnight");
    assert_eq!(end("2026-11-22T12:00:00Z", Hours::Open), None);
    // 02:00 to 02:45 do not exist that day: the hours end where they begin.
    let slot = recurrence.next_after(wall("2027-03-27T12:00:00Z")).unwrap();
    assert_eq!(recurrence.end_of(&slot, slot.at, until("02:45")), Some(slot.at));
}

#[test]
fn the_field_that_is_wrong_is_named_with_its_range_and_its_value() {
    for (bad, told) in [
        ("61 2 * * *", "\"61\" is not a valid minute, which is 0 to 59"),
        ("0 25 * * *", "\"25\" is not a valid hour, which is 0 to 23"),
        ("0 2 0 * *", "\"0\" is not a valid day of month, which is 1 to 31"),
        ("0 2 * 13 *", "\"13\" is not a valid month, which is 1 to 12 or JAN to DEC"),
        ("0 2 * * 8", "\"8\" is not a valid day of week, which is 0 to 7 (0 and 7 are Sunday) or SUN to SAT"),
        ("0 2 * FOO *", "\"FOO\" is not a valid month"),
        ("0 1,2,24,3 * * *", "\"24\" is not a valid hour"),
        ("0 2 * * 1-9", "\"1-9\" is not a valid day of week"),
        ("*/0 2 * * *", "\"*/0\" has a step of 0, and a step is 1 or more"),
        ("0/15 2 * * *", "\"0/15\" has a step and nothing to step through: write */15, or a range"),
        ("*/x 2 * * *", "\"*/x\" has \"x\" for a step, which is not a number"),
        ("5-1 2 * * *", "\"5-1\" ends before it begins: put the smaller minute first"),
        ("0 22-4 * * *", "\"22-4\" ends before it begins: put the smaller hour first"),
        ("@reboot", "the words that begin with @ are @hourly, @daily, @weekly, @monthly, @yearly, @annually"),
        ("@every 5m", "the words that begin with @ are @hourly"),
        ("2", "it has 1 field, not five"),
        ("0 25 * 13 *", "\"25\" is not a valid hour"),
        ("0 2 * *", "it has 4 fields, not five"),
    ] {
        let error = Recurrence::parse(bad, "UTC").unwrap_err().to_string();
        assert!(error.contains(bad) && error.contains(told), "{error}");
    }
}

#[test]
fn nonsense_is_told_with_a_remedy() {
    for bad in ["", "0 2 * *", "0 2 * * * *", "61 2 * * *", "0 25 * * *", "a b c d e", "@nightly", "0 0 31 2 *"] {
        let error = Recurrence::parse(bad, "UTC").unwrap_err();
        assert!(error.hint().contains("0 2 * * *"), "{bad}: {error}");
    }
    assert!(matches!(Recurrence::parse("0 0 30 2 *", "UTC"), Err(RecurrenceError::Never { .. })));
    for (bad, near) in
        [("Europe/Berln", "Europe/Berlin"), ("berlin", "Europe/Berlin"), ("America/New_Yrok", "America/New_York")]
    {
        let error = Recurrence::parse("0 2 * * *", bad).unwrap_err();
        assert_eq!(error.hint(), format!("did you mean {near}?"));
    }
    assert!(Recurrence::parse("0 2 * * *", "Middle-earth/Shire").unwrap_err().hint().contains("IANA"));
    assert_eq!(Recurrence::parse("0 2 * * *", "europe/berlin").unwrap().zone_name(), "Europe/Berlin");
    assert_eq!(Recurrence::parse("  0  2 * * * ", "UTC").unwrap().text(), "0 2 * * *");
}

/// A pattern as sets, and as text.
#[derive(Clone, Debug)]
struct Pattern {
    minutes: Vec<i64>,
    hours: Vec<i64>,
    weekdays: Vec<i64>,
}

impl Pattern {
    fn text(&self) -> String {
        let list = |values: &[i64], all: usize| {
            let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
            if values.len() == all { "*".to_owned() } else { texts.join(",") }
        };
        format!("{} {} * * {}", list(&self.minutes, 60), list(&self.hours, 24), list(&self.weekdays, 7))
    }

    fn matches(&self, local: i64) -> bool {
        let minute = minute(local);
        self.minutes.contains(&(minute % 60))
            && self.hours.contains(&(minute / 60))
            && self.weekdays.contains(&weekday(local))
    }
}

fn patterns() -> impl Strategy<Value = Pattern> {
    let some = |of: i64, most: usize| proptest::sample::subsequence((0..of).collect::<Vec<_>>(), 1..=most);
    (some(60, 60), some(24, 24), some(7, 7)).prop_map(|(minutes, hours, weekdays)| Pattern { minutes, hours, weekdays })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Four days around a change of the clock, minute by minute.
    #[test]
    fn any_pattern_is_the_walk(pattern in patterns(), zone in 0..ZONES.len(), which in 0_usize..20, late in 0_i64..172_800) {
        let name = ZONES[zone];
        let zone = TimeZone::get(name).unwrap();
        let changes: Vec<i64> = zone
            .following(Timestamp::from_second(FROM).unwrap())
            .take_while(|change| change.timestamp().as_second() < TO)
            .map(|change| change.timestamp().as_second())
            .take(20)
            .collect();
        let middle = if changes.is_empty() { FROM + which as i64 * 8_640_000 } else { changes[which % changes.len()] };
        let from = (middle - late).div_euclid(60) * 60;
        let to = from + 4 * 86_400;
        let expected: Vec<i64> = walk(&zone, (from, to), 60, |local| pattern.matches(local)).iter().map(|(at, _)| *at).collect();
        let recurrence = Recurrence::parse(&pattern.text(), name).unwrap();
        let slots: Vec<Slot> = recurrence.upcoming(Wall(from * 1000)).take_while(|slot| slot.at.0 <= to * 1000).collect();
        let told: Vec<i64> = slots.iter().map(|slot| slot.at.0 / 1000).collect();
        prop_assert_eq!(&told, &expected, "{} {}", pattern.text(), name);
        // Looking back finds the same slots.
        for (slot, later) in slots.iter().zip(slots.iter().skip(1)) {
            prop_assert_eq!(recurrence.latest_by(slot.at).map(|s| s.at), Some(slot.at));
            prop_assert_eq!(recurrence.latest_by(Wall(later.at.0 - 1)).map(|s| s.at), Some(slot.at));
            prop_assert_eq!(recurrence.before(later).map(|s| s.at), Some(slot.at));
        }
    }
}
