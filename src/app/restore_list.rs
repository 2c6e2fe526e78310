//! What a job has done, to restore it by hand: which rows, and what restoring does not bring back. Nothing is sent.

use super::picked_rows::PickedRows;
use super::target_facts::Facts;
use crate::domain::{Action, Platform, TaskState, Wall};
use crate::error::CommandError;
use crate::platforms::{Endpoint, find, find_inverse};
use crate::store::{Job, PickOrder, PickedTask, Store, TaskFilter};

/// The columns of the list.
pub const RESTORE_COLUMNS: [&str; 10] =
    ["target_id", "handle", "name", "account", "action", "inverse", "done_at", "link", "note", "text"];

/// What a round of a job has done, newest first.
pub struct RestoreList {
    /// The rows.
    pub picked: PickedRows,
    /// What does not come back, in sentences.
    pub irreversible: Vec<&'static str>,
}

impl RestoreList {
    /// The list of a round; none: the newest.
    ///
    /// # Errors
    /// There is no such round (2); the queue cannot be read.
    pub async fn of(store: &mut Store, job: &Job, round: Option<u32>) -> Result<RestoreList, CommandError> {
        let round = round.unwrap_or(job.round_number);
        let wanted = TaskFilter { states: vec![TaskState::Done], ghosts: false };
        let picked = PickedRows::pick(store, (job, round), &wanted, PickOrder::NewestFirst).await?;
        let done = store.read().actions(job, round).await?.into_iter();
        let new_ones = done.filter(|(platform, action)| !comes_back(*platform, *action));
        let irreversible = irreversible(&new_ones.collect::<Vec<_>>());
        Ok(RestoreList { picked, irreversible })
    }
}

/// A row of the list, as [`RESTORE_COLUMNS`].
pub fn restore_cells(task: &PickedTask, facts: &Facts) -> [String; RESTORE_COLUMNS.len()] {
    [
        task.target.to_string(),
        facts.handle.clone().unwrap_or_default(),
        facts.name.clone().unwrap_or_default(),
        task.account.clone(),
        task.action.name().to_owned(),
        inverse(task).map_or("", Action::name).to_owned(),
        task.finished_at.map(Wall::rfc3339).unwrap_or_default(),
        facts.url.clone().unwrap_or_default(),
        restore_note(task).to_owned(),
        facts.text.clone().unwrap_or_default(),
    ]
}

/// Whether what an action undoes comes back as it was, through the API.
pub(in crate::app) fn comes_back(platform: Platform, undone: Action) -> bool {
    find_inverse(platform, undone).is_some_and(Endpoint::restores_as_it_was)
}

/// What restores a row, by hand or through the API; a deleted post can be written again as it was only where the platform has records.
fn inverse(task: &PickedTask) -> Option<Action> {
    let is_offered = find_inverse(task.platform, task.action).is_some();
    task.action.inverse().filter(|_| task.action != Action::DeletePost || is_offered)
}

/// What does not come back, of what a job did and where; each once.
pub fn irreversible(done: &[(Platform, Action)]) -> Vec<&'static str> {
    let mut sentences: Vec<&'static str> = Vec::new();
    for sentence in done.iter().flat_map(|(platform, action)| cannot(*platform, *action)) {
        if !sentences.contains(sentence) {
            sentences.push(sentence);
        }
    }
    sentences
}

/// What is done for good, of what a job does and where: nothing brings it back, neither through the API nor by hand. In sentences, each once.
pub fn final_deeds(to_do: impl Iterator<Item = (Platform, Action)>) -> Vec<&'static str> {
    let is_final = |(platform, action): &(Platform, Action)| match action {
        Action::DeletePost => find_inverse(*platform, *action).is_none(),
        action => action.is_undoing() && action.inverse().is_none(),
    };
    irreversible(&to_do.filter(is_final).collect::<Vec<_>>())
}

/// Whether the platform hands back what it deletes, so that the text is kept.
pub(in crate::app) fn keeps_text(platform: Platform, action: Action) -> bool {
    find(platform, action).is_some_and(|endpoint| endpoint.last_copy.is_some())
}

