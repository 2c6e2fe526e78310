//! One block of DAG-CBOR: what CBOR has with lengths told beforehand, keys that are text, and links. In: bytes. Out: an [`Item`]. Pure.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use super::MAX_CBOR_DEPTH;
use super::cid::{Cid, in_digits, written};

const BASE_64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// The tag of a link, and what its bytes begin with.
const LINK: u64 = 42;
const LINK_START: u8 = 0;

/// What a block holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    Null,
    Bool(bool),
    Number(Number),
    Bytes(Vec<u8>),
    Text(String),
    List(Vec<Item>),
    Map(BTreeMap<String, Item>),
    /// A CID of any kind.
    Link(Vec<u8>),
}

impl Item {
    /// Reads the one item that a block is.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn decode(block: &[u8]) -> Result<Item, &'static str> {
        let mut decoder = Decoder { rest: block };
        let item = decoder.item(0)?;
        if decoder.rest.is_empty() { Ok(item) } else { Err("something follows its end") }
    }

    /// What a map has under a key.
    pub(super) fn get(&self, key: &str) -> Option<&Item> {
        match self {
            Item::Map(map) => map.get(key),
            _ => None,
        }
    }

    /// The block that a link leads to; none where it is no link, or leads to something that is no block of a repository.
    pub(super) fn link(&self) -> Option<Cid> {
        match self {
            Item::Link(cid) => Cid::from_bytes(cid),
            _ => None,
        }
    }

    /// A number that is not negative.
    pub(super) fn number(&self) -> Option<u64> {
        match self {
            Item::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    /// The same as JSON, as servers write records.
    pub(super) fn into_json(self) -> Value {
        let only = |key: &str, text: String| Value::Object(Map::from_iter([(key.to_owned(), Value::String(text))]));
        match self {
            Item::Null => Value::Null,
            Item::Bool(flag) => Value::Bool(flag),
            Item::Number(number) => Value::Number(number),
            Item::Bytes(bytes) => only("$bytes", in_digits(&bytes, 6, BASE_64)),
            Item::Text(text) => Value::String(text),
            Item::List(items) => Value::Array(items.into_iter().map(Item::into_json).collect()),
            Item::Map(map) => Value::Object(map.into_iter().map(|(key, item)| (key, item.into_json())).collect()),
            Item::Link(cid) => only("$link", written(&cid)),
        }
    }
}

struct Decoder<'b> {
    rest: &'b [u8],
}

impl<'b> Decoder<'b> {
    fn item(&mut self, depth: usize) -> Result<Item, &'static str> {
        if depth > MAX_CBOR_DEPTH {
            return Err("it is nested too deep");
        }
        let [first] = self.array::<1>()?;
        let info = first & 0x1f;
        match first >> 5 {
            0 => Ok(Item::Number(self.argument(info)?.into())),
            1 => {
                let number = i64::try_from(self.argument(info)?).map_err(|_| "it has a number that is too small")?;
                Ok(Item::Number((-1 - number).into()))
            }
            2 => Ok(Item::Bytes(self.bytes(info)?.to_vec())),
            3 => self.text(info).map(Item::Text),
            4 => {
                let count = self.argument(info)?;
                // Nothing is set aside for a count that is only said: each item takes a byte of the block.
                (0..count).map(|_| self.item(depth + 1)).collect::<Result<_, _>>().map(Item::List)
            }
            5 => self.map(info, depth),
            6 => self.tagged(info, depth),
            _ => self.simple(info),
        }
    }

    fn map(&mut self, info: u8, depth: usize) -> Result<Item, &'static str> {
        let mut map = BTreeMap::new();
        for _ in 0..self.argument(info)? {
            let [first] = self.array::<1>()?;
            if first >> 5 != 3 {
                return Err("it has a key that is no text");
            }
            let key = self.text(first & 0x1f)?;
            if map.insert(key, self.item(depth + 1)?).is_some() {
                return Err("it has a key twice");
            }
        }
        Ok(Item::Map(map))
    }

    fn tagged(&mut self, info: u8, depth: usize) -> Result<Item, &'static str> {
        if self.argument(info)? != LINK {
            return Err("it has a tag that is no link");
        }
        match self.item(depth + 1)? {
            Item::Bytes(bytes) if bytes.first() == Some(&LINK_START) => Ok(Item::Link(bytes[1..].to_vec())),
            _ => Err("it has a link that is none"),
        }
    }

    fn simple(&mut self, info: u8) -> Result<Item, &'static str> {
        match info {
            20 => Ok(Item::Bool(false)),
            21 => Ok(Item::Bool(true)),
            22 => Ok(Item::Null),
            27 => {
                let number = Number::from_f64(f64::from_be_bytes(self.array()?));
                number.map(Item::Number).ok_or("it has a number that is none")
            }
            _ => Err("it has a value that DAG-CBOR has not"),
        }
    }

    fn text(&mut self, info: u8) -> Result<String, &'static str> {
        let bytes = self.bytes(info)?;
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| "it has a text that is not UTF-8")
    }

    fn bytes(&mut self, info: u8) -> Result<&'b [u8], &'static str> {
        let count = usize::try_from(self.argument(info)?).map_err(|_| CUT)?;
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(CUT)?;
        self.rest = rest;
        Ok(taken)
    }

    /// The number that follows the first byte.
    fn argument(&mut self, info: u8) -> Result<u64, &'static str> {
        match info {
            0..=23 => Ok(info.into()),
            24 => Ok(self.array::<1>()?[0].into()),
            25 => Ok(u16::from_be_bytes(self.array()?).into()),
            26 => Ok(u32::from_be_bytes(self.array()?).into()),
            27 => Ok(u64::from_be_bytes(self.array()?)),
            _ => Err("it has a length that is not told beforehand"),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(CUT)?;
        self.rest = rest;
        Ok(*taken)
    }
}

