//! Every page of the dashboard with something on it, as `looking` looks at pages. Which pages there are says the router: a new one that nobody
//! looks at fails here.

use std::collections::BTreeSet;

use serde_json::json;

use super::browser::come_in;
use super::looking::{bring_axe, look, look_at, look_here, set_screen};
use super::schedules;
use super::served::Served;
use crate::account::bench::Bench;
use crate::account::session_server::{APP_PASSWORD, HANDLE, SessionServer};
use crate::common::chromium::Browser;
use crate::common::sql;

/// An address of the router, what is looked at there, and where that is.
type Page = (&'static str, &'static str, &'static str);

const LONG_NAME: &str = "weekly-with-a-long-name.so-that-it-has-to-be-broken-at-320-pixel";

/// With the sandbox behind it, as [`fill`] leaves it.
const PAGES: [Page; 45] = [
    ("/", "now", "/"),
    ("/jobs", "jobs", "/jobs"),
    ("/jobs/{job}", "job paused", "/jobs/1"),
    ("/jobs/{job}", "job finished", "/jobs/2"),
    ("/jobs/{job}", "job that restores", "/jobs/3"),
    ("/jobs/{job}", "job cancelled", "/jobs/4"),
    ("/jobs/{job}", "job taken back", "/jobs/5"),
    ("/jobs/{job}", "job at work", "/jobs/6"),
    ("/jobs/{job}", "job said", "/jobs/1?said=paused"),
    ("/jobs/{job}/rows", "rows", "/jobs/1/rows"),
    ("/jobs/{job}/rows", "rows of nothing", "/jobs/1/rows?q=nobody"),
    ("/jobs/{job}/rows/{task}", "row", "/jobs/1/rows/1"),
    ("/jobs/{job}/cancel", "cancel", "/jobs/1/cancel"),
    ("/jobs/{job}/verify", "verify before", "/jobs/1/verify"),
    ("/jobs/{job}/verify", "verified", "/jobs/2/verify"),
    ("/jobs/{job}/verify", "verify taken back", "/jobs/5/verify"),
    ("/jobs/{job}/by-hand", "by hand", "/jobs/6/by-hand"),
    ("/jobs/{job}/by-hand", "nothing by hand", "/jobs/2/by-hand"),
    ("/jobs/{job}/undo", "restore", "/jobs/1/undo"),
    ("/jobs/{job}/undo", "restored", "/jobs/2/undo"),
    ("/jobs/{job}/forget", "forget", "/jobs/2/forget"),
    ("/new", "new", "/new"),
    ("/new/{upload}", "checked", "UPLOAD"),
    ("/lists", "lists", "/lists"),
    ("/lists/new", "read a list", "/lists/new?account=sandbox&list=following"),
    ("/lists/{list}", "list", "/lists/1"),
    ("/lists/{list}", "list filtered", "/lists/1?limit=3&order=oldest&matching=a&visibility=public"),
    ("/lists/{list}", "list filtered to nothing", "/lists/1?matching=nobodysaysthis"),
    ("/lists/{list}", "list of tags", "/lists/2"),
    ("/lists/{list}", "list not read", "/lists/3"),
    ("/lists/{list}/job", "job of a list", "/lists/1/job?limit=3"),
    ("/lists/{list}/remove", "delete a list", "/lists/1/remove"),
    ("/schedules", "schedules", "/schedules"),
    ("/schedules/new", "new schedule", "/schedules/new?account=sandbox&list=likes&older-than=1y"),
    ("/schedules/edit", "change a schedule", "/schedules/edit?name=nightly"),
    ("/schedules/remove", "remove a schedule", "/schedules/remove?name=nightly"),
    ("/accounts", "accounts", "/accounts"),
    ("/accounts/connect", "connect", "/accounts/connect"),
    ("/accounts/{account}", "account", "/accounts/1"),
    ("/accounts/{account}/remove", "remove an account", "/accounts/1/remove"),
    ("/log", "log", "/log"),
    // What went wrong is a page as well.
    ("", "nowhere", "/nowhere"),
    ("", "no job of that name", "/jobs/no-such-job"),
    ("", "address that cannot be read", "/jobs/1/by-hand?page=x"),
    ("", "verify what restores", "/jobs/3/verify"),
];

/// With accounts that log in, as [`connect`] leaves them.
const PAGES_OF_LOGINS: [Page; 10] = [
    ("/", "now in need", "/"),
    ("/jobs/{job}", "job in need", "/jobs/1"),
    ("/accounts/connect", "ways to connect", "/accounts/connect"),
    ("/accounts/connect", "log in again", "/accounts/connect?account=bluesky-ada.example"),
    ("/accounts/connect/{login}", "login failed", "/accounts/connect/1"),
    ("/accounts/connect/{login}", "login done", "/accounts/connect/2"),
    ("/accounts/connect/{login}", "login on a page", "/accounts/connect/3"),
    ("/accounts/{account}", "account with a login", "/accounts/1"),
    ("/accounts/{account}/logout", "log out", "/accounts/1/logout"),
    ("/accounts", "accounts with logins", "/accounts"),
];

/// What answers with something else than a page.
const NO_PAGES: [&str; 10] = [
    "/jobs/{job}/report.csv",
    "/jobs/{job}/undo.csv",
    "/events",
    "/metrics",
    "/api/status",
    "/api/jobs/{name}",
    "/api/jobs/{name}/report",
    "/api/accounts",
    "/api/schedules",
    "/assets/",
];

fn looks(pages: &[Page]) -> Vec<(&'static str, &'static str)> {
    pages.iter().map(|(_, name, address)| (*name, *address)).collect()
}

#[test]
fn no_page_is_forgotten() {
    let routes = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/routes.rs")).unwrap();
    let gets = routes.split(".route(\"").skip(1).filter_map(|route| route.split_once('"'));
    let gets = gets.filter(|(_, methods)| methods.lines().next().unwrap().contains("get("));
    let gets: BTreeSet<&str> = gets.map(|(path, _)| path).collect();
    assert!(gets.len() > 30, "{gets:?}");
    let looked = PAGES.iter().chain(&PAGES_OF_LOGINS).map(|(route, ..)| *route).filter(|route| !route.is_empty());
    let mut known: BTreeSet<&str> = looked.collect();
    // Those of nobody who has come in, in a test of their own.
    known.insert("/login");
    let is_no_page = |path: &&str| {
        NO_PAGES.iter().any(|no_page| path == no_page || (*no_page == "/assets/" && path.starts_with(no_page)))
    };
    let left: BTreeSet<&str> = gets.iter().copied().filter(|path| !is_no_page(path)).collect();
    assert_eq!(known, left, "left: what is looked at here; right: src/web/routes.rs");
}

/// X's IDs that nobody has.
fn rows(from: u64, count: u64) -> String {
    let rows: String =
        (from..from + count).map(|n| format!("{}\n", 1_000_000_000_000_000_007_u64 + n * 7_919_000_001)).collect();
    format!("user_id\n{rows}")
}

/// Jobs in every state, lists, schedules, an account in need.
fn fill(browser: &Browser, served: &Served) {
    let cleanup = |words: &[&str]| {
        let done = served.cleanup(words);
        assert_eq!(done.status.code(), Some(0), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    };
    let press = |path: &str, selector: &str, until: &str| {
        browser.go(&served.url(path));
        browser.click(selector);
        browser.until(until);
    };
    let sql = |text: &str| assert_eq!(sql::change(served.home.sandbox_queue(), text), 1, "{text}");
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/jobs/unfollow.csv"), served.path("unfollow.csv")).unwrap();
    served.cleanup(&["load", "unfollow.csv"]);
    served.until("something has failed", |served| {
        let status: serde_json::Value = serde_json::from_slice(&served.cleanup(&["status", "--json"]).stdout).unwrap();
        (status["jobs"][0]["done"].as_u64() > Some(20)).then_some(())
    });
    cleanup(&["pause", "unfollow"]);
    for platform in ["bluesky", "mastodon"] {
        press("/accounts/connect", &format!("form:has(input[value={platform}]) button"), "Connected.");
    }
    cleanup(&["list", "likes", "--account", "bluesky-sandbox", "--limit", "4", "-o", "likes.csv"]);
    cleanup(&["load", "likes.csv", "--action", "unlike", "--account", "bluesky-sandbox", "--job", "old likes"]);
    browser.go(&served.url("/jobs/2"));
    browser.until("finished");
    press("/jobs/2/verify", "main form button.primary", "confirmed\n4");
    press("/jobs/2/undo", "main form button.danger", "Queued.");
    browser.until("finished");
    // The account of X has some slots left, and then waits.
    std::fs::write(served.path("many.csv"), rows(100, 60)).unwrap();
    cleanup(&["load", "many.csv", "--action", "unfollow", "--job", "called off"]);
    cleanup(&["cancel", "called off"]);
    cleanup(&["load", "many.csv", "--action", "unfollow", "--job", "taken back"]);
    sql("update job set state = 'unverified' where name = 'taken back'");
    // What is sent until this test ends, some slots at a time.
    std::fs::write(served.path("others.csv"), rows(300, 5_000)).unwrap();
    cleanup(&["load", "others.csv", "--action", "unfollow", "--job", "at work"]);
    browser.go(&served.url("/jobs/6/by-hand"));
    served.until("a row of it has failed", |served| {
        browser.go(&served.url("/jobs/6/by-hand"));
        browser.text().contains("I have done these").then_some(())
    });
    press("/lists/new?account=mastodon-sandbox&list=posts", "main form button.primary", "pass the filter");
    press("/lists/new?account=mastodon-sandbox&list=followed-tags", "main form button.primary", "pass the filter");
    std::fs::write(served.path("cut.zip"), "PK\u{3}\u{4} and nothing more").unwrap();
    browser.go(&served.url("/lists"));
    browser.write("#export-file", served.path("cut.zip").to_str().unwrap());
    browser.click("form[action$='/lists/export'] button");
    browser.until("It was not read to its end.");
    look_at(browser, served, &[("no schedules", "/schedules")]);
    // One with a past, one that is left out next.
    schedules::add(served, "nightly", &["--until", "06:00", "--jitter", "10m"]);
    press("/schedules", "form[action$='/schedules/run'] button", "(exit code");
    schedules::add(served, LONG_NAME, &["--keep", "few.csv"]);
    cleanup(&["schedule", "skip", LONG_NAME]);
}

#[test]
fn every_page_fits_in_both_themes_and_axe_finds_nothing() {
    let Some(browser) = Browser::open() else { return };
    let served = Served::start();
    bring_axe(&browser);
    come_in(&browser, &served);
    fill(&browser, &served);
    let upload = upload_sample(&browser, &served);
    let pages: Vec<(&str, &str)> = looks(&PAGES)
        .into_iter()
        .map(|(name, path)| (name, if path == "UPLOAD" { upload.as_str() } else { path }))
        .collect();
    look_at(&browser, &served, &pages);
    // Whatever is refused, and what is shown before it is kept.
    browser.go(&served.url("/jobs/6/by-hand"));
    browser.click("main form button.primary");
    browser.until("No row is ticked.");
    look_here(&browser, "nothing ticked");
    browser.go(&served.url("/schedules/new?account=sandbox&list=likes&older-than=1y"));
    browser.write("#name", "weekly");
    browser.write("#at", "02:00");
    browser.click("button[value=times]");
    browser.until("Its next times");
    look_here(&browser, "times of a schedule");
    fits_a_phone(&browser, &served);
    a_refused_file_keeps_its_form(&browser, &served);
    themes_are_chosen(&browser, &served);
    browser.click("form[action$='/logout'] button");
    browser.until("You are logged out");
    look_here(&browser, "logged out");
}

/// Sends the sample, which has rejected rows; the address of its check.
fn upload_sample(browser: &Browser, served: &Served) -> String {
    browser.go(&served.url("/new"));
    browser.write("#file", served.path("unfollow.csv").to_str().unwrap());
    // It stands behind a summary.
    browser.run("document.querySelector('#job').value = 'sample'");
    browser.click("form.fields button.primary");
    browser.until("What would happen");
    let address = browser.address();
    format!("/new/{}", address.rsplit_once('/').unwrap().1)
}

/// The switch works without the system's word, and leads back to where it was pressed.
fn themes_are_chosen(browser: &Browser, served: &Served) {
    browser.go(&served.url("/jobs/1"));
    browser.click("form[action$='/theme'] button");
    browser.until("Theme: light");
    assert_eq!(browser.run("return location.pathname").as_str().unwrap(), served.page("/jobs/1"));
    let ground = browser.run("return getComputedStyle(document.body).backgroundColor");
    assert_eq!(ground, "rgb(247, 246, 243)");
    // A page of what went wrong looks as the others do.
    for path in ["/nowhere", "/jobs/99", "/jobs/1/pause"] {
        browser.go(&served.url(path));
        assert_eq!(browser.run("return document.documentElement.dataset.theme"), "light", "{path}");
    }
    browser.go(&served.url("/jobs/1"));
}

/// A login that failed, one that is done, and one that waits for a person on a platform's page.
fn connect(browser: &Browser, served: &Served, (server, bench): (&SessionServer, &Bench)) {
    for (password, until) in [("wrong-canary", "Try again"), (APP_PASSWORD, "is connected.")] {
        browser.go(&served.url("/accounts/connect"));
        browser.write("#bluesky-handle", HANDLE);
        browser.write("#bluesky-password", password);
        browser.write("#bluesky-host", &server.host);
        browser.click("form:has(#bluesky-handle) button");
        browser.until(until);
    }
    browser.go(&served.url("/accounts/connect"));
    browser.write("#mastodon-host", &bench.host());
    browser.click("form:has(#mastodon-host) button");
    browser.until("Open this page");
    // An account that needs a person, with a row that waits for that.
    server.set(|state| state.taken_down = true);
    std::fs::write(served.path("unfollow.csv"), "did\ndid:plc:ewvi7nxzyoun6zhxrhs64oiz\n").unwrap();
    served.home.run(&["load", "unfollow.csv", "--account", "bluesky-ada.example"]).ends(0);
    browser.go(&served.url("/jobs/1"));
    browser.until("needs you");
}

#[test]
fn every_page_of_a_login_fits_in_both_themes_and_axe_finds_nothing() {
    let Some(browser) = Browser::open() else { return };
    let (server, bench) = (SessionServer::start(), Bench::new());
    let served = Served::real(&[]);
    bring_axe(&browser);
    come_in(&browser, &served);
    connect(&browser, &served, (&server, &bench));
    look_at(&browser, &served, &looks(&PAGES_OF_LOGINS));
    // Nobody is let in without the link, or the password.
    let closed = Served::start();
    look_at(&browser, &closed, &[("no entry", "/login")]);
    let words = ["--behind-proxy", "http://SOCKET"];
    let locked = Served::start_with(&words, &[("CLEANUP_WEB_PASSWORD", "correct horse battery staple")]);
    look_at(&browser, &locked, &[("password", "/login")]);
    browser.write("#password", "wrong");
    browser.click("form button");
    browser.until("That is not the password.");
    look_here(&browser, "wrong password");
}

/// What of a chart is written in letters too small to read, or stands outside of its card.
const CHART: &str = r"
    const chart = document.querySelector('svg.chart'), frame = chart.closest('section').getBoundingClientRect();
    const bad = [...chart.querySelectorAll('text')].filter(text => {
        const box = text.getBoundingClientRect();
        return box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1 || box.height < 9;
    });
    const lines = chart.getBoundingClientRect();
    if (lines.left < frame.left || lines.right > frame.right || frame.right > innerWidth) bad.push(chart);
    return bad.map(node => node.outerHTML);";

/// The chart is whole, fifty rows are no endless strip, what was turned can be turned back, and what has failed is told from what was
/// rejected by its colour.
fn fits_a_phone(browser: &Browser, served: &Served) {
    set_screen(browser, (360, "dark"));
    let page = |path: &str| browser.go(&served.url(path));
    page("/jobs/1");
    assert_eq!(browser.run(CHART), json!([]));
    let colours = browser.run(
        "const fill = name => getComputedStyle(document.querySelector('.legend .' + name)).fill;
         return new Set(['done', 'gone', 'failed', 'rejected', 'spared'].map(fill)).size",
    );
    assert_eq!(colours, 5);
    page("/jobs/1/rows");
    let rows = browser.run("return document.querySelectorAll('tbody tr').length");
    let height = || browser.run("return document.documentElement.scrollHeight").as_u64().unwrap();
    assert!(rows == 50 && height() < 8_000, "{rows} rows are {} high", height());
    // Whatever people call themselves.
    browser.run("document.querySelectorAll('td.brief').forEach(cell => cell.textContent = 'A long name '.repeat(40))");
    assert!(height() < 12_000, "{rows} rows with long names are {} high", height());
    page("/jobs/1/rows");
    let first = browser.run("return document.querySelector('tbody th').textContent");
    assert!(!browser.text().contains("Previous page") && !browser.text().contains("First page"));
    browser.click("a[rel=next]");
    browser.until("Previous page");
    assert_ne!(browser.run("return document.querySelector('tbody th').textContent"), first);
    browser.click("a[rel=prev]");
    browser.until("Next page");
    assert_eq!(browser.run("return document.querySelector('tbody th').textContent"), first);
}

/// What is wrong is changed in the form that comes back; the file is not sent again.
fn a_refused_file_keeps_its_form(browser: &Browser, served: &Served) {
    std::fs::write(served.path("people.csv"), "user_id,account_id\n1629556410996121225,1629556410996121226\n").unwrap();
    browser.go(&served.url("/new"));
    browser.write("#file", served.path("people.csv").to_str().unwrap());
    browser.run("document.querySelector('#action').value = 'unfollow'");
    browser.click("form.fields button.primary");
    browser.until("“Column of the targets”");
    look(browser, "refused", (360, "dark"));
    assert_eq!(browser.run("return document.querySelector('#action').value"), "unfollow");
    browser.write("#column", "user_id");
    browser.click("form.fields button.primary");
    browser.until("What would happen");
    look(browser, "checked again", (360, "dark"));
}
