//! When to refresh, and what a refresh's end means. Pure: a record, a time and an event in; what to write and do out.
//! What does not belong here: the network, the store, waiting (`tokens` has all of it).
//!
//! ```text
//!   fresh --due--> mark saved --> sent --> new pair saved --> used
//!                     |            |
//!                  (crash)      (crash, answer lost): perhaps used up
//!                     +------------+--> mark again, sent once more --> new pair | refused, lost: login needed
//! ```
//!
//! The law: a refresh token leaves this machine at most twice, and the second time only if it is unknown what became of the
//! first. What certainly used nothing up (no connection, the server busy) does not count, and its mark is taken back. The refresh token of a
//! session (`session`) is used up by nothing but the next one's use: it is sent without a mark.

use std::time::Duration;

use super::grant::GrantError;
use crate::domain::Wall;
use crate::store::{Credential, CredentialKind};

/// Tokens are refreshed so long before their end, or a tenth of their life where that is shorter, in seconds.
pub const AHEAD_SECONDS: u64 = 60;
/// A token that a refresh brought after a rejection, and that is rejected within this, is rejected for good, in seconds.
pub const REJECTED_AGAIN_SECONDS: u64 = 300;
/// How many times a refresh token may have been sent.
pub const MAX_TRIES: u8 = 2;

crate::domain::with_names! {
    /// Why an account needs a person.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Why {
        /// The platform refused the refresh token.
        Refused => "refresh_refused",
        /// The refresh token was sent twice, and nobody knows what became of it.
        LostTwice => "refresh_lost_twice",
        /// Freshly refreshed credentials are rejected too, or ones that cannot be refreshed.
        Rejected => "rejected",
        /// The access token has ended and there is no refresh token.
        Ended => "ended",
        /// There are no credentials.
        Missing => "missing",
        /// Somebody has logged it out meanwhile.
        LoggedOut => "logged_out",
    }
}

impl Why {
    /// Reads the word; an unknown one (of a newer program) is as good as a refusal.
    pub fn parse(word: &str) -> Why {
        Why::named(word).unwrap_or(Why::Refused)
    }

    /// What happened, for people.
    pub const fn sentence(self) -> &'static str {
        match self {
            Why::Refused => "the platform no longer accepts its refresh token",
            Why::LostTwice => "two attempts to refresh its login were cut off, and a third might be refused",
            Why::Rejected => "the platform rejects its credentials",
            Why::Ended => "its access token has ended and there is no refresh token",
            Why::Missing => "there are no credentials for it",
            Why::LoggedOut => "it was logged out",
        }
    }
}

/// What is known of an account's credentials when somebody asks for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredToken {
    /// When the access token ends and how long it lived, in milliseconds; none: never.
    pub expiry: Option<(Wall, i64)>,
    /// Whether there is a refresh token.
    pub refreshable: bool,
    /// How many times it may have been sent.
    pub tries: u8,
    /// An earlier verdict.
    pub login_needed: Option<Why>,
}

impl StoredToken {
    /// What the record says.
    pub fn of(record: &Credential, refreshable: bool) -> StoredToken {
        StoredToken {
            expiry: record.set.expiry.map(|expiry| (expiry.at, expiry.lifetime_ms)),
            refreshable: refreshable
                && matches!(record.set.kind, CredentialKind::OAuth2 | CredentialKind::Session | CredentialKind::Dpop),
            tries: record.refresh_tries,
            login_needed: record.login_needed.as_deref().map(Why::parse),
        }
    }
}

/// Why it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshCause {
    /// For the next request.
    Ahead,
    /// Because the platform rejected this very generation. The time: when a rejection brought it, if one did.
    Rejected {
        /// See there.
        born_of_rejection: Option<Wall>,
    },
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The access token is good.
    Use,
    /// Save the mark with this number of tries, then send the refresh token.
    Refresh {
        /// 1 or 2.
        tries: u8,
    },
    /// Nothing helps but a person.
    NeedLogin(Why),
}

/// When an access token is refreshed.
pub fn due_at(ends: Wall, lifetime_ms: i64) -> Wall {
    let tenth = Duration::from_millis(u64::try_from(lifetime_ms).unwrap_or(0) / 10);
    let ahead = tenth.min(Duration::from_secs(AHEAD_SECONDS));
    Wall(ends.0.saturating_sub(i64::try_from(ahead.as_millis()).unwrap_or(0)))
}

/// Whether an access token is to be refreshed now. One that was given out in the future was dated by a clock that was ahead: when it ends
/// is not known.
pub(super) fn is_due(ends: Wall, lifetime_ms: i64, now: Wall) -> bool {
    let given_out = Wall(ends.0.saturating_sub(lifetime_ms.max(0)));
    now >= due_at(ends, lifetime_ms) || given_out.is_ahead_of(now)
}

/// What to do with credentials.
pub fn decide(known: StoredToken, asked: RefreshCause, now: Wall) -> Step {
    if let Some(why) = known.login_needed {
        return Step::NeedLogin(why);
    }
    let ended = known.expiry.is_some_and(|(ends, _)| now >= ends);
    let due = known.expiry.is_some_and(|(ends, lifetime)| is_due(ends, lifetime, now));
    if let RefreshCause::Rejected { born_of_rejection } = asked {
        let again = born_of_rejection
            .and_then(|born| born.age(now))
            .is_some_and(|age| age < Duration::from_secs(REJECTED_AGAIN_SECONDS) && !ended);
        if again || !known.refreshable {
            return Step::NeedLogin(Why::Rejected);
        }
    } else if !due {
        // An open mark can wait until the refresh is due: the access token is none the worse for it.
        return Step::Use;
    } else if !known.refreshable {
        return if ended { Step::NeedLogin(Why::Ended) } else { Step::Use };
    }
    match known.tries {
        tries if tries < MAX_TRIES => Step::Refresh { tries: tries + 1 },
        _ => Step::NeedLogin(Why::LostTwice),
    }
}

/// What follows from a refresh that brought no pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aftermath {
    /// Take the mark back, and try later.
    TakeBack,
    /// Leave the mark, and try once more, later.
    OnceMore,
    /// Write down that a person is needed.
    NeedLogin(Why),
    /// Take the mark back; the app's configuration is wrong.
    App,
}

/// See [`Aftermath`]. `tries` is what the mark said.
pub fn aftermath(error: &GrantError, tries: u8) -> Aftermath {
    match error {
        GrantError::World(_) | GrantError::TooMany => Aftermath::TakeBack,
        GrantError::App(_) => Aftermath::App,
        GrantError::Refused(_) => Aftermath::NeedLogin(Why::Refused),
        GrantError::Unsure(_) if tries < MAX_TRIES => Aftermath::OnceMore,
        GrantError::Unsure(_) => Aftermath::NeedLogin(Why::LostTwice),
    }
}

#[cfg(test)]
#[path = "refresh_tests.rs"]
mod tests;
