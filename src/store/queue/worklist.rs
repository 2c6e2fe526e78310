//! Worklists: tasks a person does by hand on the platform's own pages, and the ticks that come back.
//!
//! In: a round, then the ticks of a saved file. Out: a token that names queue, job and round; tasks that are done `by_hand`.
//! What does not belong here: pages and files.

use super::QueueStore;
use std::fmt::Write as _;

use super::generation::bump_generation;
use super::job::Job;
use crate::domain::{RoundId, Target, TaskId, TaskState, Wall};
use crate::store::codes::write_target;
use crate::store::dialect::Sql;
use crate::store::error::StoreError;

/// The most ticks taken in one transaction; about 50 ms of the write lock.
pub const MAX_TICKS_PER_TRANSACTION: usize = 2_000;

/// A worklist that this queue made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worklist {
    /// Its number.
    id: i64,
    /// The name of its job.
    pub job: String,
    /// The round it was made from.
    pub round: RoundId,
    /// That round's number.
    pub round_number: u32,
    /// Whether a newer round of the job has begun since.
    pub is_outdated: bool,
}

/// A tick: a person says that this was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorklistTick {
    /// Which task.
    pub task: TaskId,
    /// Its target, as the file has it; a check.
    pub target: Target,
    /// The physical line of the file.
    pub line: u64,
}

/// What became of ticks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Tasks that are done now and were not.
    pub done: u64,
    /// Ghosts: they were reported done, and now a person has done them.
    pub ghosts: u64,
    /// Nothing to change: done already, or taken from this worklist before.
    pub already: u64,
    /// Being sent at this moment; the tick can be taken when the request has ended.
    pub sending: u64,
    /// Gone, cancelled or kept: they stay what they are.
    pub settled_otherwise: u64,
    /// Lines whose task is not of this worklist's round, or has another target.
    pub foreign_lines: Vec<u64>,
}

impl QueueStore<'_> {
    /// Notes that a worklist is made from the job's newest round, and gives the token that names it.
    pub async fn make_worklist(&mut self, job: &Job, now: Wall) -> Result<String, StoreError> {
        let sql = sql!(
            "insert into worklist (token, round_id, made_at) values (",
            random_token(),
            ", $1, $2) returning token"
        );
        let (token,): (String,) = self.db.fetch_one(sql, args![job.round.0, now.0]).await?;
        Ok(token)
    }

    /// The worklist of that token; none where this queue did not make it, or its job was forgotten.
    pub async fn worklist(&mut self, token: &str) -> Result<Option<Worklist>, StoreError> {
        let sql = "select worklist.id, job.name, round.id, round.number,
                          exists (select 1 from round newer where newer.job_id = job.id and newer.number > round.number
                                                             and newer.visible_to > 0)
                     from worklist join round on round.id = worklist.round_id join job on job.id = round.job_id
                    where worklist.token = $1";
        let found: Option<(i64, String, i64, i64, bool)> = self.db.fetch_optional(sql, args![token]).await?;
        Ok(found.map(|(id, job, round, number, is_outdated)| Worklist {
            id,
            job,
            round: RoundId(round),
            round_number: u32::try_from(number).unwrap_or(0),
            is_outdated,
        }))
    }

    /// Takes ticks back, at most [`MAX_TICKS_PER_TRANSACTION`] in one transaction: tasks in line, aside or failed are done, with the
    /// reason `by_hand`, and the round's counters with them. A task that is being sent is left alone, and so is what is settled.
    ///
    /// # Errors
    /// The database cannot be written; what was taken before stays taken, and the file can be loaded again.
    pub async fn take_ticks(
        &mut self,
        worklist: &Worklist,
        ticks: &[WorklistTick],
        now: Wall,
    ) -> Result<Taken, StoreError> {
        let mut taken = Taken::default();
        for batch in ticks.chunks(MAX_TICKS_PER_TRANSACTION) {
            self.take_batch(worklist, batch, now, &mut taken).await?;
        }
        Ok(taken)
    }

    async fn take_batch(
        &mut self,
        worklist: &Worklist,
        ticks: &[WorklistTick],
        now: Wall,
        taken: &mut Taken,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let found: Vec<(i64, Option<i64>, bool, bool)> =
            tx.fetch_all(FIND_TICKED, args![ticks_json(ticks), worklist.round.0, worklist.id]).await?;
        let mut settle = Vec::new();
        for (index, state, was_taken, is_ghost) in found {
            let Some(tick) = usize::try_from(index).ok().and_then(|index| ticks.get(index)) else { continue };
            let state = state.map(crate::store::codes::state_of).transpose()?;
            match judge(state, was_taken, is_ghost) {
                Judged::Foreign => taken.foreign_lines.push(tick.line),
                Judged::Already => taken.already += 1,
                Judged::Sending => taken.sending += 1,
                Judged::Otherwise => taken.settled_otherwise += 1,
                Judged::Ghost => {
                    taken.ghosts += 1;
                    settle.push(tick.task.0);
                }
                Judged::Finish => {
                    taken.done += 1;
                    settle.push(tick.task.0);
                }
            }
        }
        let tasks = serde_json::json!(settle).to_string();
        for sql in FINISH_BY_HAND {
            tx.execute(sql, args![&tasks, worklist.round.0, worklist.id, now.0]).await?;
        }
        if !settle.is_empty() {
            bump_generation(&mut tx).await?;
        }
        tx.commit().await
    }
}

