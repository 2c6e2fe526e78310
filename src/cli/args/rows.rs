//! Options that all commands on job files share: the files, how rows become tasks, what loading again may do.

use std::path::PathBuf;

use clap::Args;

use super::filter::FilterArgs;
use super::queue::SandboxFlag;
use super::{is_sandbox, values};
use crate::app::request::{LoadRequest, ReloadOptions, RowOptions};
use crate::domain::{AccountName, Action, Platform};

pub(super) const ROWS: &str = "What to do";
const RELOAD: &str = "Loading again";
pub(super) const LIMITS: &str = "Limits of this run";
pub(super) const OUTPUT: &str = "Asking and telling";

/// Job files and their name.
#[derive(Clone, Debug, Args)]
pub struct FileArgs {
    /// Job files; - is standard input and needs --job
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// The job's name, instead of the file's stem
    #[arg(long, value_name = "NAME", value_parser = values::job_name, help_heading = ROWS)]
    pub job: Option<String>,
}

/// How rows become tasks.
#[derive(Clone, Debug, Args)]
pub struct RowArgs {
    /// The account that acts, by its short name
    #[arg(long, value_name = "NAME", help_heading = ROWS)]
    pub account: Option<AccountName>,
    /// What to do where a row does not say; else the file's stem decides
    #[arg(long, value_name = "ACTION", value_parser = values::action(), ignore_case = true, help_heading = ROWS)]
    pub action: Option<Action>,
    /// Whose API to speak
    #[arg(long, value_name = "P", value_parser = values::platform(), help_heading = ROWS)]
    pub platform: Option<Platform>,
    /// Which queue.
    #[command(flatten)]
    pub sandbox: SandboxFlag,
    /// The column that holds the targets
    #[arg(long, value_name = "NAME", help_heading = ROWS)]
    pub column: Option<String>,
    /// Take IDs as they are written, also where many look rounded by a spreadsheet or a program
    #[arg(long, help_heading = ROWS)]
    pub trust_ids: bool,
    /// Queue nothing if any row is unusable
    #[arg(long, help_heading = ROWS)]
    pub strict: bool,
    /// Which rows go on.
    #[command(flatten)]
    pub which: FilterArgs,
}

impl RowArgs {
    /// What is asked for.
    pub fn options(&self) -> RowOptions {
        RowOptions {
            account: self.account.clone(),
            action: self.action,
            platform: self.platform,
            column: self.column.clone(),
            trust_ids: self.trust_ids,
            strict: self.strict,
            which: self.which.options(),
        }
    }

    /// Whether this is about the sandbox.
    pub fn is_sandbox(&self) -> bool {
        is_sandbox(self.sandbox.sandbox, self.platform)
    }
}

/// What loading a file again may do.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct ReloadArgs {
    /// Start a finished job over, as a new round
    #[arg(long, help_heading = RELOAD)]
    pub again: bool,
    /// Let a reload cancel more than half of the pending rows
    #[arg(long, help_heading = RELOAD)]
    pub allow_shrink: bool,
    /// The file is the job's own list, which has moved here
    #[arg(long, help_heading = RELOAD)]
    pub moved: bool,
}

impl ReloadArgs {
    /// What is asked for.
    pub const fn options(self) -> ReloadOptions {
        ReloadOptions { again: self.again, allow_shrink: self.allow_shrink, moved: self.moved }
    }
}

pub(super) fn load_request(files: &FileArgs, rows: &RowArgs, reload: ReloadArgs) -> LoadRequest {
    let FileArgs { files, job } = files.clone();
    LoadRequest { files, job, rows: rows.options(), reload: reload.options() }
}
