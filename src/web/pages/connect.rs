//! Connecting an account: the ways there are, and a login under way.

use axum::response::Html;
use maud::{Markup, html};

use super::labels::{commands, foreign};
use super::layout::Frame;
use crate::app::account::{ConnectKind, ConnectWay, MAKE_APP_PASSWORD};
use crate::domain::Platform;
use crate::store::Account;
use crate::web::connect::AttemptState;

/// What the page shows.
pub(in crate::web) struct ConnectPage {
    pub(in crate::web) ways: Vec<ConnectWay>,
    /// The services that the sandbox stands in for.
    pub(in crate::web) stand_ins: Vec<(Platform, &'static str)>,
    /// The account that is to be logged in again.
    pub(in crate::web) again: Option<Account>,
}

/// A login under way.
pub(in crate::web) struct AttemptPage {
    pub(in crate::web) id: u64,
    pub(in crate::web) service: &'static str,
    pub(in crate::web) state: AttemptState,
    pub(in crate::web) notes: Vec<String>,
}

/// The ways there are.
pub(in crate::web) fn connect(frame: &Frame, page: &ConnectPage) -> Html<String> {
    let title = page.again.as_ref().map_or_else(
        || "Connect an account".to_owned(),
        |account| format!("Log in {} again", foreign(account.name.as_str())),
    );
    let content = html! {
        p.crumbs { a href="/accounts" { "Accounts" } " / Connect" }
        div.head { div.stack {
            h1 { (title) }
            @if frame.is_sandbox {
                p.quiet { "This is the sandbox: nothing in it is real, and every service has a stand-in with an account of made-up people and posts." }
            } @else {
                p.quiet { "What you type is sent to this program alone and kept encrypted. It is never shown again." }
            }
        } }
        @if !page.stand_ins.is_empty() {
            div.grid { @for (platform, service) in &page.stand_ins { (stand_in(*platform, service)) } }
        }
        div.grid { @for way in &page.ways { (way_card(*way, page.again.as_ref())) } }
    };
    frame.page("Connect", &content)
}

fn stand_in(platform: Platform, service: &str) -> Markup {
    html! {
        form.card method="post" action="/accounts/connect" {
            h2 { (service) }
            p.quiet { "A stand-in for " (service) ", connected with one press." }
            input type="hidden" name="platform" value=(platform.name());
            div.actions { button.primary type="submit" { "Connect" span.unseen { " the stand-in for " (service) } } }
        }
    }
}

fn way_card(way: ConnectWay, again: Option<&Account>) -> Markup {
    let id = |field: &str| format!("{}-{field}", way.platform.name());
    let host = again.and_then(|account| account.host.as_ref()).map(ToString::to_string).unwrap_or_default();
    let name = again.map(|account| account.name.as_str().to_owned()).unwrap_or_default();
    html! {
        section.card aria-labelledby=(id("title")) {
            h2 #(id("title")) { (way.service) @if !matches!(way.kind, ConnectKind::AppPassword | ConnectKind::ServerPage | ConnectKind::Key) { " (" (way.platform.name()) ")" } }
            form.fields method="post" action="/accounts/connect" autocomplete="off" {
                input type="hidden" name="platform" value=(way.platform.name());
                @match way.kind {
                    ConnectKind::AppPassword => {
                        (text_field(&id("handle"), "handle", "Handle, DID or e-mail", "ada.example.org", "", true))
                        (secret_field(&id("password"), "password", "App password", MAKE_APP_PASSWORD))
                        (text_field(&id("host"), "host", "Server", "Only where it is not found by the handle.", &host, false))
                    },
                    ConnectKind::ServerPage => {
                        (text_field(&id("host"), "host", "Server", "The one whose pages you log in to, such as example.social.", &host, true))
                        p.quiet { "Its page opens next, and asks whether this program may act for you." }
                    },
                    ConnectKind::OwnApp { is_configured } => {
                        @if is_configured {
                            p.quiet { "The page of " (way.service) " opens next, and asks whether your app may act for you." }
                        } @else {
                            (text_field(&id("client_id"), "client_id", "Client ID of your app", "An app of your own is needed: make one in the \
                                developer console as a native app (a public client), and copy its OAuth 2.0 client ID. Where it has a secret, \
                                both belong into the configuration.", "", true))
                        }
                    },
                    ConnectKind::Pin => p.quiet { "A page of " (way.service) " shows a PIN, which is typed here afterwards." },
                    ConnectKind::Key => (secret_field(&id("key"), "key", "Key", "Whoever has it acts as the account that is linked to it.")),
                }
                @if matches!(way.kind, ConnectKind::ServerPage | ConnectKind::OwnApp { .. }) {
                    div.field {
                        label.check { input type="checkbox" name="everything" value="1" aria-describedby=(id("everything-hint")); span { "For everything that can be undone there" } }
                        span.hint #(id("everything-hint")) { "Without it the page is asked for follows and likes, or what this account may do already and has queued. Posts, reposts, bookmarks, blocks, mutes, lists and tags are read and undone with it alone." }
                    }
                }
                @if again.is_some() { input type="hidden" name="name" value=(name); }
                @else { details { summary { "A name of your own" } (text_field(&id("name"), "name", "Name of the account here", "Empty: made of the service and the user.", "", false)) } }
                div.actions { button.primary type="submit" { "Connect" span.unseen { " " (way.service) } } }
            }
            @if way.kind == ConnectKind::AppPassword {
                form.fields method="post" action="/accounts/connect" {
                    input type="hidden" name="platform" value=(way.platform.name());
                    input type="hidden" name="name" value=(name);
                    input type="hidden" name="host" value=(host);
                    input type="hidden" name="page" value="1";
                    p.quiet { "Or on the page of the account's server, for a few actions alone; that login ends after some days." }
                    div.actions { button type="submit" { "Log in on its page" span.unseen { " (" (way.service) ")" } } }
                }
            }
        }
    }
}

fn text_field(id: &str, name: &str, label: &str, hint: &str, value: &str, required: bool) -> Markup {
    html! {
        div.field {
            label for=(id) { (label) }
            input #(id) type="text" name=(name) value=(foreign(value)) maxlength="300" autocomplete="off" autocapitalize="none" spellcheck="false"
                required[required] aria-describedby=(format!("{id}-hint"));
            span.hint #(format!("{id}-hint")) { (hint) }
        }
    }
}

fn secret_field(id: &str, name: &str, label: &str, hint: &str) -> Markup {
    html! {
        div.field {
            label for=(id) { (label) }
            input #(id) type="password" name=(name) maxlength="1000" autocomplete="off" required aria-describedby=(format!("{id}-hint"));
            span.hint #(format!("{id}-hint")) { (hint) }
        }
    }
}

/// A login under way.
pub(in crate::web) fn attempt(frame: &Frame, page: &AttemptPage) -> Html<String> {
    let here = format!("/accounts/connect/{}", page.id);
    let content = html! {
        p.crumbs { a href="/accounts" { "Accounts" } " / " a href="/accounts/connect" { "Connect" } " / " (page.service) }
        div.head { h1 { "Connecting " (page.service) } }
        section.card #login data-live aria-label="The login" {
            @match &page.state {
                AttemptState::Working => {
                    p role="status" { "The platform is being asked." }
                    div.actions { a.button href=(here) { "Look again" } }
                },
                AttemptState::OnPage { url, wanted } => {
                    p { "Open this page, and allow there what it asks:" }
                    @if url.starts_with("https://") || url.starts_with("http://") {
                        div.actions { a.button.primary href=(url) target="_blank" rel="noopener noreferrer" { "Open the page" span.unseen { " in a new tab" } } }
                    }
                    p.mono.small { (foreign(url)) }
                    @match wanted {
                        Some(wanted) => form.fields method="post" action=(here) autocomplete="off" {
                            div.field {
                                label for="code" { "Then type here " (wanted) }
                                input #code type="password" name="code" maxlength="4000" autocomplete="off" required;
                            }
                            div.actions { button.primary type="submit" { "Finish" } }
                        },
                        None => {
                            p.quiet { "It leads back by itself, and this page then says so." }
                            div.actions { a.button href=(here) { "Look again" } }
                        },
                    }
                },
                AttemptState::Done { account, link, ends } => {
                    div.note.good role="status" { p { strong { (foreign(account.as_str())) } " is connected." } }
                    @if let Some(link) = link {
                        p { "One step is left: authorize it on this page, within ten minutes or so." }
                        @if link.starts_with("https://") || link.starts_with("http://") {
                            div.actions { a.button.primary href=(link) target="_blank" rel="noopener noreferrer" { "Open the page" span.unseen { " in a new tab" } } }
                        }
                        p.mono.small { (foreign(link)) }
                    }
                    @if let Some(ends) = ends { p.quiet { "The login lasts until " (frame.time(*ends)) ", and longer where it is used." } }
                    div.actions { a.button.primary href="/lists" { "Choose what to look at" } a.button href="/accounts" { "Accounts" } }
                },
                AttemptState::Failed { why, hint } => {
                    div.note.bad role="alert" { p { strong { (foreign(why)) } } @if !hint.is_empty() { p { (commands(&foreign(hint))) } } }
                    div.actions { a.button.primary href="/accounts/connect" { "Try again" } }
                },
            }
            @for note in &page.notes { div.note.warn role="note" { p { (foreign(note)) } } }
        }
    };
    frame.page("Connect", &content)
}
