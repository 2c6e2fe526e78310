//! Logging in on a real server's page: a browser of a few lines signs in and allows what is asked for, and the program works with tokens that
//! are bound to its key.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use serde_json::{Value, json};

use super::xrpc::{Person, Xrpc};
use crate::common::http::{Answer, send};
use crate::common::{Done, Home, sql};

const LIKES: &str = "app.bsky.feed.like";

/// Where the real server is under the name that it has for itself, and the directory of identities.
fn places() -> Option<(String, String)> {
    let server = std::env::var("CLEANUP_PDS").ok().filter(|url| !url.is_empty())?;
    let directory = std::env::var("CLEANUP_PLC").ok()?;
    Some((server.trim_start_matches("http://").replace("127.0.0.1", "localhost"), directory))
}

/// A browser that is at one page of the server's.
struct Browser {
    host: String,
    page: String,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// Opens the page.
    fn open(url: &str) -> Browser {
        let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let mut browser = Browser { host: host.to_owned(), page: url.to_owned(), cookies: BTreeMap::new() };
        let fetch = "sec-fetch-site: none\r\nsec-fetch-mode: navigate\r\nsec-fetch-dest: document\r\n";
        let page = browser.ask(&format!("GET /{path}"), fetch, "");
        assert_eq!(page.status, 200, "{page:?}");
        browser
    }

