//! One row: every attempt at it, and what the platform answered.

use axum::response::Html;
use maud::{Markup, html};

use super::labels::{foreign, reason};
use super::layout::Frame;
use crate::app::record_note;
use crate::domain::{TaskState, crash_note, refusal_note};
use crate::store::{AttemptView, Job, NameLookup, TaskHistory};

/// The page.
pub(in crate::web) fn row(frame: &Frame, job: &Job, task: i64, target: &str, history: &TaskHistory) -> Html<String> {
    let content = html! {
        p.crumbs {
            a href="/jobs" { "Jobs" } " / " a href={ "/jobs/" (job.id.0) } { (foreign(&job.name)) } " / "
            a href={ "/jobs/" (job.id.0) "/rows" } { "Rows" } " / line " (history.line)
        }
        div.head {
            div.stack {
                h1.mono { (foreign(target)) }
                p { (history.action) " as " (foreign(&history.account)) ": " strong { (history.outcome.name()) }
                    @if let Some(why) = &history.reason { " (" (reason(why)) ")" } }
                @if let Some(note) = refusal_note(history.state, history.reason.as_deref()) { p.quiet { (note.text) "." } }
                @if let Some(note) = crash_note(history.state, history.reason.as_deref(), history.crashes) { p.quiet { (note) "." } }
                @match &history.lookup {
                    Some(NameLookup::Found { name, at }) => p.quiet { "Its row says " (foreign(name)) ", which was found to mean this target " (frame.time(*at)) "." },
                    Some(NameLookup::Awaited { next_at }) => p.quiet { "Whom its name means has not been looked up yet."
                        @if let Some(at) = next_at { " The next lookup can leave " (frame.time(*at)) "." } },
                    None => {},
                }
                @if history.damaged.is_some() { p.quiet { "This row is damaged in the queue, and is not sent: " code { "cleanup doctor" } " says how to repair it." } }
            }
            @if history.state == TaskState::Failed && history.round == job.round_number {
                div.actions { form method="post" action={ "/jobs/" (job.id.0) "/rows/" (task) "/retry" } { button.primary type="submit" { "Retry this row" } } }
            }
        }
        section.card aria-labelledby="attempts" {
            h2 #attempts { "Attempts" }
            @if history.attempts.is_empty() { p.quiet { "Nothing has been sent for it yet." } }
            ol.timeline { @for attempt in &history.attempts { (attempt_line(frame, attempt)) } }
        }
        @if !history.records.is_empty() {
            section.card aria-labelledby="records" {
                h2 #records { "Records" }
                ul { @for record in &history.records {
                    li { span.mono { (foreign(&record.path)) } ": "
                        (record_note(history, record)) }
                } }
            }
        }
    };
    frame.page(&format!("Row {target}"), &content)
}

fn attempt_line(frame: &Frame, attempt: &AttemptView) -> Markup {
    let class = match attempt.finding.as_deref() {
        Some("done" | "gone") => "good",
        Some(_) => "bad",
        None => "",
    };
    html! {
        li class=(class) {
            p {
                (frame.time(attempt.reserved_at)) " · "
                @match (&attempt.http_status, attempt.ended_at) {
                    (Some(status), _) => { "HTTP " (status) },
                    (None, Some(_)) => "no answer",
                    (None, None) => "in flight",
                }
                @if let Some(ended) = attempt.ended_at {
                    span.quiet { " after " (ended.since(attempt.reserved_at).as_millis()) " ms" }
                }
            }
            @if let Some(finding) = &attempt.finding {
                p { strong { (reason(finding)) } @if let Some(why) = &attempt.reason { " (" (reason(why)) ")" } }
            }
            @if let Some(detail) = attempt.detail.as_deref().filter(|detail| !detail.is_empty()) {
                blockquote.quiet { (foreign(detail)) }
            }
        }
    }
}
