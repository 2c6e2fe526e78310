//! Nights that meet trouble: they are tried again while their hours last, and it is told once.

use std::collections::HashMap;

use cleanup::domain::{MicroUsd, Wall};
use cleanup::schedule::begun::{Dropped, MAX_RUNS_PER_FIRING};
use cleanup::schedule::control::{self, RunNowOutcome, Skipped};
use cleanup::schedule::firing::{After, End, Firing, How};
use cleanup::schedule::messages;
use cleanup::schedule::plan::Schedule;
use cleanup::schedule::scheduler::{self, ScheduleEvent};
use cleanup::store::{FiringState, NewSchedule, QueueKind, QueuePlace, Store, StoredFiring};
use proptest::prelude::*;

use super::commands::move_back_in;
use crate::common::{Home, RunToEnd, SandboxProcess, ids, sql, wait};

fn wall(text: &str) -> Wall {
    Wall(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

fn minutes(from: &str, minutes: i64) -> Wall {
    Wall(wall(from).0 + minutes * 60_000)
}

struct Night {
    _folder: tempfile::TempDir,
    store: Store,
}

impl Night {
    /// A queue with a schedule at 02:00 UTC, made the noon before.
    async fn new(until: Option<&str>) -> Night {
        let memory = std::path::Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
        let mut store = Store::open(&folder.path().join("queue.db"), QueueKind::Real).await.unwrap();
        let new = NewSchedule {
            name: "nightly".into(),
            cron: "0 2 * * *".into(),
            zone: "UTC".into(),
            until_time: until.map(str::to_owned),
            for_ms: None,
            jitter_ms: 0,
            jitter_seed: 7,
            request: r#"{"run":{"files":["/a.csv"]}}"#.into(),
        };
        assert!(store.schedules().add_schedule(&new, wall("2026-11-20T12:00:00Z")).await.unwrap());
        Night { _folder: folder, store }
    }

    async fn look(&mut self, at: Wall) -> scheduler::DueLook {
        scheduler::look(&mut self.store, at).await.unwrap()
    }

    async fn trouble(&mut self, firing: &Firing, code: u8, at: Wall) -> ScheduleEvent {
        let end = End { after: After::TriesAgain, ..End::unsent(code, "error") };
        scheduler::ended(&mut self.store, firing, &end, at).await.unwrap()
    }

    async fn last(&mut self) -> StoredFiring {
        self.store.schedules().firings(1, 5).await.unwrap().remove(0)
    }
}

#[tokio::test]
async fn trouble_that_passes_costs_minutes_and_not_the_night() {
    const SLOT: &str = "2026-11-21T02:00:00Z";
    let mut night = Night::new(Some("06:00:00")).await;
    let firing = night.look(minutes(SLOT, 0)).await.firing.unwrap();
    let told = night.trouble(&firing, 69, minutes(SLOT, 10)).await;
    assert!(matches!(told, ScheduleEvent::TriesAgain(..)), "{told:?}");
    assert_eq!(
        messages::sentence(&told, minutes(SLOT, 10)),
        "nightly: stopped at 02:10 UTC after 0 requests: no usable answer from the platform (exit code 69); it is tried again from 02:11 UTC on, \
         until its hours end"
    );
    // Nothing before that minute is over, and whoever looks is told when.
    let (due, next) = scheduler::due(&mut night.store, Wall(minutes(SLOT, 11).0 - 1)).await.unwrap();
    assert_eq!((due.len(), next.unwrap().starts), (0, minutes(SLOT, 11)));
    let rest = night.look(Wall(minutes(SLOT, 11).0 - 1)).await;
    assert!(rest.firing.is_none() && rest.news.is_empty() && rest.next.unwrap().starts == minutes(SLOT, 11));
    let (due, _) = scheduler::due(&mut night.store, minutes(SLOT, 11)).await.unwrap();
    assert_eq!(due, ["nightly"]);
    let again = night.look(minutes(SLOT, 15)).await.firing.unwrap();
    assert_eq!((again.id, again.how, again.ends_by), (firing.id, How::TriedAgain, Some(wall("2026-11-21T06:00:00Z"))));
    // The same again is not told again, and the pause is twice as long; other trouble is told.
    assert!(
        matches!(night.trouble(&again, 69, minutes(SLOT, 16)).await, ScheduleEvent::StillTrouble(_, _, at) if at == minutes(SLOT, 18))
    );
    let again = night.look(minutes(SLOT, 20)).await.firing.unwrap();
    assert!(
        matches!(night.trouble(&again, 65, minutes(SLOT, 20)).await, ScheduleEvent::TriesAgain(_, _, at) if at == minutes(SLOT, 24))
    );
    // It gets through, and its runs are one run.
    let again = night.look(minutes(SLOT, 25)).await.firing.unwrap();
    let stops = End { requests: 30, spent: MicroUsd(300_000), after: After::TriesAgain, ..End::unsent(74, "error") };
    let told = scheduler::ended(&mut night.store, &again, &stops, minutes(SLOT, 60)).await.unwrap();
    assert!(
        matches!(told, ScheduleEvent::TriesAgain(_, _, at) if at == minutes(SLOT, 61)),
        "a run that got somewhere: {told:?}"
    );
    let again = night.look(minutes(SLOT, 65)).await.firing.unwrap();
    assert_eq!((again.sent, again.spent), (30, MicroUsd(300_000)), "which is not there for its further runs");
    let done = End { requests: 12, spent: MicroUsd(120_000), ..End::unsent(0, "finished") };
    scheduler::ended(&mut night.store, &again, &done, minutes(SLOT, 70)).await.unwrap();
    let last = night.last().await;
    assert_eq!((last.state, last.exit_code, last.requests, last.runs), (FiringState::Ended, Some(0), Some(42), 1));
    assert_eq!((last.spent, last.retry_at), (MicroUsd(420_000), None));
    assert!(night.look(minutes(SLOT, 75)).await.firing.is_none());
    assert!(night.look(wall("2026-11-22T02:00:00Z")).await.firing.is_some());
}

#[tokio::test]
async fn a_night_that_never_gets_through_is_given_up_with_its_trouble_at_the_end_of_its_hours() {
    let mut night = Night::new(Some("06:00:00")).await;
    let (mut at, mut tries, mut told) = (wall("2026-11-21T02:00:00Z"), 0, 0);
    while at < wall("2026-11-21T06:00:00Z") {
        if let Some(firing) = night.look(at).await.firing {
            tries += 1;
            told += u32::from(!matches!(night.trouble(&firing, 69, at).await, ScheduleEvent::StillTrouble(..)));
        }
        at = Wall(at.0 + 300_000);
    }
    // Every five minutes at first, then every quarter of an hour: more often than processes may die over it.
    assert!((MAX_RUNS_PER_FIRING + 5..=20).contains(&tries), "{tries}");
    // The last try falls so late that there is none after it, which is an end like any other.
    assert!((1..=2).contains(&told), "{told}");
    let look = night.look(at).await;
    let given_up = look.news.iter().any(|news| matches!(news, ScheduleEvent::Dropped(_, Dropped::NeverDone(..))));
    assert!(look.firing.is_none() && (given_up || told == 2), "{look:?}");
    let last = night.last().await;
    assert_eq!((last.state, last.exit_code, last.requests), (FiringState::Ended, Some(69), Some(0)));
    assert_eq!(night.look(wall("2026-11-22T02:00:00Z")).await.firing.unwrap().how, How::Due);
}

#[tokio::test]
async fn hours_without_an_end_last_a_day_or_until_the_next_slot() {
    let mut night = Night::new(None).await;
    let firing = night.look(wall("2026-11-21T02:00:00Z")).await.firing.unwrap();
    night.trouble(&firing, 65, wall("2026-11-21T02:00:00Z")).await;
    let again = night.look(wall("2026-11-22T01:40:00Z")).await.firing.unwrap();
    assert_eq!(again.how, How::TriedAgain);
    night.trouble(&again, 65, wall("2026-11-22T01:59:00Z")).await;
    let next = night.look(wall("2026-11-22T02:00:00Z")).await;
    assert_eq!(next.firing.unwrap().how, How::Due, "{:?}", next.news);
    let firings = night.store.schedules().firings(1, 5).await.unwrap();
    assert_eq!((firings[1].state, firings[1].exit_code), (FiringState::Ended, Some(65)));
}

#[tokio::test]
async fn a_person_who_wants_it_now_or_not_at_all_is_heard() {
    let mut night = Night::new(Some("06:00:00")).await;
    let at = wall("2026-11-21T02:30:00Z");
    let firing = night.look(at).await.firing.unwrap();
    for _ in 0..6 {
        let told = Firing { transient_failures: 9, ..firing.clone() };
        night.trouble(&told, 69, at).await;
    }
    assert!(night.look(at).await.firing.is_none());
    let schedule = Schedule::of(&night.store.schedules().all().await.unwrap()[0]).unwrap();
    assert_eq!(control::ask(&mut night.store, &schedule, at).await.unwrap(), RunNowOutcome::Noted);
    let again = night.look(at).await.firing.unwrap();
    assert_eq!((again.id, again.how), (firing.id, How::TriedAgain));
    night.trouble(&again, 69, at).await;
    assert_eq!(control::skip(&mut night.store, &schedule, at).await.unwrap(), Skipped::Rest(firing.slot.at));
    assert!(night.look(wall("2026-11-21T03:00:00Z")).await.firing.is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Whatever the tries of a night meet: none is made outside of its hours, and while it has not got through there is never a longer
    /// time without one than the longest pause and a look.
    #[test]
    fn a_night_is_tried_in_all_of_its_hours_and_in_no_others(seed: u64, look_every in 1_i64..=10) {
        wait(async {
            let mut dice = fastrand::Rng::with_seed(seed);
            let mut night = Night::new(Some("06:00:00")).await;
            let (begin, end) = (wall("2026-11-21T02:00:00Z"), wall("2026-11-21T06:00:00Z"));
            let mut at = Wall(begin.0 - 3_600_000);
            let (mut last_try, mut is_through, mut requests) = (begin, false, 0);
            while at < Wall(end.0 + 3_600_000) {
                let look = night.look(at).await;
                if let Some(firing) = look.firing {
                    assert!(begin <= at && at < end && !is_through, "seed {seed}: {}", at.rfc3339());
                    // A run may last some minutes, inside its hours.
                    at = Wall((at.0 + dice.i64(0..300_000)).min(end.0));
                    last_try = at;
                    let sent = if dice.u8(0..4) == 0 { dice.u64(1..50) } else { 0 };
                    requests += sent;
                    is_through = dice.u8(0..20) == 0;
                    let code = *dice.choice(&[65_u8, 69, 74]).unwrap();
                    let after = if is_through { After::Over } else { After::TriesAgain };
                    let end = End { after, requests: sent, ..End::unsent(if is_through { 0 } else { code }, "error") };
                    scheduler::ended(&mut night.store, &firing, &end, at).await.unwrap();
                } else if !is_through && begin <= at && at < Wall(end.0 - 900_000) {
                    let waited = at.0 - last_try.0;
                    assert!(waited <= 900_000 + look_every * 60_000, "seed {seed}: {waited} ms without a try");
                }
                at = Wall(at.0 + look_every * 60_000);
            }
            let last = night.last().await;
            assert_eq!((last.state, last.requests), (FiringState::Ended, Some(requests)), "seed {seed}");
        });
    }
}

/// A schedule of a minute ago, with hours, in a queue of its home.
fn add_due(home: &Home, more: &[&str]) {
    let slot = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(60);
    let slot = slot.to_zoned(jiff::tz::TimeZone::UTC);
    let cron = format!("{} {} * * *", slot.minute(), slot.hour());
    let words =
        ["schedule", "add", "nightly", "--cron", &cron, "--zone", "UTC", "--for", "3h", "--notify", "cat >>heard"];
    home.cleanup(words.iter().chain(more)).done().ends(0);
}

fn heard(home: &Home) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(home.path("heard")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A pause goes by.
fn pause_over(queue: &QueuePlace) {
    sql::change(queue, "update firing set retry_at = began_at");
}

#[test]
fn a_file_that_comes_five_minutes_late_is_run_and_told_of_once() {
    let home = Home::new();
    let queue = home.sandbox_queue();
    add_due(&home, &["--sandbox", "unfollow.csv"]);
    move_back_in(&queue, 150);
    let due = || home.cleanup(["schedule", "due", "--sandbox"]).done();
    let first = due().ends(65);
    assert!(first.err.contains("error") && first.err.contains("tried again from"), "{}", first.err);
    assert_eq!(heard(&home).len(), 1);
    assert_eq!((&heard(&home)[0]["tries_again"], &heard(&home)[0]["exit_code"]), (&true.into(), &65.into()));
    // In its pause nothing is due, and the list says what it waits for.
    let pause = due();
    assert!(pause.code == 0 && pause.err.contains("next: nightly at"), "{}", pause.err);
    let list = home.cleanup(["schedule", "list", "--sandbox"]).done();
    let list = list.out;
    assert!(list.contains("a file is missing or cannot be used as it is; tried again from"), "{list}");
    // Half of it is there: an open quote at its end. Nothing is told again.
    home.write("unfollow.csv", "user_id,note\n1629556410996121225,\"half");
    pause_over(&queue);
    let half = due();
    assert!(half.code == 65 && !half.err.contains("error"), "{}", half.err);
    assert_eq!(heard(&home).len(), 1);
    home.write("unfollow.csv", ids(5));
    pause_over(&queue);
    let whole = due();
    assert!([0, 3].contains(&whole.code), "{}", whole.err);
    let heard = heard(&home);
    assert_eq!((heard.len(), &heard[1]["event"], &heard[1]["tries_again"]), (2, &"finished".into(), &false.into()));
    let list = home.cleanup(["schedule", "list", "--sandbox", "--json"]).done().json();
    let last = &list["schedules"][0]["last"];
    assert_eq!((&last["state"], &last["stopped"]), (&"ended".into(), &"finished".into()), "{last}");
}

#[test]
fn a_platform_that_answers_again_gets_the_rest_of_the_night_within_the_bounds_of_one_run() {
    let home = Home::new();
    let queue = home.queue();
    home.write("unfollow.csv", ids(9));
    let sandbox = SandboxProcess::start(&home, &["--faults", "none"]);
    add_due(&home, &["--max-requests", "6", "--give-up-after", "1s", "unfollow.csv"]);
    move_back_in(&queue, 150);
    let nowhere = format!("127.0.0.1:{}", crate::common::port::free_port());
    let due = |url: &str| {
        let mut command = home.against(&sandbox, ["schedule", "due"]);
        command.env("CLEANUP_X_API", url).done()
    };
    let first = due(&format!("http://{nowhere}"));
    assert_eq!(first.code, 69, "{}", first.err);
    assert!(first.err.contains("tried again from"), "{}", first.err);
    pause_over(&queue);
    // Four of the night's six requests have been used up, say.
    sql::change(&queue, "update firing set requests = 4");
    due(&sandbox.url).ends(4);
    let list = home.against(&sandbox, ["schedule", "list", "--json"]).done().json();
    let last = &list["schedules"][0]["last"];
    assert_eq!((&last["stopped"], &last["requests"]), (&"requests".into(), &6.into()), "{last}");
    assert_eq!(sandbox.ledger().requests, 2);
    let told: HashMap<String, usize> = heard(&home).iter().fold(HashMap::new(), |mut told, note| {
        *told.entry(note["stopped"].as_str().unwrap().to_owned()).or_default() += 1;
        told
    });
    assert_eq!(told, HashMap::from([("unreachable".to_owned(), 1), ("requests".to_owned(), 1)]));
}

/// A platform that tells its time and nothing else, an hour behind ours.
fn an_hour_ago() -> String {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4_096]);
            let date = (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(1)).strftime("%a, %d %b %Y %T GMT");
            let _ = write!(
                stream,
                "HTTP/1.1 404 Not Found\r\ndate: {date}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
        }
    });
    format!("http://{address}")
}

