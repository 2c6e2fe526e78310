//! What an answer means. Pure: an endpoint's row and an [`Answer`] in, a [`Finding`] out; no clock, no history, no I/O.
//!
//! ```text
//! status 5xx ----------------------------------------> world, whatever the body says
//! status 200: expected field ------------------------> done, or unknown where it holds something else
//!             else what the body explains -----------> gone, refused, limited ...; nothing: unknown
//! status 4xx: what the body explains (v1 codes, problem types, AIsa codes, known sentences)
//!             else by the status alone
//! the rest -------------------------------------------> unknown
//! ```
//! Laws, tested for any bytes: it never panics; it says done only for a 200 whose expected field has the expected value (and,
//! with the reason `already`, for the three v1.1 codes that say there is nothing left to undo); it says gone or refused only
//! from a whole, readable JSON object.

mod aisa;
mod body;
mod problem;
mod sentence;
mod status;
#[cfg(test)]
mod tests;
mod v1_code;

use serde_json::Value;

use super::answer::{Answer, Body};
use super::endpoint::{Endpoint, Success};
use super::reply::{Finding, Limited};
use crate::domain::{Platform, RateFacts, TargetKind};
pub(super) use body::{Object, read, unreadable_word};

/// What an answer to `endpoint` means.
pub fn classify(endpoint: &Endpoint, answer: &Answer) -> Finding {
    let question = Question {
        platform: endpoint.platform,
        success: endpoint.success,
        target: Some(endpoint.action.target_kind()),
        facts: answer.facts,
    };
    judge(&question, answer)
}

/// What was asked, as far as the answer's meaning hangs on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question {
    pub(super) platform: Platform,
    pub(super) success: Success,
    /// None where the request had no target, so that no answer can blame one.
    pub(super) target: Option<TargetKind>,
    pub(super) facts: RateFacts,
}

/// The same for requests that are no row of a table.
pub(super) fn judge(question: &Question, answer: &Answer) -> Finding {
    let status = answer.status;
    let said = read(&answer.body);
    match (status, &said) {
        (500..=599, said) => status::world(status, said.as_ref().ok()),
        (200, Ok(root)) => confirmed(question, root),
        (400..=499, Ok(root)) => client_error(question, root, status),
        (_, Err(unreadable)) => status::alone(status, Some(unreadable_word(*unreadable, answer.content_type))),
        (_, Ok(_)) => status::alone(status, None),
    }
}

/// A 200 with a JSON object.
fn confirmed(question: &Question, root: &Object) -> Finding {
    if question.platform == Platform::Aisa {
        match aisa::envelope(root) {
            aisa::Envelope::Fine => {}
            aisa::Envelope::Failed(status @ 500..=599) => return status::world(status, Some(root)),
            aisa::Envelope::Failed(status @ 400..=499) => return client_error(question, root, status),
            aisa::Envelope::Failed(_) => return unknown("unexpected_body"),
        }
    }
    match expected(question.success, root) {
        Some(true) => Finding::Done { reason: None },
        Some(false) => unknown("unexpected_value"),
        None => explained(question, root, 200).unwrap_or_else(|| unknown("unexpected_body")),
    }
}

/// Whether the expected field holds the expected value; none where there is no such field.
fn expected(success: Success, root: &Object) -> Option<bool> {
    match success {
        Success::Flag { pointer, value } => {
            let field = body::at(root, pointer)?;
            Some(field.as_bool() == Some(value))
        }
        // v1.1 can put errors beside an object; an object with errors confirms nothing.
        Success::Id { .. } if root.contains_key("errors") => None,
        Success::Id { pointer } => {
            let id = body::at(root, pointer)?.as_str().unwrap_or_default();
            Some((1..=20).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit()))
        }
    }
}

