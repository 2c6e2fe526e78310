//! All jobs.

use axum::response::Html;
use maud::{Markup, html};

use super::chart::job_meter;
use super::labels::{activity_chip, foreign};
use super::layout::{Frame, count};
use crate::app::status::{JobActivity, activity_label};
use crate::text::span_text;

/// A job, and what it is doing.
pub(in crate::web) struct JobLine {
    pub(in crate::web) standing: JobActivity,
    /// In a sentence, with what to type next; none where its state says it all.
    pub(in crate::web) doing: Option<String>,
}

/// A job's name, leading to it, and its state.
pub(super) fn job_title(standing: &JobActivity) -> Markup {
    let status = &standing.status;
    html! {
        div.title {
            h3 { a href={ "/jobs/" (status.job.id.0) } { (foreign(&status.job.name)) } }
            (job_chip(standing))
        }
    }
}

/// What a job is doing, in a word or two.
pub(super) fn job_chip(standing: &JobActivity) -> Markup {
    let activity = &standing.activity;
    html! { span class={ "chip " (activity_chip(activity)) } { (activity_label(activity)) } }
}

/// The page.
pub(in crate::web) fn jobs(frame: &Frame, jobs: &[JobLine], hidden: usize) -> Html<String> {
    let content = html! {
        div.head {
            div.stack { h1 { "Jobs" } }
            div.actions { a.button.primary href="/new" { "New job" } }
        }
        @if jobs.is_empty() {
            div.empty {
                h2 { "There are no jobs yet" }
                p { "A job is one CSV and its rows, under a name. Its receipts stay when it is finished." }
                a.button.primary href="/new" { "Choose a file" }
            }
        } @else {
            div.card.flush #jobs data-live {
                div.scroll tabindex="0" role="region" aria-label="Jobs" {
                    table {
                        thead { tr {
                            th scope="col" { "Job" }
                            th scope="col" { "State" }
                            th scope="col" { "Progress" }
                            th.number scope="col" { "Settled" }
                            th.number scope="col" { "Failed" }
                            th scope="col" { "Done about" }
                        } }
                        tbody { @for job in jobs { (line(frame, &job.standing)) } }
                    }
                }
            }
            @if hidden > 0 { p.quiet { (count(hidden as u64)) " older finished jobs are not shown." } }
        }
    };
    frame.page("Jobs", &content)
}

fn line(frame: &Frame, standing: &JobActivity) -> Markup {
    let status = &standing.status;
    let counts = &status.counts;
    html! {
        tr {
            th scope="row" { a href={ "/jobs/" (status.job.id.0) } { (foreign(&status.job.name)) } }
            td { (job_chip(standing)) @if let Some(until) = standing.activity.until() { br; span.quiet.small { "until " (frame.time(until)) } } }
            td.cells { (job_meter(counts)) }
            td.number data-label="settled" { (count(counts.settled())) " / " (count(counts.rows())) }
            td.number data-label="failed" { (count(counts.failed)) }
            @match (standing.eta.at, standing.eta.takes) {
                (Some(at), _) => td data-label="done about" { (frame.time(at)) },
                (None, Some(takes)) if !takes.is_zero() => td { "takes " (span_text(takes)) },
                (None, _) => td {},
            }
        }
    }
}
