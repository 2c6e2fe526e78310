//! A list read back as a job file: its columns say what a row's entry is known by.
//!
//! In: the names of a file's columns, and rows. Out: [`RowEntry`]s for the filter. What does not belong here: which column is the
//! target (`jobfile`), and what becomes of a row.

use super::keep::{author_in, names_in};
use super::{Column, Entry, parse_source_time, reposted_author};
use crate::domain::{EntryFact, Handle, Target, TargetId, TargetName, Visibility};
use crate::jobfile::keep_list::KeepList;
use crate::jobfile::{HandleColumn, cells_from_stored, handle_columns, is_same_column, read_handle};

/// What `tweets.csv` of X's archives of 2012 to 2018 calls the columns of a list of posts. It is known by the first of them: in other
/// files a `timestamp` may be anything.
const ARCHIVE_COLUMNS: [(Column, &str); 3] =
    [(Column::TargetId, "tweet_id"), (Column::CreatedAt, "timestamp"), (Column::RepostOf, "retweeted_status_id")];

/// What a row tells of its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowEntry {
    /// Every handle that the row names the user by, or a post's author. The first is the entry's own.
    pub handles: Vec<Handle>,
    /// Every name of other platforms that it names its target by: what such a name means is not known here. Of a post also its author,
    /// where the post's own ID tells.
    pub names: Vec<Target>,
    /// The rest.
    pub entry: Entry,
}

impl RowEntry {
    /// Whether a keep list names it; a repost by either of its IDs.
    pub fn is_named_by(&self, keep: &KeepList) -> bool {
        let own = self.entry.repost_id.map(Target::Id);
        keep.names(&self.entry.target, &self.handles) || self.names.iter().chain(&own).any(|named| keep.contains(named))
    }
}

/// Where a file has the columns of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowReader {
    columns: Vec<(Column, usize)>,
    handles: Vec<HandleColumn>,
    /// No list of names is asked.
    is_narrow: bool,
}

impl RowReader {
    /// Finds the columns of a list among a file's, by their names, trimmed and without case. A name that stands twice says
    /// nothing: nobody knows which is meant. No names: a file of one column without a header.
    pub fn new<S: AsRef<str>>(names: &[S]) -> RowReader {
        let is_archive = names.iter().any(|name| is_same_column(name.as_ref(), ARCHIVE_COLUMNS[0].1));
        let only = |wanted: &str| {
            let mut found = (0..names.len()).filter(|i| is_same_column(names[*i].as_ref(), wanted));
            found.next().filter(|_| found.next().is_none())
        };
        let in_archive = |column: Column| ARCHIVE_COLUMNS.iter().find(|(known, _)| is_archive && *known == column);
        let at = |column: Column| {
            let is_there = names.iter().any(|name| is_same_column(name.as_ref(), column.name()));
            if is_there { only(column.name()) } else { only(in_archive(column)?.1) }
        };
        let columns = Column::ALL.into_iter().filter_map(|column| Some((column, at(column)?))).collect();
        RowReader { columns, handles: handle_columns(names), is_narrow: false }
    }

    /// The same where a person has said which column the target is: a handle or link there names the row's user, too.
    pub fn with_target<S: AsRef<str>>(names: &[S], target: Option<&str>) -> RowReader {
        let mut reader = RowReader::new(names);
        let is_target = |index: &usize| target.is_some_and(|target| is_same_column(names[*index].as_ref(), target));
        let is_new = |index: &usize| reader.handles.iter().all(|column| column.index != *index);
        let more: Vec<usize> = (0..names.len()).filter(is_target).filter(is_new).collect();
        reader.handles.extend(more.into_iter().map(|index| HandleColumn { index, bare_words: false }));
        reader
    }

    /// The same where nothing is asked but what stands in some columns, and no list of names: what is not asked for is not decoded, which
    /// is most of the work of a long list.
    #[must_use]
    pub fn narrowed_to(mut self, wanted: &[Column]) -> RowReader {
        // What says which post a row is about goes with it.
        let always = [Column::TargetId, Column::RepostOf, Column::RepostId];
        self.columns.retain(|(column, _)| wanted.contains(column) || always.contains(column));
        self.handles.retain(|column| column.bare_words && wanted.contains(&Column::Handle));
        self.handles.truncate(1);
        self.is_narrow = true;
        self
    }

    /// Whether the file has a column of user names.
    pub fn has_names(&self) -> bool {
        self.handles.iter().any(|column| column.bare_words)
    }

