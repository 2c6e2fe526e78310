//! A page that is asked for. What does not belong here: how it is put into words (a platform's dialect), and sending.

use super::vocabulary::Vocabulary;
use crate::domain::{Target, TargetKind, TargetName};

/// What a reading endpoint is asked to tell of each entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryFields {
    /// Whom a name means: nothing that was renamed.
    Names,
    /// Users, whom people recognise and what filters ask for.
    Users,
    /// Posts and their authors.
    Posts,
    /// Lists of users.
    Lists,
    /// Tags or servers, of which nothing is told but their names.
    Things,
    /// All lists of users that there are of a kind, which are not asked for in pages.
    AllLists,
    /// What the account has done to a single post.
    Marks,
    /// Which of the users that are asked about the account follows, or has asked to.
    Followed,
}

/// A page that is asked for, as far as its words hang on it.
#[derive(Clone, Copy, Debug)]
pub struct PageQuestion<'a> {
    /// What it is to hold.
    pub what: What<'a>,
    /// What is to be told of each entry.
    pub fields: EntryFields,
    /// What its entries are.
    pub of: TargetKind,
    /// The fewest and the most entries that it may be asked to have.
    pub bounds: (u32, u32),
    /// In which set of names, where the platform has two.
    pub vocabulary: Vocabulary,
}

/// What a page is asked to hold.
#[derive(Clone, Copy, Debug)]
pub enum What<'a> {
    /// So many entries of a list, from a cursor of the page before on, or from the list's beginning.
    Entries {
        /// How many, within the row's bounds.
        count: u32,
        /// Where the page begins.
        from: Option<&'a str>,
        /// Whether users are to come with their newest posts, which may be billed beside them.
        newest_posts: bool,
    },
    /// What these names mean, as many as a page has entries at most.
    Names(&'a [TargetName]),
    /// This post alone, whose name stands in the path.
    Post(&'a Target),
    /// The profiles of these users: whoever is not there has none.
    Users(&'a [Target]),
}

impl What<'_> {
    /// How many entries are asked for at most.
    pub fn entries(&self) -> u32 {
        match self {
            What::Entries { count, .. } => *count,
            What::Names(names) => u32::try_from(names.len()).unwrap_or(u32::MAX),
            What::Post(_) => 1,
            What::Users(users) => u32::try_from(users.len()).unwrap_or(u32::MAX),
        }
    }

    /// Whether what is asked in these names brings posts that are billed beside its entries.
    pub fn bills_newest_posts(&self, vocabulary: Vocabulary) -> bool {
        vocabulary == Vocabulary::New && matches!(self, What::Entries { newest_posts: true, .. })
    }
}
