//! Rows loaded and worked off: a run of job files, and the resuming of what is queued.
//!
//! In: a request, what a use case stands on. Out: how the run ended. `files` and `resume` say what is worked on, `drainer` is the
//! drain that both come to, `joined` that of a server, `outcome` its end. What does not belong here: words, a terminal, when a request may leave.

mod drainer;
mod files;
mod job_files;
mod joined;
mod keep_file;
mod outcome;
mod partial_usage;
mod restore;
mod resume;
mod row_platforms;
mod server_drain;
mod undone_rows;
mod untouched_jobs;
mod warnings;
mod work_ahead;

pub use drainer::{EventTap, RunTerms};
pub use files::{run_files, run_loaded};
pub use job_files::{JudgedFiles, PlannedFiles, load_options, prepare_files};
pub use outcome::{RunEnd, RunOutcome};
pub use restore::{RestoreForecast, RestoreRequest, queue_restore, restore, restore_forecast};
pub use resume::{ResumeForecast, ResumeRequest, forecast_resume, resume};
pub use server_drain::{DrainSeat, GroupFinish, GroupRequest, LoadTurn, ServerDrain, ServerSeat};
pub use untouched_jobs::UntouchedJobs;
