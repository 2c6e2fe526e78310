//! A JSON object and nothing else. serde's structs also take an array, its values in the order of the fields; a foreign file that
//! happens to fit must not become somebody's IDs.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};

use super::ArchiveFault;
use super::surrogates::without_lone_surrogates;

/// The one object of a small file; halves of characters in it are replaced.
///
/// # Errors
/// It is no JSON, or not of the form X gives it.
pub(super) fn read_only<T: DeserializeOwned>(json: &[u8], file: &str) -> Result<T, ArchiveFault> {
    let whole = without_lone_surrogates(json);
    serde_json::from_slice(whole.as_deref().unwrap_or(json))
        .map(|Object(said)| said)
        .map_err(|error| ArchiveFault::BadEntry { file: file.to_owned(), entry: 1, detail: error.to_string() })
}

/// What an object says.
#[derive(Debug)]
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object<T>, D::Error> {
        deserializer.deserialize_map(Fields(PhantomData)).map(Object)
    }
}

struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}
