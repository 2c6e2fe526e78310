//! What a turn says to PostgreSQL: its statements. In: lists of [`super::turn_lists`]. What does not belong here: running them
//! ([`super::write_turn_postgres`]).
//!
//! Each list is a row for each of its members, which the planner takes for a hundred: it looks for each by an index, as soon as a table is so
//! long that this is worth it. What is found by index and what the row says are held against each other, as in SQLite.

/// The members of a list; of those that speak of the same, the last.
macro_rules! last_of {
    ($same:literal, $($rows:tt)+) => {
        concat!("(select distinct on (", $same, ") * from ", $($rows)+, " row order by ", $same, ", nth desc)")
    };
}

/// `$1` records, the attempts that say of them that they are not there any more, or that they are there again.
macro_rules! undone {
    () => {
        word!(postgres rows "$1", number "record" 0, number "by" 1, number "is_back" 2)
    };
}

/// Of a `claim`: whether somebody has paused or cancelled its job since it was planned.
macro_rules! is_active {
    () => {
        "exists (select 1 from lane join round on round.id = lane.round_id join job on job.id = round.job_id
                  where lane.id = claim.lane and job.state = 'active')"
    };
}

/// `$1` claims: the head of each lane, and so many behind it, by one look into the index.
macro_rules! heads {
    () => {
        concat!(
            "
        select claim.nth, row_number() over (partition by claim.nth order by head.id) as place, claim.account, claim.action,
               claim.upper, head.id, task.last_attempt_id as previous,
               coalesce(task.state = 0 and task.finished_at is null and task.lane_id = claim.lane and key.task_id = task.id, false)
                   as is_whole
          from ",
            word!(postgres rows "$1", number "lane" 0, number "account" 1, number "action" 2, number "want" 3,
                number "upper" 5, number "first" 6, number "last" 7),
            " claim
         cross join lateral (select t.id from task t
                              where t.lane_id = claim.lane and t.state = 0 and t.id >= claim.first and t.id <= claim.last
                              order by t.id limit claim.want) head
          left join task on task.id = head.id
          left join task_key key on key.lane_id = task.lane_id and key.target = task.target
         where ",
            is_active!()
        )
    };
}

/// `$1` answers, `$2` how many of which outcome, by round. Attempts that end are among the newest: where the planner would rather walk
/// through attempts than look for each, it walks through those.
pub(super) const SETTLE: &str = concat!(
    "
    with answer as materialized (
        select cast(value -> 10 ->> 0 as bigint) as id, cast(value ->> 0 as bigint) as upper_tick,
               cast(value ->> 1 as bigint) as ended_at, cast(value ->> 2 as bigint) as http_status, value ->> 3 as finding,
               value ->> 4 as reason, value ->> 5 as detail, cast(value ->> 6 as bigint) as state,
               cast(value ->> 7 as bigint) as finished_at, cast(value ->> 8 as bigint) as troubles,
               cast(value ->> 9 as bigint) as unsure
          from jsonb_array_elements(cast($1 as jsonb)) each (value)
    ), ended as (
        update attempt
           set upper_tick = answer.upper_tick, ended_at = answer.ended_at, http_status = answer.http_status,
               finding = answer.finding, reason = answer.reason, detail = answer.detail
          from answer
         where attempt.id = answer.id and attempt.id >= (select min(id) from answer)
        returning attempt.task_id, answer.id, answer.state, answer.reason, answer.http_status, answer.finished_at,
                  answer.troubles, answer.unsure
    ), counted as (
        update round
           set pending = round.pending - count.done - count.gone - count.failed, done = round.done + count.done,
               gone = round.gone + count.gone, failed = round.failed + count.failed
          from ",
    word!(postgres rows "$2", number "id" 0, number "done" 1, number "gone" 2, number "failed" 3),
    " count
         where round.id = count.id
    )
    update task
       set state = ended.state, reason = ended.reason, http_status = ended.http_status, finished_at = ended.finished_at,
           troubles = ended.troubles, unsure = ended.unsure,
           crashes = case when ended.http_status is null then task.crashes else 0 end
      from ended
     where task.id = ended.task_id and task.state = 1 and task.last_attempt_id = ended.id"
);

