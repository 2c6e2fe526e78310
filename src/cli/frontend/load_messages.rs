//! What is said of a file that is checked or loaded: rejected rows, names, what loading it did.

use crate::app::{Accounts, AppDeps, KeptNames, Loaded, Prepared};
use crate::cli::printer::{Printer, Style};
use crate::domain::counted;
use crate::jobfile::{DoubtfulIds, NAME_COLUMNS};
use crate::text::escaped;

/// Rejected rows shown before `cleanup check` is named for the rest.
const MAX_SHOWN_REJECTED: usize = 3;

/// What rows that name their targets come to, before anything is done.
pub(super) fn say_names(file: &Prepared, printer: Printer) {
    if file.survey.names == 0 {
        return;
    }
    let rows = counted(file.survey.names, "row names its target by name", "rows name their targets by name");
    printer.say(&format!(
        "{}: {rows}; where the platform needs IDs, a run looks them up before it sends anything for them{}",
        escaped(&file.job),
        lookup_price(file)
    ));
}

/// What names on the keep list are to rows that have an ID alone.
pub(super) fn say_kept_names(file: &Prepared, kept: KeptNames, printer: Printer) {
    let path = escaped(&file.survey.path);
    if kept.looked_up > 0 {
        let names = counted(kept.looked_up, "name on the keep list is", "names on the keep list are");
        printer.say(&format!(
            "{path}: {names} looked up before a row that has an ID alone is sent, unless that is known already{}",
            lookup_price(file)
        ));
    }
    if kept.blind > 0 {
        printer.warn(&format!(
            "{path}: {} no row that has an ID alone, unless it is known here whose that is (the file has no column {} for it); add IDs to \
             the keep list",
            counted(kept.blind, "name on the keep list spares", "names on the keep list spare"),
            NAME_COLUMNS.join(", ")
        ));
    }
}

/// IDs that may be the names of users: of those the platform says that they are not there.
pub(super) fn doubtful_text(file: &Prepared, doubtful: &DoubtfulIds) -> String {
    let DoubtfulIds { rows, line, text } = doubtful;
    let one = *rows == 1;
    format!(
        "{}:{line}: {:?} is taken as an ID, and looks like the name of a user{}; servers give out numbers, or long rows of letters and \
         digits. If it is a name, write it with the host of its user (@name@example.org)",
        escaped(&file.survey.path),
        escaped(text),
        if one { String::new() } else { format!(" ({} like it)", counted(*rows - 1, "more row is", "more rows are")) },
    )
}

/// What a lookup costs where it costs anything, in brackets.
fn lookup_price(file: &Prepared) -> String {
    let price = file.lookup_price();
    price.map_or(String::new(), |(platform, price)| format!(" ({price} for each one found on {platform})"))
}

/// The first rejected rows, each with its line, its text and what to do.
pub(super) fn say_rejected(file: &Prepared, accounts: &Accounts, printer: Printer, deps: AppDeps<'_>) {
    for example in file.survey.examples.iter().take(MAX_SHOWN_REJECTED) {
        printer.say(&escaped(&example.rejection.describe(&file.survey.path, example.line)));
    }
    let more = file.survey.rejected.saturating_sub(MAX_SHOWN_REJECTED as u64);
    if more > 0 {
        let check = deps.command(&["check", &file.survey.path]);
        printer
            .say(&format!("... and {}; {check} shows them", counted(more, "more rejected row", "more rejected rows")));
    }
    for finding in &file.survey.damage {
        printer.say(&format!("{}: {}", escaped(&file.survey.path), finding.sentence()));
    }
    for sentence in file.misplaced(accounts).iter().take(MAX_SHOWN_REJECTED) {
        printer.say(&format!("{}: rejected", escaped(sentence)));
    }
}

/// One line on what loading a file did; a reload is a difference, and in the colours of one.
pub(super) fn say_loaded(job: &str, loaded: &Loaded, printer: Printer) {
    let job = escaped(job);
    let (head, counts) = match loaded {
        Loaded::Round(summary) => (
            format!("{job}: {}: ", counted(summary.rows, "row", "rows")),
            vec![
                (summary.added, "to do", None),
                (summary.kept, "kept", None),
                (summary.duplicates, "duplicate", None),
                (summary.rejected, "rejected", None),
            ],
        ),
        Loaded::Again(summary, mended) => (
            format!("{job}: {}, compared with the last load: ", counted(summary.rows, "row", "rows")),
            vec![
                (summary.added, "new", Some(Style::Added)),
                (summary.held_back, "rejected now", Some(Style::Removed)),
                (summary.cancelled, "vanished (cancelled)", Some(Style::Removed)),
                (summary.restored, "came back", Some(Style::Added)),
                (summary.kept, "kept", None),
                (summary.duplicates, "duplicate", None),
                (summary.rejected, "rejected", None),
                (mended.restored, "damaged in the queue and repaired", Some(Style::Changed)),
                (mended.given_up, "damaged in the queue and not sent (their values are lost)", Some(Style::Removed)),
            ],
        ),
        Loaded::Unchanged => (format!("{job}: the file is unchanged since it was last loaded"), Vec::new()),
        Loaded::Empty => (format!("{job}: the list is empty, so there is nothing to do"), Vec::new()),
        Loaded::Cancelled => {
            (format!("{job}: this job was cancelled; nothing was loaded. --again starts it over"), Vec::new())
        }
    };
    let is_counted = !counts.is_empty();
    let counts: Vec<(String, Option<Style>)> = counts
        .into_iter()
        .filter(|(n, ..)| *n > 0)
        .enumerate()
        .flat_map(|(index, (n, word, style))| {
            let comma = if index > 0 { ", " } else { "" };
            [(comma.to_owned(), None), (format!("{n} {word}"), style)]
        })
        .collect();
    let nothing = if is_counted && counts.is_empty() { "nothing to do" } else { "" };
    let parts = counts.iter().map(|(text, style)| (text.as_str(), *style));
    printer.say_parts([(head.as_str(), None)].into_iter().chain(parts).chain([(nothing, None)]));
}
