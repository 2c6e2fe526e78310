//! Whom a problem of X is about: the target, the user who acts, or somebody else. Only what names the target ends its row.

use serde_json::Value;

use crate::domain::TargetKind;
use crate::platforms::classify::{Object, Subject, is_target, lower, text_of};

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

/// The IDs that a problem gives: its fields, and what stands in brackets in its sentence ("Could not find tweet with id: [9].").
fn ids(problem: &Object) -> Vec<String> {
    let fields = ["resource_id", "value"].iter().filter_map(|name| text_of(problem.get(*name)?));
    let sentence = problem.get("detail").and_then(Value::as_str).and_then(bracketed);
    fields.chain(sentence).filter(|id| !id.is_empty()).collect()
}

fn bracketed(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('[')?;
    rest.split_once(']').map(|(inner, _)| inner.trim().to_owned())
}

/// Whom the parameter or the kind of resource means, whatever its ID. A request has two users in it and at most one post.
fn role(kind: TargetKind, problem: &Object) -> Named {
    let parameter = lower(problem, "parameter");
    match (parameter.as_str(), lower(problem, "resource_type").as_str(), kind) {
        ("source_user_id", ..) | (_, "user", TargetKind::Post | TargetKind::List) => Named::ActingUser,
        (_, "tweet" | "post", TargetKind::User | TargetKind::List) => Named::Other,
        ("list_id", ..) | (_, "list", TargetKind::List) => Named::Target,
        ("target_user_id" | "tweet_id" | "source_tweet_id", ..) | (_, "tweet" | "post", TargetKind::Post) => {
            Named::Target
        }
        _ => Named::Nobody,
    }
}
