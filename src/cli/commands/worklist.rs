//! `cleanup report --worklist`: what has to be done by hand, as pages with tick boxes or as a table.

use crate::app::{Facts, HandWorklist, WorklistRows, file_of, worklist_cells, worklist_note};
use crate::cli::args::{ReportArgs, ReportFormat, WorklistKind};
use crate::cli::context::Context;
use crate::error::{CommandError, ErrorKind};
use crate::jobfile::WORKLIST_COLUMNS;
use crate::pages::{LinkRow, Part, WorklistPage, worklist_page};
use crate::store::{Job, PickedTask, Store};
use crate::text::escaped;

use super::paged::Places;
use super::picked_rows::{card, write_pages, write_table};

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
        Some(ReportFormat::Json | ReportFormat::Jsonl | ReportFormat::Table) => {
            return Err(
                CommandError::new(ErrorKind::Usage, "a worklist is a page or a CSV").hint("give --format html or csv")
            );
        }
    };
    let now = context.clock.now().wall;
    let rows = WorklistRows {
        failed: kinds.contains(&WorklistKind::Failed),
        ghosts: kinds.contains(&WorklistKind::Ghosts),
        pending: kinds.contains(&WorklistKind::Pending),
    };
    let HandWorklist { picked, token } = HandWorklist::make(&mut store, job, rows, now).await?;
    let (total, name) = (picked.total, escaped(&job.name).into_owned());
    let load = context.command(&["load", "SAVED.csv"]);
    if total == 0 && !is_table {
        context.printer.say(&format!("{name} has nothing to do by hand; no page was written"));
        return Ok(0);
    }
    if is_table {
        let columns = WORKLIST_COLUMNS.iter().copied().chain(["handle", "name", "link", "why"]);
        let cells = |task: &PickedTask, facts: &Facts| worklist_cells(&token, task, facts);
        write_table(&picked, &mut store, (args.output.as_ref(), args.raw), columns, cells, context).await?;
    } else {
        let plain = |command: &str| command.trim_matches('`').to_owned();
        let csv = context.command(&["report", &job.name, "--worklist", "--format", "csv"]);
        let page = |number, places: &Places, rows: &[LinkRow]| {
            worklist_page(&WorklistPage {
                job: &job.name,
                token: &token,
                made_at: now,
                is_sandbox: context.settings.is_sandbox(),
                rows,
                total,
                part: Part { number, files: &places.names },
                saved_as: &saved_name(&job.name, number, places.count()),
                load: &plain(&load),
                csv: &plain(&csv),
            })
        };
        write_pages(&picked, &mut store, file_of(args.output.as_deref()), link, page, context).await?;
    }
    picked.finish(store).await?;
    context.printer.say(&format!("{name}: {total} to do by hand; {load} takes the saved ticks back"));
    Ok(0)
}

fn link(place: u64, task: &PickedTask, facts: &Facts) -> LinkRow {
    LinkRow {
        place,
        task: task.task.0,
        action: task.action.name(),
        target: task.target.to_string(),
        what: card(task, facts),
        note: worklist_note(task),
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
