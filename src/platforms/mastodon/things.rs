//! What a Mastodon account can follow and block beside users and posts: tags, `#` and a word, and servers, by the names of their hosts. Their
//! texts tell what they are: an ID has neither `#` nor a dot. In: texts. Out: targets. Pure.

use oauth2::url::form_urlencoded;

use super::names::is_host;
use crate::domain::{Target, TargetKind};

/// The most bytes of a tag.
const MAX_TAG_BYTES: usize = 128;

/// The tag or server that a text is; none where it is neither. Both are compared without case. A link to a tag's page at any server is that
/// tag, and the dot that may end a host's name is left out.
pub(super) fn read(text: &str) -> Option<Target> {
    let lower = text.strip_prefix("https://").map_or_else(|| Some(text.to_lowercase()), linked_tag)?;
    let lower = if lower.starts_with('#') { &lower } else { lower.strip_suffix('.').unwrap_or(&lower) };
    let is_one = lower.strip_prefix('#').map_or_else(|| is_host(lower), is_word);
    if is_one { lower.parse().ok() } else { None }
}

/// `#rust` of `example.social/tags/Rust`, as servers write links to tags.
fn linked_tag(rest: &str) -> Option<String> {
    let path = rest.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let (host, word) = path.split_once("/tags/").or_else(|| path.split_once("/tag/"))?;
    // Letters of other scripts are escaped there.
    let (word, _) = form_urlencoded::parse(word.as_bytes()).next().filter(|_| !word.contains(['=', '&']))?;
    is_host(host).then(|| format!("#{}", word.to_lowercase()))
}

/// What such a target is.
pub(super) fn kind_of(target: &Target) -> Option<TargetKind> {
    let Target::Key(key) = target else { return None };
    match key.as_str() {
        tag if tag.starts_with('#') => Some(TargetKind::Tag),
        host if is_host(host) => Some(TargetKind::Domain),
        _ => None,
    }
}

/// The word of a tag: letters of any script, digits and underscores, and not digits alone.
fn is_word(word: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || c == '_' || c == '·';
    (1..=MAX_TAG_BYTES).contains(&word.len()) && word.chars().all(is_plain) && !word.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn tags_and_servers_are_told_by_their_texts() {
        for (text, name, kind) in [
            ("#Rust", "#rust", TargetKind::Tag),
            ("#日本", "#日本", TargetKind::Tag),
            ("#2026_review", "#2026_review", TargetKind::Tag),
            ("Example.Social", "example.social", TargetKind::Domain),
            ("xn--mgbh.example", "xn--mgbh.example", TargetKind::Domain),
        ] {
            let target = read(text).unwrap();
            assert_eq!((target.to_string().as_str(), kind_of(&target)), (name, Some(kind)), "{text}");
            assert_eq!(read(name), Some(target));
        }
        for (text, name) in [
            ("https://example.org/tags/Rust", "#rust"),
            ("https://example.org/tags/%E6%97%A5%E6%9C%AC/?x=1", "#日本"),
            ("https://example.org/tag/rust", "#rust"),
            ("Example.Social.", "example.social"),
        ] {
            assert_eq!(read(text).unwrap().to_string(), name, "{text}");
        }
        for text in [
            "rust",
            "#",
            "#a b",
            "#123",
            "#a/b",
            "#rust.",
            "https://example.org/tags/a%2Fb",
            "https://localhost/tags/rust",
            "example.org:443",
            "example.org..",
            "@ada@example.org",
            "https://example.org",
            "localhost",
            "1.2.3.4",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        for text in ["109302", "AdvWH4zzvRcuVGkJ4S", "@ada@example.org", "@https://example.org/@ada/7"] {
            assert_eq!(kind_of(&text.parse().unwrap()), None, "{text}");
        }
    }
}
