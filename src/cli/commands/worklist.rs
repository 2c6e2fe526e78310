//! `cleanup report --worklist`: what has to be done by hand, as pages with tick boxes or as a table.

use crate::app::{FactColumns, Facts};
use crate::cli::args::{ReportArgs, ReportFormat, WorklistKind};
use crate::cli::context::Context;
use crate::cli::output::WholeFile;
use crate::domain::{TaskState, Wall};
use crate::error::{CommandError, ErrorKind};
use crate::jobfile::{TableWriter, WORKLIST_COLUMNS};
use crate::pages::{LinkRow, MAX_LINKS_PER_PAGE, Part, WorklistPage, worklist_page};
use crate::store::{Job, PickOrder, PickedTask, Store, TaskFilter, VerifyResult};
use crate::text::escaped;

use super::paged::{Places, card, file_of};

/// Rows of a table that are read at once.
const ROWS_PER_READ: u64 = 5_000;

/// Writes the worklist.
pub(super) async fn run(
    context: &Context,
    args: &ReportArgs,
    kinds: &[WorklistKind],
    mut store: Store,
    job: &Job,
) -> Result<u8, CommandError> {
    if args.round.is_some_and(|round| round != job.round_number) {
        let error = CommandError::new(
            ErrorKind::Usage,
            "a worklist is of the newest round: what was refused earlier was tried again",
        );
        return Err(error.hint("leave out --round"));
    }
    let is_table = match args.format {
        None | Some(ReportFormat::Html) => false,
        Some(ReportFormat::Csv) => true,
        Some(ReportFormat::Json | ReportFormat::Jsonl) => {
            return Err(CommandError::new(ErrorKind::Usage, "a worklist is a page or a table")
                .hint("give --format html or csv"));
        }
    };
    let now = context.clock.now().wall;
    let token = store.queue().make_worklist(job, now).await?;
    let total = store.read().select_tasks(job, job.round_number, &wanted(kinds), PickOrder::File).await?.unwrap_or(0);
    let list =
        List { job, token: &token, total, now, columns: FactColumns::of(&mut store, job, job.round_number).await? };
    let name = escaped(&job.name).into_owned();
    if total == 0 && !is_table {
        context.printer.say(&format!("{name} has nothing to do by hand; no page was written"));
        return Ok(0);
    }
    if is_table {
        list.table(&mut store, args, context).await?
    } else {
        list.pages(&mut store, args, context).await?
    };
    store.read().end_picking().await?;
    store.close().await;
    let load = context.command(&["load", "SAVED.csv"]);
    context.printer.say(&format!("{name}: {total} to do by hand; {load} takes the saved ticks back"));
    Ok(0)
}

fn wanted(kinds: &[WorklistKind]) -> TaskFilter {
    let mut wanted = TaskFilter::default();
    for kind in kinds {
        match kind {
            WorklistKind::Failed => wanted.states.push(TaskState::Failed),
            WorklistKind::Ghosts => wanted.ghosts = true,
            WorklistKind::Pending => {
                wanted.states.extend([
                    TaskState::Pending,
                    TaskState::Sending,
                    TaskState::Waiting,
                    TaskState::Provisional,
                ]);
            }
        }
    }
    wanted
}

struct List<'a> {
    job: &'a Job,
    token: &'a str,
    total: u64,
    now: Wall,
    columns: FactColumns,
}

