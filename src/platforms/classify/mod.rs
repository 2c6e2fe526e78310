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
//! with the reason `already`, for the three v1.1 codes that say there is nothing left to undo, and for a change of
//! nothing); it says gone or refused only
//! from a whole, readable JSON object, and never where that names another record than the target.
//!
//! Which refusals identify the record is decided here and nowhere else: those that do are gone or refused, the others ambiguous. They do
//! where a problem names the target, and where a v1.1 code or a known sentence can be about nothing else.

mod body;
mod status;
mod subject;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::answer::{Answer, Body, ContentType};
use super::dialect::Question;
use super::endpoint::Endpoint;
use super::reply::{Finding, UNEXPECTED_VALUE, unknown};
use super::success::Success;
use crate::domain::TargetKind;
pub(super) use body::{Object, Unreadable, lower, number, read, read_list};
pub use subject::Subject;
use subject::{is_record_of_target, names_another_target};
pub(super) use subject::{is_target, mentions_target, text_of};

/// What an answer to `endpoint` means, asked about `subject`.
pub fn classify(endpoint: &Endpoint, subject: Subject<'_>, answer: &Answer) -> Finding {
    let question = Question {
        dialect: endpoint.dialect,
        success: endpoint.success,
        subject: Some((endpoint.action.target_kind(), subject)),
        facts: answer.facts,
    };
    judge(&question, answer)
}

/// The same for requests that are no row of a table.
pub(super) fn judge(question: &Question<'_>, answer: &Answer) -> Finding {
    let status = answer.status;
    let said = match (status, question.success) {
        (200, Success::ListedResource { .. }) => body::read_only_entry(&answer.body),
        _ => read(&answer.body),
    };
    match (status, &said) {
        (500..=599, said) => status::failing(question.dialect, status, said.as_ref().ok()),
        (200, Ok(root)) => confirmed(question, root),
        (200, Err(Unreadable::Empty)) if question.success == Success::NoOutput => Finding::Done { reason: None },
        (400..=499, Ok(root)) => client_error(question, root, status),
        (_, Err(unreadable)) => status::alone(status, Some(*unreadable), answer.content_type),
        (_, Ok(_)) => status::alone(status, None, answer.content_type),
    }
}

/// A 200 with a JSON object.
fn confirmed(question: &Question<'_>, root: &Object) -> Finding {
    match (question.dialect.envelope)(root) {
        None => {}
        Some(status @ 500..=599) => return status::failing(question.dialect, status, Some(root)),
        Some(status @ 400..=499) => return client_error(question, root, status),
        Some(_) => return unknown("unexpected_body"),
    }
    if changed_nothing(question, root) {
        return Finding::Done { reason: Some("already".into()) };
    }
    match expected(question, root) {
        Some(true) => Finding::Done { reason: None },
        Some(false) => unknown(UNEXPECTED_VALUE),
        None => explained(question, root, 200).unwrap_or_else(|| unknown("unexpected_body")),
    }
}

/// Whether an answer that tells of changes tells of none, and of nothing that it has not to tell.
fn changed_nothing(question: &Question<'_>, root: &Object) -> bool {
    let Success::Change { pointer, unchanged } = question.success else { return false };
    let says_nothing_of_it = root.get(&pointer[1..]).is_none_or(Value::is_null);
    if unchanged.is_empty() {
        return says_nothing_of_it && root.keys().all(|name| *name == pointer[1..]);
    }
    says_nothing_of_it && unchanged.iter().all(|name| root.get(*name).is_some_and(Value::is_string))
}

/// Whether the expected field holds the expected value; none where there is no such field.
fn expected(question: &Question<'_>, root: &Object) -> Option<bool> {
    match question.success {
        Success::Flag { pointer, value } => {
            let field = body::at(root, pointer)?;
            let beside = pointer.rsplit_once('/').and_then(|(parent, _)| body::at(root, parent)?.as_object());
            let names_another =
                |(_, subject)| beside.is_some_and(|beside| names_another_target(question.dialect, subject, beside));
            Some(field.as_bool() == Some(value) && !question.subject.is_some_and(names_another))
        }
        // v1.1 can put errors beside an object; an object with errors confirms nothing.
        Success::Id { .. }
        | Success::Record { .. }
        | Success::Resource { .. }
        | Success::ListedResource { .. }
        | Success::EitherResource { .. }
            if root.contains_key("errors") =>
        {
            None
        }
        Success::Change { pointer, .. } => body::at(root, pointer)?.as_object().map(|change| !change.is_empty()),
        Success::NoOutput => root.is_empty().then_some(true),
        Success::Id { pointer } => Some(is_id(question, body::at(root, pointer)?)),
        Success::Record { pointer } => {
            let id = body::at(root, pointer)?;
            let is_the_target = |(_, subject)| is_record_of_target(subject, root, id);
            Some(is_id(question, id) && question.subject.is_some_and(is_the_target))
        }
        Success::Resource { id, fields } | Success::ListedResource { id, fields } => {
            let id = body::at(root, id)?.as_str()?;
            let held: Vec<bool> =
                fields.iter().map(|(pointer, _)| body::at(root, pointer)?.as_bool()).collect::<Option<_>>()?;
            let holds_all = fields.iter().zip(held).all(|((_, value), held)| held == *value);
            Some(holds_all && is_asked_target(question, id))
        }
        Success::EitherResource { id, fields } => {
            let id = body::at(root, id)?.as_str()?;
            let held: Vec<bool> = fields.iter().filter_map(|pointer| body::at(root, pointer)?.as_bool()).collect();
            let holds_one = held.iter().copied().reduce(|one, other| one || other)?;
            Some(holds_one && is_asked_target(question, id))
        }
    }
}

fn is_asked_target(question: &Question<'_>, id: &str) -> bool {
    question.subject.is_some_and(|(kind, subject)| {
        let target = subject.target.to_string();
        // A tag is told without its #, in whatever case somebody wrote it first.
        id == target || kind == TargetKind::Tag && target.trim_start_matches('#') == id.to_lowercase()
    })
}

fn is_id(question: &Question<'_>, value: &Value) -> bool {
    value.as_str().is_some_and(question.dialect.is_id)
}

/// The ID at an ID rule's place, where a whole body has one.
pub(super) fn expected_id(question: &Question<'_>, body: &Body) -> Option<String> {
    let root = read(body).ok()?;
    let Success::Id { pointer } = question.success else { return None };
    let id = body::at(&root, pointer)?.as_str()?.to_owned();
    (expected(question, &root) == Some(true)).then_some(id)
}

/// The text at a pointer, where a whole body has one.
pub(super) fn text_at(body: &Body, pointer: &str) -> Option<String> {
    body::at(&read(body).ok()?, pointer)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A 4xx with a JSON object.
fn client_error(question: &Question<'_>, root: &Object, status: u16) -> Finding {
    explained(question, root, status).unwrap_or_else(|| status::alone(status, None, ContentType::Json))
}

/// What the body itself explains, if anything. Of several explanations the one that stops the most wins: to stop too early
/// costs a look, to blame a target wrongly costs the row.
fn explained(question: &Question<'_>, root: &Object, status: u16) -> Option<Finding> {
    let findings = (question.dialect.explain)(question, root, status);
    findings.into_iter().filter(|finding| possible(question, finding, status)).min_by_key(Finding::rank)
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
