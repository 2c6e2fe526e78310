//! Which column is what. Names are compared trimmed and without case. Pure.

use super::text::{folded, is_blank};
use super::{JobFileError, RowIds, cell};
use crate::domain::{Action, RepostId, TargetId, TargetKind};

/// What the user asked for, as far as reading a file goes.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// `--action`: what to do where the file has no `action` column or its cell is empty.
    pub action: Option<Action>,
    /// `--column`: the target's column, whatever its name.
    pub column: Option<String>,
    /// By which ID the platform undoes reposts.
    pub repost_id: RepostId,
    /// `--trust-ids`: IDs are taken as they are written, whatever they look like together.
    pub trust_ids: bool,
    /// How IDs look, by account.
    pub ids: RowIds,
    /// Whether a header is that of a list, which may have no entries; none: no header is.
    pub is_of_list: Option<fn(&[String]) -> bool>,
}

const ACTION: &str = "action";
const ACCOUNT: &str = "account";
const FIRST: [&str; 1] = ["target_id"];
const USERS: [&str; 2] = ["user_id", "account_id"];
const POSTS: [&str; 1] = ["tweet_id"];
const LISTS: [&str; 1] = ["list_id"];
const ANY_KIND: [&str; 1] = ["id"];
/// What others call columns of IDs (X's own pages, exports, spreadsheets), compared without `_`, `-` and spaces. They come behind the names
/// of the contract and before those of people: an ID in a file always wins over a name.
const FOREIGN_USERS: [&str; 9] =
    ["targetid", "userid", "accountid", "id", "idstr", "useridstr", "restid", "twitterid", "profileid"];
/// The same for posts.
const FOREIGN_POSTS: [&str; 8] = ["targetid", "tweetid", "postid", "statusid", "id", "idstr", "tweetidstr", "restid"];
/// The same for lists of users.
const FOREIGN_LISTS: [&str; 5] = ["targetid", "listid", "id", "idstr", "restid"];
/// Columns of user names. A name can change hands, so it is a target only in a file without a column of IDs. In these columns a
/// bare word is a handle.
pub const NAME_COLUMNS: [&str; 3] = ["screen_name", "username", "handle"];
/// What lists of the AT Protocol call them.
const DIDS: [&str; 1] = ["did"];
/// What Mastodon's exports call the addresses of users.
const ADDRESSES: [&str; 1] = ["account address"];
const URIS: [&str; 1] = ["uri"];
const LINKS: [&str; 1] = ["url"];
/// What lists call their links. They are no targets, for every list has `target_id`.
const LISTED_LINK: &str = "link";
/// The columns that can be the target of an action on users: the first group that a file has decides.
const USER_GROUPS: [&[&str]; 7] = [&FIRST, &USERS, &ANY_KIND, &DIDS, &ADDRESSES, &NAME_COLUMNS, &LINKS];
/// The same for posts. A name in a list of posts is its author's.
const POST_GROUPS: [&[&str]; 5] = [&FIRST, &POSTS, &ANY_KIND, &URIS, &LINKS];
/// The same for lists of users.
const LIST_GROUPS: [&[&str]; 5] = [&FIRST, &LISTS, &ANY_KIND, &URIS, &LINKS];
/// The same for tags and for servers; Mastodon's export of blocked servers has no header.
const TAG_GROUPS: [&[&str]; 2] = [&FIRST, &["tag", "hashtag"]];
const DOMAIN_GROUPS: [&[&str]; 2] = [&FIRST, &["domain", "#domain"]];
/// So many of them are of IDs, before what others call theirs.
const IDS: usize = 3;
/// Columns that only lists of posts have.
const OF_POSTS: [&str; 4] = ["tweet_id", "is_repost", "likes", "reposts"];

/// The column of the targets of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Choice {
    One(usize),
    None,
    Many(Vec<usize>),
}

/// The columns of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The columns' names as they are written; `target_id` where the file has no header.
    pub(super) names: Vec<String>,
    /// Whether the first line is one.
    pub(super) is_written: bool,
    pub(super) action: Option<usize>,
    pub(super) account: Option<usize>,
    /// Columns of links, beside which names may stand.
    links: Vec<usize>,
    users: Choice,
    posts: Choice,
    lists: Choice,
    tags: Choice,
    domains: Choice,
}

/// A column whose cells may name a user by handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandleColumn {
    /// Where it stands.
    pub index: usize,
    /// Whether a bare word is a handle, too.
    pub bare_words: bool,
}

