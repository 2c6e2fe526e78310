//! What names users and posts at Bluesky: DIDs and at:// addresses. A handle is a name that changes hands, so that it has to be looked up; and
//! so has an address that begins with one. In: texts and links. Out: targets, of which kind they are, where a person sees them. Pure.

use crate::domain::{Target, TargetKind, is_did};
use crate::platforms::target_grammar::TargetGrammar;

/// Whose pages people see.
const SITE: &str = "https://bsky.app";
/// The collections that the site has pages for, and how their addresses call them.
const PAGES: [(&str, &str); 3] = [(POST, "post"), ("app.bsky.feed.generator", "feed"), (LIST, "lists")];
pub(super) const POST: &str = "app.bsky.feed.post";
/// Lists of users.
const LIST: &str = "app.bsky.graph.list";
/// The most characters of a record's key, and of the name of a collection.
const MAX_PART_BYTES: usize = 253;

/// The grammar.
pub(super) const GRAMMAR: TargetGrammar = TargetGrammar {
    parse,
    read,
    kind_of,
    author_of: Some(author_of),
    page_of,
    page_at: |_, _, _, _| None,
    // Nothing else looks like one.
    is_evident: |_| true,
    not_a_handle: "this endpoint takes a DID, not a handle",
    not_a_name: "this endpoint takes a DID (did:plc:...) or the address of a post (at://did:plc:.../app.bsky.feed.post/...)",
    written_as: [
        "a DID (did:plc:...), a handle (@ada.bsky.social) or a link to the profile",
        "the address of the post (at://did:plc:.../app.bsky.feed.post/...) or a link to it",
        "the address of the list (at://did:plc:.../app.bsky.graph.list/...) or a link to it",
    ],
    things_written_as: None,
};

/// The most characters of a handle.
const MAX_HANDLE_BYTES: usize = 253;

/// A record: whose, in which collection, and its key there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Address<'a> {
    pub(super) did: &'a str,
    pub(super) collection: &'a str,
    pub(super) rkey: &'a str,
}

/// Reads an at:// address of a record. One whose authority is a handle is none: it is somebody else's once the handle changes hands.
pub(super) fn address(text: &str) -> Option<Address<'_>> {
    let (did, collection, rkey) = parts_of(text)?;
    is_did(did).then_some(Address { did, collection, rkey })
}

/// Whose record an at:// address names, whatever it calls that user, in which collection, and its key.
fn parts_of(text: &str) -> Option<(&str, &str, &str)> {
    let mut parts = text.strip_prefix("at://")?.split('/');
    let (whose, collection, rkey) = (parts.next()?, parts.next()?, parts.next()?);
    let legal = parts.next().is_none() && is_collection(collection) && is_record_key(rkey);
    legal.then_some((whose, collection, rkey))
}

