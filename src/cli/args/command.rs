//! The commands.

use clap::Subcommand;

use super::{
    AccountArgs, AuditArgs, CheckArgs, CompleteArgs, CompletionsArgs, ConfigArgs, DbArgs, DoctorArgs, ExplainArgs,
    ForgetArgs, ImportArgs, JobArgs, ListArgs, LoadArgs, ManArgs, ReportArgs, ResumeArgs, RetryArgs, RunArgs,
    SandboxArgs, ScheduleArgs, ServeArgs, StatusArgs, UndoArgs, VerifyArgs,
};

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Load job files, or pick up where they stopped, and work on them until done or told to stop
    Run(Box<RunArgs>),
    /// Resume every unfinished job, or those named, of every account
    Resume(Box<ResumeArgs>),
    /// Queue job files without running them
    Load(Box<LoadArgs>),
    /// Read, judge and estimate job files; change nothing
    Check(Box<CheckArgs>),
    /// Show progress, slots left and when jobs will be done
    Status(StatusArgs),
    /// Write receipts: every row of a job and what became of it; or a page, or a list to do by hand
    Report(ReportArgs),
    /// List what a job has done, to restore it by hand: a CSV and a page of links
    Undo(UndoArgs),
    /// Read the account's list again, or a newer archive: what is confirmed, what came back, what was never off
    Verify(VerifyArgs),
    /// Queue the failed rows of a job again
    Retry(RetryArgs),
    /// Pause a job: nothing more of it is sent until `unpause`
    Pause(JobArgs),
    /// Let a paused job continue
    Unpause(JobArgs),
    /// Cancel a job: nothing more of it is sent
    Cancel(JobArgs),
    /// Show every attempt at a target and what the platform answered
    Explain(ExplainArgs),
    /// Recount the attempts on record: the fullest window of every account, and any over its limit
    Audit(AuditArgs),
    /// Drop a settled job and its receipts; slots that still count stay
    Forget(ForgetArgs),
    /// Read a list out of an export of X, Bluesky or Mastodon: a CSV to edit and run
    Import(Box<ImportArgs>),
    /// Read a list of the account from the platform, as a CSV to look at, edit and run
    List(Box<ListArgs>),
    /// Log in and out, list, check, import: who cleanup may act for
    Account(AccountArgs),
    /// Run files every night: add, list, next, run, skip, remove, install
    Schedule(ScheduleArgs),
    /// Look for everything that can be wrong: configuration, queue, permissions, disk, logins
    Doctor(DoctorArgs),
    /// The queue's database: bring its schema up to date, move the queue into another
    Db(DbArgs),
    /// The settings: every value and where it comes from, and a config file to begin with
    Config(ConfigArgs),
    /// Work on the queue all the time, with a dashboard in the browser
    Serve(Box<ServeArgs>),
    /// Serve the sandbox, a platform to try things on, on this machine
    Sandbox(SandboxArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the names that fit where a command is being typed; completion scripts ask
    #[command(name = "__complete", hide = true)]
    Complete(CompleteArgs),
    /// Print the manual: all of it, or the page of one command
    Man(ManArgs),
}
