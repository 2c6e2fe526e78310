//! Sessions as a PDS keeps them: a handle or DID and an app password give a pair of tokens; the one for access is believed by its
//! signature until it ends, the one for refreshing is known by its ID, and what has been used gives the same successor for a while. Pure:
//! time comes in as an argument.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::rules::{BLUESKY_LOGINS, BLUESKY_LOGINS_DAY, SHORTER};
use super::super::windows::{FixedWindow, WindowState, tightest};
use super::names::{did, handle, is_did, user_of_did, user_of_handle};
use crate::domain::{Moment, TargetId};

/// The app password of everybody in the sandbox.
pub(in crate::sandbox) const APP_PASSWORD: &str = "sand-boxs-andb-oxsa";
const REFRESH_LIFETIME: Duration = Duration::from_secs(90 * 86_400);
/// How long a used refresh token still gives its successor.
const GRACE: Duration = Duration::from_secs(2 * 3600);
const MAX_HELD: usize = 100_000;
const ACCESS: &str = "com.atproto.appPass";
const REFRESH: &str = "com.atproto.refresh";

/// A session, as its answer tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) struct OpenSession {
    pub(in crate::sandbox) user: TargetId,
    pub(in crate::sandbox) handle: String,
    pub(in crate::sandbox) access: String,
    pub(in crate::sandbox) refresh: String,
}

/// Why a token or a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum NotTaken {
    /// There is none.
    Missing,
    /// It is none of the server's, or of the other kind.
    Invalid,
    /// It has ended.
    Expired,
    /// It has been revoked, or was used long ago.
    Revoked,
    /// Identifier or password are wrong.
    Password,
    /// Too many have been tried.
    Limited,
    /// It is bound to a key and has ended, or is another key's.
    Unbound,
    /// Its proof is wrong.
    Proof,
    /// Its proof has no nonce, or an old one.
    Nonce,
}

#[derive(Debug)]
pub(in crate::sandbox) struct Sessions {
    seed: u64,
    access_lifetime: Duration,
    is_limited: bool,
    /// By the ID of a refresh token: its successor, and until when it gives it.
    refreshing: HashMap<String, Option<(String, i64)>>,
    logins: HashMap<String, [FixedWindow; 2]>,
    /// Handles that do not follow from their users.
    handles: HashMap<TargetId, String>,
    made: u64,
}

impl Sessions {
    pub(in crate::sandbox) fn new(seed: u64, access_lifetime: Duration, is_limited: bool) -> Sessions {
        let (refreshing, logins, handles) = Default::default();
        Sessions { seed, access_lifetime, is_limited, refreshing, logins, handles, made: 0 }
    }

    /// `createSession`. With it goes how the narrower window of this identifier stands.
    pub(in crate::sandbox) fn log_in(
        &mut self,
        now: Moment,
        identifier: &str,
        password: &str,
    ) -> (Result<OpenSession, NotTaken>, Option<WindowState>) {
        let name = identifier.trim_start_matches('@').to_ascii_lowercase();
        if self.logins.len() >= MAX_HELD {
            self.logins.clear();
        }
        let windows = self.logins.entry(name.clone()).or_insert_with(|| {
            [BLUESKY_LOGINS, BLUESKY_LOGINS_DAY].map(|rate| FixedWindow::new(rate.shortened(SHORTER)))
        });
        let has_room = windows.iter().all(|window| window.has_room(now));
        windows.iter_mut().for_each(|window| window.take(now));
        let standing = tightest(windows.iter().map(|window| window.standing(now))).filter(|_| self.is_limited);
        if self.is_limited && !has_room {
            return (Err(NotTaken::Limited), standing);
        }
        let user = if is_did(&name) { user_of_did(&name) } else { user_of_handle(&name) };
        let Some(user) = user.filter(|_| password == APP_PASSWORD) else {
            return (Err(NotTaken::Password), standing);
        };
        if !is_did(&name) && handle(user) != name && self.handles.len() < MAX_HELD {
            self.handles.insert(user, name);
        }
        let id = self.new_id();
        (Ok(self.open(now, user, id)), standing)
    }