/// The columns in which a row may name its user by handle, those of names first. No names: a file of one column without a header.
pub fn handle_columns<S: AsRef<str>>(names: &[S]) -> Vec<HandleColumn> {
    if names.is_empty() {
        return vec![HandleColumn { index: 0, bare_words: false }];
    }
    let folded_names: Vec<String> = names.iter().map(|name| folded(name.as_ref())).collect();
    let others = USER_GROUPS.iter().flat_map(|group| group.iter()).chain([&LISTED_LINK]);
    let others = others.filter(|name| !NAME_COLUMNS.contains(name)).map(|name| (*name, false));
    let known = NAME_COLUMNS.into_iter().map(|name| (name, true)).chain(others);
    let places = |(wanted, bare_words): (&str, bool)| -> Vec<HandleColumn> {
        let at = (0..folded_names.len()).filter(|index| folded_names[*index] == wanted);
        at.map(|index| HandleColumn { index, bare_words }).collect()
    };
    known.flat_map(places).collect()
}

/// Whether a column of this name can be the target without anybody saying so.
pub fn is_target_column(name: &str) -> bool {
    let (folded_name, bare) = (folded(name), squeezed(name));
    USER_GROUPS
        .iter()
        .chain(&POST_GROUPS)
        .chain(&LIST_GROUPS)
        .chain(&TAG_GROUPS)
        .chain(&DOMAIN_GROUPS)
        .any(|group| group.contains(&folded_name.as_str()))
        || FOREIGN_USERS.contains(&bare.as_str())
        || FOREIGN_POSTS.contains(&bare.as_str())
        || FOREIGN_LISTS.contains(&bare.as_str())
}

/// A column's name without what its words are put together with: `User ID`, `user_id` and `userId` are one.
fn squeezed(name: &str) -> String {
    folded(name).replace(['_', '-', ' '], "")
}

/// Whether two names are those of one column.
pub fn is_same_column(one: &str, other: &str) -> bool {
    folded(one) == folded(other)
}

/// Whether the contract gives a column of this name a meaning.
pub(super) fn is_known(name: &str, options: &ReadOptions) -> bool {
    [ACTION, ACCOUNT].contains(&folded(name).as_str())
        || is_target_column(name)
        || options.column.as_deref().is_some_and(|column| is_same_column(column, name))
}

/// Whether lists call a column of links so.
pub(super) fn is_link_column(name: &str) -> bool {
    folded(name) == LISTED_LINK
}

