//! Reads a list into its file, from the platform or out of an export: the use cases of `list` and `import`, with another place to write to.
//!
//! In: a list of the shelf, and who hears what happens. Out: the same list with its rows, or with why it has none yet. What was read of a
//! platform's list before it stopped is kept by the queue, and the next reading continues from there.

use std::path::Path;
use std::sync::Arc;

use super::info::{ListExtras, SavedListInfo, SavedRows};
use super::offers::can_tell_pinned;
use super::shelf::ListShelf;
use super::sink::SavedListSink;
use crate::app::deps::AppDeps;
use crate::app::import::{ImportRequest, import};
use crate::app::list::{ListEnd, fetch_list_until};
use crate::app::quiet_frontend::{QuietFrontend, SinkMaker};
use crate::app::request::{FilterOptions, ListOnce, ListRequest};
use crate::clock::SharedClock;
use crate::config::Settings;
use crate::domain::counted;
use crate::engine::Shutdown;
use crate::error::CommandError;
use crate::lists::archive::Tally;
use crate::lists::fetch::FetchEvent;
use crate::lists::filter::{FilterRules, PlainRules, Since};
use crate::text::LocalClock;

/// Hears of pages and waits while a list is read.
pub type ReadingHeard = Arc<dyn Fn(FetchEvent) + Send + Sync>;

/// What a list of the shelf is read with.
pub struct SaveDeps<'a> {
    /// Everything decided.
    pub settings: &'a Settings,
    /// The time.
    pub clock: &'a SharedClock,
    /// By whose clock times are told.
    pub local: &'a LocalClock,
    /// Where lists are kept.
    pub shelf: &'a ListShelf,
    /// Who asked for it, as the audit log names them.
    pub actor: String,
}

/// Reads a platform's list to its end, or until it is told to stop, and keeps what is known of it then.
///
/// # Errors
/// The account needs a person, nobody answers; the queue or the list cannot be written. What was read is kept by the queue.
pub async fn save_list(
    with: &SaveDeps<'_>,
    (id, info): (u64, &SavedListInfo),
    heard: ReadingHeard,
    until: Shutdown,
) -> Result<SavedListInfo, CommandError> {
    let front = QuietFrontend::new(with.actor.clone()).writing(sink_at(with, id)).hearing(heard);
    let deps = AppDeps { settings: with.settings, clock: with.clock, local: with.local, front: &front };
    let request = ListRequest {
        list: info.list,
        account: info.account().cloned(),
        platform: None,
        output: Some(with.shelf.rows_path(id)),
        which: FilterOptions { wanted: rules_that_ask(info), ..FilterOptions::default() },
        max_requests: None,
        max_spend: None,
        give_up_after: None,
        once: ListOnce { force: true, ..ListOnce::default() },
    };
    let read = match fetch_list_until(deps, &request, until, async || std::future::pending().await).await? {
        ListEnd::Written(report) => {
            let untold = report.delivered.untold_reposts;
            let notes = (untold > 0).then(|| untold_text(untold)).into_iter().collect();
            read_to_its_end(with, info, report.delivered.written, notes)
        }
        ListEnd::Unfinished(unfinished) => SavedListInfo { stopped: Some(unfinished.why), ..info.clone() },
        ListEnd::StoppedAtOnce(_) => SavedListInfo { stopped: Some("it was stopped".to_owned()), ..info.clone() },
    };
    with.shelf.set_info(id, &read)?;
    Ok(read)
}

/// Takes a list out of an export, and keeps it.
///
/// # Errors
/// The export is foreign, cut or hostile (65); the list cannot be written.
pub async fn save_export(
    with: &SaveDeps<'_>,
    (id, info): (u64, &SavedListInfo),
    export: &Path,
) -> Result<SavedListInfo, CommandError> {
    let front = QuietFrontend::new(with.actor.clone()).writing(sink_at(with, id));
    let deps = AppDeps { settings: with.settings, clock: with.clock, local: with.local, front: &front };
    let request = ImportRequest {
        archive: export.to_owned(),
        what: info.list,
        account: None,
        which: FilterOptions::default(),
        output: Some(with.shelf.rows_path(id)),
        spared: None,
        force: true,
        raw: true,
    };
    let report = import(deps, &request).await?;
    let mut read = read_to_its_end(with, info, report.counts.passed(), tally_notes(&report.tally));
    read.platform = report.platform.or(info.platform);
    with.shelf.set_info(id, &read)?;
    Ok(read)
}

fn sink_at(with: &SaveDeps<'_>, id: u64) -> SinkMaker {
    let path = with.shelf.rows_path(id);
    Box::new(move |list| Ok(Box::new(SavedListSink::begin(&path, list)?)))
}

/// Rules whose only use is that what they ask is asked: the sink takes whatever they spare.
fn rules_that_ask(info: &SavedListInfo) -> FilterRules {
    let ListExtras { follows_back, ghosts, last_posted } = info.extras;
    let keep_pinned = info.platform.is_some_and(|platform| can_tell_pinned(platform, info.list));
    let plain = PlainRules { not_following_back: follows_back, ghosts, keep_pinned, ..PlainRules::default() };
    // Any moment will do.
    let inactive_since: Option<Since> = last_posted.then(|| "1d".parse().ok()).flatten();
    FilterRules { inactive_since, plain, ..FilterRules::default() }
}

fn read_to_its_end(with: &SaveDeps<'_>, info: &SavedListInfo, rows: u64, notes: Vec<String>) -> SavedListInfo {
    let saved = Some(SavedRows { rows, at: with.clock.now().wall, notes });
    SavedListInfo { saved, stopped: None, ..info.clone() }
}

fn untold_text(reposts: u64) -> String {
    let them = counted(
        reposts,
        "repost does not say which post it repeats, and is",
        "reposts do not say which posts they repeat, and are",
    );
    format!("{them} not on this list")
}

/// What has to be known about a list out of an export.
fn tally_notes(tally: &Tally) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = |number: u64, one: &str, many: &str| {
        if number > 0 {
            notes.push(counted(number, one, many));
        }
    };
    note(tally.without_id, "entry has no ID and was left out", "entries have no ID and were left out");
    note(tally.of_others, "entry is somebody else's and was left out", "entries are somebody else's and were left out");
    note(
        tally.without_target,
        "entry is about nothing that a row can name",
        "entries are about nothing that a row can name",
    );
    note(
        tally.older_versions,
        "older version of an edited post was left out",
        "older versions of edited posts were left out",
    );
    note(
        tally.reposts,
        "post is a repost, and the export does not say of which post",
        "posts are reposts, and the export does not say of which posts",
    );
    if tally.untold_reposts > 0 {
        notes.push(untold_text(tally.untold_reposts));
    }
    for file in &tally.files {
        if let Some(promised) = file.promised.filter(|promised| *promised != file.found) {
            notes.push(format!(
                "{} has {}, and its export says {promised}",
                file.file,
                counted(file.found, "entry", "entries")
            ));
        }
    }
    notes
}
