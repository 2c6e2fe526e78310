//! What there is to look at: the lists that are kept, those that an account has, an export that somebody has.

use axum::response::Html;
use maud::{Markup, html};

use super::labels::{encoded, foreign, sentence};
use super::layout::{Frame, count};
use crate::app::saved_list::{ListSource, ReadableList, SavedListInfo};
use crate::domain::{ListKind, MicroUsd};
use crate::store::Account;
use crate::web::lists::ReadingProgress;

/// A list that is kept, or being read.
pub(in crate::web) struct ListLine {
    pub(in crate::web) id: u64,
    pub(in crate::web) info: SavedListInfo,
    /// How far it has come; none: it is not being read.
    pub(in crate::web) progress: Option<ReadingProgress>,
}

/// What the page shows.
pub(in crate::web) struct ListsPage {
    pub(in crate::web) accounts: Vec<(Vec<ReadableList>, Account)>,
    /// Accounts that are not shown.
    pub(in crate::web) hidden: usize,
    pub(in crate::web) lists: Vec<ListLine>,
    /// Older lists that are not shown.
    pub(in crate::web) more: usize,
}

/// A list as a title: `Likes of ada`.
pub(super) fn list_title(info: &SavedListInfo) -> String {
    let whose = match &info.source {
        ListSource::Account(name) => format!("of {name}"),
        ListSource::Export(shown) => format!("out of {shown}"),
    };
    format!("{} {whose}", list_name(info.list))
}

/// A list's name with a capital letter.
pub(super) fn list_name(list: ListKind) -> String {
    let name = list.name().replace('-', " ");
    let (first, rest) = name.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}

/// The page.
pub(in crate::web) fn lists(frame: &Frame, page: &ListsPage) -> Html<String> {
    let content = html! {
        div.head { div.stack {
            h1 { "Lists" }
            p.quiet { "Look at what an account has, choose, and only then undo. Reading a list changes nothing." }
        } }
        (kept(frame, page))
        section.stack aria-labelledby="read" {
            h2 #read { "Read a list" }
            @if page.accounts.is_empty() {
                div.empty {
                    h3 { "No account is connected yet" }
                    p { "Connect one, and its lists can be read here." }
                    a.button.primary href="/accounts/connect" { "Connect an account" }
                }
            } @else {
                div.grid { @for (lists, account) in &page.accounts { (account_card(lists, account)) } }
                @if page.hidden > 0 { p.quiet { (count(page.hidden as u64)) " more accounts: their pages under " a href="/accounts" { "Accounts" } " lead to their lists." } }
                div.actions { a.button href="/accounts/connect" { "Connect another account" } }
            }
        }
        (export())
    };
    frame.page("Lists", &content)
}

fn kept(frame: &Frame, page: &ListsPage) -> Markup {
    html! {
        div.stack #kept data-live {
            @if !page.lists.is_empty() {
                div.card.flush { div.scroll tabindex="0" role="region" aria-label="Kept lists" {
                    table {
                        caption { "Kept lists" }
                        thead { tr {
                            th scope="col" { "List" }
                            th.number scope="col" { "Rows" }
                            th scope="col" { "State" }
                            th scope="col" { "Asked for" }
                        } }
                        tbody { @for line in &page.lists { tr {
                            th scope="row" { a href={ "/lists/" (line.id) } { (foreign(&list_title(&line.info))) } }
                            td.number data-label="rows" { @if let Some(saved) = &line.info.saved { (count(saved.rows)) } @else { "–" } }
                            td { (state(line)) }
                            td data-label="asked for" { (frame.time(line.info.begun)) }
                        } } }
                    }
                } }
                @if page.more > 0 { p.quiet { (count(page.more as u64)) " older lists are not shown." } }
            }
        }
    }
}

fn state(line: &ListLine) -> Markup {
    match (&line.progress, &line.info.saved) {
        (Some(progress), _) => html! { span.chip.good { "reading" } " " span.quiet { (count(progress.entries)) } },
        (None, Some(_)) => html! { span.chip { "ready" } },
        (None, None) => html! { span.chip.warn { "not finished" } },
    }
}