/// The ID at an ID rule's place, where a whole body has one.
pub(super) fn expected_id(success: Success, body: &Body) -> Option<String> {
    let root = read(body).ok()?;
    let Success::Id { pointer } = success else { return None };
    let id = body::at(&root, pointer)?.as_str()?.to_owned();
    (expected(success, &root) == Some(true)).then_some(id)
}

/// A 4xx with a JSON object.
fn client_error(question: &Question, root: &Object, status: u16) -> Finding {
    explained(question, root, status).unwrap_or_else(|| status::alone(status, None))
}

/// What the body itself explains, if anything. Of several explanations the one that stops the most wins: to stop too early
/// costs a look, to blame a target wrongly costs the row.
fn explained(question: &Question, root: &Object, status: u16) -> Option<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    if question.platform == Platform::Aisa {
        findings.extend(aisa::error(root));
        // The gateway may hand on X's own answer inside its envelope, and X's words in its error.
        let inner = ["data", "error"].iter().filter_map(|name| root.get(*name)?.as_object());
        findings.extend(inner.filter_map(|inner| explained_by_x(question, inner, status)));
    }
    findings.extend(explained_by_x(question, root, status));
    findings.into_iter().filter(|finding| possible(question, finding, status)).min_by_key(rank)
}

/// X's two ways of explaining, which also come mixed: v1.1 codes and v2 problems.
fn explained_by_x(question: &Question, root: &Object, status: u16) -> Option<Finding> {
    let errors = root.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let inner = errors.iter().filter_map(Value::as_object);
    // AIsa's top-level `code` is an HTTP-like number, not one of X's codes.
    let own_code = if question.platform == Platform::Aisa { None } else { v1_code::finding(root) };
    let codes = inner.clone().filter_map(v1_code::finding).chain(own_code);
    let items = || std::iter::once(root).chain(inner.clone());
    let problems = items().filter_map(|item| problem::finding(question, item, status));
    let sentences = items().filter_map(sentence::about_account);
    codes.chain(problems).chain(sentences).min_by_key(rank)
}

/// Whether such a finding can come with such a status. A target is not judged by an answer about credits or limits, nor by
/// one to a request without a target.
fn possible(question: &Question, finding: &Finding, status: u16) -> bool {
    match finding {
        Finding::Done { .. } | Finding::Gone { .. } | Finding::Refused { .. } => {
            question.target.is_some() && !matches!(status, 402 | 429)
        }
        Finding::Malformed { .. } | Finding::Ambiguous { .. } => !matches!(status, 402 | 429),
        _ => true,
    }
}

/// The account's, the app's and the limit's part is told before the target's; what explains least comes last.
fn rank(finding: &Finding) -> u8 {
    match finding {
        Finding::Account { .. } => 0,
        Finding::App { .. } => 1,
        Finding::Unauthorized { .. } => 2,
        Finding::Limited(Limited::Usage { .. } | Limited::Spend { .. }) => 3,
        Finding::Limited(Limited::Hidden) => 4,
        Finding::Limited(Limited::Rate) => 5,
        Finding::World { .. } => 6,
        Finding::Malformed { .. } => 7,
        Finding::Refused { .. } => 8,
        Finding::Gone { .. } => 9,
        Finding::Done { .. } => 10,
        Finding::Ambiguous { .. } => 11,
        Finding::Unknown { .. } | Finding::Unanswered { .. } | Finding::NotSent => 12,
    }
}

fn unknown(reason: &'static str) -> Finding {
    Finding::Unknown { reason: reason.into() }
}

fn world(reason: &'static str) -> Finding {
    Finding::World { reason: reason.into() }
}

fn app(reason: &'static str) -> Finding {
    Finding::App { reason: reason.into() }
}

fn account(reason: &'static str) -> Finding {
    Finding::Account { reason: reason.into() }
}

fn refused(reason: &'static str) -> Finding {
    Finding::Refused { reason: reason.into() }
}

fn ambiguous(reason: &'static str) -> Finding {
    Finding::Ambiguous { reason: reason.into() }
}
