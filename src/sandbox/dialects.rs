//! The platforms whose actions have a path each, behind one face: which endpoints there are, how each is read, and in whose words it answers.

use axum::http::Method;

use super::authn::Received;
use super::decision::SimulatedOutcome;
use super::mastodon_ids;
use super::rendered::Rendered;
use super::signature::Denied;
use super::who::SimulatedApi;
use super::{bluesky, bodies, bodies_aisa, bodies_mastodon, bodies_v1};
use crate::domain::{Action, TargetId};
use bodies_v1::Place;

/// An endpoint of one of the platforms.
#[derive(Clone, Copy, Debug)]
pub(super) enum Endpoint {
    V2(&'static bodies::Endpoint),
    V1(&'static bodies_v1::Endpoint),
    Aisa(&'static bodies_aisa::Endpoint),
    Mastodon(&'static bodies_mastodon::Endpoint),
}

/// What a request asks for, in its own words.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// The user the path names.
    pub(super) path_user: Option<String>,
    /// Empty where none is named.
    pub(super) target: String,
    /// The name that was asked for instead of an ID, at v1.1.
    pub(super) screen_name: Option<String>,
    /// The target as the path names it, where that is not the sandbox's own number for it.
    pub(super) called: Option<String>,
    /// What is wrong with the body, where AIsa has a word for it.
    flaw: Option<&'static str>,
}

impl Endpoint {
    /// Every endpoint of every platform.
    pub(super) fn all() -> impl Iterator<Item = Endpoint> {
        let v2 = bodies::ENDPOINTS.iter().map(Endpoint::V2);
        let mastodon = bodies_mastodon::ENDPOINTS.iter().map(Endpoint::Mastodon);
        v2.chain(bodies_v1::ENDPOINTS.iter().map(Endpoint::V1))
            .chain(bodies_aisa::ENDPOINTS.iter().map(Endpoint::Aisa))
            .chain(mastodon)
    }

    pub(super) fn path(self) -> &'static str {
        match self {
            Endpoint::V2(endpoint) => endpoint.path,
            Endpoint::V1(endpoint) => endpoint.path,
            Endpoint::Aisa(endpoint) => endpoint.path,
            Endpoint::Mastodon(endpoint) => endpoint.path,
        }
    }

    pub(super) fn method(self) -> Method {
        match self {
            Endpoint::V2(endpoint) if endpoint.action.is_undoing() => Method::DELETE,
            Endpoint::V2(_) => Method::POST,
            Endpoint::V1(_) | Endpoint::Aisa(_) => Method::POST,
            Endpoint::Mastodon(endpoint) => endpoint.method(),
        }
    }

    pub(super) fn action(self) -> Action {
        match self {
            Endpoint::V2(endpoint) => endpoint.action,
            Endpoint::V1(endpoint) => endpoint.action,
            Endpoint::Aisa(endpoint) => endpoint.action,
            Endpoint::Mastodon(endpoint) => endpoint.action,
        }
    }

    pub(super) fn dialect(self) -> SimulatedApi {
        match self {
            Endpoint::V2(_) => SimulatedApi::V2,
            Endpoint::V1(_) => SimulatedApi::V1,
            Endpoint::Aisa(_) => SimulatedApi::Aisa,
            Endpoint::Mastodon(_) => SimulatedApi::Mastodon,
        }
    }

    /// The scope that it takes, where tokens have scopes.
    pub(super) fn scope(self) -> Option<&'static str> {
        match self {
            Endpoint::Mastodon(endpoint) => Some(endpoint.scope),
            Endpoint::V2(_) | Endpoint::V1(_) | Endpoint::Aisa(_) => None,
        }
    }

    /// Whether OAuth 1.0a is refused where it is taken elsewhere.
    pub(super) fn oauth2_only(self) -> bool {
        matches!(self.action(), Action::Unbookmark | Action::Bookmark)
    }

    /// What a request asks for; none where its path has other parts than the endpoint's.
    pub(super) fn read(self, params: &[String], received: &Received) -> Option<Asked> {
        match (self, params) {
            (Endpoint::V2(endpoint), [user]) if !endpoint.action.is_undoing() => {
                let body: serde_json::Value = serde_json::from_str(&received.body).unwrap_or_default();
                let target = body.get(endpoint.target_parameter).and_then(serde_json::Value::as_str);
                let target = target.unwrap_or_default().to_owned();
                Some(Asked { path_user: Some(user.clone()), target, ..Asked::default() })
            }
            (Endpoint::V2(_), [user, target]) => {
                Some(Asked { path_user: Some(user.clone()), target: target.clone(), ..Asked::default() })
            }
            (Endpoint::V2(_), [target]) => Some(Asked { target: target.clone(), ..Asked::default() }),
            (Endpoint::V1(endpoint), params) => {
                let screen_name = v1_parameter(received, "screen_name");
                v1_target(endpoint.target, params, received).map(|target| Asked {
                    target,
                    screen_name,
                    ..Asked::default()
                })
            }
            (Endpoint::Aisa(endpoint), []) => Some(match bodies_aisa::target(endpoint, &received.body) {
                Ok(target) => Asked { target, ..Asked::default() },
                Err(flaw) => Asked { flaw: Some(flaw), ..Asked::default() },
            }),
            (Endpoint::Mastodon(_), [target]) => Some(Asked {
                target: mastodon_ids::number_of(target).to_string(),
                called: Some(target.clone()),
                ..Asked::default()
            }),
            // A server is named in the query.
            (Endpoint::Mastodon(_), []) => {
                let domain = pairs(received.query()).find(|(name, _)| *name == "domain")?.1.to_owned();
                let target = mastodon_ids::number_of(&domain).to_string();
                Some(Asked { target, called: Some(domain), ..Asked::default() })
            }
            _ => None,
        }
    }

    /// The answer in the platform's words.
    pub(super) fn worded(self, verdict: SimulatedOutcome, user: TargetId, asked: &Asked, wording: u8) -> Rendered {
        match self {
            Endpoint::V2(endpoint) => {
                let path_user = asked.path_user.as_deref().unwrap_or_default();
                let asked = bodies::Asked { endpoint, user, path_user, target: &asked.target };
                bodies::worded(verdict, asked, wording)
            }
            Endpoint::V1(endpoint) => {
                bodies_v1::worded(verdict, endpoint, user, (&asked.target, asked.screen_name.as_deref()), wording)
            }
            Endpoint::Aisa(endpoint) => {
                bodies_aisa::worded(verdict, endpoint, user, (&asked.target, asked.flaw), wording)
            }
            Endpoint::Mastodon(endpoint) => {
                let called = asked.called.as_deref().unwrap_or_default();
                bodies_mastodon::worded(verdict, endpoint, called, wording)
            }
        }
    }
}

/// The answer to somebody who proves nothing.
pub(super) fn denied(dialect: SimulatedApi, denied: Denied) -> Rendered {
    match dialect {
        SimulatedApi::V2 => bodies::denied(denied),
        SimulatedApi::V1 => bodies_v1::denied(denied),
        SimulatedApi::Aisa => bodies_aisa::denied(denied),
        SimulatedApi::Mastodon => bodies_mastodon::denied(),
        SimulatedApi::Bluesky => bluesky::denied(),
    }
}

/// The answer to a path no platform has.
pub(super) fn unknown_route(path: &str) -> Rendered {
    if path.starts_with("/1.1/") {
        bodies_v1::unknown_route()
    } else if path.starts_with("/apis/") {
        bodies_aisa::unknown_route()
    } else if path.starts_with("/xrpc/") {
        bluesky::unknown_method()
    } else if path.starts_with("/api/") {
        bodies_mastodon::unknown_route()
    } else {
        bodies::unknown_route()
    }
}

/// v1.1 takes its parameters from query or form alike.
fn v1_target(place: Place, params: &[String], received: &Received) -> Option<String> {
    let named = |name: &str| v1_parameter(received, name);
    match (place, params) {
        (Place::Path, [segment]) => segment.strip_suffix(".json").map(ToOwned::to_owned),
        (Place::User, []) => Some(
            named("user_id").or_else(|| named("screen_name").map(|name| bodies_v1::user_of(&name))).unwrap_or_default(),
        ),
        (Place::Post, []) => Some(named("id").unwrap_or_default()),
        _ => None,
    }
}

/// The pairs of a query or form. IDs and handles need no decoding; what does is no ID.
fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('&').filter_map(|pair| pair.split_once('='))
}

fn v1_parameter(received: &Received, name: &str) -> Option<String> {
    let texts = [received.query(), received.form()];
    texts.iter().find_map(|text| pairs(text).find(|(key, _)| *key == name).map(|(_, value)| value.to_owned()))
}
