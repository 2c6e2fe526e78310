//! Which done tasks were taken back since, by any job of the queue. In: nothing. Out: parts of statements. What does not belong here: what
//! that means for a verdict (`verification`) or a worklist (`read::select_tasks`).

use crate::domain::Action;

/// The table `restoring` for a statement: lanes that take something back, with the account and the action they take back. `$pairs` is the
/// parameter that holds [`inverse_pairs`].
macro_rules! restoring {
    ($database:ident $pairs:literal) => {
        concat!(
            "restoring (lane_id, account_id, action) as materialized (
                 select lane.id, lane.account_id, pair.undone from lane join ",
            $crate::store::dialect::word!($database rows $pairs, number "undone" 0, number "restoring" 1),
            " pair on lane.action = pair.restoring)"
        )
    };
}

/// Whether `task`, which is in `lane`, was taken back after it was done. The statement has the table of [`restoring`].
macro_rules! is_restored {
    ($database:ident) => {
        "exists (select 1 from restoring
                  cross join task_key key cross join task restored
                  where restoring.account_id = lane.account_id and restoring.action = lane.action
                    and key.lane_id = restoring.lane_id and key.target = task.target
                    and restored.id = key.task_id and restored.state = 4 and restored.finished_at >= task.finished_at)"
    };
}

pub(in crate::store) use {is_restored, restoring};

/// Every action with the one that takes it back, as JSON.
pub(in crate::store) fn inverse_pairs() -> String {
    let pairs: Vec<(i64, i64)> =
        Action::UNDOING.iter().filter_map(|action| Some((action.code(), action.inverse()?.code()))).collect();
    serde_json::json!(pairs).to_string()
}
