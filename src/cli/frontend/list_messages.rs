//! A list that is read: what that takes, what was written, why it stopped; and the file it is written to.

use std::io;

use crate::app::{AppDeps, ListAccess, ListOutput, ListReport, ListSink, UnfinishedReading};
use crate::cli::context::for_this_queue;
use crate::cli::output::Output;
use crate::cli::printer::Printer;
use crate::cli::spared_file::SparedFile;
use crate::domain::{ListKind, counted};
use crate::error::CommandError;
use crate::lists::filter::Rule;
use crate::lists::{Entry, ListWriter};
use crate::text::escaped;

/// The CSV, on stdout or in a file that appears whole, and the file of those that were spared.
pub(super) struct ListFile {
    writer: ListWriter<Output>,
    spared: SparedFile,
    complain: Box<dyn Fn(io::Error) -> CommandError>,
}

impl ListFile {
    pub(super) fn create(output: ListOutput<'_>, printer: Printer) -> Result<ListFile, CommandError> {
        let ListOutput { list, file, spared, force, raw } = output;
        let spared = SparedFile::create(spared, list, force, raw)?;
        let output = Output::create_list(file.map(|path| path.as_path()), force, printer)?;
        let complain = output.errors();
        let writer = ListWriter::new(output, list, raw).map_err(&complain)?;
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

    fn keep(self: Box<Self>) -> Result<u64, CommandError> {
        self.spared.keep()?;
        let rows = self.writer.rows();
        self.writer.finish().map_err(self.complain)?.keep()?;
        Ok(rows)
    }
}

/// Says what reading takes.
pub(super) fn say_access(access: &ListAccess, printer: Printer, deps: AppDeps<'_>) {
    for warning in &access.warnings {
        printer.warn(&for_this_queue(deps.settings, warning));
    }
    access.announcements.iter().for_each(|line| printer.say(line));
}

/// Says why a list was not read to its end, and how to go on.
pub(super) fn say_unfinished(unfinished: &UnfinishedReading, printer: Printer) {
    let (list, why) = (unfinished.list, escaped(&unfinished.why));
    printer.say(&format!("{list} is not read to its end: {why}; nothing was written"));
    printer.say(&unfinished.resume);
}

/// Says what was read and written.
pub(super) fn say_written(report: &ListReport, printer: Printer) {
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
    if let Some(again) = &report.rest {
        printer.say(&format!(
            "--limit is filled, and the rest of {list} was not read; {again} without --limit continues from there"
        ));
    }
}
