//! The commands, one file each. Every one says what it did and what to type next, and gives back an exit code.

pub mod account;
pub mod audit;
pub mod check;
pub mod complete;
pub mod completions;
pub mod config;
pub mod control;
pub mod db;
pub mod doctor;
pub mod explain;
mod explain_json;
pub mod forget;
pub mod import;
pub mod list;
pub mod load;
pub mod man;
mod paged;
mod picked_rows;
pub mod report;
mod report_page;
pub mod resume;
pub mod retry;
pub mod run;
pub mod sandbox;
pub mod schedule;
pub mod serve;
pub mod status;
pub mod undo;
pub mod verify;
mod worklist;

use super::args::Command;
use super::context::Context;
use crate::error::CommandError;

/// Does what a command says.
///
/// # Errors
/// Whatever ends it early; the error knows its exit code.
pub async fn dispatch(command: &Command, context: &Context) -> Result<u8, CommandError> {
    match command {
        Command::Run(args) => run::run(context, args).await,
        Command::Resume(args) => resume::run(context, args).await,
        Command::Load(args) => load::run(context, args).await,
        Command::Check(args) => check::run(context, args).await.map_err(check::after_each_row),
        Command::Status(args) => status::run(context, args).await,
        Command::Report(args) => report::run(context, args).await,
        Command::Undo(args) => undo::run(context, args).await,
        Command::Verify(args) => verify::run(context, args).await,
        Command::Retry(args) => retry::run(context, args).await,
        Command::Pause(args) => control::pause(context, args).await,
        Command::Unpause(args) => control::unpause(context, args).await,
        Command::Cancel(args) => control::cancel(context, args).await,
        Command::Explain(args) => explain::run(context, args).await,
        Command::Audit(args) => audit::run(context, args).await,
        Command::Forget(args) => forget::run(context, args).await,
        Command::Import(args) => import::run(context, args).await,
        Command::List(args) => list::run(context, args).await,
        Command::Account(args) => account::run(context, args).await,
        Command::Schedule(args) => schedule::run(context, args).await,
        Command::Doctor(args) => doctor::run(context, args).await,
        Command::Db(args) => db::run(context, args).await,
        Command::Config(args) => config::run(context, args),
        Command::Serve(args) => serve::run(context, args).await,
        Command::Sandbox(args) => sandbox::run(context, args).await,
        Command::Completions(args) => completions::run(context, args),
        Command::Complete(args) => complete::run(context, args).await,
        Command::Man(args) => man::run(context, args),
    }
}