impl List<'_> {
    async fn pages(&self, store: &mut Store, args: &ReportArgs, context: &Context) -> Result<(), CommandError> {
        let places = Places::for_links(file_of(args.output.as_ref()), self.total)?;
        let plain = |command: String| command.trim_matches('`').to_owned();
        let load = plain(context.command(&["load", "SAVED.csv"]));
        let csv = plain(context.command(&["report", &self.job.name, "--worklist", "--format", "csv"]));
        for number in 1..=places.count() {
            let from = (number - 1) * MAX_LINKS_PER_PAGE;
            let tasks = store.read().picked(from, MAX_LINKS_PER_PAGE).await?;
            let facts = self.columns.facts(store, &tasks).await?;
            let rows: Vec<LinkRow> = (from + 1..)
                .zip(tasks.iter().zip(&facts))
                .map(|(place, (task, facts))| link(place, task, facts))
                .collect();
            let page = WorklistPage {
                job: &self.job.name,
                token: self.token,
                made_at: self.now,
                is_sandbox: context.settings.is_sandbox(),
                rows: &rows,
                total: self.total,
                part: Part { number, files: &places.names },
                saved_as: &saved_name(&self.job.name, number, places.count()),
                load: &load,
                csv: &csv,
            };
            places.put(number, &worklist_page(&page), context)?;
        }
        Ok(())
    }

    async fn table(&self, store: &mut Store, args: &ReportArgs, context: &Context) -> Result<(), CommandError> {
        match file_of(args.output.as_ref()) {
            None => {
                let out = context.printer.data_writer();
                let complain = out.errors();
                self.write_table(store, TableWriter::new(out, args.raw), &complain).await?;
            }
            Some(path) => {
                let complain = |error| CommandError::io(path.display(), error);
                let file = WholeFile::create(path).map_err(complain)?;
                self.write_table(store, TableWriter::new(file, args.raw), &complain).await?.keep().map_err(complain)?;
            }
        }
        Ok(())
    }

    async fn write_table<W: std::io::Write>(
        &self,
        store: &mut Store,
        mut table: TableWriter<W>,
        complain: &impl Fn(std::io::Error) -> CommandError,
    ) -> Result<W, CommandError> {
        let columns = WORKLIST_COLUMNS.iter().copied().chain(["handle", "name", "link", "why"]);
        table.header(columns).map_err(complain)?;
        for from in (0..self.total).step_by(ROWS_PER_READ as usize) {
            let tasks = store.read().picked(from, ROWS_PER_READ).await?;
            let facts = self.columns.facts(store, &tasks).await?;
            for (task, facts) in tasks.iter().zip(&facts) {
                let (number, target, why) = (task.task.to_string(), task.target.to_string(), note(task));
                let [handle, name] = [&facts.handle, &facts.name].map(|fact| fact.as_deref().unwrap_or_default());
                let cells = [self.token, &number, task.action.name(), &target, "", handle, name, &facts.url, &why];
                for cell in cells {
                    table.cell(cell).map_err(complain)?;
                }
                table.end_row().map_err(complain)?;
            }
        }
        table.finish().map_err(complain)
    }
}

fn link(place: u64, task: &PickedTask, facts: &Facts) -> LinkRow {
    LinkRow {
        place,
        task: task.task.0,
        action: task.action.name(),
        target: task.target.to_string(),
        what: card(task, facts),
        note: note(task),
    }
}

/// Why a row is on the list.
fn note(task: &PickedTask) -> String {
    let status = task.http_status.map_or_else(String::new, |status| format!(" (HTTP {status})"));
    let reason = task.reason.as_deref().unwrap_or("no reason on record");
    match task.state {
        TaskState::Failed => format!("failed: {reason}{status}"),
        TaskState::Done if task.verdict == Some(VerifyResult::Ghost) => "reported done, and still listed".to_owned(),
        TaskState::Provisional => format!("refused, not decided yet: {reason}{status}"),
        TaskState::Sending => "being sent when this was made".to_owned(),
        _ => "not sent yet".to_owned(),
    }
}

/// The name under which a browser saves the ticks.
fn saved_name(job: &str, number: u64, count: u64) -> String {
    let plain: String =
        job.chars().map(|c| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '_' }).take(60).collect();
    if count < 2 { format!("by-hand-{plain}.csv") } else { format!("by-hand-{plain}-{number}.csv") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_file_has_a_name_that_every_system_takes() {
        assert_eq!(saved_name("unfollow", 1, 1), "by-hand-unfollow.csv");
        assert_eq!(saved_name("../a b\u{202e}", 2, 3), "by-hand-___a_b_-2.csv");
    }
}
