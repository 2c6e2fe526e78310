//! A login with a real browser: headless Chromium presses the button. Where there is none and none can be installed the test says
//! so loudly and proves nothing.

use std::time::{Duration, Instant};

use crate::account::bench::{Bench, USER};
use crate::common::chromium::Browser;

/// Far beyond what a page takes.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn a_person_presses_the_button_in_chromium() {
    let Some(browser) = Browser::with(&[]) else { return };
    let bench = Bench::new();
    let waiting = bench.begin(&["account", "login", "work", "--actions", "unfollow,unlike"], &[]);
    browser.go(&waiting.url);
    browser.clear("input[name=user]");
    browser.write("input[name=user]", USER);
    browser.click("#allow");
    // Whether a click waits for the page it leads to is the driver's affair.
    let begun = Instant::now();
    while browser.title() == "Authorize app" && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(browser.title(), "cleanup: Almost done");
    let place = browser.address();
    assert!(place.starts_with(&bench.redirect), "{place}");
    drop(browser);
    waiting.end().ends(0).says("logged in: work is user 2244994945");
    bench.run(&["account", "check", "work"]).ends(0);
}
