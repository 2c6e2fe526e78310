//! The one interpreter: it carries a request to its platform and brings back what came of it.
//!
//! In: [`Request`]s. Out: [`Reply`]s. What does not belong here: trying again, waiting for limits, deciding about tasks.
//! It does nothing by itself (`http.rs`). (hyper hands a request to a second
//! connection where a pooled one turns out closed before a byte was written; that is not a second request.)

use std::time::Duration;

use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use reqwest::{Response, StatusCode};

use super::answer::{Answer, Body, BodyEnd, ContentType, MAX_ANSWER_BYTES, MAX_LIST_PAGE_BYTES, date_of};
use super::base_url::BaseUrl;
use super::certificate::certificate_reason;
use super::classify::{Subject, classify, expected_id, judge, read, text_at};
use super::credentials::Credentials;
use super::detail;
use super::dialect::{Dialect, Question};
use super::dpop::{DPOP, USE_DPOP_NONCE};
use super::entry::Page;
use super::http::HttpClients;
use super::link::next_page;
use super::page_question::What;
use super::reply::{Finding, RefusalKind, Reply};
use super::request::{self, Concern, PageRequest, Request, Unbuildable};
use super::spec::{WhoAmI, WhoIs};
use super::success::Success;
use crate::clock::{Clock, Sleep};
use crate::domain::{RateFacts, Tick, Wall};

/// How long [`Client::platform_date`] waits, in seconds.
pub const PROBE_SECONDS: u64 = 10;

/// How the client connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientSettings {
    /// Idle connections kept to one host: as many as there are workers.
    pub connections: usize,
    /// How long an idle connection is kept. Shorter than a platform keeps it, so that few requests meet a closed one.
    pub idle_timeout: Duration,
}

impl Default for ClientSettings {
    fn default() -> ClientSettings {
        ClientSettings { connections: 8, idle_timeout: Duration::from_secs(30) }
    }
}

/// The client could not be made.
#[derive(Debug, thiserror::Error)]
#[error(
    "the HTTPS client cannot start: {detail}; are the system's CA certificates installed, and the proxy variables right?"
)]
pub struct ClientError {
    detail: String,
    #[source]
    source: reqwest::Error,
}

/// The HTTP client. Cheap to share by reference, made once.
#[derive(Debug)]
pub struct Client(HttpClients);

/// How one request is sent and its answer read.
#[derive(Clone, Copy)]
struct Asked<'a> {
    dialect: &'a Dialect,
    base: &'a BaseUrl,
    credentials: &'a Credentials,
    clock: &'a dyn Clock,
    /// Past this nobody waits for the answer.
    deadline: Tick,
    most_bytes: usize,
}

/// No answer came.
struct Lost {
    reason: &'static str,
    maybe_sent: bool,
    error: Option<reqwest::Error>,
}

impl Client {
    /// A client for these bases.
    ///
    /// # Errors
    /// The system's CA certificates or proxy settings cannot be used.
    pub fn new(bases: &[&BaseUrl], settings: ClientSettings) -> Result<Client, ClientError> {
        let clients = HttpClients::new(bases, |builder| {
            let accept = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
            builder
                .default_headers(accept)
                .pool_max_idle_per_host(settings.connections)
                .pool_idle_timeout(settings.idle_timeout)
        });
        clients.map(Client).map_err(|source| ClientError { detail: detail::of_error(&source, None), source })
    }

    /// Sends one request and says what came of it. It is sent at most once, and not at all once `send_by` or `deadline` has
    /// passed on the request's clock; the answer is waited for until `deadline`.
    pub async fn perform(&self, request: Request<'_>) -> Reply {
        let Request { endpoint, base, credentials, user, target, send_by, deadline, clock, .. } = request;
        let built = match request::build(&request) {
            Ok(built) => built,
            Err(why) => return unbuildable(why),
        };
        let now = clock.now().tick;
        if now > send_by || now >= deadline {
            return bare(Finding::NotSent, String::new());
        }
        let asked =
            Asked { dialect: endpoint.dialect, base, credentials, clock, deadline, most_bytes: MAX_ANSWER_BYTES };
        match self.exchange(built, asked).await {
            Ok(answer) => {
                let finding = classify(endpoint, Subject { user, target }, &answer);
                let is_done = matches!(finding, Finding::Done { .. });
                let last_copy = endpoint.last_copy.filter(|_| is_done);
                let last_copy = last_copy.and_then(|of| of(&read(&answer.body).ok()?));
                Reply { last_copy, ..reply(finding, &answer, credentials) }
            }
            Err(reply) => reply,
        }
    }

