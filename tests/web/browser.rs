//! A person's way through the dashboard in Chromium, and how its pages look at three widths in both themes. `CLEANUP_SHOTS=FOLDER`
//! keeps the pictures.

use base64::Engine;
use serde_json::json;

use crate::common::chromium::Browser;
use crate::web::served::Served;

const AXE: &str = include_str!("vendor/axe.min.js");

/// Words of people's length that stand in two lines. IDs, paths and names longer than a phone is wide have to be broken somewhere.
const BROKEN_WORDS: &str = r"
    const broken = [], texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), range = document.createRange();
    while (texts.nextNode()) {
        const text = texts.currentNode;
        if (!text.parentElement.checkVisibility()) continue;
        for (const token of text.data.matchAll(/\S+/gu)) for (const word of token[0].matchAll(/[\p{L}\d]+/gu)) {
            if (token[0].length > 20) continue;
            range.setStart(text, token.index + word.index);
            range.setEnd(text, token.index + word.index + word[0].length);
            const tops = new Set([...range.getClientRects()].map(box => Math.round(box.top)));
            if (tops.size > 1) broken.push(word[0] + ' in ' + text.data.slice(0, 60));
        }
    }
    return broken;";

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

/// Comes in with the one-time link.
pub(crate) fn come_in(browser: &Browser, served: &Served) {
    browser.go(&served.link());
    browser.until("Log out");
    served.learn(&browser.address());
}

#[test]
fn a_persons_way_from_the_link_to_the_report() {
    let Some(browser) = Browser::open() else { return };
    let served = Served::start();
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/jobs/unfollow.csv");
    come_in(&browser, &served);
    browser.until("Nothing is queued");
    browser.click("a.button.primary");
    browser.write("#file", sample);
    browser.click("form.fields button.primary");
    // The check, before anything is queued.
    browser.until("What would happen");
    assert!(browser.text().contains("unfollow 101 users as sandbox"), "{}", browser.text());
    assert!(browser.text().contains("1.23457E+18"));
    assert_eq!(served.cleanup(&["status"]).stdout.windows(8).filter(|w| w == b"unfollow").count(), 0);
    browser.click("section.card button.primary");
    browser.until("Queued. Its rows are sent as the rate limit allows.");
    // It moves by itself.
    browser.until("done about");
    browser.click("form[action$='/pause'] button");
    browser.until("Paused.");
    assert!(browser.text().contains("paused"));
    browser.click("form[action$='/unpause'] button");
    browser.until("Resumed.");
    // Watched to its end without touching the page.
    browser.until("finished");
    let text = browser.text();
    for number in ["98\n", "2\n", "1\n", "11\n"] {
        assert!(text.contains(number), "{number:?}? {text}");
    }
    // Why did that one fail?
    browser.click("a[href*='outcome=failed'][href*='reason=']");
    browser.until("not authorized");
    browser.click("tbody th a");
    browser.until("HTTP 403");
    browser.click("form[action$='/retry'] button");
    browser.until("Failed rows are queued again.");
    browser.until("finished");
    // The report is the command's, to the letter.
    let report = browser.run_async(
        "const done = arguments[0]; fetch(document.querySelector('a[download]').href).then(a => a.text()).then(done)",
    );
    let told = String::from_utf8(served.cleanup(&["report", "unfollow"]).stdout).unwrap();
    assert_eq!(report.as_str().unwrap(), told);
    browser.go(&served.url("/log"));
    let log = browser.text();
    for deed in ["log-in", "load", "pause", "unpause", "retry"] {
        assert!(log.contains(deed), "{deed}? {log}");
    }
}

