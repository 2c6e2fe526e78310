//! Whom an answer is about: the target, the user who acts, or somebody else. Only what names the target ends its row.

use serde_json::Value;

use super::body::{Object, lower};
use crate::domain::{Target, UserId, digits_value};
use crate::platforms::dialect::Dialect;

/// Whom a request concerned.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The user who acts.
    pub user: &'a UserId,
    /// What is undone.
    pub target: &'a Target,
}

/// Whether a record that was handed back is the target's: by its ID, and where a name was asked for by its name. `id_str` says which; where
/// the number beside it says something else, it contradicts itself. (A number may have gone through a double on its way.)
pub(super) fn is_record_of_target(subject: Subject<'_>, record: &Object, id_str: &Value) -> bool {
    let Some(id_str) = id_str.as_str() else { return false };
    let number = record.get("id").and_then(Value::as_f64);
    let is_consistent = || match (number, digits_value(id_str.as_bytes())) {
        (Some(number), Some(id)) => number.to_bits() == (id as f64).to_bits(),
        _ => true,
    };
    match subject.target {
        Target::Id(_) => is_target(subject, id_str) && is_consistent(),
        Target::Handle(_) => is_consistent() && is_target(subject, &lower(record, "screen_name")),
        Target::Key(_) => is_target(subject, id_str),
    }
}

/// Whether an effect is told of another target: a platform need not say whose it is, but where it does, it has to be the target's.
pub(super) fn names_another_target(dialect: &Dialect, subject: Subject<'_>, effect: &Object) -> bool {
    let named = dialect.target_echoes.iter().filter_map(|name| text_of(effect.get(*name)?));
    named.filter(|id| !id.is_empty()).any(|id| !is_target(subject, &id))
}

/// Whether a text has the target as a word of its own.
pub(in crate::platforms) fn mentions_target(subject: Subject<'_>, text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| is_target(subject, word))
}

/// A text, or a number written out.
pub(in crate::platforms) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Whether a text is the target, however many leading zeros were lost on the way.
pub(in crate::platforms) fn is_target(subject: Subject<'_>, text: &str) -> bool {
    match subject.target {
        // Leading zeros may be lost on the way.
        Target::Id(id) => digits_value(text.as_bytes()) == Some(id.value()),
        Target::Handle(handle) => text.trim_start_matches('@').eq_ignore_ascii_case(handle.as_str()),
        Target::Key(key) => text == key.as_str(),
    }
}
