//! Browsers that have logged in with the password before, as OWASP's "device cookies" have it: each has tries of its own, so that a flood of
//! guesses from thousands of networks, which takes the tries of strangers, does not keep the owner out. What such a browser holds opens
//! nothing; the password is asked for as always. Only digests are kept. Pure: the time comes from outside.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::session::{NoRandom, RandomToken, digest, is_token_length};
use crate::domain::Wall;
use crate::store::LoginDevice;

/// How long a browser is known that does not log in again.
pub const DEVICE_SECONDS: u64 = 90 * 24 * 3600;
/// Browsers that are known; one more, and the one that logged in longest ago is forgotten.
const MAX_DEVICES: usize = 16;

/// Which browser; whoever offers a cookie does not choose its digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Device([u8; 32]);

/// The browsers that are known.
#[derive(Debug, Default)]
pub struct Devices(Mutex<Vec<LoginDevice>>);

impl Devices {
    /// Those on record.
    pub fn of(known: Vec<LoginDevice>) -> Devices {
        Devices(Mutex::new(known))
    }

    /// Which browser holds this.
    pub fn find(&self, offered: &str, now: Wall) -> Option<Device> {
        if !is_token_length(offered) {
            return None;
        }
        let offered = digest(offered);
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().any(|known| known.digest == offered && is_young(known, now)).then_some(Device(offered))
    }

    /// What a browser that has just given the password holds from now on, instead of what it may have held; and all that is to be on
    /// record.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn issue(&self, before: Option<Device>, now: Wall) -> Result<(RandomToken, Vec<LoginDevice>), NoRandom> {
        let token = RandomToken::new()?;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|known| is_young(known, now) && before.is_none_or(|Device(digest)| digest != known.digest));
        if known.len() >= MAX_DEVICES {
            known.remove(0);
        }
        known.push(LoginDevice { digest: digest(token.expose()), issued_at: now });
        Ok((token, known.clone()))
    }
}

/// Of one from the future nobody knows how old it is.
fn is_young(known: &LoginDevice, now: Wall) -> bool {
    known.issued_at.age(now).is_some_and(|age| age < Duration::from_secs(DEVICE_SECONDS))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const DAY: i64 = 24 * 3_600_000;

    #[test]
    fn a_browser_is_known_until_it_has_been_away_for_too_long() {
        let devices = Devices::default();
        let (token, record) = devices.issue(None, Wall(100 * DAY)).unwrap();
        assert!(devices.find(token.expose(), Wall(190 * DAY - 1)).is_some());
        assert!(devices.find(token.expose(), Wall(190 * DAY)).is_none(), "90 days");
        assert!(devices.find(token.expose(), Wall(0)).is_none(), "it is from the future");
        for other in ["", "x", &"x".repeat(43), &"x".repeat(5_000)] {
            assert!(devices.find(other, Wall(100 * DAY)).is_none(), "{other}");
        }
        // The process after this one has the record alone, and nothing in it is what the browser holds.
        assert!(!format!("{record:?} {devices:?}").contains(token.expose()));
        assert!(Devices::of(record).find(token.expose(), Wall(101 * DAY)).is_some());
    }

    #[test]
    fn each_login_gives_another_and_few_are_kept() {
        let devices = Devices::default();
        let (first, _) = devices.issue(None, Wall(0)).unwrap();
        let before = devices.find(first.expose(), Wall(1));
        let (second, record) = devices.issue(before, Wall(1)).unwrap();
        assert!(devices.find(first.expose(), Wall(2)).is_none() && record.len() == 1);
        for n in 0..MAX_DEVICES as i64 - 1 {
            devices.issue(None, Wall(2 + n)).unwrap();
        }
        assert!(devices.find(second.expose(), Wall(50)).is_some());
        let (_, record) = devices.issue(None, Wall(50)).unwrap();
        assert!(devices.find(second.expose(), Wall(51)).is_none() && record.len() == MAX_DEVICES);
        // Those that have been away for too long make room.
        assert_eq!(devices.issue(None, Wall(200 * DAY)).unwrap().1.len(), 1);
    }
}
