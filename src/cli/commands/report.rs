//! `cleanup report`: receipts, row for row, to stdout or to a file that appears whole or not at all. The page is in
//! `report_page`, the worklist in `worklist`.

use std::io::Write;
use std::path::Path;

use crate::app::{ReceiptRows, write_receipts};
use crate::cli::args::{ReportArgs, ReportFormat};
use crate::cli::context::Context;
use crate::cli::output::{WholeFile, refuse_places};
use crate::domain::counted;
use crate::error::{CommandError, ErrorKind};
use crate::jobfile::ReceiptFormat;
use crate::store::{Job, Store};
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
        let error = CommandError::new(ErrorKind::Usage, format!("{} has no round {round}", job.name));
        return Err(error.hint(format!("its newest round is {}", job.round_number)));
    }
    if let Some(kinds) = &args.worklist {
        return worklist::run(context, args, kinds, store, &job).await;
    }
    let format = match args.format.unwrap_or_default() {
        ReportFormat::Csv => ReceiptFormat::Csv,
        ReportFormat::Json => ReceiptFormat::Json,
        ReportFormat::Jsonl => ReceiptFormat::Jsonl,
        ReportFormat::Html => return report_page::run(context, args, store, &job, round).await,
    };
    let wanted = ReceiptRows { round, format, raw: args.raw };
    match args.output.as_deref().filter(|path| path.as_os_str() != "-") {
        None => {
            let out = context.printer.data_writer();
            let complain = out.errors();
            let (mut out, _) = write_receipts(&mut store, &job, &wanted, out, &complain).await?;
            out.flush().map_err(complain)?;
        }
        Some(path) => {
            let rows = write_file(&mut store, &job, &wanted, path).await?;
            context.printer.say(&format!(
                "{} of {} {} in {}",
                counted(rows, "row", "rows"),
                escaped(&job.name),
                if rows == 1 { "is" } else { "are" },
                escaped(&path.to_string_lossy())
            ));
        }
    }
    store.close().await;
    Ok(0)
}

/// Beside the file first (mode 0600), then in its place: a reader never sees half a report.
async fn write_file(store: &mut Store, job: &Job, wanted: &ReceiptRows, path: &Path) -> Result<u64, CommandError> {
    let complain = |error| CommandError::io(path.display(), error);
    let file = WholeFile::create(path).map_err(complain)?;
    let (file, rows) = write_receipts(store, job, wanted, file, &complain).await?;
    file.keep().map_err(complain)?;
    Ok(rows)
}
