//! When an ID was given out, where the ID tells it.
//!
//! In: an ID and what it is of. Out: a time, or that it is not known. What does not belong here: dates a source tells beside
//! the ID.
//!
//! Since 4 November 2010 X counts a post's ID up from the clock: the milliseconds since [`EPOCH_MS`] stand above the lowest 22
//! bits. IDs before that were plain numbers in a row and would decode to that very day, so a short ID has no known time; the
//! account IDs of users went over to the clock years later, and only those of 18 digits and more are read.

use crate::domain::{TargetId, TargetKind, Wall};

/// Where the clock in an ID begins: 2010-11-04T01:42:54.657Z in milliseconds since 1970.
pub const EPOCH_MS: i64 = 1_288_834_974_657;
/// Bits below the clock: data centre, worker, sequence.
const LOW_BITS: u32 = 22;
/// Posts numbered below this were numbered in a row.
const FIRST_POST: u64 = 30_000_000_000;
/// Users with fewer digits may have been numbered in a row.
const MIN_USER_DIGITS: usize = 18;

/// When the post was made or the account opened, to the millisecond; none where the ID does not tell. An ID with leading
/// zeros is nobody's clock.
pub fn time(id: TargetId, kind: TargetKind) -> Option<Wall> {
    let digits = id.value().checked_ilog10().map_or(1, |log| log as usize + 1);
    let told = match kind {
        TargetKind::Post => id.value() >= FIRST_POST,
        TargetKind::Tag | TargetKind::Domain => false,
        // Lists of users were numbered in a row as well, until some year.
        TargetKind::User | TargetKind::List => digits >= MIN_USER_DIGITS,
    };
    if !told || id.digits() != digits {
        return None;
    }
    i64::try_from(id.value() >> LOW_BITS).ok().map(|since| Wall(since + EPOCH_MS))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn told(id: &str, kind: TargetKind) -> Option<String> {
        let wall = time(id.parse().unwrap(), kind)?;
        Some(jiff::Timestamp::from_millisecond(wall.0).unwrap().to_string())
    }

    #[test]
    fn posts_whose_time_is_known_from_elsewhere() {
        for (id, at) in [
            ("1050118621198921728", "2018-10-10T20:19:24.211Z"),
            ("1346889436626259968", "2021-01-06T18:40:40.344Z"),
            ("1233161576649121792", "2020-02-27T22:46:45.564Z"),
            ("1445078208190291973", "2021-10-04T17:27:47.744Z"),
            ("1212161512043446272", "2020-01-01T00:00:00Z"),
        ] {
            assert_eq!(told(id, TargetKind::Post).as_deref(), Some(at));
            assert_eq!(told(id, TargetKind::User).as_deref(), Some(at));
        }
        // The highest ID there can be does not overflow.
        assert_eq!(told("9999999999999999999", TargetKind::Post).unwrap(), "2086-05-23T19:32:45.672Z");
    }

    #[test]
    fn short_ids_tell_nothing_instead_of_2010() {
        for id in ["1", "20", "123456789", "9876543210", "29999999999", "01233161576649121", "000000000000000001"] {
            assert_eq!(told(id, TargetKind::Post), None, "{id}");
        }
        assert!(told("30000000000", TargetKind::Post).unwrap().starts_with("2010-11-04"));
        for id in ["12", "783214", "2244994945", "99999999999999999", "012331615766491217"] {
            assert_eq!(told(id, TargetKind::User), None, "{id}");
        }
        assert!(told("100000000000000000", TargetKind::User).is_some());
    }

    proptest! {
        #[test]
        fn later_ids_are_later(a in FIRST_POST..u64::MAX / 2, b in FIRST_POST..u64::MAX / 2) {
            let at = |id: u64| time(id.to_string().parse().unwrap(), TargetKind::Post).unwrap();
            prop_assume!(a.max(b) < 10_u64.pow(19));
            prop_assert_eq!(at(a).cmp(&at(b)), (a >> LOW_BITS).cmp(&(b >> LOW_BITS)));
        }
    }
}
