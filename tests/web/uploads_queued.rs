//! From a received file to a queued job: what the page asks, what is refused then, and what stays where it was.

use super::served::Served;
use super::uploads::{choose, listed, receive, received, rows, status, uploads};
use crate::common::RunToEnd;

#[test]
fn a_file_that_cannot_be_put_in_its_place_queues_nothing() {
    let served = Served::start();
    let cookie = served.cookie();
    let place = received(&served, &cookie, &[("file", "unfollow.csv", &rows(0..3))]);
    let in_the_way = uploads(&served).join("unfollow.csv");
    std::fs::create_dir(&in_the_way).unwrap();
    let answer = served.post(&place, &cookie, "");
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(status(&served)["jobs"], serde_json::json!([]), "nothing is queued");
    // With the place free, the same file is queued: nothing was lost.
    std::fs::remove_dir(&in_the_way).unwrap();
    let answer = served.post(&place, &cookie, "");
    assert!(answer.status == 303 && answer.head.contains("said=loaded"), "{answer:?}");
    assert_eq!(std::fs::read_to_string(in_the_way).unwrap(), rows(0..3));
    assert_eq!(listed(&served), ["unfollow.csv"]);
}

#[test]
fn a_load_that_is_refused_leaves_the_file_and_the_keep_list_of_the_one_before() {
    let served = Served::start();
    let cookie = served.cookie();
    let first = rows(0..40);
    let fields = [("file", "unfollow.csv", &*first), ("keep", "keep.csv", &*rows(0..20))];
    let paused = received(&served, &cookie, &fields);
    assert_eq!(served.post(&paused, &cookie, "").status, 303);
    served.cleanup(&["pause", "unfollow"]);
    let pending = status(&served)["jobs"][0]["pending"].as_u64().unwrap();
    assert!(pending > 10, "it was to be paused at once");
    let before = listed(&served);
    // Most of its rows are gone: an export that broke off.
    let fields = [("file", "unfollow.csv", &*rows(38..41)), ("keep", "keep.csv", &*rows(38..39))];
    let place = received(&served, &cookie, &fields);
    let page = served.get(&place, &cookie).body;
    let in_its_words = page.contains("“Let it cancel more than half of the rows still queued”");
    assert!(in_its_words && !page.contains("--allow-shrink"), "{page}");
    let answer = served.post(&place, &cookie, "");
    assert_eq!(answer.status, 422, "{answer:?}");
    assert_eq!(std::fs::read_to_string(uploads(&served).join("unfollow.csv")).unwrap(), first);
    let keep = before.iter().find(|name| name.ends_with(".keep")).unwrap();
    assert_eq!(std::fs::read_to_string(uploads(&served).join(keep)).unwrap(), rows(0..20), "the list that holds");
    assert_eq!(status(&served)["jobs"][0]["pending"].as_u64(), Some(pending));
}

#[test]
fn what_was_done_is_not_told_as_trouble_where_the_log_cannot_be_written() {
    let served = Served::start();
    let cookie = served.cookie();
    let place = received(&served, &cookie, &[("file", "unfollow.csv", &rows(0..200))]);
    assert_eq!(served.post(&place, &cookie, "").status, 303);
    sql(&served, "create trigger no_log before insert on audit_log begin select raise(abort, 'no'); end");
    for (deed, state) in [("pause", "paused"), ("unpause", "pending"), ("pause", "paused"), ("cancel", "cancelled")] {
        let answer = served.post(&format!("/jobs/1/{deed}"), &cookie, "");
        assert_eq!(answer.status, 303, "{answer:?}");
        assert_eq!(status(&served)["jobs"][0]["state"], state, "{deed}");
    }
    let cancelled = received(&served, &cookie, &[("file", "other.csv", "action,id\nunlike,5\n")]);
    let answer = served.post(&cancelled, &cookie, "");
    assert!(answer.status == 303 && answer.head.contains("said=loaded"), "{answer:?}");
    // The terminal says the same.
    let retried = served.cleanup(&["retry", "other"]);
    let said = String::from_utf8_lossy(&retried.stderr).into_owned();
    assert!(retried.status.success() && said.contains("could not be written to the audit log"), "{said}");
    assert!(served.said().contains("could not be written to the audit log"), "{}", served.said());
}

