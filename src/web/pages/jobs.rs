//! All jobs.

use axum::response::Html;
use maud::{Markup, html};

use super::chart::job_meter;
use super::layout::{Frame, count};
use super::words::{foreign, job_chip};
use crate::domain::Wall;
use crate::store::JobStatus;

/// A job's name, leading to it, and its state.
pub(super) fn job_title(status: &JobStatus) -> Markup {
    let (kind, word) = job_chip(status);
    html! {
        div.title {
            h3 { a href={ "/jobs/" (status.job.id.0) } { (foreign(&status.job.name)) } }
            span class={ "chip " (kind) } { (word) }
        }
    }
}

/// The page.
pub(in crate::web) fn jobs(frame: &Frame, jobs: &[(JobStatus, Option<Wall>)], hidden: usize) -> Html<String> {
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
                        tbody { @for (status, eta) in jobs { (line(frame, status, *eta)) } }
                    }
                }
            }
            @if hidden > 0 { p.quiet { (count(hidden as u64)) " older finished jobs are not shown." } }
        }
    };
    frame.page("Jobs", &content)
}

fn line(frame: &Frame, status: &JobStatus, eta: Option<Wall>) -> Markup {
    let (kind, word) = job_chip(status);
    let counts = &status.counts;
    html! {
        tr {
            th scope="row" { a href={ "/jobs/" (status.job.id.0) } { (foreign(&status.job.name)) } }
            td { span class={ "chip " (kind) } { (word) } }
            td.cells { (job_meter(counts)) }
            td.number { (count(counts.settled())) " / " (count(counts.rows())) }
            td.number { (count(counts.failed)) }
            td { @match eta { Some(at) => (frame.time(at)), None => "–" } }
        }
    }
}
