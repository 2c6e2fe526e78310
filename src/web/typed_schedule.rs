//! What was typed into the form of a schedule, and what it means: a pattern, hours, a run. In: fields. Out: what the use case takes, or what is
//! wrong with a field.

use std::time::Duration;

use jiff::civil::Time;

use super::lists;
use super::problem::Problem;
use crate::app::request::{LoadRequest, RowOptions, RunBounds, RunRequest};
use crate::app::schedules::ScheduleHours;
use crate::domain::Action;

/// The days of a schedule, as the form offers them, and how a pattern has them.
pub(super) const DAYS: [(&str, &str, &str); 9] = [
    ("every", "every day", "*"),
    ("weekdays", "Monday to Friday", "1-5"),
    ("1", "Mondays", "1"),
    ("2", "Tuesdays", "2"),
    ("3", "Wednesdays", "3"),
    ("4", "Thursdays", "4"),
    ("5", "Fridays", "5"),
    ("6", "Saturdays", "6"),
    ("7", "Sundays", "0"),
];

/// What was typed, as it was typed.
#[derive(Clone, Debug, Default)]
pub(super) struct TypedSchedule(pub(super) Vec<(String, String)>);

impl TypedSchedule {
    /// What a field says; empty where it says nothing.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, text)| text.trim())
    }

    /// Every field.
    pub(super) fn fields(&self) -> &[(String, String)] {
        &self.0
    }

    /// The pattern of five fields that days and time mean; a pattern of one's own goes before them.
    pub(super) fn cron(&self) -> Result<String, Problem> {
        if !self.get("cron").is_empty() {
            return Ok(self.get("cron").to_owned());
        }
        let days = DAYS.iter().find(|(name, ..)| *name == self.get("days")).map_or("*", |(_, _, days)| days);
        let at: Time = time_of(self.get("at"), "Starts at")?
            .ok_or_else(|| Problem::unusable("“Starts at” is missing.", "Give a time of day, such as 02:00."))?;
        Ok(format!("{} {} * * {days}", at.minute(), at.hour()))
    }

    pub(super) fn hours(&self) -> Result<ScheduleHours, Problem> {
        let jitter = match self.get("jitter") {
            "" => None,
            text => Some(text.parse::<u64>().map(|minutes| Duration::from_secs(minutes.saturating_mul(60))).map_err(
                |_| Problem::unusable("“Put off by up to” is no number of minutes.", "Give a whole number."),
            )?),
        };
        Ok(ScheduleHours { until: time_of(self.get("until"), "Ends at")?, for_: None, jitter })
    }

    pub(super) fn run(&self) -> Result<RunRequest, Problem> {
        let which = lists::parse(&self.0)?;
        let account = match self.get("account") {
            "" => None,
            name => Some(name.parse().map_err(|_| Problem::unusable("There is no such account.", ""))?),
        };
        let action = match self.get("action") {
            "" => None,
            name => Some(Action::parse(name).ok_or_else(|| Problem::unusable("There is no such action.", ""))?),
        };
        let max_requests = match self.get("max-requests") {
            "" => None,
            text => Some(text.parse::<u64>().ok().filter(|most| *most > 0).ok_or_else(|| {
                Problem::unusable("“Requests at most” is no number.", "Give a whole number, or leave it empty.")
            })?),
        };
        let rows = RowOptions { account, action, which, ..RowOptions::default() };
        let bounds = RunBounds { max_requests, ..RunBounds::default() };
        Ok(RunRequest { load: LoadRequest { rows, ..LoadRequest::default() }, bounds })
    }
}

fn time_of(text: &str, label: &str) -> Result<Option<Time>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let time = text
        .parse::<Time>()
        .map_err(|_| Problem::unusable(format!("“{label}” is no time of day: {text:?}."), "Give it as 02:00."))?;
    Ok(Some(time))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn typed(fields: &[(&str, &str)]) -> TypedSchedule {
        TypedSchedule(fields.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
    }

    #[test]
    fn days_and_a_time_are_a_pattern() {
        for (days, at, cron) in
            [("every", "02:00", "0 2 * * *"), ("weekdays", "23:30", "30 23 * * 1-5"), ("7", "06:05", "5 6 * * 0")]
        {
            assert_eq!(typed(&[("days", days), ("at", at)]).cron().unwrap(), cron);
        }
        assert_eq!(typed(&[("days", "every"), ("at", "02:00"), ("cron", "0 3 1 * *")]).cron().unwrap(), "0 3 1 * *");
        assert!(typed(&[("days", "every"), ("at", "25:00")]).cron().is_err());
        assert!(typed(&[("days", "every")]).cron().is_err());
    }
}