/// A handle: the name of a host, whose last part begins with a letter.
fn is_handle(text: &str) -> bool {
    let is_part = |part: &str| {
        (1..=63).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.len() <= MAX_HANDLE_BYTES
        && text.contains('.')
        && text.split('.').all(is_part)
        && last.starts_with(|first: char| first.is_ascii_alphabetic())
}

/// The target that stands under a user's handle, or under that of a post's author, until it is looked up.
fn named(handle: &str, post: Option<(&str, &str)>) -> Option<Target> {
    let handle = Some(handle).filter(|handle| is_handle(handle))?.to_ascii_lowercase();
    let name = match post {
        None => format!("@{handle}"),
        Some((collection, rkey)) => format!("@at://{handle}/{collection}/{rkey}"),
    };
    name.parse().ok()
}

/// What is asked about a name: the handle in it. `name` has no `@`.
pub(super) fn handle_in(name: &str) -> Option<&str> {
    let handle = parts_of(name).map_or(name, |(whose, ..)| whose);
    is_handle(handle).then_some(handle)
}

/// What a name means, where the handle in it is this user's.
pub(super) fn meant(name: &str, user: &Target) -> Option<Target> {
    match parts_of(name) {
        Some((_, collection, rkey)) => parse(&format!("at://{user}/{collection}/{rkey}")),
        None => Some(user.clone()),
    }
}

/// `app.bsky.feed.post`: three parts and more.
fn is_collection(text: &str) -> bool {
    let is_part =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    text.len() <= MAX_PART_BYTES && text.split('.').count() >= 3 && text.split('.').all(is_part)
}

fn is_record_key(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._~:-".contains(&byte);
    (1..=MAX_PART_BYTES).contains(&text.len()) && text != "." && text != ".." && text.bytes().all(plain)
}

fn parse(text: &str) -> Option<Target> {
    if is_did(text) || address(text).is_some() { text.parse().ok() } else { None }
}

/// What a person pastes: also links of the site, and names.
fn read(text: &str) -> Option<Target> {
    parse(text).or_else(|| linked(text)).or_else(|| {
        let name = text.strip_prefix('@').unwrap_or(text);
        match (parts_of(name), name.strip_prefix("at://")) {
            (Some((whose, collection, rkey)), _) => named(whose, Some((collection, rkey))),
            // An address of a whole repository is its user's.
            (None, Some(whose)) => whole_of(whose.strip_suffix('/').unwrap_or(whose)),
            (None, None) => named(name, None),
        }
    })
}

/// Whose repository it is.
fn whole_of(whose: &str) -> Option<Target> {
    if is_did(whose) { whose.parse().ok() } else { named(whose, None) }
}

fn linked(text: &str) -> Option<Target> {
    let rest = ["https://bsky.app/profile/", "bsky.app/profile/"].iter().find_map(|start| text.strip_prefix(start))?;
    let path = rest.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let mut segments = path.split('/');
    let whose = segments.next()?;
    match (segments.next(), segments.next()) {
        (None, _) => parse(whose).or_else(|| named(whose, None)),
        (Some(page), Some(rkey)) => {
            let (collection, _) = PAGES.iter().find(|(_, name)| *name == page)?;
            // What a page shows beside the post (who likes it) is behind its address.
            let of_post = || if is_record_key(rkey) { named(whose, Some((*collection, rkey))) } else { None };
            parse(&format!("at://{whose}/{collection}/{rkey}")).or_else(of_post)
        }
        (Some(_), None) => None,
    }
}

/// A text tells what it names.
fn kind_of(target: &Target) -> Option<TargetKind> {
    let Target::Key(key) = target else { return None };
    let text = key.as_str().strip_prefix('@').unwrap_or(key.as_str());
    match parts_of(text) {
        Some((_, LIST, _)) => Some(TargetKind::List),
        Some(_) => Some(TargetKind::Post),
        None => Some(TargetKind::User),
    }
}

/// The address of a record begins with its owner.
fn author_of(target: &Target) -> Option<Target> {
    let Target::Key(key) = target else { return None };
    address(key.as_str())?.did.parse().ok()
}

fn page_of(target: &Target) -> Option<String> {
    let Target::Key(key) = target else { return None };
    let key = key.as_str();
    if is_did(key) {
        return Some(format!("{SITE}/profile/{key}"));
    }
    let Address { did, collection, rkey } = address(key)?;
    let (_, page) = PAGES.iter().find(|(known, _)| *known == collection)?;
    Some(format!("{SITE}/profile/{did}/{page}/{rkey}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    const DID: &str = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";

    #[test]
    fn a_post_tells_whose_it_is() {
        let author = |text: &str| author_of(&text.parse().unwrap()).map(|author| author.to_string());
        let post = "at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/3l6oveex3ii2l";
        assert_eq!(author(post).as_deref(), Some("did:plc:ewvi7nxzyoun6zhxrhs64oiz"));
        for text in ["did:plc:ewvi7nxzyoun6zhxrhs64oiz", "@at://ada.bsky.social/app.bsky.feed.post/3l6oveex3ii2l", "42"]
        {
            assert_eq!(author(text), None, "{text}");
        }
    }

    #[test]
    fn dids_addresses_and_links_name_their_targets() {
        let post = format!("at://{DID}/app.bsky.feed.post/3l6oveex3ii2l");
        let feed = format!("at://{DID}/app.bsky.feed.generator/whats-hot");
        let labeler = format!("at://{DID}/app.bsky.labeler.service/self");
        let list = format!("at://{DID}/app.bsky.graph.list/3l6oveex3ii2l");
        for (text, target, kind) in [
            (DID.to_owned(), DID, TargetKind::User),
            (format!("https://bsky.app/profile/{DID}"), DID, TargetKind::User),
            (format!("at://{DID}"), DID, TargetKind::User),
            (format!("bsky.app/profile/{DID}/?ref=x"), DID, TargetKind::User),
            (post.clone(), &*post, TargetKind::Post),
            (format!("https://bsky.app/profile/{DID}/post/3l6oveex3ii2l"), &post, TargetKind::Post),
            (format!("https://bsky.app/profile/{DID}/post/3l6oveex3ii2l/liked-by#x"), &post, TargetKind::Post),
            (format!("https://bsky.app/profile/{DID}/feed/whats-hot"), &feed, TargetKind::Post),
            (labeler.clone(), &labeler, TargetKind::Post),
            (format!("https://bsky.app/profile/{DID}/lists/3l6oveex3ii2l"), &list, TargetKind::List),
        ] {
            let read = GRAMMAR.read(&text).unwrap();
            assert_eq!((read.to_string().as_str(), GRAMMAR.kind_of(&read)), (target, Some(kind)), "{text}");
            assert_eq!(GRAMMAR.parse(target).unwrap(), read);
            assert!(GRAMMAR.takes(&read));
            assert_eq!(GRAMMAR.parse(&text).is_ok(), text == target, "{text}");
        }
        assert_eq!(GRAMMAR.page_of(&DID.parse().unwrap()), Some(format!("https://bsky.app/profile/{DID}")));
        let page = GRAMMAR.page_of(&post.parse().unwrap()).unwrap();
        assert_eq!(page, format!("https://bsky.app/profile/{DID}/post/3l6oveex3ii2l"));
        assert_eq!(GRAMMAR.read(&page).unwrap().to_string(), post);
        assert_eq!(GRAMMAR.page_of(&labeler.parse().unwrap()), None);
    }

    #[test]
    fn what_names_nobody_for_sure_is_no_target() {
        for text in [
            "ada",
            "@ada",
            "12",
            "12.5",
            "-ada.bsky.social",
            "ada.bsky.social.",
            "@@ada.bsky.social",
            "ada_b.bsky.social",
            "https://bsky.app/profile/ada",
            "https://bsky.app/profile/ada.bsky.social/post/..",
            "https://bsky.app/profile/did:plc:ewvi7nxzyoun6zhxrhs64oiz/starter-pack/3l6oveex3ii2l",
            "https://bsky.app.example.org/profile/did:plc:ewvi7nxzyoun6zhxrhs64oiz",
            "https://bsky.app/profile/did:plc:ewvi7nxzyoun6zhxrhs64oiz/post",
            "at://ada",
            "at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post",
            "at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/",
            "at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/..",
            "at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/a/b",
            "at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky/3l6oveex3ii2l",
            "did:plc:ewvi7nxzyoun6zhxrhs64oi",
        ] {
            assert!(GRAMMAR.read(text).is_err(), "{text}");
        }
    }

    /// A name stands for what its handle means: a user, or a record of that user's.
    #[test]
    fn handles_are_names_that_are_looked_up() {
        let post = "@at://ada.bsky.social/app.bsky.feed.post/3l6oveex3ii2l";
        for (text, target, kind) in [
            ("ada.bsky.social", "@ada.bsky.social", TargetKind::User),
            ("@Ada.bsky.Social", "@ada.bsky.social", TargetKind::User),
            ("at://Ada.bsky.Social/", "@ada.bsky.social", TargetKind::User),
            ("https://bsky.app/profile/ada.bsky.social/", "@ada.bsky.social", TargetKind::User),
            ("at://ada.bsky.social/app.bsky.feed.post/3l6oveex3ii2l", post, TargetKind::Post),
            ("https://bsky.app/profile/ADA.bsky.social/post/3l6oveex3ii2l?x", post, TargetKind::Post),
        ] {
            let read = GRAMMAR.read(text).unwrap();
            assert_eq!((read.to_string().as_str(), GRAMMAR.kind_of(&read)), (target, Some(kind)), "{text}");
            assert!(read.is_name() && !GRAMMAR.takes(&read), "{text}: it is never sent");
            let name = read.name().unwrap();
            assert_eq!(handle_in(name.as_str()), Some("ada.bsky.social"));
            let expected = match kind {
                TargetKind::User => DID.to_owned(),
                _ => format!("at://{DID}/app.bsky.feed.post/3l6oveex3ii2l"),
            };
            assert_eq!(meant(name.as_str(), &DID.parse().unwrap()).unwrap().to_string(), expected);
        }
    }

    proptest! {
        /// Whatever is a target leads back to itself, and needs no encoding in JSON or an address.
        #[test]
        fn a_target_is_plain(text in "(did:plc:ewvi7nxzyoun6zhxrhs64oiz|at://did:web:a\\.example/|https://bsky.app/profile/did:web:a\\.example/post/)?[a-z./:\"\\\\%~ -]{0,30}") {
            if let Ok(target) = GRAMMAR.read(&text).map_err(|_| ()).and_then(|target| if target.is_name() { Err(()) } else { Ok(target) }) {
                let written = target.to_string();
                prop_assert!(written.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":/._~-".contains(&byte)), "{written}");
                prop_assert_eq!(GRAMMAR.parse(&written), Ok(target));
            }
        }
    }
}
