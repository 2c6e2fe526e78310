//! Tokens and the sessions they are exchanged for. Only digests are kept, and digests are compared, all of their bytes.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::Generate;
use sha2::{Digest, Sha256};

use crate::domain::{Secret, Tick};

/// Browsers that are let in at the same time; one more, and the one unused for longest has to come in anew.
const MAX_SESSIONS: usize = 16;
/// How long a session lasts that nobody uses.
const IDLE_SECONDS: u64 = 12 * 3600;
/// How long a session lasts at most, however much it is used.
const MAX_SESSION_SECONDS: u64 = 7 * 24 * 3600;
/// How long a link lasts that nobody uses.
pub const LINK_SECONDS: u64 = 3600;
/// The longest token that is looked at.
const MAX_TOKEN_CHARS: usize = 128;

/// The system gives no random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random numbers")]
pub struct NoRandom;

/// 256 random bits, written in 43 letters.
#[derive(Clone, Debug)]
pub struct RandomToken(Secret);

impl RandomToken {
    /// A new one.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn new() -> Result<RandomToken, NoRandom> {
        let bytes = <[u8; 32]>::try_generate().map_err(|_| NoRandom)?;
        Ok(RandomToken(Secret::new(URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// The letters: for a link or a cookie.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// SHA-256 of a token.
#[derive(Clone, Copy, Debug)]
struct Print([u8; 32]);

impl Print {
    fn of(text: &str) -> Print {
        Print(digest(text))
    }

    /// Every byte is looked at, whatever the first ones say; and whoever offers a token does not choose its digest.
    fn is(&self, other: &Print) -> bool {
        self.0.iter().zip(other.0).fold(0_u8, |difference, (a, b)| difference | (a ^ b)) == 0
    }
}

/// SHA-256.
pub(super) fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// Whether this may be a token at all.
pub(super) fn is_token_length(offered: &str) -> bool {
    offered.len() <= MAX_TOKEN_CHARS
}

/// Whether two secrets are the same, without telling by the time it takes how much of them is.
pub fn same(offered: &str, secret: &str) -> bool {
    Print::of(offered).is(&Print::of(secret))
}

/// Somebody who was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Which browser it is, for the audit log; 1 and up.
    pub number: u64,
}

#[derive(Debug)]
struct Known {
    print: Print,
    session: Session,
    begun: Tick,
    used: Tick,
}

#[derive(Debug, Default)]
struct Inner {
    link: Option<(Print, Tick)>,
    known: VecDeque<Known>,
    let_in: u64,
}

/// The link that lets somebody in, and who was let in.
#[derive(Debug, Default)]
pub struct Sessions(Mutex<Inner>);

impl Sessions {
    /// A new one-time link, good for [`LINK_SECONDS`]; the one before is void.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn new_link(&self, now: Tick) -> Result<RandomToken, NoRandom> {
        let token = RandomToken::new()?;
        self.inner().link = Some((Print::of(token.expose()), now));
        Ok(token)
    }

    /// Exchanges the link's token for a session. It is void from then on.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn redeem(&self, offered: &str, now: Tick) -> Result<Option<RandomToken>, NoRandom> {
        if !is_token_length(offered) {
            return Ok(None);
        }
        let offered = Print::of(offered);
        {
            let mut inner = self.inner();
            let is_good = |(link, since): &(Print, Tick)| {
                link.is(&offered) && now.since(*since) < Duration::from_secs(LINK_SECONDS)
            };
            if !inner.link.as_ref().is_some_and(is_good) {
                return Ok(None);
            }
            inner.link = None;
        }
        self.let_in(now).map(Some)
    }

    /// A new session.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn let_in(&self, now: Tick) -> Result<RandomToken, NoRandom> {
        let token = RandomToken::new()?;
        let mut inner = self.inner();
        inner.let_in += 1;
        let session = Session { number: inner.let_in };
        inner.known.retain(|known| is_alive(known, now));
        if inner.known.len() >= MAX_SESSIONS {
            let oldest = inner.known.iter().enumerate().min_by_key(|(_, known)| known.used).map(|(index, _)| index);
            oldest.and_then(|index| inner.known.remove(index));
        }
        inner.known.push_back(Known { print: Print::of(token.expose()), session, begun: now, used: now });
        Ok(token)
    }

    /// Whose cookie this is. `is_use`: a person does something, so that the session lasts longer; a page that is open and follows by itself
    /// does not extend it.
    pub fn find(&self, offered: &str, is_use: bool, now: Tick) -> Option<Session> {
        if !is_token_length(offered) {
            return None;
        }
        let offered = Print::of(offered);
        let mut inner = self.inner();
        let mut found = None;
        for known in inner.known.iter_mut().filter(|known| is_alive(known, now)) {
            if known.print.is(&offered) {
                if is_use {
                    known.used = now;
                }
                found = Some(known.session);
            }
        }
        found
    }

