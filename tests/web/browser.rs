//! A person's way through the dashboard in Chromium, and what its pages are to others.

use serde_json::json;

use crate::common::chromium::Browser;
use crate::web::served::Served;

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
