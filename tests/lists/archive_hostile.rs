//! Archives that mean harm, or came to some: refused with 65, by name, in little memory, and with nothing written anywhere.

use std::path::Path;

use super::archive::write;
use super::zipper::{File, end, like, manifest, script, today, zip};
use crate::common::{Done, Home};

const MIB: usize = 1 << 20;

/// Every file below a folder, with its bytes' number.
fn everything(folder: &Path) -> Vec<(String, u64)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let facts = entry.metadata().unwrap();
        all.push((entry.path().to_string_lossy().into_owned(), facts.len()));
        if facts.is_dir() {
            all.extend(everything(&entry.path()));
        }
    }
    all.sort();
    all
}

/// Refused to stdout and to a file, with these words and a remedy; the folder is as it was.
#[track_caller]
fn refused(home: &Home, archive: &str, words: &[&str]) -> Done {
    let before = everything(&home.path("."));
    let mut done = None;
    for output in ["-", "out.csv"] {
        let ended = home.run(&["import", archive, "--what", "likes", "-o", output]).ends(65);
        assert_eq!(ended.out, "");
        for word in words {
            assert!(ended.err.contains(word), "{word:?} is missing: {}", ended.err);
        }
        assert!(ended.err.contains("hint: ") && ended.err.contains(archive), "{}", ended.err);
        assert!(!ended.err.contains('\u{1b}') && ended.err.len() < 2_000, "{}", ended.err);
        done = Some(ended);
    }
    assert_eq!(everything(&home.path(".")), before);
    done.unwrap()
}

#[track_caller]
fn zip_refused(files: &[File], words: &[&str]) {
    let home = Home::new();
    write(&home, "a.zip", &zip(files));
    refused(&home, "a.zip", words);
}

#[track_caller]
fn text_refused(text: impl AsRef<[u8]>, words: &[&str]) {
    // Not compressed, so that it is not refused for growing.
    zip_refused(&[File::stored("data/like.js", text)], words);
}

#[test]
fn names_that_lead_elsewhere() {
    for name in ["../../data/like.js", "/data/like.js", "C:/data/like.js", "data/x\0/like.js", "..\\x", "a/../../b"] {
        let mut files = today();
        files.push(File::new(name, "window.YTD.like.part0 = []"));
        zip_refused(&files, &["the name "]);
    }
    let link = File { attributes: 0o120_777 << 16, ..File::stored("data/like.js", "/etc/passwd") };
    zip_refused(&[link], &["data/like.js", "symbolic link"]);
    let mut files = today();
    files.push(File::new("data/like.js", script("like.part0", &[like(666)])));
    zip_refused(&files, &["data/like.js", "twice"]);
    let mut files = today();
    files.push(File::new("./data\\like.js", script("like.part0", &[like(666)])));
    zip_refused(&files, &["twice"]);
    zip_refused(&[File::new(&"x".repeat(5_000), ""), File::new("data/like.js", "")], &["too long"]);
    let two = ["a/data/like.js", "b/data/like.js"].map(|name| File::new(name, "window.YTD.like.part0 = []"));
    zip_refused(&two, &["more than one archive, in a/data and b/data"]);
}

#[test]
#[cfg(unix)]
fn a_folder_with_links_in_it() {
    let home = Home::new();
    std::fs::create_dir_all(home.path("a/data")).unwrap();
    home.write("secret.js", "window.YTD.like.part0 = []");
    std::os::unix::fs::symlink(home.path("secret.js"), home.path("a/data/like.js")).unwrap();
    refused(&home, "a", &["data/like.js", "symbolic link"]);
    let fifo = std::process::Command::new("mkfifo").arg(home.path("a/data/block.js")).status();
    if fifo.is_ok_and(|status| status.success()) {
        std::fs::remove_file(home.path("a/data/like.js")).unwrap();
        refused(&home, "a", &["data/block.js"]);
    }
}

