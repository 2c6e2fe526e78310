//! What an answer means. Pure: an endpoint's row and an [`Answer`] in, a [`Finding`] out; no clock, no history, no I/O.
//!
//! ```text
//! status 5xx ----------------------------------------> world, whatever the body says
//! status 200: expected field, about the target ------> done, or unknown where it holds something else
//!             else what the body explains -----------> gone, refused, limited ...; nothing: unknown
//! status 4xx: what the body explains (v1 codes, problem types, AIsa codes, known sentences)
//!             else by the status alone
//! the rest -------------------------------------------> unknown
//! ```
//! Laws, tested for any bytes: it never panics; it says done only for a 200 whose expected field has the expected value (and,
//! with the reason `already`, for the three v1.1 codes that say there is nothing left to undo); it says gone or refused only
//! from a whole, readable JSON object, and never where that names another record than the target.
//!
//! Which refusals identify the record is decided here and nowhere else: those that do are gone or refused, the others ambiguous. They do
//! where a problem names the target, and where a v1.1 code or a known sentence can be about nothing else.

mod aisa;
mod body;
mod problem;
mod sentence;
mod status;
mod subject;
#[cfg(test)]
mod tests;
mod v1_code;

use serde_json::Value;

use super::answer::{Answer, Body, ContentType};
use super::endpoint::{Endpoint, Success};
use super::reply::{Finding, Limited, RefusalKind};
use crate::domain::{NOT_FOUND_UNCLEAR, NOT_FOUND_UNREADABLE, Platform, RateFacts, TargetKind};
pub(super) use body::{Object, Unreadable, read};
pub use subject::Subject;
use subject::{is_record_of_target, names_another_target};

/// What an answer to `endpoint` means, asked about `subject`.
pub fn classify(endpoint: &Endpoint, subject: Subject<'_>, answer: &Answer) -> Finding {
    let question = Question {
        platform: endpoint.platform,
        success: endpoint.success,
        subject: Some((endpoint.action.target_kind(), subject)),
        facts: answer.facts,
    };
    judge(&question, answer)
}

/// What was asked, as far as the answer's meaning hangs on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    pub(super) platform: Platform,
    pub(super) success: Success,
    /// Whom it concerned, and what the target is; none where the request had no target, so that no answer can blame one.
    pub(super) subject: Option<(TargetKind, Subject<'a>)>,
    pub(super) facts: RateFacts,
}

impl Question<'_> {
    /// What the target is.
    fn kind(&self) -> Option<TargetKind> {
        self.subject.map(|(kind, _)| kind)
    }
}

/// The same for requests that are no row of a table.
pub(super) fn judge(question: &Question<'_>, answer: &Answer) -> Finding {
    let status = answer.status;
    let said = read(&answer.body);
    match (status, &said) {
        (500..=599, said) => status::world(status, said.as_ref().ok()),
        (200, Ok(root)) => confirmed(question, root),
        (400..=499, Ok(root)) => client_error(question, root, status),
        (_, Err(unreadable)) => status::alone(status, Some(*unreadable), answer.content_type),
        (_, Ok(_)) => status::alone(status, None, answer.content_type),
    }
}

/// A 200 with a JSON object.
fn confirmed(question: &Question<'_>, root: &Object) -> Finding {
    if question.platform == Platform::Aisa {
        match aisa::envelope(root) {
            aisa::Envelope::Fine => {}
            aisa::Envelope::Failed(status @ 500..=599) => return status::world(status, Some(root)),
            aisa::Envelope::Failed(status @ 400..=499) => return client_error(question, root, status),
            aisa::Envelope::Failed(_) => return unknown("unexpected_body"),
        }
    }
    match expected(question, root) {
        Some(true) => Finding::Done { reason: None },
        Some(false) => unknown("unexpected_value"),
        None => explained(question, root, 200).unwrap_or_else(|| unknown("unexpected_body")),
    }
}

/// Whether the expected field holds the expected value; none where there is no such field.
fn expected(question: &Question<'_>, root: &Object) -> Option<bool> {
    match question.success {
        Success::Flag { pointer, value } => {
            let field = body::at(root, pointer)?;
            let beside = pointer.rsplit_once('/').and_then(|(parent, _)| body::at(root, parent)?.as_object());
            let names_another = |(_, subject)| beside.is_some_and(|beside| names_another_target(subject, beside));
            Some(field.as_bool() == Some(value) && !question.subject.is_some_and(names_another))
        }
        // v1.1 can put errors beside an object; an object with errors confirms nothing.
        Success::Id { .. } | Success::Record { .. } if root.contains_key("errors") => None,
        Success::Id { pointer } => Some(is_id(body::at(root, pointer)?)),
        Success::Record { pointer } => {
            let id = body::at(root, pointer)?;
            let is_the_target = |(_, subject)| is_record_of_target(subject, root, id);
            Some(is_id(id) && question.subject.is_some_and(is_the_target))
        }
    }
}

