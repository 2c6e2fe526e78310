//! How the IDs of a file's rows look: a row's account says it, for each platform has IDs of its own. In: accounts, as far as they are known
//! before the file is read. Out: the form of a row's IDs. What does not belong here: which platform has which form.

use std::collections::HashMap;
use std::fmt;

use crate::domain::{AccountName, Target, TargetKind};

/// How targets look where they are not X's numbers.
#[derive(Clone, Copy)]
pub struct OpaqueIds {
    /// What a text names; none where it names nothing there.
    pub read: fn(&str) -> Option<Target>,
    /// Whether a target is a user or a post; none where its text does not tell.
    pub kind_of: fn(&Target) -> Option<TargetKind>,
    /// Whether the text of an ID can be nothing else: neither a number nor a user's name.
    pub is_evident: fn(&str) -> bool,
    /// How a person writes a user, how a post, and how a list of users.
    pub written_as: [&'static str; 3],
    /// How a person writes a tag, and how a server; none: the platform has neither.
    pub things_written_as: Option<[&'static str; 2]>,
}

impl OpaqueIds {
    /// How a person writes what an action is about; none: the platform has nothing of the kind.
    pub(super) fn written(self, kind: TargetKind) -> Option<&'static str> {
        Some(match kind {
            TargetKind::User => self.written_as[0],
            TargetKind::Post => self.written_as[1],
            TargetKind::List => self.written_as[2],
            TargetKind::Tag => self.things_written_as?[0],
            TargetKind::Domain => self.things_written_as?[1],
        })
    }

    /// Whether a target that is read as an ID may as well be the name of a user: servers give out numbers, ULIDs and flakes.
    pub(super) fn is_doubtful(self, target: &Target) -> bool {
        let Target::Key(key) = target else { return false };
        let has_letters = key.as_str().bytes().any(|byte| byte.is_ascii_alphabetic());
        has_letters && !target.is_name() && !(self.is_evident)(key.as_str())
    }
}

impl fmt::Debug for OpaqueIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpaqueIds")
    }
}

/// The form of IDs by account; none: X's numbers, handles and links.
#[derive(Clone, Debug, Default)]
pub struct RowIds {
    /// Of rows that name no account.
    pub default: Option<OpaqueIds>,
    /// Of accounts that are known.
    pub by_account: HashMap<AccountName, Option<OpaqueIds>>,
    /// Of names that begin so and are not known.
    pub by_prefix: Vec<(String, OpaqueIds)>,
    /// Of all other names.
    pub unknown: Option<OpaqueIds>,
}

impl RowIds {
    /// The form of an account's IDs.
    pub(super) fn of(&self, account: &AccountName) -> Option<OpaqueIds> {
        if let Some(known) = self.by_account.get(account) {
            return *known;
        }
        let begins = |(prefix, _): &&(String, OpaqueIds)| account.as_str().starts_with(prefix.as_str());
        self.by_prefix.iter().find(begins).map(|(_, ids)| *ids).or(self.unknown)
    }
}