#[test]
fn bombs() {
    let zeros = vec![b' '; 4 * MIB];
    zip_refused(&[File::new("data/like.js", &zeros)], &["data/like.js", "200 times"]);
    // A directory that lies about it: found out while it unpacks.
    let mut liar = File::new("data/like.js", &zeros);
    liar.bytes = 10_000;
    zip_refused(&[liar], &["data/like.js"]);
    let mut spaces = b"window.YTD.like.part0 = [".to_vec();
    spaces.resize(4 * MIB, b' ');
    let mut liar = File::new("data/like.js", &spaces);
    liar.bytes = liar.packed_bytes;
    zip_refused(&[liar], &["data/like.js"]);
    let mut big = File::new("data/like.js", "window.YTD.like.part0 = []");
    (big.bytes, big.packed_bytes) = (513 << 20, 400 << 20);
    zip_refused(&[big], &["data/like.js has more than 512 MiB"]);
    let parts: Vec<File> = (1..=9)
        .map(|n| {
            let mut part = File::new(&format!("data/like-part{n}.js"), "window.YTD.like.part0 = []");
            (part.bytes, part.packed_bytes) = (500 << 20, 400 << 20);
            part
        })
        .collect();
    zip_refused(&parts, &["more than 4 GiB together"]);
    let mut files = today();
    files[3] = File::new("data/manifest.js", [b"window.__THAR_CONFIG = ".to_vec(), zeros].concat());
    zip_refused(&files, &["data/manifest.js"]);
}

#[test]
fn a_million_files() {
    let home = Home::new();
    let central = |n: u32| {
        let mut header = b"PK\x01\x02\x2d\x03\x2d\0".to_vec();
        header.extend([0; 20]);
        header.extend(8_u16.to_le_bytes());
        header.extend([0; 16]);
        header.extend(format!("{n:08}").as_bytes());
        header
    };
    let zip_of = |files: u32, zip64: bool| {
        let mut all = b"PK\x03\x04".to_vec();
        let start = all.len() as u64;
        (0..files).for_each(|n| all.extend(central(n)));
        let length = all.len() as u64 - start;
        end(&mut all, u64::from(files), length, start, zip64);
        all
    };
    write(&home, "a.zip", &zip_of(1_000_000, true));
    refused(&home, "a.zip", &["more than 100000 files"]);
    // As many as there may be, and none of X's.
    write(&home, "a.zip", &zip_of(100_000, true));
    refused(&home, "a.zip", &["no data archive"]);
}

#[test]
fn json_that_is_deep_long_or_wrong() {
    let list = |text: &str| format!("window.YTD.like.part0 = {text}");
    text_refused(list(&"[".repeat(100_000)), &["data/like.js, entry 1", "object"]);
    let pattern: String = (0..200_000).map(|n| ["{\"a\":[", "{\"bc\":[[", "[{\"x\":"][n % 7 % 3]).collect();
    text_refused(list(&format!("[{pattern}")), &["nested more than 64 deep"]);
    let noise: String = (0..2 * MIB as u64).map(|n| char::from(b'a' + (n * n % 1_009 % 26) as u8)).collect();
    text_refused(
        list(&format!("[{{\"like\":{{\"fullText\":\"{noise}\"}}}}]")),
        &["entry 1", "longer than 1048576 bytes"],
    );
    for (wrong, word) in [
        ("5", "a list should begin here"),
        ("{\"like\":[]}", "a list should begin here"),
        ("[5]", "an object should begin here"),
        ("[{\"like\":5}]", "entry 1: not as X writes it"),
        ("[{\"like\":{\"tweetId\":1212161512043446272}}]", "expected a string"),
        ("[{\"following\":{\"accountId\":\"1\"}}]", "missing field `like`"),
        ("[{\"like\":{\"tweetId\":\"1\"}},\n{\"like\":{\"tweetId\":\"2\",}}]", "entry 2"),
        ("[] trailing", "nothing should follow"),
        ("[{\"like\":{\"tweetId\":\"1\"}}", "is cut"),
        ("[{\"like\":{\"tweetId\":\"1\"}},", "is cut"),
        ("", "is cut"),
    ] {
        text_refused(list(wrong), &["data/like.js", word]);
    }
    for text in
        ["", "<!DOCTYPE html><title>Sign in</title>", "window.YTD.follower.part0 = []", "\u{1b}[2J\u{1b}]0;x\u{7}"]
    {
        text_refused(text, &["data/like.js is not one of X's files", "window.YTD.like.part"]);
    }
    text_refused(b"window.YTD.like.part0 = [{\"like\":{\"tweetId\":\"1\",\"fullText\":\"\xff\xfe\"}}]", &["entry 1"]);
}

