//! Trouble a whole account is in until it is restored: its names, and what X says then. The other platforms' words for it stand in their
//! own `bodies`.

use serde_json::{Value, json};

use super::rendered::{
    JSON, PROBLEM, PROBLEMS, Rendered, about_blank, coded, credits_depleted, edge_page, invalid_request, json_answer,
};
use crate::domain::TargetId;

crate::domain::with_names! {
    /// Trouble a whole account is in, until restored.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Trouble {
        /// The token is not accepted any more: 401.
        Revoked => "revoke",
        /// The account is suspended: 403, code 64.
        Suspended => "suspend",
        /// The same in a sentence without a code.
        SuspendedInWords => "suspend-in-words",
        /// Everything is refused with a 403 that does not say why.
        Ambiguous => "ambiguous",
        /// The app's credits are used up: 402.
        CreditsDepleted => "credits",
        /// Requests are billed to the user, who has not enrolled: 403.
        NotEnrolled => "not-enrolled",
        /// The address has been retired: whatever is asked for is not found.
        RouteLost => "route-lost",
        /// The same by a page of the edge.
        RoutePage => "route-page",
        /// The request is not taken, whatever it is about: 400 in several wordings.
        BadRequest => "bad-request",
        /// The acting user does not exist.
        UserMissing => "user-missing",
        /// The answer says two things at once, and nothing happens.
        DuplicateKeys => "duplicate-keys",
        /// Nobody serves it: everything is answered 5xx.
        Outage => "outage",
        /// Nobody answers: connections are closed, and nothing has happened.
        NoAnswer => "no-answer",
    }
}

const SUSPENDED: &str = "Your account is suspended and is not permitted to access this feature.";

/// What X says to an account in trouble. `field` and `success` are what a confirmed effect would have looked like; a request that has
/// none gets an entry instead.
pub(super) fn troubled(trouble: Trouble, user: TargetId, effect: Option<(&str, bool)>, wording: u8) -> Rendered {
    match trouble {
        Trouble::Revoked => about_blank(401, "Unauthorized", "Unauthorized"),
        Trouble::Suspended => coded(403, 64, SUSPENDED),
        Trouble::SuspendedInWords => json_answer(403, JSON, &json!({"errors": [{"message": SUSPENDED}]})),
        Trouble::Ambiguous => about_blank(403, "Forbidden", "You are not permitted to perform this action."),
        Trouble::CreditsDepleted => credits_depleted(),
        Trouble::NotEnrolled => json_answer(403, PROBLEM, &not_enrolled()),
        Trouble::RouteLost => about_blank(404, "Not Found", "Not Found"),
        Trouble::RoutePage => edge_page(404, "Not Found"),
        Trouble::BadRequest => bad_request(wording),
        Trouble::UserMissing => json_answer(404, PROBLEM, &json!({ "errors": [missing_user(user)] })),
        Trouble::DuplicateKeys => duplicate_keys(effect),
        Trouble::Outage | Trouble::NoAnswer => about_blank(503, "Service Unavailable", "Service Unavailable"),
    }
}

fn not_enrolled() -> Value {
    json!({
        "title": "Client Forbidden",
        "detail": "This endpoint is billed to the authenticated user, who has to enroll in pay-per-use.",
        "reason": "user-not-enrolled",
        "registration_url": "https://console.x.com",
        "type": format!("{PROBLEMS}/client-forbidden"),
    })
}

/// An empty object, a parameter that is not taken, and a resource that nobody may ask for.
fn bad_request(wording: u8) -> Rendered {
    match wording % 3 {
        0 => json_answer(400, JSON, &json!({})),
        1 => invalid_request("api_version", "2", "The `api_version` query parameter value [2] is not valid"),
        _ => {
            let body = json!({"title": "Disallowed Resource", "type": format!("{PROBLEMS}/disallowed-resource"), "status": 400});
            json_answer(400, PROBLEM, &body)
        }
    }
}

fn missing_user(user: TargetId) -> Value {
    json!({
        "value": user.to_string(),
        "detail": format!("Could not find user with id: [{user}]."),
        "title": "Not Found Error",
        "resource_type": "user",
        "resource_id": user.to_string(),
        "type": format!("{PROBLEMS}/resource-not-found"),
    })
}

fn duplicate_keys(effect: Option<(&str, bool)>) -> Rendered {
    let body = match effect {
        // Whoever takes the last one sees a success.
        Some((field, success)) => format!(r#"{{"data":{{"{field}":{},"{field}":{success}}}}}"#, !success),
        None => r#"{"data":[{"id":"1","id":"2"}],"meta":{"result_count":1}}"#.to_owned(),
    };
    Rendered { status: 200, content_type: JSON, body, from_edge: false }
}
