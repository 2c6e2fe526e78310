//! Schedules: what each does, when it starts next, how it went, and what can be told it.

use std::time::Duration;

use axum::response::Html;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::labels::{encoded, foreign};
use super::layout::{Frame, Pager, count};
use crate::domain::Wall;
use crate::error::exit_code_in_words;
use crate::schedule::messages::{end_text, moment_text, time_text, why, why_ended};
use crate::schedule::plan::Start;
use crate::store::{FiringState, Job, StoredFiring, StoredSchedule};
use crate::text::{clipped, span_text};

/// The most of a command that is shown, in characters.
const MAX_COMMAND_CHARS: usize = 1_000;
/// The most of a sentence that is shown, in characters.
const MAX_SENTENCE_CHARS: usize = 400;

/// What the page shows.
pub(in crate::web) struct SchedulesPage {
    pub(in crate::web) cards: Vec<ScheduleCard>,
    pub(in crate::web) total: usize,
    pub(in crate::web) pager: Pager,
    /// The command that adds one.
    pub(in crate::web) add: String,
}

/// A schedule, and how it stands.
pub(in crate::web) struct ScheduleCard {
    pub(in crate::web) stored: StoredSchedule,
    /// Its times; or why it cannot be used.
    pub(in crate::web) understood: Result<Understood, String>,
    /// What it does; or why nobody can say.
    pub(in crate::web) sentence: Result<String, String>,
    /// Until when it may work; none: until the work is done.
    pub(in crate::web) hours: Option<String>,
    /// Its commands.
    pub(in crate::web) words: Vec<String>,
    pub(in crate::web) standing: ScheduleState,
    /// The last ones that have come, newest first.
    pub(in crate::web) firings: Vec<StoredFiring>,
}

/// The times of a schedule that can be used.
pub(in crate::web) struct Understood {
    pub(in crate::web) starts: Vec<Start>,
    pub(in crate::web) zone: TimeZone,
}

/// What a schedule does now.
pub(in crate::web) enum ScheduleState {
    /// It waits for its next start.
    Resting,
    /// It is run now.
    Running(StoredFiring),
    /// A process died over it; it is gone on with at the next look.
    Interrupted(StoredFiring),
    /// Somebody asked for it, and it waits for its turn.
    Asked(StoredFiring),
}

/// The page.
pub(in crate::web) fn schedules(frame: &Frame, page: &SchedulesPage) -> Html<String> {
    let content = html! {
        div.head { div.stack {
            h1 { "Schedules" }
            p.quiet {
                "Files and lists that are run again and again. Two that work on the same job run one after the other; everything else continues beside them. Times are by the clock of each schedule's zone."
                @if !page.cards.is_empty() { " One of a file is added on the command line: " code { (page.add) } }
            }
        }
        div.actions { a.button.primary href="/schedules/new" { "New schedule" } } }
        div.stack #schedules data-live {
            @if page.cards.is_empty() {
                div.empty {
                    h2 { "Nothing is scheduled" }
                    p { "A schedule reads a list night after night, and undoes what passes its filter. One of a file is added on the command line: " }
                    p { code { (page.add) } }
                    a.button.primary href="/schedules/new" { "New schedule" }
                }
            } @else {
                @for (index, schedule) in page.cards.iter().enumerate() { (card(index, schedule)) }
                div.actions {
                    span.quiet { (page.total) " in all" }
                    (page.pager.links())
                }
            }
        }
    };
    frame.page("Schedules", &content)
}

fn card(index: usize, card: &ScheduleCard) -> Markup {
    let stored = &card.stored;
    let id = format!("schedule-{index}");
    html! {
        section.card aria-labelledby=(id) {
            div.title {
                div.stack { h2 id=(id) { (foreign(&stored.name)) } (standing(card)) }
                (actions(card))
            }
            @match &card.sentence {
                Ok(text) => p { (clipped(text, MAX_SENTENCE_CHARS)) },
                Err(why) => div.note.warn { p { (foreign(why)) } },
            }
            dl.facts {
                dt { "Pattern" } dd { code { (foreign(&stored.cron)) } }
                dt { "Zone" } dd { (foreign(&stored.zone)) }
                dt { "Hours" } dd { (card.hours.as_deref().unwrap_or("until the work is done")) }
                dt { "Jitter" } dd {
                    @if stored.jitter_ms == 0 { "none" } @else { "starts up to " (span_text(Duration::from_millis(stored.jitter_ms))) " later" }
                }
            }
            @match &card.understood {
                Ok(times) => { (next_starts(&stored.name, times)) (last_times(card, &times.zone)) },
                Err(why) => div.note.bad { p { (foreign(why)) } p { "Remove it, and add it again on the command line." } },
            }
            details {
                summary { "Its words" span.unseen { " (" (foreign(&stored.name)) ")" } }
                @for words in &card.words { p { code { (clipped(words, MAX_COMMAND_CHARS)) } } }
            }
        }
    }
}

