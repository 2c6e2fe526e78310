//! Whom an answer is about: the target, the user who acts, or somebody else. Only what names the target ends its row.

use serde_json::Value;

use super::body::{Object, lower};
use crate::domain::{Target, TargetKind, UserId, digits_value};

/// Whom a request concerned.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The user who acts.
    pub user: &'a UserId,
    /// What is undone.
    pub target: &'a Target,
}

/// Whom a part of an answer names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    Target,
    ActingUser,
    /// Something that was not asked about.
    Other,
    Nobody,
}

/// Whom a problem names. Every ID it gives has to be the target's; where it gives none, the parameter or the kind of resource can still
/// mean the target alone.
pub(super) fn named_by(subject: Subject<'_>, kind: TargetKind, problem: &Object) -> Named {
    let role = role(kind, problem);
    let ids = ids(problem);
    let strangers: Vec<&String> = ids.iter().filter(|id| !is_target(subject, id)).collect();
    match (ids.is_empty(), strangers.is_empty()) {
        (true, _) => role,
        // The target's ID where another user should stand: it contradicts itself, and ends nothing.
        (false, true) if matches!(role, Named::ActingUser | Named::Other) => role,
        (false, true) => Named::Target,
        (false, false) if strangers.iter().any(|id| *id == subject.user.as_str()) => Named::ActingUser,
        (false, false) => Named::Other,
    }
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
        Target::Key(_) => false,
    }
}

/// Whether an effect is told of another target: X and AIsa need not say whose it is, but where they do, it has to be the target's.
pub(super) fn names_another_target(subject: Subject<'_>, effect: &Object) -> bool {
    let names = ["target_user_id", "tweet_id", "source_tweet_id"];
    let named = names.iter().filter_map(|name| text_of(effect.get(*name)?));
    named.filter(|id| !id.is_empty()).any(|id| !is_target(subject, &id))
}

/// Whether a text has the target as a word of its own.
pub(super) fn mentions_target(subject: Subject<'_>, text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| is_target(subject, word))
}

/// The IDs that a problem gives: its fields, and what stands in brackets in its sentence ("Could not find tweet with id: [9].").
fn ids(problem: &Object) -> Vec<String> {
    let fields = ["resource_id", "value"].iter().filter_map(|name| text_of(problem.get(*name)?));
    let sentence = problem.get("detail").and_then(Value::as_str).and_then(bracketed);
    fields.chain(sentence).filter(|id| !id.is_empty()).collect()
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn bracketed(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('[')?;
    rest.split_once(']').map(|(inner, _)| inner.trim().to_owned())
}

fn is_target(subject: Subject<'_>, text: &str) -> bool {
    match subject.target {
        // Leading zeros may be lost on the way.
        Target::Id(id) => digits_value(text.as_bytes()) == Some(id.value()),
        Target::Handle(handle) => text.trim_start_matches('@').eq_ignore_ascii_case(handle.as_str()),
        Target::Key(key) => text == key.as_str(),
    }
}

/// Whom the parameter or the kind of resource means, whatever its ID. A request has two users in it and at most one post.
fn role(kind: TargetKind, problem: &Object) -> Named {
    let parameter = lower(problem, "parameter");
    match (parameter.as_str(), lower(problem, "resource_type").as_str(), kind) {
        ("source_user_id", ..) | (_, "user", TargetKind::Post) => Named::ActingUser,
        (_, "tweet" | "post", TargetKind::User) => Named::Other,
        ("target_user_id" | "tweet_id" | "source_tweet_id", ..) | (_, "tweet" | "post", TargetKind::Post) => {
            Named::Target
        }
        _ => Named::Nobody,
    }
}
