//! What a turn says to SQLite: its statements, and its lists as JSON.
//!
//! In: a turn. Out: one query string and its parameters. What does not belong here: running it.
//!
//! What made it this short (measured over a drain with its limits lifted): every list is a parameter of its own, so that no
//! statement parses what it does not read; `jsonb_each` hands on a row's array in binary, where `json_each` writes it out as
//! text for each `->>` to parse again; answers that say the same are told once, with the attempts they came for; and what a
//! plain turn has none of (moves, holds, ...) is no part of its query.
//!
//! `or rollback` says what [`super::write_turn`] does anyway where a row cannot be written, and saves SQLite a copy of each page that a
//! statement touches.
//!
//! Parameters are written `$1`, not `?1`: SQLite numbers those as they come, so a statement may use `$7` alone, where sqlx takes
//! the gap before a `?7` for parameters without a number.

use super::allowances::NewAllowance;
use super::outages::{OutageChange, OutageState};
use super::turn::{Claim, Move, NewHold, Settled, Turn, UndoneRecord};
use crate::domain::{AccountId, Action, Outcome, TaskState, Wall};
use crate::store::error::StoreError;

/// `$1` fence, `$2` the last attempt of the turn before, `$3` tick, `$4` wall clock.
macro_rules! begin {
    () => {
        "
begin immediate;

insert into drain (id, boot, started_tick, started_at)
select id, boot, started_tick, started_at from drain
 where id = $1 and exists (select 1 from drain newer where newer.id > $1);
"
    };
}

/// `$5` answers that say the same, each kind with its attempts; `$6` how many of which outcome, by round.
macro_rules! settle {
    () => {
        "
with answer as materialized (
    select value ->> 0 as upper_tick, value ->> 1 as ended_at, value ->> 2 as http_status, value ->> 3 as finding,
           value ->> 4 as reason, value ->> 5 as detail, jsonb_extract(value, '$[10]') as attempts
      from jsonb_each($5)
), ended as materialized (
    select attempts.value as id, answer.* from answer cross join json_each(answer.attempts) attempts
)
update or rollback attempt
   set upper_tick = ended.upper_tick, ended_at = ended.ended_at, http_status = ended.http_status,
       finding = ended.finding, reason = ended.reason, detail = ended.detail
  from ended
 where attempt.id = ended.id;

with answer as materialized (
    select value ->> 2 as http_status, value ->> 4 as reason, value ->> 6 as state, value ->> 7 as finished_at,
           value ->> 8 as troubles, value ->> 9 as unsure, jsonb_extract(value, '$[10]') as attempts
      from jsonb_each($5)
), ended as materialized (
    select attempt.id, attempt.task_id, answer.*
      from answer cross join json_each(answer.attempts) attempts cross join attempt on attempt.id = attempts.value
)
update or rollback task
   set state = ended.state, reason = ended.reason, http_status = ended.http_status, finished_at = ended.finished_at,
       troubles = ended.troubles, unsure = ended.unsure, crashes = iif(ended.http_status is null, crashes, 0)
  from ended
 where task.id = ended.task_id and task.state = 1 and task.last_attempt_id = ended.id;

update round
   set pending = pending - (j.value ->> 1) - (j.value ->> 2) - (j.value ->> 3), done = done + (j.value ->> 1),
       gone = gone + (j.value ->> 2), failed = failed + (j.value ->> 3)
  from jsonb_each($6) j
 where round.id = j.value ->> 0;
"
    };
}

