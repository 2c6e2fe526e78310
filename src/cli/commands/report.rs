//! `cleanup report`: receipts, row for row, to stdout or to a file that appears whole or not at all. The page is in
//! `report_page`, the worklist in `worklist`.

use crate::app::{ReceiptRows, no_such_round, write_receipts};
use crate::app::{file_of, refuse_places};
use crate::cli::args::{ReportArgs, ReportFormat};
use crate::cli::context::Context;
use crate::cli::output::Output;
use crate::domain::counted;
use crate::error::CommandError;
use crate::jobfile::ReceiptFormat;
use crate::text::escaped;

use super::{report_page, worklist};

/// Writes the receipts.
///
/// # Errors
/// There is no such job or round; the queue cannot be read, the file cannot be written.
pub async fn run(context: &Context, args: &ReportArgs) -> Result<u8, CommandError> {
    let (mut store, job) = context.job(&args.job).await?;
    refuse_places([args.output.as_ref()], [Some(&job.path)])?;
    let round = args.round.unwrap_or(job.round_number);
    if round > job.round_number {
        return Err(no_such_round(&job, round));
    }
    if let Some(kinds) = &args.worklist {
        return worklist::run(context, args, kinds, store, &job).await;
    }
    let format = match args.format.unwrap_or_default() {
        ReportFormat::Csv => ReceiptFormat::Csv,
        ReportFormat::Json => ReceiptFormat::Json,
        ReportFormat::Jsonl => ReceiptFormat::Jsonl,
        ReportFormat::Table => ReceiptFormat::Table,
        ReportFormat::Html => return report_page::run(context, args, store, &job, round).await,
    };
    let wanted = ReceiptRows { round, format, raw: args.raw };
    let out = Output::create(args.output.as_deref(), context.printer)?;
    let complain = out.errors();
    let (out, rows) = write_receipts(&mut store, &job, &wanted, out, &complain).await?;
    out.keep()?;
    if let Some(path) = file_of(args.output.as_deref()) {
        context.printer.say(&format!(
            "{} of {} {} in {}",
            counted(rows, "row", "rows"),
            escaped(&job.name),
            if rows == 1 { "is" } else { "are" },
            escaped(&path.to_string_lossy())
        ));
    }
    store.close().await;
    Ok(0)
}
