//! What must never be sent: keep lists, looked at again before each turn.
//!
//! In: lists, tasks. Out: rounds of which nothing is sent while their list cannot be read, and whether a list spares a task. What does not
//! belong here: where a guard's lists come from, and taking what is spared out of a turn (`lookahead`).

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::event::{Event, Stopped};
use super::job_groups::GroupIndex;
use super::roster::Roster;
use super::run_end::RunEnd;
use super::turn_draft::TurnDraft;
use crate::clock::Clock;
use crate::domain::{Handle, LaneId, RoundId, Target, Wall};
use crate::store::{PeekedTask, RoundKeep};

/// The reason of a task that a keep list spares.
pub(super) const KEEP_LIST: &str = "keep_list";
/// Looks at a list that cannot be read, before it is believed: editors put a new file in the place of the old one.
const LOOKS: u32 = 5;
/// Between two of them.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// Says which tasks must not be sent, however long ago they were queued.
pub trait Guard: Send {
    /// These rounds have lists of their own; told whenever that may have changed.
    fn watch(&mut self, keeps: Vec<RoundKeep>);
    /// Whether tasks of a round have to be looked at before they are claimed.
    fn watches(&self, round: RoundId) -> bool;
    /// Looks at the lists again: those that cannot be read. Nothing may be sent that they guard.
    fn look(&mut self, now: Wall) -> Vec<LostList>;
    /// Whether a task must not be sent, by its target, what that is called as far as the queue knows, and its row's cells.
    fn spares(&self, round: RoundId, target: &Target, handle: Option<&Handle>, record: Option<&str>) -> bool;
}

/// A list that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostList {
    /// The rounds that it guards; none: all of them.
    pub rounds: Option<Vec<RoundId>>,
    /// What happened, for a person.
    pub why: String,
}

/// The guard of a drain, and what it withholds.
pub(super) struct SendGuard {
    guard: Box<dyn Guard>,
    /// Rounds of which nothing is sent for now, and what is wrong with their keep lists.
    withheld: HashMap<RoundId, String>,
    /// What is wrong with the keep list of all jobs.
    lost_list: Option<String>,
}

/// What came of looking at the lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lists {
    /// Nothing may be claimed: the list of all jobs is lost.
    Lost,
    /// Their rounds can be worked on again: the lanes are to be taken over anew before the next turn.
    Back,
    /// Nothing new.
    Same,
}

impl SendGuard {
    pub(super) fn new(guard: Box<dyn Guard>) -> SendGuard {
        SendGuard { guard, withheld: HashMap::new(), lost_list: None }
    }

    /// These rounds have a keep list.
    pub(super) fn watch(&mut self, keeps: Vec<RoundKeep>) {
        self.guard.watch(keeps);
    }

    /// Whether nothing is sent of a round for now.
    pub(super) fn withholds(&self, round: RoundId) -> bool {
        self.withheld.contains_key(&round)
    }

    /// What is wrong with the keep lists of a group's jobs, so that nothing is sent of those for now; each said once.
    pub(super) fn withheld_of(&self, group: GroupIndex, roster: &Roster) -> Vec<String> {
        if self.withheld.is_empty() {
            return Vec::new();
        }
        let of_round = |round| roster.lanes.values().find(|lane| lane.round == round).map(|lane| lane.group);
        let own = self.withheld.iter().filter(|(round, _)| of_round(**round).unwrap_or_default() == group);
        own.map(|(_, why)| why).collect::<BTreeSet<_>>().into_iter().cloned().collect()
    }

    /// What is wrong with keep lists, each said once, at the end of a run.
    pub(super) fn take_lost_lists(&mut self) -> Vec<String> {
        let own: BTreeSet<String> = std::mem::take(&mut self.withheld).into_values().collect();
        self.lost_list.take().into_iter().chain(own).collect()
    }

    /// Looks at the lists. A job whose list cannot be read is left alone until it can be; where it is the list of all jobs, nothing more
    /// is sent.
    pub(super) async fn look(
        &mut self,
        clock: &dyn Clock,
        roster: &mut Roster,
        end: &mut RunEnd,
        draft: &mut TurnDraft,
    ) -> Lists {
        let mut lost = self.guard.look(clock.now().wall);
        for _ in 1..LOOKS {
            if lost.iter().all(|list| self.is_withheld(list)) {
                break;
            }
            clock.sleep_until(clock.now().tick.after(BETWEEN_LOOKS)).await;
            lost = self.guard.look(clock.now().wall);
        }
        let mut withheld = HashMap::new();
        for LostList { rounds, why } in lost {
            let Some(rounds) = rounds else {
                self.lost_list = Some(why);
                end.stop_at_once(Stopped::KeepList);
                return Lists::Lost;
            };
            withheld.extend(rounds.into_iter().map(|round| (round, why.clone())));
        }
        self.withhold(withheld, roster, draft)
    }

    fn is_withheld(&self, list: &LostList) -> bool {
        list.rounds.as_ref().is_some_and(|rounds| rounds.iter().all(|round| self.withholds(*round)))
    }

    /// Leaves the lanes of these rounds alone, and no others.
    fn withhold(&mut self, withheld: HashMap<RoundId, String>, roster: &mut Roster, draft: &mut TurnDraft) -> Lists {
        let newly: BTreeSet<&String> =
            withheld.iter().filter(|(round, _)| !self.withholds(**round)).map(|(_, why)| why).collect();
        newly.iter().for_each(|why| draft.tell(Event::Withheld { why: (*why).clone() }));
        let is_back = self.withheld.keys().any(|round| !withheld.contains_key(round));
        if !newly.is_empty() {
            let lanes = &roster.lanes;
            let goes_on = |id: &LaneId| lanes.get(id).is_none_or(|lane| !withheld.contains_key(&lane.round));
            for account in &mut roster.accounts {
                account.lanes.retain(goes_on);
            }
        }
        self.withheld = withheld;
        if is_back { Lists::Back } else { Lists::Same }
    }

    /// Whether tasks of a round have to be looked at before they are claimed.
    pub(super) fn watches(&self, round: RoundId) -> bool {
        self.guard.watches(round)
    }

    /// Whether a list names a task.
    pub(super) fn spares(&self, task: &PeekedTask, handle: Option<&Handle>, roster: &Roster) -> bool {
        let (Some(lane), Some(target)) = (roster.lanes.get(&task.lane), &task.target) else { return false };
        self.guard.watches(lane.round) && self.guard.spares(lane.round, target, handle, task.record.as_deref())
    }
}
