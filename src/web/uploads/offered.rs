//! A job file that this program has written itself, offered for its check as one that was sent.

use std::path::Path;
use std::sync::Arc;

use super::choices::{Choices, complete};
use super::place::keep_list_of;
use super::{Received, Waiting, spell_as_known};
use crate::error::CommandError;
use crate::web::problem::Problem;
use crate::web::state::Web;

/// Lets a file wait for its check, and its number. `keep`: the names of those who are never touched, of which a copy is kept.
///
/// # Errors
/// The job cannot have this name; the copy cannot be written.
pub(in crate::web) async fn offer(
    web: &Web,
    mut choices: Choices,
    file: Received,
    keep: Option<&Path>,
) -> Result<u64, Problem> {
    let shown = format!("{}.csv", choices.job);
    if let Some(refused) = complete(&mut choices, Path::new(&shown)) {
        return Err(refused);
    }
    spell_as_known(web, &mut choices).await?;
    let keep = match keep {
        Some(path) => {
            let (mut copy, received) = web.uploads.create()?;
            let copied = std::fs::File::open(path).and_then(|mut names| std::io::copy(&mut names, &mut copy));
            copied.and_then(|_| copy.sync_all()).map_err(|error| CommandError::io(path.display(), error))?;
            Some(Arc::new(received))
        }
        None => None,
    };
    let now = web.clock.now().tick;
    let keep_place = keep_list_of(&web.uploads.folder, &choices.job, fastrand::u64(..));
    let waiting = Waiting { choices, shown, file: Arc::new(file), keep, keep_place, since: now, refused: None };
    Ok(web.uploads.put(waiting, now))
}
