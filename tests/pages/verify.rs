//! Round trip: list, filter, run, verify, restore; and what distinguishes confirmed, came back and ghost.

use std::time::Duration;

use cleanup::domain::Wall;
use cleanup::store::{QueueKind, Store};

use crate::common::{Home, RunToEnd, SandboxProcess, USER, wait};
use crate::pages::browser::Browser;

/// An unpacked archive of the test's user that follows these, made at a time.
fn archive(home: &Home, name: &str, made: Wall, following: &[String]) {
    let data = home.path(name).join("data");
    std::fs::create_dir_all(&data).unwrap();
    let made = made.rfc3339().replace('Z', ".000Z");
    let manifest = format!(
        r#"window.__THAR_CONFIG = {{"userInfo":{{"accountId":"{USER}","userName":"synthetic","displayName":"S"}},
            "archiveInfo":{{"sizeBytes":"1","generationDate":"{made}","isPartialArchive":false,"maxPartSizeBytes":"53687091200"}},
            "dataTypes":{{"following":{{"files":[{{"fileName":"data/following.js","globalName":"YTD.following.part0","count":"{}"}}]}}}}}}"#,
        following.len()
    );
    std::fs::write(data.join("manifest.js"), manifest).unwrap();
    let entries: Vec<String> =
        following.iter().map(|id| format!(r#"{{"following":{{"accountId":"{id}","userLink":"x"}}}}"#)).collect();
    std::fs::write(data.join("following.js"), format!("window.YTD.following.part0 = [ {} ]", entries.join(", ")))
        .unwrap();
}

fn now() -> Wall {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Wall(i64::try_from(since.as_millis()).unwrap())
}

fn miscounted(home: &Home) -> Vec<String> {
    wait(async {
        let mut store = Store::open(&home.queue(), QueueKind::Real).await.unwrap();
        let found = store.admin().integrity().await.unwrap();
        store.close().await;
        assert!(found.orphans.is_empty(), "{found:?}");
        found.miscounted
    })
}

#[test]
fn from_a_list_through_a_filter_and_a_run_to_verdicts_and_the_list_to_restore() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--lists", "60", "--faults", "ghost=30%", "--seed", "11"]);
    let list = ["list", "following", "--limit", "24", "--order", "oldest", "-o", "unfollow.csv"];
    home.against(&sandbox, list).done().ends(0);
    home.against(&sandbox, ["run", "unfollow.csv", "--yes", "--pace", "front-load"]).done().ends(0);

    let verify = home.against(&sandbox, ["verify", "unfollow", "-o", "verdicts.csv"]).done().ends(3);
    let verdicts = std::fs::read_to_string(home.path("verdicts.csv")).unwrap();
    let (confirmed, ghosts) = (verdicts.matches(",confirmed,").count(), verdicts.matches(",ghost,").count());
    assert!(confirmed > 0 && ghosts > 0 && confirmed + ghosts == 24, "{verdicts}");
    let said = format!("unfollow: {confirmed} confirmed, 0 came back, {ghosts} ghosts");
    assert!(verify.err.contains(&said), "{}", verify.err);
    // The names that the list told are known to the page of the ghosts.
    let made = home.cleanup(["report", "unfollow", "--worklist", "-o", "by-hand.html"]).done();
    assert!(made.err.contains(&format!("unfollow: {ghosts} to do by hand")), "{}", made.err);
    home.cleanup(["undo", "unfollow", "-o", "undo.csv", "--html", "undo.html"]).done().ends(0);
    let table = std::fs::read_to_string(home.path("undo.csv")).unwrap();
    // A description may have several lines.
    let rows = csv::Reader::from_reader(table.as_bytes()).into_records().count();
    assert_eq!((rows, table.matches(",s_").count()), (24, 24), "{table}");
    assert_eq!(miscounted(&home), Vec::<String>::new());
    let Some(browser) = Browser::start() else { return };
    browser.judge(&home.path("undo.html"));
    assert_eq!(browser.run("return document.querySelectorAll('ol.links > li').length"), 24);
    browser.open(&home.path("by-hand.html"));
    let told = browser.run("return document.querySelector('#list li').innerText");
    assert!(told.as_str().unwrap().contains("reported done, and still listed"), "{told}");
    assert_eq!(browser.run("return document.querySelectorAll('#list > li').length"), ghosts);
}

