//! Archives of Mastodon servers: own posts and reposts come out under the IDs that the API takes.

use std::io::{Read, Write};

use cleanup::lists::archive::Archive;
use serde_json::{Value, json};

use super::archive::{ids, write};
use super::archive_owner::know_at;
use super::zipper::{File, today, unpack, zip};
use crate::common::{Done, Home};

const ACTOR: &str = "https://social.example/users/ada";
const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// As `backup_service.rb` writes a post.
fn create(id: u64, content: &str, published: &str) -> Value {
    let note = format!("{ACTOR}/statuses/{id}");
    json!({
        "id": format!("{note}/activity"), "type": "Create", "actor": ACTOR, "published": published,
        "to": [PUBLIC], "cc": [format!("{ACTOR}/followers")],
        "object": {
            "id": note, "type": "Note", "summary": null, "inReplyTo": null, "published": published,
            "url": format!("https://social.example/@ada/{id}"), "attributedTo": ACTOR, "content": content,
            "attachment": [], "tag": [],
        },
    })
}

fn announce(id: u64, object: Value, published: &str) -> Value {
    json!({
        "id": format!("{ACTOR}/statuses/{id}/activity"), "type": "Announce", "actor": ACTOR, "published": published,
        "to": [PUBLIC], "cc": [], "object": object,
    })
}

fn actor(address: &str) -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/activitystreams", {"toot": "http://joinmastodon.org/ns#"}],
        "id": address, "type": "Person", "preferredUsername": "ada", "name": "Ada \u{1b}[31mExample",
        "outbox": "outbox.json", "likes": "likes.json", "bookmarks": "bookmarks.json",
    })
}

fn collection(file: &str, items: &[Value]) -> File {
    let all = json!({
        "@context": "https://www.w3.org/ns/activitystreams", "id": file, "type": "OrderedCollection",
        "totalItems": items.len(), "orderedItems": items,
    });
    File::new(file, all.to_string())
}

fn posts() -> Vec<Value> {
    vec![
        create(109_300_000_000_000_001, "<p>Hello &amp; <br>good bye</p>", "2023-01-01T10:00:00Z"),
        announce(109_300_000_000_000_002, json!("https://other.example/users/bob/statuses/7"), "2023-02-01T10:00:00Z"),
        create(109_300_000_000_000_003, "<p>late</p>", "2025-01-01T10:00:00Z"),
        announce(
            109_300_000_000_000_004,
            json!("https://social.example/users/cid/statuses/109"),
            "2025-02-01T10:00:00Z",
        ),
    ]
}

fn archive() -> Vec<File> {
    let likes = ["https://other.example/users/bob/statuses/8", "https://social.example/users/cid/statuses/110"];
    vec![
        File::new("media_attachments/files/1/original/x.png", "\u{1}"),
        collection("outbox.json", &posts()),
        collection("likes.json", &likes.map(Value::from)),
        collection("bookmarks.json", &[]),
        File::new("avatar.png", "\u{2}"),
        File::new("actor.json", actor(ACTOR).to_string()),
    ]
}

/// The same files as older servers pack them.
fn tar(files: &[File]) -> Vec<u8> {
    let mut all = Vec::new();
    for file in files {
        let mut text = Vec::new();
        flate2::read::DeflateDecoder::new(&file.packed[..]).read_to_end(&mut text).unwrap();
        all.extend(header(&file.name, b'0', text.len()));
        all.extend(&text);
        all.resize(all.len().next_multiple_of(512), 0);
    }
    all.extend([0; 1_024]);
    gzip(&all)
}