fn standing(card: &ScheduleCard) -> Markup {
    let Ok(times) = &card.understood else { return html! { p { span.chip.bad { "cannot be used" } } } };
    let since = |firing: &StoredFiring| firing.began_at.map(|at| format!(" since {}", time_text(at, &times.zone)));
    let until = |firing: &StoredFiring| {
        firing.ends_by.map(|at| format!(", until {} at the latest", time_text(at, &times.zone)))
    };
    let (kind, word, firing) = match &card.standing {
        ScheduleState::Resting => return html! {},
        ScheduleState::Running(firing) => ("good", "running", firing),
        ScheduleState::Interrupted(firing) => ("warn", "interrupted", firing),
        ScheduleState::Asked(firing) => ("warn", "asked for", firing),
    };
    html! {
        p {
            span class={ "chip " (kind) } { (word) }
            span.quiet {
                @match &card.standing {
                    ScheduleState::Interrupted(StoredFiring { retry_at: Some(at), .. }) => {
                        " it met trouble, and is tried again from " (time_text(*at, &times.zone)) " on" (until(firing).unwrap_or_default())
                    },
                    ScheduleState::Interrupted(_) => { " it is resumed at the next check" (until(firing).unwrap_or_default()) },
                    ScheduleState::Asked(_) => { (since(firing).unwrap_or_default()) "; it waits for its turn" },
                    ScheduleState::Running(_) | ScheduleState::Resting => {
                        (since(firing).unwrap_or_default()) (until(firing).unwrap_or_default())
                    },
                }
            }
        }
    }
}

fn actions(card: &ScheduleCard) -> Markup {
    let name = card.stored.name.as_str();
    let post = |what: &str, label: &str| {
        html! {
            form method="post" action={ "/schedules/" (what) } {
                input type="hidden" name="name" value=(name);
                button type="submit" { (label) span.unseen { " (" (foreign(name)) ")" } }
            }
        }
    };
    let skip = match (&card.standing, &card.understood) {
        (_, Err(_)) => None,
        (ScheduleState::Asked(_), Ok(_)) => Some("Cancel the request"),
        (ScheduleState::Interrupted(_), Ok(_)) => Some("Skip the rest"),
        (ScheduleState::Running(_) | ScheduleState::Resting, Ok(times)) => {
            times.starts.first().filter(|start| !start.is_skipped).map(|_| "Skip next")
        }
    };
    html! {
        div.actions {
            @if matches!(card.standing, ScheduleState::Resting) && card.understood.is_ok() { (post("run", "Run now")) }
            @if let Some(label) = skip { (post("skip", label)) }
            @if card.understood.is_ok() { a.button href={ "/schedules/edit?name=" (encoded(name)) } { "Change…" span.unseen { " (" (foreign(name)) ")" } } }
            a.button.danger href={ "/schedules/remove?name=" (encoded(name)) } { "Remove…" span.unseen { " (" (foreign(name)) ")" } }
        }
    }
}

fn next_starts(name: &str, times: &Understood) -> Markup {
    html! {
        div.stack {
            h3 { "Next starts" }
            @if times.starts.is_empty() { p.quiet { "Its pattern has no later time." } }
            @else {
                ul.starts {
                    @for start in &times.starts {
                        li {
                            (moment(start.at, &times.zone))
                            @if let Some(end) = start.ends_by { span.quiet { " until " (end_text(start.at, end, &times.zone)) } }
                            @if start.is_skipped { " " span.chip.warn { "skipped" } " " (unskip(name, start, &times.zone)) }
                        }
                    }
                }
            }
        }
    }
}

/// Has a start that is left out come after all.
fn unskip(name: &str, start: &Start, zone: &TimeZone) -> Markup {
    html! {
        form.inline method="post" action="/schedules/unskip" {
            input type="hidden" name="name" value=(name);
            input type="hidden" name="slot" value=(start.slot.at.0);
            button type="submit" {
                "Run it after all" span.unseen { " (" (foreign(name)) ", " (moment_text(start.at, zone)) ")" }
            }
        }
    }
}

