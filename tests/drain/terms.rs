//! Jobs with terms of their own beside others in one drain: each keeps to its deadline and its budget, and none keeps another waiting.

use std::time::Duration;

use cleanup::app::SandboxAccounts;
use cleanup::domain::{JobId, MicroUsd, TargetId, TargetKind, WindowSpec};
use cleanup::engine::{JobGroup, JobTerms, Stopped};
use cleanup::sandbox::{Fate, SpecialTarget};
use proptest::prelude::*;

use super::outage::{WatchedClock, bench_with, drain};
use super::support::{Bench, id, run};

const CENT: MicroUsd = MicroUsd(10_000);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// Some jobs that share terms: how many rows each has, and by which account.
#[derive(Clone, Debug)]
struct Group {
    jobs: Vec<(u64, &'static str)>,
    requests: Option<u64>,
    cents: Option<u64>,
    seconds: Option<u64>,
}

impl Group {
    fn of(jobs: &[(u64, &'static str)]) -> Group {
        Group { jobs: jobs.to_vec(), requests: None, cents: None, seconds: None }
    }

    fn terms(&self, clock: &WatchedClock) -> JobTerms {
        JobTerms {
            until: self.seconds.map(|seconds| clock.tick_in(Duration::from_secs(seconds))),
            max_requests: self.requests,
            max_spend: self.cents.map(|cents| CENT.times(cents)),
        }
    }

    fn rows(&self) -> u64 {
        self.jobs.iter().map(|(rows, _)| rows).sum()
    }
}

/// What came of a group: requests as the platform counted them, those when it last could send something, rows left, and what it was told.
#[derive(Debug)]
struct Came {
    requests: u64,
    in_time: u64,
    pending: u64,
    told: Option<(Stopped, u64, MicroUsd)>,
}

/// The targets of a job are its own.
fn target(group: usize, job: usize, row: u64) -> u64 {
    (group as u64 * 10 + job as u64) * 10_000 + row
}

fn target_id(group: usize, job: usize, row: u64) -> TargetId {
    id(target(group, job, row)).to_string().parse().unwrap()
}

/// How often the platform was asked for a group's rows.
fn asked(bench: &Bench, place: usize, group: &Group) -> u64 {
    let mut asked = 0;
    for (job, (rows, account)) in group.jobs.iter().enumerate() {
        let user = SandboxAccounts::user_of(&account.parse().unwrap()).unwrap();
        let user: TargetId = user.as_str().parse().unwrap();
        let own: Vec<_> = (0..*rows).map(|row| target_id(place, job, row)).collect();
        let effects = bench.sandbox.effects(user);
        asked +=
            effects.iter().filter(|effect| own.contains(&effect.target)).map(|e| u64::from(e.requested)).sum::<u64>();
    }
    asked
}

/// Drains jobs of which the first group has no terms, and the others have theirs; `loosened` plants a fault: the drain is given looser terms
/// than those.
async fn drained(bench: &mut Bench, clock: &WatchedClock, groups: &[Group], loosened: bool) -> (Vec<Came>, Stopped) {
    let mut ids: Vec<Vec<JobId>> = Vec::new();
    for (place, group) in groups.iter().enumerate() {
        let mut own = Vec::new();
        for (job, (rows, account)) in group.jobs.iter().enumerate() {
            let lines: Vec<String> =
                (0..*rows).map(|row| format!("{},unfollow,{account}", id(target(place, job, row)))).collect();
            let name = format!("g{place}-j{job}");
            let file = bench.write(&format!("{name}.csv"), &format!("user_id,action,account\n{}\n", lines.join("\n")));
            bench.load(&file).await;
            let mut store = bench.store().await;
            own.push(store.queue().job(&name).await.unwrap().unwrap().id);
            store.close().await;
        }
        ids.push(own);
    }
    let given = |group: &Group| match loosened {
        false => group.terms(clock),
        true => Group {
            requests: group.requests.map(|most| most + 1),
            cents: group.cents.map(|most| most + 1),
            seconds: group.seconds.map(|seconds| seconds + 120),
            ..group.clone()
        }
        .terms(clock),
    };
    let own = ids.iter().zip(groups).skip(1);
    bench.options.run.groups = own.map(|(jobs, group)| JobGroup { jobs: jobs.clone(), terms: given(group) }).collect();
    let mut in_time = vec![0; groups.len()];
    let (ended, heard) = {
        let bench = &*bench;
        drain(bench, clock, |since| {
            assert!(since < 24 * HOUR, "it does not end");
            for (place, group) in groups.iter().enumerate() {
                if group.seconds.is_none_or(|seconds| since < Duration::from_secs(seconds)) {
                    in_time[place] = asked(bench, place, group);
                }
            }
        })
        .await
    };
    let told = heard.groups();
    let mut came = Vec::new();
    for (place, group) in groups.iter().enumerate() {
        let of_group = |job: &&cleanup::store::JobStatus| ids[place].contains(&job.job.id);
        let end = place.checked_sub(1).map(|own| {
            let end = ended.finish.groups[own].clone();
            let heard: Vec<_> = told.iter().filter(|told| told.group == own).collect();
            assert!(heard.iter().all(|heard| **heard == end) && heard.len() <= 1, "{heard:?} {end:?}");
            (end.stopped, end.requests, end.spent)
        });
        let is_over = group.seconds.is_some_and(|seconds| clock.since_start() >= Duration::from_secs(seconds));
        let requests = asked(bench, place, group);
        came.push(Came {
            requests,
            in_time: if is_over { in_time[place] } else { requests },
            pending: ended.jobs.iter().filter(of_group).map(|job| job.counts.pending).sum(),
            told: end,
        });
    }
    let stopped = ended.finish.stopped;
    assert_eq!(ended.finish.requests, came.iter().map(|came| came.requests).sum::<u64>());
    ended.store.close().await;
    (came, stopped)
}

/// What is wrong with what came of groups, by their terms.
fn broken(groups: &[Group], came: &[Came]) -> Option<String> {
    for (group, came) in groups.iter().zip(came) {
        let is = |wrong: bool, what: &str| wrong.then(|| format!("{what}: {group:?} {came:?}"));
        let (stopped, requests, spent) = came.told.unwrap_or((Stopped::Finished, came.requests, MicroUsd(0)));
        let wrong = is(group.requests.is_some_and(|most| came.requests > most), "too many requests")
            .or_else(|| is(group.cents.is_some_and(|most| spent > CENT.times(most)), "too dear"))
            .or_else(|| is(came.requests > came.in_time, "sent after its deadline"))
            .or_else(|| is(requests != came.requests, "the end tells other requests"))
            .or_else(|| is((stopped == Stopped::Finished) != (came.pending == 0), "it has another end"))
            .or_else(|| {
                let affordable = group.requests.unwrap_or(u64::MAX).min(group.cents.unwrap_or(u64::MAX));
                let done = group.rows().min(affordable);
                is(group.seconds.is_none() && came.requests < done, "it was kept from what it may send")
            });
        if wrong.is_some() {
            return wrong;
        }
    }
    None
}

async fn new(rate: &str) -> (Bench, std::sync::Arc<WatchedClock>) {
    let (mut bench, clock) = bench_with(|_| {}).await;
    let rate = rate.parse().unwrap();
    let all = |spec: &WindowSpec| WindowSpec { rate, ..*spec };
    bench.options.windows.values_mut().for_each(|windows| *windows = windows.iter().map(all).collect());
    bench.options.run.workers = 8;
    (bench, clock)
}

fn groups() -> impl Strategy<Value = Vec<Group>> {
    let jobs = prop::collection::vec((1_u64..30, prop::sample::select(vec!["ada", "bob"])), 1..3);
    let some = |most: u64| prop::option::of(0..most);
    let group = (jobs.clone(), some(40), some(40), prop::option::of(30_u64..600));
    let group = group.prop_map(|(jobs, requests, cents, seconds)| Group { jobs, requests, cents, seconds });
    (jobs, prop::collection::vec(group, 1..4)).prop_map(|(others, own)| {
        let mut groups = vec![Group::of(&others)];
        groups.extend(own);
        groups
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_group_keeps_to_its_terms_and_the_others_are_worked_off(groups in groups(), burst in any::<bool>()) {
        run(async {
            let (mut bench, clock) = new(if burst { "1000/1s" } else { "5/60s" }).await;
            let (came, stopped) = drained(&mut bench, &clock, &groups, false).await;
            prop_assert_eq!((broken(&groups, &came), stopped), (None, Stopped::Finished));
            Ok(())
        })?;
    }
}

#[test]
fn the_law_finds_a_drain_that_goes_beyond_its_terms() {
    run(async {
        let bound = |group: Group| vec![Group::of(&[(40, "bob")]), group];
        let requests = Group { requests: Some(3), ..Group::of(&[(9, "ada"), (9, "bob")]) };
        let cents = Group { cents: Some(3), ..requests.clone() };
        let seconds = Group { requests: None, seconds: Some(90), ..requests.clone() };
        let expected = ["too many requests", "too dear", "sent after its deadline"];
        for (group, expected) in [requests, Group { requests: None, ..cents }, seconds].into_iter().zip(expected) {
            let groups = bound(group);
            let (mut bench, clock) = new("5/60s").await;
            let (came, _) = drained(&mut bench, &clock, &groups, false).await;
            assert_eq!(broken(&groups, &came), None);
            let (mut bench, clock) = new("5/60s").await;
            let (came, _) = drained(&mut bench, &clock, &groups, true).await;
            let found = broken(&groups, &came);
            assert!(found.as_ref().is_some_and(|found| found.starts_with(expected)), "{found:?}");
        }
    });
}

/// One account, one window: the few rows of one job do not wait until the many of another are done, nor the other way round.
#[test]
fn groups_take_turns_at_an_account() {
    run(async {
        for (many, few) in [(0, 1), (1, 0)] {
            let mut groups = vec![Group::of(&[(6, "ada")]), Group { seconds: Some(600), ..Group::of(&[(6, "ada")]) }];
            groups[many].jobs = vec![(60, "ada")];
            let (mut bench, clock) = new("2/60s").await;
            let (came, _) = drained(&mut bench, &clock, &groups, false).await;
            assert_eq!(broken(&groups, &came), None);
            assert_eq!(came[few].pending, 0);
            let of_many = if many == 0 { 0 } else { came[1].pending };
            assert!(came[many].pending == of_many && came[many].requests > 6, "{came:?}");
        }
    });
}

/// What a failed request has not cost is there for another account that had been turned away.
#[test]
fn money_that_an_unbilled_answer_gives_back_is_spent_by_another_account() {
    run(async {
        let gone = SpecialTarget { kind: TargetKind::User, id: target_id(0, 0, 1), fate: Fate::Gone };
        let (mut bench, clock) = bench_with(|options| options.special = vec![gone]).await;
        bench.options.run.terms.max_spend = Some(CENT.times(2));
        let groups = [Group::of(&[(2, "ada"), (1, "bob")])];
        let (came, stopped) = drained(&mut bench, &clock, &groups, false).await;
        assert_eq!((came[0].pending, came[0].requests, stopped), (0, 3, Stopped::Finished));
    });
}

/// A group that has ended is told while the others go on, and costs the drain nothing more.
#[test]
fn a_group_that_has_ended_is_told_while_others_go_on() {
    run(async {
        let groups = [
            Group::of(&[(20, "bob")]),
            Group { seconds: Some(150), ..Group::of(&[(20, "ada")]) },
            Group { requests: Some(4), ..Group::of(&[(3, "ada"), (20, "cid")]) },
            Group::of(&[(2, "cid")]),
        ];
        let (mut bench, clock) = new("2/60s").await;
        let (came, stopped) = drained(&mut bench, &clock, &groups, false).await;
        assert_eq!((broken(&groups, &came), stopped), (None, Stopped::Finished));
        let why: Vec<Stopped> = came.iter().filter_map(|came| Some(came.told?.0)).collect();
        assert_eq!(why, [Stopped::Deadline, Stopped::Requests, Stopped::Finished]);
        assert!(clock.since_start() > 9 * MINUTE, "the others went on: {:?}", clock.since_start());
    });
}
