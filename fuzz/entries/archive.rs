//! Data archives: `z` and a zip; or a letter for a file (`o` following, `f` follower, `l` like, `t` tweets, `m` mute, `b` block,
//! `M` manifest, and of Mastodon's `a` outbox, `A` actor) and its text, which is put into a zip that is sound; or `G` and a tar,
//! which is put into gzip. Laws: no panic; reading twice gives the same; whatever is
//! an entry can be written and read back as a job file's target.

use std::io::{Cursor, Write};

use cleanup::domain::ListKind;
use cleanup::jobfile::read_target;
use cleanup::lists::archive::{Archive, ArchiveError, OpenedArchive};
use cleanup::lists::{Entry, ListWriter};
use serde_json::Value;

const LISTS: [(u8, &str, ListKind); 6] = [
    (b'o', "data/following.js", ListKind::Following),
    (b'f', "data/follower.js", ListKind::Followers),
    (b'l', "data/like.js", ListKind::Likes),
    (b't', "data/tweets.js", ListKind::Posts),
    (b'm', "data/mute.js", ListKind::Mutes),
    (b'b', "data/block.js", ListKind::Blocks),
];
const LIKES: &[u8] = br#"window.YTD.like.part0 = [{"like":{"tweetId":"20"}}]"#;

const ACTOR: &[u8] = br#"{"id":"https://social.example/users/ada"}"#;
const OUTBOX: &[u8] = br#"{"orderedItems":[{"type":"Create"}]}"#;

pub fn try_it(data: &[u8]) {
    let Some((letter, rest)) = data.split_first() else { return };
    if *letter == b'z' {
        for (_, _, list) in LISTS {
            read(rest.to_vec(), list);
        }
    } else if *letter == b'M' {
        read(zip(&[("data/manifest.js", rest), ("data/like.js", LIKES)]), ListKind::Likes);
    } else if *letter == b'a' {
        read_items(OpenedArchive::of_bytes("fuzz.zip", zip(&[("actor.json", ACTOR), ("outbox.json", rest)])));
    } else if *letter == b'A' {
        read_items(OpenedArchive::of_bytes("fuzz.zip", zip(&[("actor.json", rest), ("outbox.json", OUTBOX)])));
    } else if *letter == b'G' {
        read_items(tarred(rest));
    } else if let Some((_, file, list)) = LISTS.into_iter().find(|(known, _, _)| known == letter) {
        read(zip(&[(file, rest)]), list);
    }
}

fn read(zip: Vec<u8>, list: ListKind) {
    let Ok(mut archive) = Archive::of_bytes("fuzz.zip", zip) else { return };
    let mut all: Vec<Entry> = Vec::new();
    let mut take = |entry: Entry| -> Result<(), ArchiveError> {
        all.push(entry);
        Ok(())
    };
    let first = archive.read(list, &mut |_| {}, &mut take);
    let mut count = 0;
    let again: Result<_, ArchiveError> = archive.read(list, &mut |_| {}, &mut |entry| {
        assert_eq!(Some(&entry), all.get(count));
        count += 1;
        Ok(())
    });
    match (first, again) {
        (Ok(first), Ok(again)) => {
            assert_eq!(first, again);
            assert_eq!(first.entries, all.len() as u64);
            written(list, &all);
        }
        (Err(first), Err(again)) => assert_eq!(first.to_string(), again.to_string()),
        (first, again) => panic!("{first:?}, then {again:?}"),
    }
}

/// Mastodon's archives of before 2023. A tar is read from its beginning on each time, from a file.
fn tarred(tar: &[u8]) -> Result<OpenedArchive, ArchiveError> {
    let mut file = tempfile::Builder::new().suffix(".tar.gz").tempfile().expect("a folder for files");
    let mut gzip = flate2::write::GzEncoder::new(&mut file, flate2::Compression::fast());
    gzip.write_all(tar).and_then(|()| gzip.finish().map(drop)).expect("room for a file");
    OpenedArchive::open(file.path())
}

fn read_items(opened: Result<OpenedArchive, ArchiveError>) {
    let Ok(OpenedArchive::Activities(mut archive)) = opened else { return };
    let mut all: Vec<Value> = Vec::new();
    let first = archive.read::<ArchiveError>(ListKind::Posts, &mut |_| {}, &mut |item| {
        all.push(item);
        Ok(())
    });
    let mut again = all.iter();
    let second = archive.read::<ArchiveError>(ListKind::Posts, &mut |_| {}, &mut |item| {
        assert_eq!(Some(&item), again.next());
        Ok(())
    });
    match (first, second) {
        (Ok(first), Ok(second)) => assert!(first == second && first.found == all.len() as u64),
        (Err(first), Err(second)) => assert_eq!(first.to_string(), second.to_string()),
        (first, second) => panic!("{first:?}, then {second:?}"),
    }
}

fn written(list: ListKind, entries: &[Entry]) {
    let mut writer = ListWriter::new(Vec::new(), list, false).expect("memory");
    entries.iter().for_each(|entry| writer.write(entry).expect("memory"));
    let bytes = writer.finish().expect("memory");
    let mut reader = csv::Reader::from_reader(&bytes[..]);
    let mut count = 0;
    for (record, entry) in reader.byte_records().zip(entries) {
        let record = record.expect("what was written is CSV");
        let target = read_target(&record[0], Some(list.target_kind())).expect("a target");
        assert_eq!(target, entry.target);
        count += 1;
    }
    assert_eq!(count, entries.len());
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, text) in files {
        zip.start_file(*name, stored).expect("memory");
        zip.write_all(text).expect("memory");
    }
    zip.finish().expect("memory").into_inner()
}
