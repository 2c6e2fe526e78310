//! From rows that the platform refuses to ticks in a page, and back into the queue.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::common::{Home, RunToEnd, SandboxProcess};
use crate::pages::browser::Browser;

pub const HOSTILE: &str = "<script>document.title='owned'</script>\u{202e}\"'& evil";

/// A job whose rows are refused now and then; the first row has a hostile name.
pub fn refused_job(home: &Home, sandbox: &SandboxProcess, rows: u64) {
    let mut text = String::from("target_id,handle,name\n");
    for n in 0..rows {
        let id = 1_000_000_000_000_000_007 + n * 7_919_000_001;
        let name = HOSTILE.replace('"', "\"\"");
        text.push_str(&format!("{id},@synthetic_{n},\"{name}\"\n"));
    }
    home.write("unfollow.csv", text);
    home.against(sandbox, ["run", "unfollow.csv", "--yes", "--pace", "front-load"]).done().ends(3);
}

/// The counts of `status --json`.
fn counts(home: &Home) -> serde_json::Value {
    home.cleanup(["status", "unfollow", "--json"]).done().json()["jobs"][0].clone()
}

fn saved(browser: &Browser) -> PathBuf {
    let path = browser.downloads().join("by-hand-unfollow.csv");
    let begun = Instant::now();
    while !path.exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing was saved");
        std::thread::sleep(Duration::from_millis(50));
    }
    path
}

#[test]
fn a_saved_tick_is_no_formula_to_a_spreadsheet() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &[]);
    home.write("unfollow.csv", "target_id\n1000000007919000001\n1000000007919000002\n");
    home.against(&sandbox, ["load", "unfollow.csv"]).done().ends(0);
    home.cleanup(["report", "unfollow", "--worklist=pending", "-o", "by-hand.html"]).done().ends(0);
    let Some(browser) = Browser::start() else { return };
    browser.open(&home.path("by-hand.html"));
    // As a platform may have targets whose IDs are no numbers.
    browser.run(r#"document.querySelectorAll('#list input')[1].dataset.target = '=1+1, "x"'; return 0"#);
    browser.click("#list > li:nth-child(1) input");
    browser.click("#list > li:nth-child(2) input");
    browser.click("#save");
    let text = std::fs::read_to_string(saved(&browser)).unwrap();
    let ends = [",unfollow,1000000007919000001,yes", ",unfollow,\"'=1+1, \"\"x\"\"\",yes"];
    assert!(text.lines().skip(1).zip(ends).all(|(row, end)| row.ends_with(end)), "{text}");
    assert_eq!(text.lines().count(), 3, "{text}");
}

