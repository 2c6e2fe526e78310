//! A person's whole way through the dashboard with a real server behind it: an app password, lists of records that are there, four of them
//! undone, verified and restored. By mouse on a wide screen, by keyboard alone, and on a phone.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::xrpc::{FOLLOWS, Person as Account, Xrpc};
use crate::common::chromium::Browser;
use crate::web::browser::come_in;
use crate::web::person::{Hand, Person, Way};
use crate::web::served::Served;

const LIKES: &str = "app.bsky.feed.like";
/// Any version of a post.
const CID: &str = "bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";
const ROWS: usize = 8;

const WAYS: [(&str, Way); 2] = [
    (FOLLOWS, Way { list: "following", undone: "unfollow", listed: ROWS as u64 }),
    (LIKES, Way { list: "likes", undone: "unlike", listed: ROWS as u64 }),
];

/// Follows so many, and likes a post of each.
fn follows_and_likes(me: &Account) {
    for n in 0..ROWS {
        let other = Account::new(&me.server);
        me.follow(&other.did);
        let post = format!("at://{}/app.bsky.feed.post/3l6oveex3ii2{}", other.did, char::from(b'a' + n as u8));
        let record =
            json!({ "$type": LIKES, "subject": { "uri": post, "cid": CID }, "createdAt": "2024-01-01T00:00:00.000Z" });
        let input = json!({ "repo": me.did, "collection": LIKES, "record": record });
        let made = me.server.post("com.atproto.repo.createRecord", &me.token, &input);
        assert_eq!(made.status, 200, "{made:?}");
    }
}

/// The records of a collection by their addresses.
fn records(me: &Account, collection: &str) -> BTreeMap<String, Value> {
    let all = me.list(collection, "&limit=100").body["records"].as_array().unwrap().clone();
    all.into_iter().map(|record| (record["uri"].as_str().unwrap().to_owned(), record["value"].clone())).collect()
}

fn whole_way(hand: Hand) {
    let Some(server) = Xrpc::real() else { return };
    let Some(browser) = Browser::open() else { return };
    let me = Account::new(&server);
    follows_and_likes(&me);
    let handle = server.get("com.atproto.server.getSession", &me.token).text("handle");
    let made = server.post("com.atproto.server.createAppPassword", &me.token, &json!({ "name": "cleanup" }));
    let host = std::env::var("CLEANUP_PDS").unwrap().trim_start_matches("http://").to_owned();
    let served = Served::real(&[]);
    come_in(&browser, &served);
    browser.until("Nothing is queued");
    let person = Person::at(&browser, &served, hand);
    person.goes_to_connect();
    person.fill_in("#bluesky-handle", &handle);
    person.fill_in("#bluesky-password", &made.text("password"));
    person.fill_in("#bluesky-host", &host);
    person.activate("form:has(#bluesky-handle) button");
    browser.until("is connected.");
    for (collection, way) in WAYS {
        let before = records(&me, collection);
        assert_eq!(before.len(), ROWS);
        browser.go(&served.url("/lists"));
        person.goes_from_a_list_to_the_end(&format!("bluesky-{handle}"), way, || {
            let left = records(&me, collection);
            assert!(
                left.len() == ROWS - 4 && left.iter().all(|(uri, value)| before.get(uri) == Some(value)),
                "{left:?}"
            );
        });
        assert_eq!(records(&me, collection), before, "every record is what it was, and stands where it stood");
    }
}

#[test]
fn from_nothing_to_done_at_a_real_server_by_mouse() {
    whole_way(Hand::Mouse);
}

#[test]
fn from_nothing_to_done_at_a_real_server_by_keyboard_alone() {
    whole_way(Hand::Keyboard);
}

#[test]
fn from_nothing_to_done_at_a_real_server_on_a_phone() {
    whole_way(Hand::Phone);
}