#[test]
fn only_what_was_off_and_is_back_is_queued_again() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--faults", "none"]);
    let ids: Vec<String> = (0..4).map(|n| (1_000_000_000_000_000_007 + n * 7_919_000_001_u64).to_string()).collect();
    home.write("unfollow.csv", format!("target_id\n{}\n", ids.join("\n")));
    let before = now();
    home.against(&sandbox, ["run", "unfollow.csv", "--yes"]).done().ends(0);
    let later = |hours: u64| now().after(Duration::from_secs(hours * 3600));
    archive(&home, "old", Wall(before.0 - 3_600_000), &ids);
    archive(&home, "first", later(1), &ids[..1]);
    archive(&home, "second", later(2), &ids[..2]);
    let verify = |words: &[&str]| home.cleanup(["verify", "unfollow"].iter().chain(words)).done();

    let old = verify(&["--archive", "old"]);
    assert_eq!(old.code, 65);
    assert!(old.err.contains("before the last of the job was done"), "{}", old.err);
    // The first is listed in all of them: a ghost. The second was off, and came back.
    let first = verify(&["--archive", "first"]);
    assert!(first.err.contains("3 confirmed, 0 came back, 1 ghost ("), "{}", first.err);
    let second = verify(&["--archive", "second", "-o", "-"]);
    assert!(second.err.contains("2 confirmed, 1 came back, 1 ghost ("), "{}", second.err);
    let table = second.out;
    let verdict = |id: &String| {
        let line = table.lines().find(|line| line.starts_with(id.as_str())).unwrap();
        line.split(',').nth(6).unwrap().to_owned()
    };
    let verdicts: Vec<String> = ids.iter().map(verdict).collect();
    assert_eq!(verdicts, ["ghost", "came_back", "confirmed", "confirmed"]);
    // An older reading does not overrule a newer one.
    let again = verify(&["--archive", "first"]);
    assert!(again.err.contains("2 confirmed, 1 came back, 1 ghost ("), "{}", again.err);

    let requeue = verify(&["--archive", "second", "--requeue"]);
    assert!(requeue.err.contains("1 that came back is queued again"), "{}", requeue.err);
    let counts = home.cleanup(["status", "unfollow", "--json"]).done().json()["jobs"][0].clone();
    assert_eq!((counts["done"].as_u64(), counts["pending"].as_u64()), (Some(3), Some(1)), "{counts}");
    assert_eq!(miscounted(&home), Vec::<String>::new());
    home.against(&sandbox, ["resume", "--yes"]).done().ends(0);
    let repeated: Vec<String> =
        sandbox.effects().into_iter().filter(|(_, applied)| *applied > 1).map(|(target, _)| target).collect();
    assert_eq!(repeated, [ids[1].clone()]);
    // Done anew is unverified: the old verdict spoke of the end before.
    let last = home.cleanup(["verify", "unfollow", "--archive", "second", "-o", "-"]).done();
    let table = last.out;
    assert!(table.lines().any(|line| line.starts_with(ids[1].as_str()) && line.contains(",ghost,")), "{table}");

    archive(&home, "foreign", later(3), &ids);
    let manifest = home.path("foreign/data/manifest.js");
    let text = std::fs::read_to_string(&manifest).unwrap().replace(USER, "12");
    std::fs::write(&manifest, text).unwrap();
    let foreign = verify(&["--archive", "foreign"]);
    assert_eq!(foreign.code, 65);
    assert!(foreign.err.contains("is the archive of user 12"), "{}", foreign.err);
}

