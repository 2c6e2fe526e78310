//! What is said of a saved worklist that is taken back.

use std::path::Path;

use crate::app::TicksTaken;
use crate::cli::printer::Printer;
use crate::domain::counted;
use crate::store::Taken;
use crate::text::escaped;

/// What became of its ticks; none: it has no rows.
pub(super) fn say_ticks(path: &Path, ticks: Option<&TicksTaken>, printer: Printer) {
    let name = escaped(&path.to_string_lossy()).into_owned();
    let Some(TicksTaken { job, taken, unticked, unreadable_lines, .. }) = ticks else {
        printer.say(&format!("{name}: this worklist has no rows; nothing was changed"));
        return;
    };
    printer.say(&format!("{}: {}", escaped(job), told(taken, *unticked)));
    if taken.sending > 0 {
        printer.warn(&format!(
            "{} left alone; load {name} again when the run has ended",
            counted(
                taken.sending,
                "ticked row is being sent right now and was",
                "ticked rows are being sent right now and were"
            )
        ));
    }
    let refused = ticks.map_or(0, TicksTaken::refused);
    if refused > 0 {
        let lines = taken.foreign_lines.iter().chain(unreadable_lines).take(10);
        let lines: Vec<String> = lines.map(ToString::to_string).collect();
        printer.warn(&format!(
            "{name}: {} not taken, because task and target do not belong together (line {}); load the file as the page saved it",
            counted(refused, "ticked row was", "ticked rows were"),
            lines.join(", ")
        ));
    }
}

fn told(taken: &Taken, unticked: u64) -> String {
    let parts = [
        (taken.done, "done by hand"),
        (taken.ghosts, if taken.ghosts == 1 { "ghost done by hand" } else { "ghosts done by hand" }),
        (taken.already, "done or taken before"),
        (taken.settled_otherwise, "gone, cancelled or kept, left as they are"),
        (unticked, "not ticked"),
    ];
    let parts: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    if parts.is_empty() { "nothing to take".to_owned() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_is_said() {
        let taken = Taken { done: 3, already: 1, ..Taken::default() };
        assert_eq!(told(&taken, 2), "3 done by hand, 1 done or taken before, 2 not ticked");
        assert_eq!(
            told(&Taken { ghosts: 1, ..taken }, 0),
            "3 done by hand, 1 ghost done by hand, 1 done or taken before"
        );
        assert_eq!(told(&Taken::default(), 0), "nothing to take");
    }
}
