//! What the end of a scheduled run means for its firing, and which exit code is told of several.

use super::clock_check;
use crate::app::{RunReport, RunSummary};
use crate::engine::Signal;
use crate::error::{CommandError, ErrorKind};
use crate::schedule::firing::{After, End};

/// Ctrl-C means: not any more tonight. Other signals come with a machine that shuts down, and it is gone on later.
pub(super) fn stopped_by(signal: Signal) -> End {
    let after = if signal == Signal::Interrupt { After::Over } else { After::GoesOn };
    End { after, is_last: true, ..End::unsent(signal.exit_code(), "interrupted") }
}

pub(super) fn end_of(report: &RunReport) -> End {
    let nothing = RunSummary::unsent("finished", report.code);
    let summary = report.summary.as_ref().unwrap_or(&nothing);
    let signals = [Signal::Hangup, Signal::Interrupt, Signal::Terminate];
    let signal = signals.into_iter().find(|signal| signal.exit_code() == report.code);
    let (requests, spent) = summary.total();
    End {
        exit_code: report.code,
        requests,
        spent,
        left: report.summary.as_ref().map(|summary| summary.jobs.iter().map(|job| job.counts.pending).sum()),
        after: match signal {
            Some(Signal::Interrupt) => After::Over,
            Some(_) => After::GoesOn,
            None if may_pass(report.code) => After::TriesAgain,
            None => After::Over,
        },
        is_last: signal.is_some(),
        stopped: summary.stopped.to_owned(),
    }
}

pub(super) fn end_of_error(error: &CommandError) -> End {
    let is_clock = clock_check::is_wrong(error);
    let after = match error.kind {
        ErrorKind::Busy => After::GoesOn,
        kind if is_clock || may_pass(kind.exit_code()) => After::TriesAgain,
        _ => After::Over,
    };
    let stopped = if is_clock { "clock" } else { "error" };
    End { after, is_last: error.kind == ErrorKind::Busy, ..End::unsent(error.kind.exit_code(), stopped) }
}

/// Trouble that an hour may mend: no answer from the platform, the disk, a file that is not there or not whole yet.
fn may_pass(code: u8) -> bool {
    [ErrorKind::Unreachable, ErrorKind::Io, ErrorKind::InputData].map(ErrorKind::exit_code).contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Lookups;
    use crate::domain::MicroUsd;

    #[test]
    fn what_looking_names_up_took_counts_in_the_hours() {
        let lookups = Some(Lookups { requests: 2, spent: MicroUsd(20_000) });
        let sent = RunSummary { requests: 5, spent: MicroUsd(50_000), lookups, ..RunSummary::unsent("requests", 4) };
        let end = end_of(&RunReport::of(sent.clone()));
        assert_eq!((end.requests, end.spent), (7, MicroUsd(70_000)));
        let end = end_of(&RunReport::of(RunSummary { lookups: None, ..sent }));
        assert_eq!((end.requests, end.spent), (5, MicroUsd(50_000)));
    }

    #[test]
    fn what_may_pass_is_tried_again_and_nothing_else_is() {
        for kind in ErrorKind::ALL {
            let expected = match kind {
                ErrorKind::Unreachable | ErrorKind::Io | ErrorKind::InputData => After::TriesAgain,
                ErrorKind::Busy => After::GoesOn,
                ErrorKind::Usage | ErrorKind::Config | ErrorKind::Person | ErrorKind::Fault => After::Over,
            };
            assert_eq!(end_of_error(&CommandError::new(kind, "x")).after, expected, "{kind:?}");
        }
        let after = |code| end_of(&RunReport::of(RunSummary::unsent("x", code))).after;
        assert_eq!([69, 74, 65].map(after), [After::TriesAgain; 3]);
        assert_eq!([0, 1, 2, 3, 4, 77, 78, 130].map(after), [After::Over; 8]);
        assert_eq!([129, 143].map(after), [After::GoesOn; 2]);
    }
}
