//! Puts a verdict into the words of the Mastodon API: `{"error":"..."}` with a status, relationships and statuses. Rendered after Mastodon's
//! documents and what Mastodon and GoToSocial answer, not after what our client expects.

use axum::http::Method;
use serde_json::{Map, Value, json};

use super::decision::SimulatedOutcome;
use super::list_page::ListPage;
use super::lists::{Shelf, handle_of, made, reposted, user_of};
use super::mastodon_ids::{called, domain_of, number_of, tag_of};
use super::post_shape::shape_of;
use super::rendered::{JSON, Rendered, edge_page, json_answer, status_5xx};
use super::rng::number_behind;
use super::target_fate::TargetRefusal;
use super::trouble::Trouble;
use crate::domain::{Action, TargetId, TargetKind};

/// What an action is at the Mastodon API.
#[derive(Clone, Copy, Debug)]
pub(super) struct Endpoint {
    pub(super) action: Action,
    pub(super) path: &'static str,
    /// The field that says so; a deleted post has none.
    field: &'static str,
    /// What a token needs for it.
    pub(super) scope: &'static str,
}

/// The endpoints the sandbox has.
pub(super) const ENDPOINTS: [Endpoint; 20] = [
    at(Action::Unfollow, "/api/v1/accounts/{id}/unfollow", "following", "write:follows"),
    at(Action::Unlike, "/api/v1/statuses/{id}/unfavourite", "favourited", "write:favourites"),
    at(Action::Unrepost, "/api/v1/statuses/{id}/unreblog", "reblogged", "write:statuses"),
    at(Action::Unmute, "/api/v1/accounts/{id}/unmute", "muting", "write:mutes"),
    at(Action::Unblock, "/api/v1/accounts/{id}/unblock", "blocking", "write:blocks"),
    at(Action::DeletePost, "/api/v1/statuses/{id}", "", "write:statuses"),
    at(Action::Unbookmark, "/api/v1/statuses/{id}/unbookmark", "bookmarked", "write:bookmarks"),
    at(Action::RemoveFollower, "/api/v1/accounts/{id}/remove_from_followers", "followed_by", "write:follows"),
    at(Action::Unpin, "/api/v1/statuses/{id}/unpin", "pinned", "write:accounts"),
    at(Action::Follow, "/api/v1/accounts/{id}/follow", "following", "write:follows"),
    at(Action::Like, "/api/v1/statuses/{id}/favourite", "favourited", "write:favourites"),
    at(Action::Repost, "/api/v1/statuses/{id}/reblog", "reblogged", "write:statuses"),
    at(Action::Mute, "/api/v1/accounts/{id}/mute", "muting", "write:mutes"),
    at(Action::Block, "/api/v1/accounts/{id}/block", "blocking", "write:blocks"),
    at(Action::Bookmark, "/api/v1/statuses/{id}/bookmark", "bookmarked", "write:bookmarks"),
    at(Action::Pin, "/api/v1/statuses/{id}/pin", "pinned", "write:accounts"),
    at(Action::UnfollowTag, "/api/v1/tags/{id}/unfollow", "following", "write:follows"),
    at(Action::FollowTag, "/api/v1/tags/{id}/follow", "following", "write:follows"),
    at(Action::UnblockDomain, "/api/v1/domain_blocks", "", "write:blocks"),
    at(Action::BlockDomain, "/api/v1/domain_blocks", "", "write:blocks"),
];

const fn at(action: Action, path: &'static str, field: &'static str, scope: &'static str) -> Endpoint {
    Endpoint { action, path, field, scope }
}

impl Endpoint {
    pub(super) fn method(&self) -> Method {
        let deletes = matches!(self.action, Action::DeletePost | Action::UnblockDomain);
        if deletes { Method::DELETE } else { Method::POST }
    }
}

fn error(status: u16, said: &str) -> Rendered {
    json_answer(status, JSON, &json!({ "error": said }))
}

/// The answer to a token that may not do it.
pub(super) fn out_of_scope() -> Rendered {
    error(403, "This action is outside the authorized scopes")
}

fn no_record() -> Rendered {
    error(404, "Record not found")
}

