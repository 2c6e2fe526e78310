//! `cleanup verify`: what the account's own lists say of what a job has done. It reads, and changes nothing but verdicts; with
//! `--requeue` it puts back in line what came back.

mod by_archive;
mod by_list;
mod table;

use serde_json::json;

use super::retry::next_after_requeue;
use crate::cli::args::VerifyArgs;
use crate::cli::context::Context;
use crate::cli::output::refuse_places;
use crate::domain::{Action, RepostId, Wall, counted};
use crate::error::{CommandError, ErrorKind};
use crate::lists::ListKind;
use crate::platform::find;
use crate::store::{Account, Job, Store, VerdictCounts};
use crate::text::escaped;

/// What a job has done for one account.
pub(super) struct DoneLane {
    action: Action,
    account: Account,
    done: u64,
    newest: Wall,
}

impl DoneLane {
    /// The list on which the effect can be seen. A platform that undoes reposts by their own IDs shows them among the posts.
    fn list(&self) -> ListKind {
        let by_own_id = find(self.account.platform, self.action).is_some_and(|row| row.repost_id() == RepostId::Own);
        let list = ListKind::shows(self.action);
        if by_own_id { list.read_as() } else { list }
    }
}

/// Reads the lists and judges.
///
/// # Errors
/// There is no such job, or it is cancelled and --requeue is given; a list cannot be read, or an archive is foreign, older or somebody else's; the queue cannot be written.
pub async fn run(context: &Context, args: &VerifyArgs) -> Result<u8, CommandError> {
    if args.json && args.output.as_deref().is_some_and(|path| path.as_os_str() == "-") {
        let error = CommandError::new(ErrorKind::Usage, "--json and -o - would both write to stdout");
        return Err(error.hint("give -o the name of a file"));
    }
    let (mut store, job) = context.job(&args.job).await?;
    refuse_places([args.output.as_ref()], [Some(&job.path), args.archive.as_ref()])?;
    if args.requeue {
        // Before anything is read, for reading costs.
        next_after_requeue(context, &job)?;
    }
    let name = escaped(&job.name).into_owned();
    let lanes = lanes_of(&mut store, &job).await?;
    if lanes.is_empty() {
        context
            .printer
            .say(&format!("{name} has no rows that are done and that a list would show; there is nothing to verify"));
        let verified = Verified { counts: store.lists().verdicts(&job).await?, requeued: 0, complete: true };
        return verified.tell(context, args, &job, 0);
    }
    let mut store = match &args.archive {
        Some(path) => by_archive::judge(context, store, &job, &lanes, path).await?,
        None => match by_list::judge(context, store, &job, &lanes, args).await? {
            by_list::Judged::All(store) => *store,
            by_list::Judged::Ended(code) => {
                // What earlier readings said still stands.
                let (mut store, job) = context.job(&args.job).await?;
                let verified = Verified { counts: store.lists().verdicts(&job).await?, requeued: 0, complete: false };
                store.close().await;
                return verified.tell(context, args, &job, code);
            }
        },
    };
    let counts = store.lists().verdicts(&job).await?;
    context.printer.say(&format!("{name}: {}", told(&counts)));
    if let Some(output) = &args.output {
        table::write(context, &mut store, &job, output, args.raw).await?;
    }
    let (open, requeued) = follow_up(context, args, &mut store, &job, &counts).await?;
    store.close().await;
    Verified { counts, requeued, complete: true }.tell(context, args, &job, if open { 3 } else { 0 })
}

/// What `--json` says.
struct Verified {
    /// Before anything was put back in line.
    counts: VerdictCounts,
    requeued: u64,
    /// Whether every list was read that judges the job.
    complete: bool,
}

impl Verified {
    fn tell(&self, context: &Context, args: &VerifyArgs, job: &Job, code: u8) -> Result<u8, CommandError> {
        if args.json {
            let VerdictCounts { confirmed, came_back, ghosts, undecided } = self.counts;
            context.printer.json(&json!({
                "job": job.name,
                "round": job.round_number,
                "confirmed": confirmed,
                "came_back": came_back,
                "ghosts": ghosts,
                "undecided": undecided,
                "requeued": self.requeued,
                "complete": self.complete,
                "exit_code": code,
            }))?;
        }
        Ok(code)
    }
}

/// What has been done, by action and account.
async fn lanes_of(store: &mut Store, job: &Job) -> Result<Vec<DoneLane>, CommandError> {
    let accounts = store.accounts().all().await?;
    let mut lanes = Vec::new();
    for (action, account, done, newest) in store.lists().done_lanes(job).await? {
        if let Some(account) = accounts.iter().find(|known| known.id == account) {
            lanes.push(DoneLane { action, account: account.clone(), done, newest });
        }
    }
    Ok(lanes)
}

fn told(counts: &VerdictCounts) -> String {
    let VerdictCounts { confirmed, came_back, ghosts, undecided } = counts;
    format!(
        "{confirmed} confirmed, {came_back} came back, {} (reported done, still listed), {undecided} undecided",
        counted(*ghosts, "ghost", "ghosts")
    )
}

/// What to do about it; whether anything is still to be done, and how many rows were put back in line.
async fn follow_up(
    context: &Context,
    args: &VerifyArgs,
    store: &mut Store,
    job: &Job,
    counts: &VerdictCounts,
) -> Result<(bool, u64), CommandError> {
    let printer = &context.printer;
    if counts.undecided > 0 {
        printer.say("undecided: done after the list was read, or beyond what the platform lists (likes and posts past some 3,200, bookmarks past 800)");
    }
    if counts.ghosts > 0 {
        let worklist = context.command(&["report", &job.name, "--worklist=ghosts", "-o", "by-hand.html"]);
        printer.say(&format!(
            "lists lag behind: verify again after some minutes; rows that stay ghosts have to be done by hand: {worklist}"
        ));
    }
    if counts.came_back == 0 {
        return Ok((counts.ghosts > 0, 0));
    }
    if !args.requeue {
        let again = context.command(&["verify", &job.name, "--requeue"]);
        printer.say(&format!("{again} queues what came back once more"));
        return Ok((true, 0));
    }
    let reopened = store.queue().reopen_job(job, context.clock.now().wall).await?.tasks;
    let next = next_after_requeue(context, job)?;
    printer.say(&format!("{} queued again; {next}", counted(reopened, "that came back is", "that came back are")));
    Ok((counts.ghosts > 0, reopened))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_said_in_one_line() {
        let counts = VerdictCounts { confirmed: 3, came_back: 2, ghosts: 1, undecided: 0 };
        assert_eq!(told(&counts), "3 confirmed, 2 came back, 1 ghost (reported done, still listed), 0 undecided");
    }
}
