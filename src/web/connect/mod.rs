//! Connecting an account by forms: the same logins as those of the command line, each on a page of its own while it is under way.
//!
//! In: what a person types. Out: an account with its login. Secrets come by POST alone, go into the vault, and are never shown, logged or put
//! into an address. What does not belong here: what a platform is asked (`app::account`).

mod attempts;
mod front;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Extension;
use axum::extract::{Form, Query, State};
use axum::response::{Html, Redirect};
use serde::Deserialize;

pub(super) use self::attempts::{AttemptState, LoginAttempts};
use self::front::FormFrontend;
use super::address::AddressKey;
use super::background;
use super::middleware::Visitor;
use super::pages::{self, AttemptPage, ConnectPage};
use super::problem::Problem;
use super::state::{LoginMethod, Web};
use crate::app::account::{
    ConnectKind, ConnectWay, LoggedInBy, LoginRequest, connect_stand_in, connect_ways, log_in, stand_ins,
    undoing_actions,
};
use crate::app::{AppDeps, QuietFrontend};
use crate::auth::LoginEnd;
use crate::domain::{AccountName, Platform, Secret};
use crate::store::AuditEvent;
use crate::text::LocalClock;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    /// The account that is to be logged in again.
    #[serde(default)]
    account: String,
}

/// Which ways there are.
pub(super) async fn ways(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    Query(wanted): Query<Wanted>,
) -> Result<Html<String>, Problem> {
    let settings = web.settings();
    let known = web.read_store().await.accounts().all().await?;
    let again = known.into_iter().find(|account| account.name.as_str() == wanted.account);
    let mut ways = connect_ways(&settings);
    if let Some(account) = &again {
        ways.retain(|way| way.platform == account.platform);
    }
    let stand_ins = if settings.is_sandbox() { stand_ins() } else { Vec::new() };
    let page = ConnectPage { ways, stand_ins, again };
    Ok(pages::connect(&web.frame(visitor, "/accounts"), &page))
}

/// What was typed. Nothing of it can be printed by accident.
#[derive(Deserialize)]
pub(super) struct Typed {
    platform: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    host: String,
    #[serde(default)]
    handle: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    key: String,
    /// On the server's page, where an app password would do.
    #[serde(default)]
    page: String,
    /// For everything that can be undone there, and not for follows and likes alone.
    #[serde(default)]
    everything: String,
}

/// Begins a login, or connects a stand-in.
pub(super) async fn connect(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    Form(typed): Form<Typed>,
) -> Result<Redirect, Problem> {
    let settings = web.settings();
    let platform = Platform::named(&typed.platform)
        .ok_or_else(|| Problem::unusable("There is no such platform.", "Choose one of those on the page."))?;
    if settings.is_sandbox() {
        return stand_in(&web, &visitor, platform).await;
    }
    let way = connect_ways(&settings).into_iter().find(|way| way.platform == platform);
    let way = way.ok_or_else(|| Problem::unusable("This platform cannot be connected here.", "Choose another."))?;
    let (request, answers) = request_of(&web, way, &typed)?;
    let mut settings = (*settings).clone();
    if let Some(id) = Some(typed.client_id.trim()).filter(|id| !id.is_empty()) {
        settings.app.client_id = Some(id.to_owned());
    }
    let id = web.logins.begin(way.service, web.clock.now().tick);
    let (again, actor) = (Arc::clone(&web), visitor.actor());
    background::begin("login", move || async move {
        let (web, changed) = (Arc::clone(&again), Arc::clone(&again));
        let attempts = web.logins.clone();
        let front = FormFrontend {
            id,
            attempts: attempts.clone(),
            typed: Mutex::new(answers),
            changed: Box::new(move || changed.note_change()),
        };
        let (quiet, local) = (QuietFrontend::new(actor.clone()), LocalClock::from(web.zone.clone()));
        let deps = AppDeps { settings: &settings, clock: &web.clock, local: &local, front: &quiet };
        match log_in(deps, &front, &request).await {
            Ok(report) => {
                note_login(&web, &actor, &report.account.name).await;
                let (link, ends) = match report.by {
                    LoggedInBy::Key { link } => (Some(link), None),
                    LoggedInBy::Server { ends: Some(LoginEnd::Unused(at) | LoginEnd::Fixed(at)), .. } => {
                        (None, Some(at))
                    }
                    LoggedInBy::Server { ends: None, .. } | LoggedInBy::Grant { .. } => (None, None),
                };
                attempts.set(id, AttemptState::Done { account: report.account.name, link, ends });
            }
            Err(error) => {
                let hint = error.hint.clone().unwrap_or_default();
                attempts.set(id, AttemptState::Failed { why: error.message, hint });
            }
        }
        web.note_change();
    })?;
    Ok(Redirect::to(&format!("/accounts/connect/{id}")))
}