    fn ask(&mut self, line: &str, headers: &str, body: &str) -> Answer {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = format!(
            "{line} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nuser-agent: test\r\ncookie: {}\r\n{headers}content-length: {}\r\n\r\n{body}",
            self.host,
            cookies.join("; "),
            body.len()
        );
        let answer = send(&self.host.replace("localhost", "127.0.0.1"), &request);
        let set = answer.head.lines().filter_map(|line| line.split_once(": "));
        for (_, cookie) in set.filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")) {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    /// What the page's own program asks.
    fn call(&mut self, method: &str, authorization: &str, input: &Value) -> Value {
        let headers = format!(
            "sec-fetch-site: same-origin\r\nsec-fetch-mode: same-origin\r\norigin: http://{}\r\nreferer: {}\r\nx-csrf-token: {}\r\n\
             content-type: application/json\r\n{authorization}",
            self.host, self.page, self.cookies["csrf-token"]
        );
        let answer = self.ask(&format!("POST /@atproto/oauth-provider/~api/{method}"), &headers, &input.to_string());
        assert_eq!(answer.status, 200, "{method}: {answer:?}");
        serde_json::from_str(&answer.body).unwrap()
    }

    /// Signs in and allows what is asked for, or only these scopes of it; where the browser is sent to.
    fn allow(mut self, handle: &str, did: &str, only: Option<&str>) -> String {
        let input = json!({ "locale": "en", "username": handle, "password": "made-up", "remember": false });
        let token = self.call("sign-in", "", &input)["ephemeralToken"].as_str().unwrap().to_owned();
        let input = only.map_or_else(|| json!({ "did": did }), |scope| json!({ "did": did, "scope": scope }));
        let to = self.call("consent", &format!("authorization: Bearer {token}\r\n"), &input);
        let (_, path) = to["url"].as_str().unwrap().strip_prefix("http://").unwrap().split_once('/').unwrap();
        let headers = format!(
            "sec-fetch-site: same-origin\r\nsec-fetch-mode: navigate\r\nsec-fetch-dest: document\r\nreferer: {}\r\n",
            self.page
        );
        let sent = self.ask(&format!("GET /{path}"), &headers, "");
        let place =
            sent.head.lines().find_map(|line| line.strip_prefix("location: ").or(line.strip_prefix("Location: ")));
        place.unwrap_or_else(|| panic!("{sent:?}")).to_owned()
    }
}

/// A login of the program, headless.
fn log_in(home: &Home, me: &Person, handle: &str, actions: &str, only: Option<&str>) -> Done {
    let (host, directory) = places().unwrap();
    let words =
        ["account", "login", "sky", "--platform", "bluesky", "--host", &host, "--headless", "--actions", actions];
    let mut command = home.cleanup(words);
    command.env("CLEANUP_PLC_DIRECTORY", directory);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut url = String::new();
    out.read_line(&mut url).unwrap();
    if url.is_empty() {
        return Done::of(&child.wait_with_output().unwrap());
    }
    let back = Browser::open(url.trim()).allow(handle, &me.did, only);
    child.stdin.take().unwrap().write_all(format!("{back}\n").as_bytes()).unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    Done::of(&child.wait_with_output().unwrap())
}

fn did(n: u8) -> String {
    format!("did:plc:{}", char::from(b'a' + n).to_string().repeat(24))
}

fn count(home: &Home, finding: &str) -> i64 {
    sql::number(home.queue(), &format!("select count(*) from attempt where finding = '{finding}'"))
}

fn run(home: &Home, file: &str) -> Done {
    home.run(&["run", file, "--account", "sky", "--yes", "--pace", "front-load"])
}

fn age(home: &Home) {
    sql::change(home.queue(), "update credential set expires_at = 1790000000000");
}

#[test]
fn a_login_on_the_page_does_what_it_was_granted_is_refreshed_and_ends() {
    let Some(server) = Xrpc::real() else { return };
    let (me, home) = (Person::new(&server), Home::new());
    let handle = server.get("com.atproto.server.getSession", &me.token).text("handle");
    for n in 0..12 {
        me.follow(&did(n));
    }
    let done = log_in(&home, &me, &handle, "unfollow", None).ends(0);
    let done = done.says(&format!("logged in: sky is user {} on bluesky at localhost:", me.did));
    let done = done.says(&handle).says("atproto repo:app.bsky.graph.follow?action=delete");
    assert!(!done.err.contains("was not granted"), "{}", done.err);
    home.run(&["account", "check", "sky"]).ends(0).says(&format!("user {} ({handle})", me.did)).says("at the most");

    let job = |name: &str, from: u8| {
        let rows: String = (from..from + 6).map(|n| format!("{}\n", did(n))).collect();
        home.write(name, format!("target_id\n{rows}"));
    };
    job("first.csv", 0);
    home.run(&["run", "first.csv", "--action", "unfollow", "--account", "sky", "--yes", "--pace", "front-load"])
        .ends(0)
        .says("6 done");
    assert_eq!((count(&home, "done"), count(&home, "unproven"), count(&home, "unauthorized")), (6, 0, 0));
    // The access token is over: the refresh token and the key bring the next pair, and the one after that.
    let generation = || sql::number(home.queue(), "select generation from credential");
    for _ in 0..2 {
        let before = generation();
        age(&home);
        home.run(&["account", "check", "sky"]).ends(0);
        assert!(generation() > before);
    }
    job("second.csv", 6);
    home.run(&["run", "second.csv", "--action", "unfollow", "--account", "sky", "--yes", "--pace", "front-load"])
        .ends(0)
        .says("6 done");
    assert_eq!(me.list("app.bsky.graph.follow", "").body["records"], json!([]));
    home.run(&["account", "logout", "sky"]).ends(0).says("revoked at the platform and deleted here");
}

#[test]
fn what_was_not_granted_is_told_and_refused_by_the_server() {
    let Some(server) = Xrpc::real() else { return };
    let (me, home) = (Person::new(&server), Home::new());
    let handle = server.get("com.atproto.server.getSession", &me.token).text("handle");
    let post = format!("at://{}/app.bsky.feed.post/3l6oveex3ii2l", did(1));
    let cid = "bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";
    let record =
        json!({ "$type": LIKES, "subject": { "uri": post, "cid": cid }, "createdAt": "2024-01-01T00:00:00.000Z" });
    let input = json!({ "repo": me.did, "collection": LIKES, "record": record });
    assert_eq!(server.post("com.atproto.repo.createRecord", &me.token, &input).status, 200);
    // The person takes something off on the page.
    let done = log_in(&home, &me, &handle, "unfollow,unlike", Some("atproto repo:app.bsky.graph.follow?action=delete"));
    done.ends(0).says("repo:app.bsky.feed.like?action=delete was not granted, so unlike will be refused");
    home.write("unlike.csv", format!("target_id\n{post}\n"));
    // The server says so too, and it is the login's fault and not the row's.
    run(&home, "unlike.csv").ends(77).says("repo:app.bsky.feed.like?action=delete").says("Missing required scope");
    assert_eq!((count(&home, "not_granted"), count(&home, "unauthorized")), (1, 0));
    assert_eq!(me.list(LIKES, "").body["records"].as_array().unwrap().len(), 1);
    log_in(&home, &me, &handle, "unlike", None).ends(0).says("the earlier login of sky is revoked");
    run(&home, "unlike.csv").ends(0);
    assert_eq!(me.list(LIKES, "").body["records"], json!([]));
}

#[test]
fn every_action_and_its_list_can_be_granted_and_every_record_goes() {
    let Some(server) = Xrpc::real() else { return };
    let (me, home) = (Person::new(&server), Home::new());
    let handle = server.get("com.atproto.server.getSession", &me.token).text("handle");
    let create = |collection: &str, key: Option<&str>, mut record: Value| {
        record["$type"] = collection.into();
        record["createdAt"] = "2024-01-01T00:00:00.000Z".into();
        let mut input = json!({ "repo": me.did, "collection": collection, "record": record, "validate": false });
        if let Some(key) = key {
            input["rkey"] = key.into();
        }
        let made = server.post("com.atproto.repo.createRecord", &me.token, &input);
        assert_eq!(made.status, 200, "{made:?}");
        made.text("uri")
    };
    let others = format!("at://{}/app.bsky.feed.post/3l6oveex3ii2l", did(1));
    let subject = json!({ "uri": others, "cid": "bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy" });
    create("app.bsky.feed.repost", None, json!({ "subject": subject }));
    create("app.bsky.graph.block", None, json!({ "subject": did(2) }));
    let post = create("app.bsky.feed.post", None, json!({ "text": "made up" }));
    let key = post.rsplit_once('/').unwrap().1;
    create("app.bsky.feed.threadgate", Some(key), json!({ "post": post }));
    create("app.bsky.feed.postgate", Some(key), json!({ "post": post }));

    let all =
        "unfollow,unlike,unrepost,unmute,unblock,delete-post,unbookmark,follow,like,repost,mute,block,post,bookmark";
    let done = log_in(&home, &me, &handle, all, None).ends(0);
    assert!(!done.err.contains("was not granted"), "{}", done.err);
    for (file, target) in [("unrepost.csv", &others), ("unblock.csv", &did(2)), ("delete-post.csv", &post)] {
        home.write(file, format!("target_id\n{target}\n"));
        run(&home, file).ends(0).says("1 done");
    }
    for collection in ["feed.repost", "graph.block", "feed.post", "feed.threadgate", "feed.postgate"] {
        assert_eq!(me.list(&format!("app.bsky.{collection}"), "").body["records"], json!([]), "{collection}");
    }
}

#[test]
fn a_grant_to_put_back_restores_what_it_has_deleted() {
    let Some(server) = Xrpc::real() else { return };
    let (me, home) = (Person::new(&server), Home::new());
    let handle = server.get("com.atproto.server.getSession", &me.token).text("handle");
    me.follow(&did(0));
    log_in(&home, &me, &handle, "unfollow", None).ends(0);
    home.write("unfollow.csv", format!("target_id\n{}\n", did(0)));
    run(&home, "unfollow.csv").ends(0);
    let refused = home.run(&["undo", "unfollow", "--apply", "--yes"]).ends(77);
    refused
        .says("repo:app.bsky.graph.follow?action=create&action=update")
        .says("account login sky --actions unfollow,follow");
    log_in(&home, &me, &handle, "unfollow,follow", None).ends(0);
    home.run(&["undo", "unfollow", "--apply", "--yes"]).ends(0);
    assert_eq!(me.list("app.bsky.graph.follow", "").body["records"].as_array().unwrap().len(), 1);
}
