//! One job: how it stands, its course, why rows ended as they did, and what can be told it.

use axum::response::Html;
use maud::{Markup, html};

use super::chart::{chart, job_meter};
use super::job_after::afterwards;
use super::jobs::{JobLine, job_chip};
use super::labels::{OUTCOMES, foreign, outcome_class, reason, sentence};
use super::layout::{Frame, count};
use crate::domain::{Outcome, is_refusal_of_target};
use crate::store::{JobState, JobStatus, OutcomeCounts, ProgressSamples, TopReason};

/// What the page shows.
pub(in crate::web) struct JobPage {
    pub(in crate::web) line: JobLine,
    pub(in crate::web) account: Option<String>,
    pub(in crate::web) reasons: Vec<TopReason>,
    /// There are more rows with a reason than were read.
    pub(in crate::web) reasons_cut: bool,
    pub(in crate::web) course: ProgressSamples,
}

/// The page.
pub(in crate::web) fn job(frame: &Frame, page: &JobPage) -> Html<String> {
    let standing = &page.line.standing;
    let (status, job) = (&standing.status, &standing.status.job);
    let content = html! {
        p.crumbs { a href="/jobs" { "Jobs" } " / " (foreign(&job.name)) }
        div.head #head data-live {
            div.stack {
                h1 { (foreign(&job.name)) }
                p {
                    (job_chip(standing))
                    " "
                    @if let Some(action) = job.action { span { (action) } }
                    @if let Some(account) = &page.account { span.quiet { " as " (foreign(account)) } }
                    @if job.round_number > 1 { span.quiet { " · round " (job.round_number) } }
                }
            }
            (actions(status))
        }
        @if job.state == JobState::Unverified && job.pending > 0 { (taken_back(job.id.0, job.pending)) }
        section.card #progress data-live aria-label="Progress" {
            (job_meter(&status.counts))
            (numbers(job.id.0, &status.counts))
            // What is said above with its buttons need not be said once more with its commands.
            @if let Some(doing) = page.line.doing.as_ref().filter(|_| job.state != JobState::Unverified) { p.quiet { (sentence(doing)) } }
        }
        section.card #course data-live aria-labelledby="course-title" {
            h2 #course-title { "Over time" }
            @match chart(frame, &page.course, standing.activity.is_worked_on()) {
                Some(chart) => (chart),
                None => p.quiet { "Nothing has been settled yet." },
            }
        }
        section.card.flush #reasons data-live { (reasons(page)) }
        section.card aria-labelledby="receipts" {
            h2 #receipts { "Receipts" }
            p { "Your rows in the order of the file, with what became of each." }
            div.actions {
                a.button href={ "/jobs/" (job.id.0) "/rows" } { "Look through the rows" }
                a.button href={ "/jobs/" (job.id.0) "/report.csv" } download { "Download as CSV" }
            }
            dl.facts { @if job.restores.is_some() { dt { "Rows" } dd { "what another job has undone" } } @else { dt { "File" } dd.mono { (foreign(&job.path.to_string_lossy())) } } }
        }
        (afterwards(job))
    };
    frame.page(&job.name, &content)
}

fn actions(status: &JobStatus) -> Markup {
    let post = |what: &str, label: &str, class: &str| {
        html! {
            form method="post" action={ "/jobs/" (status.job.id.0) "/" (what) } {
                button class=(class) type="submit" { (label) }
            }
        }
    };
    let left = status.counts.pending > 0;
    html! {
        div.actions {
            @if left && status.job.state == JobState::Active { (post("pause", "Pause", "")) }
            @if status.job.state == JobState::Paused { (post("unpause", "Resume", "primary")) }
            @if status.counts.failed > 0 { (post("retry", "Retry failed", "")) }
            @if left && status.job.state != JobState::Cancelled {
                a.button.danger href={ "/jobs/" (status.job.id.0) "/cancel" } { "Cancel…" }
            }
        }
    }
}

