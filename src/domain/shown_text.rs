//! What a person typed, as it may be shown again: an address without its password.

use std::borrow::Cow;

/// What stands where a password was.
const HIDDEN: &str = "***";

/// A text in which no address has its password: what stands between the user and the `@` of any `scheme://`, and what follows `password=`.
pub fn hide_passwords(text: &str) -> Cow<'_, str> {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, secret, after)) = next_password(rest) {
        shown.push_str(before);
        shown.push_str(if secret.is_empty() { "" } else { HIDDEN });
        rest = after;
    }
    if shown.is_empty() {
        return Cow::Borrowed(text);
    }
    shown.push_str(rest);
    Cow::Owned(shown)
}

/// Up to the next password of a text, the password, and what follows it. The password is empty where an address has none.
fn next_password(text: &str) -> Option<(&str, &str, &str)> {
    const PARAMETER: &str = "password=";
    let address = text.find("://").map(|at| at + "://".len());
    let parameter = find_ignoring_case(text, PARAMETER).map(|at| at + PARAMETER.len());
    let (begin, end) = match (address, parameter) {
        (Some(at), other) if other.is_none_or(|other| at < other) => in_address(text, at),
        (_, Some(at)) => (at, at + text[at..].find(|c: char| c == '&' || c.is_whitespace()).unwrap_or(text.len() - at)),
        _ => return None,
    };
    Some((&text[..begin], &text[begin..end], &text[end..]))
}

/// Where the password of the address that begins `at` is.
fn in_address(text: &str, at: usize) -> (usize, usize) {
    let rest = &text[at..];
    let word = &rest[..rest.find(char::is_whitespace).unwrap_or(rest.len())];
    let authority = &word[..word.find(['/', '?', '#']).unwrap_or(word.len())];
    let scheme = text[..at].trim_end_matches("://");
    let scheme = scheme.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default().to_ascii_lowercase();
    let is_page = ["http", "https"].contains(&scheme.as_str());
    // A DID has colons of its own, and so has a host of IPv6.
    let host = if authority.starts_with('[') { authority.find(']').unwrap_or(0) } else { 0 };
    let colon = authority[host..].find(':').map(|colon| host + colon).filter(|_| scheme != "at");
    let Some(colon) = colon.filter(|colon| !authority[..*colon].contains('@')) else { return (at, at) };
    let port = authority[colon + 1..].trim_end_matches(|c: char| c.is_ascii_punctuation());
    let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    // Who types a password does not always write its `/`, `?`, `#` and spaces in another way, as an address has to. A page's path may hold an `@`.
    let sign = match authority.rfind('@') {
        Some(sign) if is_page => Some(sign),
        None if is_port && is_page => None,
        _ => word.rfind('@').or_else(|| rest.lines().next().unwrap_or_default().find('@').filter(|_| !is_port)),
    };
    sign.map_or((at, at), |sign| (at + colon + 1, at + sign))
}

fn find_ignoring_case(text: &str, word: &str) -> Option<usize> {
    text.as_bytes().windows(word.len()).position(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_password_of_any_scheme_is_hidden_and_nothing_else() {
        for (text, shown) in [
            (
                "invalid value 'Postgres://u:PW@h/d' for '--db <QUEUE>'",
                "invalid value 'Postgres://u:***@h/d' for '--db <QUEUE>'",
            ),
            ("mysql://u:PW@h/d", "mysql://u:***@h/d"),
            ("MYSQL://u:P:W@@h:3306/d?Password=PW&x=1", "MYSQL://u:***@h:3306/d?Password=***&x=1"),
            ("x://u:P@W/P@h/d", "x://u:***@h/d"),
            ("a x://u:P/W@h and y://u:P?W#@h/d", "a x://u:***@h and y://u:***@h/d"),
            ("'x://u:P W@h/d' for", "'x://u:***@h/d' for"),
            ("x://u:12/34@h/d", "x://u:***@h/d"),
            ("https://u:PW@h/d", "https://u:***@h/d"),
            ("host=h password=PW dbname=q", "host=h password=*** dbname=q"),
            ("postgres://:PW@h/d", "postgres://:***@h/d"),
        ] {
            assert_eq!(hide_passwords(text), shown);
        }
        for plain in [
            "postgres://USER@HOST:5432/DATABASE",
            "the dashboard is at http://127.0.0.1:8765/, @ada is at https://social.example:8443/@ada",
            "https://example.social/@ada@other.example: not read",
            "at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/3k of @ada",
            "give it as postgres://h:5432/d: the address @ work",
            "http://[::1]:80/@ada",
            "",
        ] {
            assert_eq!(hide_passwords(plain), plain);
        }
    }

    proptest! {
        /// A password holds what it likes, but for a space and an `@` at once: then the first `@` is taken for its end.
        #[test]
        fn no_password_is_seen(
            scheme in "[B-Zb-z][A-Za-z]{1,12}", user in "[a-z]{0,4}", about in "[a-z ']{0,12}",
            secret in prop_oneof!["[A-Za-z][!-~]{0,3}SECRET[!-~]{0,4}", "[A-Za-z][ -?A-~]{0,3}SECRET[ -?A-~]{0,4}"],
        ) {
            let typed = format!("{about}{scheme}://{user}:{secret}@h.example/q{about}");
            prop_assert!(!hide_passwords(&typed).contains("SECRET"), "{}", hide_passwords(&typed));
        }
    }
}
