//! What a job is doing, told from facts: the one place that says so to `status`, its JSON and the dashboard.
//!
//! In: what a person last said of the job, what is left of it, and what processes, accounts and schedules are doing. Out: an
//! [`Activity`]. Pure. What does not belong here: finding the facts, words for people, when the job will be done.

use super::job_facts::{AccountNeed, JobFacts, ScheduleWait};
use crate::domain::Wall;
use crate::store::{JobState, ServerState};

/// What a job is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Activity {
    /// A process works on it, and a request can leave now.
    Running,
    /// A process works on it, and no request leaves before this.
    WaitingSlot {
        /// When the next request can leave.
        until: Wall,
    },
    /// The server works on it again then: it met no answer, or a hold on every account.
    Resting {
        /// When it goes on.
        until: Wall,
    },
    /// The server runs a schedule first that has the queue to itself, or loads what another one needs.
    WaitingTurn {
        /// When that has to end; none: when its work is done.
        until: Option<Wall>,
    },
    /// A schedule works on it, in its hours.
    WaitingSchedule(ScheduleWait),
    /// Its schedule had begun, and its process died or was stopped: a server goes on with it.
    ScheduleInterrupted {
        /// The schedule's name.
        schedule: String,
    },
    /// Its schedule has begun, and has sent nothing yet: it reads its list, or looks at its files.
    ScheduleBegun {
        /// The schedule's name.
        schedule: String,
    },
    /// Nobody works on it.
    NotRunning {
        /// Another run works on this queue, and has to end first.
        after_another: bool,
    },
    /// A person paused it.
    Paused,
    /// Its queue was taken back to a snapshot, and a person has to say that it may go on.
    Unverified,
    /// No request can leave before a person has mended its account.
    NeedsYou(AccountNeed),
    /// The server sends nothing before a person has done something.
    ServerNeedsYou {
        /// What happened, and what to do.
        why: String,
    },
    /// Every row is settled.
    Finished,
    /// A person cancelled it.
    Cancelled,
}

impl Activity {
    /// What a job is doing at a moment.
    pub fn of(facts: &JobFacts, now: Wall) -> Activity {
        match (facts.state, facts.pending) {
            (JobState::Cancelled, _) => return Activity::Cancelled,
            (_, 0) => return Activity::Finished,
            (JobState::Paused, _) => return Activity::Paused,
            (JobState::Unverified, _) => return Activity::Unverified,
            (JobState::Active, _) => {}
        }
        match (&facts.need, facts.next_request) {
            // Its other accounts go on as long as somebody works on them.
            (Some(need), next) if next.is_none() || !facts.is_worked_on => Activity::NeedsYou(need.clone()),
            (_, Some(until)) if facts.is_worked_on && until > now => Activity::WaitingSlot { until },
            _ if facts.is_worked_on => Activity::Running,
            _ => Activity::unattended(facts, now),
        }
    }

    /// Nobody works on it at this moment; somebody may later.
    fn unattended(facts: &JobFacts, now: Wall) -> Activity {
        if let Some(schedule) = &facts.begun_schedule {
            return Activity::ScheduleBegun { schedule: schedule.clone() };
        }
        match &facts.schedule {
            Some(wait) if facts.server.is_some() && wait.is_interrupted && wait.until <= now => {
                return Activity::ScheduleInterrupted { schedule: wait.schedule.clone() };
            }
            // The server begins what is due by itself, but for a moment in which it loads what another schedule needs.
            Some(wait) if facts.server.is_some() && wait.until <= now => return Activity::WaitingTurn { until: None },
            Some(wait) => return Activity::WaitingSchedule(wait.clone()),
            None => {}
        }
        match (&facts.server, facts.other_run) {
            (Some(_), Some(run)) => Activity::WaitingTurn { until: run.until },
            (Some(ServerState::NeedsPerson { why }), None) => Activity::ServerNeedsYou { why: why.clone() },
            (Some(ServerState::Rests { until }), None) if *until > now => Activity::Resting { until: *until },
            // The server begins within a second.
            (Some(_), None) => Activity::Running,
            (None, other) => Activity::NotRunning { after_another: other.is_some() },
        }
    }

