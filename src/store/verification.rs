//! What the account's own lists say of what was done. In: the targets of a list, as a reading or an archive gave them. Out: a
//! verdict on every task that was done before. What does not belong here: reading the list, and knowing how far it reaches.

use super::error::StoreError;

/// What became of an effect, by the account's own list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// The newest reading after it was done does not list it.
    Confirmed,
    /// An earlier reading did not list it, and the newest does: it was off and is back.
    CameBack,
    /// Reported done, and listed in every reading since.
    Ghost,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Verdict; 3] = [Verdict::Confirmed, Verdict::CameBack, Verdict::Ghost];

    /// The word in the database, CSV and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Confirmed => "confirmed",
            Verdict::CameBack => "came_back",
            Verdict::Ghost => "ghost",
        }
    }

    pub(super) fn stored(word: &str) -> Result<Verdict, StoreError> {
        let found = Verdict::ALL.into_iter().find(|verdict| verdict.name() == word);
        found.ok_or_else(|| StoreError::impossible(format!("the verdict {word:?}")))
    }
}