/// `$1` answers that settle nothing, `$2` the wall clock: tasks whose job was cancelled while their request was out, whose row left the file, or
/// whose row a load spared or rejected, are not tried again.
pub(super) const WITHDRAW: &str = concat!(
    "
    with withdrawn as (
        update task
           set state = case when task.vanished = 1 then 7 else coalesce(attempt.withheld_as, 7) end,
               reason = case when task.vanished = 1 then 'row_vanished' else coalesce(attempt.withheld_for, 'job_cancelled') end,
               finished_at = $2
          from attempt, lane, round, job
         where attempt.id in ",
    word!(postgres numbers "$1"),
    " and task.id = attempt.task_id and task.last_attempt_id = attempt.id and task.state in (0, 2, 3)
           and lane.id = task.lane_id and round.id = lane.round_id and job.id = round.job_id
           and (task.vanished = 1 or attempt.withheld_as is not null or job.state = 'cancelled')
        returning lane.round_id, task.state
    )
    update round
       set pending = round.pending - of_round.tasks, cancelled = round.cancelled + of_round.cancelled,
           kept = round.kept + of_round.kept, rejected_tasks = round.rejected_tasks + of_round.rejected
      from (select round_id, count(*) as tasks, count(*) filter (where state = 7) as cancelled,
                   count(*) filter (where state = 8) as kept, count(*) filter (where state = 9) as rejected
              from withdrawn group by round_id) of_round
     where round.id = of_round.round_id"
);

/// `$1` the fence, `$2` whether the wall clock agrees with the platform's.
pub(super) const CHECK_CLOCK: &str = "update drain set clock_checked = $2 where id = $1";

/// `$1` the fence.
pub(super) const ANSWERED: &str = "update drain set answered = 1 where id = $1";

/// `$1` moves. A task that is not where it is thought to be stays, and is not counted.
pub(super) const MOVE: &str = concat!(
    "
    with asked as materialized (select * from ",
    word!(postgres rows "$1", number "task" 0, number "state" 1, number "becomes" 2, text "reason" 3, number "finished_at" 4),
    " asked
    ), moved as (
        update task
           set state = asked.becomes, reason = coalesce(asked.reason, task.reason), finished_at = asked.finished_at,
               asked_last = case when asked.becomes = 2 then 1 else task.asked_last end
          from asked
         where task.id = asked.task and task.state = asked.state
        returning task.lane_id, asked.becomes
    ), count as (
        select lane.round_id, count(*) as moved, count(*) filter (where moved.becomes = 4) as done,
               count(*) filter (where moved.becomes = 5) as gone, count(*) filter (where moved.becomes = 6) as failed,
               count(*) filter (where moved.becomes = 8) as kept
          from moved join lane on lane.id = moved.lane_id
         where moved.becomes in (4, 5, 6, 8)
         group by lane.round_id
    )
    update round
       set pending = round.pending - count.moved, done = round.done + count.done, gone = round.gone + count.gone,
           failed = round.failed + count.failed, kept = round.kept + count.kept
      from count
     where round.id = count.round_id"
);

/// `$1` holds, `$2` the fence.
pub(super) const HOLD: &str = concat!(
    "
    update account
       set hold_until_tick = new.until_tick, hold_until_at = new.until_at, hold_length_ms = new.length_ms,
           hold_reason = new.reason, hold_rung = new.rung, hold_drain_id = $2
      from ",
    last_of!(
        "account",
        word!(postgres rows "$1", number "account" 0, number "until_tick" 1, number "until_at" 2,
        number "length_ms" 3, text "reason" 4, number "rung" 5)
    ),
    " new
     where account.id = new.account"
);

/// `$1` troubles.
pub(super) const TROUBLE: &str = concat!(
    "update account set trouble = new.trouble from ",
    last_of!("account", word!(postgres rows "$1", number "account" 0, text "trouble" 1)),
    " new where account.id = new.account"
);

