//! The runs of schedules that are worked off in a server's drain. A drain that begins anew goes on with them, within what is left of
//! their terms.
//!
//! In: groups of jobs, ends of drains. Out: what the next drain works on; how each group ended, to whoever waits for it. Pure but for that
//! word. What does not belong here: draining (`drain_once`).

use crate::app::run::{GroupFinish, GroupRequest};
use crate::domain::{JobId, MicroUsd};
use crate::engine::{Finish, JobGroup, JobTerms, Signal, Stopped};
use crate::error::CommandError;

/// The runs that have joined the drain, in the order of their coming.
#[derive(Debug, Default)]
pub(super) struct ServedGroups(Vec<ServedGroup>);

#[derive(Debug)]
struct ServedGroup {
    request: GroupRequest,
    /// Requests and money of the drains before.
    used: (u64, MicroUsd),
    /// The same of what they have looked up.
    looked_up: (u64, MicroUsd),
}

impl ServedGroups {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// More runs; those that nobody waits for any more are dropped.
    pub(super) fn take_in(&mut self, requests: Vec<GroupRequest>) {
        self.0.extend(requests.into_iter().map(|request| ServedGroup {
            request,
            used: (0, MicroUsd(0)),
            looked_up: (0, MicroUsd(0)),
        }));
        self.0.retain(|group| !group.request.ended.is_closed());
    }

    /// Whether a job is one of theirs.
    pub(super) fn has(&self, job: JobId) -> bool {
        self.jobs().any(|own| own == job)
    }

    /// Their jobs.
    pub(super) fn jobs(&self) -> impl Iterator<Item = JobId> {
        self.0.iter().flat_map(|group| group.request.group.jobs.iter().copied())
    }

    /// What the next drain is told of them.
    pub(super) fn to_drain(&self) -> Vec<JobGroup> {
        let group = |group: &ServedGroup| JobGroup {
            jobs: group.request.group.jobs.clone(),
            terms: left_of(group.request.group.terms, sum(group.used, group.looked_up)),
        };
        self.0.iter().map(group).collect()
    }

    /// A drain of them has ended: so have those that it was not only interrupted in.
    pub(super) fn settle(&mut self, finish: &Finish) {
        let mut ends = finish.groups.iter();
        self.end_where(|group| {
            let end = ends.next()?;
            group.used = sum(group.used, (end.requests, end.spent));
            group.looked_up = sum(group.looked_up, end.looked_up);
            let (requests, spent) = group.used;
            let of_group = Finish {
                requests,
                spent,
                looked_up: group.looked_up,
                next_slot_at: end.next_slot_at,
                troubles: finish.troubles.clone(),
                given_up: finish.given_up,
                bad_certificate: finish.bad_certificate.clone(),
                withheld: end.withheld.clone(),
                ..Finish::unsent(end.stopped)
            };
            (!matches!(end.stopped, Stopped::Interrupted(_))).then_some(Ok(of_group))
        });
    }

    /// A drain of them has failed, after they had used so much of it.
    pub(super) fn fail(&mut self, error: &CommandError, used: &[(u64, MicroUsd)]) {
        let mut used = used.iter();
        self.end_where(|group| {
            group.used = sum(group.used, used.next().copied().unwrap_or_default());
            Some(Err(error.copied()))
        });
    }

    /// Those of which this is true are not worked on any further: a signal says so.
    pub(super) fn interrupt(&mut self, signal: Signal, which: impl Fn(&GroupRequest) -> bool) {
        self.end_where(|group| {
            let (requests, spent) = group.used;
            let looked_up = group.looked_up;
            let finish = Finish { requests, spent, looked_up, ..Finish::unsent(Stopped::Interrupted(signal)) };
            which(&group.request).then_some(Ok(finish))
        });
    }

    /// Tells whoever waits for those that have an end.
    fn end_where(&mut self, mut end: impl FnMut(&mut ServedGroup) -> Option<Result<Finish, CommandError>>) {
        for mut group in std::mem::take(&mut self.0) {
            match end(&mut group) {
                // A run that is gone need not be told.
                Some(finish) => drop(group.request.ended.send(GroupFinish { finish, usage: group.used })),
                None => self.0.push(group),
            }
        }
    }
}

fn sum(one: (u64, MicroUsd), other: (u64, MicroUsd)) -> (u64, MicroUsd) {
    (one.0 + other.0, one.1.plus(other.1))
}

