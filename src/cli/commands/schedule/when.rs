//! When a schedule runs, as somebody wants it: a pattern, a zone, hours and a jitter that make sense together. Pure but for the zone here.

use std::time::Duration;

use jiff::civil::Time;

use crate::cli::context::Context;
use crate::domain::Wall;
use crate::error::{CommandError, ErrorKind};
use crate::schedule::recurrence::Recurrence;
use crate::text::span_text;

/// Until when a run may last, and by how much its start is put off.
#[derive(Clone, Copy, Debug)]
pub(super) struct When {
    /// Until this time of day.
    pub(super) until: Option<Time>,
    /// For so long.
    pub(super) for_: Option<Duration>,
    /// A start is put off by up to so long.
    pub(super) jitter: Duration,
}

impl When {
    /// The pattern by the zone's clock, where these hours fit between its slots.
    ///
    /// # Errors
    /// A pattern, a zone, hours or a jitter that make no sense.
    pub(super) fn recurrence(&self, cron: &str, zone: &str, now: Wall) -> Result<Recurrence, CommandError> {
        let recurrence = Recurrence::parse(cron, zone).map_err(|error| {
            CommandError::new(ErrorKind::Usage, error.to_string()).hint(error.hint()).because(error)
        })?;
        self.check(&recurrence, now)?;
        Ok(recurrence)
    }

    /// The end of the hours as it is kept.
    pub(super) fn until_text(&self) -> Option<String> {
        self.until.map(|time| time.to_string())
    }

    /// Hours that reach into the next slot, and starts put off past their own hours, are mistakes. They are judged by the clock, so
    /// that a day of 23 hours is a day.
    fn check(&self, recurrence: &Recurrence, now: Wall) -> Result<(), CommandError> {
        let (Some(next), Some(gap)) = (recurrence.next_after(now), recurrence.shortest_gap(now)) else { return Ok(()) };
        let length = match (self.until, self.for_) {
            (Some(until), _) => Some(clock_length(next.local.time(), until)),
            (None, length) => length,
        };
        let option = if self.until.is_some() { "--until" } else { "--for" };
        if let Some(length) = length.filter(|length| *length > gap) {
            let message = format!(
                "{option} gives each run {}, but the next run begins after {}: they would overlap",
                span_text(length),
                span_text(gap)
            );
            return Err(CommandError::new(ErrorKind::Usage, message).hint(
                "give shorter hours, or a pattern with longer gaps; without --until and --for a run lasts as long as it needs",
            ));
        }
        let room = if self.until.is_some() { length.unwrap_or(gap) } else { gap };
        if self.jitter >= room {
            let message = format!(
                "--jitter {} is too long: it has to be shorter than {}, the time it has to fit into",
                span_text(self.jitter),
                span_text(room)
            );
            return Err(CommandError::new(ErrorKind::Usage, message)
                .hint(format!("give --jitter less than {}, or longer hours", span_text(room))));
        }
        Ok(())
    }
}

/// The zone asked for, else the one this machine is in, if it has a name.
///
/// # Errors
/// It has none.
pub(super) fn zone_name(asked: Option<&str>, context: &Context) -> Result<String, CommandError> {
    if let Some(zone) = asked {
        return Ok(zone.to_owned());
    }
    context.local.zone.get().iana_name().map(str::to_owned).ok_or_else(|| {
        CommandError::new(ErrorKind::Usage, "the name of this machine's time zone is not known")
            .hint("give one with --zone, such as --zone Europe/Berlin or --zone UTC")
    })
}

/// How long it is by the clock from one time of day to the next time that it is another.
fn clock_length(from: Time, to: Time) -> Duration {
    const DAY_S: i64 = 86_400;
    let seconds = from.duration_until(to).as_secs().rem_euclid(DAY_S);
    Duration::from_secs(if seconds == 0 { DAY_S } else { seconds }.unsigned_abs())
}

/// A duration as it is kept.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
