//! A run, watched: a bar on a terminal, a line a minute elsewhere, and notices above either.
//!
//! In: events of the engine. Out: stderr. The bar moves only for rows that are settled and saved. What does not belong here:
//! deciding anything; the end of a run is told by whoever began it.

mod reading;
mod taskbar;
mod view;

pub use reading::ReadingProgress;
pub use view::View;
pub(crate) use view::held_back_text;

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use self::taskbar::TaskbarProgress;
use super::context::queue_options;
use super::printer::{Printer, Verbosity};
use crate::app::{AppDeps, RunPlan};
use crate::clock::SharedClock;
use crate::config::ProgressMode;
use crate::domain::{Moment, Tick};
use crate::engine::{Event, Listener};
use crate::text::LocalClock;

/// Between two lines, and between two notices that nobody answers, or not well.
const LINE_EVERY: Duration = Duration::from_secs(60);
/// The bar, its numbers, and what is known beside them.
const TEMPLATE: &str = "{bar:12} {pos}/{len} {wide_msg}";

enum Sink {
    Bar(ProgressBar),
    Lines,
    Nothing,
}

/// Hears events and shows them.
pub struct ProgressListener {
    view: View,
    sink: Sink,
    taskbar: TaskbarProgress,
    printer: Printer,
    clock: SharedClock,
    local: LocalClock,
    next_line: Tick,
    next_unreachable: Tick,
}

impl ProgressListener {
    /// A listener that shows a run as `mode` asks. A bar needs a terminal; without one there are lines instead.
    pub fn new(mode: ProgressMode, plan: RunPlan, printer: Printer, deps: AppDeps<'_>) -> ProgressListener {
        let (clock, local) = (deps.clock.clone(), deps.local.clone());
        let now = clock.now();
        let view = View::new(plan, queue_options(deps.settings), now);
        let terminal = std::io::stderr().is_terminal();
        let sink = match mode {
            _ if printer.verbosity() == Verbosity::Quiet => Sink::Nothing,
            ProgressMode::None => Sink::Nothing,
            ProgressMode::Bar if terminal => Sink::Bar(bar(&view)),
            // With -v log lines would run through the bar.
            ProgressMode::Auto if terminal && printer.verbosity() == Verbosity::Normal => Sink::Bar(bar(&view)),
            ProgressMode::Auto | ProgressMode::Bar | ProgressMode::Plain => Sink::Lines,
        };
        let next_line = now.tick.after(LINE_EVERY);
        let taskbar = TaskbarProgress::new(!matches!(sink, Sink::Nothing), deps.settings.terminal);
        ProgressListener { view, sink, taskbar, printer, clock, local, next_line, next_unreachable: now.tick }
    }

    fn notify(&mut self, event: &Event, now: Moment) {
        if matches!(event, Event::Unreachable { .. } | Event::Outage { .. }) {
            if now.tick < self.next_unreachable {
                return;
            }
            self.next_unreachable = now.tick.after(LINE_EVERY);
        }
        let Some(notice) = self.view.notice(event, now.wall, &self.local) else { return };
        match &self.sink {
            Sink::Bar(bar) => bar.suspend(|| self.printer.say(&notice)),
            Sink::Lines | Sink::Nothing => self.printer.say(&notice),
        }
    }

    fn show(&mut self, event: &Event, now: Moment) {
        let (settled, total) = self.view.position();
        self.taskbar.at(settled, total);
        match &self.sink {
            Sink::Bar(bar) => match event {
                Event::Settled { .. } | Event::Decided { .. } => {
                    bar.set_length(total);
                    bar.set_position(settled);
                }
                Event::Progress(_) => bar.set_message(self.view.facts(now, &self.local)),
                _ => {}
            },
            Sink::Lines if now.tick >= self.next_line => {
                self.next_line = now.tick.after(LINE_EVERY);
                self.printer.say(&self.view.line(now, &self.local));
            }
            Sink::Lines | Sink::Nothing => {}
        }
    }
}

impl Listener for ProgressListener {
    fn hear(&mut self, event: &Event) {
        let now = self.clock.now();
        self.view.hear(event);
        self.notify(event, now);
        self.show(event, now);
    }
}

impl Drop for ProgressListener {
    /// The bar makes room for what is said at the end.
    fn drop(&mut self) {
        if let Sink::Bar(bar) = &self.sink {
            bar.finish_and_clear();
        }
    }
}

fn bar(view: &View) -> ProgressBar {
    let (settled, total) = view.position();
    let style = ProgressStyle::with_template(TEMPLATE);
    let bar = ProgressBar::new(total).with_position(settled);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.tick();
    bar
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SimulatedClock;
    use crate::config::{Environment, Overrides, Settings};
    use jiff::tz::TimeZone;

    #[test]
    fn the_bar_is_drawn_as_it_is_meant() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
    }

    #[test]
    fn lines_come_once_a_minute() {
        use clap::Parser;
        let cli = crate::cli::args::Cli::parse_from(["cleanup", "status"]);
        let clock = SimulatedClock::shared(Moment::default());
        let printer = Printer::new(&cli.global, true);
        let mode = ProgressMode::Plain;
        let (shared, local, settings): (SharedClock, LocalClock, _) =
            (clock.clone(), TimeZone::UTC.into(), Settings::resolve(&Overrides::default(), &Environment::default()));
        let deps = AppDeps {
            settings: settings.as_ref().unwrap_or_else(|_| unreachable!()),
            clock: &shared,
            local: &local,
            front: &printer,
        };
        let mut listener = ProgressListener::new(mode, RunPlan::default(), printer, deps);
        let event = Event::Progress(crate::engine::Progress::default());
        listener.hear(&event);
        assert_eq!(listener.next_line, Tick(60_000));
        clock.advance(Duration::from_secs(75));
        listener.hear(&event);
        listener.hear(&event);
        assert_eq!(listener.next_line, Tick(135_000));
    }
}
