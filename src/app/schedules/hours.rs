//! When a schedule runs, as somebody wants it: a pattern, a zone, hours and a jitter that make sense together. Pure but for the zone here.

use std::time::Duration;

use jiff::civil::Time;

use crate::app::deps::AppDeps;
use crate::domain::Wall;
use crate::error::{CommandError, ErrorKind};
use crate::schedule::recurrence::Recurrence;
use crate::text::span_text;

/// Until when a run may last, and by how much its start is put off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScheduleHours {
    /// Until this time of day.
    pub until: Option<Time>,
    /// For so long.
    pub for_: Option<Duration>,
    /// A start is put off by up to so long.
    pub jitter: Option<Duration>,
}

impl ScheduleHours {
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

    /// Their length as it is kept.
    pub(super) fn for_ms(&self) -> Option<u64> {
        self.for_.map(millis)
    }

    /// The jitter as it is kept.
    pub(super) fn jitter_ms(&self) -> u64 {
        millis(self.jitter.unwrap_or_default())
    }

    /// Hours that reach into the next slot, and starts put off past their own hours, are mistakes. They are judged by the clock, so
    /// that a day of 23 hours is a day.
    fn check(&self, recurrence: &Recurrence, now: Wall) -> Result<(), CommandError> {
        let length = |begins: Time| self.until.map(|until| clock_length(begins, until)).or(self.for_);
        // Of a day's slots some may fit and others not, so that a look at the next one alone would depend on the time of day.
        let slots: Vec<_> = recurrence.gaps(now).into_iter().map(|(begins, gap)| (length(begins), gap)).collect();
        let option = if self.until.is_some() { "--until" } else { "--for" };
        let too_long =
            slots.iter().find_map(|(length, gap)| Some(((*length)?, *gap)).filter(|(length, gap)| length > gap));
        if let Some((length, gap)) = too_long {
            let message = format!(
                "{option} gives each run {}, but the next run begins after {}: they would overlap",
                span_text(length),
                span_text(gap)
            );
            return Err(CommandError::new(ErrorKind::Usage, message).hint(
                "give shorter hours, or a pattern with longer gaps; without --until and --for a run lasts as long as it needs",
            ));
        }
        let room = slots.iter().map(|(length, gap)| length.filter(|_| self.until.is_some()).unwrap_or(*gap)).min();
        let Some(room) = room else { return Ok(()) };
        let jitter = self.jitter.unwrap_or_default();
        if jitter >= room {
            let message = format!(
                "--jitter {} is too long: it has to be shorter than {}, the time it has to fit into",
                span_text(jitter),
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
pub(super) fn zone_name(asked: Option<&str>, deps: AppDeps<'_>) -> Result<String, CommandError> {
    if let Some(zone) = asked {
        return Ok(zone.to_owned());
    }
    deps.local.zone.get().iana_name().map(str::to_owned).ok_or_else(|| {
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
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// What is accepted must not depend on the time of day at which it is asked for.
    #[test]
    fn hours_that_fit_one_slot_and_not_another_are_refused_at_any_time() {
        let judged = |hours: ScheduleHours, cron: &str, hour: i64| {
            let now = Wall(1_795_996_800_000 + hour * 3_600_000 + 60_000);
            hours.recurrence(cron, "UTC", now).map(drop).map_err(|error| error.to_string())
        };
        let until = |text: &str| ScheduleHours { until: Some(text.parse().unwrap()), ..ScheduleHours::default() };
        for hour in 0..24 {
            for (hours, cron, told) in [
                (until("06:30"), "0 * * * *", "overlap"),
                (until("06:00"), "0 2,4 * * *", "overlap"),
                (
                    ScheduleHours { for_: Some(Duration::from_secs(7_200)), ..ScheduleHours::default() },
                    "0 0,1,12 * * *",
                    "overlap",
                ),
                (ScheduleHours { jitter: Some(Duration::from_secs(3_600)), ..until("03:00") }, "0 2 * * *", "--jitter"),
            ] {
                let told_so = judged(hours, cron, hour).unwrap_err();
                assert!(told_so.contains(told), "{cron} at {hour}: {told_so}");
            }
            assert_eq!(judged(until("06:00"), "0 2 * * 1-5", hour), Ok(()));
            assert_eq!(judged(until("02:00"), "0 2 * * *", hour), Ok(()), "from one to the next");
        }
    }
}
