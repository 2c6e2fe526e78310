//! What names users and posts at Bluesky: DIDs and at:// addresses. A handle names nobody for long, so it is no target. In: texts and links.
//! Out: targets, of which kind they are, where a person sees them. Pure.

use crate::domain::{Target, TargetKind, is_did};
use crate::platforms::target_grammar::TargetGrammar;

/// Whose pages people see.
const SITE: &str = "https://bsky.app";
/// The collections that the site has pages for, and how their addresses call them.
const PAGES: [(&str, &str); 2] = [(POST, "post"), ("app.bsky.feed.generator", "feed")];
pub(super) const POST: &str = "app.bsky.feed.post";
/// The most characters of a record's key, and of the name of a collection.
const MAX_PART_BYTES: usize = 253;

/// The grammar.
pub(super) const GRAMMAR: TargetGrammar = TargetGrammar {
    parse,
    read,
    kind_of,
    page_of,
    // Nothing else looks like one.
    is_evident: |_| true,
    not_a_handle: "this endpoint takes a DID, not a handle",
    not_a_name: "this endpoint takes a DID (did:plc:...) or the address of a post (at://did:plc:.../app.bsky.feed.post/...)",
};

/// A record: whose, in which collection, and its key there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Address<'a> {
    pub(super) did: &'a str,
    pub(super) collection: &'a str,
    pub(super) rkey: &'a str,
}

/// Reads an at:// address of a record. One whose authority is a handle is none: it is somebody else's once the handle changes hands.
pub(super) fn address(text: &str) -> Option<Address<'_>> {
    let mut parts = text.strip_prefix("at://")?.split('/');
    let (did, collection, rkey) = (parts.next()?, parts.next()?, parts.next()?);
    let legal = parts.next().is_none() && is_did(did) && is_collection(collection) && is_record_key(rkey);
    legal.then_some(Address { did, collection, rkey })
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

/// What a person pastes: also links of the site that hold a DID.
fn read(text: &str) -> Option<Target> {
    parse(text).or_else(|| linked(text))
}

fn linked(text: &str) -> Option<Target> {
    let rest = ["https://bsky.app/profile/", "bsky.app/profile/"].iter().find_map(|start| text.strip_prefix(start))?;
    let path = rest.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let mut segments = path.split('/');
    let did = segments.next().filter(|did| is_did(did))?;
    match (segments.next(), segments.next()) {
        (None, _) => parse(did),
        (Some(page), Some(rkey)) => {
            let (collection, _) = PAGES.iter().find(|(_, name)| *name == page)?;
            // What a page shows beside the post (who likes it) is behind its address.
            parse(&format!("at://{did}/{collection}/{rkey}"))
        }
        (Some(_), None) => None,
    }
}

/// A text tells what it names.
fn kind_of(target: &Target) -> Option<TargetKind> {
    let Target::Key(key) = target else { return None };
    Some(if is_did(key.as_str()) { TargetKind::User } else { TargetKind::Post })
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
    fn dids_addresses_and_links_name_their_targets() {
        let post = format!("at://{DID}/app.bsky.feed.post/3l6oveex3ii2l");
        let feed = format!("at://{DID}/app.bsky.feed.generator/whats-hot");
        let labeler = format!("at://{DID}/app.bsky.labeler.service/self");
        for (text, target, kind) in [
            (DID.to_owned(), DID, TargetKind::User),
            (format!("https://bsky.app/profile/{DID}"), DID, TargetKind::User),
            (format!("bsky.app/profile/{DID}/?ref=x"), DID, TargetKind::User),
            (post.clone(), &*post, TargetKind::Post),
            (format!("https://bsky.app/profile/{DID}/post/3l6oveex3ii2l"), &post, TargetKind::Post),
            (format!("https://bsky.app/profile/{DID}/post/3l6oveex3ii2l/liked-by#x"), &post, TargetKind::Post),
            (format!("https://bsky.app/profile/{DID}/feed/whats-hot"), &feed, TargetKind::Post),
            (labeler.clone(), &labeler, TargetKind::Post),
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
            "ada.bsky.social",
            "@ada.bsky.social",
            "12",
            "at://ada.bsky.social/app.bsky.feed.post/3l6oveex3ii2l",
            "https://bsky.app/profile/ada.bsky.social",
            "https://bsky.app/profile/ada.bsky.social/post/3l6oveex3ii2l",
            "https://bsky.app/profile/did:plc:ewvi7nxzyoun6zhxrhs64oiz/lists/3l6oveex3ii2l",
            "https://bsky.app.example.org/profile/did:plc:ewvi7nxzyoun6zhxrhs64oiz",
            "https://bsky.app/profile/did:plc:ewvi7nxzyoun6zhxrhs64oiz/post",
            "at://did:plc:ewvi7nxzyoun6zhxrhs64oiz",
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

    proptest! {
        /// Whatever is a target leads back to itself, and needs no encoding in JSON or an address.
        #[test]
        fn a_target_is_plain(text in "(did:plc:ewvi7nxzyoun6zhxrhs64oiz|at://did:web:a\\.example/|https://bsky.app/profile/did:web:a\\.example/post/)?[a-z./:\"\\\\%~ -]{0,30}") {
            if let Ok(target) = GRAMMAR.read(&text) {
                let written = target.to_string();
                prop_assert!(written.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":/._~-".contains(&byte)), "{written}");
                prop_assert_eq!(GRAMMAR.parse(&written), Ok(target));
            }
        }
    }
}