    /// `refreshSession`.
    pub(in crate::sandbox) fn refresh(&mut self, now: Moment, token: Option<&str>) -> Result<OpenSession, NotTaken> {
        let (user, id) = self.read(now, token.ok_or(NotTaken::Missing)?, REFRESH)?;
        let now_seconds = now.wall.0.div_euclid(1000);
        let next = match self.refreshing.get(&id) {
            None => return Err(NotTaken::Revoked),
            Some(Some((_, until))) if *until <= now_seconds => return Err(NotTaken::Revoked),
            Some(Some((next, _))) if !self.refreshing.contains_key(next) => return Err(NotTaken::Revoked),
            Some(Some((next, _))) => next.clone(),
            Some(None) => self.new_id(),
        };
        let until = now_seconds + i64::try_from(GRACE.as_secs()).unwrap_or(i64::MAX);
        self.refreshing.insert(id, Some((next.clone(), until)));
        Ok(self.open(now, user, next))
    }

    /// `deleteSession`. One that has ended already ends once more.
    pub(in crate::sandbox) fn log_out(&mut self, now: Moment, token: Option<&str>) -> Result<(), NotTaken> {
        match self.read(now, token.ok_or(NotTaken::Missing)?, REFRESH) {
            Ok((_, id)) => self.refreshing.remove(&id),
            Err(NotTaken::Expired) => None,
            Err(other) => return Err(other),
        };
        Ok(())
    }

    /// Whose access token it is, if it is good now.
    pub(in crate::sandbox) fn user_of(&self, now: Moment, token: &str) -> Result<TargetId, NotTaken> {
        self.read(now, token, ACCESS).map(|(user, _)| user)
    }

    /// The handle of a user.
    pub(in crate::sandbox) fn handle_of(&self, user: TargetId) -> String {
        self.handles.get(&user).cloned().unwrap_or_else(|| handle(user))
    }

    fn open(&mut self, now: Moment, user: TargetId, id: String) -> OpenSession {
        if self.refreshing.len() < MAX_HELD {
            self.refreshing.entry(id.clone()).or_insert(None);
        }
        let access = self.signed(now, user, ACCESS, None, self.access_lifetime);
        let refresh = self.signed(now, user, REFRESH, Some(&id), REFRESH_LIFETIME);
        OpenSession { user, handle: self.handle_of(user), access, refresh }
    }

    fn new_id(&mut self) -> String {
        self.made += 1;
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{} {}", self.seed, self.made)))
    }