/// What a job waits for whose queue was taken back to a snapshot.
fn taken_back(job: i64, left: u64) -> Markup {
    html! {
        div.note.warn role="note" {
            p { strong { "The queue was restored from a snapshot, and nobody knows what was sent since." } }
            p { "Verify it: the account's lists are read, and what is on them no more is done. Or send all that is left, " (count(left)) " rows: undoing twice does no \
                 harm, but each request costs a slot, and money where the platform charges." }
            div.actions {
                a.button.primary href={ "/jobs/" (job) "/verify" } { "Verify first" }
                form method="post" action={ "/jobs/" (job) "/accept-repeats" } { button.danger type="submit" { "Send what is left all the same" } }
            }
        }
    }
}

fn numbers(job: i64, counts: &OutcomeCounts) -> Markup {
    html! {
        dl.numbers {
            div { dt { "rows" } dd { (count(counts.rows())) } }
            @for outcome in OUTCOMES {
                @let number = of(counts, outcome);
                @if number > 0 || matches!(outcome, Outcome::Pending | Outcome::Done | Outcome::Failed) {
                    div {
                        dt { span class={ "outcome " (outcome_class(outcome)) } { (outcome.name()) } }
                        dd { a href={ "/jobs/" (job) "/rows?outcome=" (outcome.name()) } { (count(number)) } }
                    }
                }
            }
        }
    }
}

/// How many rows have an outcome.
pub(super) const fn of(counts: &OutcomeCounts, outcome: Outcome) -> u64 {
    match outcome {
        Outcome::Done => counts.done,
        Outcome::Gone => counts.gone,
        Outcome::Failed => counts.failed,
        Outcome::Cancelled => counts.cancelled,
        Outcome::Kept => counts.kept,
        Outcome::Duplicate => counts.duplicate,
        Outcome::Rejected => counts.rejected,
        Outcome::Pending => counts.pending,
    }
}

fn reasons(page: &JobPage) -> Markup {
    let job = page.line.standing.status.job.id.0;
    html! {
        @if page.reasons.is_empty() {
            div.card { h2 { "Why" } p.quiet { "No row has failed, was gone, repeated another or could not be used." } }
        } @else {
            div.scroll tabindex="0" role="region" aria-label="Reasons" {
                table {
                    caption { "Why rows ended otherwise than done" }
                    thead { tr {
                        th scope="col" { "Outcome" }
                        th scope="col" { "Reason" }
                        th.number scope="col" { "Rows" }
                        th scope="col" { span.unseen { "What can be done" } }
                    } }
                    tbody { @for line in &page.reasons { tr {
                        td { span class={ "outcome " (outcome_class(line.outcome)) } { (line.outcome.name()) } }
                        th scope="row" {
                            a href={ "/jobs/" (job) "/rows?outcome=" (line.outcome.name()) "&reason=" (line.reason) } { (reason(&line.reason)) }
                        }
                        td.number data-label="rows" { (count(line.rows)) }
                        td { @if line.outcome == Outcome::Failed && !line.reason.is_empty() {
                            form method="post" action={ "/jobs/" (job) "/retry" } {
                                input type="hidden" name="reason" value=(line.reason);
                                button.small type="submit" { "Retry these" span.unseen { " (" (reason(&line.reason)) ")" } }
                            }
                            @if is_refusal_of_target(&line.reason) { span.quiet.small { "The platform refuses these targets, and a retry as well." } }
                        } }
                    } } }
                }
            }
            @if page.reasons_cut { p.quiet.small { "Counted among the first hundred thousand of them." } }
        }
    }
}

/// Asks before a job is cancelled.
pub(in crate::web) fn cancel(frame: &Frame, status: &JobStatus) -> Html<String> {
    let job = &status.job;
    let content = html! {
        p.crumbs { a href="/jobs" { "Jobs" } " / " a href={ "/jobs/" (job.id.0) } { (foreign(&job.name)) } " / Cancel" }
        div.card {
            h1 { "Cancel " (foreign(&job.name)) "?" }
            p { (count(status.counts.pending)) " rows that are not settled will not be sent. Requests in flight are completed. \
                 What is done stays done, and the receipts stay." }
            p.quiet { "To stop for a while only, pause it instead. A cancelled job starts over by uploading its file again." }
            div.actions {
                form method="post" action={ "/jobs/" (job.id.0) "/cancel" } { button.danger type="submit" { "Cancel the job" } }
                a.button href={ "/jobs/" (job.id.0) } { "Keep it" }
            }
        }
    };
    frame.page("Cancel", &content)
}
