//! Refusals that do not name their record: five in a row are the question's fault and cost no row, one among successes is the row's.

use cleanup::app::SandboxAccounts;
use cleanup::domain::{Outcome, TargetId, TargetKind};
use cleanup::engine::Stopped;
use cleanup::sandbox::{Fate, SpecialTarget, Trouble};

use super::support::{Bench, id, ids, now, run};

fn tell(bench: &Bench, trouble: Option<Trouble>) {
    assert!(bench.sandbox.trouble(bench.user(), trouble));
}

/// Rows of [`ids`] whose target does not exist, and whose answer does not say what it is that does not.
fn unnamed(rows: impl IntoIterator<Item = u64>) -> Vec<SpecialTarget> {
    let of =
        |n| SpecialTarget { kind: TargetKind::User, id: id(n).to_string().parse().unwrap(), fate: Fate::GoneUnnamed };
    rows.into_iter().map(of).collect()
}

/// The outcomes and reasons of a job's rows, in their order.
async fn outcomes(bench: &Bench) -> Vec<(Outcome, String)> {
    let rows = bench.receipts("unfollow").await;
    rows.into_iter().map(|row| (row.outcome, row.reason.unwrap_or_default())).collect()
}

#[test]
fn a_question_that_is_refused_whatever_it_is_about_costs_no_row() {
    run(async {
        for (what, reason) in [
            (Trouble::RouteLost, "endpoint_not_found"),
            (Trouble::RoutePage, "endpoint_not_found"),
            (Trouble::BadRequest, "request_refused"),
            (Trouble::Ambiguous, "forbidden"),
            (Trouble::UserMissing, "acting_user"),
        ] {
            for workers in [1, 32] {
                let mut bench = Bench::new("1000/1s", "none").await;
                bench.options.run.workers = workers;
                let file = bench.write("unfollow.csv", &ids(60));
                bench.load(&file).await;
                tell(&bench, Some(what));
                let ended = bench.drain().await;
                assert_eq!(ended.finish.stopped, Stopped::Account, "{what:?}");
                // Those that were in flight with the fifth come back with it.
                let at_most = 4 + workers as u64;
                assert!((5..=at_most).contains(&ended.finish.requests), "{what:?}: {} requests", ended.finish.requests);
                assert_eq!(
                    (ended.jobs[0].counts.pending, ended.jobs[0].counts.rows()),
                    (60, 60),
                    "{what:?}: nothing is lost"
                );
                let [(_, told, detail)] = &ended.finish.troubles[..] else { panic!("{:?}", ended.finish) };
                assert_eq!(told, reason, "{what:?}");
                assert!(detail.starts_with("unfollow: 5 answers in a row") && detail.contains("HTTP 40"), "{detail}");
                ended.store.close().await;
                // Mended by a person, the same rows go on.
                tell(&bench, None);
                let ended = bench.drain().await;
                assert_eq!(ended.jobs[0].counts.done, 60, "{what:?}");
            }
        }
    });
}

/// The rows that went back are asked for after the others, and a restart does not forget it.
#[test]
fn rows_that_went_back_let_the_others_go_first_every_night() {
    run(async {
        let mut bench = Bench::with_fates("1000/1s", "none", unnamed(0..7)).await;
        bench.options.run.workers = 1;
        let file = bench.write("unfollow.csv", &ids(20));
        bench.load(&file).await;
        // The second night meets two more, which the rows behind them prove gone, and then the first five again.
        for (night, (requests, done, gone)) in [(5, 0, 0), (2 + 13 + 5, 13, 2), (5, 13, 2)].into_iter().enumerate() {
            let ended = bench.drain().await;
            let counts = ended.jobs[0].counts;
            assert_eq!(ended.finish.stopped, Stopped::Account, "night {night}");
            assert_eq!((ended.finish.requests, counts.done, counts.gone), (requests, done, gone), "night {night}");
            assert_eq!((counts.pending, counts.failed), (20 - done - gone, 0), "night {night}");
            ended.store.close().await;
        }
        // New rows come before them as well.
        let file = bench.write("unfollow.csv", &ids(25));
        bench.load(&file).await;
        bench.options.run.terms.max_requests = Some(5);
        let ended = bench.drain().await;
        assert_eq!((ended.jobs[0].counts.done, ended.jobs[0].counts.pending), (18, 5));
        ended.store.close().await;
        bench.options.run.terms.max_requests = None;
        bench.options.run.accept_unnamed = true;
        let ended = bench.drain().await;
        assert_eq!((ended.finish.stopped, ended.jobs[0].counts.gone), (Stopped::Finished, 7));
    });
}

