//! JSON that says nothing twice. Of two members of one name readers take the last as a rule, a person who looks at the file may see the first, and
//! a row made of either may delete a post that nobody meant: so such a file is refused, as a repository with such a record is.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// A value in which no object has two members of one name.
#[derive(Debug)]
pub(super) struct DistinctValue(pub(super) Value);

impl<'de> Deserialize<'de> for DistinctValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<DistinctValue, D::Error> {
        deserializer.deserialize_any(AnyValue).map(DistinctValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(DistinctValue(item)) = items.next_element()? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(A::Error::custom(format_args!("an object says {name:?} twice")));
            }
            let DistinctValue(value) = members.next_value()?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_said_twice_is_refused_at_any_depth_and_however_it_is_written() {
        for text in [
            r#"{"id":1,"id":1}"#,
            r#"{"id":"a","\u0069d":"b"}"#,
            r#"{"a":[{"b":{"c":1,"d":2,"c":3}}]}"#,
            r#"[{"":1,"":2}]"#,
        ] {
            let error = serde_json::from_str::<DistinctValue>(text).unwrap_err().to_string();
            assert!(error.contains("twice"), "{text}: {error}");
        }
        let cut = serde_json::from_str::<DistinctValue>(r#"{"a":1"#).unwrap_err();
        assert!(cut.is_eof(), "{cut}");
    }

    proptest! {
        #[test]
        fn anything_else_is_what_serde_reads(
            text in "\\PC{0,12}", number: i64, fraction: f64, list in proptest::collection::vec(any::<bool>(), 0..4),
        ) {
            let value = serde_json::json!({
                "t": text, "n": number, "u": number.unsigned_abs(), "f": fraction, "l": list, "o": { "t": text, "z": null },
            });
            let read: DistinctValue = serde_json::from_str(&value.to_string()).unwrap();
            let plain: Value = serde_json::from_str(&value.to_string()).unwrap();
            prop_assert_eq!(read.0, plain);
        }
    }
}