    /// Asks for a page, once; not at all once `send_by` or `deadline` has passed on the request's clock.
    ///
    /// # Errors
    /// The reply, where it is no page. Without a target there is nobody it could call gone or refused.
    pub async fn page(&self, request: PageRequest<'_>) -> Result<(Page, Reply), Reply> {
        let PageRequest { reading, base, credentials, send_by, deadline, clock, .. } = request;
        let dialect = reading.dialect;
        let built = request::build_page(&request).map_err(unbuildable)?;
        let now = clock.now().tick;
        if now > send_by || now >= deadline {
            return Err(bare(Finding::NotSent, String::new()));
        }
        let (most_bytes, question) = (MAX_LIST_PAGE_BYTES, request.question());
        let asked = Asked { dialect, base, credentials, clock, deadline, most_bytes };
        let answer = self.exchange(built, asked).await?;
        // That nobody has a name may be told in any status.
        let may_be_page = answer.status == 200 || matches!(question.what, What::Names(_));
        if may_be_page && let Some(page) = (dialect.page)(&question, &answer) {
            return Ok((page, reply(Finding::Done { reason: None }, &answer, credentials)));
        }
        // No page has an object there, so that nothing is taken for a confirmed effect.
        let success = Success::Id { pointer: "/data/no_page" };
        let judged = Question { dialect, success, subject: None, facts: answer.facts };
        let finding = match judge(&judged, &answer) {
            Finding::Ambiguous { refusal: RefusalKind::BadRequest, .. }
                if answer.status == 400 && (dialect.names_refused)(question.vocabulary, &answer.body) =>
            {
                Finding::Ambiguous { refusal: RefusalKind::BadRequest, reason: Reply::NAMES_REFUSED.into() }
            }
            other => other,
        };
        Err(reply(finding, &answer, credentials))
    }

    /// Who the credentials belong to.
    ///
    /// # Errors
    /// The reply, where it does not name a user.
    pub async fn me(
        &self,
        who: &WhoAmI,
        base: &BaseUrl,
        credentials: &Credentials,
        deadline: Tick,
        clock: &dyn Clock,
    ) -> Result<WhoIs, Reply> {
        let dialect = who.dialect;
        let built = request::get(base, who.path, Some((credentials, clock.now().wall))).map_err(unbuildable)?;
        let asked = Asked { dialect, base, credentials, clock, deadline, most_bytes: MAX_ANSWER_BYTES };
        let answer = self.exchange(built, asked).await?;
        let success = Success::Id { pointer: who.id };
        let question = Question { dialect, success, subject: None, facts: answer.facts };
        if answer.status == 200
            && let Some(user) = expected_id(&question, &answer.body).and_then(|id| id.parse().ok())
        {
            let name = who.name.and_then(|name| text_at(&answer.body, name));
            return Ok(WhoIs { user, name });
        }
        Err(reply(judge(&question, &answer), &answer, credentials))
    }

    /// What o'clock it is at a platform, to the second: the `Date` of any answer at its base URL, asked without credentials.
    /// None where no answer with a date comes within [`PROBE_SECONDS`].
    pub async fn platform_date(&self, base: &BaseUrl) -> Option<Wall> {
        let built = request::get(base, "/", None).ok()?;
        let sent =
            tokio::time::timeout(Duration::from_secs(PROBE_SECONDS), self.0.for_base(base)?.execute(built)).await;
        date_of(sent.ok()?.ok()?.headers())
    }

