//! Puts a verdict into the words of X API v2: status, content type and body. Rendered after X's documents (problem details, `errors[]`
//! with v1 codes, and the pages an edge sends), not after what our client expects.

use serde_json::json;

use super::decision::SimulatedOutcome;
use super::rendered::{
    JSON, PROBLEM, PROBLEMS, Rendered, about_blank, coded, edge_page, invalid_request, json_answer, status_5xx,
};
use super::signature::Denied;
use super::target_fate::TargetRefusal;
use super::trouble::troubled;
use crate::domain::{Action, TargetId, TargetKind};

/// What an action is at X: its path, its field and the value that means success.
#[derive(Clone, Copy, Debug)]
pub(super) struct Endpoint {
    pub(super) action: Action,
    pub(super) path: &'static str,
    /// The path's name for the user; none where the path names none.
    pub(super) user_parameter: Option<&'static str>,
    pub(super) target_parameter: &'static str,
    field: &'static str,
    success: bool,
}

/// The endpoints the sandbox has.
pub(super) const ENDPOINTS: [Endpoint; 15] = [
    Endpoint {
        action: Action::Unfollow,
        path: "/2/users/{source_user_id}/following/{target_user_id}",
        user_parameter: Some("source_user_id"),
        target_parameter: "target_user_id",
        field: "following",
        success: false,
    },
    Endpoint {
        action: Action::Unlike,
        path: "/2/users/{id}/likes/{tweet_id}",
        user_parameter: Some("id"),
        target_parameter: "tweet_id",
        field: "liked",
        success: false,
    },
    Endpoint {
        action: Action::Unrepost,
        path: "/2/users/{id}/retweets/{source_tweet_id}",
        user_parameter: Some("id"),
        target_parameter: "source_tweet_id",
        field: "retweeted",
        success: false,
    },
    Endpoint {
        action: Action::Unmute,
        path: "/2/users/{source_user_id}/muting/{target_user_id}",
        user_parameter: Some("source_user_id"),
        target_parameter: "target_user_id",
        field: "muting",
        success: false,
    },
    Endpoint {
        action: Action::Unblock,
        path: "/2/users/{source_user_id}/blocking/{target_user_id}",
        user_parameter: Some("source_user_id"),
        target_parameter: "target_user_id",
        field: "blocking",
        success: false,
    },
    Endpoint {
        action: Action::DeletePost,
        path: "/2/tweets/{id}",
        user_parameter: None,
        target_parameter: "id",
        field: "deleted",
        success: true,
    },
    Endpoint {
        action: Action::Unbookmark,
        path: "/2/users/{id}/bookmarks/{tweet_id}",
        user_parameter: Some("id"),
        target_parameter: "tweet_id",
        field: "bookmarked",
        success: false,
    },
    Endpoint {
        action: Action::Mute,
        path: "/2/users/{id}/muting",
        user_parameter: Some("id"),
        target_parameter: "target_user_id",
        field: "muting",
        success: true,
    },
    Endpoint {
        action: Action::Block,
        path: "/2/users/{id}/blocking",
        user_parameter: Some("id"),
        target_parameter: "target_user_id",
        field: "blocking",
        success: true,
    },
    Endpoint {
        action: Action::Bookmark,
        path: "/2/users/{id}/bookmarks",
        user_parameter: Some("id"),
        target_parameter: "tweet_id",
        field: "bookmarked",
        success: true,
    },
    Endpoint {
        action: Action::LeaveList,
        path: "/2/users/{id}/followed_lists/{list_id}",
        user_parameter: Some("id"),
        target_parameter: "list_id",
        field: "following",
        success: false,
    },
    Endpoint {
        action: Action::DeleteList,
        path: "/2/lists/{id}",
        user_parameter: None,
        target_parameter: "id",
        field: "deleted",
        success: true,
    },
    Endpoint {
        action: Action::UnpinList,
        path: "/2/users/{id}/pinned_lists/{list_id}",
        user_parameter: Some("id"),
        target_parameter: "list_id",
        field: "pinned",
        success: false,
    },
    Endpoint {
        action: Action::FollowList,
        path: "/2/users/{id}/followed_lists",
        user_parameter: Some("id"),
        target_parameter: "list_id",
        field: "following",
        success: true,
    },
    Endpoint {
        action: Action::PinList,
        path: "/2/users/{id}/pinned_lists",
        user_parameter: Some("id"),
        target_parameter: "list_id",
        field: "pinned",
        success: true,
    },
];

