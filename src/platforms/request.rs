//! From a row of a table and a target to an HTTP request. Pure. What does not belong here: sending it.

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Url};

use super::base_url::BaseUrl;
use super::caller::Auth;
use super::credentials::Credentials;
use super::endpoint::{Endpoint, Params, Verb};
use super::list_endpoint::ListEndpoint;
use super::oauth1::percent_encode;
use super::page_question::{PageQuestion, What};
use super::vocabulary::Vocabulary;
use crate::clock::Clock;
use crate::domain::{OwnRecord, Target, TargetKind, Tick, UserId, Wall};

/// One request for one task.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The row that says how.
    pub endpoint: &'a Endpoint,
    /// Where the platform is.
    pub base: &'a BaseUrl,
    /// Who asks.
    pub credentials: &'a Credentials,
    /// The acting user.
    pub user: &'a UserId,
    /// What is undone.
    pub target: &'a Target,
    /// The record that is deleted to undo it, where the endpoint has [`Endpoint::records`].
    pub record: Option<&'a OwnRecord>,
    /// Past this tick the request is not sent at all.
    pub send_by: Tick,
    /// Past this tick its answer is not waited for.
    pub deadline: Tick,
    /// What both are checked on.
    pub clock: &'a dyn Clock,
}

/// One request for a page.
#[derive(Clone, Copy)]
pub struct PageRequest<'a> {
    /// The row that says how.
    pub reading: &'a ListEndpoint,
    /// What of it.
    pub what: What<'a>,
    /// In which set of names, where the platform has two.
    pub vocabulary: Vocabulary,
    /// Where the platform is.
    pub base: &'a BaseUrl,
    /// Who asks.
    pub credentials: &'a Credentials,
    /// The acting user.
    pub user: &'a UserId,
    /// Past this tick the request is not sent at all.
    pub send_by: Tick,
    /// Past this tick its answer is not waited for.
    pub deadline: Tick,
    /// What both are checked on.
    pub clock: &'a dyn Clock,
}

impl<'a> PageRequest<'a> {
    /// What is asked.
    pub(super) fn question(&self) -> PageQuestion<'a> {
        let ListEndpoint { fields, of, page: bounds, .. } = *self.reading;
        PageQuestion { what: self.what, fields, of, bounds, vocabulary: self.vocabulary }
    }
}

/// Why no request can be made: whom it concerns, the reason word, and a sentence for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unbuildable {
    pub(super) concerns: Concern,
    pub(super) reason: &'static str,
    pub(super) detail: &'static str,
}

/// Whom it concerns that no request can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Concern {
    /// This row.
    Row,
    /// The account: its next row would fare no better.
    Account,
}

const fn row(reason: &'static str, detail: &'static str) -> Unbuildable {
    Unbuildable { concerns: Concern::Row, reason, detail }
}

const fn account(reason: &'static str, detail: &'static str) -> Unbuildable {
    Unbuildable { concerns: Concern::Account, reason, detail }
}

const BAD_URL: Unbuildable = row("invalid_request", "base URL and path do not make a URL; please report this");
const NO_RECORD: Unbuildable = account(
    "records_not_read",
    "what undoes it is a record of the account's own, and those are not read yet; nothing was sent",
);
const NO_HEADER: Unbuildable = account("bad_authentication", "the credentials cannot be put into a header");
const OAUTH2_ONLY: Unbuildable = account(
    "oauth2_only",
    "this endpoint takes an OAuth 2.0 user token only, and the account has OAuth 1.0a keys; nothing was sent",
);
const OAUTH1_ONLY: Unbuildable =
    account("oauth1_only", "X API v1.1 takes OAuth 1.0a only, and the account has a bearer token; nothing was sent");
const KEY_ONLY: Unbuildable =
    account("key_only", "the gateway takes its own key, and the account has OAuth 1.0a keys; nothing was sent");

fn wrong_kind(auth: Auth) -> Unbuildable {
    match auth {
        Auth::OAuth1 => OAUTH1_ONLY,
        Auth::Key => KEY_ONLY,
        Auth::Either | Auth::OAuth2 => OAUTH2_ONLY,
    }
}

impl Auth {
    /// What to say of credentials it does not take: one word, and a sentence for people.
    pub fn wrong_kind(self) -> (&'static str, &'static str) {
        let why = wrong_kind(self);
        (why.reason, why.detail)
    }
}

