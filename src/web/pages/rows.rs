//! A job's rows: by outcome, by reason, by text, a page at a time.

use axum::response::Html;
use maud::{Markup, html};

use super::job::of;
use super::labels::{OUTCOMES, encoded, foreign, outcome_class, reason};
use super::layout::{Frame, Pager, count};
use crate::domain::Outcome;
use crate::jobfile::cells_from_stored;
use crate::store::{JobStatus, RowOutcome, RowPage};
use crate::web::paging::Trail;

/// Cells shown of a row, and characters of each.
const MAX_CELLS: usize = 6;
const MAX_CELL_CHARS: usize = 120;

/// Where the first page begins.
const FIRST: (i64, &Trail) = (0, &Trail::FIRST);

/// What the page shows.
pub(in crate::web) struct RowsPage {
    pub(in crate::web) status: JobStatus,
    pub(in crate::web) outcome: Option<Outcome>,
    pub(in crate::web) reason: String,
    pub(in crate::web) text: String,
    pub(in crate::web) after: i64,
    /// Where the pages before it began.
    pub(in crate::web) trail: Trail,
    pub(in crate::web) page: RowPage,
}

impl RowsPage {
    /// The address of this view with another outcome or place.
    fn address(&self, outcome: Option<Outcome>, (after, trail): (i64, &Trail), keep_search: bool) -> String {
        let mut address = format!("/jobs/{}/rows?outcome={}", self.status.job.id.0, outcome.map_or("", Outcome::name));
        let mut add = |name: &str, value: &str| {
            if !value.is_empty() {
                address.push('&');
                address.push_str(name);
                address.push('=');
                address.push_str(&encoded(value));
            }
        };
        if keep_search {
            add("reason", &self.reason);
            add("q", &self.text);
        }
        if after > 0 {
            add("after", &after.to_string());
            add("trail", &trail.text());
        }
        address
    }
}

/// The page.
pub(in crate::web) fn rows(frame: &Frame, page: &RowsPage) -> Html<String> {
    let job = &page.status.job;
    let content = html! {
        p.crumbs { a href="/jobs" { "Jobs" } " / " a href={ "/jobs/" (job.id.0) } { (foreign(&job.name)) } " / Rows" }
        div.head { h1 { "Rows of " (foreign(&job.name)) } }
        nav aria-label="Outcomes" { (tabs(page)) }
        form.search method="get" action={ "/jobs/" (job.id.0) "/rows" } role="search" {
            input type="hidden" name="outcome" value=(page.outcome.map_or("", Outcome::name));
            @if !page.reason.is_empty() { input type="hidden" name="reason" value=(page.reason); }
            div.field {
                label for="q" { "Search" }
                input #q type="search" name="q" value=(page.text) maxlength="200" aria-describedby="q-hint";
            }
            button type="submit" { "Search" }
            @if !page.text.is_empty() || !page.reason.is_empty() {
                a.button href=(page.address(page.outcome, FIRST, false)) { "Clear" }
            }
        }
        p.quiet.small #q-hint { "An ID finds its row at once; any other text is looked for in the cells." }
        @if !page.reason.is_empty() { p { "Only those with the reason " strong { (reason(&page.reason)) } "." } }
        @if page.page.rows.is_empty() { (nothing(page)) } @else { (table(frame, page)) }
        div.actions { (pager(page).links()) }
    };
    frame.page(&format!("Rows of {}", job.name), &content)
}

fn tabs(page: &RowsPage) -> Markup {
    let counts = &page.status.counts;
    html! {
        ul.tabs {
            li { a href=(page.address(None, FIRST, false)) aria-current=[page.outcome.is_none().then_some("page")] { "All tasks" } }
            @for outcome in OUTCOMES {
                @let number = of(counts, outcome);
                @if number > 0 || page.outcome == Some(outcome) {
                    li {
                        a href=(page.address(Some(outcome), FIRST, false)) aria-current=[(page.outcome == Some(outcome)).then_some("page")] {
                            (outcome.name()) " " span.number { (count(number)) }
                        }
                    }
                }
            }
        }
    }
}

fn nothing(page: &RowsPage) -> Markup {
    html! {
        div.empty {
            @if page.page.cut {
                h2 { "Nothing among these rows" }
                p { "Four hundred thousand rows were looked at. Look further below." }
            } @else {
                h2 { "No such rows" }
                p { "No row of this job matches what is chosen above." }
            }
        }
    }
}

fn table(frame: &Frame, page: &RowsPage) -> Markup {
    html! {
        div.card.flush {
            div.scroll tabindex="0" role="region" aria-label="Rows" {
                table {
                    thead { tr {
                        th.number scope="col" { "Line" }
                        th scope="col" { "Target" }
                        th scope="col" { "Row" }
                        th scope="col" { "Outcome" }
                        th.number scope="col" { "HTTP" }
                        th.number scope="col" { "Tries" }
                        th scope="col" { "Settled" }
                    } }
                    tbody { @for row in &page.page.rows { (line(frame, page, row)) } }
                }
            }
        }
    }
}

fn line(frame: &Frame, page: &RowsPage, row: &RowOutcome) -> Markup {
    let target = row.target.as_ref().map_or_else(|| "–".to_owned(), |target| foreign(&target.to_string()));
    html! {
        tr {
            td.number data-label="line" { @match row.line { Some(line) => (line), None => span.quiet { "no longer in the file" } } }
            th scope="row" {
                @match row.task {
                    Some(task) => a.mono href={ "/jobs/" (page.status.job.id.0) "/rows/" (task.0) } { (target) },
                    None => span.mono { (target) },
                }
            }
            td.cells.brief { (cells(row)) }
            td { span class={ "outcome " (outcome_class(row.outcome)) } { (row.outcome.name()) } @if let Some(why) = &row.reason { br; span.quiet.small { (reason(why)) } } }
            td.number data-label="HTTP" { @if let Some(status) = row.http_status { (status) } }
            td.number data-label="tries" { (row.attempts) }
            td { @if let Some(at) = row.finished_at { (frame.time(at)) } }
        }
    }
}

/// The cells beside the target.
pub(super) fn cells(row: &RowOutcome) -> Markup {
    let cells = row.record.as_deref().map(cells_from_stored).unwrap_or_default();
    let target = row.target.as_ref().map(ToString::to_string);
    let others = cells.iter().filter(|cell| !cell.is_empty() && Some(*cell) != target.as_ref());
    let shown: Vec<String> =
        others.take(MAX_CELLS).map(|cell| crate::text::clipped(cell, MAX_CELL_CHARS).into_owned()).collect();
    html! { (shown.join(" · ")) }
}

fn pager(page: &RowsPage) -> Pager {
    let to = |place: (i64, &Trail)| page.address(page.outcome, place, true);
    let previous = page.trail.back().map(|(after, trail)| to((after, &trail)));
    let is_lost = page.after > 0 && previous.is_none();
    let label = if page.page.cut { "Look further" } else { "Next page" };
    let next = page.page.next.map(|next| (to((next, &page.trail.beyond(page.after))), label));
    Pager { first: is_lost.then(|| to(FIRST)), previous, next }
}
