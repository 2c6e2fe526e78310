//! Zips made by hand, honest and not: every field can lie. And synthetic archives of every shape; nobody in them is real.

use std::io::{self, Write};
use std::path::Path;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// One file of a zip, with what its headers say of it.
pub(crate) struct File {
    pub(crate) name: Vec<u8>,
    pub(crate) packed: Vec<u8>,
    pub(crate) crc: u32,
    pub(crate) packed_bytes: u64,
    pub(crate) bytes: u64,
    pub(crate) method: u16,
    pub(crate) flags: u16,
    /// The upper half is the Unix mode.
    pub(crate) attributes: u32,
}

impl File {
    pub(crate) fn new(name: &str, text: impl AsRef<[u8]>) -> File {
        let text = text.as_ref();
        let mut crc = Crc::new();
        crc.update(text);
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        let packed = encoder.finish().unwrap();
        File {
            name: name.as_bytes().to_vec(),
            packed_bytes: packed.len() as u64,
            packed,
            crc: crc.sum(),
            bytes: text.len() as u64,
            method: 8,
            flags: 1 << 11,
            attributes: 0o100_644 << 16,
        }
    }

    /// The same, not compressed.
    pub(crate) fn stored(name: &str, text: impl AsRef<[u8]>) -> File {
        let packed = text.as_ref().to_vec();
        File { method: 0, packed_bytes: packed.len() as u64, packed, ..File::new(name, text) }
    }

    fn local_header(&self) -> Vec<u8> {
        let mut header = b"PK\x03\x04".to_vec();
        header.extend(self.shared(false));
        header.extend((self.name.len() as u16).to_le_bytes());
        header.extend(0_u16.to_le_bytes());
        header.extend(&self.name);
        header
    }

    fn central_header(&self, offset: u64, zip64: bool) -> Vec<u8> {
        let mut header = b"PK\x01\x02".to_vec();
        header.extend((3_u16 << 8 | 45).to_le_bytes());
        header.extend(self.shared(zip64));
        let mut extra = Vec::new();
        if zip64 {
            extra.extend(1_u16.to_le_bytes());
            extra.extend(24_u16.to_le_bytes());
            for number in [self.bytes, self.packed_bytes, offset] {
                extra.extend(number.to_le_bytes());
            }
        }
        header.extend((self.name.len() as u16).to_le_bytes());
        header.extend((extra.len() as u16).to_le_bytes());
        header.extend([0; 6]);
        header.extend(self.attributes.to_le_bytes());
        header.extend(if zip64 { u32::MAX } else { offset as u32 }.to_le_bytes());
        header.extend(&self.name);
        header.extend(extra);
        header
    }

    fn shared(&self, zip64: bool) -> Vec<u8> {
        let mut fields = Vec::new();
        for number in [45, self.flags, self.method, 0, 0x21] {
            fields.extend(number.to_le_bytes());
        }
        fields.extend(self.crc.to_le_bytes());
        for number in [self.packed_bytes, self.bytes] {
            fields.extend(if zip64 { u32::MAX } else { number as u32 }.to_le_bytes());
        }
        fields
    }
}

/// A zip of these files.
pub(crate) fn zip(files: &[File]) -> Vec<u8> {
    zip_as(files, false)
}

/// The same, in the form for large zips.
pub(crate) fn zip_as(files: &[File], zip64: bool) -> Vec<u8> {
    let (mut all, mut directory) = (Vec::new(), Vec::new());
    for file in files {
        let offset = all.len() as u64;
        all.extend(file.local_header());
        all.extend(&file.packed);
        directory.extend(file.central_header(offset, zip64));
    }
    let start = all.len() as u64;
    all.extend(&directory);
    end(&mut all, files.len() as u64, directory.len() as u64, start, zip64);
    all
}

/// What stands at the end of a zip.
pub(crate) fn end(all: &mut Vec<u8>, files: u64, directory_bytes: u64, start: u64, zip64: bool) {
    let at = all.len() as u64;
    if zip64 {
        all.extend(b"PK\x06\x06");
        all.extend(44_u64.to_le_bytes());
        all.extend([45, 3, 45, 0]);
        all.extend([0; 8]);
        for number in [files, files, directory_bytes, start] {
            all.extend(number.to_le_bytes());
        }
        all.extend(b"PK\x06\x07\0\0\0\0");
        all.extend(at.to_le_bytes());
        all.extend(1_u32.to_le_bytes());
    }
    all.extend(b"PK\x05\x06\0\0\0\0");
    for _ in 0..2 {
        all.extend(if zip64 { u16::MAX } else { files as u16 }.to_le_bytes());
    }
    all.extend(if zip64 { u32::MAX } else { directory_bytes as u32 }.to_le_bytes());
    all.extend(if zip64 { u32::MAX } else { start as u32 }.to_le_bytes());
    all.extend([0, 0]);
}

