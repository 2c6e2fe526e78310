//! A person's whole way, from an empty home to a receipt and back, without a terminal: connect an account, read a list, filter it, tick, see
//! what would happen, start, watch, verify, restore. By mouse on a wide screen, by keyboard alone, and on a phone.

use super::browser::come_in;
use super::person::{Hand, Person, Way};
use super::served::Served;
use crate::common::chromium::Browser;

const WAYS: [(&str, Way); 3] = [
    ("bluesky", Way { list: "likes", undone: "unlike", listed: 41 }),
    ("mastodon", Way { list: "following", undone: "unfollow", listed: 41 }),
    ("x-v2", Way { list: "bookmarks", undone: "unbookmark", listed: 41 }),
];

fn whole_way(hand: Hand) {
    let Some(browser) = Browser::open() else { return };
    let served = Served::start();
    come_in(&browser, &served);
    browser.until("Nothing is queued");
    let person = Person::at(&browser, &served, hand);
    for (platform, way) in WAYS {
        person.goes_to_connect();
        browser.until("This is the sandbox");
        person.activate(&format!("form:has(input[value={platform}]) button"));
        browser.until("Connected. Choose what to look at.");
        let own = "return [...document.querySelectorAll('article.card h3')].at(-1).textContent";
        let account = browser.run(own).as_str().unwrap().to_owned();
        person.goes_from_a_list_to_the_end(&account, way, || ());
    }
    // Everything of it is in the log, and nothing that was never typed.
    browser.go(&served.url("/log"));
    for deed in ["connect", "list", "load", "verify"] {
        assert!(browser.text().contains(deed), "{deed}? {}", browser.text());
    }
}

#[test]
fn from_nothing_to_done_on_every_stand_in_by_mouse() {
    whole_way(Hand::Mouse);
}

#[test]
fn from_nothing_to_done_on_every_stand_in_by_keyboard_alone() {
    whole_way(Hand::Keyboard);
}

#[test]
fn from_nothing_to_done_on_every_stand_in_on_a_phone() {
    whole_way(Hand::Phone);
}

/// An export is read here, whole or not at all, and what was sent is gone then.
#[test]
fn an_export_is_sent_and_looked_at() {
    use crate::lists::zipper::{File, like, manifest, script, zip};
    let Some(browser) = Browser::open() else { return };
    let served = Served::start();
    come_in(&browser, &served);
    let likes = script("like.part0", &[like(1), like(2), like(3)]);
    let files = [File::new("data/manifest.js", manifest(&[("like", "like.js", 3)])), File::new("data/like.js", likes)];
    let archive = zip(&files);
    for (name, bytes, says) in [
        ("twitter.zip", &archive[..], "pass the filter"),
        ("cut.zip", &archive[..archive.len() / 2], "It was not read to its end."),
    ] {
        std::fs::write(served.path(name), bytes).unwrap();
        browser.go(&served.url("/lists"));
        browser.write("#export-file", served.path(name).to_str().unwrap());
        browser.run("document.querySelector('#what').value = 'likes'");
        browser.click("form[action$='/lists/export'] button");
        browser.until(says);
        assert!(browser.text().contains(&format!("Likes out of {name}")), "{}", browser.text());
    }
    browser.go(&served.url("/lists/1"));
    assert_eq!(browser.run("return document.querySelector('#stay').textContent"), "3");
    let uploads = served.path(".local/share/cleanup/uploads");
    assert_eq!(std::fs::read_dir(uploads).unwrap().count(), 0, "what was sent is not kept");
}
