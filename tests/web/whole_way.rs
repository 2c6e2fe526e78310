//! A person's whole way, from an empty home to a receipt, without a terminal: connect an account, read a list, filter it, tick, see what would
//! happen, start, watch. By mouse on a wide screen, by keyboard alone, and on a phone.

use serde_json::json;

use super::browser::come_in;
use super::served::Served;
use crate::common::chromium::Browser;

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
/// More stops than any page has.
const MAX_TABS: usize = 250;

/// What a person uses.
#[derive(Clone, Copy, PartialEq)]
enum Hand {
    Mouse,
    Keyboard,
}

struct Person<'a> {
    browser: &'a Browser,
    served: &'a Served,
    hand: Hand,
}

impl Person<'_> {
    /// Goes from stop to stop until the focus is there.
    fn reach(&self, selector: &str) {
        for _ in 0..MAX_TABS {
            self.browser.keys(TAB);
            let is_there = format!("return document.activeElement.matches({})", json!(selector));
            if self.browser.run(&is_there) == true {
                return;
            }
        }
        panic!("{selector} cannot be reached by keyboard: {}", self.browser.text());
    }

    /// Presses what is there: a link, a button.
    fn activate(&self, selector: &str) {
        match self.hand {
            Hand::Mouse => self.browser.click(selector),
            Hand::Keyboard => {
                self.reach(selector);
                self.browser.keys(ENTER);
            }
        }
    }

    fn tick(&self, selector: &str) {
        match self.hand {
            Hand::Mouse => self.browser.click(selector),
            Hand::Keyboard => {
                self.reach(selector);
                self.browser.keys(" ");
            }
        }
    }

    /// Types into a field, or the begin of a choice's name.
    fn fill_in(&self, selector: &str, text: &str) {
        match self.hand {
            Hand::Mouse => self.browser.write(selector, text),
            Hand::Keyboard => {
                self.reach(selector);
                self.browser.keys(text);
            }
        }
    }

    /// Presses the one button or link of the page that says so.
    fn press(&self, text: &str) {
        let marked = self.browser.run(&format!(
            "const found = [...document.querySelectorAll('main a, main button')].filter(one => one.innerText.trim().startsWith({}));
             found.forEach(one => one.setAttribute('data-test', 'press')); return found.length",
            json!(text)
        ));
        assert_eq!(marked, 1, "{text}? {}", self.browser.text());
        self.activate("[data-test=press]");
    }

    fn number(&self, selector: &str) -> u64 {
        let text = self.browser.run(&format!("return document.querySelector({}).textContent", json!(selector)));
        text.as_str().unwrap().chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap()
    }

    /// The way on one stand-in. `list`: what is looked at; `undone`: the action that is offered first.
    fn goes_the_whole_way(&self, platform: &str, (list, undone): (&str, &str)) {
        let browser = self.browser;
        browser.go(&self.served.url("/"));
        self.activate("nav a[href$='/accounts']");
        browser.until("Connect an account");
        self.activate("main a[href$='/accounts/connect']");
        browser.until("This is the sandbox");
        self.activate(&format!("form:has(input[value={platform}]) button"));
        browser.until("Connected. Choose what to look at.");
        let own = "return [...document.querySelectorAll('article.card h3')].at(-1).textContent";
        let account = browser.run(own).as_str().unwrap().to_owned();
        self.activate(&format!("a[href$='account={account}&list={list}']"));
        browser.until("It only reads");
        self.activate("main form button.primary");
        // It becomes the list by itself once it has been read.
        browser.until("pass the filter");
        assert!(self.number("#stay") > 40, "{}", browser.text());
        // A filter, and at once how many rows stay.
        self.fill_in("#limit", "6");
        self.fill_in("#order", "oldest");
        self.activate("form[role=search] button.primary");
        browser.until("Show all");
        assert_eq!(self.number("#stay"), 6);
        // Two are ticked out, and stay so.
        self.tick("tbody tr:nth-child(1) input[type=checkbox]");
        self.tick("tbody tr:nth-child(3) input[type=checkbox]");
        browser.run("document.activeElement.blur()");
        self.press("Keep these ticks");
        browser.until("The ticks are kept.");
        assert_eq!(self.number("#stay"), 4);
        self.press("Continue with");
        browser.until("What to do with 4 rows");
        assert_eq!(browser.run("return document.querySelector('#action').value"), undone);
        self.press("Check it");
        browser.until("What would happen");
        let text = browser.text();
        assert!(
            text.contains("Takes about") && text.contains("Costs") && text.contains(&format!("{undone} 4 ")),
            "{text}"
        );
        self.press("Queue and start");
        browser.until("Queued. Its rows are sent as the rate limit allows.");
        browser.until("finished");
        assert_eq!(self.number("dl.numbers a[href*='outcome=done']"), 4, "{}", browser.text());
    }
}

const WAYS: [(&str, (&str, &str)); 3] =
    [("bluesky", ("likes", "unlike")), ("mastodon", ("following", "unfollow")), ("x-v2", ("bookmarks", "unbookmark"))];

fn whole_way(hand: Hand, width: u32) {
    let Some(browser) = Browser::open() else { return };
    let served = Served::start();
    come_in(&browser, &served);
    browser.until("Nothing is queued");
    let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
    browser.devtools("Emulation.setDeviceMetricsOverride", size);
    let person = Person { browser: &browser, served: &served, hand };
    for (platform, list) in WAYS {
        person.goes_the_whole_way(platform, list);
    }
    // Everything of it is in the log, and nothing that was never typed.
    browser.go(&served.url("/log"));
    for deed in ["connect", "list", "load"] {
        assert!(browser.text().contains(deed), "{deed}? {}", browser.text());
    }
}

#[test]
fn from_nothing_to_done_on_every_stand_in_by_mouse() {
    whole_way(Hand::Mouse, 1440);
}

#[test]
fn from_nothing_to_done_on_every_stand_in_by_keyboard_alone() {
    whole_way(Hand::Keyboard, 1024);
}

#[test]
fn from_nothing_to_done_on_every_stand_in_on_a_phone() {
    whole_way(Hand::Mouse, 360);
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
