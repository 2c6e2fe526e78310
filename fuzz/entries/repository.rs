//! Exported repositories: `c` and a CAR file; or `b` and blocks, each behind its length (two bytes, the higher first), which are put into a
//! CAR file that is sound: the last is the root, and where a block has `LINK` and a number, the name of the block of that number comes in its
//! place. Laws: no panic; reading twice gives the same; addresses come in falling order, so that none comes twice, and are those of the
//! collection that was asked for; what a record says can be written.

use cleanup::lists::repository::{Repository, RepositoryError};
use serde_json::Value;
use sha2::{Digest, Sha256};

const COLLECTION: &str = "app.bsky.feed.like";
/// What stands for a name of 36 bytes.
const LINK: &[u8] = b"LINK";

pub fn try_it(data: &[u8]) {
    match data.split_first() {
        Some((b'c', car)) => read(car.to_vec()),
        Some((b'b', blocks)) => read(car_of(blocks)),
        _ => {}
    }
}

fn read(car: Vec<u8>) {
    let Ok(mut file) = Repository::of_bytes("fuzz.car", car) else { return };
    let first = records(&mut file);
    match (&first, &records(&mut file)) {
        (Ok(first), Ok(again)) => assert_eq!(first, again),
        (Err(first), Err(again)) => assert_eq!(first, again),
        (first, again) => panic!("{first:?}, then {again:?}"),
    }
    let Ok(records) = first else { return };
    let uris: Vec<&str> = records.iter().map(|record| record["uri"].as_str().expect("text")).collect();
    assert!(uris.is_sorted_by(|a, b| a > b), "{uris:?}");
    let begin = format!("at://{}/{COLLECTION}/", file.did());
    for record in &records {
        assert!(record["uri"].as_str().is_some_and(|uri| uri.starts_with(&begin)));
        assert_eq!(record["cid"].as_str().map(str::len), Some(59));
        serde_json::to_string(&record["value"]).expect("JSON");
    }
}

fn records(file: &mut Repository) -> Result<Vec<Value>, String> {
    let mut records = Vec::new();
    let read: Result<(), RepositoryError> = file.read(COLLECTION, &mut |record| {
        records.push(record);
        Ok(())
    });
    read.map(|()| records).map_err(|error| error.to_string())
}

fn name(block: &[u8]) -> Vec<u8> {
    [&[1, 0x71, 0x12, 0x20][..], &Sha256::digest(block)].concat()
}

fn car_of(mut data: &[u8]) -> Vec<u8> {
    let mut blocks: Vec<Vec<u8>> = Vec::new();
    while let Some((length, rest)) = data.split_first_chunk::<2>() {
        let (block, rest) = rest.split_at(usize::from(u16::from_be_bytes(*length)).min(rest.len()));
        let block = linked(block, &blocks);
        blocks.push(block);
        data = rest;
    }
    let root = blocks.last().map(|block| name(block)).unwrap_or_else(|| name(&[]));
    let mut car = [&b"\x3a\xa2\x65roots\x81\xd8\x2a\x58\x25\x00"[..], &root, b"\x67version\x01"].concat();
    for block in blocks {
        let mut length = 36 + block.len();
        while length >= 0x80 {
            car.push(length as u8 | 0x80);
            length >>= 7;
        }
        car.push(length as u8);
        car.extend(name(&block));
        car.extend(block);
    }
    car
}

/// A block with the names of those before it.
fn linked(block: &[u8], before: &[Vec<u8>]) -> Vec<u8> {
    let (mut whole, mut rest) = (Vec::new(), block);
    while let Some(at) = rest.windows(LINK.len() + 1).position(|bytes| bytes.starts_with(LINK)) {
        whole.extend_from_slice(&rest[..at]);
        let number = usize::from(rest[at + LINK.len()]);
        whole.extend(before.get(number).map_or_else(|| name(&[]), |block| name(block)));
        rest = &rest[at + LINK.len() + 1..];
    }
    whole.extend_from_slice(rest);
    whole
}