fn is_id(value: &Value) -> bool {
    let id = value.as_str().unwrap_or_default();
    (1..=20).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit())
}

/// The ID at an ID rule's place, where a whole body has one.
pub(super) fn expected_id(question: &Question<'_>, body: &Body) -> Option<String> {
    let root = read(body).ok()?;
    let Success::Id { pointer } = question.success else { return None };
    let id = body::at(&root, pointer)?.as_str()?.to_owned();
    (expected(question, &root) == Some(true)).then_some(id)
}

/// A 4xx with a JSON object.
fn client_error(question: &Question<'_>, root: &Object, status: u16) -> Finding {
    explained(question, root, status).unwrap_or_else(|| status::alone(status, None, ContentType::Json))
}

/// What the body itself explains, if anything. Of several explanations the one that stops the most wins: to stop too early
/// costs a look, to blame a target wrongly costs the row.
fn explained(question: &Question<'_>, root: &Object, status: u16) -> Option<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    if question.platform == Platform::Aisa {
        findings.extend(aisa::error(question, root));
        // The gateway may hand on X's own answer inside its envelope, and X's words in its error.
        let inner = ["data", "error"].iter().filter_map(|name| root.get(*name)?.as_object());
        findings.extend(inner.filter_map(|inner| explained_by_x(question, inner, status)));
    }
    findings.extend(explained_by_x(question, root, status));
    findings.into_iter().filter(|finding| possible(question, finding, status)).min_by_key(rank)
}

/// X's two ways of explaining, which also come mixed: v1.1 codes and v2 problems.
fn explained_by_x(question: &Question<'_>, root: &Object, status: u16) -> Option<Finding> {
    let errors = root.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let inner = errors.iter().filter_map(Value::as_object);
    // AIsa's top-level `code` is an HTTP-like number, not one of X's codes.
    let own_code = if question.platform == Platform::Aisa { None } else { v1_code::finding(question, root) };
    let codes = inner.clone().filter_map(|item| v1_code::finding(question, item)).chain(own_code);
    let items = || std::iter::once(root).chain(inner.clone());
    let problems = items().filter_map(|item| problem::finding(question, item, status));
    let sentences = items().filter_map(sentence::about_account);
    codes.chain(problems).chain(sentences).min_by_key(rank)
}

/// Whether such a finding can come with such a status. A target is not judged by an answer about credits or limits, nor by
/// one to a request without a target.
fn possible(question: &Question<'_>, finding: &Finding, status: u16) -> bool {
    match finding {
        Finding::Done { .. } | Finding::Gone { .. } | Finding::Refused { .. } => {
            question.subject.is_some() && !matches!(status, 402 | 429)
        }
        Finding::Ambiguous { .. } => !matches!(status, 402 | 429),
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
        Finding::Transient { .. } => 6,
        Finding::Ambiguous { refusal: RefusalKind::BadRequest | RefusalKind::OtherRecord, .. } => 7,
        Finding::Refused { .. } => 8,
        Finding::Gone { .. } => 9,
        Finding::Ambiguous { refusal: RefusalKind::NotFound | RefusalKind::UnreadableNotFound, .. } => 10,
        Finding::Done { .. } => 11,
        Finding::Ambiguous { refusal: RefusalKind::Forbidden, .. } => 12,
        Finding::Unknown { .. } | Finding::Unanswered { .. } | Finding::NotSent | Finding::Unsendable { .. } => 13,
    }
}

fn unknown(reason: &'static str) -> Finding {
    Finding::Unknown { reason: reason.into() }
}

fn world(reason: &'static str) -> Finding {
    Finding::Transient { reason: reason.into() }
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

fn ambiguous(refusal: RefusalKind, reason: &'static str) -> Finding {
    Finding::Ambiguous { refusal, reason: reason.into() }
}

/// Refused without a reason.
fn forbidden(reason: &'static str) -> Finding {
    ambiguous(RefusalKind::Forbidden, reason)
}

/// The request itself is not taken.
fn bad_request(reason: &'static str) -> Finding {
    ambiguous(RefusalKind::BadRequest, reason)
}

/// Not found, and not what.
fn not_found_unclear() -> Finding {
    ambiguous(RefusalKind::NotFound, NOT_FOUND_UNCLEAR)
}

/// Not found, and nobody knows by whom.
fn not_found_unreadable() -> Finding {
    ambiguous(RefusalKind::UnreadableNotFound, NOT_FOUND_UNREADABLE)
}

/// About the acting user, or about something nobody asked for.
fn other_record(reason: &'static str) -> Finding {
    ambiguous(RefusalKind::OtherRecord, reason)
}

/// The target does not exist.
fn gone() -> Finding {
    Finding::Gone { reason: "not_found".into() }
}
