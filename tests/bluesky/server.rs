//! What the undoing of records rests on, asked of a real server: whoever deletes a record is told so, whoever comes late is told
//! nothing went, and a record that has changed stays.

use super::xrpc::{FOLLOWS, Person, Xrpc};

fn did(n: u8) -> String {
    format!("did:plc:{}", char::from(b'a' + n).to_string().repeat(24))
}

#[test]
fn a_record_is_deleted_once_and_only_as_it_was_read() {
    let Some(server) = Xrpc::real() else { return };
    let person = Person::new(&server);
    let (key, cid) = person.follow(&did(0));
    let (other_key, other_cid) = person.follow(&did(1));
    assert_ne!(cid, other_cid);

    let changed = person.delete(FOLLOWS, &key, &other_cid);
    assert_eq!((changed.status, changed.error()), (400, "InvalidSwap"), "{changed:?}");
    let done = person.delete(FOLLOWS, &key, &cid);
    assert!(done.status == 200 && done.body["commit"]["cid"].is_string(), "{done:?}");
    let left = person.list(FOLLOWS, "");
    let uri = format!("at://{}/{FOLLOWS}/{other_key}", person.did);
    assert_eq!(left.body["records"].as_array().unwrap().len(), 1, "{left:?}");
    assert_eq!(left.body["records"][0]["uri"], uri);
    assert_eq!(left.body["records"][0]["value"]["subject"], did(1));
}

#[test]
fn a_full_last_page_has_a_cursor_and_an_empty_page_behind_it() {
    let Some(server) = Xrpc::real() else { return };
    let person = Person::new(&server);
    let keys: Vec<String> = (0..4).map(|n| person.follow(&did(n)).0).collect();
    let (mut seen, mut cursor, mut sizes) = (Vec::new(), String::new(), Vec::new());
    loop {
        let page = person.list(FOLLOWS, &format!("&limit=2{cursor}"));
        let records = page.body["records"].as_array().unwrap();
        sizes.push(records.len());
        seen.extend(records.iter().map(|one| one["uri"].as_str().unwrap().rsplit_once('/').unwrap().1.to_owned()));
        match page.body["cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(sizes, [2, 2, 0]);
    assert_eq!(seen, keys.into_iter().rev().collect::<Vec<_>>(), "newest first");
}

#[test]
fn an_answer_tells_of_its_tightest_limit_alone() {
    let Some(server) = Xrpc::real() else { return };
    let person = Person::new(&server);
    let (key, cid) = person.follow(&did(0));
    // A creation costs 3 of 5,000 points an hour, and nothing is said of them while fewer requests are left to the address.
    for answered in [person.list(FOLLOWS, ""), person.delete(FOLLOWS, &key, &cid)] {
        assert_eq!(answered.header("ratelimit-limit"), Some("3000"), "{answered:?}");
        assert_eq!(answered.header("ratelimit-policy"), Some("3000;w=300"));
        let left: u32 = answered.header("ratelimit-remaining").unwrap().parse().unwrap();
        assert!(left < 3000 && answered.header("ratelimit-reset").unwrap().parse::<u64>().is_ok(), "{answered:?}");
    }
}
