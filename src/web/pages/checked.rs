//! What is in a file, and what would happen: the page between choosing a file and queueing it.

use axum::response::Html;
use maud::{Markup, html};

use super::labels::{foreign, reason, sentence};
use super::layout::{Frame, count};
use super::new::{fields, in_form_words};
use crate::app::{Forecast, irreversible, what_is_permitted};
use crate::text::span_text;
use crate::web::uploads::Checked;

/// The page.
pub(in crate::web) fn checked(frame: &Frame, file: &Checked) -> Html<String> {
    let (report, names) = (&file.found.report, file.found.file.survey.names);
    let kept = file.found.forecast.as_ref().map_or(0, |forecast| forecast.spared().map(|(_, rows)| rows).sum());
    let content = html! {
        p.crumbs { a href="/new" { "New job" } " / Check" }
        div.head { div.stack {
            h1 { "Check of " (foreign(&report.file)) }
            p.quiet { (report.encoding) ", " (report.delimiter) "-separated. Nothing has been queued." }
        } }
        section.card aria-label="Rows" {
            dl.numbers {
                div { dt { "rows read" } dd { (count(report.rows)) } }
                div { dt { "usable" } dd { (count(report.usable)) } }
                @if names > 0 { div { dt { "by name" } dd { (count(names)) } } }
                div { dt { "rejected" } dd { (count(report.rejected)) } }
                @if kept > 0 { div { dt { "on the keep list" } dd { (count(kept)) } } }
            }
            @for found in &report.damage { div.note.warn role="note" { p { (found.message) } } }
            @if report.rejected > 0 { (rejected(file)) }
            @if names > 0 {
                p.quiet {
                    "Where the platform needs IDs, names are looked up before anything is sent for their rows"
                    @if let Some((platform, price)) = file.found.file.lookup_price() {
                        " (" (price.to_string()) " for each one found on " (platform.name()) ")"
                    }
                    "."
                }
            }
            @if report.windows_1252_rows > 0 {
                p.quiet { (count(report.windows_1252_rows)) " rows hold text that is not UTF-8; it is read as Windows-1252." }
            }
        }
        (verdict(frame, file))
    };
    frame.page("Check", &content)
}

fn rejected(file: &Checked) -> Markup {
    let report = &file.found.report;
    html! {
        div.stack {
            h2 { "Rejected rows" }
            ul.legend { @for (why, rows) in &report.rejected_by_reason { li { (reason(why)) " " strong.number { (count(*rows)) } } } }
            div.scroll tabindex="0" role="region" aria-label="Rejected rows" {
                table {
                    thead { tr { th.number scope="col" { "Line" } th scope="col" { "Cell" } th scope="col" { "What to do" } } }
                    tbody { @for example in &report.examples { tr {
                        td.number data-label="line" { (example.line) }
                        td.cells { code { (foreign(&example.text)) } @if !example.column.is_empty() { br; span.quiet.small { (foreign(&example.column)) } } }
                        td.cells { (foreign(&example.message)) }
                    } } }
                }
            }
            @if report.rejected > report.examples.len() as u64 { p.quiet { "These are the first ones." } }
        }
    }
}

fn verdict(frame: &Frame, file: &Checked) -> Markup {
    let Some(forecast) = &file.found.forecast else {
        let (why, hint) = file.found.report.refusal.clone().unwrap_or_default();
        return html! {
            div.note.bad role="alert" { p { strong { "No row of it can be queued: " } (in_form_words(&why)) } p { (in_form_words(&hint)) } }
            @if let Some(form) = &file.form { (fields(form, frame.is_sandbox)) }
            div.actions { (discard(file, "Choose another file")) }
        };
    };
    html! {
        section.card aria-labelledby="would" {
            h2 #would { "What would happen" }
            @if forecast.to_send.is_empty() { p { "Nothing would be sent." } }
            ul {
                @for lane in &forecast.to_send {
                    li {
                        (lane.action.phrase(lane.targets)) " as "
                        @match &lane.account {
                            Some(name) => strong { (foreign(name.as_str())) },
                            None => span { "the account that logs in next: no account is logged in yet" },
                        }
                        @if lane.platform.is_sandbox() { " in the sandbox" } @else { " on " (lane.platform) }
                    }
                }
                @for (rows, what) in not_sent(forecast) { li { (count(rows)) " " (what) } }
            }
            @if forecast.is_paused { p { "The job is paused: nothing of it is sent before it is resumed." } }
            @if !forecast.misplaced.is_empty() {
                div.note.warn role="note" { @for why in &forecast.misplaced { p { (foreign(why)) } } }
            }
            (estimate(file))
            (standing(file))
            (lasting(forecast))
            (permitted(forecast))
            div.actions {
                form method="post" action={ "/new/" (file.id) } { button.primary type="submit" { "Queue and start" } }
                (discard(file, "Discard"))
            }
        }
    }
}

/// What becomes of the rows that would not be sent.
fn not_sent(forecast: &Forecast) -> impl Iterator<Item = (u64, &'static str)> {
    let rows = &forecast.rows;
    [
        (rows.done, "done already"),
        (rows.gone, "gone already"),
        (rows.failed, "failed before, and wait for “retry”"),
        (rows.cancelled, "stay cancelled"),
        (rows.duplicates, "that repeat earlier rows"),
        (rows.vanished, "queued before and no longer in the file: they would be cancelled"),
    ]
    .into_iter()
    .filter(|(rows, _)| *rows > 0)
}

fn estimate(file: &Checked) -> Markup {
    html! {
        dl.facts {
            dt { "Takes about" } dd { (span_text(file.found.cost.length)) ", within the limits and without what is queued before it" }
            dt { "Costs" } dd {
                @match file.found.cost.price { Some(cost) => { (cost) " at listed prices" }, None => "the price is not known" }
            }
            dt { "Job" } dd { (foreign(&file.choices.job)) }
        }
    }
}

fn standing(file: &Checked) -> Markup {
    let Some(job) = &file.known else { return html! {} };
    html! {
        div.note.warn {
            p { "There is a job " a href={ "/jobs/" (job.id.0) } { (foreign(&job.name)) } " already, with " (count(job.pending)) " rows not settled." }
            p {
                @if file.choices.reload.again && job.pending == 0 { "It starts over as round " (job.round_number + 1) "; earlier receipts stay." }
                @else { "The file is compared with what was loaded: new rows are added, rows that vanished are cancelled, done ones are left alone." }
            }
        }
    }
}

/// What of it cannot be undone.
fn lasting(forecast: &Forecast) -> Markup {
    let lanes: Vec<_> = forecast.to_send.iter().map(|lane| (lane.platform, lane.action)).collect();
    let lasting = irreversible(&lanes);
    html! {
        @if !lasting.is_empty() {
            div.note.warn { p { strong { "What cannot be undone: " } } ul { @for sentence in lasting { li { (sentence) } } } }
        }
    }
}

/// What the platform permits, before a real one is touched.
fn permitted(forecast: &Forecast) -> Markup {
    let real = || {
        let real = forecast.to_send.iter().filter(|lane| !lane.platform.is_sandbox());
        real.map(|lane| (lane.platform, lane.action))
    };
    let said = what_is_permitted(real);
    if said.is_empty() {
        return html! {};
    }
    html! {
        div.note.warn {
            p { "This acts on a real account." }
            @for why in said { p { (sentence(&why)) } }
        }
    }
}

fn discard(file: &Checked, label: &str) -> Markup {
    html! { form method="post" action={ "/new/" (file.id) "/drop" } { button type="submit" { (label) } } }
}
