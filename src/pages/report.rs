//! What became of a job: outcomes by reason, the run over time, the rows that need a look.

use maud::{Markup, html};

use super::chart::chart;
use super::shell::document;
use super::text::{foreign, rows, share_text, shares, utc};
use super::{Card, MAX_LOOK_ROWS};
use crate::domain::{Outcome, Wall};
use crate::store::Histogram;

/// A job for its report.
#[derive(Clone, Debug)]
pub struct ReportPage {
    /// The job's name.
    pub job: String,
    /// The round, from 1, and how many there are.
    pub round: (u32, u32),
    /// Whether the pretend platform answered.
    pub is_sandbox: bool,
    /// When this was counted.
    pub made_at: Wall,
    /// Rows by outcome and reason.
    pub outcomes: Vec<OutcomeRow>,
    /// The run over time.
    pub timeline: Histogram,
    /// The first rows that need a look.
    pub look: Vec<LookRow>,
    /// How many there are in all.
    pub look_total: u64,
    /// Commands that tell more, each with what it is for.
    pub next: Vec<(String, &'static str)>,
}

/// So many rows of an outcome and reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutcomeRow {
    /// What became of them.
    pub outcome: Outcome,
    /// Why.
    pub reason: Option<String>,
    /// How many.
    pub rows: u64,
}

/// A row that needs a look: failed, rejected or provisional.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookRow {
    /// The line of the file; none where it is not there any more.
    pub line: Option<u64>,
    /// What it is about.
    pub what: Card,
    /// `failed`, `rejected` or `provisional`.
    pub outcome: &'static str,
    /// Why.
    pub reason: Option<String>,
    /// The HTTP status of the last answer.
    pub http_status: Option<u16>,
    /// Requests sent.
    pub attempts: u32,
    /// When it was settled.
    pub finished_at: Option<Wall>,
}

/// The page.
pub fn report_page(page: &ReportPage) -> String {
    let title = format!("cleanup: {}", foreign(&page.job));
    document(&title, None, &body(page))
}

fn body(page: &ReportPage) -> Markup {
    let total: u64 = page.outcomes.iter().map(|row| row.rows).sum();
    html! {
        main {
            h1 { "What became of " bdi { (foreign(&page.job)) } }
            p.quiet {
                (rows(total))
                @if page.round.1 > 1 { ", round " (page.round.0) " of " (page.round.1) }
                @if page.is_sandbox { ", against the sandbox (nothing of it happened on X)" }
                "; counted " (utc(page.made_at)) "."
            }
            dl.counts {
                @for (outcome, count) in by_outcome(&page.outcomes) { div { dt { (outcome.name()) } dd { (count) } } }
            }
            h2 { "Outcomes by reason" }
            div.wide tabindex="0" role="region" aria-label="Outcomes by reason" { (outcome_table(page, total)) }
            h2 { "The run over time" }
            (chart(&page.timeline))
            h2 { "Rows that need a look" }
            (look_section(page))
            h2 { "What to type next" }
            ul { @for (command, what) in &page.next { li { code { (command) } " " (what) } } }
        }
    }
}

fn by_outcome(outcomes: &[OutcomeRow]) -> Vec<(Outcome, u64)> {
    let mut counts: Vec<(Outcome, u64)> = Vec::new();
    for row in outcomes {
        match counts.iter_mut().find(|(outcome, _)| *outcome == row.outcome) {
            Some((_, count)) => *count += row.rows,
            None => counts.push((row.outcome, row.rows)),
        }
    }
    counts
}

fn outcome_table(page: &ReportPage, total: u64) -> Markup {
    let counts: Vec<u64> = page.outcomes.iter().map(|row| row.rows).collect();
    let shares = shares(&counts);
    let all: u64 = shares.iter().sum();
    html! {
        table {
            thead { tr { th scope="col" { "outcome" } th scope="col" { "reason" } th.number scope="col" { "rows" } th.number scope="col" { "share" } } }
            tbody {
                @for (row, tenths) in page.outcomes.iter().zip(&shares) {
                    tr {
                        td { (row.outcome.name()) }
                        td { @match &row.reason { Some(reason) => { code { (foreign(reason)) } } None => { span.quiet { "none" } } } }
                        td.number { (row.rows) }
                        td.number { (share_text(row.rows, *tenths)) }
                    }
                }
                tr { th scope="row" { "all" } td {} td.number { (total) } td.number { (share_text(total, all)) } }
            }
        }
    }
}

fn look_section(page: &ReportPage) -> Markup {
    if page.look_total == 0 {
        return html! { p { "None: no row failed, was rejected or waits for a decision." } };
    }
    let shown = page.look.len() as u64;
    html! {
        p {
            "Failed, rejected or refused in a way that is not decided yet (provisional), in the order of the file. "
            @if shown < page.look_total {
                "The first " (shown) " of " (page.look_total) "; a page shows at most " (MAX_LOOK_ROWS) ", the receipts have all of them."
            } @else { (rows(shown)) "." }
        }
        div.wide tabindex="0" role="region" aria-label="Rows that need a look" {
            table {
                thead {
                    tr {
                        th.number scope="col" { "line" } th scope="col" { "row" } th scope="col" { "outcome" }
                        th scope="col" { "reason" } th.number scope="col" { "HTTP" } th.number scope="col" { "requests" }
                        th scope="col" { "settled" }
                    }
                }
                tbody {
                    @for row in &page.look {
                        tr {
                            td.number { @if let Some(line) = row.line { (line) } }
                            td.what { (row.what.markup()) }
                            td { (row.outcome) }
                            td { @if let Some(reason) = &row.reason { code { (foreign(reason)) } } }
                            td.number { @if let Some(status) = row.http_status { (status) } }
                            td.number { (row.attempts) }
                            td { @if let Some(at) = row.finished_at { (utc(at)) } }
                        }
                    }
                }
            }
        }
    }
}
