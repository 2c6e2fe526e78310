//! How the database writes actions, states and targets: numbers for what has a code, a target as a number where that is exact.
//!
//! In: a value of a column or of its JSON. Out: the noun it means, or the other way round. What does not belong here: SQL.

use std::fmt::Write as _;

use super::error::StoreError;
use crate::domain::{Action, Platform, Target, TargetId, TaskState};

/// The action that a column's number means.
pub(super) fn action_of(code: i64) -> Result<Action, StoreError> {
    Action::from_code(code).ok_or_else(|| match code {
        1.. => StoreError::unknown(format!("the queue has the action number {code}")),
        _ => StoreError::impossible(format!("the action {code}")),
    })
}

/// The platform that a column's text means.
pub(super) fn platform_of(name: &str) -> Result<Platform, StoreError> {
    Platform::named(name).ok_or_else(|| StoreError::unknown(format!("the queue has the platform {name:?}")))
}

/// The state that a column's number means.
pub(super) fn state_of(code: i64) -> Result<TaskState, StoreError> {
    TaskState::from_code(code).ok_or_else(|| StoreError::impossible(format!("the state {code}")))
}

/// A target as the database's JSON has it.
pub(super) fn target_of(value: &serde_json::Value) -> Result<Target, StoreError> {
    let complain = || StoreError::impossible(format!("the target {value}"));
    match value {
        serde_json::Value::Number(number) => {
            let id = number.as_i64().ok_or_else(complain)?;
            TargetId::from_i64(id).map(Target::Id).map_err(|_| complain())
        }
        serde_json::Value::String(text) => text.parse().map_err(|_| complain()),
        _ => Err(complain()),
    }
}

/// A target as a number, where that is exact in the database.
pub(super) fn number_of(target: &Target) -> Option<i64> {
    match target {
        Target::Id(id) => TargetId::as_i64(*id),
        Target::Handle(_) | Target::Key(_) => None,
    }
}

/// Writes a target as JSON: a number where that is exact in the database, else text.
pub(super) fn write_target(json: &mut String, target: &Target) {
    // Writing to a String cannot fail.
    let _ = match (number_of(target), target) {
        (Some(number), _) => write!(json, "{number}"),
        (None, Target::Key(key)) => write!(json, "{}", serde_json::json!(key.as_str())),
        (None, _) => write!(json, "\"{target}\""),
    };
}

/// A target as a value of JSON; see [`write_target`].
pub(super) fn target_value(target: &Target) -> serde_json::Value {
    number_of(target).map_or_else(|| target.to_string().into(), Into::into)
}

/// Targets as a JSON array, as the database keeps them.
pub(super) fn targets_json<'a>(targets: impl IntoIterator<Item = &'a Target>) -> String {
    let mut json = String::from("[");
    for target in targets {
        if json.len() > 1 {
            json.push(',');
        }
        write_target(&mut json, target);
    }
    json.push(']');
    json
}

/// What `json_quote` made of a target.
pub(super) fn quoted_target(text: &str) -> Result<Target, StoreError> {
    let value = serde_json::from_str(text).map_err(|error| StoreError::impossible(error.to_string()))?;
    target_of(&value)
}
