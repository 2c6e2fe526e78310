//! `cleanup report`: receipts, row for row, to stdout or to a file that appears whole or not at all.

use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::app::{Wanted, write_receipts};
use crate::cli::args::{ReportArgs, ReportFormat};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::escape::escaped;
use crate::jobfile::ReceiptFormat;
use crate::store::{Job, Store};

/// Writes the receipts.
///
/// # Errors
/// There is no such job or round; the queue cannot be read, the file cannot be written.
pub async fn run(context: &Context, args: &ReportArgs) -> Result<u8, CliError> {
    let (mut store, job) = context.job(&args.job).await?;
    let round = args.round.unwrap_or(job.round_number);
    if round > job.round_number {
        let error = CliError::new(Kind::Usage, format!("{} has no round {round}", job.name));
        return Err(error.hint(format!("its newest round is {}", job.round_number)));
    }
    let wanted = Wanted { round, format: format_of(args.format), raw: args.raw };
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
                "{rows} rows of {} are in {}",
                escaped(&job.name),
                escaped(&path.to_string_lossy())
            ));
        }
    }
    store.close().await;
    Ok(0)
}

fn format_of(format: ReportFormat) -> ReceiptFormat {
    match format {
        ReportFormat::Csv => ReceiptFormat::Csv,
        ReportFormat::Json => ReceiptFormat::Json,
        ReportFormat::Jsonl => ReceiptFormat::Jsonl,
    }
}

/// Beside the file first (mode 0600), then in its place: a reader never sees half a report.
async fn write_file(store: &mut Store, job: &Job, wanted: &Wanted, path: &Path) -> Result<u64, CliError> {
    let name = path.display().to_string();
    let complain = |error| CliError::io(&name, error);
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or_else(|| PathBuf::from("."), PathBuf::from);
    let file = NamedTempFile::new_in(folder).map_err(complain)?;
    let (file, rows) = write_receipts(store, job, wanted, file, &complain).await?;
    file.as_file().sync_all().map_err(complain)?;
    file.persist(path).map_err(|error| complain(error.error))?;
    Ok(rows)
}
