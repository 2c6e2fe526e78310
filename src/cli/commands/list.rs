//! `cleanup list`: a list of the account's from the platform, as a CSV to look at, edit and run. It reads and changes nothing.

use std::io;
use std::path::Path;

use crate::app::request::ListRequest;
use crate::app::{
    Frontend, ListAccess, ListReading, ListReport, ListSink, Notice, Signals, Stoppable, UnfinishedReading,
};
use crate::cli::args::ListArgs;
use crate::cli::context::{Context, for_this_queue};
use crate::cli::output::{Output, refuse_existing, refuse_places};
use crate::cli::spared_file::SparedFile;
use crate::domain::{AccountName, ListKind, counted};
use crate::engine::{Signal, Urgency, shutdown};
use crate::error::CommandError;
use crate::lists::filter::Rule;
use crate::lists::{Entry, ListWriter};
use crate::text::escaped;

/// Reads the list and writes it.
///
/// # Errors
/// The platform has no such list, the account needs a person, nobody answers; the queue or the CSV cannot be written.
pub async fn run(context: &Context, args: &ListArgs) -> Result<u8, CommandError> {
    let until = args.deadline(context.clock.now(), &context.local.zone)?;
    let request = args.request(until);
    let (code, written) = fetch(context, &request).await?;
    if let (Some(path), Some(1..)) = (&request.output, written) {
        let account = request.account.as_ref().map(AccountName::as_str);
        next_after(context, request.list, path, account).into_iter().for_each(|line| context.printer.say(&line));
    }
    Ok(code)
}

/// What to type when a list is in a file.
pub(super) fn next_after(context: &Context, list: ListKind, path: &Path, account: Option<&str>) -> Option<String> {
    if path.as_os_str() == "-" {
        return None;
    }
    let path = path.to_string_lossy();
    let account = account.map_or(vec![], |name| vec!["--account", name]);
    Some(match list.undone_by() {
        Some(action) => {
            let check = [&["check", &path, "--action", action.name()], account.as_slice()].concat();
            format!("next: {} says what undoing them would take", context.command(&check))
        }
        None => {
            let list = [&["list", "following", "--keep", &path], account.as_slice()].concat();
            format!("next: {} lists those you follow who are not among them", context.command(&list))
        }
    })
}

/// The same, whoever asks. The exit code, and how many entries were written where that was done.
///
/// # Errors
/// As [`run`].
pub(super) async fn fetch(context: &Context, request: &ListRequest) -> Result<(u8, Option<u64>), CommandError> {
    let (once, wanted) = (&request.once, &request.which.wanted);
    let outputs = [request.output.as_ref(), once.spared.as_ref()];
    refuse_places(outputs, [wanted.keep.as_ref(), wanted.only.as_ref()])?;
    refuse_existing(outputs, once.force)?;
    let local = context.local.clone();
    let (sender, receiver) = shutdown();
    let mut aborted = receiver.clone();
    let heard = (receiver, context.printer.fetch_listener(context.deps()));
    let mut reading = ListReading::begin(&context.settings, (&context.clock, &local), request, heard).await?;
    say_access(&reading.access, context);
    let mut signals = Signals::listen()?;
    tokio::select! {
        read = reading.read() => read?,
        signal = signals.relay(&sender, context.deps()) => match signal {},
        () = aborted.at_least(Urgency::Abort) => {
            context.deps().tell(Notice::StoppedAtOnce(Stoppable::Reading));
            return Ok((aborted.now().1.map_or(130, Signal::exit_code), None));
        }
    }
    match reading.deliver(|| ListFile::create(request, context)).await? {
        Ok(report) => {
            say_written(&report, context);
            Ok((0, Some(report.delivered.written)))
        }
        Err(unfinished) => Ok((say_unfinished(&unfinished, context), None)),
    }
}

/// The CSV, on stdout or in a file that appears whole, and the file of those that were spared.
struct ListFile {
    writer: ListWriter<Output>,
    spared: SparedFile,
    complain: Box<dyn Fn(io::Error) -> CommandError>,
}

impl ListFile {
    fn create(request: &ListRequest, context: &Context) -> Result<ListFile, CommandError> {
        let (list, once) = (request.list, &request.once);
        let spared = SparedFile::create(once.spared.as_ref(), list, once.force, once.raw)?;
        let output = Output::create_list(request.output.as_deref(), once.force, context.printer)?;
        let complain = output.errors();
        let writer = ListWriter::new(output, list, once.raw).map_err(&complain)?;
        Ok(ListFile { writer, spared, complain })
    }
}

impl ListSink for ListFile {
    fn write(&mut self, entry: &Entry) -> Result<(), CommandError> {
        self.writer.write(entry).map_err(&self.complain)
    }

    fn spare(&mut self, entry: &Entry, rule: Rule) -> Result<(), CommandError> {
        self.spared.write(entry, rule)
    }

    fn keep(self) -> Result<u64, CommandError> {
        self.spared.keep()?;
        let rows = self.writer.rows();
        self.writer.finish().map_err(self.complain)?.keep()?;
        Ok(rows)
    }
}

/// Says what reading takes.
pub(super) fn say_access(access: &ListAccess, context: &Context) {
    for warning in &access.warnings {
        context.printer.warn(&for_this_queue(&context.settings, warning));
    }
    access.announcements.iter().for_each(|line| context.printer.say(line));
}

/// Says why a list was not read to its end, and how to go on; gives back the exit code.
pub(super) fn say_unfinished(unfinished: &UnfinishedReading, context: &Context) -> u8 {
    let (list, why) = (unfinished.list, escaped(&unfinished.why));
    context.printer.say(&format!("{list} is not read to its end: {why}; nothing was written"));
    context.printer.say(&unfinished.resume);
    unfinished.exit_code
}

fn say_written(report: &ListReport, context: &Context) {
    let printer = &context.printer;
    if report.resumed_from > 0 {
        let entries = counted(report.resumed_from, "entry was", "entries were");
        printer.say(&format!("{entries} kept from an earlier, unfinished reading"));
    }
    report.delivered.spared.iter().for_each(|line| printer.say(line));
    if report.delivered.untold_reposts > 0 {
        let posts = counted(
            report.delivered.untold_reposts,
            "post may be a repost, and the platform does not say of what; it is",
            "posts may be reposts, and the platform does not say of what; they are",
        );
        printer.warn(&format!("{posts} not on this list"));
    }
    let (list, written) = (report.list, report.delivered.written);
    let read = match list {
        // They are found among the account's posts.
        ListKind::Reposts => format!("{} looked through", counted(report.entries, "post", "posts")),
        _ => counted(report.entries, "entry", "entries"),
    };
    let spent = report.spent.as_ref().map_or_else(String::new, |spent| format!(", {spent}"));
    printer
        .say(&format!("{list}: {read}, {written} written; {}{spent}", counted(report.requests, "request", "requests")));
    if report.is_limit_filled {
        let again = context.command(&["list", list.name()]);
        printer.say(&format!(
            "--limit is filled, and the rest of {list} was not read; {again} without --limit continues from there"
        ));
    }
}
