//! Who did what.

use axum::response::Html;
use maud::html;

use super::labels::foreign;
use super::layout::{Frame, Pager};
use crate::store::LogEntry;

/// The page.
pub(in crate::web) fn log(frame: &Frame, entries: &[LogEntry], pager: &Pager) -> Html<String> {
    let content = html! {
        div.head { div.stack {
            h1 { "Log" }
            p.quiet { "Who gave which command, here and on the command line. Requests are not listed: the page of a row has its attempts." }
        } }
        @if entries.is_empty() {
            div.empty { h2 { "Nothing has been done yet" } p { "Loading, pausing, cancelling, retrying and logging in are written down here." } }
        } @else {
            div.card.flush #log data-live {
                div.scroll tabindex="0" role="region" aria-label="Log" {
                    table {
                        thead { tr {
                            th scope="col" { "When" }
                            th scope="col" { "Who" }
                            th scope="col" { "Did" }
                            th scope="col" { "Job" }
                            th scope="col" { "In words" }
                        } }
                        tbody { @for entry in entries { tr {
                            td { (frame.time(entry.at)) }
                            td { (foreign(&entry.actor)) }
                            th scope="row" { (foreign(&entry.deed)) }
                            td.cells data-label="job" { @if let Some(job) = &entry.job { (foreign(job)) } }
                            td.cells { (foreign(&entry.detail)) }
                        } } }
                    }
                }
            }
            div.actions { (pager.links()) }
        }
    };
    frame.page("Log", &content)
}
