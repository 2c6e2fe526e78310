//! What is done with a job that has done something, with an account and with schedules, form by form: verify, by hand, restore, forget; check,
//! default, remove; add and change. And what is refused.

use super::served::{Answer, Served};

fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{answer:?}");
    answer.head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap().to_owned()
}

/// The text of a page, when it says so.
fn page_that_says(served: &Served, cookie: &str, path: &str, wanted: &str) -> String {
    served.until(wanted, |served| {
        let page = served.get(path, cookie).body;
        page.contains(wanted).then_some(page)
    })
}

/// A stand-in's list made into a job, which has ended.
fn finished_job(served: &Served, cookie: &str) {
    location(&served.post("/accounts/connect", cookie, "platform=bluesky"));
    let list = location(&served.post("/lists/new", cookie, "account=bluesky-sandbox&list=likes"));
    page_that_says(served, cookie, &list, "pass the filter");
    let form = "limit=4&action=unlike&account=bluesky-sandbox&job=old+likes";
    let check = location(&served.post(&format!("{list}/job"), cookie, form));
    assert!(served.get(&check, cookie).body.contains("What cannot be undone"));
    let job = location(&served.post(&check, cookie, ""));
    assert!(job.contains("/jobs/1?said=loaded"), "{job}");
    page_that_says(served, cookie, "/jobs/1", "finished");
}

#[test]
fn a_job_is_verified_restored_and_forgotten() {
    let served = Served::start();
    let cookie = served.cookie();
    finished_job(&served, &cookie);
    let before = served.get("/jobs/1/verify", &cookie).body;
    assert!(before.contains("Not decided"), "{before}");
    location(&served.post("/jobs/1/verify", &cookie, ""));
    page_that_says(&served, &cookie, "/jobs/1/verify", "<dt>confirmed</dt><dd>4</dd>");
    assert!(served.get("/jobs/1/by-hand", &cookie).body.contains("No row has failed."));
    // What was done, as the command writes it.
    let list = served.get("/jobs/1/undo.csv", &cookie);
    assert!(list.head.contains("attachment; filename=\"oldlikes-undo.csv\""), "{}", list.head);
    assert_eq!(list.body, String::from_utf8(served.cleanup(&["undo", "old likes"]).stdout).unwrap());
    let ask = served.get("/jobs/1/undo", &cookie).body;
    assert!(ask.contains("can be restored through the platform") && ask.contains("old likes-restore"), "{ask}");
    assert!(location(&served.post("/jobs/1/restore", &cookie, "")).contains("/jobs/2?said=loaded"));
    page_that_says(&served, &cookie, "/jobs/2", "finished");
    // Pressed twice it leads to the same job, and says so.
    let again = location(&served.post("/jobs/1/restore", &cookie, ""));
    assert!(again.ends_with("/jobs/2?said=restored-already"), "{again}");
    assert!(served.get(&again, &cookie).body.contains("all that can be restored is in this job already"));
    for refused in [served.get("/jobs/2/verify", &cookie), served.post("/jobs/2/verify", &cookie, "")] {
        assert!(refused.status == 422 && refused.body.contains("has undone nothing itself"), "{refused:?}");
    }
    // Its receipts are gone with it, and only then.
    assert!(served.get("/jobs/2/forget", &cookie).body.contains("4 tasks"));
    assert!(location(&served.post("/jobs/2/forget", &cookie, "")).contains("said=forgotten"));
    assert_eq!(served.get("/jobs/2", &cookie).status, 404);
    assert_eq!(served.get("/jobs/1", &cookie).status, 200);
}

/// What stands in an address may be typed, or be a job's name.
#[test]
fn an_address_that_names_nothing_is_a_page_that_says_so() {
    let served = Served::start();
    let cookie = served.cookie();
    finished_job(&served, &cookie);
    assert!(location(&served.get("/jobs/old%20likes", &cookie)).ends_with("/jobs/1"));
    for (path, status, says) in [
        ("/jobs/old", 404, "There is no job of that name."),
        ("/jobs/old/rows", 404, "There is no page at this address."),
        ("/jobs/1/rows/x", 404, "There is no page at this address."),
        ("/lists/x", 404, "There is no page at this address."),
        ("/accounts/x", 404, "There is no page at this address."),
        ("/accounts/connect/x", 404, "There is no page at this address."),
        ("/new/x", 404, "There is no page at this address."),
        ("/jobs/1/by-hand?page=x", 400, "cannot be read"),
        ("/jobs/1/pause", 405, "it is that of a button"),
    ] {
        let answer = served.get(path, &cookie);
        assert!(answer.status == status && answer.body.contains(says), "{path}: {answer:?}");
        assert!(
            answer.head.contains("content-type: text/html") && answer.body.contains("Back to Now"),
            "{path}: {answer:?}"
        );
    }
    let unread = served.post("/accounts/connect", &cookie, "");
    assert!(unread.status == 422 && unread.body.contains("The form could not be read."), "{unread:?}");
    let json = served.get("/api/jobs/nobody", &cookie);
    let answer: serde_json::Value = serde_json::from_str(&json.body).unwrap();
    assert_eq!(
        (json.status, &answer["error"]["kind"], &answer["exit_code"]),
        (404, &"usage".into(), &2.into()),
        "{json:?}"
    );
}

