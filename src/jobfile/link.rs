//! Links to profiles and posts. Pure.

use super::Fault;
use crate::domain::{Handle, TargetId};

/// What a link names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Linked {
    User(TargetId),
    Handle(Handle),
    Post(TargetId),
    /// A list of users.
    List(TargetId),
}

/// First path segments that look like handles and are pages of the site.
const PAGES: [&str; 24] = [
    "about",
    "account",
    "compose",
    "download",
    "explore",
    "hashtag",
    "home",
    "i",
    "intent",
    "jobs",
    "login",
    "logout",
    "messages",
    "notifications",
    "oauth",
    "oauth2",
    "personalization",
    "privacy",
    "search",
    "settings",
    "share",
    "signup",
    "tos",
    "who_to_follow",
];

/// The tabs of a profile.
const TABS: [&str; 10] = [
    "with_replies",
    "media",
    "likes",
    "following",
    "followers",
    "verified_followers",
    "highlights",
    "articles",
    "lists",
    "topics",
];

/// Whether a text is meant as a link. `jack` is not, `x.com/jack` is.
pub(super) fn looks_like_link(text: &str) -> bool {
    text.contains('/') || text.contains("://")
}

/// Reads a link, with or without scheme.
pub(super) fn read_link(text: &str) -> Result<Linked, Fault> {
    let rest = ["https://", "http://"].iter().find_map(|scheme| strip_prefix_any_case(text, scheme)).unwrap_or(text);
    let (host, path_and_query) = rest.split_once('/').unwrap_or((rest, ""));
    if !is_our_host(host) {
        return Err(Fault::ForeignLink);
    }
    let without_fragment = path_and_query.split('#').next().unwrap_or_default();
    let (path, query) = without_fragment.split_once('?').unwrap_or((without_fragment, ""));
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).take(6).collect();
    read_path(&segments, query)
}

fn read_path(segments: &[&str], query: &str) -> Result<Linked, Fault> {
    let is = |segment: &str, word: &str| segment.eq_ignore_ascii_case(word);
    match segments {
        [i, web, status, id, ..] if is(i, "i") && is(web, "web") && is_status(status) => post(id),
        [i, status, id, ..] if is(i, "i") && is_status(status) => post(id),
        [i, user, id] if is(i, "i") && is(user, "user") => id.parse().map(Linked::User).map_err(|_| Fault::NotAnId),
        [i, lists, id] if is(i, "i") && is(lists, "lists") => id.parse().map(Linked::List).map_err(|_| Fault::NotAnId),
        [intent, page] if is(intent, "intent") && (is(page, "user") || is(page, "follow")) => intended(query),
        [name, ..] if PAGES.iter().any(|page| is(name, page)) => Err(Fault::NotATargetLink),
        [_, status, id, ..] if is_status(status) => post(id),
        [name] => handle(name),
        [name, tab] if TABS.iter().any(|known| is(tab, known)) => handle(name),
        _ => Err(Fault::NotATargetLink),
    }
}

/// `/intent/user?user_id=ID` or `?screen_name=NAME`. The ID wins: a handle can change hands.
fn intended(query: &str) -> Result<Linked, Fault> {
    let value = |wanted: &str| query.split('&').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == wanted));
    match (value("user_id"), value("screen_name")) {
        (Some((_, id)), _) => id.parse().map(Linked::User).map_err(|_| Fault::NotAnId),
        (None, Some((_, name))) => handle(name),
        (None, None) => Err(Fault::NotATargetLink),
    }
}

fn is_status(segment: &str) -> bool {
    segment.eq_ignore_ascii_case("status") || segment.eq_ignore_ascii_case("statuses")
}

fn post(id: &str) -> Result<Linked, Fault> {
    id.parse().map(Linked::Post).map_err(|_| Fault::NotAnId)
}

fn handle(name: &str) -> Result<Linked, Fault> {
    name.parse().map(Linked::Handle).map_err(|_| Fault::NotATargetLink)
}

/// `x.com` and `twitter.com`, also `www.`, `mobile.` and `m.`; a look-alike such as `x.com.example.org` is foreign.
fn is_our_host(host: &str) -> bool {
    let bare = ["www.", "mobile.", "m."].iter().find_map(|prefix| strip_prefix_any_case(host, prefix)).unwrap_or(host);
    bare.eq_ignore_ascii_case("x.com") || bare.eq_ignore_ascii_case("twitter.com")
}

fn strip_prefix_any_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    if head.eq_ignore_ascii_case(prefix) { text.get(prefix.len()..) } else { None }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn links_people_paste() {
        let post = |id: &str| Ok(Linked::Post(id.parse().unwrap()));
        let user = |id: &str| Ok(Linked::User(id.parse().unwrap()));
        let handle = |name: &str| Ok(Linked::Handle(name.parse().unwrap()));
        for (text, want) in [
            ("https://x.com/example/status/1234567890123456789", post("1234567890123456789")),
            ("http://twitter.com/example/statuses/20", post("20")),
            ("x.com/example/status/20/photo/1", post("20")),
            ("https://mobile.twitter.com/example/status/20?s=20&t=abc", post("20")),
            ("HTTPS://WWW.X.COM/i/web/status/20#top", post("20")),
            ("https://x.com/i/status/20", post("20")),
            ("https://x.com/i/user/12", user("12")),
            ("https://twitter.com/intent/user?user_id=12&x=y", user("12")),
            ("https://twitter.com/intent/user?screen_name=Example", handle("example")),
            ("https://x.com/Example", handle("example")),
            ("x.com/example/", handle("example")),
            ("https://x.com/@example", handle("example")),
            ("twitter.com/example/with_replies", handle("example")),
            ("https://x.com/home", Err(Fault::NotATargetLink)),
            ("https://x.com/", Err(Fault::NotATargetLink)),
            ("https://x.com/example/lists/7", Err(Fault::NotATargetLink)),
            ("https://x.com/i/communities/7", Err(Fault::NotATargetLink)),
            ("https://x.com/example/status/abc", Err(Fault::NotAnId)),
            ("https://x.com/intent/user", Err(Fault::NotATargetLink)),
            ("https://x.com.example.org/example", Err(Fault::ForeignLink)),
            ("https://x.com@example.org/example", Err(Fault::ForeignLink)),
            ("https://example.org/x.com/example", Err(Fault::ForeignLink)),
            ("1/2", Err(Fault::ForeignLink)),
        ] {
            assert_eq!(read_link(text), want, "{text}");
        }
    }
}