#[test]
fn ticks_in_a_page_are_saved_loaded_and_done() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--faults", "refused=40%", "--seed", "3"]);
    refused_job(&home, &sandbox, 30);
    let before = counts(&home);
    let failed = before["failed"].as_u64().unwrap();
    assert!(failed >= 3, "{before}");
    let made = home.cleanup(["report", "unfollow", "--worklist", "-o", "by-hand.html"]).done().ends(0);
    assert!(made.err.contains("cleanup load SAVED.csv"), "{}", made.err);

    // The page itself is not what is loaded, and says so, by whatever name somebody saved it.
    for command in [&["load", "by-hand.html"][..], &["run", "by-hand.html", "--yes"], &["check", "by-hand.html"]] {
        let refused = home.against(&sandbox, command).done().ends(65);
        for word in ["by-hand.html: this is the page of a worklist (HTML)", "choose Save the ticks", "`cleanup load`"] {
            assert!(refused.err.contains(word), "{word}: {}", refused.err);
        }
    }

    let Some(browser) = Browser::start() else { return };
    let page = home.path("by-hand.html");
    browser.judge(&page);
    browser.width(1200);
    assert_eq!(browser.run("return document.title"), "cleanup worklist: unfollow");
    let told = browser.run(
        "return [document.querySelectorAll('#list > li').length, document.querySelectorAll('script').length,
                 document.querySelector('#list bdi.name').textContent, document.getElementById('count').textContent,
                 document.getElementById('save').disabled]",
    );
    let name = HOSTILE.replace('\u{202e}', "\u{fffd}");
    assert_eq!(told, json!([failed, 1, name, format!("0 of {failed} ticked"), true]));
    let link = browser.run("return document.querySelector('#list a').href");
    assert!(link.as_str().unwrap().starts_with("https://x.com/i/user/10000000"), "{link}");

    // One with the mouse, one with the keyboard; what is ticked outlives the window.
    browser.click("#list > li:nth-child(1) input");
    browser.write("#list > li:nth-child(2) input", " ");
    assert_eq!(browser.run("return document.getElementById('count').textContent"), format!("2 of {failed} ticked"));
    browser.run("window.onbeforeunload = null; return 0");
    browser.click("#save");
    let file = saved(&browser);
    // A browser hands what one window stored to the next a moment later.
    let begun = Instant::now();
    let remembered = || {
        browser.open(&page);
        browser.run("return document.querySelectorAll('#list input:checked').length")
    };
    while remembered() != 2 {
        assert!(begun.elapsed() < Duration::from_secs(60), "what is ticked outlives the window");
        std::thread::sleep(Duration::from_millis(50));
    }

    let load = home.cleanup(["load", file.to_str().unwrap()]).done().ends(0);
    assert!(load.err.contains("unfollow: 2 done by hand"), "{}", load.err);
    let after = counts(&home);
    assert_eq!(after["failed"], failed - 2);
    assert_eq!(after["done"], before["done"].as_u64().unwrap() + 2);
    let receipts = home.cleanup(["report", "unfollow"]).done().out;
    assert_eq!(receipts.matches(",done,by_hand,403,").count(), 2, "{receipts}");

    let again = home.cleanup(["load", file.to_str().unwrap()]).done();
    assert!(again.err.contains("2 done or taken before"), "{}", again.err);
    assert_eq!((again.code, counts(&home)), (0, after));
    let doctor = home.cleanup(["doctor", "--json"]).done().json();
    assert!(!doctor.to_string().contains("miscount"), "{doctor}");
}

#[test]
fn a_saved_worklist_is_taken_by_its_own_queue_only_and_never_runs_as_a_job() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--faults", "refused=40%", "--seed", "3"]);
    refused_job(&home, &sandbox, 10);
    let table = home.cleanup(["report", "unfollow", "--worklist", "--format", "csv"]).done();
    let text = table.out;
    let first = text.lines().nth(1).unwrap();
    let cells: Vec<&str> = first.splitn(6, ',').collect();
    assert!(text.starts_with("cleanup_worklist,task,action,target,done,handle,name,link,why\n"), "{text}");
    assert!(first.contains(",synthetic_") && first.contains("failed: "), "{first}");
    let [token, task, _, target] = cells[..4] else { panic!("{first}") };

    let header = "cleanup_worklist,task,action,target,done\n";
    let file = home.write("ticks.csv", format!("{header}{token},{task},unfollow,{target},x\n"));
    for command in [&["run", "ticks.csv", "--sandbox"][..], &["check", "ticks.csv", "--action", "unfollow"]] {
        let refused = home.cleanup(command).done().ends(65);
        assert!(refused.err.contains("cleanup load"), "{}", refused.err);
    }
    let elsewhere = home.cleanup(["load", "ticks.csv", "--db", "other.db"]).done();
    assert_eq!(elsewhere.code, 65);
    assert!(elsewhere.err.contains("was not made from this queue"), "{}", elsewhere.err);

    // A target that is not the task's is not taken.
    home.write("wrong.csv", format!("{header}{token},{task},unfollow,12345,yes\n"));
    let wrong = home.cleanup(["load", "wrong.csv"]).done();
    assert_eq!(wrong.code, 3);
    assert!(wrong.err.contains("do not belong together (line 2)"), "{}", wrong.err);

    let load = home.cleanup(["load", file.to_str().unwrap()]).done();
    assert!(load.err.contains("1 done by hand"), "{}", load.err);

    // A round that has started over does not take the ticks of the one before.
    home.cleanup(["cancel", "unfollow"]).done();
    home.against(&sandbox, ["load", "unfollow.csv", "--again"]).done().ends(0);
    let late = home.cleanup(["load", "ticks.csv"]).done();
    assert_eq!(late.code, 65);
    assert!(late.err.contains("has started over since"), "{}", late.err);
}
