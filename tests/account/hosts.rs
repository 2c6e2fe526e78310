//! Accounts that live at servers of their own, beside accounts of X, against one sandbox.

use crate::account::bench::{Bench, USER};

const FAST: [&str; 3] = ["--yes", "--pace", "front-load"];
/// Rows of X and of Mastodon; one names somebody where only IDs are taken.
const MIXED: &str = "account,target_id\n\
                     ada,1000000000000000007\n\
                     mastodon-fedi,1000000000000000008\n\
                     mastodon-fedi,@someone\n";

fn requests(bench: &Bench, user: &str) -> u64 {
    bench.sandbox.ledger().users.get(user).map_or(0, |user| user.requests)
}

#[test]
fn an_account_is_kept_with_its_host_and_a_file_may_name_it_beside_one_of_x() {
    let bench = Bench::new();
    let host = bench.host();
    bench.feed(&["account", "add", "ada", "--user-id", USER], &format!("sandbox-{USER}\n")).ends(0);
    let add = ["account", "add", "mastodon-fedi", "--platform", "mastodon"];
    bench.feed(&add, "sandbox-77\n").ends(2).says("--host example.social");
    bench.feed(&[&add[..], &["--host", "https://example.social/"]].concat(), "sandbox-77\n").ends(2);
    bench.feed(&["account", "add", "bob", "--host", &host], "sandbox-43\n").ends(2).says("leave --host out");
    bench.feed(&[&add[..], &["--host", &host]].concat(), "nobodys\n").ends(77);
    let kept = bench.feed(&[&add[..], &["--host", &host]].concat(), "sandbox-77\n").ends(0);
    assert!(kept.err.contains(&format!("user 77 on mastodon at {host}")), "{}", kept.err);
    let listed = bench.run(&["account", "list"]).ends(0).out;
    assert!(listed.contains(&format!("mastodon at {host}")), "{listed}");
    let json = bench.run(&["account", "list", "--json"]).ends(0).json();
    let hosts = json["accounts"].as_array().unwrap().iter().map(|account| account.get("host")).collect::<Vec<_>>();
    assert_eq!(hosts, [None, Some(&host.as_str().into())]);
    bench.run(&["account", "check", "mastodon-fedi"]).ends(0).says("user 77");

    bench.write("unmute.csv", MIXED);
    bench.run(&["check", "unmute.csv"]).ends(3);
    bench.run(&[&["run", "unmute.csv"], &FAST[..]].concat()).ends(3);
    let receipts = bench.run(&["report", "unmute"]).ends(0).out;
    let outcomes: Vec<bool> = receipts.lines().skip(1).map(|line| line.contains(",done,")).collect();
    assert_eq!(outcomes, [true, true, false], "{receipts}");
    assert!(receipts.lines().nth(3).unwrap().contains("name_for_id"), "{receipts}");
    assert_eq!((requests(&bench, USER), requests(&bench, "mastodon:77")), (1, 1));
    let out = bench.run(&["account", "logout", "mastodon-fedi"]).ends(0);
    assert!(out.err.contains(&format!("https://{host}/settings/applications")), "{}", out.err);
}

#[test]
fn a_table_of_accounts_has_hosts() {
    let bench = Bench::new();
    let host = bench.host();
    let header = "name,platform,user_id,access_token,host\n";
    bench.write("accounts.csv", format!("{header}fedi,mastodon,,sandbox-77,\n"));
    bench.run(&["account", "import", "accounts.csv"]).ends(65).says("column host");
    bench.write("accounts.csv", format!("{header}ada,x-v2,42,sandbox-42,{host}\n"));
    bench.run(&["account", "import", "accounts.csv"]).ends(65).says("column host");
    bench.write("accounts.csv", format!("{header}ada,x-v2,42,sandbox-42,\nfedi,mastodon,,sandbox-77,{host}\n"));
    bench.run(&["account", "import", "accounts.csv"]).ends(0);
    let json = bench.run(&["account", "list", "--json"]).ends(0).json();
    assert_eq!((&json["accounts"][1]["user_id"], &json["accounts"][1]["host"]), (&"77".into(), &host.as_str().into()));
}

#[test]
fn one_file_runs_for_both_in_the_sandbox_and_a_platform_may_be_asked_for() {
    let bench = Bench::new();
    bench.write("unmute.csv", MIXED);
    bench.run(&["run", "unmute.csv", "--sandbox", "--pace", "front-load"]).ends(3);
    let receipts = bench.run(&["report", "unmute", "--sandbox"]).ends(0).out;
    let settled = |line: &&str| line.contains(",done,") || line.contains(",gone,");
    assert_eq!(receipts.lines().filter(settled).count(), 2, "{receipts}");
    bench.write("unfollow.csv", "target_id\n01F6KXCP71V24GR0SJGAHRXSQ2\n");
    bench.run(&["check", "unfollow.csv", "--sandbox"]).ends(65);
    bench.run(&["check", "unfollow.csv", "--sandbox", "--platform", "mastodon"]).ends(0);
    let json = bench.run(&["account", "list", "--json"]).ends(0).json();
    assert_eq!(json["accounts"].as_array().unwrap().len(), 0, "the real queue knows nobody");
}

/// Whoever is on the list is spared by the load, and a word that might be a name without its `@` refuses the list.
#[test]
fn a_keep_list_spares_ids_that_are_no_numbers() {
    let bench = Bench::new();
    bench.write("unfollow.csv", "target_id\n01F6KXCP71V24GR0SJGAHRXSQ2\nAdvWH4zzvRcuVGkJ4S\n109302436954721982\n");
    bench.write("keep.txt", "AdvWH4zzvRcuVGkJ4S # a friend\n109302436954721982\n");
    let run = ["run", "unfollow.csv", "--sandbox", "--platform", "mastodon", "--yes", "--keep", "keep.txt", "--json"];
    let json = bench.run(&run).ends(0).json();
    assert_eq!((&json["requests"], &json["jobs"][0]["kept"]), (&1.into(), &2.into()), "{json}");
    bench.write("keep.txt", "AdvWH4zzvRcuVGkJ4S\nsomebody1987\n");
    bench.run(&run).ends(65).says("line 2");
}