/// `$1` outages: those that are over.
pub(super) const END_OUTAGES: &str = concat!(
    "
    delete from endpoint_outage
     where (account_id, action) in (select account, action from ",
    word!(postgres rows "$1", number "account" 0, number "action" 1, number "since_at" 2),
    " over where over.since_at is null)"
);

/// `$1` outages: those that have begun or go on; `$2` the fence.
pub(super) const SAVE_OUTAGES: &str = concat!(
    "
    insert into endpoint_outage
           (account_id, action, since_at, failures, pauses, newcomers, until_tick, until_at, length_ms, detail, drain_id)
    select account, action, since_at, failures, pauses, newcomers, until_tick, until_at, length_ms, detail, $2
      from ",
    last_of!("account, action", word!(postgres rows "$1", number "account" 0, number "action" 1, number "since_at" 2,
        number "failures" 3, number "pauses" 4, number "newcomers" 5, number "until_tick" 6, number "until_at" 7,
        number "length_ms" 8, text "detail" 9)),
    " new where since_at is not null
    on conflict (account_id, action) do update
       set since_at = excluded.since_at, failures = excluded.failures, pauses = excluded.pauses,
           newcomers = excluded.newcomers, until_tick = excluded.until_tick, until_at = excluded.until_at,
           length_ms = excluded.length_ms, detail = excluded.detail, drain_id = excluded.drain_id"
);

/// `$1` allowances, `$2` the fence. What this turn claims comes after the account's newest attempt so far.
pub(super) const SAVE_ALLOWANCES: &str = concat!(
    "
    insert into endpoint_allowance
           (account_id, action, day, remaining, after_attempt_id, until_tick, until_at, length_ms, drain_id)
    select account, action, day, remaining, coalesce((select max(id) from attempt where account_id = account), 0),
           until_tick, until_at, length_ms, $2
      from ",
    last_of!("account, action, day", word!(postgres rows "$1", number "account" 0, number "action" 1, number "day" 2,
        number "remaining" 3, number "until_tick" 4, number "until_at" 5, number "length_ms" 6)),
    " new
    on conflict (account_id, action, day) do update
       set remaining = excluded.remaining, after_attempt_id = excluded.after_attempt_id, until_tick = excluded.until_tick,
           until_at = excluded.until_at, length_ms = excluded.length_ms, drain_id = excluded.drain_id"
);

/// `$1` records that are not there any more, with the attempts that say so.
pub(super) const UNDONE: &str = concat!(
    "update own_record set undone_by = gone.by from ",
    undone!(),
    " gone where own_record.id = gone.record and own_record.undone_by is null and gone.is_back = 0"
);

/// `$1` records that are there again: whatever a reading has found in their place makes room.
pub(super) const MAKE_ROOM: &str = concat!(
    "
    delete from own_record found
     using ",
    undone!(),
    " back, own_record own, attempt
     where back.is_back = 1 and own.id = back.record and attempt.id = back.by
       and found.account_id = own.account_id and found.action = attempt.action and found.subject = own.subject
       and found.place = own.place and found.key = own.key and found.undone_by is null and found.id <> own.id"
);

/// `$1` the same records, as a reading for what restores would have found them.
pub(super) const PUT_BACK: &str = concat!(
    "update own_record set action = attempt.action, undone_by = null, value = '{}' from ",
    undone!(),
    " back, attempt where back.is_back = 1 and own_record.id = back.record and attempt.id = back.by"
);

/// `$1` readings that are out of date.
pub(super) const STALE: &str = concat!(
    "update own_record_reading set covers_to = 0 where (account_id, action) in (select account, action from ",
    word!(postgres rows "$1", number "account" 0, number "action" 1),
    " stale)"
);

/// `$1` last copies.
pub(super) const SAVE_TEXTS: &str = concat!(
    "insert into deleted_text (task_id, text) select task, text from ",
    last_of!("task", word!(postgres rows "$1", number "task" 0, text "text" 1)),
    " new on conflict (task_id) do update set text = excluded.text"
);

/// `$1` claims, `$2` the fence, `$3` tick, `$4` wall clock. The heads of their lanes, each head before any second: identities are given out in
/// the order in which rows are written. What is sent is what the file said: a task is claimed only where its row and its key agree, and where one does not,
/// nobody is. The row is held against the index that found it, too. Whose an account is is asked for each that is found: as `exists` it would be a
/// walk through all accounts.
pub(super) const CLAIM: &str = concat!(
    "with found as materialized (",
    heads!(),
    "
    ), claimed as (
        insert into attempt
               (account_id, task_id, previous_id, drain_id, action, reserved_tick, reserved_at, upper_tick)
        select account, id, previous, $2, action, $3, $4, upper
          from found where not exists (select 1 from found where not is_whole)
           and (select lease_drain_id from account own where own.id = found.account) = $2
         order by place, nth
        returning id, task_id
    )
    update task set state = 1, attempts = task.attempts + 1, last_attempt_id = claimed.id
      from claimed
     where task.id = claimed.task_id
    returning claimed.id, task.id, task.lane_id, task.target, task.attempts, task.troubles, task.unsure"
);

/// `$1` claims of which nobody was claimed: who is damaged.
pub(super) const DAMAGED: &str =
    concat!("select id from (", heads!(), ") found where not is_whole order by place, nth");

/// `$1` claims: the lanes that have nobody left in line.
pub(super) const DRAINED: &str = concat!(
    "select lane from ",
    word!(postgres rows "$1", number "lane" 0, number "visible_to" 4),
    " claim
     where not exists (select 1 from task where task.lane_id = claim.lane and task.state = 0 and task.id <= claim.visible_to)
        or not ",
    is_active!(),
    "
     order by nth"
);