/// Who asked for what, for the bodies that repeat it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) user: TargetId,
    pub(super) path_user: &'a str,
    pub(super) target: &'a str,
}

/// The answer to a request for an action. Where X has several wordings for one thing, `wording` chooses.
pub(super) fn worded(verdict: SimulatedOutcome, asked: Asked<'_>, wording: u8) -> Rendered {
    let Asked { endpoint, user, path_user, target } = asked;
    match verdict {
        SimulatedOutcome::Undone => json_answer(200, JSON, &json!({"data": {endpoint.field: endpoint.success}})),
        SimulatedOutcome::Gone => not_found(endpoint, target, wording),
        SimulatedOutcome::Refused(refusal) => refused(refusal, endpoint.action, target),
        SimulatedOutcome::PathUser => {
            let name = endpoint.user_parameter.unwrap_or("id");
            let message = format!(
                "The `{name}` query parameter value [{path_user}] must be the same as the authenticating user [{user}]"
            );
            invalid_request(name, path_user, &message)
        }
        SimulatedOutcome::BadTarget => {
            let name = endpoint.target_parameter;
            let message = format!("The `{name}` query parameter value [{target}] does not match ^[0-9]{{1,19}}$");
            invalid_request(name, target, &message)
        }
        SimulatedOutcome::GoneUnnamed => unknown_route(),
        SimulatedOutcome::Trouble(trouble) => {
            troubled(trouble, user, Some((endpoint.field, endpoint.success)), wording)
        }
        SimulatedOutcome::RateLimited | SimulatedOutcome::ServerError | SimulatedOutcome::Full => {
            general(verdict, user, wording)
        }
    }
}

/// The answer to `/2/users/me`.
pub(super) fn worded_user(verdict: SimulatedOutcome, user: TargetId) -> Rendered {
    match verdict {
        SimulatedOutcome::Undone => {
            let username = format!("sandbox_{}", user.value() % 10_000_000);
            let data = json!({"id": user.to_string(), "name": "Sandbox User", "username": username});
            json_answer(200, JSON, &json!({"data": data}))
        }
        other => general(other, user, 0),
    }
}

/// The answer to a request for a page that gets none.
pub(super) fn worded_read(verdict: SimulatedOutcome, user: TargetId, path_user: Option<&str>, wording: u8) -> Rendered {
    match verdict {
        SimulatedOutcome::PathUser => {
            let path_user = path_user.unwrap_or_default();
            let message = format!(
                "The `id` query parameter value [{path_user}] must be the same as the authenticating user [{user}]"
            );
            invalid_request("id", path_user, &message)
        }
        other => general(other, user, wording),
    }
}

/// Answers that have nothing to do with what was asked for.
fn general(verdict: SimulatedOutcome, user: TargetId, wording: u8) -> Rendered {
    match verdict {
        SimulatedOutcome::RateLimited if wording.is_multiple_of(2) => {
            about_blank(429, "Too Many Requests", "Too Many Requests")
        }
        SimulatedOutcome::RateLimited => coded(429, 88, "Rate limit exceeded"),
        SimulatedOutcome::Trouble(trouble) => troubled(trouble, user, None, wording),
        SimulatedOutcome::ServerError => server_error(wording),
        _ => about_blank(503, "Service Unavailable", "The sandbox holds as much as it can; start a new one."),
    }
}

/// The answer to somebody who proves nothing.
pub(super) fn denied(denied: Denied) -> Rendered {
    match denied {
        Denied::Missing | Denied::Unknown | Denied::Ended => unauthorized(),
        Denied::Clock => coded(401, 135, "Timestamp out of bounds."),
        Denied::WrongKind => {
            let detail = "Authenticating with OAuth 1.0a User Context is forbidden for this endpoint. Supported \
                          authentication types are [OAuth 2.0 User Context].";
            let body = json!({
                "title": "Unsupported Authentication",
                "detail": detail,
                "type": format!("{PROBLEMS}/unsupported-authentication"),
                "status": 403,
            });
            json_answer(403, PROBLEM, &body)
        }
    }
}

