//! The zone in which people here tell the time.
//!
//! In: the machine, or a zone somebody named. Out: the zone. What does not belong here: what time it is.

use std::sync::{Arc, OnceLock};

use jiff::tz::TimeZone;

/// The zone in which people here tell the time. Finding the machine's means walking through all zones it knows (a millisecond or two), so
/// it is looked for when somebody asks.
#[derive(Clone, Debug, Default)]
pub struct LocalZone(Arc<OnceLock<TimeZone>>);

impl LocalZone {
    /// The zone.
    pub fn get(&self) -> &TimeZone {
        self.0.get_or_init(TimeZone::system)
    }
}

impl From<TimeZone> for LocalZone {
    /// Another zone than the machine's.
    fn from(zone: TimeZone) -> LocalZone {
        LocalZone(Arc::new(OnceLock::from(zone)))
    }
}