fn last_times(card: &ScheduleCard, zone: &TimeZone) -> Markup {
    if card.firings.is_empty() {
        return html! { p.quiet { "It has not run yet." } };
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label={ "Last times of " (foreign(&card.stored.name)) } {
            table.times {
                caption { "Last times" }
                thead { tr {
                    th scope="col" { "Slot" }
                    th scope="col" { "Began" }
                    th scope="col" { "Ended" }
                    th.number scope="col" { "Requests" }
                    th scope="col" { "How it ended" }
                } }
                tbody { @for firing in &card.firings { tr {
                    th scope="row" { (moment(firing.slot_at, zone)) @if firing.asked_for { br; span.quiet.small { "asked for" } } }
                    td data-label="began" { @match firing.began_at.filter(|_| firing.runs > 0) { Some(at) => (moment(at, zone)), None => "–" } }
                    td data-label="ended" { @match firing.ended_at { Some(at) => (moment(at, zone)), None => "–" } }
                    td.number data-label="requests" { @if let Some(requests) = firing.requests { (count(requests)) } }
                    td.cells { (how(card, firing)) }
                } } }
            }
        }
    }
}

/// How a firing ended, in words.
fn how(card: &ScheduleCard, firing: &StoredFiring) -> String {
    let stopped = firing.stopped.as_deref().unwrap_or_default();
    let text = match (firing.state, firing.exit_code, &card.standing) {
        (FiringState::Skipped, ..) => "skipped, as asked".to_owned(),
        (FiringState::Missed, ..) => "missed: cleanup was not running in its hours".to_owned(),
        (FiringState::Running, _, ScheduleState::Asked(_)) => "waits for its turn".to_owned(),
        (FiringState::Running, _, ScheduleState::Running(_)) => "is running".to_owned(),
        (FiringState::Running, code, _) if firing.retry_at.is_some() => {
            format!("{}; it is tried again", why_ended(stopped, code))
        }
        (FiringState::Running, ..) => "interrupted; it is resumed".to_owned(),
        (FiringState::Ended, Some(code), _) => {
            let why = if matches!(stopped, "" | "finished" | "error") { "" } else { why(stopped) };
            let why = if why.is_empty() { String::new() } else { format!(": {why}") };
            format!("{} (exit code {code}){why}", exit_code_in_words(code))
        }
        (FiringState::Ended, None, _) if firing.runs == 0 && stopped == "deadline" => {
            "had not begun when its hours ended".to_owned()
        }
        (FiringState::Ended, None, _) if firing.runs == 0 => "cancelled before it began".to_owned(),
        (FiringState::Ended, None, _) if stopped == "skipped" => {
            "interrupted; the rest was skipped, as asked".to_owned()
        }
        (FiringState::Ended, None, _) => "interrupted, and not resumed within its hours".to_owned(),
    };
    match firing.missed {
        0 => foreign(&text),
        missed => foreign(&format!("{text}; {missed} missed before it")),
    }
}

/// A moment by the schedule's clock.
fn moment(at: Wall, zone: &TimeZone) -> Markup {
    html! { time datetime=(at.rfc3339()) { (moment_text(at, zone)) } }
}

/// Asks before a schedule is removed. `left` are the jobs that have its hours now, with rows in line.
pub(in crate::web) fn remove_schedule(frame: &Frame, stored: &StoredSchedule, left: &[Job]) -> Html<String> {
    let content = html! {
        p.crumbs { a href="/schedules" { "Schedules" } " / " (foreign(&stored.name)) " / Remove" }
        div.card {
            h1 { "Remove " (foreign(&stored.name)) "?" }
            p { "It does not run any more, and its history is deleted. A run in progress continues to its end. Its jobs and their \
                 receipts stay." }
            @if !left.is_empty() {
                div.note.warn {
                    p { "Rows of its jobs are queued, and without its hours they are sent at any hour. Pause or cancel what you do \
                         not want sent:" }
                    ul { @for job in left { li {
                        a href={ "/jobs/" (job.id.0) } { (foreign(&job.name)) } ": " (count(job.pending)) " rows queued"
                    } } }
                }
            }
            div.actions {
                form method="post" action="/schedules/remove" {
                    input type="hidden" name="name" value=(stored.name);
                    button.danger type="submit" { "Remove the schedule" }
                }
                a.button href="/schedules" { "Keep it" }
            }
        }
    };
    frame.page("Remove", &content)
}