/// The answer to a request for an action. Where servers have several wordings for one thing, `wording` chooses.
pub(super) fn worded(verdict: SimulatedOutcome, endpoint: &Endpoint, target: &str, wording: u8) -> Rendered {
    match verdict {
        SimulatedOutcome::Undone => json_answer(200, JSON, &effect(endpoint, target)),
        SimulatedOutcome::Gone if endpoint.action.target_kind() == TargetKind::Post && wording % 2 == 1 => {
            error(404, "Not Found: target status not found")
        }
        SimulatedOutcome::Gone => no_record(),
        SimulatedOutcome::Refused(TargetRefusal::NotYours) => error(403, "Forbidden"),
        SimulatedOutcome::Refused(TargetRefusal::Unexplained) => error(403, "This action is not allowed"),
        // What may not be seen is not there.
        SimulatedOutcome::Refused(TargetRefusal::Protected | TargetRefusal::Suspended) => no_record(),
        SimulatedOutcome::Trouble(Trouble::DuplicateKeys) => {
            let (field, target) = (endpoint.field, target);
            let body = format!(r#"{{"id":"{target}","{field}":true,"{field}":false,"requested":false}}"#);
            Rendered { status: 200, content_type: JSON, body, from_edge: false }
        }
        other => general(other, wording),
    }
}

/// The lists that relationships tell of, each by its field.
pub(super) const RELATIONS: [(Shelf, &str); 4] = [
    (Shelf::Following, "following"),
    (Shelf::Followers, "followed_by"),
    (Shelf::Blocks, "blocking"),
    (Shelf::Mutes, "muting"),
];

/// How the account and users stand to each other: on which of its lists each of them is.
pub(super) fn worded_relationships(verdict: SimulatedOutcome, told: &[(String, Vec<Shelf>)]) -> Rendered {
    if verdict != SimulatedOutcome::Undone {
        return general(verdict, 0);
    }
    let each = told.iter().map(|(called, on)| {
        let mut body = relationship(called);
        for (shelf, field) in RELATIONS {
            body[field] = on.contains(&shelf).into();
        }
        body
    });
    json_answer(200, JSON, &Value::Array(each.collect()))
}

/// The answer to what has been done, as it was before. Whoever approves followers had been asked, and had not said yes.
pub(super) fn stale(endpoint: &Endpoint, target: &str) -> Rendered {
    let mut body = effect(endpoint, target);
    let is_locked = account_body(target, number_of(target))["locked"] == true;
    let field = if endpoint.action == Action::Unfollow && is_locked { "requested" } else { endpoint.field };
    if let Some(field) = body.get_mut(field) {
        *field = endpoint.action.is_undoing().into();
    }
    json_answer(200, JSON, &body)
}

/// A status as it is now; which of the actions on it have been undone.
pub(super) fn worded_status(verdict: SimulatedOutcome, called: &str, undone: &[Action]) -> Rendered {
    if verdict != SimulatedOutcome::Undone {
        return general(verdict, 0);
    }
    let mut body = status_body(called, number_of(called));
    if let Some(fields) = body.as_object_mut() {
        // It is said of the account's own posts; whoever asks whether one is still pinned asks about one of these.
        fields.insert("pinned".into(), true.into());
    }
    for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.path.contains("/statuses/")) {
        if let Some(field) = body.get_mut(endpoint.field).filter(|_| endpoint.action.is_undoing()) {
            *field = (!undone.contains(&endpoint.action)).into();
        }
    }
    json_answer(200, JSON, &body)
}

/// A relationship with a user, or a status.
fn effect(endpoint: &Endpoint, target: &str) -> Value {
    let mut body = match endpoint.action.target_kind() {
        TargetKind::User => relationship(target),
        TargetKind::Post => status_body(target, number_of(target)),
        TargetKind::Tag => tag_body(target),
        // Nothing is said of a server. Lists of users are the account's own affair there.
        TargetKind::Domain | TargetKind::List => return json!({}),
    };
    let Some(fields) = body.as_object_mut() else { return body };
    if endpoint.action == Action::DeletePost {
        // The source comes along, so that it can be written again.
        fields.insert("text".into(), format!("what was written in {target}").into());
    } else {
        fields.insert(endpoint.field.into(), (!endpoint.action.is_undoing()).into());
    }
    if endpoint.action == Action::Repost { new_repost(body) } else { body }
}

