//! What happened to a target: every task of it, with every attempt.

use super::deps::AppDeps;
use crate::clock::SharedClock;
use crate::domain::{Outcome, Target};
use crate::error::{CommandError, ErrorKind};
use crate::jobfile::{Fault, read_target};
use crate::lists::fetch::windows_of;
use crate::platforms::{evident_key, find, find_name_resolver};
use crate::store::{NameLookup, RecordView, Store, StoreError, TaskHistory};

/// What a text names, whatever platform it is of: an ID, a handle with its `@`, a link, a DID or an address of a record. Letters with digits
/// among them are an ID as well, as some servers have them; a bare word is none, for it is more likely a handle that lacks its `@`.
pub fn named_target(text: &str) -> Option<Target> {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    let is_opaque = plain && text.bytes().any(|byte| byte.is_ascii_digit());
    match read_target(text.as_bytes(), None) {
        Ok(target) => Some(target),
        Err(fault) => evident_key(text).or_else(|| text.parse().ok().filter(|_| is_opaque && fault == Fault::NotAnId)),
    }
}

/// Says of a task that stands under a name when the next lookup can leave. Where its platform takes the name as it is, nobody looks it up.
///
/// # Errors
/// The queue cannot be read.
pub async fn say_when_looked_up(
    store: &mut Store,
    history: &mut TaskHistory,
    clock: &SharedClock,
) -> Result<(), StoreError> {
    if !matches!(history.lookup, Some(NameLookup::Awaited { .. })) {
        return Ok(());
    }
    let accounts = store.accounts().all().await?;
    let account = accounts.iter().find(|account| account.name.as_str() == history.account);
    let asks = account.and_then(|account| {
        let endpoint = find(account.platform, history.action).filter(|endpoint| !endpoint.takes_handles())?;
        let resolver = find_name_resolver(account.platform)?;
        Some((
            account.id,
            account.platform,
            resolver.endpoints.iter().find(|asked| asked.of == endpoint.action.target_kind())?,
        ))
    });
    history.lookup = match asks {
        None => None,
        Some((account, platform, asked)) => {
            let (windows, boot) = (windows_of(platform, asked), clock.boot());
            let next_at = store.lists().next_read_at((account, asked.name), &windows, (&boot, clock.now())).await?;
            Some(NameLookup::Awaited { next_at })
        }
    };
    Ok(())
}

/// What is known of a record of the account's own, by what the task was to do with it: a restore puts it back under its old name.
pub fn record_note(history: &TaskHistory, record: &RecordView) -> &'static str {
    match (history.action.is_undoing(), record.is_deleted, history.attempts.is_empty()) {
        (_, true, _) => "deleted",
        (true, false, _) => "there when the account's records were read",
        (false, false, false) => "there again",
        (false, false, true) => "there already",
    }
}

/// The job of these histories of one target that has taken back what a task has done, after it was done. Its records are told there.
pub fn restored_by<'a>(history: &TaskHistory, all: &'a [TaskHistory]) -> Option<&'a str> {
    let ended = |history: &TaskHistory| history.attempts.last().and_then(|attempt| attempt.ended_at);
    let (inverse, done) = (history.action.inverse()?, ended(history).filter(|_| history.outcome == Outcome::Done)?);
    let is_later = |other: &&TaskHistory| {
        (other.action, &other.account, other.outcome) == (inverse, &history.account, Outcome::Done)
            && ended(other).is_some_and(|at| at >= done)
    };
    all.iter().find(is_later).map(|other| other.job.as_str())
}

/// The history of a target, task by task.
///
/// # Errors
/// Exit code 2 where no job has the target; the queue cannot be read.
pub async fn explain(deps: AppDeps<'_>, target: &Target) -> Result<Vec<TaskHistory>, CommandError> {
    let Some(mut store) = deps.existing_queue().await? else { return Err(deps.no_queue(ErrorKind::Usage)) };
    let mut histories = store.read().explain(target).await?;
    for history in &mut histories {
        say_when_looked_up(&mut store, history, deps.clock).await?;
    }
    store.close().await;
    if histories.is_empty() {
        let list = deps.command(&["status"]);
        let error = CommandError::new(ErrorKind::Usage, format!("no job of this queue has the target {target}"));
        let hint = format!("{list} lists the jobs; rows that were rejected are only in their reports");
        return Err(error.hint(deps.or_other_queue(hint)));
    }
    Ok(histories)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_job_file_takes_can_be_asked_about() {
        for (text, target) in [
            ("20", "20"),
            ("@Ada", "@ada"),
            ("https://x.com/ada", "@ada"),
            ("ada@example.org", "@ada@example.org"),
            ("@ada@example.org", "@ada@example.org"),
            ("https://example.org/@ada/7", "@https://example.org/@ada/7"),
            ("01F6KX", "01F6KX"),
            ("ada.bsky.social", "@ada.bsky.social"),
            ("at://ada.bsky.social", "@ada.bsky.social"),
            ("did:plc:ewvi7nxzyoun6zhxrhs64oiz", "did:plc:ewvi7nxzyoun6zhxrhs64oiz"),
            ("https://bsky.app/profile/ada.bsky.social", "@ada.bsky.social"),
        ] {
            assert_eq!(named_target(text).map(|target| target.to_string()).as_deref(), Some(target), "{text}");
        }
        for text in ["ada", "", "1.23E+18", "a b"] {
            assert_eq!(named_target(text), None, "{text}");
        }
    }
}
