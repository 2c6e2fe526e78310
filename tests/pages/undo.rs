//! What was done, to restore by hand.

use serde_json::json;

use crate::common::{Home, RunToEnd, SandboxProcess};
use crate::pages::browser::Browser;
use crate::pages::worklist::{HOSTILE, refused_job};

#[test]
fn what_was_done_last_comes_first_in_the_table_and_on_the_page() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--faults", "refused=30%", "--seed", "3"]);
    refused_job(&home, &sandbox, 12);
    let table = home.cleanup(["undo", "unfollow"]).done().ends(0);
    let text = table.out;
    assert!(text.starts_with("target_id,handle,name,account,action,inverse,done_at,link,note,text\n"), "{text}");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let done = home.cleanup(["report", "unfollow"]).done().out.matches(",done,").count();
    assert!(done > 4 && rows.len() == done, "{done} {text}");
    let times: Vec<&str> = rows.iter().map(|row| &row[6]).collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
    for row in &rows {
        assert!(row[1].starts_with("synthetic_") && &row[2] == HOSTILE, "{row:?}");
        assert_eq!((&row[4], &row[5], &row[7]), ("unfollow", "follow", &*format!("https://x.com/i/user/{}", &row[0])));
    }
    assert!(table.err.contains("Protected accounts have to approve"), "{}", table.err);

    let both = home.cleanup(["undo", "unfollow", "-o", "undo.csv", "--html", "undo.html"]).done();
    assert_eq!((both.code, both.out), (0, String::new()));
    assert_eq!(std::fs::read_to_string(home.path("undo.csv")).unwrap(), text);
    let Some(browser) = Browser::start() else { return };
    browser.judge(&home.path("undo.html"));
    let links = browser.run("return [...document.querySelectorAll('ol.links a')].map((a) => a.href)");
    let wanted: Vec<&str> = rows.iter().map(|row| &row[7]).collect();
    assert_eq!(links, json!(wanted));
    let told =
        browser.run("return [document.title, document.querySelectorAll('script').length, document.body.innerText]");
    assert_eq!((&told[0], &told[1]), (&json!("cleanup undo: unfollow"), &json!(0)));
    assert!(told[2].as_str().unwrap().contains("What does not come back"), "{told}");
}

#[test]
fn deleted_posts_are_said_to_be_gone_for_good() {
    let home = Home::new();
    home.write("delete.csv", "tweet_id\n1212161512043446272\n");
    home.cleanup(["run", "delete.csv", "--sandbox", "--action", "delete-post"]).done().ends(0);
    let undo = home.cleanup(["undo", "delete", "--sandbox"]).done();
    assert!(undo.err.contains("Deleted posts cannot be restored"), "{}", undo.err);
    assert!(undo.out.contains(",delete-post,,"), "{}", undo.out);
    assert!(undo.out.contains("/i/web/status/1212161512043446272,cannot be restored"), "{}", undo.out);
    let unknown = home.cleanup(["undo", "delte", "--sandbox"]).done();
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("did you mean delete?"), "{}", unknown.err);
}