/// One row that a page of the edge refuses among successes has failed: whoever said it, it is not known to be gone.
#[test]
fn a_404_that_is_not_the_platforms_is_no_proof() {
    run(async {
        let mut bench = Bench::new("1000/1s", "none").await;
        bench.options.run.workers = 1;
        bench.options.run.terms.max_requests = Some(2);
        let file = bench.write("unfollow.csv", &ids(10));
        bench.load(&file).await;
        tell(&bench, Some(Trouble::RoutePage));
        bench.drain().await.store.close().await;
        tell(&bench, None);
        bench.options.run.terms.max_requests = None;
        let ended = bench.drain().await;
        let counts = ended.jobs[0].counts;
        assert_eq!((ended.finish.stopped, counts.done, counts.failed, counts.gone), (Stopped::Finished, 8, 2, 0));
        ended.store.close().await;
        let failed = outcomes(&bench).await.into_iter().filter(|(outcome, _)| *outcome == Outcome::Failed);
        assert!(failed.into_iter().all(|(_, reason)| reason == "not_found_unreadable"));
    });
}

/// What five refusals prove they prove of their endpoint: closed unfollows keep no post from being deleted.
#[test]
fn an_endpoint_that_refuses_leaves_the_others_alone() {
    run(async {
        let mut bench = Bench::with_fates("1000/1s", "none", unnamed(0..20)).await;
        bench.options.run.workers = 1;
        let rows: Vec<String> = (0..20).map(|n| format!("unfollow,{0}\ndelete-post,{0}\n", id(n))).collect();
        let file = bench.write("list.csv", &format!("action,target_id\n{}", rows.concat()));
        bench.load(&file).await;
        for night in 0..2 {
            let mut ended = bench.drain().await;
            assert_eq!(ended.finish.stopped, Stopped::Account, "night {night}");
            let counts = ended.jobs[0].counts;
            assert_eq!((counts.done, counts.pending, counts.failed, counts.gone), (20, 20, 0, 0), "night {night}");
            assert_eq!(ended.finish.requests, if night == 0 { 25 } else { 5 }, "night {night}");
            let account = ended.store.accounts().all().await.unwrap().remove(0);
            let trouble = account.trouble.unwrap_or_default();
            assert!(
                trouble.starts_with("endpoint_not_found: unfollow"),
                "a success elsewhere does not end it: {trouble:?}"
            );
            ended.store.close().await;
        }
    });
}

#[test]
fn a_bare_not_found_among_successes_is_gone() {
    run(async {
        let missing: Vec<u64> = (2..60).step_by(7).collect();
        let mut bench = Bench::with_fates("1000/1s", "none", unnamed(missing.iter().copied())).await;
        bench.options.run.workers = 1;
        let file = bench.write("unfollow.csv", &ids(60));
        bench.load(&file).await;
        let ended = bench.drain().await;
        assert_eq!(ended.finish.stopped, Stopped::Finished);
        let counts = ended.jobs[0].counts;
        assert_eq!((counts.gone, counts.done, counts.pending), (missing.len() as u64, 60 - missing.len() as u64, 0));
        ended.store.close().await;
        for (n, (outcome, reason)) in outcomes(&bench).await.into_iter().enumerate() {
            let expected =
                if missing.contains(&(n as u64)) { (Outcome::Gone, "not_found") } else { (Outcome::Done, "") };
            assert_eq!((outcome, reason.as_str()), expected, "row {n}");
        }
    });
}

/// Four at the end of a list prove nothing, and what is not known is not reported as gone.
#[test]
fn a_few_that_are_not_found_and_no_success_have_failed_and_can_be_tried_again() {
    run(async {
        let mut bench = Bench::with_fates("1000/1s", "none", unnamed(0..4)).await;
        let file = bench.write("unfollow.csv", &ids(4));
        bench.load(&file).await;
        let ended = bench.drain().await;
        assert_eq!((ended.finish.stopped, ended.jobs[0].counts.failed), (Stopped::Finished, 4));
        ended.store.close().await;
        assert!(outcomes(&bench).await.iter().all(|row| *row == (Outcome::Failed, "not_found_unclear".to_owned())));

        let mut store = bench.store().await;
        let job = store.queue().job("unfollow").await.unwrap().unwrap();
        assert_eq!(store.queue().retry_job(&job, now()).await.unwrap().tasks, 4);
        store.close().await;
        bench.options.run.accept_unnamed = true;
        let ended = bench.drain().await;
        assert_eq!((ended.finish.stopped, ended.jobs[0].counts.gone), (Stopped::Finished, 4));
        ended.store.close().await;
        assert!(outcomes(&bench).await.iter().all(|row| *row == (Outcome::Gone, "not_found_accepted".to_owned())));
    });
}

