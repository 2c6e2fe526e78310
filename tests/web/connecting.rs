//! Accounts are connected by forms, at platforms that ask for passwords, pages and keys. No secret is in a page, an address, a log or the queue.

use super::served::{Answer, Served};
use crate::account::bench::{Bench, press, visit};
use crate::account::session_server::{APP_PASSWORD, HANDLE, SessionServer};

fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{answer:?}");
    answer.head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap().to_owned()
}

fn page_that_says(served: &Served, cookie: &str, path: &str, wanted: &str) -> String {
    served.until(wanted, |served| {
        let page = served.get(path, cookie).body;
        page.contains(wanted).then_some(page)
    })
}

/// The platform's page that a person is sent to.
fn platforms_page(served: &Served, cookie: &str, path: &str) -> String {
    let page = page_that_says(served, cookie, path, "Open the page");
    let url = page.split("target=\"_blank\"").next().unwrap().rsplit("href=\"").next().unwrap();
    url.split('"').next().unwrap().replace("&amp;", "&")
}

/// None of the program's files and none of what it says holds it.
fn is_kept_secret(served: &Served, secret: &str) {
    let folder = std::fs::read_dir(served.path(".local/share/cleanup")).unwrap().flatten();
    for file in folder.filter(|file| file.path().is_file()) {
        let bytes = std::fs::read(file.path()).unwrap();
        let is_there = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!is_there, "{secret} is in {}", file.path().display());
    }
    assert!(!served.said().contains(secret));
}

#[test]
fn a_name_and_an_app_password_connect_an_account() {
    let server = SessionServer::start();
    let served = Served::real(&[]);
    let cookie = served.cookie();
    assert!(served.get("/accounts/connect", &cookie).body.contains("App password"));
    let form = |password: &str| format!("platform=bluesky&handle=%40{HANDLE}&password={password}&host={}", server.host);
    let attempt = location(&served.post("/accounts/connect", &cookie, &form("wrong-canary")));
    let failed = page_that_says(&served, &cookie, &attempt, "role=\"alert\"");
    assert!(failed.contains("App passwords") && !failed.contains("wrong-canary"), "{failed}");
    let attempt = location(&served.post("/accounts/connect", &cookie, &form(APP_PASSWORD)));
    let done = page_that_says(&served, &cookie, &attempt, "is connected.");
    assert!(done.contains("bluesky-ada.example") && done.contains("The login lasts until"), "{done}");
    assert!(served.get("/accounts", &cookie).body.contains("bluesky-ada.example"));
    assert!(served.get("/log", &cookie).body.contains("bluesky-ada.example is connected"));
    // Its lists can be read at once.
    server.set(|state| state.follows = vec!["did:plc:ewvi7nxzyoun6zhxrhs64oiz".into()]);
    let list = location(&served.post("/lists/new", &cookie, "account=bluesky-ada.example&list=following"));
    assert!(page_that_says(&served, &cookie, &list, "pass the filter").contains("did:plc:ewvi7nxzyoun6zhxrhs64oiz"));
    // And it is logged out where it was logged in.
    assert!(served.get("/accounts/1/logout", &cookie).body.contains("revoked at the platform"));
    assert!(location(&served.post("/accounts/1/logout", &cookie, "")).contains("said=revoked"));
    is_kept_secret(&served, APP_PASSWORD);
    is_kept_secret(&served, "wrong-canary");
    let missing = served.post("/accounts/connect", &cookie, &format!("platform=bluesky&handle={HANDLE}"));
    assert!(missing.status == 422 && missing.body.contains("app password is missing"), "{missing:?}");
}

#[test]
fn a_server_is_named_and_its_page_leads_back() {
    let bench = Bench::new();
    let served = Served::real(&[]);
    let cookie = served.cookie();
    let form = format!("platform=mastodon&host={}&name=fedi", bench.host());
    let attempt = location(&served.post("/accounts/connect", &cookie, &form));
    let url = platforms_page(&served, &cookie, &attempt);
    assert!(url.starts_with(&format!("http://{}/oauth/authorize?", bench.host())), "{url}");
    let back = press(&url, "allow", "4242").unwrap();
    assert_eq!(visit(&back).0, 200);
    assert!(page_that_says(&served, &cookie, &attempt, "is connected.").contains("fedi"));
    is_kept_secret(&served, "sbx-host-at");
    // What is said of a job before it begins is what holds there.
    let list = location(&served.post("/lists/new", &cookie, "account=fedi&list=following"));
    page_that_says(&served, &cookie, &list, "pass the filter");
    let form = "limit=4&action=unfollow&account=fedi&job=tidy";
    let check = served.get(&location(&served.post(&format!("{list}/job"), &cookie, form)), &cookie).body;
    assert!(check.contains("Every server has rules of its own") && !check.contains("X forbids"), "{check}");
    // More than follows and likes is asked for where somebody says so.
    let form = format!("platform=mastodon&host=https%3A%2F%2F{}%2F&name=fedi&everything=on", bench.host());
    let whole = platforms_page(&served, &cookie, &location(&served.post("/accounts/connect", &cookie, &form)));
    for scope in ["bookmarks", "mutes", "blocks", "statuses"] {
        let scope = format!("read%3A{scope}");
        assert!(
            whole.contains(&scope) && (scope.ends_with("statuses") || !url.contains(&scope)),
            "{scope}: {url} {whole}"
        );
    }
    let wrong = served.post("/accounts/connect", &cookie, "platform=mastodon&host=a/b");
    assert!(wrong.status == 422 && wrong.body.contains("name of a server"), "{wrong:?}");
}

#[test]
fn an_app_of_ones_own_is_named_by_its_client_id() {
    let bench = Bench::new();
    let authorize = format!("{}/i/oauth2/authorize", bench.sandbox.base_url());
    let config = bench.path("config.toml").display().to_string();
    let api = bench.sandbox.base_url().to_owned();
    let served = Served::real(&[
        ("CLEANUP_X_API", &api),
        ("CLEANUP_X_AUTHORIZE", &authorize),
        ("CLEANUP_AISA_API", &api),
        ("CLEANUP_CONFIG", &config),
    ]);
    let cookie = served.cookie();
    assert!(served.get("/accounts/connect", &cookie).body.contains("Client ID of your app"));
    assert_eq!(served.post("/accounts/connect", &cookie, "platform=x-v2").status, 422, "an app is needed");
    let attempt = location(&served.post("/accounts/connect", &cookie, "platform=x-v2&client_id=public-app&name=work"));
    let url = platforms_page(&served, &cookie, &attempt);
    let back = press(&url, "allow", "2244994945").unwrap();
    assert_eq!(visit(&back).0, 200);
    assert!(page_that_says(&served, &cookie, &attempt, "is connected.").contains("work"));
    let check = served.post("/accounts/1/check", &cookie, "");
    assert!(check.status == 200 && check.body.contains("good"), "{check:?}");
    // Somebody says no.
    let attempt = location(&served.post("/accounts/connect", &cookie, "platform=x-v2&client_id=public-app&name=other"));
    let url = platforms_page(&served, &cookie, &attempt);
    let _ = visit(&press(&url, "deny", "4242").unwrap());
    page_that_says(&served, &cookie, &attempt, "role=\"alert\"");
}