/// A queue that was taken back to a snapshot: its jobs wait for a word, which is given on their pages.
#[test]
fn a_job_of_a_restored_queue_goes_on_when_a_person_says_so() {
    let served = Served::start();
    let cookie = served.cookie();
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/jobs/unfollow.csv"), served.path("unfollow.csv")).unwrap();
    served.cleanup(&["load", "unfollow.csv"]);
    served.cleanup(&["pause", "unfollow"]);
    crate::common::sql::change(served.home.sandbox_queue(), "update job set state = 'unverified'");
    let page = served.get("/jobs/1", &cookie).body;
    assert!(
        page.contains("The queue was restored from a snapshot") && page.contains("/jobs/1/accept-repeats"),
        "{page}"
    );
    assert!(served.get("/jobs/1/verify", &cookie).body.contains("The queue was restored from a snapshot"));
    for deed in ["unpause", "pause"] {
        let refused = served.post(&format!("/jobs/1/{deed}"), &cookie, "");
        assert!(refused.status == 422 && refused.body.contains("to send what is left all the same"), "{refused:?}");
    }
    assert!(location(&served.post("/jobs/1/accept-repeats", &cookie, "")).ends_with("/jobs/1?said=accepted"));
    assert!(!page_that_says(&served, &cookie, "/jobs/1", "finished").contains("accept-repeats"));
    assert!(served.get("/log", &cookie).body.contains("accept-repeats"));
    // It is an answer, and no switch: given again it changes nothing.
    assert!(location(&served.post("/jobs/1/accept-repeats", &cookie, "")).ends_with("/jobs/1"));
}

