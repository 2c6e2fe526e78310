//! XRPC over HTTP: one route for every method, who asks, and what is answered with which headers.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderName, Method as HttpMethod, header};
use axum::response::Response;
use axum::routing::any;
use serde_json::{Value, json};

use super::super::authn::{Received, bluesky_user};
use super::super::decision::{Answer, Decision, SimulatedOutcome};
use super::super::exchange::{deliver, receive};
use super::super::headers::{plain, put, respond};
use super::super::lists::Shelf;
use super::super::oauth_routes::befallen;
use super::super::platform_state::Platform;
use super::super::reads::{ReadAsk, ReadQuery, index_of};
use super::super::rendered::{self, Rendered};
use super::super::who::SimulatedApi;
use super::super::world::World;
use super::bodies;
use super::collection::Collection;
use super::grant_routes::unbound;
use super::grants::BoundUser;
use super::names::{did, is_did, number_of_did, number_of_uri, user_of_did, user_of_handle};
use super::proofs::{ProofFault, ToProve};
use super::questions::{Asker, Method, NOT_JSON, Question};
use super::repo::PROFILE;
use super::requests;
use super::sessions::{NotTaken, OpenSession};
use super::writes::DeleteAsk;
use crate::domain::{Action, Moment, TargetId, TargetKind};

/// The routes.
pub(in crate::sandbox) fn routes(router: Router<Platform>) -> Router<Platform> {
    router.route("/xrpc/{method}", any(xrpc))
}

/// A request as its handler knows it.
struct Asked<'a> {
    platform: &'a Platform,
    method: Method,
    received: &'a Received,
}

async fn xrpc(State(platform): State<Platform>, Path(name): Path<String>, request: Request) -> Response {
    let Some(received) = receive(request).await else { return plain(rendered::too_large()) };
    let Some(method) = Method::named(&name) else { return plain(bodies::unknown_method()) };
    let expected = if method.is_procedure() { HttpMethod::POST } else { HttpMethod::GET };
    if received.parts.method != expected {
        let got = &received.parts.method;
        return plain(bodies::invalid(&format!("Incorrect HTTP method ({got}) expected {expected}")));
    }
    // Somewhere on its way a request is counted; where, varies from request to request.
    let latency = platform.latency.unwrap_or_default();
    let there = if latency.is_zero() { latency } else { latency.mul_f64(platform.world().arrival_share()) };
    platform.pause(there).await;
    let asked = Asked { platform: &platform, method, received: &received };
    let mut response = asked.answer().await;
    if method.asker() == Asker::Account && received.bound().is_some() {
        let nonce = platform.bound().proofs.next(platform.now());
        put(response.headers_mut(), HeaderName::from_static("dpop-nonce"), &nonce);
    }
    platform.pause(latency.saturating_sub(there)).await;
    response
}

