//! Big archives, in constant memory.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::archive::write;
use super::zipper::{File, script, user, zip};
use crate::common::{Done, Home, PROGRAM};

/// Runs an import under a limit of address space, so that memory which grows with the archive is an error, not a figure.
fn import_within(home: &Home, mib: u64, words: &[&str]) -> (u64, String) {
    let quoted = words.join(" ");
    let script = format!("ulimit -v {}; exec {} {quoted}", mib * 1024, PROGRAM);
    let mut command = Command::new("sh");
    command.args(["-c", &script]).env_clear().env("HOME", home.path(".")).current_dir(home.path("."));
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = 0;
    let mut out = child.stdout.take().unwrap();
    let mut block = vec![0; 1 << 16];
    loop {
        match std::io::Read::read(&mut out, &mut block).unwrap() {
            0 => break,
            count => lines += block[..count].iter().filter(|byte| **byte == b'\n').count() as u64,
        }
    }
    let ended = Done::of(&child.wait_with_output().unwrap());
    let said = ended.err;
    assert!(ended.code == 0, "{said}");
    (lines, said)
}

#[test]
fn two_hundred_thousand_blocks() {
    let home = Home::new();
    let blocks: Vec<String> = (0..200_000_u64).map(|n| user("blocking", 1_000_000_007 + n * 7_919)).collect();
    write(&home, "a.zip", &zip(&[File::new("data/block.js", script("block.part0", &blocks))]));
    let (lines, said) = import_within(&home, 256, &["import", "a.zip", "--what", "blocks"]);
    assert_eq!(lines, 200_001);
    assert!(said.contains("200000 blocks"), "{said}");
}

/// `CLEANUP_BIG=1 cargo test --release --test all gigabyte -- --nocapture`: a zip of more than 1 GiB, over 4 GB of posts.
/// Without it the same in small.
#[test]
fn a_gigabyte_in_constant_memory() {
    let is_big = std::env::var_os("CLEANUP_BIG").is_some();
    let (parts, posts_each) = if is_big { (8, 450_000) } else { (3, 4_000) };
    let home = Home::new();
    let begun = Instant::now();
    let (packed_bytes, bytes) = posts_zip(&home, parts, posts_each);
    assert!(!is_big || packed_bytes > 1 << 30, "{packed_bytes}");
    let made = begun.elapsed();
    let begun = Instant::now();
    let (_, said) = import_within(&home, 256, &["import", "a.zip", "--what", "posts", "-o", "out.csv"]);
    let rows = parts as u64 * posts_each;
    assert!(said.contains(&format!("{rows} posts are in out.csv")), "{said}");
    let took = begun.elapsed();
    let text =
        format!("{packed_bytes} bytes of zip, {bytes} of JSON, {rows} posts: made in {made:?}, imported in {took:?}");
    writeln!(std::io::stderr(), "{text}").unwrap();
}

/// Writes an archive of posts whose text hardly compresses, part by part.
fn posts_zip(home: &Home, parts: u32, posts_each: u64) -> (u64, u64) {
    use zip::write::SimpleFileOptions;
    let file = std::io::BufWriter::new(std::fs::File::create(home.path("a.zip")).unwrap());
    let mut zip = zip::ZipWriter::new(file);
    let options =
        SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated).compression_level(Some(1));
    let mut bytes = 0;
    let mut dice = fastrand::Rng::with_seed(7);
    for part in 0..parts {
        let name = if part == 0 { "data/tweets.js".to_owned() } else { format!("data/tweets-part{part}.js") };
        zip.start_file(name, options).unwrap();
        let head = format!("window.YTD.tweets.part{part} = [\n");
        zip.write_all(head.as_bytes()).unwrap();
        for n in 0..posts_each {
            let id = 1_212_161_512_043_446_272 + (u64::from(part) * posts_each + n) * 4_194_304_007;
            let text: String = (0..360).map(|_| dice.alphanumeric()).collect();
            let comma = if n + 1 < posts_each { "," } else { "\n]" };
            let post = format!("{}{comma}\n", super::zipper::post(id, &text));
            bytes += post.len() as u64;
            zip.write_all(post.as_bytes()).unwrap();
        }
    }
    zip.finish().unwrap().flush().unwrap();
    (std::fs::metadata(home.path("a.zip")).unwrap().len(), bytes)
}
