//! When slots fall, found the slow way: the time is walked through step by step, and the clock of the zone is read. It knows
//! offsets and nothing else: no cron, no gaps, no folds, nothing of the program's.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Zones with every kind of change there is from 2024 on.
pub const ZONES: [&str; 14] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe", // by half an hour
    "Asia/Kathmandu",      // +05:45
    "Pacific/Apia",
    "America/Sao_Paulo",
    "Africa/Casablanca", // back in Ramadan
    "Asia/Tehran",
    "UTC",
    "Africa/Cairo",     // forward at midnight
    "America/Santiago", // forward at midnight, in September
    "Antarctica/Troll", // by two hours
    "America/Havana",   // back at 01:00, so midnight comes twice
    "Pacific/Chatham",  // +12:45
];

/// 2024-01-01T00:00:00Z
pub const FROM: i64 = 1_704_067_200;
/// 2039-01-01T00:00:00Z
pub const TO: i64 = 2_177_452_800;

const DAY: i64 = 86_400;

/// What the clock of a zone shows, in seconds since 1970 as if it stood in Greenwich.
pub fn shown(zone: &TimeZone, moment: i64) -> i64 {
    moment + i64::from(zone.to_offset(Timestamp::from_second(moment).unwrap()).seconds())
}

/// The moments at which a clock shows, for the first time, a time that `matches` or a later one: from `from` to `to`, in
/// steps of `step` seconds, which divides the times in question and the changes of the clock. With each, the local times that
/// fall on it.
pub fn walk(zone: &TimeZone, (from, to): (i64, i64), step: i64, matches: impl Fn(i64) -> bool) -> Vec<(i64, Vec<i64>)> {
    // How far the clock has come; it may go back, this never does.
    let mut furthest =
        (from - 2 * DAY..=from).step_by(usize::try_from(step).unwrap()).map(|at| shown(zone, at)).max().unwrap();
    let mut found = Vec::new();
    let mut moment = from + step;
    while moment <= to {
        let now = shown(zone, moment);
        let mut fallen = Vec::new();
        while furthest < now {
            furthest += step;
            if matches(furthest) {
                fallen.push(furthest);
            }
        }
        if !fallen.is_empty() {
            found.push((moment, fallen));
        }
        moment += step;
    }
    found
}

/// The day a local time belongs to.
pub fn day(local: i64) -> i64 {
    local.div_euclid(DAY)
}

/// Minutes since local midnight.
pub fn minute(local: i64) -> i64 {
    local.rem_euclid(DAY) / 60
}

/// 0 is Sunday.
pub fn weekday(local: i64) -> i64 {
    (day(local) + 4).rem_euclid(7)
}