impl Header {
    /// Reads the first record of a file.
    ///
    /// # Errors
    /// No header where one is needed, no target column, or more than one candidate for a role.
    pub(super) fn read(path: &str, cells: Vec<String>, options: &ReadOptions) -> Result<Header, JobFileError> {
        let path = || path.to_owned();
        let written = cells.iter().any(|name| is_known(name, options));
        if !written && cells.len() == 1 && !looks_like_name(&cells[0]) && options.column.is_none() {
            let one = || Choice::One(0);
            let names = vec![FIRST[0].to_owned()];
            return Ok(Header {
                names,
                is_written: false,
                action: None,
                account: None,
                links: Vec::new(),
                users: one(),
                posts: one(),
                lists: one(),
                tags: one(),
                domains: one(),
            });
        }
        if !written && options.column.is_none() && cells.iter().any(|name| looks_like_data(name)) {
            return Err(JobFileError::NoHeader { path: path() });
        }
        let folded_names: Vec<String> = cells.iter().map(|name| folded(name)).collect();
        let at = |wanted: &[&str]| -> Vec<usize> {
            (0..cells.len()).filter(|index| wanted.contains(&folded_names[*index].as_str())).collect()
        };
        let only = |role: &'static str| match at(&[role]).as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            many => Err(ambiguous(path(), role, &cells, many)),
        };
        let (action, account) = (only(ACTION)?, only(ACCOUNT)?);
        let [users, posts, lists, tags, domains] = match &options.column {
            Some(column) => {
                let choice = Choice::of(at(&[folded(column).as_str()]));
                if choice == Choice::None {
                    return Err(JobFileError::NoSuchColumn { path: path(), column: column.clone(), columns: cells });
                }
                [(); 5].map(|()| choice.clone())
            }
            None => {
                let first_of =
                    |groups: &[&[&str]]| groups.iter().map(|group| at(group)).find(|found| !found.is_empty());
                let foreign = |wanted: &[&str]| -> Option<Vec<usize>> {
                    let found = (0..cells.len()).filter(|index| wanted.contains(&squeezed(&cells[*index]).as_str()));
                    Some(found.collect::<Vec<_>>()).filter(|found| !found.is_empty())
                };
                let choose = |groups: &[&[&str]], wanted: &[&str], others: &[&[&str]]| {
                    let found = first_of(groups).or_else(|| foreign(wanted)).or_else(|| first_of(others));
                    Choice::of(found.unwrap_or_default())
                };
                let (user_ids, user_names) = USER_GROUPS.split_at(IDS);
                let (post_ids, post_links) = POST_GROUPS.split_at(IDS);
                let (list_ids, list_links) = LIST_GROUPS.split_at(IDS);
                [
                    choose(user_ids, &FOREIGN_USERS, user_names),
                    choose(post_ids, &FOREIGN_POSTS, post_links),
                    choose(list_ids, &FOREIGN_LISTS, list_links),
                    choose(&TAG_GROUPS, &[], &[]),
                    choose(&DOMAIN_GROUPS, &[], &[]),
                ]
            }
        };
        let links = if options.column.is_none() { at(&[LINKS[0], LISTED_LINK]) } else { Vec::new() };
        Ok(Header { names: cells, is_written: true, action, account, links, users, posts, lists, tags, domains })
    }

    /// The target's column for an action on this kind; none where the file has no such column.
    ///
    /// # Errors
    /// There are several.
    pub(super) fn target(&self, path: &str, kind: TargetKind) -> Result<Option<usize>, JobFileError> {
        let choice = match kind {
            TargetKind::User => &self.users,
            TargetKind::Post => &self.posts,
            TargetKind::List => &self.lists,
            TargetKind::Tag => &self.tags,
            TargetKind::Domain => &self.domains,
        };
        match choice {
            Choice::One(index) => Ok(Some(*index)),
            Choice::None => Ok(None),
            Choice::Many(many) => Err(ambiguous(path.to_owned(), "target", &self.names, many)),
        }
    }

    /// Whether bare words in a column are handles.
    pub(super) fn has_handles(&self, index: usize) -> bool {
        self.is_written && self.names.get(index).is_some_and(|name| NAME_COLUMNS.contains(&folded(name).as_str()))
    }

    /// The ID in a row's link, where the link has one, and its column.
    pub(super) fn linked_id(&self, record: &csv::ByteRecord, kind: TargetKind) -> Option<(usize, TargetId)> {
        self.links.iter().find_map(|index| match cell::read(record.get(*index)?, Some(kind), false) {
            Ok(cell::Named::LinkedId(id)) => Some((*index, id)),
            _ => None,
        })
    }

    /// Every column of links, beside which names may stand.
    pub(super) fn link_columns(&self) -> impl Iterator<Item = usize> {
        self.links.iter().copied()
    }

    /// Every column of user names.
    pub(super) fn name_columns(&self) -> Vec<usize> {
        (0..self.names.len()).filter(|index| self.has_handles(*index)).collect()
    }

    /// Whether the file is a list of posts; a name in it is their author's.
    pub(super) fn is_of_posts(&self) -> bool {
        self.is_written && self.names.iter().any(|name| OF_POSTS.contains(&folded(name).as_str()))
    }

    /// Every column that can be the target of an action on users, posts or lists; where there is none, on tags or servers.
    pub(super) fn any_targets(&self) -> Vec<usize> {
        let found = columns_of(&[&self.users, &self.posts, &self.lists]);
        // Beside other targets a tag or a server is a remark.
        if found.is_empty() { columns_of(&[&self.tags, &self.domains]) } else { found }
    }

    /// The name of a column, for messages.
    pub(super) fn name(&self, index: usize) -> &str {
        self.names.get(index).map_or("", |name| name.trim_matches(is_blank))
    }
}

impl Choice {
    fn of(found: Vec<usize>) -> Choice {
        match found.as_slice() {
            [] => Choice::None,
            [one] => Choice::One(*one),
            _ => Choice::Many(found),
        }
    }
}

fn columns_of(choices: &[&Choice]) -> Vec<usize> {
    let mut found = Vec::new();
    for choice in choices {
        match choice {
            Choice::One(index) => found.push(*index),
            Choice::Many(many) => found.extend(many),
            Choice::None => {}
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn ambiguous(path: String, role: &'static str, names: &[String], which: &[usize]) -> JobFileError {
    JobFileError::Ambiguous { path, role, candidates: which.iter().map(|index| names[*index].clone()).collect() }
}

/// Whether the only cell of a first line is meant as a column's name: a word, where a target would have digits, `@`, `/` or `:`.
fn looks_like_name(cell: &str) -> bool {
    let bare = cell::bare(cell);
    bare.starts_with(|c: char| c.is_alphabetic() || c == '_') && !bare.contains(['/', '.', ':'])
}

/// Whether a cell of a first line is a target rather than a name.
fn looks_like_data(cell: &str) -> bool {
    let bare = cell::bare(cell);
    !looks_like_name(cell)
        && matches!(cell::read(bare.as_bytes(), None, false), Ok(_) | Err(super::Fault::ScientificNotation))
}