/// `$8` moves, `$9` holds, `$10` troubles, `$11` whether the wall clock agrees with the platform's, `$12` outages, `$13` whether this is the
/// first answer, `$14` allowances.
macro_rules! rarer {
    () => {
        "
update drain set clock_checked = $11 where $11 is not null and id = $1;

update drain set answered = 1 where $13 and id = $1;

update round
   set pending = pending - m.done - m.gone - m.failed - m.kept, done = round.done + m.done, gone = round.gone + m.gone,
       failed = round.failed + m.failed, kept = round.kept + m.kept
  from (select lane.round_id, sum(j.value ->> 2 = 4) as done, sum(j.value ->> 2 = 5) as gone, sum(j.value ->> 2 = 6) as failed,
               sum(j.value ->> 2 = 8) as kept
          from jsonb_each($8) j
          join task on task.id = j.value ->> 0 and task.state = j.value ->> 1
          join lane on lane.id = task.lane_id
         where j.value ->> 2 in (4, 5, 6, 8)
         group by lane.round_id) m
 where round.id = m.round_id;

update task
   set state = j.value ->> 2, reason = coalesce(j.value ->> 3, reason), finished_at = j.value ->> 4,
       asked_last = iif(j.value ->> 2 = 2, 1, asked_last)
  from jsonb_each($8) j
 where task.id = j.value ->> 0 and task.state = j.value ->> 1;

update account
   set hold_until_tick = j.value ->> 1, hold_until_at = j.value ->> 2, hold_length_ms = j.value ->> 3,
       hold_reason = j.value ->> 4, hold_rung = j.value ->> 5, hold_drain_id = $1
  from jsonb_each($9) j
 where account.id = j.value ->> 0;

update account set trouble = j.value ->> 1 from jsonb_each($10) j where account.id = j.value ->> 0;

delete from endpoint_outage
 where (account_id, action) in (select value ->> 0, value ->> 1 from jsonb_each($12) where value ->> 2 is null);

insert or replace into endpoint_outage
       (account_id, action, since_at, failures, pauses, newcomers, until_tick, until_at, length_ms, drain_id, detail)
select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8, $1,
       value ->> 9
  from jsonb_each($12) where value ->> 2 is not null;

insert or replace into endpoint_allowance
       (account_id, action, day, remaining, after_attempt_id, until_tick, until_at, length_ms, drain_id)
select value ->> 0, value ->> 1, value ->> 2, value ->> 3, $2, value ->> 4, value ->> 5, value ->> 6, $1 from jsonb_each($14);
"
    };
}

/// `$15` records that are not there any more, with the attempts that say so, and those that are there again, as a reading for what restores
/// would have found them; `$16` readings that are out of date; `$17` last
/// copies. No part of the turns of platforms that have none of these.
macro_rules! records {
    () => {
        "
update own_record set undone_by = j.value ->> 1
  from jsonb_each($15) j
 where own_record.id = j.value ->> 0 and own_record.undone_by is null and not j.value ->> 2;

update or replace own_record
   set action = (select attempt.action from attempt where attempt.id = j.value ->> 1), undone_by = null, value = '{}'
  from jsonb_each($15) j
 where own_record.id = j.value ->> 0 and j.value ->> 2;

update own_record_reading set covers_to = 0
 where (account_id, action) in (select value ->> 0, value ->> 1 from jsonb_each($16));

insert or replace into deleted_text (task_id, text) select value ->> 0, value ->> 1 from jsonb_each($17);
"
    };
}

/// `$7` claims. Each is the head of a line and so many behind it, one look into the index for each.
macro_rules! line {
    () => {
        "
claim (lane, account, action, want, upper, claim_from, claim_to) as materialized (
    select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 5, value ->> 6, value ->> 7 from jsonb_each($7)
), line (lane, account, action, claim_to, upper, want, id) as (
    select lane, account, action, claim_to, upper, want,
           (select t.id from task t
             where t.lane_id = claim.lane and t.state = 0 and t.id >= claim.claim_from and t.id <= claim.claim_to
             order by t.id limit 1)
      from claim
    union all
    select lane, account, action, claim_to, upper, want - 1,
           (select t.id from task t
             where t.lane_id = line.lane and t.state = 0 and t.id > line.id and t.id <= line.claim_to
             order by t.id limit 1)
      from line
     where want > 1 and id is not null
), found as materialized (
    select line.lane, line.account, line.action, line.upper, line.id, task.last_attempt_id as previous,
           task.state = 0 and task.finished_at is null and task.lane_id = line.lane
           and exists (select 1 from task_key key
                        where key.lane_id = task.lane_id and key.target = task.target and key.task_id = task.id) as whole
      from line left join task on task.id = line.id
     where line.id is not null
)"
    };
}

