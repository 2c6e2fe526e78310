//! Where X puts what, in archives old and new, and where Mastodon does. Pure. Facts and their sources: docs/lists.md.
//!
//! Files lie in `data/`, in the oldest archives beside the page itself; people's zip programs put a folder around all of it.
//! Posts were `tweet.js` until about 2022 and are `tweets.js` since. A long list goes on in `like-part1.js` and so forth.
//! Archives of 2012 to 2018 have posts alone: a file for each month in `data/js/tweets`, and all of them in `tweets.csv`.

use crate::domain::ListKind;
use std::collections::BTreeSet;

/// What one file of an archive is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Role {
    /// Says whose archive it is and what it holds.
    Manifest,
    /// Says whose archive it is, where there is no manifest.
    Account,
    /// A list, or a part of one.
    List(ListKind),
    /// Says whose archive of 2012 to 2018 it is.
    UserDetails,
    /// Says when such an archive was made, and how many posts it has.
    PayloadDetails,
    /// Says which months such an archive has.
    MonthIndex,
    /// A month's posts in such an archive. Its part is the year times 100, and the month.
    Month,
    /// All posts in such an archive as a table.
    Table,
    /// Says whose archive of activities it is.
    Actor,
    /// What the account has posted and reposted.
    Outbox,
    /// The addresses of posts that it likes.
    Liked,
    /// The addresses of posts that it has bookmarked.
    Bookmarked,
}

impl Role {
    /// Whether it belongs to an archive of activities, which is none of X's.
    pub(super) fn is_of_activities(self) -> bool {
        ACTIVITIES.iter().any(|(_, role)| *role == self)
    }

    /// Whether it belongs to an archive of 2012 to 2018.
    pub(super) fn is_of_months(self) -> bool {
        matches!(self, Role::UserDetails | Role::PayloadDetails | Role::MonthIndex | Role::Month | Role::Table)
    }
}

/// A file of X's: the folder of its archive, what it is, and which part of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed<'n> {
    pub(super) home: &'n str,
    pub(super) role: Role,
    pub(super) part: u32,
}

/// The stems of files, without `-part1`, and what they are.
const STEMS: [(&str, Role); 9] = [
    ("manifest", Role::Manifest),
    ("account", Role::Account),
    ("following", Role::List(ListKind::Following)),
    ("follower", Role::List(ListKind::Followers)),
    ("like", Role::List(ListKind::Likes)),
    ("tweets", Role::List(ListKind::Posts)),
    ("tweet", Role::List(ListKind::Posts)),
    ("mute", Role::List(ListKind::Mutes)),
    ("block", Role::List(ListKind::Blocks)),
];

/// The files of an archive of activities.
const ACTIVITIES: [(&str, Role); 4] = [
    ("actor.json", Role::Actor),
    ("outbox.json", Role::Outbox),
    ("likes.json", Role::Liked),
    ("bookmarks.json", Role::Bookmarked),
];

/// The collection of such an archive that holds a list; none where none does.
pub(super) fn collection(list: ListKind) -> Option<Role> {
    match list {
        ListKind::Posts | ListKind::Reposts => Some(Role::Outbox),
        ListKind::Likes => Some(Role::Liked),
        ListKind::Bookmarks => Some(Role::Bookmarked),
        ListKind::Following | ListKind::Followers | ListKind::Mutes | ListKind::Blocks | ListKind::Pins => None,
        ListKind::FollowedLists | ListKind::OwnedLists | ListKind::PinnedLists | ListKind::BlockedLists => None,
        ListKind::FollowedTags | ListKind::BlockedDomains => None,
    }
}

/// What such a file is called.
pub(super) fn file_of(role: Role) -> &'static str {
    ACTIVITIES.iter().find(|(_, known)| *known == role).map_or("", |(file, _)| file)
}

/// The stems that hold a list, the newest first; X calls its globals (`YTD.like.part0`) and the manifest's keys the same.
pub(super) fn stems(list: ListKind) -> impl Iterator<Item = &'static str> {
    STEMS.into_iter().filter(move |(_, role)| *role == Role::List(list.read_as())).map(|(stem, _)| stem)
}

/// The file a person would look for.
pub(super) fn expected_file(list: ListKind) -> String {
    format!("data/{}.js", stems(list).next().unwrap_or(list.name()))
}

/// What a file is by its own name, and which part of it; the first has no number and is 0.
pub(super) fn role(file_name: &str) -> Option<(Role, u32)> {
    let stem = file_name.strip_suffix(".js")?;
    let (stem, part) = match stem.rsplit_once("-part") {
        None => (stem, 0),
        Some((stem, digits)) => (stem, number(digits)?),
    };
    STEMS.into_iter().find(|(known, _)| *known == stem).map(|(_, role)| (role, part))
}

/// The first file that a list's numbering leaves out, told by the own names of the files that are there.
pub(super) fn gap<'n>(list: ListKind, names: impl Iterator<Item = &'n str> + Clone) -> Option<String> {
    stems(list).find_map(|stem| {
        let of_stem =
            names.clone().filter(|name| name.strip_prefix(stem).is_some_and(|rest| rest.starts_with(['.', '-'])));
        let parts: BTreeSet<u32> = of_stem.filter_map(|name| role(name).map(|(_, part)| part)).collect();
        let missing = (0..).zip(&parts).find(|(wanted, part)| wanted != *part).map(|(wanted, _)| wanted)?;
        Some(if missing == 0 { format!("{stem}.js") } else { format!("{stem}-part{missing}.js") })
    })
}

