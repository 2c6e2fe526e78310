//! Mastodon in the program's own sandbox: rows that name users by their addresses and posts by links to them.

use crate::common::Home;

const ADA: [&str; 3] = ["--sandbox", "--account", "mastodon-ada"];

/// The cells of a list in these columns.
fn listed(home: &Home, list: &str, columns: [&str; 2]) -> Vec<[String; 2]> {
    let csv = home.run(&[&["list", list, "--limit", "40"][..], &ADA].concat()).ends(0).out;
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let at = columns.map(|column| rows.headers().unwrap().iter().position(|name| name == column).unwrap());
    rows.records().map(|row| row.unwrap()).map(|row| at.map(|at| row[at].to_owned())).collect()
}

fn told(home: &Home, job: &str) -> Vec<(String, String)> {
    let receipts = home.run(&["report", job, "--sandbox", "--format", "json"]).ends(0).json();
    let text = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    receipts.as_array().unwrap().iter().map(|row| (text(row, "outcome"), text(row, "reason"))).collect()
}

fn is(outcome: &str, reason: &str) -> (String, String) {
    (outcome.to_owned(), reason.to_owned())
}

#[test]
fn addresses_of_users_are_looked_up_and_are_their_ids() {
    let home = Home::new();
    let address = |name: &str| name.rsplit_once("(@").map(|(_, rest)| rest.trim_end_matches(')').to_owned());
    let users: Vec<(String, String)> = listed(&home, "following", ["target_id", "name"])
        .into_iter()
        .filter_map(|[id, name]| Some((id, address(&name)?)))
        .filter(|(_, address)| address.contains('@'))
        .collect();
    let [(one, one_address), (_, two_address), (three, three_address), ..] = &users[..] else { panic!("{users:?}") };
    let (two_user, two_host) = two_address.split_once('@').unwrap();
    home.write(
        "unfollow.csv",
        format!("acct\n{one_address}\n{one}\nhttps://{two_host}/@{two_user}\n@gone_x@b.example\n@{three_address}\n"),
    );
    home.write("keep.txt", format!("{three}\n"));
    home.run(&[&["load", "unfollow.csv", "--column", "acct", "--keep", "keep.txt"][..], &ADA].concat())
        .ends(0)
        .says("5 to do");
    home.run(&["explain", &format!("@{one_address}"), "--sandbox"]).ends(0).says("has not been looked up yet");
    home.run(&["resume", "--sandbox", "--pace", "front-load"]).ends(3).says("names looked up");
    let told = told(&home, "unfollow");
    assert_eq!(told[0], is("duplicate", "duplicate"), "{told:?}");
    assert_eq!((&told[3], &told[4]), (&is("failed", "handle_not_found"), &is("kept", "keep_list")), "{told:?}");
    assert!(told[1..3].iter().all(|(outcome, _)| ["done", "failed", "gone"].contains(&outcome.as_str())), "{told:?}");
    home.run(&["explain", &format!("@{two_address}"), "--sandbox"]).ends(0).says("was found to mean this target");
}

#[test]
fn links_to_posts_of_any_server_are_searched_for() {
    let home = Home::new();
    // A repost has an ID of its own, and the link of the post that it repeats.
    let is_its_own = |[id, link]: &[String; 2]| link.ends_with(id.as_str());
    let posts: Vec<_> = listed(&home, "likes", ["target_id", "link"]).into_iter().filter(is_its_own).collect();
    let [[one, one_link], [_, two_link], ..] = &posts[..] else { panic!("{posts:?}") };
    home.write(
        "unlike.csv",
        format!("target_id\n{one}\n{one_link}\n{two_link}?x=1\nhttps://b.example/@b/gone1\nada@b.example\n"),
    );
    home.run(&[&["run", "unlike.csv", "--pace", "front-load"][..], &ADA].concat()).ends(3);
    let told = told(&home, "unlike");
    assert_eq!((&told[1], &told[3]), (&is("duplicate", "duplicate"), &is("failed", "post_not_found")), "{told:?}");
    assert_eq!(told[4], is("rejected", "wrong_kind"), "{told:?}");
    assert!([0, 2].iter().all(|row| ["done", "failed", "gone"].contains(&told[*row].0.as_str())), "{told:?}");
}

/// What an address on a keep list means is asked before a row that has the ID alone is sent; who has no address is nobody's.
#[test]
fn an_address_on_a_keep_list_spares_a_row_that_has_the_id_alone() {
    let home = Home::new();
    let users = listed(&home, "following", ["target_id", "handle"]);
    let remote = |[_, address]: &&[String; 2]| !address.is_empty();
    let users: Vec<&[String; 2]> = users.iter().filter(remote).collect();
    let [[one, one_address], [two, two_address], [three, _], ..] = &users[..] else { panic!("{users:?}") };
    assert!(one_address.contains('@') && !one_address.starts_with('@'), "{one_address}");
    let (two_user, two_host) = two_address.split_once('@').unwrap();
    home.write("unfollow.csv", format!("target_id\n{one}\n{two}\n{three}\n"));
    home.write("keep.txt", format!("{one_address}\nhttps://{two_host}/@{two_user}\n@gone_x@b.example\n"));
    let words = [&["run", "unfollow.csv", "--keep", "keep.txt", "--pace", "front-load"][..], &ADA].concat();
    let done = home.run(&words);
    for said in [
        "3 names on the keep list are looked up before a row that has an ID alone is sent",
        "3 names of keep lists looked up; 3 requests",
        "@gone_x@b.example (handle_not_found); it spares no row that has an ID alone",
    ] {
        assert!(done.err.contains(said), "{said}: {}", done.err);
    }
    let told = told(&home, "unfollow");
    assert_eq!((&told[0], &told[1]), (&is("kept", "keep_list"), &is("kept", "keep_list")), "{told:?}");
    assert!(["done", "failed", "gone"].contains(&told[2].0.as_str()), "{told:?}");
    // What is known is not asked about again, and a list that grows is.
    home.write("unfollow.csv", format!("target_id\n{one}\n{two}\n{three}\n{}\n", users[3][0]));
    home.write("keep.txt", format!("{one_address}\n{two_address}\n@{}\n", users[3][1]));
    let done = home.run(&words);
    assert!(
        done.err.contains("1 name of keep lists looked up; 1 request")
            || done.err.contains("3 names of keep lists looked up; 1 request"),
        "{}",
        done.err
    );
}
