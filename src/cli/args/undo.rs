//! Options of `cleanup undo`.

use std::path::PathBuf;

use clap::Args;

use super::queue::SandboxFlag;
use super::run::DrainArgs;

/// `cleanup undo`
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  cleanup undo unfollow\n  cleanup undo unfollow -o restore.csv --html restore.html\n  cleanup undo unmute --apply\n\n\
                  --apply restores what the platform can restore through its API: on Mastodon all but posts, on X bookmarks, mutes and \
                  blocks. It is a job of its own, JOB-restore, with the limits and receipts of every other; `cleanup resume JOB-restore` \
                  continues it."
)]
pub struct UndoArgs {
    /// The job
    #[arg(value_name = "JOB")]
    pub job: String,
    /// Which queue.
    #[command(flatten)]
    pub sandbox: SandboxFlag,
    /// Write the CSV to this file instead of stdout
    #[arg(short, long, value_name = "FILE", conflicts_with = "apply")]
    pub output: Option<PathBuf>,
    /// Write a page of links to this file; a long list continues in FILE-2, FILE-3 and so on
    #[arg(long, value_name = "FILE", conflicts_with = "apply")]
    pub html: Option<PathBuf>,
    /// Leave cells alone that a spreadsheet would run as formulas
    #[arg(long, conflicts_with = "apply")]
    pub raw: bool,
    /// An earlier round of the job
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub round: Option<u32>,
    /// Restore through the API what the platform can restore; asks first
    #[arg(long)]
    pub apply: bool,
    /// How --apply runs.
    #[command(flatten)]
    pub drain: DrainArgs,
}