    /// Whether a session has not ended.
    pub fn lasts(&self, session: Session, now: Tick) -> bool {
        self.inner().known.iter().any(|known| known.session == session && is_alive(known, now))
    }

    /// Ends a session.
    pub fn end(&self, session: Session) {
        self.inner().known.retain(|known| known.session != session);
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_alive(known: &Known, now: Tick) -> bool {
    now.since(known.used) < Duration::from_secs(IDLE_SECONDS)
        && now.since(known.begun) < Duration::from_secs(MAX_SESSION_SECONDS)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_link_lets_one_browser_in_once() {
        let sessions = Sessions::default();
        let link = sessions.new_link(Tick(0)).unwrap();
        assert_eq!(link.expose().len(), 43);
        assert!(sessions.redeem("wrong", Tick(0)).unwrap().is_none());
        let cookie = sessions.redeem(link.expose(), Tick(0)).unwrap().unwrap();
        assert!(sessions.redeem(link.expose(), Tick(0)).unwrap().is_none(), "it is void");
        assert_eq!(sessions.find(cookie.expose(), true, Tick(1)), Some(Session { number: 1 }));
        assert_eq!(sessions.find(link.expose(), true, Tick(1)), None);
        assert_eq!(sessions.find("", true, Tick(1)), None);
        assert!(!format!("{link:?} {sessions:?}").contains(link.expose()));
    }

    #[test]
    fn a_newer_link_voids_the_older() {
        let sessions = Sessions::default();
        let (older, newer) = (sessions.new_link(Tick(0)).unwrap(), sessions.new_link(Tick(0)).unwrap());
        assert!(sessions.redeem(older.expose(), Tick(0)).unwrap().is_none());
        assert!(sessions.redeem(newer.expose(), Tick(0)).unwrap().is_some());
    }

    #[test]
    fn sessions_end_unused_or_one_too_many() {
        let sessions = Sessions::default();
        let first = sessions.let_in(Tick(0)).unwrap();
        let later = Tick(i64::try_from(IDLE_SECONDS).unwrap() * 1000);
        assert!(sessions.find(first.expose(), true, Tick(later.0 - 1)).is_some());
        assert!(sessions.find(first.expose(), true, Tick(later.0 * 2)).is_none());
        let kept = sessions.let_in(later).unwrap();
        for n in 0..MAX_SESSIONS as i64 - 1 {
            sessions.let_in(Tick(later.0 + n + 1)).unwrap();
        }
        assert!(sessions.find(kept.expose(), true, Tick(later.0 + 100)).is_some());
        sessions.let_in(Tick(later.0 + 200)).unwrap();
        assert!(sessions.find(kept.expose(), true, Tick(later.0 + 300)).is_some(), "used a moment ago");
        let session = sessions.find(kept.expose(), true, later).unwrap();
        sessions.end(session);
        assert!(sessions.find(kept.expose(), true, later).is_none());
    }

    #[test]
    fn a_link_that_nobody_uses_ends() {
        let sessions = Sessions::default();
        let ends = i64::try_from(LINK_SECONDS).unwrap() * 1000;
        let link = sessions.new_link(Tick(0)).unwrap();
        assert!(sessions.redeem(link.expose(), Tick(ends)).unwrap().is_none());
        let link = sessions.new_link(Tick(ends)).unwrap();
        assert!(sessions.redeem(link.expose(), Tick(2 * ends - 1)).unwrap().is_some());
    }

    #[test]
    fn a_page_that_is_open_extends_nothing_and_no_session_lasts_for_ever() {
        let sessions = Sessions::default();
        let hour = 3_600_000;
        let watched = sessions.let_in(Tick(0)).unwrap();
        for hours in 0..12 {
            assert!(sessions.find(watched.expose(), false, Tick(hours * hour)).is_some());
        }
        assert!(sessions.find(watched.expose(), false, Tick(12 * hour)).is_none(), "nobody used it");
        let used = sessions.let_in(Tick(0)).unwrap();
        let session = sessions.find(used.expose(), true, Tick(0)).unwrap();
        for hours in 0..7 * 24 {
            assert!(sessions.find(used.expose(), true, Tick(hours * hour)).is_some());
        }
        assert!(sessions.lasts(session, Tick(7 * 24 * hour - 1)));
        assert!(!sessions.lasts(session, Tick(7 * 24 * hour)));
        assert!(sessions.find(used.expose(), true, Tick(7 * 24 * hour)).is_none(), "a week is the most");
    }
}
