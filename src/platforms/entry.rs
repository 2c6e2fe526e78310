//! A page of a list, whoever wrote it: entries, where it goes on, what is missing. What does not belong here: reading one (the
//! platforms' folders).

use crate::domain::{Action, Handle, OwnRecord, PostTraits, Target, TargetId, TargetName, Wall};

/// A page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Its entries, in the platform's order.
    pub entries: Vec<Listed>,
    /// Where the list goes on.
    pub next: NextPage,
    /// What was asked for and is not there.
    pub missing: Vec<Missing>,
    /// Entries that could not be read: without an ID that is one.
    pub unreadable: u32,
}

/// Where a list goes on behind a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NextPage {
    /// Nowhere: it was the last page.
    #[default]
    None,
    /// At this cursor.
    At(String),
    /// At a cursor that cannot be put into a request. The list is longer than what was read.
    Unusable,
}

impl Page {
    /// The cursor of the next page, where there is one.
    pub fn cursor(&self) -> Option<&str> {
        match &self.next {
            NextPage::At(cursor) => Some(cursor),
            NextPage::None | NextPage::Unusable => None,
        }
    }

    /// Why this page of a list, asked for at the cursor `from`, cannot be taken for a part of it. Whoever went on would believe in a list
    /// that is shorter than the real one, and unfollow users who follow back, or ask for the same page for ever.
    pub fn fault(&self, from: Option<&str>) -> Option<String> {
        if self.unreadable > 0 {
            let all = self.entries.len() as u64 + u64::from(self.unreadable);
            return Some(format!("{} of {all} entries of a page have no ID that can be read", self.unreadable));
        }
        match &self.next {
            NextPage::Unusable => Some("the cursor of the next page cannot be put into a request".to_owned()),
            NextPage::At(cursor) if from == Some(cursor) => Some("a page names itself as the next one".to_owned()),
            NextPage::At(_) | NextPage::None => None,
        }
    }
}

/// What one item of a page or an export is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListItem {
    /// A user or a post.
    Listed(Box<Listed>),
    /// Whole, and about nothing that a row can name: a like of something that is no record, made by another program.
    NoTarget,
    /// Somebody else's, though it stands among the account's own.
    OfAnother,
    /// It cannot be read.
    Unreadable,
}

impl From<Option<Listed>> for ListItem {
    fn from(listed: Option<Listed>) -> ListItem {
        listed.map_or(ListItem::Unreadable, |listed| ListItem::Listed(Box::new(listed)))
    }
}

/// A user or a post, as far as the platform told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Which.
    pub id: Target,
    /// A user's handle; of a post, its author's.
    pub handle: Option<Handle>,
    /// What a user is called where that is no handle of X's form: an address, the name of a host.
    pub address: Option<TargetName>,
    /// A user's display name; of a post, its author's. Foreign text.
    pub name: Option<String>,
    /// When it was made.
    pub created_at: Option<Wall>,
    /// A user's newest post.
    pub newest_post: Option<TargetId>,
    /// How many follow a user.
    pub followers: Option<u64>,
    /// How many are on a list of users.
    pub members: Option<u64>,
    /// How many like a post.
    pub likes: Option<u64>,
    /// How often a post was reposted.
    pub reposts: Option<u64>,
    /// A user's description, a post's text. Foreign text.
    pub text: Option<String>,
    /// Whether a post is a repost.
    pub is_repost: Option<bool>,
    /// The post that a repost repeats.
    pub repost_of: Option<Target>,
    /// What kind of post a post is.
    pub traits: PostTraits,
    /// What the account has done to it, where that was asked.
    pub marks: PostMarks,
    /// When a user last posted, where the platform says so.
    pub last_active_at: Option<Wall>,
    /// Where a person sees it, where the platform says so.
    pub link: Option<String>,
    /// Whether its ID tells no time, whatever it looks like.
    pub is_opaque: bool,
    /// The record of the account's own that says so, where it is read from the account's repository.
    pub record: Option<OwnRecord>,
}

impl Listed {
    /// One of which nothing else is known.
    pub const fn bare(id: Target) -> Listed {
        Listed {
            id,
            handle: None,
            address: None,
            name: None,
            created_at: None,
            newest_post: None,
            followers: None,
            members: None,
            likes: None,
            reposts: None,
            text: None,
            is_repost: None,
            repost_of: None,
            traits: PostTraits::UNKNOWN,
            marks: PostMarks::UNKNOWN,
            last_active_at: None,
            link: None,
            is_opaque: false,
            record: None,
        }
    }
}

/// What the account has done to a post, as far as the platform told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PostMarks {
    /// It likes it.
    pub liked: Option<bool>,
    /// It has reposted it.
    pub reposted: Option<bool>,
    /// It has bookmarked it.
    pub bookmarked: Option<bool>,
    /// It has pinned it.
    pub pinned: Option<bool>,
}

impl PostMarks {
    /// None of which anything is known.
    pub const UNKNOWN: PostMarks = PostMarks { liked: None, reposted: None, bookmarked: None, pinned: None };

    /// Whether what an action undoes is there; none: that is not told, or no mark of a post.
    pub const fn before(self, action: Action) -> Option<bool> {
        match action {
            Action::Unlike => self.liked,
            Action::Unrepost => self.reposted,
            Action::Unbookmark => self.bookmarked,
            Action::Unpin => self.pinned,
            _ => None,
        }
    }

    /// Whether an action takes such a mark off.
    pub const fn tells_of(action: Action) -> bool {
        matches!(action, Action::Unlike | Action::Unrepost | Action::Unbookmark | Action::Unpin)
    }
}

/// Something that was asked for and is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// What was asked for, in the platform's echo.
    pub asked: String,
    /// `not_found`, `suspended` or `unavailable`.
    pub reason: &'static str,
}