/// The user that all archives here belong to.
pub(crate) const USER: &str = "2244994945";

/// `data/manifest.js`: files with their types (`like`), names and counts.
pub(crate) fn manifest(files: &[(&str, &str, usize)]) -> String {
    let mut types: std::collections::BTreeMap<&str, Vec<serde_json::Value>> = Default::default();
    for (list, name, count) in files {
        let part = types.get(list).map_or(0, Vec::len);
        types.entry(list).or_default().push(serde_json::json!({
            "fileName": format!("data/{name}"), "globalName": format!("YTD.{list}.part{part}"), "count": count.to_string(),
        }));
    }
    let types: serde_json::Map<String, serde_json::Value> =
        types.into_iter().map(|(list, files)| (list.to_owned(), serde_json::json!({ "files": files }))).collect();
    let manifest = serde_json::json!({
        "userInfo": {"accountId": USER, "userName": "Ada_Example", "displayName": "Ada \u{1b}[31mExample"},
        "archiveInfo": {"sizeBytes": "1000", "generationDate": "2024-03-01T12:00:00.000Z", "isPartialArchive": false,
                        "maxPartSizeBytes": "53687091200"},
        "readmeInfo": {"fileName": "data/README.txt"},
        "dataTypes": types,
    });
    format!("window.__THAR_CONFIG = {}", serde_json::to_string_pretty(&manifest).unwrap())
}

/// A file of X's: its global, and its entries in X's present form.
pub(crate) fn script(global: &str, entries: &[String]) -> String {
    format!("window.YTD.{global} = [\n  {}\n]", entries.join(",\n  "))
}

pub(crate) fn user(key: &str, id: u64) -> String {
    format!(r#"{{"{key}" : {{"accountId" : "{id}", "userLink" : "https://twitter.com/intent/user?user_id={id}"}}}}"#)
}

pub(crate) fn like(id: u64) -> String {
    format!(
        r#"{{"like" : {{"tweetId" : "{id}", "fullText" : "post no. {id}, \"so\" it is", "expandedUrl" : "https://twitter.com/i/web/status/{id}"}}}}"#
    )
}

pub(crate) fn post(id: u64, text: &str) -> String {
    let text = serde_json::to_string(text).unwrap();
    format!(
        r#"{{"tweet" : {{"retweeted" : false, "id" : "{id}", "id_str" : "{id}", "created_at" : "Wed Jan 01 00:00:00 +0000 2020", "favorite_count" : "1", "full_text" : {text}, "entities" : {{"urls" : [ ]}}}}}}"#
    )
}

/// An archive in X's present form, with every list.
pub(crate) fn today() -> Vec<File> {
    let files = [
        ("following", "following.js", 2),
        ("follower", "follower.js", 1),
        ("like", "like.js", 2),
        ("like", "like-part1.js", 1),
        ("tweets", "tweets.js", 2),
        ("mute", "mute.js", 1),
        ("block", "block.js", 3),
    ];
    let posts = [post(1_212_161_512_043_446_272, "first"), post(1_212_161_512_043_446_273, "RT @someone: second")];
    vec![
        File::new("Your archive.html", "<html></html>"),
        File::new("assets/images/x.png", "\u{1}\u{2}"),
        File::new("data/README.txt", "read me"),
        File::new("data/manifest.js", manifest(&files)),
        File::new("data/following.js", script("following.part0", &[user("following", 11), user("following", 12)])),
        File::new("data/follower.js", script("follower.part0", &[user("follower", 21)])),
        File::new("data/like.js", script("like.part0", &[like(1001), like(1002)])),
        File::new("data/like-part1.js", script("like.part1", &[like(1003)])),
        File::new("data/tweets.js", script("tweets.part0", &posts)),
        File::new("data/deleted-tweets.js", script("deleted_tweets.part0", &[post(9, "gone")])),
        File::new("data/mute.js", script("mute.part0", &[user("muting", 31)])),
        File::new("data/block.js", script("block.part0", &[41, 42, 43].map(|id| user("blocking", id)))),
    ]
}

/// The files of a zip as a folder.
pub(crate) fn unpack(files: &[File], folder: &Path) -> io::Result<()> {
    for file in files {
        let path = folder.join(std::str::from_utf8(&file.name).unwrap());
        std::fs::create_dir_all(path.parent().unwrap())?;
        let mut decoder = flate2::write::DeflateDecoder::new(std::fs::File::create(path)?);
        decoder.write_all(&file.packed)?;
        decoder.finish()?;
    }
    Ok(())
}
