//! Puts what has been decided into the words of a PDS: what it asked for, or `{"error": WORD, "message": SENTENCE}`. Rendered after the
//! reference server's answers, which `tests/bluesky` compares with these, and not after what our client expects.

use serde_json::{Value, json};

use super::super::decision::SimulatedOutcome;
use super::super::rendered::{JSON, Rendered, edge_page, json_answer, status_5xx};
use super::super::trouble::Trouble;
use super::made_up::author_of;
use super::names::{did, handle, post_uri};
use super::repo::RepoRecord;
use super::sessions::{NotTaken, OpenSession};
use super::writes::{Deletion, Writing};
use crate::domain::TargetId;

pub(in crate::sandbox) fn error(status: u16, word: &str, message: &str) -> Rendered {
    json_answer(status, JSON, &json!({ "error": word, "message": message }))
}

/// What was asked for is no question.
pub(in crate::sandbox) fn invalid(message: &str) -> Rendered {
    error(400, "InvalidRequest", message)
}

/// A method the server does not have, and its app view neither.
pub(in crate::sandbox) fn unknown_method() -> Rendered {
    error(501, "MethodNotImplemented", "Method Not Implemented")
}

/// A body that says what was asked for.
pub(in crate::sandbox) fn good(body: &Value) -> Rendered {
    json_answer(200, JSON, body)
}

/// A success that has nothing to say.
pub(in crate::sandbox) fn empty() -> Rendered {
    Rendered { status: 200, content_type: JSON, body: String::new(), from_edge: false }
}

/// The answer to somebody whose token or password is not taken.
pub(in crate::sandbox) fn not_taken(why: NotTaken) -> Rendered {
    match why {
        NotTaken::Missing => error(401, "AuthMissing", "Authentication Required"),
        NotTaken::Invalid => error(400, "InvalidToken", "Token could not be verified"),
        NotTaken::Expired => error(400, "ExpiredToken", "Token has expired"),
        NotTaken::Revoked => error(400, "ExpiredToken", "Token has been revoked"),
        NotTaken::Password => error(401, "AuthenticationRequired", "Invalid identifier or password"),
        NotTaken::Limited => limited(),
        NotTaken::Unbound => error(401, "invalid_token", "Invalid token"),
        NotTaken::Proof => error(401, "invalid_dpop_proof", "Failed to verify DPoP proof"),
        NotTaken::Nonce => error(401, "use_dpop_nonce", "Authorization server requires nonce in DPoP proof"),
    }
}

/// The answer to somebody whose login is not for that.
pub(in crate::sandbox) fn scope_missing(scope: &str) -> Rendered {
    error(403, "ScopeMissingError", &format!("Missing required scope \"{scope}\""))
}

/// The answer to somebody whose token is none.
pub(in crate::sandbox) fn denied() -> Rendered {
    not_taken(NotTaken::Invalid)
}

fn limited() -> Rendered {
    error(429, "RateLimitExceeded", "Rate Limit Exceeded")
}

/// The tokens of a session, and whose it is.
pub(in crate::sandbox) fn session(open: &OpenSession, at: &str) -> Value {
    let mut body = account(open.user, &open.handle, at);
    if let Some(fields) = body.as_object_mut() {
        fields.insert("accessJwt".into(), open.access.clone().into());
        fields.insert("refreshJwt".into(), open.refresh.clone().into());
    }
    body
}

/// Whose a session is. `at` is where the server listens: the account's document names it.
pub(in crate::sandbox) fn account(user: TargetId, handle: &str, at: &str) -> Value {
    let did = did(user);
    let document = json!({
        "@context": ["https://www.w3.org/ns/did/v1"],
        "id": did,
        "alsoKnownAs": [format!("at://{handle}")],
        "verificationMethod": [],
        "service": [{ "id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": format!("http://{at}") }],
    });
    json!({
        "did": did, "didDoc": document, "handle": handle, "email": "made-up@example.com", "emailConfirmed": true, "active": true,
    })
}

/// A page of a collection. As long as there was something on a page, there may be more.
pub(in crate::sandbox) fn records(owner: TargetId, collection: &str, page: &[RepoRecord]) -> Value {
    let mut body = json!({ "records": page.iter().map(|one| record(owner, collection, one)).collect::<Vec<_>>() });
    if let (Some(last), Some(fields)) = (page.last(), body.as_object_mut()) {
        fields.insert("cursor".into(), last.key.clone().into());
    }
    body
}

pub(in crate::sandbox) fn record(owner: TargetId, collection: &str, record: &RepoRecord) -> Value {
    json!({ "uri": uri(owner, collection, &record.key), "cid": record.cid, "value": record.value })
}

pub(in crate::sandbox) fn no_record(owner: TargetId, collection: &str, key: &str) -> Rendered {
    error(400, "RecordNotFound", &format!("Could not locate record: {}", uri(owner, collection, key)))
}

pub(in crate::sandbox) fn no_repo(named: &str) -> Rendered {
    invalid(&format!("Could not find repo: {named}"))
}

fn uri(owner: TargetId, collection: &str, key: &str) -> String {
    format!("at://{}/{collection}/{key}", did(owner))
}

