//! The locks of a queue by their names, for a file and for a server alike.

use sha2::{Digest, Sha256};

use crate::domain::AccountId;

/// What a lock is the right to do.
#[derive(Clone, Copy, Debug)]
pub(super) enum LockName<'a> {
    /// To drain.
    Drain,
    /// To decide on schedules.
    Schedule,
    /// To run a firing of a schedule.
    Firing(i64),
    /// To serve.
    Serve,
    /// To load.
    Load,
    /// To change an account's credentials.
    Account(AccountId),
    /// To read a list of an account.
    List(AccountId, &'a str),
}

impl LockName<'_> {
    /// Whether its file says who has it.
    pub(super) const fn is_signed(self) -> bool {
        matches!(self, LockName::Drain | LockName::List(..))
    }

    /// Whether others look if it is held, and take it for a moment to do so.
    pub(super) const fn is_looked_at(self) -> bool {
        matches!(self, LockName::Drain | LockName::Schedule | LockName::Serve)
    }

    /// The number of the advisory lock. A server has one space of them for each database, which is this queue's alone.
    pub(super) fn number(self) -> i64 {
        let text = match self {
            LockName::Drain => "cleanup drain".to_owned(),
            LockName::Schedule => "cleanup schedule".to_owned(),
            LockName::Firing(firing) => format!("cleanup firing {firing}"),
            LockName::Serve => "cleanup serve".to_owned(),
            LockName::Load => "cleanup load".to_owned(),
            LockName::Account(account) => format!("cleanup account {}", account.0),
            LockName::List(account, list) => format!("cleanup list {} {list}", account.0),
        };
        let digest = Sha256::digest(text);
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        i64::from_be_bytes(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Programs of two versions work on one queue: the numbers are part of its format.
    #[test]
    fn every_lock_has_a_number_of_its_own_for_good() {
        let (ada, bob) = (AccountId(1), AccountId(12));
        let names = [
            LockName::Drain,
            LockName::Schedule,
            LockName::Firing(1),
            LockName::Firing(12),
            LockName::Serve,
            LockName::Load,
            LockName::Account(ada),
            LockName::Account(bob),
            LockName::List(ada, "likes"),
            LockName::List(bob, "likes"),
            LockName::List(ada, "posts"),
        ];
        let numbers: std::collections::BTreeSet<i64> = names.iter().map(|name| name.number()).collect();
        assert_eq!(numbers.len(), names.len());
        assert_eq!(LockName::Drain.number(), -4387075009619720252);
    }
}