/// What is sent is what the file said: a task is claimed only where its row and its key agree, and where one does not, nobody is. The
/// row is held against the index that found it, too: a bit between `kept` and `pending` sends what must be spared.
macro_rules! claim {
    () => {
        concat!(
            "
insert or rollback into attempt (id, account_id, task_id, previous_id, drain_id, action, reserved_tick, reserved_at, upper_tick)
with recursive",
            line!(),
            "
select $2 + row_number() over (), account, id, previous, $1, action, $3, $4, upper
  from found where not exists (select 1 from found where whole is not 1);

update or rollback task set state = 1, attempts = attempts + 1, last_attempt_id = a.id
  from attempt a
 where a.id > $2 and task.id = a.task_id;

select json_object(
    'claimed',
    (select json_group_array(json_array(a.id, t.id, t.lane_id, t.target, t.attempts, t.troubles, t.unsure))
       from attempt a join task t on t.id = a.task_id
      where a.id > $2),
    'drained',
    (select json_group_array(j.value ->> 0)
       from jsonb_each($7) j
      where not exists (select 1 from task t
                         where t.lane_id = j.value ->> 0 and t.state = 0 and t.id <= j.value ->> 4)),
    'damaged',
    case when exists (select 1 from attempt where id > $2) then json('[]')
         else (with recursive",
            line!(),
            "
               select json_group_array(id) from found where whole is not 1) end);

commit"
        )
    };
}

const PLAIN_TURN: &str = concat!(begin!(), settle!(), claim!());
const WHOLE_TURN: &str = concat!(begin!(), settle!(), rarer!(), claim!());
const RECORDS_TURN: &str = concat!(begin!(), settle!(), rarer!(), records!(), claim!());

/// A kind of answer looks for its like among so many before it; one that finds none stands for itself.
const KINDS_COMPARED: usize = 8;

/// A turn's query and its lists.
pub(super) struct TurnQuery {
    pub(super) sql: &'static str,
    pub(super) settled: String,
    pub(super) counts: String,
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

impl TurnQuery {
    pub(super) fn of(turn: &Turn, now: Wall) -> Result<TurnQuery, StoreError> {
        let Turn { settled, moves, claims, holds, account_troubles, clock_checked, outages, allowances, .. } = turn;
        let Turn { first_answer, undone, stale_records, deleted_texts, .. } = turn;
        let some_rarer = !(moves.is_empty() && holds.is_empty() && account_troubles.is_empty());
        let none_told = outages.is_empty() && allowances.is_empty();
        let plain = !some_rarer && none_told && clock_checked.is_none() && !first_answer;
        let sql = match (undone.is_empty() && stale_records.is_empty() && deleted_texts.is_empty(), plain) {
            (true, true) => PLAIN_TURN,
            (true, false) => WHOLE_TURN,
            (false, _) => RECORDS_TURN,
        };
        Ok(TurnQuery {
            sql,
            settled: json(&kinds_of(settled))?,
            counts: json(&counts_of(settled))?,
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
    use crate::domain::{AttemptId, Reason, RoundId, TaskId, Tick};

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

    #[test]
    fn a_plain_turn_carries_nothing_it_has_none_of() {
        let mut turn = Turn { settled: vec![answer(1, 5, "")], ..Turn::default() };
        let query = TurnQuery::of(&turn, Wall(9)).unwrap();
        assert!(!query.sql.contains("$8") && query.moves.is_none());
        turn.clock_checked = Some(true);
        assert!(TurnQuery::of(&turn, Wall(9)).unwrap().sql.contains("$11"));
    }
}
