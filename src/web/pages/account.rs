//! One account: its lists, and what can be done with it. What cannot be taken back has a page that says what it means.

use axum::response::Html;
use maud::{Markup, html};

use super::labels::{commands, encoded, foreign};
use super::layout::{Frame, count};
use super::lists::list_name;
use crate::app::account::{AccountCheckReport, LoginState};
use crate::app::saved_list::ReadableList;
use crate::store::Account;

/// What the page shows.
pub(in crate::web) struct AccountPage {
    pub(in crate::web) account: Account,
    pub(in crate::web) lists: Vec<ReadableList>,
    /// Rows that wait for it, by job.
    pub(in crate::web) waiting: Vec<(String, u64)>,
}

fn crumbs(account: &Account, here: &str) -> Markup {
    html! {
        p.crumbs {
            a href="/accounts" { "Accounts" } " / "
            @if here.is_empty() { (foreign(account.name.as_str())) }
            @else { a href={ "/accounts/" (account.id.0) } { (foreign(account.name.as_str())) } " / " (here) }
        }
    }
}

/// The page.
pub(in crate::web) fn account(frame: &Frame, page: &AccountPage) -> Html<String> {
    let account = &page.account;
    let here = format!("/accounts/{}", account.id.0);
    let content = html! {
        (crumbs(account, ""))
        div.head { div.stack {
            h1 { (foreign(account.name.as_str())) }
            p.quiet { (account.platform) @if let Some(host) = &account.host { " at " (host) } " · user " span.mono { (account.user_id) } @if account.is_default { " " span.chip { "default" } } }
        } }
        section.card aria-labelledby="look" {
            h2 #look { "Look at its lists" }
            @if page.lists.is_empty() { p.quiet { "This service hands out no lists. Take them out of an export of your data." } }
            ul.choices {
                @for readable in &page.lists {
                    li { a.button href={ "/lists/new?account=" (encoded(account.name.as_str())) "&list=" (readable.list.name()) } { (list_name(readable.list)) } }
                }
            }
        }
        section.card aria-labelledby="deeds" {
            h2 #deeds { "Login" }
            @if let Some(trouble) = &account.trouble { div.note.bad { p { strong { "It needs you: " } (foreign(trouble)) } } }
            (waiting_text(&page.waiting))
            div.actions {
                @if !frame.is_sandbox { form method="post" action=(format!("{here}/check")) { button type="submit" { "Check the login" } } }
                @if !frame.is_sandbox { a.button href={ "/accounts/connect?account=" (encoded(account.name.as_str())) } { "Log in again" } }
                form method="post" action=(format!("{here}/default")) {
                    button type="submit" { @if account.is_default { "No longer the default" } @else { "Make it the default" } }
                }
                @if !frame.is_sandbox { a.button.danger href=(format!("{here}/logout")) { "Log out…" } }
                a.button.danger href=(format!("{here}/remove")) { "Remove…" }
            }
            p.quiet.small { "The default account acts where neither a file nor a form names one." }
        }
    };
    frame.page(account.name.as_str(), &content)
}

fn waiting_text(waiting: &[(String, u64)]) -> Markup {
    let rows: u64 = waiting.iter().map(|(_, rows)| rows).sum();
    html! {
        @if rows > 0 {
            p { (count(rows)) " rows wait for it, in " @for (index, (job, _)) in waiting.iter().take(5).enumerate() { @if index > 0 { ", " } (foreign(job)) } @if waiting.len() > 5 { " and others" } "." }
        }
    }
}

/// What the platform says of its login.
pub(in crate::web) fn checked_account(frame: &Frame, account: &Account, report: &AccountCheckReport) -> Html<String> {
    let content = html! {
        (crumbs(account, "Check"))
        div.head { h1 { "The login of " (foreign(account.name.as_str())) } }
        section.card aria-label="What was found" {
            @for one in &report.accounts {
                p role="status" {
                    @match one.state {
                        LoginState::Good => span.chip.good { "good" },
                        LoginState::Unknown => span.chip.warn { "unknown" },
                        LoginState::Bad => span.chip.bad { "needs you" },
                    }
                    @if !one.actions.is_empty() { " It may " (one.actions.iter().map(|action| action.name()).collect::<Vec<_>>().join(", ")) "." }
                }
                @for said in &one.said { p { (commands(&foreign(said))) } }
            }
            @for warning in &report.warnings { div.note.warn { p { (commands(&foreign(warning))) } } }
            div.actions { a.button href={ "/accounts/" (account.id.0) } { "Back to the account" } }
        }
    };
    frame.page("Check of a login", &content)
}

/// Asks before an account is logged out.
pub(in crate::web) fn log_out_account(frame: &Frame, account: &Account, waiting: &[(String, u64)]) -> Html<String> {
    let content = html! {
        (crumbs(account, "Log out"))
        div.card {
            h1 { "Log out " (foreign(account.name.as_str())) "?" }
            p { "Its tokens are revoked at the platform and deleted here. Nothing more is sent for it until somebody logs it in again." }
            (waiting_text(waiting))
            div.actions {
                form method="post" action={ "/accounts/" (account.id.0) "/logout" } { button.danger type="submit" { "Log it out" } }
                a.button href={ "/accounts/" (account.id.0) } { "Keep it" }
            }
        }
    };
    frame.page("Log out an account", &content)
}

/// Asks before an account is removed.
pub(in crate::web) fn remove_account(frame: &Frame, account: &Account, waiting: &[(String, u64)]) -> Html<String> {
    let content = html! {
        (crumbs(account, "Remove"))
        div.card {
            h1 { "Remove " (foreign(account.name.as_str())) "?" }
            p { "It is logged out and dropped from this queue. At the platform nothing of it is touched. While jobs or requests that count towards \
                 its rate limit are on record, its name stays." }
            @if !waiting.is_empty() { div.note.warn { (waiting_text(waiting)) p { "Cancel these jobs first, or let them finish." } } }
            div.actions {
                @if waiting.is_empty() { form method="post" action={ "/accounts/" (account.id.0) "/remove" } { button.danger type="submit" { "Remove it" } } }
                a.button href={ "/accounts/" (account.id.0) } { "Keep it" }
            }
        }
    };
    frame.page("Remove an account", &content)
}
