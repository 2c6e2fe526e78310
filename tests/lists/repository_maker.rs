//! Exported repositories, honest and not: the writer that the program lacks. Nobody in them is real.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Whose they all are.
pub(crate) const DID: &str = "did:plc:fgwsksyookg6j5bsx5jnu2bp";

/// A block's name, in bytes.
pub(crate) type Cid = [u8; 36];

pub(crate) fn cid(block: &[u8]) -> Cid {
    [&[1, 0x71, 0x12, 0x20][..], &Sha256::digest(block)].concat().try_into().unwrap()
}

/// A link as the JSON of a block: encoded as one.
pub(crate) fn link(cid: &Cid) -> Value {
    json!({ "$link": cid.to_vec() })
}

pub(crate) fn bytes(bytes: &[u8]) -> Value {
    json!({ "$bytes": bytes })
}

fn head(major: u8, number: u64) -> Vec<u8> {
    let major = major << 5;
    match number {
        0..=23 => vec![major | number as u8],
        24..=0xff => vec![major | 24, number as u8],
        0x100..=0xffff => [&[major | 25][..], &(number as u16).to_be_bytes()].concat(),
        0x1_0000..=0xffff_ffff => [&[major | 26][..], &(number as u32).to_be_bytes()].concat(),
        _ => [&[major | 27][..], &number.to_be_bytes()].concat(),
    }
}

/// DAG-CBOR of a value. `$link` and `$bytes` hold bytes, one number each.
pub(crate) fn encode(value: &Value) -> Vec<u8> {
    let raw = |value: &Value| -> Vec<u8> {
        value.as_array().unwrap().iter().map(|byte| byte.as_u64().unwrap() as u8).collect()
    };
    match value {
        Value::Null => vec![0xf6],
        Value::Bool(flag) => vec![0xf4 + u8::from(*flag)],
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => head(0, number),
            (None, Some(number)) => head(1, (-1 - number) as u64),
            (None, None) => [&[0xfb][..], &number.as_f64().unwrap().to_be_bytes()].concat(),
        },
        Value::String(text) => [head(3, text.len() as u64), text.as_bytes().to_vec()].concat(),
        Value::Array(items) => [head(4, items.len() as u64), items.iter().flat_map(encode).collect()].concat(),
        Value::Object(map) if map.contains_key("$link") => {
            let cid = [&[0], &raw(&map["$link"])[..]].concat();
            [&[0xd8, 42][..], &head(2, cid.len() as u64), &cid].concat()
        }
        Value::Object(map) if map.contains_key("$bytes") => {
            let bytes = raw(&map["$bytes"]);
            [head(2, bytes.len() as u64), bytes].concat()
        }
        Value::Object(map) => {
            // Shorter keys come first.
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| (key.len(), key.as_bytes()));
            let pairs = entries.iter().flat_map(|(key, value)| [encode(&json!(key)), encode(value)].concat());
            [head(5, map.len() as u64), pairs.collect()].concat()
        }
    }
}

/// Blocks, the last of which is the root.
#[derive(Clone, Default)]
pub(crate) struct Blocks(pub(crate) Vec<Vec<u8>>);

impl Blocks {
    pub(crate) fn add(&mut self, value: &Value) -> Cid {
        self.0.push(encode(value));
        cid(self.0.last().unwrap())
    }

    /// A commit as the root.
    pub(crate) fn commit(mut self, tree: &Cid) -> Blocks {
        self.add(&json!({
            "did": DID, "version": 3, "data": link(tree), "rev": "3n3i5bcegls2n", "prev": null, "sig": bytes(&[7; 64]),
        }));
        self
    }

    /// The file.
    pub(crate) fn car(&self) -> Vec<u8> {
        let header = encode(&json!({ "roots": [link(&cid(self.0.last().unwrap()))], "version": 1 }));
        self.car_of(&header)
    }

    /// The file with another header.
    pub(crate) fn car_of(&self, header: &[u8]) -> Vec<u8> {
        let mut car = [&length(header.len())[..], header].concat();
        for block in &self.0 {
            car.extend(length(36 + block.len()));
            car.extend(cid(block));
            car.extend(block);
        }
        car
    }
}

pub(crate) fn length(mut length: usize) -> Vec<u8> {
    let mut written = Vec::new();
    while length >= 0x80 {
        written.push(length as u8 | 0x80);
        length >>= 7;
    }
    written.push(length as u8);
    written
}

/// An entry of a node: how much of the key before it counts, the rest of its own, and the subtree behind it.
pub(crate) fn entry(common: usize, rest: &str, record: &Cid, right: Option<&Cid>) -> Value {
    json!({ "p": common, "k": bytes(rest.as_bytes()), "v": link(record), "t": right.map(link) })
}

pub(crate) fn node(left: Option<&Cid>, entries: &[Value]) -> Value {
    json!({ "l": left.map(link), "e": entries })
}

/// A repository of these records, by collection and key, as servers write it.
pub(crate) fn repository(records: &BTreeMap<String, Value>) -> Blocks {
    let mut blocks = Blocks::default();
    let entries: Vec<(String, Cid, usize)> =
        records.iter().map(|(key, value)| (key.clone(), blocks.add(value), layer(key))).collect();
    let top = entries.iter().map(|(_, _, layer)| *layer).max().unwrap_or(0);
    let tree = match subtree(&mut blocks, &entries, top) {
        Some(tree) => tree,
        None => blocks.add(&node(None, &[])),
    };
    blocks.commit(&tree)
}

/// Two zeros at the beginning of a key's hash lift it by a layer.
fn layer(key: &str) -> usize {
    let zeros = Sha256::digest(key).iter().try_fold(0, |zeros, byte| match byte {
        0 => Ok(zeros + 8),
        byte => Err(zeros + byte.leading_zeros()),
    });
    zeros.unwrap_or_else(|zeros| zeros) as usize / 2
}

fn subtree(blocks: &mut Blocks, entries: &[(String, Cid, usize)], top: usize) -> Option<Cid> {
    if entries.is_empty() {
        return None;
    }
    let mut parts = entries.split(|(_, _, layer)| *layer == top);
    let below = |blocks: &mut Blocks, part: &[(String, Cid, usize)]| {
        if top == 0 { None } else { subtree(blocks, part, top - 1) }
    };
    let left = parts.next().and_then(|part| below(blocks, part));
    let (mut written, mut before) = (Vec::new(), "");
    for ((key, record, _), part) in entries.iter().filter(|(_, _, layer)| *layer == top).zip(parts) {
        let common = key.bytes().zip(before.bytes()).take_while(|(a, b)| a == b).count();
        let right = below(blocks, part);
        written.push(entry(common, &key[common..], record, right.as_ref()));
        before = key;
    }
    Some(blocks.add(&node(left.as_ref(), &written)))
}