#[test]
fn the_verdicts_as_one_object() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--lists", "250", "--faults", "none"]);
    home.against(&sandbox, ["list", "likes", "--limit", "5", "-o", "unlike.csv"]).done().ends(0);
    home.against(&sandbox, ["run", "unlike.csv", "--yes", "--pace", "front-load"]).done().ends(0);
    let verify = |words: &[&str], ends: i32| {
        let words = ["verify", "unlike", "--json"].iter().chain(words);

        home.against(&sandbox, words).done().ends(ends)
    };
    let told = |confirmed: u64, undecided: u64, complete: bool, exit: i32| {
        serde_json::json!({
            "job": "unlike", "round": 1, "confirmed": confirmed, "came_back": 0, "ghosts": 0, "undecided": undecided,
            "restored": 0, "requeued": 0, "complete": complete, "exit_code": exit,
        })
    };
    // A list of three pages, stopped behind the first: nothing is judged by a part of it.
    assert_eq!(verify(&["--max-requests", "1"], 4).json(), told(0, 5, false, 4));
    assert_eq!(verify(&["-o", "verdicts.csv"], 0).json(), told(5, 0, true, 0));
    assert_eq!(std::fs::read_to_string(home.path("verdicts.csv")).unwrap().matches(",confirmed,").count(), 5);
    let both = verify(&["-o", "-"], 2);
    assert_eq!((&both.json()["error"]["kind"], &both.json()["exit_code"]), (&"usage".into(), &2.into()));
    assert!(both.err.contains("both write to stdout"), "{}", both.err);

    // One of them is liked again.
    let text = std::fs::read_to_string(home.path("unlike.csv")).unwrap();
    let again = text.lines().nth(1).unwrap().split(',').next().unwrap().to_owned();
    sandbox.post(&format!("/sandbox/list/{USER}/likes/{again}"));
    let back = verify(&["--requeue"], 0).json();
    assert_eq!(
        (&back["confirmed"], &back["came_back"], &back["requeued"]),
        (&4.into(), &1.into(), &1.into()),
        "{back}"
    );
}

/// Absence from a list that is cut proves nothing. The server still says of each post whether the account likes it.
#[test]
fn what_a_cut_list_cannot_decide_is_asked_about_row_by_row() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--lists", "3050", "--faults", "ghost=50%", "--seed", "3"]);
    let host = sandbox.url.trim_start_matches("http://");
    let add = ["account", "add", "fedi", "--platform", "mastodon", "--host", host];
    home.cleanup(add).fed(&format!("sandbox-{USER}\n")).ends(0);
    home.run(&["list", "likes", "--limit", "4", "-o", "listed.csv"]).ends(0);
    let listed = std::fs::read_to_string(home.path("listed.csv")).unwrap();
    let listed = listed.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned());
    let targets: Vec<String> = listed.chain((1..=8).map(|n| (900_000_000 + n).to_string())).collect();
    home.write("unlike.csv", format!("target_id\n{}\n", targets.join("\n")));
    home.run(&["run", "unlike.csv", "--yes", "--pace", "front-load"]).ends(0);
    let cut = home.run(&["verify", "unlike", "--json"]).says("cleanup verify unlike --by-id").json();
    let of = |found: &serde_json::Value, what: &str| found[what].as_u64().unwrap();
    assert!(of(&cut, "confirmed") == 0 && of(&cut, "undecided") >= 8, "{cut}");
    let some = home.run(&["verify", "unlike", "--by-id", "--max-requests", "81", "--json"]).ends(4).json();
    assert!(of(&some, "undecided") > 0 && of(&some, "undecided") < of(&cut, "undecided"), "{some}");
    let all = home.run(&["verify", "unlike", "--by-id", "--json"]).ends(3).json();
    // Posts that no list shows only looked unliked as well.
    assert!(of(&all, "ghosts") > of(&cut, "ghosts") && of(&all, "confirmed") > 0, "{all}");
    assert_eq!((of(&all, "confirmed") + of(&all, "ghosts"), of(&all, "undecided")), (12, 0), "{all}");
}
