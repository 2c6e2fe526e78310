//! What a turn says, as lists in JSON: the parameters of the statements that write it ([`super::turn_sql`], [`super::turn_sql_postgres`]).
//!
//! In: a turn. Out: its lists, a row of each as an array. What does not belong here: any SQL.

use super::allowances::NewAllowance;
use super::outages::{OutageChange, OutageState};
use super::turn::{Claim, Move, NewHold, Settled, Turn, UndoneRecord};
use crate::domain::{AccountId, Action, AttemptId, Outcome, TaskState, Wall};
use crate::store::error::StoreError;

/// A kind of answer looks for its like among so many before it; one that finds none stands for itself.
const KINDS_COMPARED: usize = 8;

/// A turn's lists, but for its answers.
pub(super) struct TurnLists {
    pub(super) counts: String,
    /// The attempts that have settled nothing.
    pub(super) unsettled: Option<String>,
    pub(super) claims: String,
    pub(super) moves: Option<String>,
    pub(super) holds: Option<String>,
    pub(super) account_troubles: Option<String>,
    pub(super) outages: Option<String>,
    pub(super) allowances: Option<String>,
    pub(super) undone: Option<String>,
    pub(super) stale_records: Option<String>,
    pub(super) deleted_texts: Option<String>,
}

impl TurnLists {
    pub(super) fn of(turn: &Turn, now: Wall) -> Result<TurnLists, StoreError> {
        let Turn { settled, moves, claims, holds, account_troubles, outages, allowances, .. } = turn;
        let Turn { undone, stale_records, deleted_texts, .. } = turn;
        Ok(TurnLists {
            counts: json(&counts_of(settled))?,
            unsettled: some_json(&unsettled_of(settled), |attempt| attempt.0)?,
            claims: json(&claims.iter().map(claim_of).collect::<Vec<_>>())?,
            moves: some_json(moves, |m| move_of(m, now))?,
            holds: some_json(holds, hold_of)?,
            account_troubles: some_json(account_troubles, trouble_of)?,
            outages: some_json(outages, outage_of)?,
            allowances: some_json(allowances, allowance_of)?,
            undone: some_json(undone, undone_of)?,
            stale_records: some_json(stale_records, stale_of)?,
            deleted_texts: some_json(deleted_texts, |(task, text)| (task.0, text))?,
        })
    }
}

/// A turn's answers, each by itself.
pub(super) fn each_answer(settled: &[Settled]) -> Result<String, StoreError> {
    json(&settled.iter().map(kind_of).collect::<Vec<_>>())
}

/// A turn's answers: those that say the same are told once, with the attempts they came for.
pub(super) fn grouped_answers(settled: &[Settled]) -> Result<String, StoreError> {
    json(&kinds_of(settled))
}

fn json<T: serde::Serialize>(list: &T) -> Result<String, StoreError> {
    serde_json::to_string(list).map_err(|e| StoreError::impossible(e.to_string()))
}

fn some_json<'a, T, R: serde::Serialize>(
    list: &'a [T],
    row: impl Fn(&'a T) -> R,
) -> Result<Option<String>, StoreError> {
    if list.is_empty() { Ok(None) } else { json(&list.iter().map(row).collect::<Vec<_>>()).map(Some) }
}

/// Answers that say the same, with the attempts they came for: `[upper_tick, ended_at, http_status, finding, reason, detail,
/// state, finished_at, troubles, unsure, [attempt, ...]]`.
type Kind<'a> = (i64, i64, Option<u16>, &'a str, Option<&'a str>, &'a str, i64, Option<i64>, u32, u8, Vec<i64>);

fn kinds_of(settled: &[Settled]) -> Vec<Kind<'_>> {
    let mut kinds: Vec<Kind<'_>> = Vec::new();
    for item in settled {
        let mut new = kind_of(item);
        match kinds.iter_mut().rev().take(KINDS_COMPARED).find(|kind| say_the_same(kind, &new)) {
            Some(kind) => kind.10.append(&mut new.10),
            None => kinds.push(new),
        }
    }
    kinds
}

fn kind_of(s: &Settled) -> Kind<'_> {
    (
        s.counted_until.0,
        s.ended_at.0,
        s.http_status,
        s.finding,
        s.reason.as_deref(),
        s.detail.as_str(),
        s.state.code(),
        finished_at(s.state, s.ended_at),
        s.transient_failures,
        u8::from(s.maybe_applied),
        vec![s.attempt.0],
    )
}

/// All but whom they came for.
fn say_the_same(a: &Kind<'_>, b: &Kind<'_>) -> bool {
    let times = |kind: &Kind<'_>| (kind.0, kind.1, kind.7);
    let rest = |kind: &Kind<'_>| (kind.2, kind.6, kind.8, kind.9);
    times(a) == times(b) && rest(a) == rest(b) && (a.3, a.4, a.5) == (b.3, b.4, b.5)
}

fn finished_at(state: TaskState, at: Wall) -> Option<i64> {
    (state.outcome() != Outcome::Pending).then_some(at.0)
}

