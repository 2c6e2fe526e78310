//! What a turn says to SQLite: its statements.
//!
//! In: a turn. Out: one query string. What does not belong here: its parameters ([`super::turn_lists`]), and running it.
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

use super::turn::Turn;

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

/// Of the kinds of answers in `$5` that settle nothing: the tasks they came for that nobody wants any more.
macro_rules! withdrawn {
    () => {
        "
  from (select jsonb_extract(value, '$[10]') as attempts from jsonb_each($5) where value ->> 6 in (0, 2, 3)) answer
 cross join json_each(answer.attempts) attempts
 cross join attempt on attempt.id = attempts.value
 cross join task on task.id = attempt.task_id and task.last_attempt_id = attempt.id and task.state in (0, 2, 3)
 cross join lane on lane.id = task.lane_id
 where task.vanished = 1 or attempt.withheld_as is not null
    or exists (select 1 from round join job on job.id = round.job_id
                where round.id = lane.round_id and job.state = 'cancelled')"
    };
}

/// While a request was out its job was cancelled, its row left the file, or a load spared or rejected the row: where it has settled nothing it
/// is not tried again.
macro_rules! withdraw {
    () => {
        concat!(
            "
update round
   set pending = pending - withdrawn.tasks, cancelled = cancelled + withdrawn.tasks - withdrawn.kept - withdrawn.rejected,
       kept = round.kept + withdrawn.kept, rejected_tasks = rejected_tasks + withdrawn.rejected
  from (select lane.round_id, count(*) as tasks, coalesce(sum(task.vanished = 0 and attempt.withheld_as = 8), 0) as kept,
               coalesce(sum(task.vanished = 0 and attempt.withheld_as = 9), 0) as rejected",
            withdrawn!(),
            " group by lane.round_id) withdrawn
 where round.id = withdrawn.round_id;

update task
   set state = iif(task.vanished = 1, 7, coalesce(withdrawn.withheld_as, 7)),
       reason = iif(task.vanished = 1, 'row_vanished', coalesce(withdrawn.withheld_for, 'job_cancelled')), finished_at = $4
  from (select task.id, attempt.withheld_as, attempt.withheld_for",
            withdrawn!(),
            ") withdrawn
 where task.id = withdrawn.id;
"
        )
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

/// Of a claim in `$7`: whether somebody has paused or cancelled its job since it was planned.
macro_rules! is_active {
    () => {
        "exists (select 1 from lane join round on round.id = lane.round_id join job on job.id = round.job_id
             where lane.id = value ->> 0 and job.state = 'active')"
    };
}

/// `$7` claims. Each is the head of a line and so many behind it, one look into the index for each.
macro_rules! line {
    () => {
        concat!(
            "
claim (lane, account, action, want, upper, claim_from, claim_to) as materialized (
    select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 5, value ->> 6, value ->> 7
      from jsonb_each($7) where ",
            is_active!(),
            "
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
        )
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
                         where t.lane_id = j.value ->> 0 and t.state = 0 and t.id <= j.value ->> 4)
         or not ",
            is_active!(),
            "),
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

const PLAIN_TURN: &str = concat!(begin!(), settle!(), withdraw!(), claim!());
const WHOLE_TURN: &str = concat!(begin!(), settle!(), withdraw!(), rarer!(), claim!());
const RECORDS_TURN: &str = concat!(begin!(), settle!(), withdraw!(), rarer!(), records!(), claim!());

/// The query string of a turn.
pub(super) fn query_of(turn: &Turn) -> &'static str {
    let Turn { moves, holds, account_troubles, clock_checked, outages, allowances, .. } = turn;
    let Turn { first_answer, undone, stale_records, deleted_texts, .. } = turn;
    let some_rarer = !(moves.is_empty() && holds.is_empty() && account_troubles.is_empty());
    let none_told = outages.is_empty() && allowances.is_empty();
    let plain = !some_rarer && none_told && clock_checked.is_none() && !first_answer;
    match (undone.is_empty() && stale_records.is_empty() && deleted_texts.is_empty(), plain) {
        (true, true) => PLAIN_TURN,
        (true, false) => WHOLE_TURN,
        (false, _) => RECORDS_TURN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{TaskId, TaskState};
    use crate::store::Move;

    #[test]
    fn a_plain_turn_carries_nothing_it_has_none_of() {
        let mut turn = Turn { clock_checked: None, ..Turn::default() };
        assert!(!query_of(&turn).contains("$8"));
        turn.clock_checked = Some(true);
        assert!(query_of(&turn).contains("$11") && !query_of(&turn).contains("$15"));
        let moves = vec![Move { task: TaskId(1), from: TaskState::Waiting, to: TaskState::Pending, reason: None }];
        assert!(query_of(&Turn { moves, ..Turn::default() }).contains("$8"));
        assert!(query_of(&Turn { deleted_texts: vec![(TaskId(1), String::new())], ..Turn::default() }).contains("$15"));
    }
}
