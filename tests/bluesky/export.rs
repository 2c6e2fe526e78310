//! What a real server exports of an account, beside what it lists: row for row the same.

use serde_json::{Value, json};

use super::undo::{at_a_real_server, did};
use super::xrpc::Person;
use crate::common::{Home, RunToEnd};

/// More than a page of the longest list, and a tree of several layers.
const FOLLOWED: usize = 230;
const POSTS: usize = 60;

fn create(me: &Person, collection: &str, record: Value) -> String {
    let mut record = record;
    record["$type"] = json!(collection);
    record["createdAt"] = json!("2024-01-01T00:00:00.000Z");
    let input = json!({ "repo": me.did, "collection": collection, "record": record, "validate": false });
    let made = me.server.post("com.atproto.repo.createRecord", &me.token, &input);
    assert_eq!(made.status, 200, "{made:?}");
    made.text("uri")
}

fn compare(home: &Home, url: &str, me: &Person, (handle, app_password): (&str, &str)) {
    let cid = "bafyreih44rke7hvykme3yku2mt3jzwojhdrde4fmglacd7i3vizusr4dq4";
    for n in 0..FOLLOWED {
        create(me, "app.bsky.graph.follow", json!({ "subject": did(n) }));
    }
    for n in 0..POSTS {
        let post = create(
            me,
            "app.bsky.feed.post",
            json!({ "text": format!("no. {n}, \"so\"\nit is \u{1f986}"), "more": [null, -1, {"a": true}] }),
        );
        let subject = json!({ "uri": post, "cid": cid });
        create(me, "app.bsky.feed.like", json!({ "subject": subject }));
        create(me, "app.bsky.feed.repost", json!({ "subject": subject }));
        create(me, "app.bsky.graph.block", json!({ "subject": did(n) }));
    }
    // What is no target is on neither.
    create(me, "app.bsky.feed.like", json!({ "subject": { "uri": "https://example.org", "cid": cid } }));
    let login = ["account", "login", "sky", "--platform", "bluesky", "--host", url.trim_start_matches("http://")];
    home.cleanup(login).fed(&format!("{handle}\n{app_password}\n")).ends(0);
    home.write("me.car", me.server.export(&me.did));
    for (list, count) in
        [("following", FOLLOWED), ("posts", POSTS), ("likes", POSTS), ("reposts", POSTS), ("blocks", POSTS)]
    {
        let listed = home.run(&["list", list, "--account", "sky"]).ends(0);
        let imported = home.run(&["import", "me.car", "--what", list, "--account", "sky"]).ends(0);
        assert_eq!(imported.out, listed.out, "{list}");
        let rows = csv::Reader::from_reader(imported.out.as_bytes()).records().count();
        assert_eq!(rows, count, "{list}");
    }
    // Somebody else's is refused for this account.
    home.write("other.car", me.server.export(&Person::new(&me.server).did));
    let other = ["import", "other.car", "--what", "likes", "--account", "sky"];
    home.run(&other).ends(65).says(&format!("and sky is user {}", me.did));
    // What was imported can be worked off.
    home.run(&["import", "me.car", "--what", "blocks", "-o", "unblock.csv"]).ends(0);
    home.run(&["run", "unblock.csv", "--account", "sky", "--yes"]).ends(0);
    assert_eq!(me.list("app.bsky.graph.block", "").body["records"], json!([]));
}

#[test]
fn a_real_servers_export_has_the_rows_of_its_lists() {
    at_a_real_server(compare);
}