#[test]
fn a_person_who_knows_better_is_believed() {
    run(async {
        let mut bench = Bench::with_fates("1000/1s", "none", unnamed(0..12)).await;
        let file = bench.write("unfollow.csv", &ids(12));
        bench.load(&file).await;
        let ended = bench.drain().await;
        assert_eq!((ended.finish.stopped, ended.jobs[0].counts.pending), (Stopped::Account, 12));
        ended.store.close().await;
        bench.options.run.accept_unnamed = true;
        let ended = bench.drain().await;
        assert_eq!((ended.finish.stopped, ended.jobs[0].counts.gone), (Stopped::Finished, 12));
        ended.store.close().await;

        for trouble in [Trouble::BadRequest, Trouble::Ambiguous] {
            let mut bench = Bench::new("1000/1s", "none").await;
            let file = bench.write("unfollow.csv", &ids(12));
            bench.load(&file).await;
            tell(&bench, Some(trouble));
            let ended = bench.drain().await;
            assert_eq!((ended.finish.stopped, ended.jobs[0].counts.pending), (Stopped::Account, 12), "{trouble:?}");
            ended.store.close().await;
            bench.options.run.accept_unnamed = true;
            let ended = bench.drain().await;
            assert_eq!((ended.finish.stopped, ended.jobs[0].counts.failed), (Stopped::Finished, 12), "{trouble:?}");
        }
    });
}

/// Who has to enrol is one person; the app's other accounts go on.
#[test]
fn a_user_who_is_not_enrolled_stops_alone() {
    run(async {
        let bench = Bench::new("1000/1s", "none").await;
        let rows: Vec<String> =
            (0..30).map(|n| format!("{},{}\n", id(n), ["ada", "bob", "cid"][n as usize % 3])).collect();
        let file = bench.write("unfollow.csv", &format!("user_id,account\n{}", rows.concat()));
        bench.load(&file).await;
        let bob = SandboxAccounts::user_of(&"bob".parse().unwrap()).unwrap();
        let bob: TargetId = bob.as_str().parse().unwrap();
        assert!(bench.sandbox.trouble(bob, Some(Trouble::NotEnrolled)));
        let ended = bench.drain().await;
        assert_eq!(ended.finish.stopped, Stopped::Account);
        let counts = ended.jobs[0].counts;
        assert_eq!((counts.done, counts.pending), (20, 10), "{counts:?}");
        let [(_, reason, _)] = &ended.finish.troubles[..] else { panic!("{:?}", ended.finish.troubles) };
        assert_eq!(reason, "user_not_enrolled");
    });
}

#[test]
fn a_suspension_told_in_words_alone_stops_at_once() {
    run(async {
        let bench = Bench::new("1000/1s", "none").await;
        let file = bench.write("unfollow.csv", &ids(20));
        bench.load(&file).await;
        tell(&bench, Some(Trouble::SuspendedInWords));
        let ended = bench.drain().await;
        assert_eq!(
            (ended.finish.stopped, ended.finish.requests, ended.jobs[0].counts.pending),
            (Stopped::Account, 1, 20)
        );
        assert_eq!(ended.finish.troubles[0].1, "account_suspended");
    });
}

/// A success told twice over, differently, is none: whoever takes the last value reports what has not happened.
#[test]
fn an_answer_that_says_two_things_makes_nothing_done() {
    run(async {
        let mut bench = Bench::new("1000/1s", "none").await;
        let file = bench.write("unfollow.csv", &ids(2));
        bench.load(&file).await;
        tell(&bench, Some(Trouble::DuplicateKeys));
        bench.options.run.terms.max_requests = Some(2);
        let ended = bench.drain().await;
        assert_eq!((ended.jobs[0].counts.done, ended.jobs[0].counts.pending), (0, 2));
        ended.store.close().await;
        assert!(bench.sandbox.effects(bench.user()).iter().all(|effect| effect.applied == 0));
        tell(&bench, None);
        bench.options.run.terms.max_requests = None;
        let ended = bench.drain().await;
        assert_eq!(ended.jobs[0].counts.done, 2);
    });
}

/// What an earlier run left undecided is decided by the first success of the next.
#[test]
fn what_one_run_leaves_undecided_the_next_decides() {
    run(async {
        let mut bench = Bench::with_fates("1000/1s", "none", unnamed([0, 1])).await;
        bench.options.run.workers = 1;
        bench.options.run.terms.max_requests = Some(2);
        let file = bench.write("unfollow.csv", &ids(6));
        bench.load(&file).await;
        let ended = bench.drain().await;
        assert_eq!((ended.finish.stopped, ended.jobs[0].counts.pending), (Stopped::Requests, 6));
        ended.store.close().await;
        bench.options.run.terms.max_requests = None;
        let ended = bench.drain().await;
        let counts = ended.jobs[0].counts;
        assert_eq!((counts.gone, counts.done, ended.finish.requests), (2, 4, 4), "{counts:?}");
    });
}
