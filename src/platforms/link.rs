//! The `Link` header (RFC 8288), in which some platforms say where a list goes on. In: response headers, and what was asked. Out:
//! [`NextPage`]. Pure.
//!
//! Only the query of the link is kept, and only where it leads to the address that was asked: a token goes nowhere else because of what an
//! answer says.

use reqwest::Url;
use reqwest::header::{HeaderMap, LINK};

use super::entry::NextPage;

/// A longer cursor is not asked for.
const MAX_CURSOR_BYTES: usize = 512;

/// Where the list goes on that was asked for at `asked`.
pub(super) fn next_page(headers: &HeaderMap, asked: &Url) -> NextPage {
    let texts = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    let Some(target) = texts.flat_map(links).find(|(_, parameters)| is_next(parameters)).map(|(target, _)| target)
    else {
        return NextPage::None;
    };
    match asked.join(target) {
        Ok(next) if is_same_list(asked, &next) => next
            .query()
            .filter(|query| is_cursor(query))
            .map_or(NextPage::Unusable, |query| NextPage::At(query.to_owned())),
        _ => NextPage::Unusable,
    }
}

/// Each target with the parameters behind it: `<https://...>; rel="next", <...>; rel="prev"`.
fn links(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('<').skip(1).filter_map(|link| link.split_once('>'))
}

fn is_next(parameters: &str) -> bool {
    parameters.split([';', ',']).filter_map(|parameter| parameter.split_once('=')).any(|(name, value)| {
        let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
        name.trim().eq_ignore_ascii_case("rel") && relations.any(|relation| relation.eq_ignore_ascii_case("next"))
    })
}

fn is_same_list(asked: &Url, next: &Url) -> bool {
    asked.host() == next.host()
        && asked.path() == next.path()
        && next.username().is_empty()
        && next.password().is_none()
}

/// What can stand in a query as it is.
fn is_cursor(query: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~%=&[]:+,".contains(&byte);
    (1..=MAX_CURSOR_BYTES).contains(&query.len()) && query.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;
    use reqwest::header::HeaderValue;

    use super::*;

    const ASKED: &str = "https://a.example/api/v1/favourites?limit=40";

    fn next(links: &[&str]) -> NextPage {
        let headers = links.iter().map(|link| (LINK, HeaderValue::from_str(link).unwrap()));
        let mut map = HeaderMap::new();
        headers.for_each(|(name, value)| {
            map.append(name, value);
        });
        next_page(&map, &ASKED.parse().unwrap())
    }

    fn at(query: &str) -> NextPage {
        NextPage::At(query.to_owned())
    }

    #[test]
    fn the_next_link_is_found_among_others() {
        let (prev, good) =
            ("<https://a.example/api/v1/favourites?limit=40&since_id=9>; rel=\"prev\"", "limit=40&max_id=7");
        let link = format!("<https://a.example/api/v1/favourites?{good}>; rel=\"next\"");
        assert_eq!(next(&[&format!("{link}, {prev}")]), at(good));
        assert_eq!(next(&[&format!("{prev}, {link}")]), at(good));
        assert_eq!(next(&[prev, &link]), at(good));
        assert_eq!(next(&["</api/v1/favourites?max_id=7>; title=x; rel=next"]), at("max_id=7"));
        for none in [&[][..], &[prev], &["nonsense"], &["<x"]] {
            assert_eq!(next(none), NextPage::None, "{none:?}");
        }
    }

    #[test]
    fn a_link_that_leads_elsewhere_is_not_followed() {
        for target in [
            "https://evil.example/api/v1/favourites?max_id=7",
            "https://a.example/api/v1/blocks?max_id=7",
            "https://me:secret@a.example/api/v1/favourites?max_id=7",
            "https://a.example/api/v1/favourites",
            "https://a.example/api/v1/favourites?",
            "https://a.example/api/v1/favourites?max_id=7!",
        ] {
            assert_eq!(next(&[&format!("<{target}>; rel=\"next\"")]), NextPage::Unusable, "{target}");
        }
        let long = format!("</api/v1/favourites?max_id={}>; rel=\"next\"", "7".repeat(600));
        assert_eq!(next(&[&long]), NextPage::Unusable);
    }

    proptest! {
        #[test]
        fn a_cursor_stays_at_its_list_and_is_plain(text in "[a-z<>;=\", /?&%:@.\\-]{0,80}") {
            if let NextPage::At(query) = next(&[&text]) {
                let url: Url = format!("{ASKED}&{query}").parse().unwrap();
                prop_assert!(is_cursor(&query) && url.path() == "/api/v1/favourites" && url.fragment().is_none());
            }
        }
    }
}
