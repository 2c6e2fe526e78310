//! What a row says of itself beside its target: that it is no repost, which post a repost repeats, that it is of another kind. A row
//! that cannot mean what its action does is rejected, and a repost is undone by the ID that the platform takes.
//!
//! In: a file's columns, its records. Out: whether a row can be meant, and which ID is sent. Pure.

use csv::ByteRecord;

use super::Fault;
use super::cell::{self, Named};
use super::rejection::cell as cell_of;
use super::text::{decode, folded};
use crate::domain::{Action, Handle, RepostId, TargetId, TargetKind};

/// Of the lists that this program writes, only those of users have both of these.
const OF_USERS: [&str; 2] = ["followers", "follows_back"];
/// What all of them have.
const TARGET: &str = "target_id";
/// Only lists of lists have this.
const OF_LISTS: &str = "members";
/// Only lists of posts have one of these.
const IS_REPOST: &str = "is_repost";
const OWN: &str = "repost_id";
/// Of the post that a repost repeats: what lists call it, and X's archives of before 2019.
const REPEATED: [&str; 2] = ["repost_of", "retweeted_status_id"];

/// What X's exports and other tools call a post's text.
const TEXTS: [&str; 4] = ["text", "full_text", "tweet_text", "tweet"];
/// The text of every repost begins so, and after it comes whose post it is.
const REPOST_TEXT: &str = "RT @";

/// The two IDs of a repost, as far as its row tells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RepostIds {
    /// That of the post which was reposted.
    pub post: Option<TargetId>,
    /// The repost's own.
    pub own: Option<TargetId>,
}

impl RepostIds {
    /// The one that a platform takes.
    pub fn by(self, which: RepostId) -> Option<TargetId> {
        match which {
            RepostId::Original => self.post,
            RepostId::Own => self.own,
        }
    }
}

/// What a row names for its action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowMeaning {
    /// Its target.
    Target,
    /// A repost, undone by the ID `sent`, which stands in this column.
    Repost { ids: RepostIds, sent: TargetId, column: usize },
    /// Nothing that the action could do, for this reason; the column that says so.
    Nothing(Fault, usize),
}

/// Where a file says something of its rows beside their targets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RowFacts {
    is_repost: Option<usize>,
    post: Option<usize>,
    /// Whether the post's column is one of X's, where an empty cell says that there is none.
    post_is_of_archive: bool,
    own: Option<usize>,
    text: Option<usize>,
    /// The kind of entries, where the columns are those of a list, and the column of its targets.
    list: Option<(TargetKind, usize)>,
}

impl RowFacts {
    pub(super) fn of(names: &[String]) -> RowFacts {
        let names: Vec<String> = names.iter().map(|name| folded(name)).collect();
        let at = |wanted: &str| names.iter().position(|name| name == wanted);
        let target = at(TARGET);
        let (is_repost, own) = (at(IS_REPOST), at(OWN));
        let kind = match () {
            () if OF_USERS.iter().all(|name| at(name).is_some()) => Some(TargetKind::User),
            () if at(OF_LISTS).is_some() => Some(TargetKind::List),
            () if is_repost.is_some() || own.is_some() => Some(TargetKind::Post),
            () => None,
        };
        RowFacts {
            is_repost,
            post: REPEATED.iter().find_map(|name| at(name)),
            post_is_of_archive: at(REPEATED[0]).is_none(),
            own,
            text: TEXTS.iter().find_map(|name| at(name)),
            list: kind.zip(target),
        }
    }

    /// What a row whose target stands in `column` names for its action; `target` is its ID, where it has one.
    pub(super) fn read(
        &self,
        record: &ByteRecord,
        action: Action,
        (target, column): (Option<TargetId>, usize),
        which: RepostId,
    ) -> RowMeaning {
        if let Some((kind, listed)) = self.list
            && listed == column
            && kind != action.target_kind()
        {
            return RowMeaning::Nothing(Fault::WrongKind, column);
        }
        match (action, target) {
            (Action::Unrepost, Some(target)) => self.read_repost(record, target, column, which),
            (Action::Unrepost, None) => self.read_repost_of_key(record, column, which),
            // The list of reposts names posts of others; one's own are under another column.
            (Action::DeletePost, Some(_)) if self.own.is_some_and(|own| own != column) => {
                RowMeaning::Nothing(Fault::NotOwnPost, column)
            }
            _ => RowMeaning::Target,
        }
    }

