//! From bytes to a JSON object, or why not.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::platforms::answer::{Body, BodyEnd, ContentType};

/// A JSON object.
pub(in crate::platforms) type Object = Map<String, Value>;

/// The most values a body may hold: a page of a thousand users has some ten thousand. Each takes many times its bytes when it is read, so
/// that a body of small ones would take a gigabyte.
const MAX_VALUES: usize = 250_000;

/// Why a body explains nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::platforms) enum Unreadable {
    /// There is none.
    Empty,
    /// It broke off.
    Cut,
    /// It was longer than we read, or holds more values.
    TooLong,
    /// It is no JSON, or nested too deep (serde_json stops at 128 levels).
    NotJson,
    /// An object in it has a key twice: which of the two values the platform meant, nobody can say.
    DuplicateKey,
    /// It is JSON, but no object (of a list: no list).
    NotAnObject,
}

/// Reads a body. A cut body is not read even where its beginning happens to parse.
pub(in crate::platforms) fn read(body: &Body) -> Result<Object, Unreadable> {
    match read_value(body)? {
        Value::Object(object) => Ok(object),
        _ => Err(Unreadable::NotAnObject),
    }
}

/// Reads a body that is a list.
pub(in crate::platforms) fn read_list(body: &Body) -> Result<Vec<Value>, Unreadable> {
    match read_value(body)? {
        Value::Array(items) => Ok(items),
        _ => Err(Unreadable::NotAnObject),
    }
}

/// Reads a body that is a list of one object.
pub(super) fn read_only_entry(body: &Body) -> Result<Object, Unreadable> {
    match read_list(body)?.as_mut_slice() {
        [Value::Object(object)] => Ok(std::mem::take(object)),
        _ => Err(Unreadable::NotAnObject),
    }
}

fn read_value(body: &Body) -> Result<Value, Unreadable> {
    match body.end {
        BodyEnd::Whole => {}
        BodyEnd::BrokeOff => return Err(Unreadable::Cut),
        BodyEnd::TooLong => return Err(Unreadable::TooLong),
    }
    if body.bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Unreadable::Empty);
    }
    if values_in(&body.bytes) > MAX_VALUES {
        return Err(Unreadable::TooLong);
    }
    match serde_json::from_slice(&body.bytes) {
        Ok(UniqueKeys(value)) => Ok(value),
        // Any JSON is a `Value`, so that what is wrong with its data is a key that comes twice.
        Err(error) if error.is_data() => Err(Unreadable::DuplicateKey),
        Err(_) => Err(Unreadable::NotJson),
    }
}

/// How many values a text of JSON can have at most: one before each comma, and one in each pair of brackets. What is in strings does not count.
fn values_in(bytes: &[u8]) -> usize {
    let (mut values, mut is_string, mut is_escaped) = (1, false, false);
    for byte in bytes {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_string => is_escaped = true,
            b'"' => is_string = !is_string,
            b',' | b'[' | b'{' if !is_string => values += 1,
            _ => {}
        }
    }
    values
}

/// The reason word.
pub(super) fn unreadable_word(why: Unreadable, content_type: ContentType) -> &'static str {
    match why {
        Unreadable::Empty => "empty_body",
        Unreadable::Cut | Unreadable::TooLong => "cut_body",
        Unreadable::NotJson if content_type == ContentType::Html => "html_body",
        Unreadable::NotJson => "unreadable",
        Unreadable::DuplicateKey => "duplicate_key",
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
pub(in crate::platforms) fn lower(object: &Object, name: &str) -> String {
    object.get(name).and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase()
}

/// A whole number that may be written as text (`34` or `"34"`).
pub(in crate::platforms) fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let text = value.as_str()?.trim();
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
    })
}

/// A JSON value in which no object has a key twice. serde_json keeps the last of them and says nothing.
struct UniqueKeys(Value);

struct UniqueKeysVisitor;

impl<'de> Deserialize<'de> for UniqueKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<UniqueKeys, D::Error> {
        deserializer.deserialize_any(UniqueKeysVisitor).map(UniqueKeys)
    }
}

impl<'de> Visitor<'de> for UniqueKeysVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without duplicate keys")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(UniqueKeys(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Object::new();
        while let Some((key, UniqueKeys(value))) = entries.next_entry::<String, UniqueKeys>()? {
            if object.insert(key, value).is_some() {
                return Err(A::Error::custom("a key comes twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn why(text: &str) -> Option<Unreadable> {
        read(&Body::whole(text)).err()
    }

    #[test]
    fn a_key_that_comes_twice_is_found_at_any_depth_and_in_any_spelling() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"data":{"following":false,"following":true}}"#,
            r#"{"errors":[{"code":34,"co\u0064e":326}]}"#,
            r#"{"x":[[{"y":{"z":1,"q":2,"z":null}}]]}"#,
        ] {
            assert_eq!(why(text), Some(Unreadable::DuplicateKey), "{text}");
        }
        for text in [r#"{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}],"A":2}"#, "{}", r#"{"a":1e400}"#] {
            assert_ne!(why(text), Some(Unreadable::DuplicateKey), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_serde_json_reads_without_a_double_is_read_the_same(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let theirs = serde_json::from_slice::<Value>(&bytes);
            match read(&Body::whole(bytes)) {
                Ok(object) => prop_assert_eq!(theirs.unwrap(), Value::Object(object)),
                Err(Unreadable::DuplicateKey | Unreadable::NotAnObject) => prop_assert!(theirs.is_ok()),
                Err(_) => prop_assert!(theirs.is_err()),
            }
        }

        #[test]
        fn a_second_writing_of_any_key_is_found(keys in prop::collection::hash_set("[a-z]{1,4}", 1..6), at in any::<prop::sample::Index>()) {
            let keys: Vec<String> = keys.into_iter().collect();
            let once: Vec<String> = keys.iter().map(|key| format!(r#""{key}":{{"k":false}}"#)).collect();
            prop_assert_eq!(why(&format!("{{{}}}", once.join(","))), None);
            let twice = format!("{{{},\"{}\":true}}", once.join(","), at.get(&keys));
            prop_assert_eq!(why(&twice), Some(Unreadable::DuplicateKey));
        }
    }
}