/// What drains before have used up is not there for the next one.
fn left_of(terms: JobTerms, (requests, spent): (u64, MicroUsd)) -> JobTerms {
    JobTerms {
        until: terms.until,
        max_requests: terms.max_requests.map(|most| most.saturating_sub(requests)),
        max_spend: terms.max_spend.map(|most| MicroUsd(most.0.saturating_sub(spent.0))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use tokio::sync::oneshot;

    use super::*;
    use crate::config::{Environment, Overrides, Settings};
    use crate::engine::GroupEnd;
    use crate::error::ErrorKind;

    fn settings() -> Arc<Settings> {
        let environment = Environment::read(|_| None).unwrap();
        Arc::new(Settings::resolve(&Overrides::default(), &environment).unwrap())
    }

    fn joined(groups: &mut ServedGroups, job: i64, max_requests: u64) -> oneshot::Receiver<GroupFinish> {
        let (ended, end) = oneshot::channel();
        let terms = JobTerms { max_requests: Some(max_requests), ..JobTerms::default() };
        let group = JobGroup { jobs: vec![JobId(job)], terms };
        groups.take_in(vec![GroupRequest { group, settings: settings(), ended }]);
        end
    }

    fn end(group: usize, stopped: Stopped, requests: u64) -> GroupEnd {
        GroupEnd {
            group,
            stopped,
            requests,
            spent: MicroUsd(10),
            looked_up: (1, MicroUsd(0)),
            next_slot_at: None,
            withheld: Vec::new(),
        }
    }

    fn drained(groups: Vec<GroupEnd>) -> Finish {
        Finish { groups, ..Finish::unsent(Stopped::Interrupted(Signal::Terminate)) }
    }

    #[test]
    fn a_group_goes_on_in_the_next_drain_within_what_is_left_and_reports_the_whole() {
        let mut groups = ServedGroups::default();
        let (mut first, mut second) = (joined(&mut groups, 1, 10), joined(&mut groups, 2, 10));
        let interrupted = Stopped::Interrupted(Signal::Terminate);
        groups.settle(&drained(vec![end(0, interrupted, 3), end(1, Stopped::Account, 4)]));
        assert!(first.try_recv().is_err(), "it was only interrupted");
        let told = second.try_recv().unwrap();
        assert_eq!(told.finish.unwrap().stopped, Stopped::Account);
        assert_eq!(groups.to_drain().iter().map(|group| group.terms.max_requests).collect::<Vec<_>>(), [Some(6)]);
        groups.settle(&drained(vec![end(0, Stopped::Requests, 7)]));
        let finish = first.try_recv().unwrap().finish.unwrap();
        assert_eq!((finish.stopped, finish.requests, finish.spent), (Stopped::Requests, 10, MicroUsd(20)));
        assert!(groups.is_empty());
    }

    #[test]
    fn an_error_ends_all_groups_with_what_each_has_used() {
        let mut groups = ServedGroups::default();
        let mut ends = [joined(&mut groups, 1, 10), joined(&mut groups, 2, 10)];
        let error = CommandError::new(ErrorKind::Io, "the disk is full").hint("make room");
        groups.fail(&error, &[(2, MicroUsd(20))]);
        let told = ends.each_mut().map(|end| end.try_recv().unwrap());
        for GroupFinish { finish, .. } in &told {
            let error = finish.as_ref().unwrap_err();
            assert_eq!((error.kind, error.hint.as_deref()), (ErrorKind::Io, Some("make room")));
        }
        assert_eq!(told.map(|told| told.usage), [(2, MicroUsd(20)), (0, MicroUsd(0))]);
    }

    #[test]
    fn runs_that_began_by_another_configuration_begin_anew_and_runs_that_are_gone_are_dropped() {
        let mut groups = ServedGroups::default();
        let (mut before, gone) = (joined(&mut groups, 1, 10), joined(&mut groups, 2, 10));
        let now = settings();
        drop(gone);
        groups.take_in(Vec::new());
        assert!(groups.has(JobId(1)) && !groups.has(JobId(2)));
        groups.interrupt(Signal::Hangup, |request| !Arc::ptr_eq(&request.settings, &now));
        let finish = before.try_recv().unwrap().finish.unwrap();
        assert_eq!(finish.stopped, Stopped::Interrupted(Signal::Hangup));
    }
}