fn relationship(target: &str) -> Value {
    json!({
        "id": target, "following": false, "showing_reblogs": false, "notifying": false, "languages": null,
        "followed_by": false, "blocking": false, "blocked_by": false, "muting": false, "muting_notifications": false,
        "requested": false, "requested_by": false, "domain_blocking": false, "endorsed": false, "note": "",
    })
}

/// The post that a repost makes: it has an ID of its own, and holds the post that it repeats.
fn new_repost(repeated: Value) -> Value {
    let id = repeated.get("id").and_then(Value::as_str).unwrap_or_default();
    json!({ "id": format!("{id}9"), "content": "", "reblogged": true, "reblog": repeated })
}

/// The answer to `verify_credentials`.
pub(super) fn worded_user(verdict: SimulatedOutcome, user: TargetId) -> Rendered {
    match verdict {
        SimulatedOutcome::Undone => json_answer(200, JSON, &account_body(&user.to_string(), user)),
        other => general(other, 0),
    }
}

/// The user of an address: the sandbox's own names lead back to theirs, whatever the host; one that begins with `gone_` is nobody's.
pub(super) fn user_of_address(address: &str) -> Option<TargetId> {
    let name = address.trim_start_matches('@').split('@').next().unwrap_or_default();
    if name.is_empty() || name.starts_with("gone_") {
        return None;
    }
    Some(user_of(name).unwrap_or_else(|| number_behind(&address.to_ascii_lowercase())))
}

/// The post of a link: its last part is the ID, unless that begins with `gone`.
pub(super) fn post_of_link(link: &str) -> Option<TargetId> {
    let id =
        link.strip_prefix("https://")?.rsplit('/').next().filter(|id| !id.is_empty() && !id.starts_with("gone"))?;
    Some(number_of(id))
}

/// The answer about an account.
pub(super) fn known_account(user: TargetId) -> Rendered {
    json_answer(200, JSON, &account_body(&called(user), user))
}

/// There is no such record.
pub(super) fn unknown_record() -> Rendered {
    no_record()
}

/// The answer to a search for a post.
pub(super) fn posts_found(post: Option<TargetId>) -> Rendered {
    let statuses: Vec<Value> = post.into_iter().map(|post| status_body(&called(post), post)).collect();
    json_answer(200, JSON, &json!({ "accounts": [], "statuses": statuses, "hashtags": [] }))
}

/// The answer to a request for a page that gets none, or the page.
pub(super) fn worded_page(verdict: SimulatedOutcome, leaf: &ListPage, shelf: Shelf, wording: u8) -> Rendered {
    if verdict != SimulatedOutcome::Undone {
        return general(verdict, wording);
    }
    let entries = leaf.entries.iter().map(|(id, _)| match shelf.kind() {
        TargetKind::User => account_body(&called(*id), *id),
        TargetKind::List => Value::Null,
        TargetKind::Tag => tag_body(&tag_of(*id)),
        TargetKind::Domain => domain_of(*id).into(),
        TargetKind::Post => {
            let (shape, repeated) = (shape_of(*id), reposted(*id));
            let mut body = status_body(&called(*id), *id);
            let Some(fields) = body.as_object_mut() else { return body };
            if shelf == Shelf::Pins {
                fields.insert("pinned".into(), true.into());
            } else if let Some(post) = repeated {
                fields.insert("content".into(), "".into());
                fields.insert("in_reply_to_id".into(), Value::Null);
                fields.insert("media_attachments".into(), json!([]));
                fields.insert("reblog".into(), status_body(&called(post), post));
            } else if shelf == Shelf::Posts && shape.visibility != "direct" {
                // It is said of the account's own posts alone, and where they can be pinned.
                fields.insert("pinned".into(), shape.is_pinned.into());
            }
            body
        }
    });
    json_answer(200, JSON, &Value::Array(entries.collect()))
}

/// Answers that have nothing to do with what was asked for.
fn general(verdict: SimulatedOutcome, wording: u8) -> Rendered {
    match verdict {
        SimulatedOutcome::RateLimited if wording % 2 == 1 => error(429, "rate limit reached"),
        SimulatedOutcome::RateLimited => error(429, "Too many requests"),
        SimulatedOutcome::ServerError => {
            let (status, title) = status_5xx(wording);
            if (wording / 4).is_multiple_of(2) { error(status, title) } else { edge_page(status, title) }
        }
        SimulatedOutcome::GoneUnnamed => error(404, "Not Found"),
        SimulatedOutcome::PathUser | SimulatedOutcome::BadTarget | SimulatedOutcome::Gone => no_record(),
        SimulatedOutcome::Trouble(trouble) => troubled(trouble),
        SimulatedOutcome::Undone | SimulatedOutcome::Refused(_) | SimulatedOutcome::Full => {
            error(503, "The sandbox holds as much as it can; start a new one.")
        }
    }
}