#[test]
fn what_failed_is_done_by_hand_and_ticked() {
    let served = Served::start();
    let cookie = served.cookie();
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/jobs/unfollow.csv"), served.path("unfollow.csv")).unwrap();
    served.cleanup(&["load", "unfollow.csv"]);
    page_that_says(&served, &cookie, "/jobs/1", "finished");
    let page = served.get("/jobs/1/by-hand", &cookie).body;
    let value = page.split("name=\"done\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let (task, target) = value.split_once(' ').unwrap();
    // A target that is another's is not taken.
    assert_eq!(served.post("/jobs/1/by-hand", &cookie, &format!("done={task}+1")).status, 422, "not that row's");
    assert!(served.get("/jobs/1/by-hand", &cookie).body.contains(target));
    location(&served.post("/jobs/1/by-hand", &cookie, &format!("done={task}+{target}")));
    assert!(!served.get("/jobs/1/by-hand", &cookie).body.contains(value));
    assert_eq!(served.post("/jobs/1/by-hand", &cookie, "").status, 422, "nothing is ticked");
    let report = String::from_utf8(served.cleanup(&["report", "unfollow"]).stdout).unwrap();
    assert!(report.lines().any(|line| line.contains(target) && line.contains("by_hand")), "{report}");
}

#[test]
fn an_account_is_chosen_and_removed_and_what_waits_for_it_is_not_lost() {
    let served = Served::start();
    let cookie = served.cookie();
    location(&served.post("/accounts/connect", &cookie, "platform=mastodon"));
    assert!(served.get("/accounts/1", &cookie).body.contains("mastodon-sandbox"));
    location(&served.post("/accounts/1/default", &cookie, ""));
    assert!(served.get("/accounts/1", &cookie).body.contains("No longer the default"));
    assert!(location(&served.post("/accounts/1/remove", &cookie, "")).contains("said=account-removed"));
    assert_eq!(served.get("/accounts/1", &cookie).status, 404);
    assert_eq!(served.post("/accounts/connect", &cookie, "platform=nowhere").status, 422);
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/jobs/unfollow.csv"), served.path("unfollow.csv")).unwrap();
    served.cleanup(&["load", "unfollow.csv"]);
    served.cleanup(&["pause", "unfollow"]);
    let account = served.until("the account is there", |served| {
        let page = served.get("/accounts", &cookie).body;
        page.split("/accounts/").find_map(|rest| rest.split('"').next()?.parse::<u32>().ok())
    });
    let refused = served.post(&format!("/accounts/{account}/remove"), &cookie, "");
    assert!(refused.status == 422 && refused.body.contains("queued"), "{refused:?}");
}

#[test]
fn a_schedule_is_shown_before_it_is_kept_and_its_times_are_changed() {
    let served = Served::start();
    let cookie = served.cookie();
    location(&served.post("/accounts/connect", &cookie, "platform=x-v2"));
    let fields = "name=nightly&account=sandbox&list=likes&older-than=1y&days=weekdays&at=02:00&until=06:00";
    let shown = served.post("/schedules/new", &cookie, &format!("{fields}&go=times"));
    assert!(shown.status == 200 && shown.body.contains("Its next times"), "{shown:?}");
    assert_eq!(shown.body.matches("<time ").count(), 5);
    assert!(served.get("/schedules", &cookie).body.contains("Nothing is scheduled"), "nothing is kept yet");
    assert!(
        location(&served.post("/schedules/new", &cookie, &format!("{fields}&go=keep"))).contains("said=schedule-added")
    );
    let kept = served.get("/schedules", &cookie).body;
    assert!(kept.contains("0 2 * * 1-5") && kept.contains("older than 1y") && kept.contains("until 06:00"), "{kept}");
    // The same name again, and what makes no sense, come back with the form filled in.
    let again = served.post("/schedules/new", &cookie, &format!("{fields}&go=keep"));
    assert!(again.status == 422 && again.body.contains("value=\"nightly\""), "{again:?}");
    let wrong = served.post("/schedules/new", &cookie, "name=x&account=sandbox&list=likes&at=25:00&go=times");
    assert!(wrong.status == 422 && wrong.body.contains("Starts at"), "{wrong:?}");
    let change = "edit=1&name=nightly&cron=0+3+*+*+*&until=05:00&go=keep";
    assert!(location(&served.post("/schedules/new", &cookie, change)).contains("said=schedule-changed"));
    let changed = served.get("/schedules", &cookie).body;
    assert!(changed.contains("0 3 * * *") && changed.contains("until 05:00") && changed.contains("older than 1y"));
}

#[test]
fn ticks_and_names_stay_with_a_list_and_what_cannot_be_is_refused() {
    let mut served = Served::start();
    let cookie = served.cookie();
    location(&served.post("/accounts/connect", &cookie, "platform=x-v2"));
    let list = location(&served.post("/lists/new", &cookie, "account=sandbox&list=following&follows_back=1"));
    let page = page_that_says(&served, &cookie, &list, "pass the filter");
    let names: Vec<&str> = page.split("for=\"row-").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(names.len(), 50);
    assert!(page.contains("does not follow back") && page.contains("follows back"), "{page}");
    let stay = |page: &str| page.split("id=\"stay\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let all = stay(&page);
    location(&served.post(&format!("{list}/ticks"), &cookie, "shown=0&shown=1&shown=2&in=1&go=stay&at=0"));
    assert_ne!(stay(&served.get(&list, &cookie).body), all);
    // Everything that passes a filter, at once; and back.
    location(&served.post(&format!("{list}/ticks"), &cookie, "not-following-back=1&go=none&at=0"));
    assert_eq!(stay(&served.get(&format!("{list}?not-following-back=1"), &cookie).body), "0");
    let none =
        served.post(&format!("{list}/job"), &cookie, "not-following-back=1&action=unfollow&account=sandbox&job=x");
    assert!(none.status == 422 && none.body.contains("No row of the list stays"), "{none:?}");
    location(&served.post(&format!("{list}/ticks"), &cookie, "go=all&at=0"));
    assert_eq!(stay(&served.get(&list, &cookie).body), all);
    let wrong = served.get(&format!("{list}?older-than=soon"), &cookie);
    assert!(wrong.status == 422 && wrong.body.contains("Older than"), "{wrong:?}");
    let unknown = served.post(&format!("{list}/names"), &cookie, "part=keep&keep=%22");
    assert_ne!(unknown.status, 500, "{unknown:?}");
    // They outlive the process.
    location(&served.post(&format!("{list}/ticks"), &cookie, "shown=0&go=stay&at=0"));
    let one_less = stay(&served.get(&list, &cookie).body);
    served.restart();
    let cookie = served.cookie();
    assert_eq!(stay(&served.get("/lists/1", &cookie).body), one_less);
    assert!(served.get("/lists", &cookie).body.contains("Following of sandbox"));
    location(&served.post("/lists/1/remove", &cookie, ""));
    assert_eq!(served.get("/lists/1", &cookie).status, 404);
}