fn number(digits: &str) -> Option<u32> {
    let plain = (1..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}

/// What a file is by its name with its folders; none where it is no file of X's, or lies where X's do not.
pub(super) fn place(name: &str) -> Option<Placed<'_>> {
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    if let Some((role, part)) = role(file) {
        return is_home(folder).then_some(Placed { home: folder, role, part });
    }
    if let Some((_, role)) = ACTIVITIES.iter().find(|(known, _)| *known == file) {
        return (!folder.contains('/')).then_some(Placed { home: folder, role: *role, part: 0 });
    }
    let (js, role, part) = match file {
        "tweets.csv" if !folder.contains('/') => return Some(Placed { home: folder, role: Role::Table, part: 0 }),
        "user_details.js" => (folder, Role::UserDetails, 0),
        "payload_details.js" => (folder, Role::PayloadDetails, 0),
        "tweet_index.js" => (folder, Role::MonthIndex, 0),
        _ => (folder.strip_suffix("tweets")?.trim_end_matches('/'), Role::Month, month(file)?),
    };
    is_js(js).then_some(Placed { home: js, role, part })
}

/// `2012_12.js`
fn month(file: &str) -> Option<u32> {
    let (year, month) = file.strip_suffix(".js")?.split_once('_')?;
    if year.len() != 4 || month.len() != 2 {
        return None;
    }
    Some(number(year)? * 100 + number(month)?)
}

/// What the file of a month begins with.
pub(super) fn month_global(part: u32) -> String {
    format!("Grailbird.data.tweets_{:04}_{:02}", part / 100, part % 100)
}

/// Whether a folder is one that X's files may lie in: the archive itself, its `data`, or those with one folder around.
fn is_home(folder: &str) -> bool {
    match folder.split_once('/') {
        None => true,
        Some((_, rest)) => rest == "data",
    }
}

/// The same for the scripts of archives of 2012 to 2018: `data/js`, from the archive, from `data` and from itself.
fn is_js(folder: &str) -> bool {
    ["", "js", "data/js"].contains(&folder) || folder.split_once('/').is_some_and(|(_, rest)| rest == "data/js")
}

/// Whether files of X's may lie in or below a folder.
pub(super) fn is_on_the_way(folder: &str) -> bool {
    let is_below = |rest: &str| ["data", "data/js", "data/js/tweets"].contains(&rest);
    match folder.split_once('/') {
        None => true,
        Some((_, rest)) => is_below(rest) || is_below(folder) || folder == "js/tweets",
    }
}

/// Whether it is called `data`: then files elsewhere are somebody's copies.
pub(super) fn is_data(folder: &str) -> bool {
    folder == "data" || folder.ends_with("/data")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_names() {
        assert_eq!(role("like.js"), Some((Role::List(ListKind::Likes), 0)));
        assert_eq!(role("like-part12.js"), Some((Role::List(ListKind::Likes), 12)));
        assert_eq!(role("tweet.js"), Some((Role::List(ListKind::Posts), 0)));
        assert_eq!(role("tweets-part1.js"), Some((Role::List(ListKind::Posts), 1)));
        assert_eq!(role("manifest.js"), Some((Role::Manifest, 0)));
        for other in
            ["deleted-tweets.js", "tweet-headers.js", "like.json", "._like.js", "like-part.js", "like-partx.js"]
        {
            assert_eq!(role(other), None, "{other}");
        }
        assert_eq!(role("like-part1234567.js"), None);
        assert_eq!(expected_file(ListKind::Followers), "data/follower.js");
        assert_eq!(expected_file(ListKind::Posts), "data/tweets.js");
    }

    #[test]
    fn months_lie_where_archives_of_2012_to_2018_had_them() {
        for (name, home) in [
            ("data/js/tweets/2012_12.js", "data/js"),
            ("twitter/data/js/tweets/2012_12.js", "twitter/data/js"),
            ("js/tweets/2012_12.js", "js"),
            ("tweets/2012_12.js", ""),
        ] {
            assert_eq!(place(name), Some(Placed { home, role: Role::Month, part: 201_212 }), "{name}");
            let mut folders: Vec<&str> = name.match_indices('/').map(|(at, _)| &name[..at]).collect();
            folders.retain(|folder| !is_on_the_way(folder));
            assert_eq!(folders, [""; 0], "{name}");
        }
        assert_eq!(place("x/data/js/user_details.js").unwrap().role, Role::UserDetails);
        assert_eq!(place("data/js/tweet_index.js").unwrap().home, "data/js");
        assert_eq!(place("outbox.json").unwrap().role, Role::Outbox);
        assert_eq!(place("archive-2026/actor.json").unwrap().home, "archive-2026");
        assert_eq!(place("x/tweets.csv").unwrap().role, Role::Table);
        for other in [
            "2012_12.js",
            "data/tweets/2012_12.js",
            "data/js/2012_12.js",
            "data/js/mytweets/2012_12.js",
            "data/js/tweets/2012_1.js",
            "data/js/tweets/201_123.js",
            "a/b/data/js/tweets/2012_12.js",
            "a/b/tweets.csv",
            "a/b/outbox.json",
            "media_attachments/files/likes.json",
            "._outbox.json",
        ] {
            assert_eq!(place(other), None, "{other}");
        }
        assert_eq!(month_global(201_203), "Grailbird.data.tweets_2012_03");
        assert!(!is_on_the_way("a/b") && !is_on_the_way("data/tweets_media"));
    }

    #[test]
    fn homes_are_at_most_one_folder_deep() {
        for home in ["", "data", "twitter-2024", "twitter-2024/data"] {
            assert!(is_home(home), "{home}");
        }
        for other in ["a/b", "a/b/data", "data/tweets_media"] {
            assert!(!is_home(other), "{other}");
        }
        assert!(is_data("data") && is_data("x/data") && !is_data("") && !is_data("metadata"));
    }
}
