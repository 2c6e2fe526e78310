//! What the answers of all three platforms are made of: the text with its status, X's two forms of an error, and the pages
//! an edge sends.

use serde_json::{Value, json};

pub(super) const JSON: &str = "application/json; charset=utf-8";
pub(super) const PROBLEM: &str = "application/problem+json";
const HTML: &str = "text/html; charset=utf-8";
pub(super) const PROBLEMS: &str = "https://api.twitter.com/2/problems";

/// An answer in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rendered {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: String,
    /// Whether it comes from the edge, which knows nothing of windows.
    pub(super) from_edge: bool,
}

/// JSON as the body.
pub(super) fn json_answer(status: u16, content_type: &'static str, body: &Value) -> Rendered {
    Rendered { status, content_type, body: body.to_string(), from_edge: false }
}

/// A problem that has no type.
pub(super) fn about_blank(status: u16, title: &str, detail: &str) -> Rendered {
    json_answer(status, PROBLEM, &json!({"title": title, "detail": detail, "type": "about:blank", "status": status}))
}

/// v1.1's form of an error, which v2 uses too.
pub(super) fn coded(status: u16, code: u32, message: &str) -> Rendered {
    json_answer(status, JSON, &json!({"errors": [{"code": code, "message": message}]}))
}

/// A route X has, asked with another method.
pub(super) fn wrong_method() -> Rendered {
    about_blank(405, "Method Not Allowed", "Method Not Allowed")
}

/// A body nobody asked for.
pub(super) fn too_large() -> Rendered {
    about_blank(413, "Payload Too Large", "Payload Too Large")
}

/// 402, at every endpoint.
pub(super) fn credits_depleted() -> Rendered {
    let account = 1_000_000_000_000_000_001_u64;
    let body = json!({
        "account_id": account,
        "title": "CreditsDepleted",
        "detail": format!("Your enrolled account [{account}] does not have any credits to fulfill this request."),
        "type": format!("{PROBLEMS}/credits"),
    });
    json_answer(402, PROBLEM, &body)
}

/// A page of the edge, or nothing but a status.
pub(super) fn edge_error(wording: u8) -> Rendered {
    let (status, title) = status_5xx(wording);
    let page = edge_page(status, title);
    if (wording / 4).is_multiple_of(2) { page } else { Rendered { body: String::new(), ..page } }
}

/// A parameter that cannot be taken.
pub(super) fn invalid_request(name: &str, value: &str, message: &str) -> Rendered {
    let body = json!({
        "errors": [{"parameters": {name: [value]}, "message": message}],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": format!("{PROBLEMS}/invalid-request"),
    });
    json_answer(400, PROBLEM, &body)
}

pub(super) fn edge_page(status: u16, title: &str) -> Rendered {
    let body =
        format!("<html>\r\n<head><title>{status} {title}</title></head>\r\n<body><h1>{title}</h1></body></html>\r\n");
    Rendered { status, content_type: HTML, body, from_edge: true }
}

pub(super) fn status_5xx(wording: u8) -> (u16, &'static str) {
    match wording % 4 {
        0 => (500, "Internal Server Error"),
        1 => (502, "Bad Gateway"),
        2 => (503, "Service Unavailable"),
        _ => (504, "Gateway Timeout"),
    }
}
