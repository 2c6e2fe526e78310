//! Pages of their own: coming in, going out, and what went wrong.

use axum::response::Html;
use maud::{Markup, html};

use super::labels::foreign;
use super::layout::{Theme, document};

fn narrow(theme: Theme, title: &str, content: &Markup) -> Html<String> {
    document(theme, title, &html! { main.narrow { p.brand { "cleanup" } (content) } })
}

/// Nobody is let in without the link.
pub(in crate::web) fn no_entry(theme: Theme) -> Html<String> {
    let content = html! {
        div.card {
            h1 { "This page needs its link" }
            p { "The dashboard opens with a one-time link. " code { "cleanup serve" } " shows it in its terminal, and keeps the newest \
                 one in a file beside the queue, whose path it shows." }
            p.quiet { "A link works once, and for an hour. The next one is in the same file. In a browser that is logged in already, open the \
                 address that the login led to; the part of it behind the port is secret, and is not shown here." }
        }
    };
    narrow(theme, "No entry", &content)
}

/// The password is asked for.
pub(in crate::web) fn login(theme: Theme, why: Option<&str>) -> Html<String> {
    let content = html! {
        div.card {
            h1 { "Log in" }
            @if let Some(why) = why { div.note.bad role="alert" { p { (why) } } }
            form.fields method="post" action="/login" {
                div.field {
                    label for="password" { "Password of this dashboard" }
                    input #password type="password" name="password" autocomplete="current-password" required autofocus;
                }
                div.actions { button.primary type="submit" { "Log in" } }
            }
        }
    };
    narrow(theme, "Log in", &content)
}

/// The session has ended.
pub(in crate::web) fn logged_out(theme: Theme) -> Html<String> {
    let content = html! {
        div.card {
            h1 { "You are logged out" }
            p { "What is queued is still sent." }
            p { a href="/login" { "Log in again" } }
        }
    };
    narrow(theme, "Logged out", &content)
}

/// What went wrong and what to do.
pub(in crate::web) fn problem(theme: Theme, status: u16, message: &str, hint: Option<&str>) -> Html<String> {
    let title = if status == 404 { "Not here" } else { "That did not work" };
    let content = html! {
        div.card {
            h1 { (title) }
            p { (foreign(message)) }
            @if let Some(hint) = hint { p.quiet { (foreign(hint)) } }
            p { a href="/" { "Back to Now" } }
        }
    };
    narrow(theme, title, &content)
}