#[test]
fn pages_fit_three_widths_in_both_themes_and_axe_finds_nothing() {
    let Some(browser) = Browser::open() else { return };
    let served = Served::start();
    let sample = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/jobs/unfollow.csv")).unwrap();
    std::fs::write(served.path("unfollow.csv"), sample).unwrap();
    served.cleanup(&["load", "unfollow.csv"]);
    come_in(&browser, &served);
    served.until("something has failed", |served| {
        let status = served.cleanup(&["status", "--json"]);
        let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
        (status["jobs"][0]["done"].as_u64() > Some(20)).then_some(())
    });
    served.cleanup(&["pause", "unfollow"]);
    look_at(&browser, &served, &[("no schedules", "/schedules")]);
    // One with a past, one that is left out next.
    crate::web::schedules::add(&served, "nightly", &["--until", "06:00", "--jitter", "10m"]);
    browser.go(&served.url("/schedules"));
    browser.click("form[action$='/schedules/run'] button");
    browser.until("(exit code");
    crate::web::schedules::add(
        &served,
        "weekly-with-a-long-name.so-that-it-has-to-be-broken-at-320-pixel",
        &["--keep", "few.csv"],
    );
    served.cleanup(&["schedule", "skip", "weekly-with-a-long-name.so-that-it-has-to-be-broken-at-320-pixel"]);
    // A list that is kept, and what leads to it and on from it.
    browser.go(&served.url("/lists/new?account=sandbox&list=posts"));
    browser.click("main form button.primary");
    browser.until("pass the filter");
    let pages = [
        ("now", "/"),
        ("lists", "/lists"),
        ("read a list", "/lists/new?account=sandbox&list=following"),
        ("list", "/lists/1"),
        ("list filtered", "/lists/1?limit=3&order=oldest&matching=a&visibility=public"),
        ("job of a list", "/lists/1/job?limit=3"),
        ("delete a list", "/lists/1/remove"),
        ("connect", "/accounts/connect"),
        ("account", "/accounts/1"),
        ("remove an account", "/accounts/1/remove"),
        ("verify", "/jobs/1/verify"),
        ("by hand", "/jobs/1/by-hand"),
        ("restore", "/jobs/1/undo"),
        ("new schedule", "/schedules/new?account=sandbox&list=likes&older-than=1y"),
        ("change a schedule", "/schedules/edit?name=nightly"),
        ("schedules", "/schedules"),
        ("remove a schedule", "/schedules/remove?name=nightly"),
        ("jobs", "/jobs"),
        ("job", "/jobs/1"),
        ("rows", "/jobs/1/rows"),
        ("row", "/jobs/1/rows/1"),
        ("cancel", "/jobs/1/cancel"),
        ("new", "/new"),
        ("accounts", "/accounts"),
        ("log", "/log"),
        ("nowhere", "/nowhere"),
    ];
    look_at(&browser, &served, &pages);
    fits_a_phone(&browser, &served);
    a_refused_file_keeps_its_form(&browser, &served);
    // The switch works without the system's word, and leads back to where it was pressed.
    browser.go(&served.url("/jobs/1"));
    browser.click("form[action$='/theme'] button");
    browser.until("Theme: light");
    assert_eq!(browser.run("return location.pathname").as_str().unwrap(), served.page("/jobs/1"));
    let ground = browser.run("return getComputedStyle(document.body).backgroundColor");
    assert_eq!(ground, "rgb(247, 246, 243)");
    // A page of what went wrong looks as the others do.
    for path in ["/nowhere", "/jobs/99"] {
        browser.go(&served.url(path));
        assert_eq!(browser.run("return document.documentElement.dataset.theme"), "light", "{path}");
    }
}

/// The chart is whole, fifty rows are no endless strip, what was turned can be turned back, and what has failed is told from what was
/// rejected by its colour.
fn fits_a_phone(browser: &Browser, served: &Served) {
    let size = json!({ "width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": false });
    browser.devtools("Emulation.setDeviceMetricsOverride", size);
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
    look(browser, "refused", 360, "dark");
    assert_eq!(browser.run("return document.querySelector('#action').value"), "unfollow");
    browser.write("#column", "user_id");
    browser.click("form.fields button.primary");
    browser.until("What would happen");
    look(browser, "checked", 360, "dark");
}

/// Looks at pages at three widths in both themes.
fn look_at(browser: &Browser, served: &Served, pages: &[(&str, &str)]) {
    for (theme, scheme) in [("light", "light"), ("dark", "dark")] {
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        browser.devtools("Emulation.setEmulatedMedia", media);
        for width in [360, 820, 1440] {
            let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
            browser.devtools("Emulation.setDeviceMetricsOverride", size);
            for (name, path) in pages {
                browser.go(&served.url(path));
                look(browser, name, width, theme);
            }
        }
    }
}

/// No sideways scrolling, no violation, and something on the picture.
fn look(browser: &Browser, name: &str, width: u32, theme: &str) {
    let wide = browser.run("return document.documentElement.scrollWidth").as_u64().unwrap();
    assert!(wide <= u64::from(width), "{name} is {wide} wide at {width}");
    let broken = browser.run(BROKEN_WORDS);
    assert_eq!(broken, json!([]), "{name} at {width}, {theme}: words are broken in the middle");
    let rules = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']";
    let violations = browser.run_async(&format!(
        "{AXE}; const done = arguments[0]; axe.run(document, {{ runOnly: {rules} }}).then(found => done(found.violations.map(
         v => v.id + ': ' + v.nodes.map(n => n.html).join(' | '))), error => done([String(error)]))"
    ));
    assert_eq!(violations, json!([]), "{name} at {width}, {theme}");
    let colours = json!({ "format": "png", "captureBeyondViewport": true });
    let picture = browser.devtools("Page.captureScreenshot", colours);
    let png = base64::engine::general_purpose::STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
    // An empty page of this size is packed into about 3 kB.
    assert!(png.starts_with(b"\x89PNG") && png.len() > 6_000, "{name} at {width}, {theme}: {} bytes", png.len());
    if let Some(folder) = std::env::var_os("CLEANUP_SHOTS") {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(std::path::Path::new(&folder).join(format!("{name}-{width}-{theme}.png")), png).unwrap();
    }
}

