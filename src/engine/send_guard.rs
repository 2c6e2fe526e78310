//! What must never be sent: keep lists, looked at again before each turn.
//!
//! In: lists, tasks. Out: rounds of which nothing is sent while their list cannot be read, whether a list spares a task, and the names on
//! lists that have to be looked up before that can be said. What is read of a list here is written to the queue before anything is claimed. What does not belong here: where a guard's lists come from, looking names up
//! (`names`), and taking what is spared out of a turn (`lookahead`).

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::event::Event;
use super::finish::Stopped;
use super::job_groups::GroupIndex;
use super::roster::Roster;
use super::run_end::RunEnd;
use super::turn_draft::TurnDraft;
use crate::clock::Clock;
use crate::domain::{AccountId, Handle, JobId, LaneId, Platform, RoundId, Target, TargetKind, TargetName, Wall};
use crate::store::{Drain, KeepReading, PeekedTask, Resolution, RoundKeep, StoreError};

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
    /// What the queue and this guard have to tell each other since that was last asked.
    fn exchange(&mut self, now: Wall) -> KeepExchange;
    /// What the queue had of a list when it had this digest.
    fn learn_list(&mut self, digest: &str, pieces: &[String]);
    /// What the lists say of a task.
    fn judge(&mut self, lane: GuardedLane, task: GuardedTask<'_>) -> Guarded;
    /// The names on the lists of which nobody has said yet what they mean there.
    fn unknown_names(&mut self, lane: GuardedLane) -> Vec<TargetName>;
    /// What names mean to an account's platform.
    fn learn(&mut self, account: AccountId, told: &[(TargetName, Resolution)]);
}

/// Whose tasks are guarded, by whose lists, and of which kind they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuardedLane {
    /// Whose lists.
    pub round: RoundId,
    /// Whose tasks.
    pub account: AccountId,
    /// Where names mean something.
    pub platform: Platform,
    /// Users or posts.
    pub kind: TargetKind,
}

/// A task as its guard sees it.
#[derive(Clone, Copy, Debug)]
pub struct GuardedTask<'a> {
    /// What it acts on.
    pub target: &'a Target,
    /// What that is called, as far as the queue knows.
    pub handle: Option<&'a Handle>,
    /// Its row's cells.
    pub record: Option<&'a str>,
}

/// What a guard says of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guarded {
    /// It must not be sent.
    Spared,
    /// No list means it.
    Free,
    /// A name on a list may mean it: it is not known what that means.
    Unsure,
}

/// What the queue and a guard do not both know of the lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeepExchange {
    /// What was read here, of which jobs' lists, and the queue does not have.
    pub news: Vec<(JobId, KeepReading)>,
    /// What the queue has of jobs' lists, by its digest, and the guard does not know.
    pub missing: Vec<(JobId, String)>,
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
    /// Nothing may be claimed before it is told anew which lists the jobs have: one was loaded again a moment ago.
    Stale,
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

    /// Looks at the lists, in their files and in the queue. A job whose list cannot be read is left alone until it can be; where it is the
    /// list of all jobs, nothing more is sent.
    pub(super) async fn look(
        &mut self,
        (drain, clock): (&mut Drain, &dyn Clock),
        roster: &mut Roster,
        end: &mut RunEnd,
        draft: &mut TurnDraft,
    ) -> Result<Lists, StoreError> {
        let mut lost = self.guard.look(clock.now().wall);
        for _ in 1..LOOKS {
            if lost.iter().all(|list| self.is_withheld(list)) {
                break;
            }
            clock.sleep_until(clock.now().tick.after(BETWEEN_LOOKS)).await;
            lost = self.guard.look(clock.now().wall);
        }
        let KeepExchange { news, missing } = self.guard.exchange(clock.now().wall);
        drain.add_keep_readings(&news).await?;
        for (job, digest) in &missing {
            let Some(pieces) = drain.keep_entries(*job, digest).await? else { return Ok(Lists::Stale) };
            self.guard.learn_list(digest, &pieces);
        }
        if !missing.is_empty() {
            lost = self.guard.look(clock.now().wall);
        }
        let mut withheld = HashMap::new();
        for LostList { rounds, why } in lost {
            let Some(rounds) = rounds else {
                self.lost_list = Some(why);
                end.stop_at_once(Stopped::KeepList);
                return Ok(Lists::Lost);
            };
            withheld.extend(rounds.into_iter().map(|round| (round, why.clone())));
        }
        Ok(self.withhold(withheld, roster, draft))
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

    /// What the lists say of a task.
    pub(super) fn judge(&mut self, task: &PeekedTask, handle: Option<&Handle>, roster: &Roster) -> Guarded {
        let (Some(lane), Some(target)) = (self.guarded(task.lane, roster), &task.target) else { return Guarded::Free };
        self.guard.judge(lane, GuardedTask { target, handle, record: task.record.as_deref() })
    }

    /// The names on the lists of some lanes of which it is not known what they mean.
    pub(super) fn unknown_names(&mut self, lanes: &[LaneId], roster: &Roster) -> Vec<TargetName> {
        let lanes = lanes.iter().filter_map(|lane| self.guarded(*lane, roster)).collect::<Vec<_>>();
        let names: BTreeSet<TargetName> = lanes.into_iter().flat_map(|lane| self.guard.unknown_names(lane)).collect();
        names.into_iter().collect()
    }

    /// What names on lists mean to an account's platform.
    pub(super) fn learn(&mut self, account: AccountId, told: &[(TargetName, Resolution)]) {
        self.guard.learn(account, told);
    }

    /// A lane whose tasks are looked at before they are claimed; none where no list guards it.
    fn guarded(&self, lane: LaneId, roster: &Roster) -> Option<GuardedLane> {
        let lane = roster.lanes.get(&lane).filter(|lane| self.guard.watches(lane.round))?;
        let account = &roster.accounts[lane.account];
        let platform = account.access.as_ref()?.platform;
        Some(GuardedLane { round: lane.round, account: account.id, platform, kind: lane.action.target_kind() })
    }
}