#[test]
fn a_deed_goes_on_to_its_end_where_the_browser_has_gone() {
    use std::io::Write;
    let served = Served::start();
    let cookie = served.cookie();
    let all = rows(0..30_000);
    let place = received(&served, &cookie, &[("file", "unfollow.csv", &all)]);
    let mut stream = std::net::TcpStream::connect(served.connect_to()).unwrap();
    let address = &served.address;
    let head = format!(
        "POST {place} HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\ncookie: {cookie}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: 0\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    // Who goes away before the request is read has asked for nothing. The file comes to its place before the first row is queued.
    served.until("it has begun", |served| listed(served).contains(&"unfollow.csv".to_owned()).then_some(()));
    drop(stream);
    served.until("it is queued, and its file in its place", |served| {
        let is_queued = status(served)["jobs"][0]["rows"] == 30_000;
        (is_queued && listed(served) == ["unfollow.csv"]).then_some(())
    });
    assert_eq!(std::fs::read_to_string(uploads(&served).join("unfollow.csv")).unwrap(), all);
}

fn sql(served: &Served, statement: &str) {
    crate::common::sql::change(served.home.sandbox_queue(), statement);
}

#[test]
fn ids_that_look_rounded_are_told_before_anything_is_queued_and_taken_only_when_trusted() {
    let served = Served::start();
    let cookie = served.cookie();
    let rounded = |n: u64| ((300_000_000_000 + n * 1_234_577) << 22 | 1_234) as f64;
    let file: String = (0..20).map(|n| format!("{}\n", rounded(n))).collect();
    assert!(served.get("/new", &cookie).body.contains("trust_ids"));
    let place = received(&served, &cookie, &[("file", "unlike.csv", &file)]);
    let page = served.get(&place, &cookie).body;
    assert!(page.contains("20 of 20 IDs with 19 digits") && page.contains("No row of it can be queued"), "{page}");
    let place = received(&served, &cookie, &[("file", "unlike.csv", &file), ("trust_ids", "", "1")]);
    let page = served.get(&place, &cookie).body;
    assert!(page.contains("takes them as they are written"), "{page}");
    assert_eq!(served.post(&place, &cookie, "").status, 303);
    assert_eq!(
        (&status(&served)["jobs"][0]["job"], &status(&served)["jobs"][0]["rejected"]),
        (&"unlike".into(), &0.into())
    );
}

#[test]
fn a_list_from_another_place_is_the_jobs_only_if_somebody_says_so() {
    let served = Served::start();
    let cookie = served.cookie();
    std::fs::write(served.path("mutes.csv"), format!("user_id\n{}", rows(0..4))).unwrap();
    let load = ["load", "mutes.csv", "--action", "unmute"];
    assert!(served.cleanup(&load).status.success());
    assert!(served.cleanup(&["pause", "mutes"]).status.success());
    let longer = format!("user_id\n{}", rows(0..6));
    let place = received(&served, &cookie, &[("file", "mutes.csv", &longer)]);
    let answer = served.post(&place, &cookie, "");
    assert!(answer.status == 422 && answer.body.contains("from another place"), "{answer:?}");
    assert_eq!(status(&served)["jobs"][0]["rows"], 4, "nothing was queued");
    assert!(answer.body.contains(&format!("action=\"{place}/choices\"")), "{}", answer.body);
    // The action of the job need not be chosen again, nor the file.
    assert_eq!(choose(&served, &cookie, &place, "job=mutes&moved=1").status, 303);
    let answer = served.post(&place, &cookie, "");
    assert!(answer.status == 303 && answer.head.contains("said=loaded"), "{answer:?}");
    let after = status(&served);
    assert_eq!((&after["jobs"][0]["rows"], after["jobs"].as_array().map(Vec::len)), (&6.into(), Some(1)), "{after}");
}

#[test]
fn posts_that_are_no_reposts_are_not_unreposted_from_the_dashboard_either() {
    let served = Served::start();
    let cookie = served.cookie();
    let list = "target_id,is_repost,repost_of\n1629556410996121225,false,\n1629556410996121226,true,\n";
    let place = received(&served, &cookie, &[("file", "posts.csv", list), ("action", "", "unrepost")]);
    let page = served.get(&place, &cookie);
    assert!(page.body.contains("not a repost") && page.body.contains("cleanup list reposts"), "{}", page.body);
    let answer = served.post(&place, &cookie, "");
    assert_eq!(answer.status, 422, "{answer:?}");
    assert_eq!(status(&served)["jobs"], serde_json::json!([]));
}

#[test]
fn what_is_refused_is_called_as_its_sender_calls_it() {
    let served = Served::start();
    let cookie = served.cookie();
    for (name, content, what) in [
        ("my list.csv", "name,age\nada,7\n", "no column names the targets"),
        ("like.js", "window.YTD.like.part0 = [ ]", "X data archive"),
        ("cut.csv", "target_id,note\n7,\"open\n", "quoted cell"),
    ] {
        let answer = receive(&served, &cookie, &[("file", name, content), ("action", "", "unfollow")]);
        let place = answer.head.lines().find_map(|line| line.strip_prefix("location: "));
        let told = place.map_or(answer.body.clone(), |place| served.get(place, &cookie).body);
        assert!(told.contains(name) && told.contains(what), "{name}: {told}");
        assert!(!told.contains("incoming-") && !told.contains("/uploads/"), "{name}: {told}");
    }
    let fields = [("file", "unfollow.csv", &*rows(0..3)), ("keep", "friends.txt", "@@\n")];
    let answer = receive(&served, &cookie, &fields);
    let place = answer.head.lines().find_map(|line| line.strip_prefix("location: "));
    let told = place.map_or(answer.body.clone(), |place| served.get(place, &cookie).body);
    assert!(told.contains("the keep list: line 1") && !told.contains("/uploads/"), "{told}");
}

#[test]
fn an_action_that_was_chosen_once_need_not_be_chosen_again() {
    let served = Served::start();
    let cookie = served.cookie();
    let first = [("file", "people.csv", &*rows(0..3)), ("action", "", "unmute")];
    let place = received(&served, &cookie, &first);
    assert_eq!(served.post(&place, &cookie, "").status, 303);
    let place = received(&served, &cookie, &[("file", "people.csv", &*rows(0..5)), ("action", "", "")]);
    let page = served.get(&place, &cookie).body;
    assert!(page.contains("unmute") && !page.contains("No row of it can be queued"), "{page}");
    assert_eq!(served.post(&place, &cookie, "").status, 303);
    assert_eq!(status(&served)["jobs"][0]["rows"], 5);
}

#[test]
fn the_form_says_who_acts_where_no_account_is_chosen() {
    let served = Served::start();
    let cookie = served.cookie();
    let page = || served.get("/new", &cookie).body;
    assert!(page().contains("as the file or its job says, else sandbox"), "{}", page());
    // Another account of the queue can be chosen; it is not the one that acts without a choice.
    let words = ["load", "-", "--job", "unfollow", "--account", "ada", "--sandbox"];
    let load = served.home.cleanup(words.iter().chain(&["--action", "unfollow"])).fed(&rows(0..1));
    load.ends(0);
    assert!(page().contains("else sandbox") && page().contains("<option value=\"ada\">ada"), "{}", page());
}

/// macOS encodes the accents of a file's name otherwise than a keyboard: the upload is the job's all the same, and one file of it stays.
#[test]
fn a_job_is_known_however_its_name_is_encoded() {
    let served = Served::start();
    let cookie = served.cookie();
    for (name, rows) in [("Zo\u{eb}", rows(0..3)), ("Zoe\u{308}", rows(0..5)), ("Zoe\u{308}", rows(0..6))] {
        let file = format!("{name}.csv");
        let place =
            received(&served, &cookie, &[("file", &file, &rows), ("action", "", "unmute"), ("keep", "k.csv", "7\n")]);
        assert_eq!(served.post(&place, &cookie, "").status, 303);
    }
    let jobs = status(&served)["jobs"].clone();
    assert_eq!(jobs.as_array().map(Vec::len), Some(1), "{jobs}");
    assert_eq!((&jobs[0]["job"], &jobs[0]["rows"]), (&"Zo\u{eb}".into(), &6.into()));
    let names = listed(&served);
    assert!(names.iter().all(|name| !name.contains("Zoe\u{308}")), "{names:?}");
    // The list of the load before stays until the next one.
    assert_eq!(names.iter().filter(|name| name.ends_with(".keep")).count(), 2, "{names:?}");
    let told = served.get("/api/jobs/Zoe%CC%88", &cookie);
    assert!(told.status == 200 && told.body.contains("Zo\u{eb}"), "{told:?}");
}
