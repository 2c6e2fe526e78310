//! Where a person sees users, posts and tags: on the pages of the account's own server, where they are logged in and can act. In: a target,
//! and whose it is. Out: addresses. Pure.

use oauth2::url::form_urlencoded;

use crate::domain::{Target, TargetKind, TargetName};

/// The page at a server (`https://example.social`). An ID alone has none: pages are under the address of a user or of a post's author.
pub(super) fn page_at(server: &str, kind: TargetKind, target: &Target, address: Option<&TargetName>) -> Option<String> {
    let user = |address: &TargetName| {
        let address = address.as_str();
        // Users of the server itself are called by their names there.
        let own = address.split_once('@').filter(|(_, host)| server.strip_prefix("https://") == Some(host));
        format!("{server}/@{}", own.map_or(address, |(name, _)| name))
    };
    if let Some(name) = target.name() {
        let is_link = name.as_str().starts_with("https://");
        return Some(if is_link { name.as_str().to_owned() } else { user(&name) });
    }
    let text = target.to_string();
    match kind {
        TargetKind::Tag => text.strip_prefix('#').map(|word| format!("{server}/tags/{}", encoded(word))),
        TargetKind::User => address.map(user),
        TargetKind::Post => address.map(|author| format!("{}/{text}", user(author))),
        TargetKind::List | TargetKind::Domain => None,
    }
}

fn encoded(word: &str) -> String {
    form_urlencoded::byte_serialize(word.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn pages_are_those_of_the_accounts_own_server() {
        let at = |kind, target: &str, address: Option<&str>| {
            let address = address.map(|address| address.parse().unwrap());
            page_at("https://example.social", kind, &target.parse().unwrap(), address.as_ref())
        };
        for (kind, target, address, page) in [
            (TargetKind::Tag, "#rust", None, Some("https://example.social/tags/rust")),
            (TargetKind::Tag, "#日本", None, Some("https://example.social/tags/%E6%97%A5%E6%9C%AC")),
            (TargetKind::User, "109302", Some("ada@b.example"), Some("https://example.social/@ada@b.example")),
            (TargetKind::User, "109302", Some("ada@example.social"), Some("https://example.social/@ada")),
            (TargetKind::User, "@ada@b.example", None, Some("https://example.social/@ada@b.example")),
            (TargetKind::Post, "109302", Some("ada@b.example"), Some("https://example.social/@ada@b.example/109302")),
            (TargetKind::Post, "@https://b.example/@ada/7", None, Some("https://b.example/@ada/7")),
            (TargetKind::User, "109302", None, None),
            (TargetKind::Domain, "b.example", None, None),
        ] {
            assert_eq!(at(kind, target, address).as_deref(), page, "{target}");
        }
    }
}