#[test]
fn a_clock_that_the_platform_denies_runs_nothing_and_says_so() {
    let home = Home::new();
    let queue = home.queue();
    home.write("unfollow.csv", ids(3));
    add_due(&home, &["unfollow.csv"]);
    move_back_in(&queue, 150);
    let mut command = home.cleanup(["schedule", "due"]);
    command.env("CLEANUP_X_API", an_hour_ago()).env("CLEANUP_X_TOKEN", "t").env("CLEANUP_X_USER_ID", "7");
    let due = command.done().ends(78);
    let said = due.err;
    assert!(said.contains("clock is 1 h ahead of") && said.contains("set the clock"), "{said}");
    assert!(said.contains("tried again from"), "{said}");
    let status = home.cleanup(["status", "--json"]).done().json();
    assert_eq!(status["jobs"], serde_json::json!([]), "nothing was loaded");
}

#[test]
fn doctor_and_the_list_tell_of_a_clock_that_was_ahead() {
    let home = Home::new();
    add_due(&home, &["--sandbox", "unfollow.csv"]);
    let year = 2_152_000_000_000_i64;
    home.sandbox_sql(&format!("update schedule set settled_to = {year}"));
    let list = home.cleanup(["schedule", "list", "--sandbox"]).done();
    let text = list.out;
    assert!(text.contains("clock counts as run up to") && text.contains(" 2038 "), "{text}");
    let listed = home.cleanup(["schedule", "list", "--sandbox", "--json"]).done().json();
    let schedule = &listed["schedules"][0];
    assert!(schedule["settled_ahead_to"].as_str().unwrap().starts_with("2038-"), "{schedule}");
    assert!(!schedule["next_at"].as_str().unwrap().starts_with("2038-"), "{schedule}");
    let doctor = || home.cleanup(["doctor", "--sandbox"]).done();
    let text = doctor().out;
    assert!(text.contains("warn  schedules: nightly counts as run up to 2038-"), "{text}");
    let due = home.cleanup(["schedule", "due", "--sandbox"]).done();
    assert!(due.err.contains("because the clock was ahead"), "{}", due.err);
    let text = doctor().out;
    assert!(text.contains("ok    clock:") && !text.contains("2038"), "{text}");
}