#[test]
fn zips_that_are_none() {
    let home = Home::new();
    refused(&home, "no.zip", &["no such file or folder"]);
    write(&home, "a.zip", b"");
    refused(&home, "a.zip", &["is empty (0 bytes)"]);
    write(&home, "a.zip", b"target_id\n1\n");
    refused(&home, "a.zip", &["is no zip, no .tar.gz, no folder and no CAR file"]);
    std::fs::create_dir(home.path("folder")).unwrap();
    refused(&home, "folder", &["is no data archive"]);
    write(&home, "a.zip", &zip(&[File::new("photos/1.jpg", "x"), File::new("readme.txt", "x")]));
    refused(&home, "a.zip", &["is no data archive"]);
    write(&home, "a.zip", &zip(&[]));
    refused(&home, "a.zip", &["is no data archive"]);
    write(&home, "a.zip", &[vec![0; 100], zip(&today())].concat());
    refused(&home, "a.zip", &["is no zip"]);
}

#[test]
fn a_zip_cut_anywhere_is_refused_or_whole() {
    let whole = zip(&today());
    let home = Home::new();
    for tenth in 1..10 {
        let cut = whole.len() * tenth / 10;
        write(&home, "a.zip", &whole[..cut]);
        refused(&home, "a.zip", &["cut or damaged"]);
    }
    write(&home, "a.zip", &whole[..whole.len() - 1]);
    refused(&home, "a.zip", &["cut or damaged"]);
}

#[test]
fn files_that_do_not_unpack() {
    let text = script("like.part0", &[like(1), like(2)]);
    let encrypted = File { flags: 1, ..File::new("data/like.js", &text) };
    zip_refused(&[encrypted], &["data/like.js is encrypted", "password"]);
    let other = File { method: 14, ..File::new("data/like.js", &text) };
    zip_refused(&[other], &["data/like.js does not unpack", "compressed by"]);
    let mut cut = File::new("data/like.js", &text);
    cut.packed_bytes -= 20;
    zip_refused(&[cut], &["data/like.js"]);
    let home = Home::new();
    let mut bytes = zip(&[File::stored("data/like.js", &text)]);
    let at = bytes.windows(4).position(|window| window == b"1001" || window == b"no. ").unwrap();
    bytes[at] = b'#';
    write(&home, "a.zip", &bytes);
    refused(&home, "a.zip", &["data/like.js"]);
}

#[test]
fn foreign_names_do_nothing_to_a_terminal() {
    let name = "data/\u{1b}[2J\u{202e}/../../x";
    zip_refused(&[File::new(name, ""), File::new("data/like.js", "")], &["\\u{1b}"]);
    let home = Home::new();
    let odd = manifest(&[("like", "\u{1b}[31mlike.js", 2)]);
    write(&home, "a.zip", &zip(&[File::new("data/manifest.js", odd), File::new("data/like.js", "")]));
    refused(&home, "a.zip", &["which its manifest names, is missing"]);
}

/// Any byte of a small archive turned to any other: an exit code of the contract, never a panic.
#[test]
fn damage_anywhere_ends_in_a_sentence() {
    let files = [File::new("data/like.js", script("like.part0", &[like(1)]))];
    let whole = zip(&files);
    for at in 0..whole.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] ^= change;
            let Ok(mut archive) = cleanup::lists::archive::Archive::of_bytes("a.zip", bytes) else { continue };
            let read: Result<_, cleanup::lists::archive::ArchiveError> =
                archive.read(cleanup::domain::ListKind::Likes, &mut |_| {}, &mut |_| Ok(()));
            if let Err(error) = read {
                assert!(error.to_string().starts_with("a.zip: ") && !error.hint().is_empty());
            }
        }
    }
}
