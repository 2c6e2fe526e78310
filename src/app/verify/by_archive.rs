//! Verdicts from an X data archive that was made after the run.

use std::path::Path;

use super::{ComparedList, DoneLane};
use crate::domain::{ListKind, Target, Wall};
use crate::error::{CommandError, ErrorKind};
use crate::lists::archive::Archive;
use crate::store::{Job, Looked, Reach, Store};

/// The most entries of a list that are compared.
const MAX_LISTED: usize = 10_000_000;
const TARGETS_AT_ONCE: usize = 10_000;

/// Judges by the archive; says when it was made, and what is in it.
///
/// # Errors
/// It cannot be read, is older than what was done, or somebody else's.
pub async fn verify_by_archive(
    store: &mut Store,
    job: &Job,
    lanes: &[DoneLane],
    path: &Path,
) -> Result<(Wall, Vec<ComparedList>), CommandError> {
    let mut archive = Archive::open(path)?;
    let about = archive.about().clone();
    let foreign = |message: String, hint: &str| Err(CommandError::new(ErrorKind::InputData, message).hint(hint));
    let Some(read_at) = about.generated_at else {
        let message = format!("{} does not say when it was made, so nothing can be told from it", path.display());
        return foreign(message, "use the archive with its manifest, or leave out --archive to ask the platform");
    };
    refuse_older(path, read_at, lanes)?;
    let mut listed = Vec::with_capacity(lanes.len());
    for lane in lanes {
        if about.user_id.as_ref() != Some(&lane.account.user_id) {
            let theirs = about.user_id.map_or_else(
                || "does not say whose archive it is".to_owned(),
                |id| format!("is the archive of user {id}"),
            );
            let (path, account) = (path.display(), &lane.account);
            let message = format!("{path} {theirs}, and {} is user {}", account.name, account.user_id);
            return foreign(message, "give the archive of the account whose job it is");
        }
        let list = lane.list();
        let (targets, untold) = targets_of(&mut archive, list)?;
        store.lists().begin_listed().await?;
        for some in targets.chunks(TARGETS_AT_ONCE) {
            store.lists().add_listed(some).await?;
        }
        // What is missing from a part may stand in another zip; what a repost repeats is missing from most archives.
        let is_cut = about.is_partial == Some(true) || untold > 0;
        let reach = if is_cut { Reach::Nothing } else { Reach::Whole };
        store.lists().judge(job, &Looked { account: lane.account.id, action: lane.action, read_at, reach }).await?;
        listed.push(lane.compared(list, targets.len() as u64));
    }
    Ok((read_at, listed))
}

/// An archive from before the run still lists everything.
fn refuse_older(path: &Path, read_at: Wall, lanes: &[DoneLane]) -> Result<(), CommandError> {
    let Some(newest) = lanes.iter().map(|lane| lane.newest).max().filter(|newest| *newest >= read_at) else {
        return Ok(());
    };
    let message = format!(
        "{} was made {}, before the last of the job was done ({})",
        path.display(),
        read_at.rfc3339(),
        newest.rfc3339()
    );
    Err(CommandError::new(ErrorKind::InputData, message)
        .hint("ask X for a new archive, or leave out --archive to ask the platform"))
}

/// The targets on a list, and how many of its entries may be some that are not told.
fn targets_of(archive: &mut Archive, list: ListKind) -> Result<(Vec<Target>, u64), CommandError> {
    let mut targets = Vec::new();
    let tally = archive.read(list, &mut |_| {}, &mut |entry| {
        targets.push(entry.target);
        if targets.len() <= MAX_LISTED {
            return Ok(());
        }
        let message = format!("the archive lists more than {MAX_LISTED} {list}");
        Err(CommandError::new(ErrorKind::InputData, message).hint("leave out --archive to ask the platform"))
    })?;
    Ok((targets, tally.untold_reposts))
}