/// How many of each round's tasks were settled, by outcome. The counts are exact because only the drain that holds the lock
/// can move a task that is `sending`.
fn counts_of(settled: &[Settled]) -> Vec<(i64, u32, u32, u32)> {
    let mut counts: Vec<(i64, u32, u32, u32)> = Vec::new();
    for item in settled {
        let (done, gone, failed) = match item.state {
            TaskState::Done => (1, 0, 0),
            TaskState::Gone => (0, 1, 0),
            TaskState::Failed => (0, 0, 1),
            _ => continue,
        };
        match counts.iter_mut().find(|count| count.0 == item.round.0) {
            Some(count) => {
                count.1 += done;
                count.2 += gone;
                count.3 += failed;
            }
            None => counts.push((item.round.0, done, gone, failed)),
        }
    }
    counts
}

fn unsettled_of(settled: &[Settled]) -> Vec<AttemptId> {
    settled.iter().filter(|s| s.state.outcome() == Outcome::Pending).map(|s| s.attempt).collect()
}

fn claim_of(c: &Claim) -> (i64, i64, i64, u32, i64, i64, i64, i64) {
    let looked_to = c.looked_to.unwrap_or(c.visible_to).min(c.visible_to);
    let (from, to) = c.only.map_or((0, looked_to.0), |task| (task.0, looked_to.min(task).0));
    (c.lane.0, c.account.0, c.action.code(), c.count, c.visible_to.0, c.counted_until.0, from, to)
}

fn move_of(m: &Move, now: Wall) -> (i64, i64, i64, Option<&str>, Option<i64>) {
    (m.task.0, m.from.code(), m.to.code(), m.reason.as_deref(), finished_at(m.to, now))
}

fn hold_of(h: &NewHold) -> (i64, Option<i64>, Option<i64>, i64, Option<&str>, u8) {
    let (tick, at) = (h.until.map(|u| u.0.0), h.until.map(|u| u.1.0));
    (h.account.0, tick, at, h.length_ms, h.until.map(|_| h.reason.as_str()), h.backoff_level)
}

/// `[account, action, since_at, failures, pauses, newcomers, until_tick, until_at, length_ms, detail]`; no `since_at`: it is over.
type OutageRow<'a> = (i64, i64, Option<i64>, u32, u32, u8, i64, i64, i64, &'a str);

fn outage_of(change: &OutageChange) -> OutageRow<'_> {
    let (account, action) = (change.account.0, change.action.code());
    let Some(outage) = &change.outage else { return (account, action, None, 0, 0, 0, 0, 0, 0, "") };
    let OutageState { since, failures, pauses, newcomers, until, until_at, length_ms, detail } = outage;
    let newcomers = u8::from(*newcomers);
    (account, action, Some(since.0), *failures, *pauses, newcomers, until.0, until_at.0, *length_ms, detail)
}

/// `[account, action, day, remaining, until_tick, until_at, length_ms]`.
fn allowance_of(a: &NewAllowance) -> (i64, i64, u8, u32, i64, i64, i64) {
    (a.account.0, a.action.code(), u8::from(a.day), a.remaining, a.until.0.0, a.until.1.0, a.length_ms)
}

fn undone_of(undone: &UndoneRecord) -> (i64, i64, u8) {
    (undone.record.0, undone.by.0, u8::from(undone.is_back))
}

fn stale_of((account, action): &(AccountId, Action)) -> (i64, i64) {
    (account.0, action.code())
}

fn trouble_of(trouble: &(AccountId, Option<String>)) -> (i64, Option<&str>) {
    (trouble.0.0, trouble.1.as_deref())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::domain::{Reason, RoundId, TaskId, Tick};

    fn answer(attempt: i64, at: i64, detail: &str) -> Settled {
        Settled {
            attempt: AttemptId(attempt),
            task: TaskId(attempt + 100),
            round: RoundId(1),
            state: if detail.is_empty() { TaskState::Done } else { TaskState::Failed },
            counted_until: Tick(at),
            ended_at: Wall(at),
            http_status: Some(200),
            finding: "done",
            reason: (!detail.is_empty()).then_some(Reason::Borrowed("refused")),
            detail: detail.to_owned(),
            transient_failures: 0,
            maybe_applied: false,
        }
    }

    #[test]
    fn answers_that_say_the_same_are_told_once_and_no_other_is_lost() {
        let settled = [answer(1, 5, ""), answer(2, 5, ""), answer(3, 6, ""), answer(4, 5, ""), answer(5, 6, "no")];
        let kinds = kinds_of(&settled);
        let attempts: Vec<_> = kinds.iter().map(|kind| (kind.0, kind.5, kind.10.clone())).collect();
        assert_eq!(attempts, [(5, "", vec![1, 2, 4]), (6, "", vec![3]), (6, "no", vec![5])]);
        let many: Vec<_> = (0..100).map(|n| answer(n, n % 40, "")).collect();
        let mut told: Vec<_> = kinds_of(&many).into_iter().flat_map(|kind| kind.10).collect();
        told.sort_unstable();
        assert_eq!(told, (0..100).collect::<Vec<_>>(), "who finds no like among the last few stands alone");
    }
}
