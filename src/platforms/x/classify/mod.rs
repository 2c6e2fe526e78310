//! What X says in the bodies of its answers: v1.1 codes and v2 problems, which also come mixed. In: a question and a body. Out: findings.

mod problem;
mod sentence;
mod subject;
mod v1_code;

use serde_json::Value;

use crate::platforms::classify::Object;
use crate::platforms::dialect::Question;
use crate::platforms::reply::Finding;
pub(super) use v1_code::says_over_capacity;

/// What a body explains in X's ways.
pub(in crate::platforms) fn explained(question: &Question<'_>, root: &Object, status: u16) -> Option<Finding> {
    let errors = root.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let inner = errors.iter().filter_map(Value::as_object);
    // A gateway's top-level `code` is an HTTP-like number, not one of X's codes.
    let own_code = if question.dialect.is_gateway { None } else { v1_code::finding(question, root) };
    let codes = inner.clone().filter_map(|item| v1_code::finding(question, item)).chain(own_code);
    let items = || std::iter::once(root).chain(inner.clone());
    let problems = items().filter_map(|item| problem::finding(question, item, status));
    let sentences = items().filter_map(sentence::about_account);
    codes.chain(problems).chain(sentences).min_by_key(Finding::rank)
}