/// The answer to a deletion.
pub(in crate::sandbox) fn deletion(verdict: SimulatedOutcome, deletion: &Deletion, wording: u8) -> Rendered {
    match (verdict, deletion) {
        (SimulatedOutcome::Undone, Deletion::Commit { cid, rev }) => {
            good(&json!({ "commit": { "cid": cid, "rev": rev } }))
        }
        (SimulatedOutcome::Undone | SimulatedOutcome::GoneUnnamed, Deletion::Changed { at }) => {
            error(400, "InvalidSwap", &format!("Record was at {at}"))
        }
        // What is not there is a success that has changed nothing.
        (SimulatedOutcome::Undone | SimulatedOutcome::GoneUnnamed, _) => good(&json!({})),
        (SimulatedOutcome::Trouble(Trouble::DuplicateKeys), _) => {
            let body = r#"{"commit":null,"commit":{"cid":"bafyreia","rev":"3a"}}"#.to_owned();
            Rendered { status: 200, content_type: JSON, body, from_edge: false }
        }
        (other, _) => general(other, wording),
    }
}

/// The answer to a creation.
pub(in crate::sandbox) fn creation(owner: TargetId, collection: &str, made: &Writing) -> Rendered {
    match made {
        Writing::Written { record, cid, rev } => good(&json!({
            "uri": uri(owner, collection, &record.key),
            "cid": record.cid,
            "commit": { "cid": cid, "rev": rev },
            "validationStatus": "valid",
        })),
        // Nothing is committed where nothing changes.
        Writing::Unchanged(record) => {
            good(&json!({ "uri": uri(owner, collection, &record.key), "cid": record.cid, "validationStatus": "valid" }))
        }
        Writing::Changed { at } => error(400, "InvalidSwap", &format!("Record was at {at}")),
        // The reference server fails where another record has the key.
        Writing::KeyTaken => error(500, "InternalServerError", "Internal Server Error"),
        Writing::NoSuchCollection => invalid("The sandbox has no such collection"),
    }
}

/// Profiles, as far as the sandbox knows any.
pub(in crate::sandbox) fn profile(user: TargetId) -> Value {
    let value = user.value();
    json!({
        "did": did(user),
        "handle": handle(user),
        "displayName": format!("User {}", value % 1_000),
        "description": "made up for tests",
        "followersCount": value % 4_999,
        "followsCount": value % 997,
        "postsCount": value % 9_973,
        "createdAt": "2024-01-01T00:00:00.000Z",
        "labels": [],
    })
}

/// A bookmark of a post.
pub(in crate::sandbox) fn bookmark(post: TargetId) -> Value {
    let author = author_of(post);
    let uri = post_uri(&did(author), post.value());
    let cid = super::names::cid(uri.as_bytes());
    json!({
        "createdAt": "2025-01-01T00:00:00.000Z",
        "subject": { "uri": uri, "cid": cid },
        "item": {
            "$type": "app.bsky.feed.defs#postView",
            "uri": uri,
            "cid": cid,
            "author": { "did": did(author), "handle": handle(author) },
            "record": { "$type": "app.bsky.feed.post", "text": "made up for tests", "createdAt": "2024-12-31T00:00:00.000Z" },
            "indexedAt": "2024-12-31T00:00:00.000Z",
        },
    })
}

/// Answers that have nothing to do with what was asked for.
pub(in crate::sandbox) fn general(verdict: SimulatedOutcome, wording: u8) -> Rendered {
    match verdict {
        SimulatedOutcome::RateLimited => limited(),
        SimulatedOutcome::ServerError => {
            let (status, title) = status_5xx(wording);
            let word = match status {
                500 => "InternalServerError",
                502 => "UpstreamFailure",
                503 => "NotEnoughResources",
                _ => "UpstreamTimeout",
            };
            if (wording / 4).is_multiple_of(2) { error(status, word, title) } else { edge_page(status, title) }
        }
        SimulatedOutcome::Trouble(trouble) => troubled(trouble),
        SimulatedOutcome::BadTarget | SimulatedOutcome::PathUser => {
            error(401, "AuthenticationRequired", "Authentication Required")
        }
        SimulatedOutcome::Undone
        | SimulatedOutcome::Gone
        | SimulatedOutcome::GoneUnnamed
        | SimulatedOutcome::Refused(_)
        | SimulatedOutcome::Full => {
            error(503, "NotEnoughResources", "The sandbox holds as much as it can; start a new one.")
        }
    }
}

fn troubled(trouble: Trouble) -> Rendered {
    match trouble {
        Trouble::Revoked => not_taken(NotTaken::Expired),
        Trouble::Suspended => error(401, "AccountTakedown", "Account has been taken down"),
        Trouble::SuspendedInWords => error(401, "AccountDeactivated", "Account is deactivated"),
        Trouble::Ambiguous => error(403, "Forbidden", "Forbidden"),
        // Nothing is paid for here; what comes nearest is a token that may too little.
        Trouble::CreditsDepleted | Trouble::NotEnrolled => {
            error(403, "ScopeMissingError", "Missing required scope \"repo:*?action=delete\"")
        }
        Trouble::RouteLost => unknown_method(),
        Trouble::RoutePage => edge_page(404, "Not Found"),
        Trouble::BadRequest => invalid("Expected object value type at $"),
        Trouble::UserMissing => error(403, "AccountNotFound", "Account not found"),
        Trouble::DuplicateKeys => {
            let body = r#"{"records":[{"uri":"at://a","uri":"at://b"}]}"#.to_owned();
            Rendered { status: 200, content_type: JSON, body, from_edge: false }
        }
        Trouble::Outage | Trouble::NoAnswer => error(502, "UpstreamFailure", "Upstream service unreachable"),
    }
}
