//! What a run hears of its own jobs, where a server's others are worked off in the same drain.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::domain::RoundId;
use crate::engine::{Event, Listener, Progress};

/// Hands on what is of the drain's only group with terms of its own, as if it were all.
pub(super) struct GroupListener<L> {
    rounds: HashSet<RoundId>,
    ended: Arc<Notify>,
    next: L,
}

impl<L: Listener> GroupListener<L> {
    /// A listener that hears of these rounds, and who is told once their group has ended.
    pub(super) fn new(rounds: HashSet<RoundId>, next: L) -> (GroupListener<L>, Arc<Notify>) {
        let ended = Arc::<Notify>::default();
        (GroupListener { rounds, ended: Arc::clone(&ended), next }, ended)
    }
}

impl<L: Listener> Listener for GroupListener<L> {
    fn hear(&mut self, event: &Event) {
        match event {
            Event::Settled { round, .. } if !self.rounds.contains(round) => {}
            // Whose they are is not told.
            Event::Decided { .. } => {}
            Event::Progress(progress) => {
                let (requests, spent) = progress.groups.first().copied().unwrap_or_default();
                self.next.hear(&Event::Progress(Progress { requests, spent, groups: Vec::new(), ..progress.clone() }));
            }
            Event::GroupEnded(_) => self.ended.notify_one(),
            event => self.next.hear(event),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AccountId, Action, MicroUsd, Outcome};

    #[derive(Default)]
    struct Heard(Vec<Event>);

    impl Listener for &mut Heard {
        fn hear(&mut self, event: &Event) {
            self.0.push(event.clone());
        }
    }

    #[test]
    fn a_run_is_told_of_its_own_rows_requests_and_money() {
        let mut heard = Heard::default();
        let (mut listener, _) = GroupListener::new(HashSet::from([RoundId(2)]), &mut heard);
        let target: crate::domain::Target = "12".parse().unwrap_or_else(|_| panic!("it is one"));
        let settled = |round| Event::Settled {
            round: RoundId(round),
            account: AccountId(1),
            action: Action::Unfollow,
            target: target.clone(),
            outcome: Outcome::Done,
            reason: None,
        };
        [1, 2, 3].into_iter().for_each(|round| listener.hear(&settled(round)));
        let groups = vec![(3, MicroUsd(30))];
        listener.hear(&Event::Progress(Progress { requests: 9, spent: MicroUsd(90), groups, ..Progress::default() }));
        let own = Progress { requests: 3, spent: MicroUsd(30), ..Progress::default() };
        assert_eq!(heard.0, [settled(2), Event::Progress(own)]);
    }
}