fn header(name: &[u8], kind: u8, bytes: usize) -> [u8; 512] {
    let mut header = [0; 512];
    header[..name.len()].copy_from_slice(name);
    header[100..108].copy_from_slice(b"0000444\0");
    header[124..136].copy_from_slice(format!("{bytes:011o}\0").as_bytes());
    header[148..156].fill(b' ');
    header[156] = kind;
    header[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn tars_that_are_cut_or_hostile_are_refused() {
    let home = Home::new();
    let good = tar(&archive());
    let tarred = |headers: &[[u8; 512]]| gzip(&[&headers.concat()[..], &[0; 1_024]].concat());
    let outbox = header(b"outbox.json", b'0', 0);
    let mut unsummed = outbox;
    unsummed[0] = b'x';
    // The checksum is the last but one thing in a file.
    let mut changed = good.clone();
    changed[good.len() - 6] ^= 1;
    for (bytes, why) in [
        (changed, "it is cut or damaged"),
        (good[..good.len() - 1].to_vec(), "it is cut or damaged"),
        (good[..good.len() / 2].to_vec(), "it is cut or damaged"),
        (good[..5].to_vec(), "it is cut or damaged"),
        (gzip(b"some notes"), "it is cut or damaged"),
        (gzip(&[b"notes".repeat(200)].concat()), "no tar in it"),
        (tarred(&[unsummed]), "no tar in it"),
        (tarred(&[header(b"outbox.json", b'0', 7_000)]), "ends inside a file"),
        (tarred(&[header(b"../outbox.json", b'0', 0)]), "leads out of its folder"),
        (tarred(&[header(b"/outbox.json", b'0', 0)]), "is absolute"),
        (tarred(&[header(b"x", b'2', 0)]), "is a symbolic link"),
        (tarred(&[header(b"x", b'6', 0)]), "is not a regular file"),
        (tarred(&[outbox, outbox]), "is in it twice"),
        (tarred(&[header(b"notes.txt", b'0', 0)]), "is no data archive"),
        (gzip(&[&header(b"x", b'0', 1 << 28)[..], &vec![0; 1 << 28]].concat()), "grows to more than 200 times"),
    ] {
        write(&home, "a.tar.gz", &bytes);
        let done = home.run(&["import", "a.tar.gz", "--what", "posts"]).ends(65).says("hint");
        assert!(done.err.contains(why) && done.out.is_empty(), "{} not {why}", done.err);
    }
    // What describes the entry behind it is passed over.
    let described = [header(b"./PaxHeaders/x", b'x', 0), header(b"mine", b'5', 0), outbox];
    write(&home, "a.tar.gz", &tarred(&described));
    home.run(&["import", "a.tar.gz", "--what", "posts"]).ends(65).says("has no actor.json");
}

#[track_caller]
fn import(home: &Home, archive: &str, what: &str) -> Done {
    home.run(&["import", archive, "--what", what]).ends(0)
}

#[test]
fn own_posts_come_out_under_their_ids() {
    let home = Home::new();
    write(&home, "a.zip", &zip(&archive()));
    unpack(&archive(), &home.path("a")).unwrap();
    unpack(&archive(), &home.path("downloads/archive-20260101")).unwrap();
    write(&home, "a.tar.gz", &tar(&archive()));
    let within = archive().into_iter().map(|file| File { name: [b"./mine/", &file.name[..]].concat(), ..file });
    write(&home, "b.tar.gz", &tar(&within.collect::<Vec<_>>()));
    for archive in ["a.zip", "a", "downloads", "a.tar.gz", "b.tar.gz"] {
        let done = import(&home, archive, "posts");
        let expected: Vec<String> = (1..=4).map(|n| (109_300_000_000_000_000_u64 + n).to_string()).collect();
        assert_eq!(ids(&done), expected);
        assert!(
            done.err.contains("Ada \\u{1b}[31mExample (@ada@social.example), https://social.example/users/ada"),
            "{}",
            done.err
        );
        let rows: Vec<&str> = done.out.lines().collect();
        assert_eq!(rows[1], "109300000000000001,,,2023-01-01T10:00:00Z,,,false,,public,false,false,,\"Hello & ");
        assert_eq!(rows[2], "good bye\",https://social.example/@ada/109300000000000001");
        assert_eq!(
            rows[3],
            "109300000000000002,,,2023-02-01T10:00:00Z,,,true,,public,false,,,,https://other.example/users/bob/statuses/7"
        );
        assert_eq!(
            rows[5],
            "109300000000000004,,,2025-02-01T10:00:00Z,,,true,109,public,false,,,,https://social.example/users/cid/statuses/109"
        );
    }
    let old = home.run(&["import", "a", "--what", "posts", "--before", "2024-01-01", "--matching", "good"]).ends(0);
    assert_eq!(ids(&old), ["109300000000000001"]);
    // The file is one that is taken.
    let next = home.run(&["import", "a", "--what", "posts", "-o", "delete-post.csv"]).ends(0);
    assert!(
        next.err.contains("cleanup check delete-post.csv --action delete-post --platform mastodon"),
        "{}",
        next.err
    );
    home.run(&["check", "delete-post.csv", "--platform", "mastodon"]).ends(0).says("4");
}

/// The archive with another file in the place of one.
fn with(file: File) -> Vec<File> {
    let mut files: Vec<File> = archive().into_iter().filter(|other| other.name != file.name).collect();
    files.push(file);
    files
}

#[test]
fn what_is_no_archive_of_activities_is_refused() {
    let home = Home::new();
    let nobody = json!({ "id": "ada", "preferredUsername": "ada" }).to_string();
    let elsewhere = json!({ "id": "https://social.example:8443/users/ada" }).to_string();
    let mut foreign = create(7, "x", "2023-01-01T10:00:00Z");
    foreign["object"]["id"] = json!("https://social.example/notes/7");
    let of_bob = create(7, "x", "2023-01-01T10:00:00Z").to_string().replace("/users/ada", "/users/bob");
    let twice = |text: String| text.replacen("{\"id\":", "{\"id\":\"https://social.example/users/bob\",\"id\":", 1);
    let outbox = json!({ "type": "OrderedCollection", "orderedItems": posts() }).to_string();
    for (files, why) in [
        (with(File::new("actor.json", nobody)), "does not say where the account is"),
        (with(File::new("actor.json", elsewhere)), "does not say where the account is"),
        (with(File::new("actor.json", "[]")), "actor.json"),
        (vec![collection("outbox.json", &posts())], "has no actor.json"),
        (vec![File::new("actor.json", actor(ACTOR).to_string())], "outbox.json was expected"),
        (with(File::new("outbox.json", &outbox[..outbox.len() - 2])), "outbox.json is cut"),
        (with(File::new("outbox.json", "{}")), "there is no \"orderedItems\""),
        (with(File::new("outbox.json", "<html>")), "outbox.json, entry 1"),
        (
            with(File::new("outbox.json", format!("{{\"orderedItems\":[{foreign}]}}"))),
            "not one post of outbox.json has an ID at social.example",
        ),
        (
            with(File::new("outbox.json", format!("{{\"orderedItems\":[{of_bob}]}}"))),
            "not one post of outbox.json is of https://social.example/users/ada, whose archive it is",
        ),
        (with(File::new("outbox.json", "{\"orderedItems\":[{\"a\":\u{1}}]}")), "no JSON"),
        (with(File::new("outbox.json", twice(outbox.clone()))), "an object says \"id\" twice"),
        (with(File::new("actor.json", twice(json!({ "id": ACTOR }).to_string()))), "an object says \"id\" twice"),
        (archive().into_iter().chain([collection("other/outbox.json", &[])]).collect(), "more than one archive"),
    ] {
        write(&home, "a.zip", &zip(&files));
        let done = home.run(&["import", "a.zip", "--what", "posts"]).ends(65).says("hint");
        assert!(done.err.contains(why) && done.out.is_empty(), "{} not {why}", done.err);
    }
    write(&home, "a.zip", &zip(&archive()));
    for what in ["following", "mutes"] {
        let done = home.run(&["import", "a.zip", "--what", what]).ends(65).says("cleanup list");
        assert!(done.out.is_empty(), "{what}");
    }
    // What judges a job of X's by its archive takes no other.
    let refused = Archive::open(&home.path("a.zip")).err().unwrap();
    assert!(refused.to_string().ends_with("is an archive of Mastodon, not of X") && !refused.hint().is_empty());
    // X's files beside Mastodon's are X's.
    write(&home, "both.zip", &zip(&today().into_iter().chain(archive()).collect::<Vec<_>>()));
    assert_eq!(ids(&import(&home, "both.zip", "likes")), ["1001", "1002", "1003"]);
}

#[test]
fn posts_of_others_come_out_under_their_links_and_those_of_the_server_under_their_ids() {
    let home = Home::new();
    write(&home, "a.zip", &zip(&archive()));
    let elsewhere = |n: u32| format!("https://other.example/users/bob/statuses/{n}");
    assert_eq!(ids(&import(&home, "a.zip", "likes")), [elsewhere(8), "110".to_owned()]);
    assert_eq!(ids(&import(&home, "a.zip", "reposts")), [elsewhere(7), "109".to_owned()]);
    assert_eq!(ids(&import(&home, "a.zip", "bookmarks")), [""; 0]);
    // What comes out goes in again.
    home.run(&["import", "a.zip", "--what", "likes", "-o", "unlike.csv"]).ends(0);
    home.run(&["check", "unlike.csv", "--platform", "mastodon", "--sandbox"]).ends(0).says("2 rows");
}

#[test]
fn the_csv_files_that_a_server_exports_are_job_files() {
    let home = Home::new();
    home.write(
        "following_accounts.csv",
        "Account address,Show boosts,Notify on new posts,Languages\nada@b.example,true,false,\n",
    );
    home.write("muted_accounts.csv", "Account address,Hide notifications\n@ada@b.example,true\n");
    home.write("blocked_accounts.csv", "ada@b.example\nbob@c.example\n");
    home.write("bookmarks.csv", "https://b.example/users/ada/statuses/7\n");
    for (file, action) in [
        ("following_accounts.csv", "unfollow"),
        ("muted_accounts.csv", "unmute"),
        ("blocked_accounts.csv", "unblock"),
        ("bookmarks.csv", "unbookmark"),
    ] {
        home.run(&["check", file, "--action", action, "--platform", "mastodon", "--sandbox"]).ends(0);
    }
}

#[test]
fn an_entry_without_an_id_is_left_out_and_told() {
    let home = Home::new();
    let mut items = posts();
    items[0]["object"]["id"] = json!("https://other.example/users/ada/statuses/1");
    items[2]["object"]["id"] = json!("https://social.example/users/ada/statuses/1/2");
    items.push(json!({ "type": "Move" }));
    write(&home, "a.zip", &zip(&with(collection("outbox.json", &items))));
    let done = import(&home, "a.zip", "posts");
    assert_eq!(ids(&done), ["109300000000000002", "109300000000000004"]);
    assert!(done.err.contains("2 entries have no ID and were left out"), "{}", done.err);
    write(&home, "a.zip", &zip(&with(collection("outbox.json", &[]))));
    assert_eq!(ids(&import(&home, "a.zip", "posts")), [""; 0]);
}

#[test]
fn what_others_have_posted_or_reposted_is_left_out_and_told() {
    let home = Home::new();
    let bob = "https://social.example/users/bob";
    let mut items = posts();
    // Whoever put it together: somebody else's at the same server, one that says two things, and one that says nothing.
    items[0]["actor"] = json!(bob);
    items[1]["actor"] = json!(bob);
    items[2]["object"]["attributedTo"] = json!(bob);
    items.push(create(109_300_000_000_000_005, "mine", "2025-03-01T10:00:00Z"));
    items[3].as_object_mut().unwrap().remove("actor");
    write(&home, "a.zip", &zip(&with(collection("outbox.json", &items))));
    let done = import(&home, "a.zip", "posts");
    assert_eq!(ids(&done), ["109300000000000005"]);
    assert!(done.err.contains("4 entries are somebody else's and were left out"), "{}", done.err);
    items[3]["actor"] = json!(ACTOR);
    write(&home, "a.zip", &zip(&with(collection("outbox.json", &items))));
    assert_eq!(ids(&import(&home, "a.zip", "reposts")), ["109"]);
}

#[test]
fn an_archive_is_refused_for_an_account_elsewhere() {
    let home = Home::new();
    know_at(&home, "here", "social.example", "116");
    know_at(&home, "there", "other.example", "116");
    let as_account = |name: &str| home.run(&["import", "a.zip", "--what", "posts", "--account", name]);
    // Since 2025 an address holds the ID.
    let numbered = |text: String| text.replace("social.example/users/ada", "social.example/ap/users/116");
    let outbox = json!({ "orderedItems": posts() }).to_string();
    let files =
        [File::new("actor.json", numbered(actor(ACTOR).to_string())), File::new("outbox.json", numbered(outbox))];
    write(&home, "a.zip", &zip(&files));
    assert_eq!(ids(&as_account("here").ends(0)).len(), 4);
    let done = as_account("there").ends(65);
    assert!(
        done.err.contains("archive of https://social.example/ap/users/116, and there is user 116 at other.example"),
        "{}",
        done.err
    );
    write(&home, "a.zip", &zip(&archive()));
    let done = as_account("here").ends(65);
    assert!(done.err.contains("does not say its ID") && done.out.is_empty(), "{}", done.err);
}

#[test]
fn filters_know_what_kind_of_post_it_is() {
    let home = Home::new();
    let mut items = posts();
    items[0]["to"] = json!([format!("{ACTOR}/followers")]);
    items[0]["cc"] = json!([]);
    items[0]["object"]["inReplyTo"] = json!("https://other.example/users/bob/statuses/7");
    items[2]["object"]["attachment"] =
        json!([{ "type": "Document", "url": "media_attachments/files/1/original/x.png" }]);
    write(&home, "a.zip", &zip(&with(collection("outbox.json", &items))));
    let left = |rules: &[&str]| -> Vec<String> {
        let words = [&["import", "a.zip", "--what", "posts"], rules].concat();
        ids(&home.run(&words).ends(0)).into_iter().map(|id| id[17..].to_owned()).collect()
    };
    assert_eq!(left(&["--visibility", "private"]), ["1"]);
    assert_eq!(left(&["--visibility", "public"]), ["2", "3", "4"]);
    assert_eq!(left(&["--only-replies"]), ["1"]);
    assert_eq!(left(&["--only-reposts"]), ["2", "4"]);
    assert_eq!(left(&["--with-media"]), ["3"]);
    // An archive does not say which posts are pinned.
    home.run(&["import", "a.zip", "--what", "posts", "--keep-pinned"]).ends(2).says("leave out --keep-pinned");
}
