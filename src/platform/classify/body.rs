//! From bytes to a JSON object, or why not.

use serde_json::{Map, Value};

use crate::platform::answer::{Body, ContentType};

/// A JSON object.
pub(in crate::platform) type Object = Map<String, Value>;

/// Why a body explains nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::platform) enum Unreadable {
    /// There is none.
    Empty,
    /// It broke off, or was longer than we read.
    Cut,
    /// It is no JSON, or nested too deep (serde_json stops at 128 levels).
    NotJson,
    /// It is JSON, but no object.
    NotAnObject,
}

/// Reads a body. A cut body is not read even where its beginning happens to parse.
pub(in crate::platform) fn read(body: &Body) -> Result<Object, Unreadable> {
    if !body.complete {
        return Err(Unreadable::Cut);
    }
    if body.bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Unreadable::Empty);
    }
    match serde_json::from_slice(&body.bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Unreadable::NotAnObject),
        Err(_) => Err(Unreadable::NotJson),
    }
}

/// The reason word.
pub(in crate::platform) fn unreadable_word(why: Unreadable, content_type: ContentType) -> &'static str {
    match why {
        Unreadable::Empty => "empty_body",
        Unreadable::Cut => "cut_body",
        Unreadable::NotJson if content_type == ContentType::Html => "html_body",
        Unreadable::NotJson => "unreadable",
        Unreadable::NotAnObject => "unexpected_body",
    }
}

/// The value at an RFC 6901 pointer of plain names below an object.
pub(super) fn at<'a>(root: &'a Object, pointer: &str) -> Option<&'a Value> {
    let mut names = pointer.trim_start_matches('/').split('/');
    let first = root.get(names.next()?)?;
    names.try_fold(first, |value, name| value.get(name))
}

/// A text field, lower case, for comparing; empty where there is none.
pub(super) fn lower(object: &Object, name: &str) -> String {
    object.get(name).and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase()
}