/// The request, with its credentials. Nothing needs percent-encoding: IDs are digits, handles and user IDs are letters, digits, `_` and
/// `-` by their types, and a platform that takes keys takes only such as need none.
pub(super) fn build(request: &Request<'_>) -> Result<reqwest::Request, Unbuildable> {
    let Request { endpoint, base, user, target, credentials, .. } = *request;
    if !endpoint.auth.takes(credentials) {
        return Err(wrong_kind(endpoint.auth));
    }
    let grammar = &endpoint.dialect.target;
    match target {
        Target::Handle(_) if !endpoint.takes_handles() => return Err(row("handle_not_accepted", grammar.not_a_handle)),
        Target::Id(_) | Target::Key(_) if !grammar.takes(target) => {
            return Err(row("key_not_accepted", grammar.not_a_name));
        }
        Target::Id(_) | Target::Key(_) if !is_of_its_kind(grammar.kind_of(target), endpoint.action.target_kind()) => {
            return Err(row("key_not_accepted", grammar.not_a_name));
        }
        Target::Id(_) | Target::Handle(_) | Target::Key(_) => {}
    }
    let (body, form) = match endpoint.params {
        Params::None => (None, false),
        Params::Json(field) => (Some(format!(r#"{{"{field}":"{target}"}}"#)), false),
        Params::Form { id, handle } => (Some(form_field(id, handle, target)), true),
        Params::Record => (Some(record_body(user, request.record.ok_or(NO_RECORD)?)), false),
        Params::RecordAgain => (Some(record_again(user, request.record.ok_or(NO_RECORD)?)?), false),
        Params::KeptValue => (Some(request.record.ok_or(NO_RECORD)?.value.clone()), false),
    };
    let url = base.at(&path_of(endpoint.path, user, target));
    let signed = body.as_deref().filter(|_| form);
    let method = match endpoint.method {
        Verb::Delete => Method::DELETE,
        Verb::Post => Method::POST,
        Verb::Get => Method::GET,
    };
    let now = request.clock.now().wall;
    let mut built = reqwest::Request::new(method, url);
    credentials.authorize(&mut built, signed, now).map_err(|_| NO_HEADER)?;
    if let Some(body) = body {
        let kind = if form { "application/x-www-form-urlencoded" } else { "application/json" };
        built.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        *built.body_mut() = Some(body.into());
    }
    Ok(built)
}

/// The request for a page.
pub(super) fn build_page(request: &PageRequest<'_>) -> Result<reqwest::Request, Unbuildable> {
    let PageRequest { reading, base, credentials, user, clock, .. } = *request;
    if !reading.auth.takes(credentials) {
        return Err(wrong_kind(reading.auth));
    }
    let mut path = reading.path.replace("{user}", user.as_str());
    if let What::Post(post) = request.what {
        path = path.replace("{post}", &post.to_string());
        return get(base, &path, Some((credentials, clock.now().wall)));
    }
    let query = (reading.dialect.page_query)(&request.question());
    let joint = if path.contains('?') { '&' } else { '?' };
    get(base, &format!("{path}{joint}{query}"), Some((credentials, clock.now().wall)))
}

/// A GET without a target; with credentials, and the time they are used at, or without.
pub(super) fn get(
    base: &BaseUrl,
    path: &str,
    credentials: Option<(&Credentials, Wall)>,
) -> Result<reqwest::Request, Unbuildable> {
    let url = Url::parse(&format!("{base}{path}")).map_err(|_| BAD_URL)?;
    let mut built = reqwest::Request::new(Method::GET, url);
    if let Some((credentials, now)) = credentials {
        credentials.authorize(&mut built, None, now).map_err(|_| NO_HEADER)?;
    }
    Ok(built)
}

fn record_body(user: &UserId, record: &OwnRecord) -> String {
    let OwnRecord { collection, key, cid, .. } = record;
    serde_json::json!({ "repo": user.as_str(), "collection": collection, "rkey": key, "swapRecord": cid }).to_string()
}

/// What was a record once is one again, whatever the server thinks of such records by now.
fn record_again(user: &UserId, record: &OwnRecord) -> Result<String, Unbuildable> {
    let OwnRecord { collection, key, value, .. } = record;
    let value: serde_json::Value = serde_json::from_str(value).map_err(|_| NO_RECORD)?;
    let body = serde_json::json!({
        "repo": user.as_str(), "collection": collection, "rkey": key, "validate": false, "record": value,
        // What somebody has put there since stays.
        "swapRecord": null
    });
    Ok(body.to_string())
}

fn form_field(id: &str, handle: Option<&str>, target: &Target) -> String {
    match target {
        Target::Handle(name) => format!("{}={}", handle.unwrap_or(id), name.as_str()),
        // A key has been refused before.
        Target::Id(_) | Target::Key(_) => format!("{id}={target}"),
    }
}

/// Whether what a target's text tells of it, if anything, is what an action takes.
fn is_of_its_kind(told: Option<TargetKind>, wanted: TargetKind) -> bool {
    told.map_or(!wanted.is_told_by_text(), |told| told == wanted)
}

fn path_of(path: &str, user: &UserId, target: &Target) -> String {
    let path = path.replace("{user}", user.as_str());
    let target = target.to_string();
    // A tag is any word, and its # is no part of its name.
    let path = path.replace("{tag}", &percent_encode(target.trim_start_matches('#')));
    path.replace("{target}", &target)
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
