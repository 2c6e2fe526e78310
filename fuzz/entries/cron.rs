//! Patterns of schedules: a zone's name, a line feed, a pattern. Laws: no panic, and no search without an end; what is wrong is said in a sentence with a
//! hint; what can be read is read again from its own text; slots come one after the other, and the latest before a slot's moment is that slot.

use cleanup::domain::Wall;
use cleanup::schedule::recurrence::Recurrence;

/// 29 February 2024, 12:00 UTC.
const LEAP_DAY: Wall = Wall(1_709_208_000_000);

pub fn try_it(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some((zone, pattern)) = text.split_once('\n') else { return };
    let read = match Recurrence::parse(pattern, zone) {
        Ok(read) => read,
        Err(error) => {
            assert!(!error.to_string().is_empty() && !error.hint().is_empty());
            return;
        }
    };
    let again = Recurrence::parse(read.text(), read.zone_name()).expect("what was read is read again");
    assert_eq!((again.text(), again.zone_name()), (read.text(), read.zone_name()));
    let slots: Vec<_> = read.upcoming(LEAP_DAY).take(5).collect();
    assert!(slots.windows(2).all(|two| two[0].at < two[1].at), "{slots:?}");
    for slot in &slots {
        assert!(slot.at > LEAP_DAY, "{slots:?}");
        assert_eq!(read.latest_by(slot.at), Some(*slot));
    }
    assert_eq!(slots, again.upcoming(LEAP_DAY).take(5).collect::<Vec<_>>());
    let _ = read.gaps(LEAP_DAY);
}
