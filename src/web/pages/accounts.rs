//! Accounts and their health.

use axum::response::Html;
use maud::{Markup, html};

use super::labels::{commands, foreign};
use super::layout::{Frame, Pager};
use crate::app::status::hold_text;
use crate::domain::{AccountName, Wall};
use crate::store::Account;

/// An account, and what is known of its credentials.
pub(in crate::web) struct AccountLine {
    pub(in crate::web) account: Account,
    /// `oauth2`, `environment` ...; none: there are none.
    pub(in crate::web) kind: Option<&'static str>,
    pub(in crate::web) expires_at: Option<Wall>,
    /// Why somebody has to log in.
    pub(in crate::web) login_needed: Option<String>,
    pub(in crate::web) hold: Option<(Wall, String)>,
    /// What to do about its trouble.
    pub(in crate::web) remedy: Option<String>,
}

/// The page.
pub(in crate::web) fn accounts(frame: &Frame, lines: &[AccountLine], total: usize, pager: &Pager) -> Html<String> {
    let content = html! {
        div.head { div.stack {
            h1 { "Accounts" }
            p.quiet { "Who this program may act for. No secret is ever shown here." }
        }
        div.actions { a.button.primary href="/accounts/connect" { "Connect an account" } } }
        @if lines.is_empty() {
            div.empty {
                h2 { "There are no accounts yet" }
                p { "Connect one, and see what it follows, likes and has posted." }
                a.button.primary href="/accounts/connect" { "Connect an account" }
            }
        } @else {
            div.card.flush #accounts data-live {
                div.scroll tabindex="0" role="region" aria-label="Accounts" {
                    table {
                        thead { tr {
                            th scope="col" { "Account" }
                            th scope="col" { "Platform" }
                            th scope="col" { "Login" }
                            th scope="col" { "Ends" }
                            th scope="col" { "Health" }
                        } }
                        tbody { @for line in lines { (row(frame, line)) } }
                    }
                }
            }
            div.actions {
                span.quiet { (total) " in all" }
                (pager.links())
            }
        }
    };
    frame.page("Accounts", &content)
}

fn row(frame: &Frame, line: &AccountLine) -> Markup {
    let account = &line.account;
    html! {
        tr {
            th scope="row" {
                a href={ "/accounts/" (account.id.0) } { (foreign(account.name.as_str())) }
                @if account.is_default { " " span.chip { "default" } }
                br; span.quiet.small.mono { (account.user_id) }
            }
            td data-label="platform" { (account.platform) }
            td data-label="login" { (line.kind.unwrap_or("none")) }
            td data-label="ends" { @match line.expires_at { Some(at) => (frame.time(at)), None => "–" } }
            td.cells { (health(frame, line)) }
        }
    }
}

fn health(frame: &Frame, line: &AccountLine) -> Markup {
    if let Some(why) = &line.login_needed {
        return html! {
            span.chip.bad { "login needed" } br; span.small { (foreign(why)) ". " }
            code { (login_command(&line.account.name)) }
        };
    }
    if let Some(trouble) = &line.account.trouble {
        return html! {
            span.chip.bad { "needs you" } br; span.small { (foreign(trouble)) }
            @if let Some(remedy) = &line.remedy { br; span.small { (commands(&foreign(remedy))) " " (beside_server(trouble)) } }
        };
    }
    if let Some((until, reason)) = &line.hold {
        return html! { span.chip.warn { "held" } br; span.small { "until " (frame.time(*until)) ": " (foreign(hold_text(reason))) } };
    }
    html! { span.chip.good { "good" } }
}

/// The command that logs an account in again, as it is typed.
fn login_command(name: &AccountName) -> String {
    format!("cleanup account login {}", foreign(&name.shell_word()))
}

/// What has to be said of a command that this server keeps from working.
pub(super) fn beside_server(trouble: &str) -> &'static str {
    if trouble.starts_with("endpoint_not_found") { "(Stop this server first, to run resume yourself.)" } else { "" }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_command_that_is_copied_runs_nothing_that_a_name_asks_for() {
        let command = |name: &str| login_command(&name.parse().unwrap());
        assert_eq!(command("work"), "cleanup account login work");
        assert_eq!(command("a$(id)|b"), "cleanup account login 'a$(id)|b'");
    }
}
