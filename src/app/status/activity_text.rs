//! What a job is doing, in words: a few for a table or a chip, and a sentence that says what to type next. The words are the same in
//! `status` and in the dashboard.

use std::time::Duration;

use super::queue::JobActivity;
use crate::app::{Activity, command_line, unverified_text};
use crate::config::Settings;
use crate::domain::Wall;
use crate::text::{escaped, span_text};

/// A job's state in a few words.
pub const fn activity_label(activity: &Activity) -> &'static str {
    match activity {
        Activity::Running | Activity::ScheduleBegun { .. } => "running",
        Activity::WaitingSlot { .. } => "waiting for a slot",
        Activity::Resting { .. } | Activity::ScheduleInterrupted { .. } => "waiting",
        Activity::WaitingTurn { .. } => "waiting for its turn",
        Activity::WaitingSchedule(_) => "waiting for its schedule",
        Activity::NotRunning { .. } => "not running",
        Activity::Paused => "paused",
        Activity::Unverified | Activity::NeedsYou(_) | Activity::ServerNeedsYou { .. } => "needs you",
        Activity::Finished => "finished",
        Activity::Cancelled => "cancelled",
    }
}

/// The same as a sentence without its end: until when, how long, and what to type next. None where there is nothing to say beside the
/// label.
pub fn activity_sentence(
    job: &JobActivity,
    settings: &Settings,
    now: Wall,
    clock: impl Fn(Wall) -> String,
) -> Option<String> {
    let command = |words: &[&str]| format!("`{}`", command_line(settings, words));
    let name = job.status.job.name.as_str();
    let label = activity_label(&job.activity);
    let said = match &job.activity {
        Activity::Finished | Activity::Cancelled => return None,
        Activity::Running => label.to_owned(),
        Activity::ScheduleInterrupted { schedule } => format!(
            "{label}: its schedule {} was interrupted, and a server resumes it within two minutes",
            escaped(schedule)
        ),
        Activity::ScheduleBegun { schedule } => format!("{label}: its schedule {} has begun", escaped(schedule)),
        Activity::WaitingSlot { until } => format!("{label} until {}", clock(*until)),
        Activity::Resting { until } => format!("{label} until {}, when the server tries again", clock(*until)),
        Activity::WaitingTurn { until: None } => format!("{label}: the server runs a schedule first"),
        Activity::WaitingTurn { until: Some(until) } => {
            format!("{label}: the server runs a schedule first, until {} at the latest", clock(*until))
        }
        Activity::WaitingSchedule(wait) if wait.until > now => {
            format!("{label} {} until {}", escaped(&wait.schedule), clock(wait.until))
        }
        Activity::WaitingSchedule(wait) => format!(
            "{label} {}, which is due since {}: {} runs it",
            escaped(&wait.schedule),
            clock(wait.until),
            command(&["schedule", "due"])
        ),
        Activity::NotRunning { after_another: false } => format!("{label}: {} starts it", command(&["resume", name])),
        Activity::NotRunning { after_another: true } => {
            format!("{label}: {} starts it once the run in progress has ended", command(&["resume", name]))
        }
        Activity::Paused => format!("{label}: {} lifts it", command(&["unpause", name])),
        Activity::Unverified => return Some(format!("{label}: {}", unverified_text(settings, name))),
        Activity::ServerNeedsYou { why } => {
            return Some(format!("{label}: the server sends nothing: {}", escaped(why.trim_end_matches('.'))));
        }
        Activity::NeedsYou(need) => {
            let remedy = need.remedy.trim_end_matches('.');
            return Some(format!("{label}: {}: {}. {remedy}", escaped(&need.account), escaped(&need.message)));
        }
    };
    Some(match (job.eta.at, job.eta.takes) {
        (Some(at), _) => format!("{said}; done about {}", clock(at)),
        (None, Some(takes)) if takes > Duration::ZERO => format!("{said}; takes about {}", span_text(takes)),
        (None, _) => said,
    })
}