fn troubled(trouble: Trouble) -> Rendered {
    match trouble {
        Trouble::Revoked => error(401, "The access token was revoked"),
        Trouble::Suspended | Trouble::SuspendedInWords => error(403, "Your login is currently disabled"),
        Trouble::Ambiguous => error(403, "This action is not allowed"),
        // Nothing is paid for here; what comes nearest is a token that may too little.
        Trouble::CreditsDepleted | Trouble::NotEnrolled => error(403, "This action is outside the authorized scopes"),
        Trouble::RouteLost | Trouble::UserMissing => error(404, "Not Found"),
        Trouble::RoutePage => edge_page(404, "Not Found"),
        Trouble::BadRequest => error(422, "Validation failed"),
        Trouble::DuplicateKeys => {
            let body = r#"[{"id":"1","id":"2"}]"#.to_owned();
            Rendered { status: 200, content_type: JSON, body, from_edge: false }
        }
        Trouble::Outage | Trouble::NoAnswer => error(503, "Service Unavailable"),
    }
}

/// The answer to somebody who proves nothing.
pub(super) fn denied() -> Rendered {
    error(401, "The access token is invalid")
}

/// A route the API does not have.
pub(super) fn unknown_route() -> Rendered {
    error(404, "Not Found")
}

/// A tag. Servers count from 1 what they have made, and tell that too.
fn tag_body(name: &str) -> Value {
    let url = format!("https://social.example/tags/{name}");
    json!({ "id": "77", "name": name, "url": url, "history": [], "following": true })
}

fn account_body(called: &str, id: TargetId) -> Value {
    let (name, value) = (handle_of(id), id.value());
    json!({
        "id": called,
        "username": name,
        "acct": if value.is_multiple_of(3) { name.clone() } else { format!("{name}@b{}.example", value % 7) },
        "display_name": format!("User {}", value % 1_000),
        "locked": value.is_multiple_of(5),
        "bot": false,
        "created_at": time(id),
        "note": "<p>made up for tests &amp; &quot;quotes&quot;<br>two lines</p>",
        "url": format!("https://social.example/@{name}"),
        "followers_count": value % 4_999,
        "following_count": value % 997,
        "statuses_count": value % 9_973,
        "last_status_at": if value % 9 == 1 { Value::Null } else { time(id)[..10].into() },
    })
}

fn status_body(called: &str, id: TargetId) -> Value {
    let author = (1_000_000_000 + id.value() % 7_919).to_string().parse().unwrap_or(id);
    let shape = shape_of(id);
    let media =
        if shape.has_media { json!([{ "id": called, "type": "image", "description": null }]) } else { json!([]) };
    let fields: Map<String, Value> = ["favourited", "reblogged", "muted", "bookmarked"]
        .into_iter()
        .map(|name| (name.to_owned(), Value::Bool(false)))
        .collect();
    let mut body = json!({
        "id": called,
        "created_at": time(id),
        "in_reply_to_id": if shape.is_reply { Value::from((id.value() - 1).to_string()) } else { Value::Null },
        "sensitive": false,
        "spoiler_text": "",
        "visibility": shape.visibility,
        "language": "en",
        "uri": format!("https://social.example/statuses/{called}"),
        "url": format!("https://social.example/@somebody/{called}"),
        "replies_count": 0,
        "reblogs_count": id.value() % 13,
        "favourites_count": id.value() % 97,
        "content": "<p>a post about <a href=\"https://social.example/tags/ducks\">#<span>ducks</span></a></p>",
        "reblog": null,
        "account": account_body(&super::bodies_mastodon::called(author), author),
        "media_attachments": media,
    });
    if let Some(all) = body.as_object_mut() {
        all.extend(fields);
    }
    body
}

fn time(id: TargetId) -> String {
    let at = jiff::Timestamp::from_millisecond(made(id).0).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}
