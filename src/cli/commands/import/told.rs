//! What is said of a list that was read: what somebody who builds on it should know, and what to type next.

use crate::cli::args::ImportArgs;
use crate::cli::context::Context;
use crate::cli::escape::escaped;
use crate::lists::archive::Tally;
use crate::lists::filter::Counts;

/// Says it, on stderr.
pub(super) fn tell(context: &Context, args: &ImportArgs, tally: &Tally, counts: &Counts) {
    let printer = &context.printer;
    for file in &tally.files {
        let name = escaped(&file.file);
        match file.promised {
            Some(promised) if promised != file.found => {
                printer.warn(&format!("{name} has {} entries, and the manifest says {promised}", file.found));
            }
            None if file.is_unlisted => {
                printer
                    .warn(&format!("{name} is not in the manifest; its {} entries were read all the same", file.found));
            }
            _ => {}
        }
    }
    if tally.without_id > 0 {
        printer.warn(&format!("{} entries have no ID and were left out", tally.without_id));
    }
    if tally.older_versions > 0 {
        printer.say(&format!("{} older versions of edited posts were left out", tally.older_versions));
    }
    if tally.reposts > 0 {
        printer.say(&format!(
            "{} are reposts: an archive does not say of which post, so unrepost cannot undo them; their own IDs are for delete-post",
            tally.reposts
        ));
    }
    for line in counts.lines() {
        printer.say(&line);
    }
    printer.say(&closing(context, args, counts));
}

/// How many, where they are, and what to type next.
fn closing(context: &Context, args: &ImportArgs, counts: &Counts) -> String {
    let many = format!("{} {}", counts.passed(), args.what);
    let Some(path) = args.output.as_deref().filter(|path| path.as_os_str() != "-") else { return many };
    let path = path.to_string_lossy();
    match args.what.undone_by() {
        Some(action) => {
            let next = context.command(&["check", &path, "--action", action.name()]);
            format!("{many} are in {}; {next} says what undoing them would take", escaped(&path))
        }
        None => format!("{many} are in {}", escaped(&path)),
    }
}