fn account_card(lists: &[ReadableList], account: &Account) -> Markup {
    html! {
        article.card {
            div.title { h3 { (foreign(account.name.as_str())) } span.quiet.small { (account.platform) } }
            @if lists.is_empty() { p.quiet { "This service hands out no lists. Take them out of an export of your data." } }
            ul.choices {
                @for readable in lists {
                    li { a.button href={ "/lists/new?account=" (encoded(account.name.as_str())) "&list=" (readable.list.name()) } {
                        (list_name(readable.list)) span.unseen { " of " (foreign(account.name.as_str())) }
                    } }
                }
            }
        }
    }
}

fn export() -> Markup {
    html! {
        section.stack aria-labelledby="export" {
            h2 #export { "Take a list out of an export" }
            form.fields.card method="post" action="/lists/export" enctype="multipart/form-data" {
                div.field {
                    label for="export-file" { "Export" }
                    input #export-file type="file" name="export" required aria-describedby="export-hint";
                    span.hint #export-hint { "The zip, .tar.gz or CAR file that a service gives of your data. It is read on this machine, and deleted then. A CSV of targets is no export: queue it as a new job." }
                }
                div.field {
                    label for="what" { "List" }
                    select #what name="what" { @for list in ListKind::ALL { option value=(list.name()) { (list_name(list)) } } }
                }
                div.actions { button.primary type="submit" { "Read it" } }
            }
        }
    }
}

/// What is asked for before a list is read.
pub(in crate::web) struct OfferPage {
    pub(in crate::web) account: Account,
    pub(in crate::web) readable: ReadableList,
}

/// What reading costs, and what can be asked beside it.
pub(in crate::web) fn offer_list(frame: &Frame, page: &OfferPage) -> Html<String> {
    let OfferPage { account, readable: ReadableList { list, offers, price, price_with_posts } } = page;
    let tick = |name: &str, label: &str, hint: &str| {
        html! { label.check { input type="checkbox" name=(name) value="1"; span { (label) " " span.quiet.small { (hint) } } } }
    };
    let has_offers = offers.follows_back || offers.ghosts || offers.last_posted;
    let content = html! {
        p.crumbs { a href="/lists" { "Lists" } " / " (list_name(*list)) " of " (foreign(account.name.as_str())) }
        div.head { div.stack {
            h1 { "Read " (list.name()) " of " (foreign(account.name.as_str())) }
            p.quiet { "It only reads. Nothing is changed at the platform." }
        } }
        form.fields.card method="post" action="/lists/new" {
            input type="hidden" name="account" value=(account.name.as_str());
            input type="hidden" name="list" value=(list.name());
            dl.facts {
                dt { "Costs" } dd { (price_text(*price, account.platform.is_sandbox())) }
                dt { "Takes" } dd { "as long as the platform's limits make it: pages come one after the other, and what was read is kept" }
            }
            @if has_offers {
                fieldset {
                    legend { "Ask as well" }
                    @if offers.follows_back { (tick("follows_back", "Who follows back", "The followers are read, too.")) }
                    @if offers.ghosts { (tick("ghosts", "Who is not there any more", "Each user is asked for, some at a time.")) }
                    @if offers.last_posted {
                        (tick("last_posted", "When each last posted", &if price_with_posts == price { String::new() } else { format!("Then {}.", price_text(*price_with_posts, false)) }))
                    }
                }
            }
            div.actions { button.primary type="submit" { "Read it" } a.button href="/lists" { "Back" } }
        }
    };
    frame.page("Read a list", &content)
}

fn price_text((owned, dearer): (MicroUsd, MicroUsd), is_sandbox: bool) -> String {
    if is_sandbox || dearer.0 == 0 {
        return "nothing".to_owned();
    }
    if owned == dearer {
        format!("{owned} an entry")
    } else {
        format!("{owned} an entry, {dearer} if the developer app is not yours")
    }
}

/// Why a list has no rows, in a sentence.
pub(super) fn stopped_text(stopped: &str) -> Markup {
    sentence(&foreign(stopped))
}