impl Asked<'_> {
    async fn answer(&self) -> Response {
        let account = match self.method.asker() {
            Asker::Account => match self.account() {
                Ok(account) => Some(account),
                Err(why @ (NotTaken::Nonce | NotTaken::Proof | NotTaken::Unbound)) => {
                    self.platform.world().count_unauthenticated();
                    return unbound(bodies::not_taken(why));
                }
                Err(why) => {
                    self.platform.world().count_unauthenticated();
                    // Of what an app view answers, the address is counted before the token is looked at.
                    let is_app_views = self.method.is_app_views();
                    return if is_app_views {
                        self.public(|| bodies::not_taken(why))
                    } else {
                        plain(bodies::not_taken(why))
                    };
                }
            },
            Asker::Anybody | Asker::Session => None,
        };
        let question = match self.method.question(self.received.query(), &self.received.body) {
            Ok(question) => question,
            Err(why) if why == NOT_JSON => return plain(bodies::error(400, "SyntaxError", NOT_JSON)),
            Err(why) => return plain(bodies::invalid(&why)),
        };
        if let Some((_, Some(bound))) = &account
            && let Some(missing) = missing_scope(self.method, &question, bound)
        {
            return self.public(|| bodies::scope_missing(&missing));
        }
        match (question, account.map(|(user, _)| user)) {
            (Question::LogIn { identifier, password }, _) => self.log_in(&identifier, &password),
            (Question::Refresh, _) => self.refresh().await,
            (Question::LogOut, _) => self.log_out(),
            (Question::Resolve { handle }, _) => self.public(|| match user_of_handle(&handle) {
                Some(user) => bodies::good(&json!({ "did": did(user) })),
                None => bodies::error(400, "HandleNotFound", "Unable to resolve handle"),
            }),
            (Question::Records { repo, collection, most, cursor }, _) => {
                self.records(&repo, &collection, most, cursor.as_deref()).await
            }
            (Question::Record { repo, collection, key }, _) => self.record(&repo, &collection, &key).await,
            (Question::Session, Some(user)) => {
                let handle = self.platform.sessions().handle_of(user);
                let body = bodies::account(user, &handle, self.received.header(header::HOST));
                self.read(user, |_, _| body).await
            }
            (Question::Delete { repo, collection, key, swap }, Some(user)) => {
                self.delete(user, &repo, &collection, &key, swap.as_deref()).await
            }
            (Question::Create { repo, collection, key, value, must_be_new }, Some(user)) => {
                self.create(user, &repo, &collection, key.as_deref(), (&value, must_be_new)).await
            }
            (Question::AppView { subject }, Some(user)) => self.app_view(user, &subject).await,
            (Question::AppViewPage { of, most, cursor }, Some(user)) => {
                self.page(user, of.as_deref(), most, cursor.as_deref()).await
            }
            (Question::Profiles { actors }, Some(user)) => {
                let profiles = |world: &mut World, _: Moment| {
                    let known = actors.iter().filter_map(|actor| self.somebody(actor));
                    let there: Vec<Value> =
                        known.filter(|user| world.has_profile(*user)).map(bodies::profile).collect();
                    json!({ "profiles": there })
                };
                self.read(user, profiles).await
            }
            (_, None) => plain(bodies::not_taken(NotTaken::Missing)),
        }
    }

    /// Whose the access token is, and what it may do where that is not everything.
    fn account(&self) -> Result<(TargetId, Option<BoundUser>), NotTaken> {
        let authorization = self.received.header(header::AUTHORIZATION);
        if authorization.is_empty() {
            return Err(NotTaken::Missing);
        }
        if let Some(token) = self.received.bound() {
            return self.bound_account(token).map(|bound| (bound.user, Some(bound)));
        }
        self.bearer_account().map(|user| (user, None))
    }

    /// Whose a token is that is bound to a key.
    fn bound_account(&self, token: &str) -> Result<BoundUser, NotTaken> {
        let (now, parts) = (self.platform.now(), &self.received.parts);
        let to = ToProve {
            method: parts.method.as_str(),
            host: self.received.header(header::HOST),
            path: parts.uri.path(),
            proof: self.received.header(HeaderName::from_static("dpop")),
            token: Some(token),
        };
        let mut server = self.platform.bound();
        let key = server.proofs.check(now, to).map_err(|fault| match fault {
            ProofFault::Nonce => NotTaken::Nonce,
            ProofFault::Wrong(_) => NotTaken::Proof,
        })?;
        let bound = server.user_of(now.tick, token, &key)?;
        drop(server);
        let is_revoked = self.platform.world().is_revoked(requests::account(bound.user));
        if is_revoked { Err(NotTaken::Unbound) } else { Ok(bound) }
    }

    fn bearer_account(&self) -> Result<TargetId, NotTaken> {
        let token = self.received.bearer().ok_or(NotTaken::Invalid)?;
        bluesky_user(token).map_or_else(|| self.platform.sessions().user_of(self.platform.now(), token), Ok)
    }

    /// The user that a DID or handle names, if it is one of this server's.
    fn owner(&self, named: &str) -> Option<TargetId> {
        if is_did(named) { user_of_did(named) } else { user_of_handle(named) }
    }

    /// Anybody whom a DID or handle names.
    fn somebody(&self, named: &str) -> Option<TargetId> {
        if is_did(named) { Some(number_of_did(named)) } else { user_of_handle(named) }
    }

    /// An answer with the headers of its window.
    fn told(&self, answer: Answer, worded: Rendered) -> Response {
        respond(worded, SimulatedApi::Bluesky, answer, self.platform.clock.now().wall)
    }

    /// An answer to anybody, whatever the dice would say.
    fn public(&self, worded: impl FnOnce() -> Rendered) -> Response {
        let answer = self.platform.at_once(|world, now| world.count_at_address(now));
        let worded =
            if answer.verdict == SimulatedOutcome::Undone { worded() } else { bodies::general(answer.verdict, 0) };
        self.told(answer, worded)
    }

    /// A request that reads: what is told is looked up where it is.
    async fn read(&self, user: TargetId, tell: impl FnOnce(&mut World, Moment) -> Value) -> Response {
        let (decision, body) = self.platform.at_once(|world, now| {
            let decision = world.read_there(now, user, self.method.name(), self.method.asker() == Asker::Anybody);
            (decision, tell(world, now))
        });
        self.deliver(decision, |_| bodies::good(&body)).await
    }

    async fn deliver(&self, decision: Decision, good: impl Fn(Answer) -> Rendered) -> Response {
        let say = |answer: Answer| match answer.verdict {
            SimulatedOutcome::Undone => self.told(answer, good(answer)),
            verdict => self.told(answer, bodies::general(verdict, answer.wording)),
        };
        deliver(decision, say, self.platform).await
    }

    fn log_in(&self, identifier: &str, password: &str) -> Response {
        let address = self.platform.at_once(|world, now| world.count_at_address(now));
        if address.verdict != SimulatedOutcome::Undone {
            return self.told(address, bodies::general(address.verdict, 0));
        }
        let (result, window) = self.platform.sessions().log_in(self.platform.now(), identifier, password);
        let worded = self.session(result);
        self.told(Answer { window: window.or(address.window), ..address }, worded)
    }

    fn session(&self, result: Result<OpenSession, NotTaken>) -> Rendered {
        match result {
            Ok(session) => bodies::good(&bodies::session(&session, self.received.header(header::HOST))),
            Err(why) => bodies::not_taken(why),
        }
    }

    /// What befalls a request for tokens befalls this one; a troubled account's session does not go on.
    async fn refresh(&self) -> Response {
        let fault = self.platform.oauth().faults.pop_front();
        let happen = || {
            let result = self.platform.sessions().refresh(self.platform.now(), self.received.bearer());
            let revoked =
                result.as_ref().is_ok_and(|session| self.platform.world().is_revoked(requests::account(session.user)));
            match if revoked { Err(NotTaken::Revoked) } else { result } {
                Err(why @ (NotTaken::Missing | NotTaken::Invalid | NotTaken::Expired)) => plain(bodies::not_taken(why)),
                result => self.public(|| self.session(result)),
            }
        };
        befallen(fault, happen, || plain(bodies::general(SimulatedOutcome::ServerError, 2))).await
    }

    fn log_out(&self) -> Response {
        let result = self.platform.sessions().log_out(self.platform.now(), self.received.bearer());
        match result {
            Ok(()) => self.public(bodies::empty),
            Err(why) => plain(bodies::not_taken(why)),
        }
    }

    async fn records(&self, named: &str, collection: &str, most: usize, cursor: Option<&str>) -> Response {
        let Some(owner) = self.owner(named) else { return self.public(|| bodies::no_repo(named)) };
        let tell = |world: &mut World, _: Moment| {
            let of = Collection::named(collection);
            let page = match of {
                Some(of) => world.bluesky.of(owner).page(of, most, cursor),
                None if collection == PROFILE && cursor.is_none() => vec![world.bluesky.of(owner).profile()],
                None => Vec::new(),
            };
            bodies::records(owner, collection, &page)
        };
        self.read(owner, tell).await
    }

    async fn record(&self, named: &str, collection: &str, key: &str) -> Response {
        let Some(owner) = self.owner(named) else { return self.public(|| bodies::no_repo(named)) };
        let (decision, found) = self.platform.at_once(|world, now| {
            let decision = world.read_there(now, owner, self.method.name(), true);
            (decision, Collection::named(collection).and_then(|of| world.bluesky.of(owner).record(of, key)))
        });
        let good = |_| match &found {
            Some(record) => bodies::good(&bodies::record(owner, collection, record)),
            None => bodies::no_record(owner, collection, key),
        };
        self.deliver(decision, good).await
    }

    async fn delete(&self, user: TargetId, repo: &str, collection: &str, key: &str, swap: Option<&str>) -> Response {
        if let Some(refused) = self.foreign(user, repo) {
            return refused;
        }
        let ask = DeleteAsk { collection: Collection::named(collection), key, swap };
        let (decision, deletion) = self.platform.at_once(|world, now| world.delete_record(now, user, ask));
        let say = |answer: Answer| self.told(answer, bodies::deletion(answer.verdict, &deletion, answer.wording));
        deliver(decision, say, self.platform).await
    }

    async fn create(
        &self,
        user: TargetId,
        repo: &str,
        name: &str,
        key: Option<&str>,
        value: (&Value, bool),
    ) -> Response {
        if let Some(refused) = self.foreign(user, repo) {
            return refused;
        }
        let of = Collection::named(name);
        let method = self.method.name();
        let (decision, made) =
            self.platform.at_once(|world, now| world.create_record(now, user, method, of, key, value));
        self.deliver(decision, |_| bodies::creation(user, name, &made)).await
    }

    /// The answer to somebody who wants to write into a repository that is not theirs.
    fn foreign(&self, user: TargetId, repo: &str) -> Option<Response> {
        match self.owner(repo) {
            Some(owner) if owner == user => None,
            Some(_) => Some(self.public(|| bodies::error(401, "AuthenticationRequired", "Authentication Required"))),
            None => Some(self.public(|| bodies::error(403, "AccountNotFound", "Account not found"))),
        }
    }

    /// What an app view does or undoes.
    async fn app_view(&self, user: TargetId, subject: &str) -> Response {
        let is_of_posts = matches!(self.method, Method::CreateBookmark | Method::DeleteBookmark);
        if is_of_posts && !subject.contains("/app.bsky.feed.post/") {
            return self.public(|| bodies::error(400, "UnsupportedCollection", "Only posts can be bookmarked"));
        }
        let number = if is_of_posts { Some(number_of_uri(subject)) } else { self.somebody(subject) };
        let Some(number) = number else { return self.public(|| bodies::invalid("Actor not found")) };
        let name = self.method.name();
        let decision = self.platform.at_once(|world, now| match self.method {
            Method::UnmuteActor => world.undo_in_app_view(now, user, Action::Unmute, number),
            Method::DeleteBookmark => world.undo_in_app_view(now, user, Action::Unbookmark, number),
            Method::CreateBookmark => world.do_in_app_view(now, user, name, Shelf::Bookmarks, number),
            _ => world.do_in_app_view(now, user, name, Shelf::Mutes, number),
        });
        self.deliver(decision, |_| bodies::empty()).await
    }

    /// A page of an app view's list.
    async fn page(&self, asker: TargetId, of: Option<&str>, most: u32, from: Option<&str>) -> Response {
        let shelf = match self.method {
            Method::GetMutes => Shelf::Mutes,
            Method::GetFollowers => Shelf::Followers,
            _ => Shelf::Bookmarks,
        };
        let Some(of) = of.map_or(Some(asker), |of| self.somebody(of)) else {
            return self.public(|| bodies::invalid("Actor not found"));
        };
        let from = from.and_then(|from| index_of(shelf, from)).unwrap_or(0);
        let wanted = ReadQuery::Page { shelf, count: most, from };
        let ask = ReadAsk { path_user: None, wanted, fields: Default::default() };
        let tell = |world: &mut World, _: Moment| {
            let page = world.leaf(requests::account(of), &ask);
            let entries = page.entries.iter().map(|(id, _)| match shelf.kind() {
                TargetKind::User => bodies::profile(*id),
                _ => bodies::bookmark(*id),
            });
            let list = shelf.name();
            let mut body = json!({ list: entries.collect::<Vec<_>>() });
            if let (Some(next), Some(fields)) = (page.next, body.as_object_mut()) {
                fields.insert("cursor".into(), next.into());
            }
            body
        };
        self.read(asker, tell).await
    }
}

/// The scope that a question needs and a login does not have.
fn missing_scope(method: Method, question: &Question, bound: &BoundUser) -> Option<String> {
    let lacks = |collection: &str, action: &str| {
        (!bound.may_write(collection, action)).then(|| format!("repo:{collection}?action={action}"))
    };
    match question {
        Question::Delete { collection, .. } => lacks(collection, "delete"),
        Question::Create { collection, .. } if method == Method::PutRecord => {
            lacks(collection, "create").or_else(|| lacks(collection, "update"))
        }
        Question::Create { collection, .. } => lacks(collection, "create"),
        _ if method.is_app_views() => {
            let name = method.name();
            (!bound.may_call(name)).then(|| format!("rpc:{name}?aud=did:web:localhost%23bsky_appview"))
        }
        _ => None,
    }
}
