//! What is said of a list that was read: what somebody who builds on it should know, and what to type next.

use crate::app::ImportReport;
use crate::cli::args::ImportArgs;
use crate::cli::commands::list::next_after;
use crate::cli::context::{Context, for_this_queue};
use crate::domain::counted;
use crate::text::escaped;

/// Says it, on stderr.
pub(super) fn say_imported(context: &Context, args: &ImportArgs, report: &ImportReport) {
    let ImportReport { tally, counts, platform } = report;
    let printer = &context.printer;
    for file in &tally.files {
        let name = escaped(&file.file);
        match file.promised {
            Some(promised) if promised != file.found => {
                let found = counted(file.found, "entry", "entries");
                printer.warn(&format!("{name} has {found}, and the manifest says {promised}"));
            }
            None if file.is_unlisted => {
                let found = counted(file.found, "entry was", "entries were");
                printer.warn(&format!("{name} is not in the manifest; its {found} read all the same"));
            }
            _ => {}
        }
    }
    let found: u64 = tally.files.iter().map(|file| file.found).sum();
    if let Some(promised) = tally.promised_in_all.filter(|promised| *promised != found) {
        let found = counted(found, "post", "posts");
        printer.warn(&format!("the months of the archive have {found}, and its payload_details.js says {promised}"));
    }
    if tally.without_id > 0 {
        printer.warn(&format!(
            "{} left out",
            counted(tally.without_id, "entry has no ID and was", "entries have no ID and were")
        ));
    }
    if tally.of_others > 0 {
        let entries =
            counted(tally.of_others, "entry is somebody else's and was", "entries are somebody else's and were");
        printer.warn(&format!("{entries} left out"));
    }
    if tally.without_target > 0 {
        let entries = counted(tally.without_target, "entry is", "entries are");
        printer.say(&format!("{entries} about nothing that a row can name, made by another program, and left alone"));
    }
    if tally.with_half_characters > 0 {
        let entries = counted(tally.with_half_characters, "entry has", "entries have");
        printer.warn(&format!(
            "{entries} half a character in the text, as X cuts emoji; \u{fffd} stands there now, and the ID is whole"
        ));
    }
    if tally.older_versions > 0 {
        let versions =
            counted(tally.older_versions, "older version of an edited post was", "older versions of edited posts were");
        printer.say(&format!("{versions} left out"));
    }
    if tally.reposts > 0 {
        let reposts = counted(
            tally.reposts,
            "is a repost: the archive does not say of which post, so unrepost cannot undo it (`cleanup list reposts` can); its own ID is for delete-post",
            "are reposts: the archive does not say of which posts, so unrepost cannot undo them (`cleanup list reposts` can); their own IDs are for delete-post",
        );
        printer.say(&for_this_queue(&context.settings, &reposts));
    }
    if tally.untold_reposts > 0 {
        let reposts = counted(
            tally.untold_reposts,
            "repost does not say which post it repeats, and was",
            "reposts do not say which posts they repeat, and were",
        );
        let list = context.command(&["list", "reposts"]);
        printer.warn(&format!("{reposts} left out; {list} asks the platform"));
    }
    for line in counts.lines() {
        printer.say(&line);
    }
    let many = args.what.phrase(counts.passed());
    let are = if counts.passed() == 1 { "is" } else { "are" };
    match args.output.as_deref().filter(|path| path.as_os_str() != "-") {
        Some(path) => {
            printer.say(&format!("{many} {are} in {}", escaped(&path.to_string_lossy())));
            let whose = match (&args.account, platform) {
                (Some(name), _) => vec!["--account", name.as_str()],
                (None, Some(platform)) => vec!["--platform", platform.name()],
                (None, None) => vec![],
            };
            let next = next_after(context, (args.what, path), &args.filter.which.options(), &whose);
            next.filter(|_| counts.passed() > 0).into_iter().for_each(|line| printer.say(&line));
        }
        None => printer.say(&many),
    }
}
