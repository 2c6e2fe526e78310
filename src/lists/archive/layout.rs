//! Where X puts what, in archives old and new. Pure. Facts and their sources: docs/lists.md.
//!
//! Files lie in `data/`, in the oldest archives beside the page itself; people's zip programs put a folder around all of it.
//! Posts were `tweet.js` until about 2022 and are `tweets.js` since. A long list goes on in `like-part1.js` and so forth.

use std::collections::BTreeSet;

use crate::lists::ListKind;

/// What one file of an archive is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Role {
    /// Says whose archive it is and what it holds.
    Manifest,
    /// Says whose archive it is, where there is no manifest.
    Account,
    /// A list, or a part of one.
    List(ListKind),
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

/// Whether a folder is one that X's files may lie in: the archive itself, its `data`, or those with one folder around.
pub(super) fn is_home(folder: &str) -> bool {
    match folder.split_once('/') {
        None => true,
        Some((_, rest)) => rest == "data",
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
