//! A person at the dashboard, who uses a mouse or the keyboard alone, and what they do from an account that is connected to a job that is
//! restored. Used at the sandbox and at a real server.

use serde_json::json;

use super::served::Served;
use crate::common::chromium::Browser;

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
/// More stops than any page has.
const MAX_TABS: usize = 250;

/// Selectors of the links and buttons of the page that say `text`. Nothing is written into the page: what differs from what the server has is
/// replaced while it is live.
const PATHS: &str = r"
    const place = node => {
        const same = [...node.parentElement.children].filter(one => one.tagName === node.tagName);
        return `${node.tagName}:nth-of-type(${same.indexOf(node) + 1})`;
    };
    const path = node => node === document.body ? 'body' : `${path(node.parentElement)} > ${place(node)}`;
    return [...document.querySelectorAll('main a, main button')].filter(one => one.innerText.trim().startsWith(text)).map(path);";

/// What a person uses, and how wide the screen is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Hand {
    Mouse,
    Keyboard,
    /// A screen of 360 pixels.
    Phone,
}

pub(crate) struct Person<'a> {
    pub(crate) browser: &'a Browser,
    pub(crate) served: &'a Served,
    pub(crate) hand: Hand,
}

/// What is looked at and undone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) list: &'static str,
    /// The action that is offered first.
    pub(crate) undone: &'static str,
    /// What the list has at least.
    pub(crate) listed: u64,
}

impl<'a> Person<'a> {
    /// Sits down in front of a screen.
    pub(crate) fn at(browser: &'a Browser, served: &'a Served, hand: Hand) -> Person<'a> {
        let width = match hand {
            Hand::Mouse => 1440,
            Hand::Keyboard => 1024,
            Hand::Phone => 360,
        };
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        browser.devtools("Emulation.setDeviceMetricsOverride", size);
        Person { browser, served, hand }
    }

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
    pub(crate) fn activate(&self, selector: &str) {
        match self.hand {
            Hand::Mouse | Hand::Phone => self.browser.click(selector),
            Hand::Keyboard => {
                self.reach(selector);
                self.browser.keys(ENTER);
            }
        }
    }

    fn tick(&self, selector: &str) {
        match self.hand {
            Hand::Mouse | Hand::Phone => self.browser.click(selector),
            Hand::Keyboard => {
                self.reach(selector);
                self.browser.keys(" ");
            }
        }
    }

    /// Types into a field, or the begin of a choice's name.
    pub(crate) fn fill_in(&self, selector: &str, text: &str) {
        match self.hand {
            Hand::Mouse | Hand::Phone => self.browser.write(selector, text),
            Hand::Keyboard => {
                self.reach(selector);
                self.browser.keys(text);
            }
        }
    }

    /// Presses the one button or link of the page that says so.
    fn press(&self, text: &str) {
        let found = self.browser.run(&format!("const text = {}; {PATHS}", json!(text)));
        let paths = found.as_array().unwrap();
        assert_eq!(paths.len(), 1, "{text}? {}", self.browser.text());
        self.activate(paths[0].as_str().unwrap());
    }

    fn number(&self, selector: &str) -> u64 {
        let text = self.browser.run(&format!("return document.querySelector({}).textContent", json!(selector)));
        text.as_str().unwrap().chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap()
    }

    /// From the first page to the ways of connecting an account.
    pub(crate) fn goes_to_connect(&self) {
        self.browser.go(&self.served.url("/"));
        self.activate("nav a[href$='/accounts']");
        self.browser.until("Connect an account");
        self.activate("main a[href$='/accounts/connect']");
        self.browser.until("Connect an account");
    }

    /// From the page of lists to a job that has ended, and to the one that takes it back. Of an account's list six rows pass a filter, and four are
    /// undone; what is so then is looked at before it is taken back.
    pub(crate) fn goes_from_a_list_to_the_end(&self, account: &str, way: Way, once_done: impl FnOnce()) {
        let browser = self.browser;
        browser.until("Read a list");
        self.activate(&format!("a[href$='account={account}&list={}']", way.list));
        browser.until("It only reads");
        self.activate("main form button.primary");
        // It becomes the list by itself once it has been read.
        browser.until("pass the filter");
        assert!(self.number("#stay") >= way.listed, "{}", browser.text());
        self.chooses_four_rows();
        browser.until("What to do with 4 rows");
        assert_eq!(browser.run("return document.querySelector('#action').value"), way.undone);
        self.press("Check it");
        browser.until("What would happen");
        let text = browser.text();
        let sends = format!("{} 4 ", way.undone);
        assert!(text.contains("Takes about") && text.contains("Costs") && text.contains(&sends), "{text}");
        self.press("Queue and start");
        self.watches_it_finish();
        once_done();
        self.press("Verify");
        browser.until("Did it stay done?");
        self.press("Read the lists again");
        browser.until("confirmed\n4\n");
        self.activate(".crumbs a[href*='/jobs/']");
        browser.until("Afterwards");
        self.press("Restore…");
        browser.until("4 rows can be restored through the platform");
        self.press("Restore them");
        self.watches_it_finish();
    }

    /// A filter, and at once how many rows stay. Two are ticked out, and stay so.
    fn chooses_four_rows(&self) {
        self.fill_in("#limit", "6");
        self.fill_in("#order", "oldest");
        self.activate("form[role=search] button.primary");
        self.browser.until("Show all");
        assert_eq!(self.number("#stay"), 6);
        self.tick("tbody tr:nth-child(1) input[type=checkbox]");
        self.tick("tbody tr:nth-child(3) input[type=checkbox]");
        self.browser.run("document.activeElement.blur()");
        self.press("Keep these ticks");
        self.browser.until("The ticks are kept.");
        assert_eq!(self.number("#stay"), 4);
        self.press("Continue with");
    }

    /// Without touching the page.
    fn watches_it_finish(&self) {
        self.browser.until("Queued. Its rows are sent as the rate limit allows.");
        self.browser.until("finished");
        assert_eq!(self.number("dl.numbers a[href*='outcome=done']"), 4, "{}", self.browser.text());
    }
}
