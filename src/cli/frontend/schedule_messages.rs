//! What is said of schedules while they are worked on: what happens to one, and when the next begins.

use crate::app::AppDeps;
use crate::app::schedules::DueEnd;
use crate::cli::printer::Printer;
use crate::domain::Wall;
use crate::schedule::firing::How;
use crate::schedule::messages;
use crate::schedule::scheduler::ScheduleEvent;
use crate::text::escaped;

/// Says what has happened to a schedule, and writes it to the log.
pub(super) fn say_event(news: &ScheduleEvent, now: Wall, printer: Printer) {
    let sentence = messages::sentence(news, now);
    tracing::info!("{}", escaped(&sentence));
    match news {
        ScheduleEvent::Broken(..) => {
            printer.warn(&escaped(&sentence));
        }
        ScheduleEvent::ClockWasAhead(..) => printer.warn(&escaped(&sentence)),
        // Told once is enough, until it gets through.
        ScheduleEvent::StillTrouble(..) => printer.detail(&escaped(&sentence)),
        ScheduleEvent::Begins(firing) if firing.how == How::TriedAgain => {
            printer.detail(&escaped(&sentence));
        }
        ScheduleEvent::Passed(..)
        | ScheduleEvent::Dropped(..)
        | ScheduleEvent::Begins(_)
        | ScheduleEvent::Ended(..)
        | ScheduleEvent::TriesAgain(..) => {
            printer.say(&escaped(&sentence));
        }
    }
}

/// Says how the working off of what is due has ended.
pub(super) fn say_due(end: &DueEnd, printer: Printer, deps: AppDeps<'_>) {
    match end {
        DueEnd::NoQueue => printer.say(&format!("{}, so nothing is due", deps.no_queue_text())),
        DueEnd::Elsewhere => {
            printer.say("another process runs this queue's schedules already; it runs what is due");
        }
        DueEnd::Ran { next: None, .. } => {}
        DueEnd::Ran { next: Some(next), .. } => {
            let starts = messages::moment_text(next.starts, &next.zone);
            printer.say(&format!("next: {} at {starts}", escaped(&next.name)));
        }
    }
}
