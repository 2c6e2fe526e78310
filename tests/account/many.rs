//! A thousand accounts at once, all of them or none.

use crate::account::bench::Bench;

const HEADER: &str = "name,platform,user_id,access_token,refresh_token,expires_at,access_secret\n";

#[test]
fn a_thousand_accounts_are_imported_and_listed() {
    let bench = Bench::new();
    let mut file = HEADER.to_owned();
    for n in 0..998 {
        file.push_str(&format!("acc{n},x-v2,{},canary-at-{n},canary-rt-{n},1990000000,\n", 1000 + n));
    }
    file.push_str("one,x-v1,,5-canary-tok,,,canary-SECRET\nkey,aisa,,sk-aisa-canary,,,\n");
    bench.write("accounts.csv", &file);
    let done = bench.run(&["account", "import", "accounts.csv"]).ends(0).says("imported: 1000 accounts");
    assert!(done.err.contains("delete accounts.csv now"), "{}", done.err);
    let list = bench.run(&["account", "list", "--json"]).ends(0).json();
    assert_eq!(list["accounts"].as_array().unwrap().len(), 1000);
    assert_eq!(bench.run(&["account", "list"]).ends(0).out.lines().count(), 1001);
    // Again, and from stdin: nobody is there twice.
    bench.feed(&["account", "import", "-"], &file).ends(0);
    let list = bench.run(&["account", "list", "--json"]).ends(0).json();
    assert_eq!(list["accounts"].as_array().unwrap().len(), 1000);
}

#[test]
fn one_bad_row_keeps_all_out_and_shows_no_cell() {
    let bench = Bench::new();
    for (row, code, said) in [
        ("b,x-v3,2,canary-1,,,", 65, "line 3, column platform"),
        ("b,x-v2,canary-shifted,canary-1,,,", 65, "column user_id"),
        ("a,x-v2,2,canary-1,,,", 65, "line 3, column name"),
        ("b,x-v2,,canary-unknown,,,", 77, "line 3, b"),
        ("b,x-v2,,sandbox-1,,,", 65, "are the same user, 1"),
        ("b,x-v2,2,canary-1,,1790000000000,", 65, "not milliseconds"),
        ("b,x-v2,1629556410996120000,canary-1,,,", 65, "line 3, column user_id: the ID is 15 digits and then zeros"),
        ("b,x-v1,1629556410996121300,1629556410996121225-canary,,,canary-s", 65, "line 3, column user_id"),
    ] {
        bench.write("accounts.csv", format!("{HEADER}a,x-v2,1,canary-0,,,\n{row}\n"));
        let done = bench.run(&["account", "import", "accounts.csv"]).ends(code).says(said);
        assert!(!done.err.contains("canary"), "{}", done.err);
        assert_eq!(bench.run(&["account", "list", "--json"]).ends(0).json()["accounts"], serde_json::json!([]));
    }
    bench.write("accounts.csv", "name,platform\n");
    bench.run(&["account", "import", "accounts.csv"]).ends(65).says("access_token is missing");
    bench.write("accounts.csv", HEADER);
    bench.run(&["account", "import", "accounts.csv"]).ends(65);
    bench.run(&["account", "import", "nowhere.csv"]).ends(65);
    // The platform says who it is.
    bench.write("accounts.csv", format!("{HEADER}a,x-v2,,sandbox-42,,,\n"));
    bench.run(&["account", "import", "accounts.csv"]).ends(0);
    assert_eq!(bench.run(&["account", "list", "--json"]).ends(0).json()["accounts"][0]["user_id"], "42");
    bench.write("accounts.csv", format!("{HEADER}a,x-v2,43,sandbox-43,,,\n"));
    bench.run(&["account", "import", "accounts.csv"]).ends(2).says("already belongs to x-v2 user 42");
}