#[test]
fn a_page_of_another_origin_gets_nothing_with_the_cookie_in_the_browser() {
    let Some(browser) = Browser::open() else { return };
    let served = Served::start();
    come_in(&browser, &served);
    browser.until("Nothing is queued");
    // localhost is another site than 127.0.0.1, and another origin; a server of our own there is the stranger.
    let stranger = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = stranger.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in stranger.incoming().flatten() {
            let _ = std::io::Read::read(&mut stream, &mut [0; 4096]);
            let page = "<!doctype html><title>stranger</title><p>hello";
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                page.len()
            );
            let _ = std::io::Write::write_all(&mut stream, (head + page).as_bytes());
        }
    });
    browser.go(&format!("http://localhost:{port}/"));
    let (home, address) = (served.url("/"), &served.address);
    let ours = home.trim_end_matches('/');
    let got = browser.run_async(&format!(
        "const done = arguments[0];
         const ask = (path, options) => fetch('{ours}' + path, {{ credentials: 'include', ...options }}).then(a => a.type + a.status, () => 'nothing');
         const image = new Promise(r => {{ const i = new Image(); i.onload = () => r('image'); i.onerror = () => r('nothing'); i.src = 'http://{address}/assets/icon.svg'; }});
         const frame = new Promise(r => {{ const f = document.createElement('iframe'); f.src = '{ours}/'; f.onload = () => {{ try {{ r(f.contentDocument ? 'own' : 'nothing'); }} catch {{ r('nothing'); }} }}; document.body.append(f); }});
         const events = new Promise(r => {{ const e = new EventSource('{ours}/events', {{ withCredentials: true }}); e.onopen = () => r('events'); e.onerror = () => r('nothing'); }});
         Promise.all([ask('/api/status'), ask('/', {{}}), ask('/engine/wake', {{ method: 'POST' }}), image, frame, events]).then(done)"
    ));
    assert_eq!(got, json!(["nothing", "nothing", "nothing", "nothing", "nothing", "nothing"]));
    assert!(!served.get("/log", &served.cookie()).body.contains("try-again"));
}

#[test]
fn two_dashboards_of_one_machine_do_not_know_of_each_other() {
    let Some(browser) = Browser::open() else { return };
    let (one, other) = (Served::start(), Served::start());
    come_in(&browser, &one);
    come_in(&browser, &other);
    for served in [&one, &other, &one] {
        browser.go(&served.url("/jobs"));
        assert!(browser.text().contains("Log out"), "{}", browser.text());
        // What is pressed is done there, and the stream of events is its own. The page that a press asks for is another document, at the same
        // address.
        browser.run("window.isBeforeThePress = true");
        browser.click("form[action$='/theme'] button");
        let began = std::time::Instant::now();
        while browser.run("return window.isBeforeThePress === true") == json!(true) && began.elapsed().as_secs() < 30 {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        assert_eq!(browser.address(), served.url("/jobs"));
        browser.until("live");
    }
    // The page that the last press has asked for may still be on its way.
    browser.go(&one.url("/jobs"));
    browser.click("form[action$='/logout'] button");
    browser.until("You are logged out");
    browser.go(&other.url("/jobs"));
    assert!(browser.text().contains("Log out"), "{}", browser.text());
    // Another server of this machine is asked by the same browser, for the same host.
    let stranger = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = stranger.local_addr().unwrap().port();
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = stranger.accept().unwrap();
        let mut head = vec![0; 8192];
        let length = std::io::Read::read(&mut stream, &mut head).unwrap();
        let page = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi";
        std::io::Write::write_all(&mut stream, page.as_bytes()).unwrap();
        String::from_utf8_lossy(&head[..length]).into_owned()
    });
    browser.go(&format!("http://127.0.0.1:{port}/jobs"));
    let head = heard.join().unwrap();
    assert!(head.contains("cleanup_theme"), "it gets the cookies of this host: {head}");
    assert!(!head.contains("cleanup_session") && !head.contains(one.page("/").trim_matches('/')), "{head}");
}
