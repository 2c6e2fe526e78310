//! `cleanup undo`: what a job has done, to restore it by hand. Nothing is sent.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::app::{FactColumns, Facts};
use crate::cli::args::UndoArgs;
use crate::cli::context::Context;
use crate::cli::output::{WholeFile, refuse_places};
use crate::domain::{Action, TaskState, Wall};
use crate::error::{CommandError, ErrorKind};
use crate::jobfile::TableWriter;
use crate::pages::{LinkRow, MAX_LINKS_PER_PAGE, Part, restore_page};
use crate::store::{Job, PickOrder, PickedTask, Store, TaskFilter};
use crate::text::escaped;

use super::paged::{Places, card, file_of};

/// Rows that are read at once.
const ROWS_PER_READ: u64 = 5_000;
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
    let Some(total) = store.read().select_tasks(&job, round, &wanted, PickOrder::NewestFirst).await? else {
        let error = CommandError::new(ErrorKind::Usage, format!("{} has no round {round}", job.name));
        return Err(error.hint(format!("its newest round is {}", job.round_number)));
    };
    let actions = store.read().actions(&job, round).await?;
    let columns = FactColumns::of(&mut store, &job, round).await?;
    let list = List { job: &job, total, actions, columns };
    if args.output.is_some() || args.html.is_none() {
        list.table(&mut store, args, context).await?;
    }
    let mut places: Vec<PathBuf> = file_of(args.output.as_ref()).map(Path::to_path_buf).into_iter().collect();
    if args.html.is_some() {
        places.extend(list.pages(&mut store, args, context).await?);
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
    context.printer.say(&format!(
        "{}: {total} done{older}, what was done last first{written}; nothing was sent",
        escaped(&job.name)
    ));
    for sentence in list.cannot() {
        context.printer.say(sentence);
    }
    Ok(0)
}

struct List<'a> {
    job: &'a Job,
    total: u64,
    actions: Vec<Action>,
    columns: FactColumns,
}

impl List<'_> {
    /// What does not come back, of what the job did.
    fn cannot(&self) -> Vec<&'static str> {
        let mut sentences: Vec<&'static str> = Vec::new();
        for action in &self.actions {
            sentences.extend(
                cannot(*action).iter().filter(|sentence| !sentences.contains(sentence)).copied().collect::<Vec<_>>(),
            );
        }
        sentences
    }

    async fn table(&self, store: &mut Store, args: &UndoArgs, context: &Context) -> Result<(), CommandError> {
        match file_of(args.output.as_ref()) {
            None => {
                let out = context.printer.data_writer();
                let complain = out.errors();
                self.write_table(store, out, args.raw, &complain).await.map(drop)
            }
            Some(path) => {
                let complain = |error| CommandError::io(path.display(), error);
                let file = WholeFile::create(path).map_err(complain)?;
                self.write_table(store, file, args.raw, &complain).await?.keep().map_err(complain)
            }
        }
    }

    async fn write_table<W: Write>(
        &self,
        store: &mut Store,
        to: W,
        raw: bool,
        complain: &impl Fn(std::io::Error) -> CommandError,
    ) -> Result<W, CommandError> {
        let mut table = TableWriter::new(to, raw);
        table.header(COLUMNS).map_err(complain)?;
        for from in (0..self.total).step_by(ROWS_PER_READ as usize) {
            let tasks = store.read().picked(from, ROWS_PER_READ).await?;
            let facts = self.columns.facts(store, &tasks).await?;
            for (task, facts) in tasks.iter().zip(&facts) {
                for cell in cells(task, facts) {
                    table.cell(&cell).map_err(complain)?;
                }
                table.end_row().map_err(complain)?;
            }
        }
        table.finish().map_err(complain)
    }

    /// Writes the pages; where they are, unless on stdout.
    async fn pages(&self, store: &mut Store, args: &UndoArgs, context: &Context) -> Result<Vec<PathBuf>, CommandError> {
        let places = Places::for_links(file_of(args.html.as_ref()), self.total)?;
        let now = context.clock.now().wall;
        for number in 1..=places.count() {
            let from = (number - 1) * MAX_LINKS_PER_PAGE;
            let tasks = store.read().picked(from, MAX_LINKS_PER_PAGE).await?;
            let facts = self.columns.facts(store, &tasks).await?;
            let rows: Vec<LinkRow> = (from + 1..)
                .zip(tasks.iter().zip(&facts))
                .map(|(place, (task, facts))| link(place, task, facts))
                .collect();
            let part = Part { number, files: &places.names };
            let sandbox = context.settings.is_sandbox();
            let page = restore_page(&self.job.name, &rows, self.total, part, now, sandbox, &self.cannot());
            places.put(number, &page, context)?;
        }
        Ok(places.paths())
    }
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
        facts.url.clone(),
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
