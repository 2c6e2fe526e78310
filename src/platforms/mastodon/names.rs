//! What people call users and posts at servers that speak the Mastodon API: addresses (`ada@example.org`), and links to pages of any server. The
//! account's own server is asked which of its IDs each means. In: texts. Out: names, and where they are asked about. Pure.

use super::lists;
use crate::domain::{Target, TargetKind};
use crate::platforms::names::NameResolver;

/// Addresses are looked up among the accounts that the server knows; links to posts are searched for, and fetched where it knows them not.
pub(super) static NAMES: NameResolver = NameResolver {
    endpoints: &lists::NAMES,
    question: |name| Some((usize::from(is_link(name.as_str())), name.clone())),
    target: |_, found| Some(found.clone()),
    // A server's pages may be under another host than its addresses, and a post has a page on each server.
    has_one_name_each: false,
};

/// The most characters of a user's name, and of a part of a link.
const MAX_PART_BYTES: usize = 128;
/// Pages of a user beside the profile.
const TABS: [&str; 4] = ["followers", "following", "media", "with_replies"];
/// What servers of several makes call the page of a post, behind which its ID stands.
const POSTS: [&str; 3] = ["notice", "objects", "notes"];

fn is_link(name: &str) -> bool {
    name.starts_with("https://")
}

/// The target under the name that a text is; none where it is none.
pub(super) fn read(text: &str) -> Option<Target> {
    let text = text.strip_prefix('@').unwrap_or(text);
    text.strip_prefix("https://").map_or_else(|| address(text), linked)
}

/// What a target under a name is: an address is a user's, a link a post's.
pub(super) fn kind_of(target: &Target) -> Option<TargetKind> {
    let name = target.name()?;
    Some(if is_link(name.as_str()) { TargetKind::Post } else { TargetKind::User })
}

fn address(text: &str) -> Option<Target> {
    let (user, host) = text.split_once('@')?;
    (is_user(user) && is_host(host)).then(|| format!("@{user}@{host}").to_ascii_lowercase().parse().ok())?
}

/// A link to a profile is the address of its user, one to a post a name of its own.
fn linked(rest: &str) -> Option<Target> {
    let path = rest.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let (host, path) = path.split_once('/')?;
    let host = Some(host).filter(|host| is_host(host))?.to_ascii_lowercase();
    let segments: Vec<&str> = path.split('/').collect();
    let user_of = |name: &str| match name.contains('@') {
        // Another server's user, on this one's page.
        true => address(name),
        false => address(&format!("{name}@{host}")),
    };
    let post = |parts: &[&str]| -> Option<Target> {
        parts.iter().all(|part| is_part(part)).then(|| format!("@https://{host}/{}", parts.join("/")).parse().ok())?
    };
    match segments[..] {
        [user] => user_of(user.strip_prefix('@')?),
        ["users", user] => user_of(user),
        [user, tab] if user.starts_with('@') && TABS.contains(&tab) => user_of(user.strip_prefix('@')?),
        ["users", _, "statuses", _] | ["ap", "users", _, "statuses", _] => post(&segments),
        [user, "statuses", _] if user.starts_with('@') => post(&segments),
        [user, _] if user.starts_with('@') => post(&segments),
        [page, _] if POSTS.contains(&page) => post(&segments),
        _ => None,
    }
}

fn is_user(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (1..=MAX_PART_BYTES).contains(&text.len()) && text.bytes().all(plain)
}

fn is_part(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-@".contains(&byte);
    (1..=MAX_PART_BYTES).contains(&text.len()) && text != "." && text != ".." && text.bytes().all(plain)
}

pub(super) fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253
        && text.contains('.')
        && text.split('.').all(is_label)
        && text.rsplit('.').next().is_some_and(|last| last.starts_with(|first: char| first.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn addresses_and_links_are_names() {
        for (text, name, kind) in [
            ("ada@example.org", "@ada@example.org", TargetKind::User),
            ("@Ada@Example.org", "@ada@example.org", TargetKind::User),
            ("https://example.org/@Ada", "@ada@example.org", TargetKind::User),
            ("https://example.org/@ada/followers?x", "@ada@example.org", TargetKind::User),
            ("https://example.org/users/ada", "@ada@example.org", TargetKind::User),
            ("https://social.example/@ada@example.org", "@ada@example.org", TargetKind::User),
            ("https://Example.org/@ada/109302/", "@https://example.org/@ada/109302", TargetKind::Post),
            (
                "https://example.org/@ada@b.example/109302",
                "@https://example.org/@ada@b.example/109302",
                TargetKind::Post,
            ),
            ("https://example.org/users/ada/statuses/7", "@https://example.org/users/ada/statuses/7", TargetKind::Post),
            ("https://g.example/@ada/statuses/01F6K", "@https://g.example/@ada/statuses/01F6K", TargetKind::Post),
            ("https://p.example/notice/Ad1", "@https://p.example/notice/Ad1", TargetKind::Post),
        ] {
            let target = read(text).unwrap();
            assert_eq!((target.to_string().as_str(), kind_of(&target)), (name, Some(kind)), "{text}");
            let question = NAMES.question(&target.name().unwrap()).unwrap();
            assert_eq!(question.endpoint.of, kind, "{text}");
        }
    }

    #[test]
    fn what_is_neither_is_no_name() {
        for text in [
            "ada",
            "@ada",
            "ada@localhost",
            "ada@example.org@b",
            "a b@example.org",
            "http://example.org/@ada",
            "https://example.org",
            "https://example.org/about",
            "https://example.org/@ada/1/2/3",
            "https://example.org/notice/a%2Fb",
            "https://example.org/@ada/..",
            "https://x.com/ada",
            "https://x.com/ada/status/4",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