const CUT: &str = "it ends too early";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn json_of(block: &[u8]) -> Result<Value, &'static str> {
        Item::decode(block).map(Item::into_json)
    }

    #[test]
    fn every_kind_of_value_becomes_the_json_of_a_server() {
        let link = [&[0xd8, 42, 0x58, 37, 0, 1, 0x71, 0x12, 0x20][..], &[0; 32]].concat();
        for (block, value) in [
            (&[0x00][..], json!(0)),
            (&[0x17], json!(23)),
            (&[0x18, 0x18], json!(24)),
            (&[0x19, 1, 0], json!(256)),
            (&[0x1b, 255, 255, 255, 255, 255, 255, 255, 255], json!(u64::MAX)),
            (&[0x20], json!(-1)),
            (&[0x3b, 127, 255, 255, 255, 255, 255, 255, 255], json!(i64::MIN)),
            (&[0x43, 1, 2, 3], json!({"$bytes": "AQID"})),
            (&[0x62, 0xc3, 0xa9], json!("é")),
            (&[0x82, 0xf5, 0xf6], json!([true, null])),
            (&[0xa2, 0x61, b'b', 0xf4, 0x61, b'a', 0x80], json!({"a": [], "b": false})),
            (&[0xfb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0], json!(1.5)),
            (&link, json!({"$link": "bafyreiaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})),
        ] {
            assert_eq!(json_of(block), Ok(value));
        }
    }

    #[test]
    fn what_dag_cbor_has_not_is_refused() {
        let deep = [vec![0x81; MAX_CBOR_DEPTH + 1], vec![0]].concat();
        for (block, why) in [
            (&[][..], "too early"),
            (&[0x19, 1], "too early"),
            (&[0x5b, 255, 255, 255, 255, 255, 255, 255, 255], "too early"),
            (&[0x9b, 255, 255, 255, 255, 255, 255, 255, 255], "too early"),
            (&[0xbb, 255, 255, 255, 255, 255, 255, 255, 255], "too early"),
            (&[0x00, 0x00], "follows"),
            (&[0x3b, 255, 255, 255, 255, 255, 255, 255, 255], "too small"),
            (&[0x9f, 0xff], "not told"),
            (&[0x1c], "not told"),
            (&[0xa1, 0x01, 0x01], "no text"),
            (&[0xa2, 0x61, b'a', 1, 0x61, b'a', 1], "twice"),
            (&[0x61, 0xff], "UTF-8"),
            (&[0xc0, 0x00], "tag"),
            (&[0xd8, 42, 0x41, 7], "link"),
            (&[0xd8, 42, 0x40], "link"),
            (&[0xf7], "has not"),
            (&[0xf9, 0, 0], "has not"),
            (&[0xfb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0], "none"),
            (&deep, "too deep"),
        ] {
            let refused = json_of(block).unwrap_err();
            assert!(refused.contains(why), "{block:x?}: {refused}");
        }
        assert!(json_of(&deep[1..]).is_ok());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(block in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = json_of(&block);
        }
    }
}