async fn stand_in(web: &Web, visitor: &Visitor, platform: Platform) -> Result<Redirect, Problem> {
    let settings = web.settings();
    let name =
        background::finish("connect", move || async move { connect_stand_in(&settings, platform).await }).await?;
    note_login(web, &visitor.actor(), &name).await;
    web.note_change();
    Ok(Redirect::to("/lists?said=connected"))
}

async fn note_login(web: &Web, actor: &str, account: &AccountName) {
    let detail = format!("{account} is connected");
    let deed = AuditEvent { actor, deed: "connect", job: None, detail: &detail };
    match web.write_store().await {
        Ok(mut store) => web.log_audit_event(&mut store, &deed).await,
        Err(error) => tracing::error!(%error, "an account was connected, and it could not be written to the audit log"),
    }
}

/// The login that a form asks for, and what it is answered with.
fn request_of(web: &Web, way: ConnectWay, typed: &Typed) -> Result<(LoginRequest, VecDeque<Secret>), Problem> {
    let name = match typed.name.trim() {
        "" => None,
        name => Some(name.parse().map_err(|why: String| Problem::unusable(why, "Give the account another name."))?),
    };
    // What stands in the address bar of a browser is a server's name, too.
    let host = typed.host.trim();
    let host = match host.strip_prefix("https://").unwrap_or(host).trim_end_matches('/') {
        "" => None,
        host => Some(host.parse().map_err(|_| {
            Problem::unusable("That is not the name of a server.", "Give it as in example.social, without a path.")
        })?),
    };
    let missing = |what: &str| Problem::unusable(format!("The {what} is missing."), "Go back, and fill it in.");
    let needed = |what: &str, text: &str| {
        if text.trim().is_empty() { Err(missing(what)) } else { Ok(Secret::new(text.trim())) }
    };
    let is_on_page = !typed.page.is_empty();
    let answers = match way.kind {
        ConnectKind::AppPassword if is_on_page => Vec::new(),
        ConnectKind::AppPassword => {
            vec![needed("name of the account", &typed.handle)?, needed("app password", &typed.password)?]
        }
        ConnectKind::Key => vec![needed("key", &typed.key)?],
        ConnectKind::OwnApp { is_configured: false } => {
            needed("client ID of your app", &typed.client_id)?;
            Vec::new()
        }
        ConnectKind::ServerPage | ConnectKind::OwnApp { .. } | ConnectKind::Pin => Vec::new(),
    };
    let request = LoginRequest {
        name,
        platform: Some(way.platform),
        host,
        // A page behind a proxy is seen by a browser of another machine, which cannot come back to this one.
        headless: matches!(web.entry, LoginMethod::Password(_)) && (is_on_page || way.kind != ConnectKind::AppPassword),
        browser: is_on_page,
        actions: if typed.everything.is_empty() { Vec::new() } else { undoing_actions(way.platform) },
    };
    Ok((request, answers.into()))
}

/// A login under way.
pub(super) async fn show(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(id): AddressKey<u64>,
) -> Result<Html<String>, Problem> {
    let page = web.logins.look(id, |attempt| AttemptPage {
        id,
        service: attempt.service,
        state: attempt.state.clone(),
        notes: attempt.notes.clone(),
    })?;
    Ok(pages::attempt(&web.frame(visitor, "/accounts"), &page))
}

/// What a platform's page has shown.
#[derive(Deserialize)]
pub(super) struct Shown {
    code: String,
}

/// Takes what a platform's page has shown.
pub(super) async fn answer(
    State(web): State<Arc<Web>>,
    AddressKey(id): AddressKey<u64>,
    Form(shown): Form<Shown>,
) -> Result<Redirect, Problem> {
    if !web.logins.answer(id, Secret::new(shown.code.trim())) {
        return Err(Problem::unusable("This login waits for nothing.", "Begin it again from the page of accounts."));
    }
    Ok(Redirect::to(&format!("/accounts/connect/{id}")))
}
