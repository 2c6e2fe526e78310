//! What was done, restored through the API: a job of its own, with the limits, receipts and crash safety of any other.

use std::collections::BTreeMap;

use crate::common::running::{Running, poll};
use crate::common::{Done, Home, RunToEnd, SandboxProcess, USER};

const FAST: [&str; 3] = ["--yes", "--pace", "front-load"];
const FEDI: &str = "mastodon:77";
/// Lists of an account, and what takes an entry off each. Reposts name the post that they repeat.
const LISTS: [(&str, &str); 6] = [
    ("following", "unfollow"),
    ("likes", "unlike"),
    ("reposts", "unrepost"),
    ("mutes", "unmute"),
    ("blocks", "unblock"),
    ("bookmarks", "unbookmark"),
];

/// A home with an account of the sandbox's Mastodon.
fn fedi(home: &Home, sandbox: &SandboxProcess) {
    let host = sandbox.url.trim_start_matches("http://");
    let add = ["account", "add", "fedi", "--platform", "mastodon", "--host", host];
    home.cleanup(add).fed("sandbox-77\n").ends(0);
}

fn run(home: &Home, words: &[&str]) -> Done {
    home.cleanup([words, &FAST[..]].concat()).done()
}

/// What was asked of the sandbox for a user: how often each action was done to each target, and how often it was asked for.
fn effects(sandbox: &SandboxProcess, who: &str) -> BTreeMap<(String, String), (u32, u32)> {
    let text = sandbox.get(&format!("/sandbox/effects?user={who}"));
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    let rows = text.lines().skip(1).map(cells);
    rows.map(|row| ((row[0].clone(), row[1].clone()), (row[2].parse().unwrap(), row[3].parse().unwrap()))).collect()
}

/// So many requests of an action.
fn requests(sandbox: &SandboxProcess, who: &str, action: &str) -> u32 {
    effects(sandbox, who).iter().filter(|((done, _), _)| done == action).map(|(_, (_, requested))| requested).sum()
}

fn list(home: &Home, list: &str) -> Vec<String> {
    let done = home.cleanup(["list", list, "--account", "fedi", "--fresh"]).done().ends(0);
    let mut reader = csv::Reader::from_reader(done.out.as_bytes());
    let mut ids: Vec<String> = reader.records().map(|record| record.unwrap()[0].to_owned()).collect();
    ids.sort();
    ids
}

#[test]
fn every_list_is_as_it_was_where_the_platform_has_the_inverse() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--faults", "none", "--lists", "20"]);
    fedi(&home, &sandbox);
    let before: Vec<Vec<String>> = LISTS.iter().map(|(name, _)| list(&home, name)).collect();
    let mut file = "account,action,target_id,note\n".to_owned();
    let mut rows: usize = 0;
    for ((_, action), ids) in LISTS.iter().zip(&before) {
        for id in ids.iter().take(3) {
            file += &format!("fedi,{action},{id},\"kept, {action}\"\n");
            rows += 1;
        }
    }
    file += "fedi,delete-post,1000000000000000008,gone\n";
    home.write("spring.csv", file);
    let question = home.cleanup(["run", "spring.csv"]).done().ends(2);
    question.says("the server hands back the text of each, which is kept in the queue");
    run(&home, &["run", "spring.csv"]).ends(0);
    let between: Vec<Vec<String>> = LISTS.iter().map(|(name, _)| list(&home, name)).collect();
    for (before, between) in before.iter().zip(&between) {
        assert_eq!(before.len(), between.len() + 3.min(before.len()));
    }

    let asked = home.cleanup(["undo", "spring", "--apply"]).done().ends(2);
    let asked = asked.says("add --yes if you mean it").says("1 row of delete-post, not restorable as it was");
    let asked = asked.says("`cleanup undo spring -o undo.csv` has their texts");
    asked.says("follow 3 users").says("Following somebody again is a new follow");
    assert!(!home.run(&["status"]).out.contains("spring-restore"), "nothing was queued");

    run(&home, &["undo", "spring", "--apply"]).ends(0).says(&format!("spring-restore: {rows} done"));
    // What is back because it was restored is neither a ghost nor back against anybody's will.
    let verified = home.run(&["verify", "spring", "--json"]).json();
    let told = ["restored", "ghosts", "came_back", "requeued"].map(|word| verified[word].as_u64());
    assert_eq!(told, [Some(rows as u64), Some(0), Some(0), Some(0)], "{verified}");
    let after: Vec<Vec<String>> = LISTS.iter().map(|(name, _)| list(&home, name)).collect();
    assert_eq!(after, before);
    let report = home.run(&["report", "spring-restore"]).ends(0).out;
    assert!(report.starts_with("account,action,target_id,note,line,outcome,"), "{report}");
    assert_eq!(report.lines().filter(|line| line.contains(",done,")).count(), rows, "{report}");
    let first = &before[0][0];
    home.run(&["explain", first]).ends(0).says("follow");

    let sent = effects(&sandbox, FEDI);
    let again = run(&home, &["undo", "spring", "--apply"]).ends(0);
    again.says(&format!("spring-restore: {rows} done")).says("nothing is left to restore, nothing was sent");
    assert_eq!(effects(&sandbox, FEDI), sent, "a second time there is nothing to do");
}