    /// A token of the form that a PDS gives out.
    fn signed(&self, now: Moment, user: TargetId, scope: &str, id: Option<&str>, lifetime: Duration) -> String {
        let issued = now.wall.0.div_euclid(1000);
        let ends = issued + i64::try_from(lifetime.as_secs()).unwrap_or(0);
        let kind = if id.is_some() { "refresh+jwt" } else { "at+jwt" };
        let mut claims =
            json!({ "scope": scope, "aud": "did:web:sandbox.test", "sub": did(user), "iat": issued, "exp": ends });
        if let (Some(id), Some(all)) = (id, claims.as_object_mut()) {
            all.insert("jti".into(), id.into());
        }
        let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(json!({ "typ": kind, "alg": "HS256" })), part(claims));
        format!("{text}.{}", self.signature(&text))
    }

    fn signature(&self, text: &str) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{} {text}", self.seed)))
    }

    /// Whose token it is, and its ID where it has one.
    fn read(&self, now: Moment, token: &str, scope: &str) -> Result<(TargetId, String), NotTaken> {
        let (text, signature) = token.rsplit_once('.').ok_or(NotTaken::Invalid)?;
        if self.signature(text) != signature {
            return Err(NotTaken::Invalid);
        }
        let claims = text.split_once('.').and_then(|(_, claims)| BASE64_URL_SAFE_NO_PAD.decode(claims).ok());
        let claims: Value = claims.and_then(|claims| serde_json::from_slice(&claims).ok()).unwrap_or_default();
        let claim = |name: &str| claims[name].as_str().unwrap_or_default();
        let user = user_of_did(claim("sub")).filter(|_| claim("scope") == scope).ok_or(NotTaken::Invalid)?;
        if claims["exp"].as_i64().unwrap_or(0) <= now.wall.0.div_euclid(1000) {
            return Err(NotTaken::Expired);
        }
        Ok((user, claim("jti").to_owned()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::{Tick, Wall};

    fn at(seconds: i64) -> Moment {
        Moment { tick: Tick(seconds * 1000), wall: Wall(1_795_000_000_000 + seconds * 1000) }
    }

    fn sessions() -> Sessions {
        Sessions::new(7, Duration::from_secs(7200), true)
    }

    fn log_in(sessions: &mut Sessions, now: i64, name: &str) -> Result<OpenSession, NotTaken> {
        sessions.log_in(at(now), name, APP_PASSWORD).0
    }

    #[test]
    fn an_access_token_lives_two_hours_and_is_no_refresh_token() {
        let mut sessions = sessions();
        let session = log_in(&mut sessions, 0, "ada.test").unwrap();
        assert_eq!(session.handle, "ada.test");
        assert_eq!(sessions.user_of(at(7199), &session.access), Ok(session.user));
        assert_eq!(sessions.user_of(at(7200), &session.access), Err(NotTaken::Expired));
        assert_eq!(sessions.user_of(at(0), &session.refresh), Err(NotTaken::Invalid));
        assert_eq!(sessions.refresh(at(0), Some(&session.access)), Err(NotTaken::Invalid));
        assert_eq!(sessions.user_of(at(0), "nonsense"), Err(NotTaken::Invalid));
        assert_eq!(sessions.refresh(at(0), None), Err(NotTaken::Missing));
        let by_did = log_in(&mut sessions, 1, &did(session.user)).unwrap();
        assert_eq!((by_did.user, by_did.handle.as_str()), (session.user, "ada.test"));
    }

    #[test]
    fn a_used_refresh_token_gives_its_successor_for_two_hours() {
        let mut sessions = sessions();
        let first = log_in(&mut sessions, 0, "ada.test").unwrap();
        let second = sessions.refresh(at(10), Some(&first.refresh)).unwrap();
        assert_ne!(first.refresh, second.refresh);
        assert_eq!(sessions.refresh(at(10), Some(&first.refresh)).unwrap().refresh, second.refresh);
        let third = sessions.refresh(at(20), Some(&second.refresh)).unwrap();
        assert_eq!(sessions.refresh(at(7210), Some(&first.refresh)), Err(NotTaken::Revoked));
        sessions.log_out(at(30), Some(&third.refresh)).unwrap();
        sessions.log_out(at(31), Some(&third.refresh)).unwrap();
        assert_eq!(sessions.refresh(at(32), Some(&third.refresh)), Err(NotTaken::Revoked));
        assert_eq!(sessions.refresh(at(32), Some(&second.refresh)), Err(NotTaken::Revoked), "its successor is no more");
        assert!(sessions.user_of(at(33), &third.access).is_ok(), "an access token is believed until it ends");
        assert_eq!(sessions.log_out(at(0), Some(&third.access)), Err(NotTaken::Invalid));
    }

    #[test]
    fn wrong_passwords_and_too_many_of_them() {
        let mut sessions = sessions();
        for n in 0..30 {
            let (result, window) = sessions.log_in(at(0), "ada.test", "wrong");
            assert_eq!((result, window.unwrap().remaining), (Err(NotTaken::Password), 29 - n));
        }
        let (result, window) = sessions.log_in(at(0), "ada.test", APP_PASSWORD);
        assert_eq!((result, window.unwrap().remaining), (Err(NotTaken::Limited), 0));
        assert!(log_in(&mut sessions, 0, "bob.test").is_ok());
        assert!(log_in(&mut sessions, 5, "ada.test").is_ok());
        assert_eq!(log_in(&mut sessions, 5, "gone-ada.test"), Err(NotTaken::Password));
        assert_eq!(log_in(&mut sessions, 5, "did:plc:somebodyelseatotherserver"), Err(NotTaken::Password));
    }
}
