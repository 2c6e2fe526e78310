//! A list: while it is read, and its rows when it is.

use axum::response::Html;
use maud::{Markup, html};

use super::labels::foreign;
use super::layout::{Frame, count};
use super::list_filters::filters;
use super::list_page::ListPage;
use super::list_rows::rows;
use super::lists::{list_title, stopped_text};
use crate::app::saved_list::{ListSource, SavedListInfo};
use crate::web::lists::ReadingProgress;

/// A list that has no rows yet.
pub(in crate::web) struct UnreadListPage {
    pub(in crate::web) id: u64,
    pub(in crate::web) info: SavedListInfo,
    /// How far it has come; none: it is not being read.
    pub(in crate::web) progress: Option<ReadingProgress>,
}

/// A list while it is read, or that was not read to its end.
pub(in crate::web) fn unread_list(frame: &Frame, page: &UnreadListPage) -> Html<String> {
    let title = list_title(&page.info);
    let here = format!("/lists/{}", page.id);
    let post = |what: &str, label: &str, class: &str| {
        html! { form method="post" action=(format!("{here}/{what}")) { button class=(class) type="submit" { (label) } } }
    };
    let is_export = matches!(page.info.source, ListSource::Export(_));
    let content = html! {
        p.crumbs { a href="/lists" { "Lists" } " / " (foreign(&title)) }
        div.head { h1 { (foreign(&title)) } }
        section.card #reading data-live aria-label="Reading" {
            @match (&page.progress, &page.info.stopped) {
                (Some(progress), _) => (reading(frame, progress)),
                (None, Some(why)) => {
                    div.note.warn role="alert" { p { strong { "It was not read to its end. " } (stopped_text(why)) } }
                    @if is_export { p.quiet { "What was sent is not kept: send it again from the page of lists." } }
                    @else { p.quiet { "What was read is kept for a day, and reading continues from there." } }
                },
                (None, None) => {
                    div.note.warn { p { strong { "It was interrupted. " } "What was read is kept, and reading continues from there." } }
                },
            }
            div.actions {
                @if let Some(progress) = &page.progress {
                    a.button href=(here) { "Look again" }
                    @if !is_export && !progress.is_stopping { (post("stop", "Stop reading", "")) }
                } @else {
                    @if !is_export { (post("resume", "Continue reading", "primary")) }
                    a.button.danger href=(format!("{here}/remove")) { "Delete…" }
                }
            }
        }
    };
    frame.page(&title, &content)
}

fn reading(frame: &Frame, progress: &ReadingProgress) -> Markup {
    html! {
        dl.numbers {
            div { dt { "entries read" } dd { (count(progress.entries)) } }
            div { dt { "pages" } dd { (count(progress.pages)) } }
        }
        @if progress.is_stopping { p role="status" { "It stops after the page that is under way." } }
        @else if let Some((until, why)) = &progress.waits { p role="status" { "It waits until " (frame.time(*until)) ": " (foreign(why)) "." } }
        @else if let Some(trouble) = &progress.trouble { p role="status" { "Trying again: " (foreign(trouble)) "." } }
        @else { p role="status" { "Reading." } }
    }
}

/// A list and some of its rows.
pub(in crate::web) fn list(frame: &Frame, page: &ListPage) -> Html<String> {
    let title = list_title(&page.info);
    let passing = page.chosen.rows.len() as u64;
    let content = html! {
        p.crumbs { a href="/lists" { "Lists" } " / " (foreign(&title)) }
        div.head {
            div.stack {
                h1 { (foreign(&title)) }
                p.quiet { "Read at " (frame.time(page.saved.at)) "." }
            }
            div.actions { a.button.danger href={ "/lists/" (page.id) "/remove" } { "Delete…" } }
        }
        @for note in &page.saved.notes { div.note.warn role="note" { p { (foreign(note)) "." } } }
        section.card aria-label="How many" {
            dl.numbers {
                div { dt { "on the list" } dd { (count(page.saved.rows)) } }
                div { dt { "pass the filter" } dd { (count(passing)) } }
                div { dt { "ticked out" } dd { (count(passing - page.left)) } }
                div { dt { "stay" } dd #stay { (count(page.left)) } }
            }
            @if !page.chosen.spared.is_empty() {
                details { summary { "Why the others do not pass" } ul.legend {
                    @for (rule, rows) in &page.chosen.spared { li { (rule.sentence()) " " strong.number { (count(*rows)) } } }
                } }
            }
        }
        (filters(page))
        (rows(frame, page))
    };
    frame.page(&title, &content)
}

/// Asks before a list is deleted.
pub(in crate::web) fn remove_list(frame: &Frame, id: u64, info: &SavedListInfo) -> Html<String> {
    let title = list_title(info);
    let content = html! {
        p.crumbs { a href="/lists" { "Lists" } " / " a href={ "/lists/" (id) } { (foreign(&title)) } " / Delete" }
        div.card {
            h1 { "Delete this list?" }
            p { (foreign(&title)) ": its rows, its ticks and its names are deleted here. At the platform nothing changes, and jobs that were made of it stay." }
            div.actions {
                form method="post" action={ "/lists/" (id) "/remove" } { button.danger type="submit" { "Delete the list" } }
                a.button href={ "/lists/" (id) } { "Keep it" }
            }
        }
    };
    frame.page("Delete a list", &content)
}