#[test]
fn killed_and_resumed_it_sends_no_row_twice() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--faults", "none", "--latency", "30ms"]);
    fedi(&home, &sandbox);
    let ids: Vec<String> = (0..60).map(|n| (1_000_000_000_000_000_000_u64 + 2 * n).to_string()).collect();
    home.write(
        "unmute.csv",
        format!("account,target_id\n{}", ids.iter().map(|id| format!("fedi,{id}\n")).collect::<String>()),
    );
    run(&home, &["run", "unmute.csv"]).ends(0);
    let mut kills = 0;
    for enough in [5, 20, 40] {
        let apply = ["undo", "unmute", "--apply", "--yes", "--pace", "front-load", "--workers", "1"];
        let resume = ["resume", "unmute-restore", "--yes", "--pace", "front-load", "--workers", "1"];
        let words = if kills % 2 == 0 { &apply[..] } else { &resume[..] };
        let mut running = Running::start(home.cleanup(words));
        poll("some rows", || (requests(&sandbox, FEDI, "mute") >= enough).then_some(()));
        running.child.kill().unwrap();
        running.child.wait().unwrap();
        assert!(requests(&sandbox, FEDI, "mute") < 60, "it was killed on its way");
        kills += 1;
    }
    run(&home, &["undo", "unmute", "--apply"]).ends(0).says("unmute-restore: 60 done (60 rows)");
    let mutes: Vec<(u32, u32)> =
        effects(&sandbox, FEDI).into_iter().filter(|((action, _), _)| action == "mute").map(|(_, n)| n).collect();
    assert_eq!(mutes.len(), 60);
    assert!(mutes.iter().all(|(applied, _)| *applied >= 1));
    // What was in flight at a kill may be asked for once more, and nothing else.
    let requested: u32 = mutes.iter().map(|(_, requested)| requested).sum();
    assert!((60..=60 + kills).contains(&requested), "{requested} requests, {kills} kills");
}

#[test]
fn on_x_what_its_rules_forbid_in_bulk_stays_on_the_page() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--faults", "none"]);
    home.write(
        "mixed.csv",
        "action,target_id\nunmute,1000000000000000001\nunblock,1000000000000000002\nunbookmark,1000000000000000003\n\
         unfollow,1000000000000000004\nunlike,1000000000000000005\ndelete-post,1000000000000000006\n",
    );
    let against = |words: &[&str]| home.against(&sandbox, [words, &FAST[..]].concat()).done();
    against(&["run", "mixed.csv"]).ends(0);
    let told = against(&["undo", "mixed", "--apply"]).ends(0);
    let told = told.says("1 row of unfollow, for follow in bulk is not offered on x-v2");
    let told = told.says("1 row of unlike, for like in bulk is not offered on x-v2").says("mixed-restore: 3 done");
    assert!(told.err.contains("undo mixed --html restore.html"), "{}", told.err);
    let done: Vec<String> = effects(&sandbox, USER).into_keys().map(|(action, _)| action).collect();
    for action in ["mute", "block", "bookmark"] {
        assert!(done.iter().any(|known| known == action), "{done:?}");
    }
    assert!(!done.iter().any(|known| known == "follow" || known == "like"), "{done:?}");
    let json = home.against(&sandbox, ["undo", "mixed", "--apply", "--json"]).done().ends(0).json();
    assert_eq!((&json["jobs"][0]["job"], &json["requests"]), (&"mixed-restore".into(), &0.into()));

    home.write("unfollow.csv", "target_id\n1000000000000000004\n");
    against(&["run", "unfollow.csv"]).ends(0);
    against(&["undo", "unfollow", "--apply"]).ends(2).says("nothing of unfollow can be restored through the API");
}

