//! Verdicts one by one: where a list is cut, the platform may still say of a single post what the account has done to it.

use super::DoneLane;
use crate::domain::TaskId;
use crate::error::CommandError;
use crate::lists::fetch::{FetchEvent, PageAnswer, Reader, Stop};
use crate::platforms::{What, find_marks};
use crate::store::{HoldNews, Job, Looked, Reach};

/// Rows that are taken out of the queue at once.
const AT_ONCE: u32 = 200;

/// Asks about each row of a lane of which its list has said nothing, a request each. Why it stopped, where that was before the last.
///
/// # Errors
/// The queue cannot be written, or the credentials cannot be opened.
pub(super) async fn verify_by_id(
    reader: &mut Reader,
    job: &Job,
    lane: &DoneLane,
) -> Result<Option<Stop>, CommandError> {
    let Some(row) = find_marks(lane.account.platform, lane.action) else { return Ok(None) };
    let (account, action) = (lane.account.id, lane.action);
    let (mut behind, mut asked) = (TaskId(0), 0);
    loop {
        let some = reader.deps.store.lists().undecided(job, (account, action), behind, AT_ONCE).await?;
        if some.is_empty() {
            return Ok(None);
        }
        for (task, target) in some {
            behind = task;
            let read_at = reader.deps.clock.now().wall;
            let (page, id, end) = match reader.ask(row, What::Post(&target)).await? {
                PageAnswer::Page(page, id, end) => (page, id, end),
                PageAnswer::Stopped(stop) => return Ok(Some(stop)),
            };
            let rules = reader.rules(row);
            reader.deps.store.lists().end_read(id, &end, HoldNews::Cleared, &rules.ask()).await?;
            // A post that cannot be seen any more says nothing.
            let is_there = page.entries.first().and_then(|post| post.marks.before(action));
            if let Some(is_there) = is_there {
                let looked = Looked { account, action, read_at, reach: Reach::Whole };
                reader.deps.store.lists().judge_one(job, (task, &target), &looked, is_there).await?;
            }
            asked += 1;
            reader.tell(FetchEvent::Page { entries: asked, pages: asked });
        }
    }
}