    /// The word of `status --json`. What a person has said stands in `state` beside it.
    pub const fn name(&self) -> &'static str {
        match self {
            Activity::Running | Activity::ScheduleBegun { .. } => "running",
            Activity::WaitingSlot { .. } | Activity::Resting { .. } => "waiting_slot",
            Activity::WaitingSchedule(_) | Activity::WaitingTurn { .. } | Activity::ScheduleInterrupted { .. } => {
                "waiting_schedule"
            }
            Activity::Unverified | Activity::NeedsYou(_) | Activity::ServerNeedsYou { .. } => "needs_you",
            Activity::NotRunning { .. } | Activity::Paused | Activity::Finished | Activity::Cancelled => "not_running",
        }
    }

    /// When what it waits for comes, where that is known.
    pub const fn until(&self) -> Option<Wall> {
        match self {
            Activity::WaitingSlot { until } | Activity::Resting { until } => Some(*until),
            Activity::WaitingSchedule(wait) => Some(wait.until),
            Activity::WaitingTurn { until } => *until,
            _ => None,
        }
    }

    /// Whether a process works on the job, so that it makes sense to say by the clock when it will be done.
    pub const fn is_worked_on(&self) -> bool {
        matches!(self, Activity::Running | Activity::WaitingSlot { .. })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::app::job_facts::OtherRun;
    use proptest::prelude::*;

    const NOW: Wall = Wall(1_000);
    const LATER: Wall = Wall(2_000);

    fn facts() -> JobFacts {
        JobFacts {
            state: JobState::Active,
            pending: 5,
            is_worked_on: false,
            other_run: None,
            server: None,
            begun_schedule: None,
            next_request: Some(NOW),
            need: None,
            schedule: None,
        }
    }

    fn need() -> AccountNeed {
        AccountNeed { account: "work".into(), message: "it was logged out".into(), remedy: "log in".into() }
    }

    fn nightly() -> ScheduleWait {
        ScheduleWait { schedule: "nightly".into(), until: LATER, is_interrupted: false }
    }

    fn due() -> ScheduleWait {
        ScheduleWait { until: Wall(900), ..nightly() }
    }

    #[test]
    fn each_state_has_its_facts() {
        let worked = || JobFacts { is_worked_on: true, ..facts() };
        let logged_out = |of: JobFacts| JobFacts { need: Some(need()), next_request: None, ..of };
        let elsewhere = Some(OtherRun { until: Some(LATER) });
        let works = || Some(ServerState::Works);
        let needs_person = || Some(ServerState::NeedsPerson { why: "the keyring is locked".into() });
        let begun = || Some("nightly".to_owned());
        for (facts, expected) in [
            (JobFacts { state: JobState::Cancelled, ..worked() }, Activity::Cancelled),
            (JobFacts { pending: 0, ..worked() }, Activity::Finished),
            (JobFacts { state: JobState::Paused, ..worked() }, Activity::Paused),
            (JobFacts { state: JobState::Unverified, ..worked() }, Activity::Unverified),
            (worked(), Activity::Running),
            (JobFacts { next_request: Some(LATER), ..worked() }, Activity::WaitingSlot { until: LATER }),
            (logged_out(worked()), Activity::NeedsYou(need())),
            (logged_out(facts()), Activity::NeedsYou(need())),
            (logged_out(JobFacts { schedule: Some(nightly()), ..facts() }), Activity::NeedsYou(need())),
            // Of two accounts one needs a person: the other goes on, but nobody begins with it.
            (JobFacts { need: Some(need()), ..worked() }, Activity::Running),
            (JobFacts { need: Some(need()), ..facts() }, Activity::NeedsYou(need())),
            (facts(), Activity::NotRunning { after_another: false }),
            (JobFacts { other_run: elsewhere, ..facts() }, Activity::NotRunning { after_another: true }),
            (JobFacts { schedule: Some(nightly()), ..facts() }, Activity::WaitingSchedule(nightly())),
            (JobFacts { schedule: Some(nightly()), server: works(), ..facts() }, Activity::WaitingSchedule(nightly())),
            // The server runs what is due by itself; elsewhere it waits for a look at what is due.
            (JobFacts { schedule: Some(due()), server: works(), ..facts() }, Activity::WaitingTurn { until: None }),
            (
                JobFacts { schedule: Some(ScheduleWait { is_interrupted: true, ..due() }), server: works(), ..facts() },
                Activity::ScheduleInterrupted { schedule: "nightly".into() },
            ),
            // It does not wait for the end of what is drained meanwhile.
            (
                JobFacts { schedule: Some(due()), server: works(), other_run: elsewhere, ..facts() },
                Activity::WaitingTurn { until: None },
            ),
            (JobFacts { schedule: Some(due()), ..facts() }, Activity::WaitingSchedule(due())),
            (JobFacts { schedule: Some(nightly()), ..worked() }, Activity::Running),
            (JobFacts { server: works(), ..facts() }, Activity::Running),
            (JobFacts { server: Some(ServerState::Rests { until: Wall(900) }), ..facts() }, Activity::Running),
            (
                JobFacts { server: needs_person(), ..facts() },
                Activity::ServerNeedsYou { why: "the keyring is locked".into() },
            ),
            // What its own account needs says more; its schedule, and the run before it, come first.
            (logged_out(JobFacts { server: needs_person(), ..facts() }), Activity::NeedsYou(need())),
            (
                JobFacts { server: needs_person(), schedule: Some(nightly()), ..facts() },
                Activity::WaitingSchedule(nightly()),
            ),
            (
                JobFacts { server: needs_person(), other_run: elsewhere, ..facts() },
                Activity::WaitingTurn { until: Some(LATER) },
            ),
            (
                JobFacts { server: works(), schedule: Some(due()), begun_schedule: begun(), ..facts() },
                Activity::ScheduleBegun { schedule: "nightly".into() },
            ),
            (
                JobFacts { schedule: Some(due()), begun_schedule: begun(), ..facts() },
                Activity::ScheduleBegun { schedule: "nightly".into() },
            ),
            (JobFacts { schedule: Some(due()), begun_schedule: begun(), ..worked() }, Activity::Running),
            (
                JobFacts { server: Some(ServerState::Rests { until: LATER }), ..facts() },
                Activity::Resting { until: LATER },
            ),
            (
                JobFacts { server: works(), other_run: elsewhere, ..facts() },
                Activity::WaitingTurn { until: Some(LATER) },
            ),
        ] {
            assert_eq!(Activity::of(&facts, NOW), expected, "{facts:?}");
        }
    }

    fn any_facts() -> impl Strategy<Value = JobFacts> {
        let state = proptest::sample::select(JobState::ALL.to_vec());
        let time = || proptest::option::of((0_i64..2_000).prop_map(Wall));
        (state, 0_u64..3, any::<(bool, bool, bool, bool, bool)>(), time(), time()).prop_map(
            |(state, pending, (is_worked_on, is_served, other, needs, scheduled), next_request, until)| JobFacts {
                state,
                pending,
                is_worked_on,
                other_run: (other && !is_worked_on).then_some(OtherRun { until }),
                server: is_served.then(|| match until {
                    Some(until) => ServerState::Rests { until },
                    None if other => ServerState::Works,
                    None => ServerState::NeedsPerson { why: "the keyring is locked".into() },
                }),
                begun_schedule: None,
                next_request,
                need: needs.then(need),
                schedule: scheduled.then(nightly),
            },
        )
    }

    proptest! {
        /// No clock time for what nobody works on, nothing in progress for whoever needs a person or was told to stop.
        #[test]
        fn nothing_is_in_progress_that_nobody_works_on(facts in any_facts()) {
            let activity = Activity::of(&facts, NOW);
            if activity.is_worked_on() {
                let is_served = matches!(facts.server, Some(ServerState::Works | ServerState::Rests { .. }));
                prop_assert!(facts.is_worked_on || is_served);
                prop_assert!(facts.state == JobState::Active && facts.pending > 0);
                prop_assert!(facts.need.is_none() || facts.next_request.is_some());
            }
            if let Some(until) = activity.until() && activity.name() == "waiting_slot" {
                prop_assert!(until > NOW);
            }
            let said = ["running", "waiting_slot", "waiting_schedule", "not_running", "needs_you"];
            prop_assert!(said.contains(&activity.name()));
        }
    }
}