#[test]
fn nothing_else_follows_likes_or_mutes() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--faults", "none"]);
    fedi(&home, &sandbox);
    home.write("follow.csv", "account,target_id\nfedi,1\n");
    home.run(&["check", "follow.csv"]).ends(65);
    home.run(&["check", "follow.csv", "--action", "follow"]).ends(2);
    home.write("mixed.csv", "account,action,target_id\nfedi,mute,1\nfedi,unmute,2\n");
    home.run(&["check", "mixed.csv"]).ends(3).says("mute");
    home.run(&["account", "check", "fedi", "--actions", "bookmark"]).ends(2);

    home.write("unmute.csv", "account,target_id\nfedi,2\nfedi,4\n");
    run(&home, &["run", "unmute.csv"]).ends(0);
    run(&home, &["undo", "unmute", "--apply", "--max-requests", "1"]).ends(4).says("cleanup resume");
    run(&home, &["resume", "unmute-restore"]).ends(0);
    run(&home, &["run", "unmute.csv", "--job", "unmute-restore"]).ends(2).says("restores what another one has undone");
    run(&home, &["undo", "unmute-restore", "--apply"]).ends(2).says("has undone nothing itself");
    home.run(&["verify", "unmute-restore"]).ends(2);
    home.run(&["undo", "unmute", "--yes"]).ends(2).says("add --apply");
    home.run(&["undo", "unmute", "--apply", "-o", "x.csv"]).ends(2);
    // A round that starts over has a restore of its own.
    run(&home, &["run", "unmute.csv", "--again"]).ends(0);
    run(&home, &["undo", "unmute", "--apply", "--max-requests", "1"]).ends(4).says("unmute-restore-2: 1 done");
    // Once it is cancelled it is not begun anew by itself.
    home.run(&["cancel", "unmute-restore-2"]).ends(0);
    run(&home, &["undo", "unmute", "--apply"]).ends(2).says("was cancelled").says("cleanup forget unmute-restore-2");
    home.run(&["forget", "unmute-restore-2", "--yes"]).ends(0);
    run(&home, &["undo", "unmute", "--apply"]).ends(0).says("unmute-restore-2: 2 done");
    assert_eq!(requests(&sandbox, FEDI, "mute"), 2 + 1 + 2);
    // Of a job that is forgotten no other one is the restore, whatever its name is.
    home.run(&["forget", "unmute", "--yes"]).ends(0);
    run(&home, &["run", "unmute.csv"]).ends(0);
    run(&home, &["undo", "unmute", "--apply"]).ends(2).says("does not restore this round");
}

#[test]
fn what_the_job_did_not_do_itself_is_left_as_it_is() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--faults", "none"]);
    fedi(&home, &sandbox);
    home.write("unmute.csv", "account,target_id\nfedi,2\nfedi,4\n");
    run(&home, &["run", "unmute.csv"]).ends(0);
    crate::common::sql::change(
        home.queue(),
        "update task set reason = 'by_hand' where target = 2; update task set reason = 'confirmed_by_repeat' where target = 4",
    );
    let told = run(&home, &["undo", "unmute", "--apply"]).ends(0).says("1 row that the job did not do itself");
    told.says("unmute-restore: 1 done");
    assert_eq!(requests(&sandbox, FEDI, "mute"), 1);
}

/// A server that is asked whom the account follows already: whoever is there takes no request, and no place of the 400 a day.
#[test]
fn whom_the_account_follows_again_is_not_followed_a_second_time() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--faults", "none", "--lists", "100"]);
    fedi(&home, &sandbox);
    let ids: Vec<String> = list(&home, "following").into_iter().take(90).collect();
    home.write("unfollow.csv", format!("target_id\n{}\n", ids.join("\n")));
    run(&home, &["run", "unfollow.csv", "--account", "fedi"]).ends(0);
    let again: Vec<&String> = ids.iter().step_by(9).collect();
    for id in &again {
        let number = cleanup::sandbox::Sandbox::mastodon_number(id);
        sandbox.post(&format!("/sandbox/list/{FEDI}/following/{number}"));
    }
    run(&home, &["undo", "unfollow", "--apply"]).ends(0);
    let told = home.run(&["report", "unfollow-restore"]).ends(0).out;
    assert_eq!((told.matches(",done,already,").count(), told.matches(",done,").count()), (10, 90), "{told}");
    assert_eq!(requests(&sandbox, FEDI, "follow"), 80);
    let asked = "select count(*) from read_request where endpoint = 'relationships'";
    assert_eq!(crate::common::sql::column::<i64>(home.queue(), asked), [3], "40 in a request");
    assert!(ids.iter().all(|id| list(&home, "following").contains(id)));
}