/// What to keep in mind about one row.
pub fn restore_note(task: &PickedTask) -> &'static str {
    if comes_back(task.platform, task.action) {
        return "comes back as it was with undo --apply";
    }
    match (task.action, task.reason.as_deref()) {
        (Action::DeletePost, _) if task.last_copy.is_some() => {
            "cannot be restored as it was; its text is kept, and can be posted as a new post"
        }
        (Action::DeletePost, _) => "cannot be restored",
        (Action::RemoveFollower, _) => "cannot be restored: only they can follow again",
        (Action::DeleteList, _) => "cannot be restored: a list that is made again is another one",
        (_, Some("confirmed_by_repeat")) => "the target looked gone when it was asked again",
        (_, Some("by_hand")) => "was done by hand",
        _ => "can be restored by hand",
    }
}

/// What restoring an action does not bring back. From X's documents of the operations and their inverses (docs/undo-and-verify.md).
fn cannot(platform: Platform, action: Action) -> &'static [&'static str] {
    match action {
        Action::Unfollow => &[
            "Following somebody again is a new follow: they may be notified, and your list is in a new order.",
            "Protected accounts have to approve the new follow, and those that block you cannot be followed.",
        ],
        Action::Unlike => &[
            "Liking a post again is a new like: its author may be notified, and your likes are in a new order.",
            "Posts that were deleted since, or whose authors are protected or gone, cannot be liked again.",
        ],
        Action::Unrepost => &["A repost is new: it stands at today's date, and its author may be notified."],
        Action::Unmute => &["Nothing is lost: muting again is as before, and nobody is told."],
        Action::Unblock => {
            &["Blocking again is as before; follows in either direction that the first block ended do not come back."]
        }
        Action::DeletePost if find_inverse(platform, action).is_some() => &[
            "Deleted posts come back as they were, at their own address and date; likes and replies that others have deleted since do not.",
        ],
        Action::DeletePost if keeps_text(platform, action) => &[
            "Deleted posts cannot be restored as they were, nor their likes, replies and links. Their texts are kept in the queue, and \
             stand in the list of what was done.",
        ],
        Action::DeletePost => &[
            "Deleted posts cannot be restored, nor their likes, replies and links. A data archive made before still has their text.",
        ],
        Action::RemoveFollower => {
            &["Followers who were removed come back only if they follow again themselves; nobody can do it for them."]
        }
        Action::Unbookmark => &["A bookmark is new: it stands first among your bookmarks, outside its folder."],
        Action::LeaveList => {
            &["Following a list again is as before, unless its keeper has made it private or deleted it since."]
        }
        Action::DeleteList => &["Deleted lists cannot be restored, nor who was on them and who followed them."],
        Action::UnpinList => &["A list that is pinned again stands behind the others."],
        Action::UnfollowTag => &["Nothing is lost: following a tag again is as before, and nobody is told."],
        Action::UnblockDomain => {
            &["Blocking a server again is as before; follows and followers that the block had ended do not come back."]
        }
        Action::ListUnblock => {
            &["Blocking a list again is as before; follows that the block had ended do not come back."]
        }
        Action::Unpin => &["A post that is pinned again stands first among the pinned ones."],
        // What restored something is undone like anything else.
        Action::Follow
        | Action::Like
        | Action::Repost
        | Action::Mute
        | Action::Block
        | Action::Bookmark
        | Action::Pin
        | Action::FollowList
        | Action::PinList
        | Action::ListBlock
        | Action::FollowTag
        | Action::BlockDomain
        | Action::Post => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_back_is_not_called_lost() {
        let of = |platform| irreversible(&[(platform, Action::DeletePost)]).join(" ");
        assert!(of(Platform::Bluesky).contains("come back as they were"));
        assert!(of(Platform::Mastodon).contains("Their texts are kept"));
        assert!(of(Platform::XV2).contains("cannot be restored"));
        assert!(final_deeds([(Platform::Bluesky, Action::DeletePost)].into_iter()).is_empty());
    }
}