    /// Whether the file has a column that tells a fact.
    pub fn tells(&self, fact: EntryFact) -> bool {
        let wanted = match fact {
            EntryFact::LastPosted => Column::LastActiveAt,
            EntryFact::Likes => Column::Likes,
            EntryFact::Reposts => Column::Reposts,
            EntryFact::IsRepost => Column::IsRepost,
            EntryFact::Visibility => Column::Visibility,
            EntryFact::IsReply => Column::IsReply,
            EntryFact::HasMedia => Column::HasMedia,
            EntryFact::IsPinned => Column::IsPinned,
            EntryFact::Text => Column::Text,
            EntryFact::Words => {
                let words = [Column::Text, Column::Name];
                return self.has_names() || self.columns.iter().any(|(column, _)| words.contains(column));
            }
        };
        self.columns.iter().any(|(column, _)| *column == wanted)
    }

    /// What a row tells. `written` is the handle that stands in the file where the target has been resolved from it. A cell that
    /// is empty or cannot be read is not known.
    pub fn entry(&self, target: &Target, written: Option<&Handle>, record: Option<&str>) -> RowEntry {
        let record = record.filter(|_| !self.columns.is_empty() || !self.handles.is_empty());
        self.entry_of_cells(target, written, &record.map(cells_from_stored).unwrap_or_default())
    }

    /// The same of a row's cells; none of them: nothing but the target is known.
    pub fn entry_of_cells<S: AsRef<str>>(&self, target: &Target, written: Option<&Handle>, cells: &[S]) -> RowEntry {
        let handle = match target {
            Target::Handle(handle) => Some(handle),
            Target::Id(_) | Target::Key(_) => None,
        };
        let mut handles: Vec<Handle> = handle.or(written).cloned().into_iter().collect();
        let mut names = Vec::new();
        let mut entry = Entry::bare(target.clone());
        if !cells.is_empty() {
            for (column, index) in &self.columns {
                if let Some(cell) = cells.get(*index).map(|cell| cell.as_ref().trim()).filter(|cell| !cell.is_empty()) {
                    take(&mut entry, *column, cell);
                }
            }
            if self.becomes_post(&mut entry, cells) {
                handles.extend(entry.text.as_deref().and_then(reposted_author));
                entry.handle = handles.first().cloned();
                return RowEntry { handles, names: Vec::new(), entry };
            }
            for column in &self.handles {
                let Some(cell) = cells.get(column.index) else { continue };
                if !self.is_narrow {
                    names.extend(names_in(cell.as_ref().trim()));
                }
                let named = read_handle(cell.as_ref().as_bytes(), column.bare_words);
                handles.extend(named.filter(|handle| !handles.contains(handle)));
            }
        }
        if !self.is_narrow {
            names.extend(author_in(target));
        }
        entry.handle = handles.first().cloned();
        RowEntry { handles, names, entry }
    }

    /// Whether a row of the account's posts is a repost whose target is the post that it repeats. What the row has under
    /// `target_id` is then the repost, and so are its author, name and counts; the post itself is known by the text alone.
    fn becomes_post<S: AsRef<str>>(&self, entry: &mut Entry, cells: &[S]) -> bool {
        let own = self.columns.iter().find(|(column, _)| *column == Column::TargetId);
        let own = own.and_then(|(_, index)| cells.get(*index)?.as_ref().trim().parse::<TargetId>().ok());
        let target = entry.target.id();
        if target.is_none() || entry.repost_of.as_ref() != Some(&entry.target) || own == target {
            return false;
        }
        let repost = std::mem::replace(entry, Entry::bare(entry.target.clone()));
        entry.repost_id = repost.repost_id.or(own);
        entry.created_at = repost.created_at;
        entry.text = repost.text;
        entry.traits = repost.traits;
        true
    }
}

fn take(entry: &mut Entry, column: Column, cell: &str) {
    match column {
        Column::Name => entry.name = Some(cell.to_owned()),
        Column::CreatedAt => entry.created_at = parse_source_time(cell),
        Column::LastActiveAt => entry.last_active_at = parse_source_time(cell),
        Column::Followers => entry.followers = cell.parse().ok(),
        Column::Members => entry.members = cell.parse().ok(),
        Column::FollowsBack => entry.follows_back = flag(cell),
        Column::Likes => entry.likes = cell.parse().ok(),
        Column::Reposts => entry.reposts = cell.parse().ok(),
        Column::IsRepost => entry.is_repost = flag(cell),
        Column::RepostOf => entry.repost_of = cell.parse::<TargetId>().ok().map(Target::Id),
        Column::RepostId => entry.repost_id = cell.parse().ok(),
        Column::Visibility => entry.traits.visibility = Visibility::named(&cell.to_ascii_lowercase()),
        Column::IsReply => entry.traits.is_reply = flag(cell),
        Column::HasMedia => entry.traits.has_media = flag(cell),
        Column::IsPinned => entry.traits.is_pinned = flag(cell),
        Column::Text => entry.text = Some(cell.to_owned()),
        Column::Handle => entry.address = address(cell),
        Column::TargetId | Column::Link => {}
    }
}

