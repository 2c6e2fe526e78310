//! `cleanup undo`: what a job has done, to restore it by hand. Nothing is sent.

use std::path::{Path, PathBuf};

use crate::app::Facts;
use crate::app::{file_of, refuse_places};
use crate::cli::args::UndoArgs;
use crate::cli::context::Context;
use crate::domain::{Action, TaskState, Wall};
use crate::error::CommandError;
use crate::pages::{LinkRow, Part, restore_page};
use crate::store::{PickOrder, PickedTask, TaskFilter};
use crate::text::escaped;

use super::paged::Places;
use super::picked_rows::{PickedRows, card};

const COLUMNS: [&str; 9] = ["target_id", "handle", "name", "account", "action", "inverse", "done_at", "link", "note"];

/// Writes the list.
///
/// # Errors
/// There is no such job or round; the queue cannot be read, a file cannot be written.
pub async fn run(context: &Context, args: &UndoArgs) -> Result<u8, CommandError> {
    let (mut store, job) = context.job(&args.job).await?;
    refuse_places([args.output.as_ref(), args.html.as_ref()], [Some(&job.path)])?;
    let round = args.round.unwrap_or(job.round_number);
    let wanted = TaskFilter { states: vec![TaskState::Done], ghosts: false };
    let picked = PickedRows::pick(&mut store, (&job, round), &wanted, PickOrder::NewestFirst).await?;
    let total = picked.total;
    let cannot = sentences(&store.read().actions(&job, round).await?);
    if args.output.is_some() || args.html.is_none() {
        picked.table(&mut store, (args.output.as_ref(), args.raw), COLUMNS, cells, context).await?;
    }
    let mut places: Vec<PathBuf> = file_of(args.output.as_deref()).map(Path::to_path_buf).into_iter().collect();
    if args.html.is_some() {
        let (now, is_sandbox) = (context.clock.now().wall, context.settings.is_sandbox());
        let page = |number, places: &Places, rows: &[LinkRow]| {
            restore_page(&job.name, rows, total, Part { number, files: &places.names }, now, is_sandbox, &cannot)
        };
        places.extend(picked.pages(&mut store, file_of(args.html.as_deref()), link, page, context).await?);
    }
    store.read().end_picking().await?;
    store.close().await;
    let older = if job.round_number > 1 && args.round.is_none() {
        " of the newest round (--round has earlier ones)"
    } else {
        ""
    };
    let files: Vec<String> = places.iter().map(|path| escaped(&path.display().to_string()).into_owned()).collect();
    let written = if files.is_empty() { String::new() } else { format!(", written to {}", files.join(", ")) };
    context
        .printer
        .say(&format!("{}: {total} done{older}, newest first{written}; nothing was sent", escaped(&job.name)));
    for sentence in cannot {
        context.printer.say(sentence);
    }
    Ok(0)
}

/// What does not come back, of what a job did; each once.
fn sentences(actions: &[Action]) -> Vec<&'static str> {
    let mut sentences: Vec<&'static str> = Vec::new();
    for sentence in actions.iter().flat_map(|action| cannot(*action)) {
        if !sentences.contains(sentence) {
            sentences.push(sentence);
        }
    }
    sentences
}

fn cells(task: &PickedTask, facts: &Facts) -> [String; COLUMNS.len()] {
    [
        task.target.to_string(),
        facts.handle.clone().unwrap_or_default(),
        facts.name.clone().unwrap_or_default(),
        task.account.clone(),
        task.action.name().to_owned(),
        task.action.inverse().unwrap_or_default().to_owned(),
        task.finished_at.map(Wall::rfc3339).unwrap_or_default(),
        facts.url.clone().unwrap_or_default(),
        note(task).to_owned(),
    ]
}

fn link(place: u64, task: &PickedTask, facts: &Facts) -> LinkRow {
    let done = task.finished_at.map(Wall::rfc3339).unwrap_or_default().replace(['T', 'Z'], " ");
    LinkRow {
        place,
        task: task.task.0,
        action: task.action.inverse().unwrap_or("gone for good"),
        target: task.target.to_string(),
        what: card(task, facts),
        note: format!("{} by {} {}; {}", task.action.name(), task.account, done.trim(), note(task)),
    }
}

/// What to keep in mind about one row.
fn note(task: &PickedTask) -> &'static str {
    match (task.action, task.reason.as_deref()) {
        (Action::DeletePost, _) => "cannot be restored",
        (_, Some("confirmed_by_repeat")) => "the target looked gone when it was asked again",
        (_, Some("by_hand")) => "was done by hand",
        _ => "can be restored by hand",
    }
}

/// What restoring an action does not bring back. From X's documents of the operations and their inverses (docs/undo-and-verify.md).
fn cannot(action: Action) -> &'static [&'static str] {
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
        Action::DeletePost => &[
            "Deleted posts cannot be restored, nor their likes, replies and links. A data archive made before still has their text.",
        ],
        Action::Unbookmark => &["A bookmark is new: it stands first among your bookmarks, outside its folder."],
    }
}