fn unauthorized() -> Rendered {
    about_blank(401, "Unauthorized", "Unauthorized")
}

/// A route X does not have.
pub(super) fn unknown_route() -> Rendered {
    about_blank(404, "Not Found", "Not Found")
}

/// A path that is no UTF-8.
pub(super) fn unreadable_path() -> Rendered {
    invalid_request("id", "", "The path cannot be read")
}

/// X says of a missing target either 404, or 200 with nothing but `errors`; of a post to be deleted always 404.
fn not_found(endpoint: &Endpoint, target: &str, wording: u8) -> Rendered {
    let resource = match endpoint.action.target_kind() {
        TargetKind::User => "user",
        TargetKind::Post => "tweet",
        TargetKind::List => "list",
        // Nothing of X's.
        TargetKind::Tag | TargetKind::Domain => "resource",
    };
    let parameter = endpoint.target_parameter;
    let error = json!({
        "value": target,
        "detail": format!("Could not find {resource} with {parameter}: [{target}]."),
        "title": "Not Found Error",
        "resource_type": resource,
        "parameter": parameter,
        "resource_id": target,
        "type": format!("{PROBLEMS}/resource-not-found"),
    });
    let body = json!({"errors": [error]});
    if matches!(endpoint.action, Action::DeletePost | Action::DeleteList) || wording.is_multiple_of(2) {
        json_answer(404, PROBLEM, &body)
    } else {
        json_answer(200, JSON, &body)
    }
}

pub(super) fn refused(refusal: TargetRefusal, action: Action, target: &str) -> Rendered {
    match (refusal, action.target_kind()) {
        (TargetRefusal::Protected, TargetKind::Post) => {
            coded(403, 179, "Sorry, you are not authorized to see this status.")
        }
        (TargetRefusal::Protected, kind) => {
            let detail = "You are not authorized to access this resource.";
            let body = json!({
                "value": target,
                "title": "Authorization Error",
                "detail": detail,
                "resource_type": if kind == TargetKind::List { "list" } else { "user" },
                "resource_id": target,
                "type": format!("{PROBLEMS}/not-authorized-for-resource"),
                "status": 403,
            });
            json_answer(403, PROBLEM, &body)
        }
        (TargetRefusal::Suspended, _) => coded(403, 63, "User has been suspended."),
        (TargetRefusal::NotYours, _) => about_blank(403, "Forbidden", "You are not authorized to delete this Tweet."),
        (TargetRefusal::Unexplained, _) => {
            about_blank(403, "Forbidden", "You are not permitted to perform this action.")
        }
    }
}

/// Four statuses in three forms: X's own JSON, an edge's HTML page, and nothing at all.
fn server_error(wording: u8) -> Rendered {
    let (status, title) = status_5xx(wording);
    match (wording / 4) % 3 {
        0 => about_blank(status, title, title),
        1 => edge_page(status, title),
        _ => Rendered { body: String::new(), ..edge_page(status, title) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_one_endpoint() {
        let elsewhere =
            [Action::RemoveFollower, Action::Unpin, Action::ListUnblock, Action::UnfollowTag, Action::UnblockDomain];
        for action in Action::UNDOING.into_iter().filter(|action| !elsewhere.contains(action)) {
            assert_eq!(ENDPOINTS.iter().filter(|endpoint| endpoint.action == action).count(), 1, "{action}");
        }
    }

    #[test]
    fn server_errors_come_in_every_form() {
        let all: Vec<Rendered> = (0..12).map(server_error).collect();
        for status in [500, 502, 503, 504] {
            let forms: Vec<&Rendered> = all.iter().filter(|worded| worded.status == status).collect();
            assert_eq!(forms.len(), 3);
            assert_eq!(forms.iter().filter(|form| form.body.is_empty()).count(), 1);
            assert_eq!(forms.iter().filter(|form| form.content_type == PROBLEM).count(), 1);
        }
    }
}
