//! Two sets of names for the same things. In: a refusal. Out: what to ask in next. Pure.

/// Which names a request asks in, where a platform has renamed what it is asked for: the wire follows endpoint by endpoint, so both are
/// asked in, and which is taken is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Vocabulary {
    /// The new ones.
    New,
    /// Those of before.
    Old,
}

impl Vocabulary {
    /// The other one.
    pub const fn other(self) -> Vocabulary {
        match self {
            Vocabulary::New => Vocabulary::Old,
            Vocabulary::Old => Vocabulary::New,
        }
    }

    /// The word in the queue for a request that was refused because of its names.
    pub const fn refusal(self) -> &'static str {
        match self {
            Vocabulary::New => "new_names_refused",
            Vocabulary::Old => "old_names_refused",
        }
    }

    /// What to ask in after such a refusal.
    pub fn after_refusal(word: &str) -> Option<Vocabulary> {
        [Vocabulary::New, Vocabulary::Old].into_iter().find(|asked| asked.refusal() == word).map(Vocabulary::other)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn each_is_remembered_by_the_other_being_refused() {
        for asked in [Vocabulary::New, Vocabulary::Old] {
            assert_eq!(Vocabulary::after_refusal(asked.refusal()), Some(asked.other()));
        }
        assert_eq!(Vocabulary::after_refusal("page"), None);
    }
}