enum Judged {
    Finish,
    Ghost,
    Already,
    Sending,
    Otherwise,
    Foreign,
}

/// [`crate::domain::Transition::FinishByHand`], and what keeps a tick from it.
fn judge(state: Option<TaskState>, was_taken: bool, is_ghost: bool) -> Judged {
    use crate::domain::Transition::FinishByHand;
    match state {
        None => Judged::Foreign,
        Some(_) if was_taken => Judged::Already,
        Some(TaskState::Sending) => Judged::Sending,
        Some(TaskState::Done) if is_ghost => Judged::Ghost,
        Some(TaskState::Done) => Judged::Already,
        Some(state) if FinishByHand.from().contains(&state) => Judged::Finish,
        Some(_) => Judged::Otherwise,
    }
}

/// `[[task, target], ...]`
fn ticks_json(ticks: &[WorklistTick]) -> String {
    let mut json = String::with_capacity(ticks.len() * 32 + 2);
    json.push('[');
    for (index, tick) in ticks.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        // Writing to a String cannot fail.
        let _ = write!(json, "[{},", tick.task.0);
        write_target(&mut json, &tick.target);
        json.push(']');
    }
    json.push(']');
    json
}

/// For each tick: the state of its task (null: not of this round, or another target), whether it was taken before, whether it
/// is a ghost. A task that a file ticks twice is settled once: the second is found in the same answer.
const FIND_TICKED: Sql = sql!(
    "
    select tick.nth, task.state, w.task_id is not null or tick.nth > earliest.nth, coalesce(v.verdict = 'ghost', false)
      from ",
    rows("$1", number "task_id" 0, target "target" 1),
    " tick
      join (select each.task_id, min(each.nth) as nth from ",
    rows("$1", number "task_id" 0),
    " each group by each.task_id) earliest on earliest.task_id = tick.task_id
      left join task on task.id = tick.task_id and task.target = tick.target
       and exists (select 1 from lane where lane.id = task.lane_id and lane.round_id = $2)
      left join worklist_tick w on w.worklist_id = $3 and w.task_id = task.id
      left join verification v on v.task_id = task.id and v.finished_at = task.finished_at
     order by tick.nth"
);

/// The counters first, while the states still say what is leaving which. `$1` tasks, `$2` round, `$3` worklist, `$4` now.
const FINISH_BY_HAND: [Sql; 4] = [
    sql!(
        "update round
            set failed = failed - c.given_up, pending = pending - c.unsettled, done = done + c.given_up + c.unsettled
           from (select count(*) filter (where task.state = 6) as given_up,
                        count(*) filter (where task.state in (0, 2, 3)) as unsettled
                   from ",
        numbers("$1"),
        " ticked join task on task.id = ticked.value) c
          where round.id = $2"
    ),
    sql!(
        "update task set state = 4, reason = 'by_hand', finished_at = $4 where id in ",
        numbers("$1"),
        " and state in (0, 2, 3, 4, 6)"
    ),
    sql!("delete from verification where task_id in ", numbers("$1")),
    sql!(
        "insert into worklist_tick (worklist_id, task_id, taken_at) select $3, ticked.value, $4 from ",
        numbers("$1"),
        " ticked"
    ),
];