/// Two jobs of the same rows: what the restore of one has brought back is no ghost of the other, and nobody is to undo it by hand.
#[test]
fn what_another_jobs_restore_has_brought_back_is_no_ghost() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--faults", "none", "--lists", "9"]);
    fedi(&home, &sandbox);
    let rows: String = list(&home, "mutes").iter().take(4).map(|id| format!("fedi,{id}\n")).collect();
    for job in ["one", "two"] {
        home.write(&format!("{job}.csv"), format!("account,target_id\n{rows}"));
        run(&home, &["run", &format!("{job}.csv"), "--action", "unmute"]).ends(0);
    }
    // What the first had done already the second has not done, as far as is known.
    let refused = run(&home, &["undo", "two", "--apply"]).ends(2).says("4 rows that one had done before");
    refused.says("`cleanup undo one --apply` restores");
    run(&home, &["undo", "one", "--apply", "--max-requests", "3"]).ends(4);
    let seen_before_it_was_restored = "insert into verification (task_id, finished_at, verdict, read_at, off_at)
        select id, finished_at, 'ghost', finished_at + 1, null from task where id = 2";
    crate::common::sql::change(home.queue(), seen_before_it_was_restored);
    let told = |job: &str, ends: i32| {
        let verified = home.cleanup(["verify", job, "--json", "-o", "verdicts.csv"]).done().ends(ends).json();
        ["restored", "confirmed", "ghosts", "came_back", "undecided"].map(|word| verified[word].as_u64().unwrap())
    };
    for job in ["one", "two"] {
        assert_eq!(told(job, 0), [3, 1, 0, 0, 0], "{job}");
        let verdicts = std::fs::read_to_string(home.path("verdicts.csv")).unwrap();
        assert_eq!((verdicts.matches(",restored,").count(), verdicts.matches(",confirmed,").count()), (3, 1));
    }
    let ghosts = home.run(&["report", "one", "--worklist=ghosts", "--format", "csv"]).ends(0).out;
    assert_eq!(ghosts.lines().count(), 1, "{ghosts}");
    // Undone once more it is judged again; and whoever undoes what was restored has done so himself.
    run(&home, &["run", "two.csv", "--action", "unmute", "--again"]).ends(0);
    assert_eq!(told("two", 0), [0, 4, 0, 0, 0]);
    run(&home, &["undo", "two", "--apply"])
        .ends(0)
        .says("1 row that one had done before")
        .says("two-restore-2: 3 done");
}

#[test]
fn a_round_that_did_nothing_names_the_one_before_that_did() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--faults", "none", "--lists", "5"]);
    fedi(&home, &sandbox);
    let rows = list(&home, "mutes").join("\n");
    home.write("unmute.csv", format!("target_id\n{rows}\n"));
    run(&home, &["run", "unmute.csv", "--account", "fedi"]).ends(0);
    run(&home, &["run", "unmute.csv", "--account", "fedi", "--again"]).ends(0);
    // There unmuting nobody is done as well; other actions answer that there was nothing to do.
    let newest = "task.lane_id in (select id from lane where round_id = (select max(id) from round))";
    crate::common::sql::change(home.queue(), &format!("update task set state = 5 where {newest}"));
    let refused = run(&home, &["undo", "unmute", "--apply"]).ends(2);
    assert!(refused.err.contains("round 2 of unmute has done nothing"), "{}", refused.err);
    assert!(refused.err.contains("undo unmute --apply --round 1"), "{}", refused.err);
    run(&home, &["undo", "unmute", "--apply", "--round", "1"]).ends(0);
    assert_eq!(requests(&sandbox, FEDI, "mute"), 5);
}