    /// The answer to a request; else the reply that there is none, or one that is about a nonce alone.
    async fn exchange(&self, built: reqwest::Request, asked: Asked<'_>) -> Result<Answer, Reply> {
        let Asked { credentials, clock, .. } = asked;
        let (url, proof) = (built.url().clone(), built.headers().get(DPOP).cloned());
        let sent = self.send(built, &asked).await.map_err(|lost| unanswered(lost, credentials));
        let (status, headers, body) = sent?;
        let is_unproven = credentials.learn(proof.as_ref(), status, &headers, clock.now().tick);
        let (facts, content_type) = ((asked.dialect.rate_facts)(&headers), ContentType::of(&headers));
        let next = next_page(&headers, &url);
        let answer = Answer { status: status.as_u16(), body, facts, content_type, next };
        if is_unproven {
            return Err(reply(Finding::Unproven { reason: USE_DPOP_NONCE.into() }, &answer, credentials));
        }
        Ok(answer)
    }

    /// Sends, and reads what comes until the deadline ends. Once a status has come it is an answer, however its body fares.
    async fn send(&self, built: reqwest::Request, asked: &Asked<'_>) -> Result<(StatusCode, HeaderMap, Body), Lost> {
        // Reached only where a base was not named to `new`.
        let unreachable = || Lost { reason: "connect_failed", maybe_sent: false, error: None };
        let way = self.0.for_base(asked.base).ok_or_else(unreachable)?;
        let mut deadline: Sleep<'_> = asked.clock.sleep_at_most(asked.deadline);
        let mut response = tokio::select! {
            sent = way.execute(built) => sent.map_err(Lost::from)?,
            () = &mut deadline => return Err(Lost { reason: "timeout", maybe_sent: true, error: None }),
        };
        let mut body = Body::default();
        tokio::select! {
            () = read_body(&mut response, &mut body, asked.most_bytes) => {}
            () = &mut deadline => {}
        }
        Ok((response.status(), std::mem::take(response.headers_mut()), body))
    }
}

impl From<reqwest::Error> for Lost {
    fn from(error: reqwest::Error) -> Lost {
        let (reason, maybe_sent) = if let Some(reason) = certificate_reason(&error) {
            (reason, false)
        } else if error.is_connect() {
            ("connect_failed", false)
        } else if error.is_timeout() {
            ("timeout", true)
        } else {
            ("connection_lost", true)
        };
        // The URL names target and user; the detail is for anybody's eyes.
        Lost { reason, maybe_sent, error: Some(error.without_url()) }
    }
}

/// Reads up to `most_bytes`. The body is whole only if its end was seen.
async fn read_body(response: &mut Response, body: &mut Body, most_bytes: usize) {
    while let Ok(piece) = response.chunk().await {
        let Some(piece) = piece else {
            body.end = BodyEnd::Whole;
            return;
        };
        let room = most_bytes - body.bytes.len();
        body.bytes.extend_from_slice(&piece[..piece.len().min(room)]);
        if piece.len() > room {
            body.end = BodyEnd::TooLong;
            return;
        }
    }
}

fn reply(finding: Finding, answer: &Answer, credentials: &Credentials) -> Reply {
    let done = matches!(finding, Finding::Done { reason: None });
    let detail = if done { String::new() } else { detail::of_answer(answer, Some(credentials)) };
    Reply { finding, http_status: Some(answer.status), facts: answer.facts, detail, last_copy: None }
}

fn unanswered(lost: Lost, credentials: &Credentials) -> Reply {
    let detail = match &lost.error {
        Some(error) => detail::of_error(error, Some(credentials)),
        None if lost.maybe_sent => "no answer before the deadline".to_owned(),
        None => "the client was not made for this address".to_owned(),
    };
    bare(Finding::Unanswered { reason: lost.reason.into(), maybe_sent: lost.maybe_sent }, detail)
}

fn unbuildable(why: Unbuildable) -> Reply {
    let reason = why.reason.into();
    let finding = match why.concerns {
        Concern::Row => Finding::Unsendable { reason },
        Concern::Account => Finding::Account { reason },
    };
    bare(finding, why.detail.to_owned())
}

/// A reply without an answer.
fn bare(finding: Finding, detail: String) -> Reply {
    Reply { finding, http_status: None, facts: RateFacts::default(), detail, last_copy: None }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