/// What a user is called in the column of handles, where that is no handle: it ends in the name of a host.
fn address(cell: &str) -> Option<TargetName> {
    let bare = cell.strip_prefix('@').unwrap_or(cell);
    let is_address = bare.contains('.') && !bare.contains([' ', '/']);
    bare.parse::<TargetName>().ok().filter(|_| is_address)
}

/// As this program, spreadsheets and other tools write it.
fn flag(cell: &str) -> Option<bool> {
    match cell.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::{ListKind, Wall};
    use crate::jobfile::stored_from_cells;
    use crate::lists::{columns, record};

    #[test]
    fn a_list_comes_back_as_it_was_written() {
        for list in [ListKind::Following, ListKind::Likes] {
            let entry = Entry {
                handle: Some("Ada".parse().unwrap()),
                name: Some("Ada \"L\", ok".into()),
                created_at: Some(Wall(1_539_202_764_000)),
                text: Some("a,b\nc".into()),
                ..Entry::bare("1050118621198921728".parse().unwrap())
            };
            let entry = match list {
                ListKind::Likes => Entry { likes: Some(7), reposts: Some(2), is_repost: Some(false), ..entry },
                _ => Entry { followers: Some(3), follows_back: Some(true), last_active_at: Some(Wall(0)), ..entry },
            };
            let names: Vec<&str> = columns(list).iter().map(|column| column.name()).collect();
            let reader = RowReader::new(&names);
            let stored = stored_from_cells(record(list, &entry));
            assert_eq!(
                reader.entry(&entry.target, None, Some(&stored)),
                RowEntry { handles: vec!["ada".parse().unwrap()], names: Vec::new(), entry }
            );
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_known() {
        let reader = RowReader::new(&[" ID", "Created_At ", "likes", "follows_back", "likes", "handle"]);
        let target: Target = "12".parse().unwrap();
        let known = |record: &str| reader.entry(&target, None, Some(record)).entry;
        let bare = Entry::bare("12".parse().unwrap());
        assert_eq!(known("12,soon,3,perhaps,4,a b"), bare, "and likes stands twice");
        assert_eq!(known("12"), bare);
        assert_eq!(reader.entry(&target, None, None).entry, bare);
        let told = known("12,Wed Oct 10 20:19:24 +0000 2018,3,NO,4,'@Ada");
        assert_eq!(told.created_at.unwrap().rfc3339(), "2018-10-10T20:19:24Z");
        assert_eq!((told.follows_back, told.handle), (Some(false), Some("ada".parse().unwrap())));
        assert_eq!(known("12,2018-10-10").created_at.unwrap().rfc3339(), "2018-10-10T00:00:00Z");
        let by_handle = reader.entry(&"@ada".parse().unwrap(), None, Some("@ada,2018-10-10,,,,@other"));
        assert_eq!(by_handle.entry.target, "@ada".parse().unwrap());
        assert_eq!((by_handle.entry.target.id(), by_handle.entry.handle), (None, Some("ada".parse().unwrap())));
        let key: Target = "at://did:plc:a/b/c".parse().unwrap();
        let by_key = reader.entry(&key, None, Some("at://did:plc:a/b/c,2018-10-10,,,,@other"));
        assert_eq!((by_key.entry.target, by_key.entry.handle), (key, Some("other".parse().unwrap())));
    }

    #[test]
    fn tweets_csv_of_an_old_archive_tells_its_times_and_reposts() {
        const HEADER: [&str; 7] = [
            "tweet_id",
            "in_reply_to_status_id",
            "timestamp",
            "text",
            "retweeted_status_id",
            "retweeted_status_timestamp",
            "expanded_urls",
        ];
        let reader = RowReader::new(&HEADER);
        let post: Target = "1357771234".parse().unwrap();
        let told = reader.entry(&post, None, Some("1357771234,,2009-03-20 00:00:00 +0000,hello,,,")).entry;
        assert_eq!(told.created_at.unwrap().rfc3339(), "2009-03-20T00:00:00Z");
        assert_eq!((told.text.as_deref(), told.repost_of), (Some("hello"), None));
        // The row of a repost whose target is the post that it repeats.
        let target: Target = "20".parse().unwrap();
        let row = "1357771235,,2009-03-21 08:00:00 +08:00,RT @ada: so it is,20,2006-03-21 20:50:14 +0000,";
        let told = reader.entry(&target, None, Some(row)).entry;
        assert_eq!(told.created_at.unwrap().rfc3339(), "2009-03-21T00:00:00Z", "when it was reposted");
        assert_eq!((told.repost_of, told.repost_id), (None, "1357771235".parse().ok()));
        assert_eq!(told.handle.unwrap().as_str(), "ada");
        // A list's own column goes before it, and elsewhere the name says nothing.
        let known = |names: &[&str]| {
            RowReader::new(names).entry(&target, None, Some("20,2009-03-20,2010-01-01")).entry.created_at
        };
        assert_eq!(known(&["tweet_id", "timestamp", "created_at"]).unwrap().rfc3339(), "2010-01-01T00:00:00Z");
        assert_eq!(known(&["user_id", "timestamp", "x"]), None);
        assert_eq!(known(&["tweet_id", "timestamp", "timestamp"]), None, "it stands twice");
    }

    #[test]
    fn a_narrow_reader_tells_what_it_is_asked_for() {
        let names = ["target_id", "handle", "name", "created_at", "likes", "text", "link"];
        let narrow = |wanted: &[Column]| RowReader::new(&names).narrowed_to(wanted);
        let cells = ["12", "@ada", "Ada", "2018-10-10", "7", "hello", "https://x.com/bob/status/12"];
        let target: Target = "12".parse().unwrap();
        let bare = Entry::bare(target.clone());
        let likes = narrow(&[Column::Likes]).entry_of_cells(&target, None, &cells);
        assert_eq!(likes.entry, Entry { likes: Some(7), ..bare.clone() });
        let handle = narrow(&[Column::Handle]).entry_of_cells(&target, None, &cells);
        assert_eq!((handle.handles.len(), &handle.names), (1, &Vec::new()), "the link is not asked for");
        assert_eq!(handle.entry, Entry { handle: "ada".parse().ok(), ..bare });
    }

    #[test]
    fn an_address_comes_back_as_one() {
        let known = |cell: &str| {
            RowReader::new(&["id", "handle"]).entry_of_cells(&Target::Id(TargetId::ZERO), None, &["0", cell])
        };
        for cell in ["@Ada@example.org", "ada@example.org", "ada.bsky.social"] {
            let told = known(cell).entry;
            assert_eq!((told.handle, told.address), (None, cell.trim_start_matches('@').parse().ok()), "{cell}");
        }
        let told = known("@ada").entry;
        assert_eq!((told.handle, told.address), ("ada".parse().ok(), None));
    }

    #[test]
    fn a_row_is_known_by_every_name_it_has() {
        let target: Target = "12".parse().unwrap();
        let names = |columns: &[&str], record: &str| {
            let told = RowReader::new(columns).entry(&target, None, Some(record));
            assert_eq!(told.entry.handle.as_ref(), told.handles.first());
            told.handles.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        for column in ["screen_name", " Username", "HANDLE"] {
            for cell in ["Ada", "@ada", "'@ada", " https://x.com/ada "] {
                assert_eq!(names(&["target_id", column], &format!("12,{cell}")), ["@ada"], "{column} {cell}");
            }
        }
        for (columns, record, want) in [
            (&["id", "username", "handle"][..], "12,ada,@bob", &["@ada", "@bob"][..]),
            (&["id", "handle", "handle"], "12,ada,bob", &["@ada", "@bob"]),
            (&["id", "handle", "screen_name"], "12,ada,ADA", &["@ada"]),
            (&["target_id", "link"], "12,https://x.com/ada", &["@ada"]),
            (&["target_id", "name", "text"], "12,ada,@ada", &[]),
            (&["id", "url"], "12,https://x.com/ada/status/5", &[]),
            (&["target_id"], "@ada", &["@ada"]),
            (&["target_id"], "ada", &[]),
            (&[], "x.com/ada", &["@ada"]),
        ] {
            assert_eq!(names(columns, record), want, "{columns:?} {record}");
        }
    }

    #[test]
    fn a_column_that_was_named_tells_of_its_user_as_well() {
        let target: Target = "12".parse().unwrap();
        for (named, record, want) in [
            (Some(" WHO"), "12,@ada", 1),
            (Some("who"), "12,x.com/ada", 1),
            (Some("who"), "12,ada", 0),
            (Some("note"), "@ada,12", 1),
            (None, "@ada,@bob", 0),
        ] {
            let reader = RowReader::with_target(&["note", "who"], named);
            assert_eq!(reader.entry(&target, None, Some(record)).handles.len(), want, "{named:?} {record}");
        }
        assert_eq!(RowReader::with_target(&["handle"], Some("handle")), RowReader::new(&["handle"]));
    }
}
