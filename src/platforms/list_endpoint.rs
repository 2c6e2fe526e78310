//! What can be read of an account, row by row. In: nothing. Out: [`ListEndpoint`]s, by list or by name. What does not belong here:
//! sending, turning pages.

use super::caller::{Auth, Documented};
use super::dialect::Dialect;
use super::page_question::EntryFields;
use crate::domain::{EntryFact, ListKind, MicroUsd, TargetKind};

/// How one list is read on one platform, or how it is asked what names mean.
#[derive(Clone, Copy, Debug)]
pub struct ListEndpoint {
    /// How its platform asks and writes.
    pub dialect: &'static Dialect,
    /// Its name in the queue: each endpoint has windows of its own.
    pub name: &'static str,
    /// The list it reads; none: it is asked about names.
    pub list: Option<ListKind>,
    /// The path below the base URL; `{user}` is the acting user's ID. Always asked with GET.
    pub path: &'static str,
    /// What it is asked to tell of each entry.
    pub fields: EntryFields,
    /// Which facts it tells of them, beside their dates.
    pub tells: &'static [EntryFact],
    /// What its entries are.
    pub of: TargetKind,
    /// The fewest and the most entries a page may be asked to have.
    pub page: (u32, u32),
    /// What it takes as a proof of who asks.
    pub auth: Auth,
    /// The OAuth 2.0 scopes a user token needs.
    pub scopes: &'static [&'static str],
    /// The price of one entry where the reading user owns the app ("owned reads"), and where not.
    pub price: (MicroUsd, MicroUsd),
    /// The price of a post that comes beside a user.
    pub newest_post_price: MicroUsd,
    /// So many entries, and the platform may have more that it does not list; none: the list is always whole.
    pub cut_after: Option<u64>,
    /// The windows the platform documents for it.
    pub documented: &'static [Documented],
}

impl ListEndpoint {
    /// The list it reads for a wanted one: reposts are picked out of the account's posts where they have no list of their own.
    pub fn reads(&self, wanted: ListKind) -> ListKind {
        self.list.unwrap_or(wanted)
    }

    /// Whether it tells a fact of the entries of a wanted list. Of a post that was reposted only what the repost shows is known.
    pub fn tells_of(&self, wanted: ListKind, fact: EntryFact) -> bool {
        // Whose text is told is named, too.
        let fact = if fact == EntryFact::Words { EntryFact::Text } else { fact };
        let is_shown = matches!(fact, EntryFact::Visibility | EntryFact::HasMedia | EntryFact::Text);
        self.tells.contains(&fact) && (self.reads(wanted) == wanted || is_shown)
    }

    /// The price of one entry, as [`ListEndpoint::price`]; with its newest post, where that is asked for as an object of its own.
    pub const fn price_with(&self, newest_posts: bool) -> (MicroUsd, MicroUsd) {
        if newest_posts {
            (self.price.0.plus(self.newest_post_price), self.price.1.plus(self.newest_post_price))
        } else {
            self.price
        }
    }
}