    /// IDs that are no numbers are not looked for in other columns: what a row says against itself is believed all the same.
    fn read_repost_of_key(&self, record: &ByteRecord, column: usize, which: RepostId) -> RowMeaning {
        if let Some(column) = self.is_repost.filter(|column| is_false(cell_of(record, *column))) {
            return RowMeaning::Nothing(Fault::NotARepost, column);
        }
        let is_own = self.own == Some(column) || self.own.is_none() && self.post.is_some_and(|post| post != column);
        match which {
            RepostId::Original if is_own => RowMeaning::Nothing(Fault::RepostedPostUnknown, column),
            RepostId::Own | RepostId::Original => RowMeaning::Target,
        }
    }

    fn read_repost(&self, record: &ByteRecord, target: TargetId, column: usize, which: RepostId) -> RowMeaning {
        if self.is_repost.is_none() && self.post.is_none() && self.own.is_none() {
            // Only the text is left to say that the ID is the repost's own.
            let is_own = self.text.is_some_and(|text| text != column && is_repost_text(cell_of(record, text)));
            return match which {
                RepostId::Original if is_own => RowMeaning::Nothing(Fault::RepostedPostUnknown, column),
                _ => RowMeaning::Target,
            };
        }
        if let Some(column) = self.is_repost.filter(|column| is_false(cell_of(record, *column))) {
            return RowMeaning::Nothing(Fault::NotARepost, column);
        }
        let ids = match (self.own, self.post) {
            // A list of reposts, or its other column.
            (Some(own), _) if own != column => self.id_at(record, own).map(|own| RepostIds { post: Some(target), own }),
            (Some(_), _) => Ok(RepostIds { post: None, own: Some(target) }),
            (None, Some(post)) if post == column => Ok(RepostIds { post: Some(target), own: None }),
            // A list of the account's posts: the target is the repost.
            (None, Some(post)) => self.id_at(record, post).map(|post| RepostIds { post, own: Some(target) }),
            (None, None) => Ok(RepostIds { post: None, own: Some(target) }),
        };
        let ids = match ids {
            Ok(ids) => ids,
            Err((fault, column)) => return RowMeaning::Nothing(fault, column),
        };
        let archive_says_no = self.post_is_of_archive && self.is_repost.is_none() && self.own.is_none();
        match (ids.by(which), self.post) {
            (_, Some(post)) if archive_says_no && ids.post.is_none() => RowMeaning::Nothing(Fault::NotARepost, post),
            (Some(sent), _) => {
                let elsewhere = if which == RepostId::Own { self.own } else { self.post };
                let column = elsewhere.filter(|_| sent != target).unwrap_or(column);
                RowMeaning::Repost { ids, sent, column }
            }
            (None, _) if which == RepostId::Own => RowMeaning::Nothing(Fault::OwnRepostUnknown, column),
            (None, _) => RowMeaning::Nothing(Fault::RepostedPostUnknown, column),
        }
    }

    fn id_at(&self, record: &ByteRecord, column: usize) -> Result<Option<TargetId>, (Fault, usize)> {
        match cell::read(cell_of(record, column), Some(TargetKind::Post), false) {
            Ok(Named::Digits(id) | Named::LinkedId(id)) => Ok(Some(id)),
            Ok(Named::Handle(_)) => Err((Fault::WrongKind, column)),
            Err(Fault::EmptyTarget) => Ok(None),
            Err(fault) => Err((fault, column)),
        }
    }
}

/// `RT @ada: so it is`
fn is_repost_text(cell: &[u8]) -> bool {
    let text = decode(cell);
    let rest = cell::bare(&text).strip_prefix(REPOST_TEXT);
    let whose = rest.and_then(|rest| rest.split(|c: char| c == ':' || c.is_whitespace()).next());
    whose.is_some_and(|whose| whose.parse::<Handle>().is_ok())
}

/// As this program, spreadsheets and other tools write it.
fn is_false(cell: &[u8]) -> bool {
    let text = decode(cell);
    ["false", "no", "0"].iter().any(|word| cell::bare(&text).eq_ignore_ascii_case(word))
}
