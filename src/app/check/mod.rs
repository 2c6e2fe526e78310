//! What a run of files would do now: what is wrong with them, what would be sent, what that takes and costs. Nothing is changed and nobody
//! is asked.
//!
//! In: files, and the queue as it is. Out: a report, and its JSON. What does not belong here: words.

mod json;

use super::accounts::Identities;
use super::deps::AppDeps;
use super::forecast::{Forecast, forecast};
use super::preparing::Prepared;
use super::request::LoadRequest;
use super::run::{load_options, prepare_files};
use super::status::{Cost, cost_of};
use crate::config::Settings;
use crate::error::CommandError;
use crate::jobfile::CheckReport;

/// Files that were looked at.
#[derive(Debug, Default)]
pub struct FilesReport {
    /// Each of them; none where one of them cannot be used as a whole.
    pub files: Vec<CheckedFile>,
    /// What a run of them would be refused for first.
    pub refusal: Option<CommandError>,
}

/// A file that was read, judged and compared with the queue.
#[derive(Debug)]
pub struct CheckedFile {
    /// The file.
    pub file: Prepared,
    /// What is in it, and why it would be refused.
    pub report: CheckReport,
    /// What a run would do with it; none where it would be refused.
    pub forecast: Option<Forecast>,
    /// What sending its rows takes and costs, also while its job is paused.
    pub cost: Cost,
}

/// Reads, judges and estimates the files.
///
/// # Errors
/// A list of the rules cannot be read, nobody is known by the account's name, the queue cannot be read.
pub async fn check_files(deps: AppDeps<'_>, request: &LoadRequest) -> Result<FilesReport, CommandError> {
    let files = match prepare_files(request, deps).await {
        Ok(files) => files,
        Err(refusal) => return Ok(FilesReport::refused(refusal)),
    };
    let options = load_options(request, &files, deps)?;
    let who = Identities::of(deps.settings, request.rows.platform, None)?;
    // Without a place for a queue there is none yet.
    let mut store = if deps.settings.db().is_ok() { deps.existing_queue().await? } else { None };
    let forecasts = forecast(&who, store.as_mut(), request.rows.account.as_ref(), &files, &options).await;
    if let Some(store) = store {
        store.close().await;
    }
    let mut report = FilesReport::default();
    for (file, forecast) in files.into_iter().zip(forecasts?) {
        let (checked, refusal) = CheckedFile::of(file, forecast, deps.settings);
        report.files.push(checked);
        report.refusal = report.refusal.or(refusal);
    }
    Ok(report)
}

impl FilesReport {
    /// All of them are refused for this.
    pub fn refused(refusal: CommandError) -> FilesReport {
        FilesReport { files: Vec::new(), refusal: Some(refusal) }
    }

    /// 0 clean, 3 with rejected rows; where a run would be refused, what it would end with.
    pub fn exit_code(&self) -> u8 {
        match &self.refusal {
            Some(refusal) => refusal.kind.exit_code(),
            None if self.files.iter().any(|checked| checked.report.rejected > 0) => 3,
            None => 0,
        }
    }
}

impl CheckedFile {
    /// A file with its forecast, and why a run of it would be refused.
    pub fn of(
        file: Prepared,
        forecast: Result<Forecast, CommandError>,
        settings: &Settings,
    ) -> (CheckedFile, Option<CommandError>) {
        let mut report = CheckReport::of(&file.survey, file.strict);
        let (forecast, refusal) = match forecast {
            Ok(forecast) => {
                report.set_rejected(&forecast.rejected);
                (Some(forecast), None)
            }
            Err(error) => {
                report.refusal = Some((error.message.clone(), error.hint.clone().unwrap_or_default()));
                (None, Some(error))
            }
        };
        let cost = cost_of(forecast.as_ref().map_or(&[], |forecast| &forecast.to_send), settings);
        (CheckedFile { file, report, forecast, cost }, refusal)
    }
}
