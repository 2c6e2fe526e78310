//! Lists of users that an account blocks: listed, unblocked, verified and blocked again, at the sandbox and at a real server. All of it rests on
//! the account's own records, so no app view is needed.

use serde_json::{Value, json};

use super::undo::{at_a_real_server, at_the_sandbox, did, log_in};
use super::xrpc::Person;
use crate::common::Home;

const LIST_BLOCKS: &str = "app.bsky.graph.listblock";

fn list(n: usize) -> String {
    format!("at://{}/app.bsky.graph.list/3l6oveex3ii2{}", did(n), char::from(b'a' + n as u8))
}

fn blocked(me: &Person) -> Vec<Value> {
    let mut all = me.list(LIST_BLOCKS, "&limit=100").body["records"].as_array().unwrap().clone();
    all.sort_by_key(|record| record["uri"].as_str().unwrap().to_owned());
    all
}

fn unblock(home: &Home, url: &str, me: &Person, login: (&str, &str)) {
    for n in 0..5 {
        let record = json!({ "$type": LIST_BLOCKS, "subject": list(n), "createdAt": "2024-01-01T00:00:00.000Z" });
        let input = json!({ "repo": me.did, "collection": LIST_BLOCKS, "record": record });
        let made = me.server.post("com.atproto.repo.createRecord", &me.token, &input);
        assert_eq!(made.status, 200, "{made:?}");
    }
    let before = blocked(me);
    log_in(home, url, login);
    home.run(&["list", "blocked-lists", "--account", "sky", "-o", "lists.csv"]).ends(0);
    let listed = std::fs::read_to_string(home.path("lists.csv")).unwrap();
    assert!((0..5).all(|n| listed.contains(&list(n))) && listed.lines().count() == 6, "{listed}");

    home.write("keep.txt", format!("{}\n{}\n", list(1), list(3)));
    let run = [
        "run",
        "lists.csv",
        "--action",
        "list-unblock",
        "--job",
        "lists",
        "--account",
        "sky",
        "--keep",
        "keep.txt",
        "--yes",
    ];
    home.run(&run).ends(0);
    let left: Vec<String> =
        blocked(me).iter().map(|one| one["value"]["subject"].as_str().unwrap().to_owned()).collect();
    assert_eq!(left, [list(1), list(3)]);
    let verified = home.run(&["verify", "lists", "--json"]).ends(0).json();
    assert_eq!((&verified["confirmed"], &verified["came_back"]), (&3.into(), &0.into()), "{verified}");

    home.run(&["undo", "lists", "--apply", "--yes"]).ends(0);
    assert_eq!(blocked(me), before, "every record is what it was, and stands where it stood");
}

#[test]
fn lists_are_unblocked_and_blocked_again_at_the_sandbox() {
    at_the_sandbox(unblock);
}

#[test]
fn lists_are_unblocked_and_blocked_again_at_a_real_server() {
    at_a_real_server(unblock);
}
