use super::*;
use jiff::tz::TimeZone;

use crate::domain::{Outcome, Platform, RoundId, Target, TargetId};

const ADA: AccountId = AccountId(1);

fn view() -> View {
    let plan = RunPlan {
        total: 120,
        settled: 20,
        work: vec![(ADA, Action::Unfollow, 100)],
        names: HashMap::from([(ADA, "ada\u{1b}[2J".to_owned())]),
        ..RunPlan::default()
    };
    View::new(plan, String::new(), Moment { tick: Tick(0), wall: Wall(0) })
}

fn settled() -> Event {
    let target = Target::Id(TargetId::from_i64(7).unwrap_or_else(|_| unreachable!()));
    let (outcome, action) = (Outcome::Done, Action::Unfollow);
    Event::Settled { round: RoundId(1), account: ADA, action, target, outcome, reason: None }
}

fn progress(used: u32, next_slot_at: Option<Wall>) -> Event {
    let windows =
        crate::platforms::spec(Platform::XV2).windows.iter().map(|spec| WindowLevel { spec: *spec, used }).collect();
    Event::Progress(Progress { windows, next_slot_at, requests: 500, in_flight: 3, ..Progress::default() })
}

#[test]
fn only_settled_rows_move_the_position() {
    let mut view = view();
    view.hear(&progress(38, None));
    view.hear(&Event::Unreachable { since: SPEED_AFTER, detail: String::new() });
    assert_eq!(view.position(), (20, 120));
    view.hear(&settled());
    assert_eq!(view.position(), (21, 120));
    (0..200).for_each(|_| view.hear(&settled()));
    assert_eq!(view.position(), (221, 221), "never more than all");
}

#[test]
fn the_line_tells_speed_slots_next_slot_and_the_end() {
    let mut view = view();
    let now = Moment { tick: Tick(120_000), wall: Wall(120_000) };
    assert_eq!(view.line(now, &TimeZone::UTC.into()), "20 of 120 settled");
    (0..7).for_each(|_| view.hear(&settled()));
    view.hear(&progress(38, Some(Wall(130_000))));
    // 93 left: 90 x 18 s after the next slot at 00:02:10.
    let line = "27 of 120 settled, 3.5/min, 12/50 slots left, next 00:02:10, done ~00:29:10";
    assert_eq!(view.line(now, &TimeZone::UTC.into()), line);
}

#[test]
fn no_end_is_told_that_this_run_does_not_come_to() {
    let now = Moment { tick: Tick(120_000), wall: Wall(120_000) };
    let line = |mut view: View| {
        view.hear(&progress(38, Some(Wall(130_000))));
        view.line(now, &TimeZone::UTC.into())
    };
    assert!(line(view()).ends_with("next 00:02:10, done ~00:31:16"));
    let with = |until, is_capped| {
        let view = view();
        View { plan: RunPlan { until, is_capped, ..view.plan }, ..view }
    };
    assert!(line(with(Some(Wall(1_900_000)), false)).ends_with("next 00:02:10, done ~00:31:16"));
    assert!(line(with(Some(Wall(1_800_000)), false)).ends_with("next 00:02:10, until 00:30:00"));
    assert!(line(with(None, true)).ends_with("next 00:02:10"));
    let mut needs_a_person = view();
    needs_a_person.hear(&Event::AccountStopped { account: ADA, reason: "login_needed".into(), detail: String::new() });
    assert!(line(needs_a_person).ends_with("next 00:02:10"));
}

#[test]
fn commands_in_notices_are_for_the_queue_at_hand() {
    let mut view = view();
    view.command_options = " --db 'my queue.db'".to_owned();
    let held = Event::HeldBack { job: "old".into(), reason: "unknown_account".into(), tasks: 2 };
    let said = view.notice(&held, Wall(0), &TimeZone::UTC.into()).unwrap_or_default();
    assert!(said.contains("`cleanup report old --db 'my queue.db'`"), "{said}");
}

#[test]
fn notices_are_escaped_and_told_by_local_time() {
    let (view, zone) = (view(), LocalClock::from(TimeZone::UTC));
    let held = Event::Held { account: ADA, reason: "rate_limit", until: Wall(900_000) };
    let said = view.notice(&held, Wall(0), &zone).unwrap_or_default();
    assert_eq!(said, "account ada\\u{1b}[2J waits until 00:15:00: the platform asked for it (rate limit)");
    let stopped = Event::AccountStopped { account: ADA, reason: "account_locked".into(), detail: "a\u{7}".into() };
    assert!(view.notice(&stopped, Wall(0), &zone).is_some_and(|said| said.ends_with("(account_locked): a\\u{7}")));
    let started = |recovered, crashed| view.notice(&Event::Started { recovered, crashed }, Wall(0), &zone);
    assert_eq!(started(0, 0), None);
    let again = "an earlier run was cut off: 2 rows were being sent and are sent again after the others";
    assert_eq!(started(2, 0).as_deref(), Some(again));
    let failed = "an earlier run was cut off: 1 row has failed (crashed): it was the only request in flight when the \
                  program died, three times in a row";
    assert_eq!(started(0, 1).as_deref(), Some(failed));
    assert_eq!(view.notice(&settled(), Wall(0), &zone), None);
}
