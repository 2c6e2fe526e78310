//! What a platform said, for people: one line, bounded, without control characters and without our secrets.

use serde_json::Value;

use super::answer::{Answer, ContentType};
use super::certificate::certificate_trouble;
use super::classify::{Object, Unreadable, read};
use super::credentials::Credentials;
use crate::domain::counted;

/// The most characters a detail has.
pub const MAX_DETAIL_CHARS: usize = 300;

/// The answer's own words, or a note on what it was.
pub(super) fn of_answer(answer: &Answer, credentials: Option<&Credentials>) -> String {
    let said = match read(&answer.body) {
        Ok(root) => words(&root),
        Err(why) => unreadable_text(why, answer.content_type, answer.body.bytes.len()),
    };
    one_line(&said, credentials)
}

/// What an answer was that no JSON object could be read from.
fn unreadable_text(why: Unreadable, content_type: ContentType, bytes: usize) -> String {
    let length = counted(bytes as u64, "byte", "bytes");
    match why {
        Unreadable::Empty => "an empty answer".to_owned(),
        Unreadable::Cut => format!("an answer that broke off after {length}"),
        Unreadable::NotJson if content_type == ContentType::Html => {
            format!("a web page (HTML) of {length} instead of JSON")
        }
        Unreadable::NotJson => format!("{length} that are not JSON"),
        Unreadable::DuplicateKey => format!("JSON of {length} with the same field twice"),
        Unreadable::TooLong => format!("an answer of more than {length}"),
        Unreadable::NotAnObject => format!("JSON of {length} that is not an object"),
    }
}

/// An error and its sources, outermost first; of a bad certificate what can be done.
pub(super) fn of_error(error: &(dyn std::error::Error + 'static), credentials: Option<&Credentials>) -> String {
    const MAX_SOURCES: usize = 8;
    if let Some(said) = certificate_trouble(error) {
        return one_line(&said, credentials);
    }
    let chain = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source()).take(MAX_SOURCES);
    let texts: Vec<String> = chain.map(ToString::to_string).collect();
    one_line(&texts.join(": "), credentials)
}

/// Title, detail or message, and the same of the first error, each once.
fn words(root: &Object) -> String {
    let first =
        root.get("errors").and_then(Value::as_array).and_then(|errors| errors.first()).and_then(Value::as_object);
    let nested = root.get("error").and_then(Value::as_object);
    let mut said: Vec<&str> = Vec::new();
    for object in [Some(root), nested, first].into_iter().flatten() {
        for name in ["title", "detail", "message", "msg", "error", "error_description"] {
            let text = object.get(name).and_then(Value::as_str).unwrap_or_default();
            if !text.is_empty() && !said.contains(&text) {
                said.push(text);
            }
        }
    }
    let code = [first, nested].into_iter().flatten().find_map(|object| object.get("code"));
    match (said.is_empty(), code) {
        (true, None) => "a JSON object without a message".into(),
        (true, Some(code)) => format!("code {code}"),
        (false, None) => said.join(": "),
        (false, Some(code)) => format!("{} (code {code})", said.join(": ")),
    }
}

/// Control characters and invisible direction marks become spaces, runs of spaces one. Secrets are masked after that, so that
/// no character removed can hide one, and before the cut, so that no half of one stays.
fn one_line(text: &str, credentials: Option<&Credentials>) -> String {
    let visible = |c: char| if c.is_control() || is_format(c) { ' ' } else { c };
    let spaced: String = text.chars().map(visible).collect();
    let plain = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    let masked = match credentials {
        Some(credentials) => credentials.mask(plain),
        None => plain,
    };
    match masked.char_indices().nth(MAX_DETAIL_CHARS) {
        None => masked,
        Some(_) => masked.chars().take(MAX_DETAIL_CHARS - 1).chain(['…']).collect(),
    }
}

/// Characters that change how the rest of a line is shown, or hide in it.
fn is_format(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::domain::{RateFacts, Secret};
    use crate::platforms::answer::{Body, ContentType};
    use proptest::prelude::*;

    fn answer(body: &[u8], content_type: ContentType) -> Answer {
        Answer {
            status: 403,
            body: Body::whole(body),
            facts: RateFacts::default(),
            content_type,
            next: crate::platforms::entry::NextPage::None,
        }
    }

    fn credentials() -> Credentials {
        Credentials::bearer(Secret::new("s3cr3t-token")).unwrap()
    }

    #[test]
    fn the_platforms_words_in_one_line() {
        for (body, detail) in [
            (r#"{"title":"Forbidden","detail":"Forbidden","status":403}"#, "Forbidden"),
            (r#"{"title":"Forbidden","detail":"Not\nyours\u001b[31m"}"#, "Forbidden: Not yours [31m"),
            (r#"{"errors":[{"code":326,"message":"Locked."}]}"#, "Locked. (code 326)"),
            (r#"{"error":{"code":"RATE_LIMITED","message":"slow"}}"#, "slow (code \"RATE_LIMITED\")"),
            (r#"{"detail":"your token s3cr3t-token is bad"}"#, "your token *** is bad"),
            (r#"{"data":{}}"#, "a JSON object without a message"),
            ("", "an empty answer"),
            ("<html>", "a web page (HTML) of 6 bytes instead of JSON"),
            ("[1]", "JSON of 3 bytes that is not an object"),
        ] {
            assert_eq!(of_answer(&answer(body.as_bytes(), ContentType::Html), Some(&credentials())), detail, "{body}");
        }
    }

    #[test]
    fn a_secret_at_the_cut_leaves_no_half() {
        let body = format!(r#"{{"detail":"{} s3cr3t-token"}}"#, "x".repeat(MAX_DETAIL_CHARS - 8));
        let detail = of_answer(&answer(body.as_bytes(), ContentType::Json), Some(&credentials()));
        assert!(!detail.contains("s3cr"), "{detail}");
    }

    proptest! {
        #[test]
        fn a_detail_is_one_short_line_without_secrets(text in any::<String>(), junk in "[\u{0}-\u{1f}\u{202e}]{0,3}") {
            let told = format!("{text}{junk}s3cr3t-token{junk}{text}");
            let body = serde_json::json!({"title": told, "detail": text, "errors": [{"message": told}]}).to_string();
            let detail = of_answer(&answer(body.as_bytes(), ContentType::Json), Some(&credentials()));
            prop_assert!(detail.chars().count() <= MAX_DETAIL_CHARS);
            prop_assert!(!detail.chars().any(|c| c.is_control() || is_format(c)));
            prop_assert!(!detail.contains("s3cr3t-token"));
        }
    }
}
