//! The error codes of v1.1, which also come inside v2 answers: `{"errors":[{"code":N,"message":".."}]}`.
//!
//! Codes about creating (139, 160, 161, 187, 327) and about messages (349) cannot answer an undo. They are not listed, so
//! that such an answer is judged by its status.

use serde_json::Value;

use crate::domain::TargetKind;
use crate::platforms::classify::{Object, number};
use crate::platforms::dialect::Question;
use crate::platforms::reply::{
    Finding, Limited, account, app, bad_request, gone, not_found_unclear, other_record, refused, transient,
};

/// Over capacity, which also tells apart two kinds of 5xx.
const OVER_CAPACITY: u64 = 130;

/// What an object's `code` means, where it is one we know.
pub(super) fn finding(question: &Question<'_>, item: &Object) -> Option<Finding> {
    meaning(code(item)?, question.kind())
}

/// Whether a server says that it is over capacity.
pub(in crate::platforms) fn says_over_capacity(root: &Object) -> bool {
    let errors = root.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    errors.iter().filter_map(Value::as_object).any(|item| code(item) == Some(OVER_CAPACITY))
}

/// A number, or a text of digits.
fn code(item: &Object) -> Option<u64> {
    number(item.get("code")?)
}

fn meaning(code: u64, kind: Option<TargetKind>) -> Option<Finding> {
    let finding = match code {
        // No such page: of a record that is not there and of an address that is wrong or retired alike.
        34 => not_found_unclear(),
        // The target does not exist: no user matches, user not found (twice), no such post. An unlike of an old like also answers 144
        // although the post may exist; it cannot be undone either way. Of the other kind they are about somebody else.
        17 | 50 | 108 if kind.is_some_and(|kind| kind != TargetKind::User) => other_record("acting_user"),
        144 if kind.is_some_and(|kind| kind != TargetKind::Post) => other_record("other_record"),
        17 | 50 | 108 | 144 => gone(),

        63 => refused("suspended"),
        136 => refused("blocked_by_target"),
        179 => refused("protected"),
        183 => refused("not_own_post"),
        271 => refused("own_account"),
        421 => refused("unavailable"),
        422 => refused("removed_by_platform"),
        425 => refused("actions_disabled"),

        // The relation is not there (272 is "not muting that user", 109 and 110 "not in this list").
        109 | 110 | 272 => Finding::Done { reason: Some("already".into()) },

        64 => account("account_suspended"),
        226 => account("looks_automated"),
        326 => account("account_locked"),

        68 => app("api_retired"),
        87 => app("client_not_permitted"),
        251 => app("endpoint_retired"),
        261 => app("app_read_only"),
        415 | 417 => app("callback_not_approved"),
        416 => app("app_suspended"),
        453 => app("access_level"),

        88 => Finding::Limited(Limited::Rate),
        185 => Finding::Limited(Limited::Hidden),

        32 | 99 => unauthorized("unauthorized"),
        89 => unauthorized("invalid_token"),
        215 => unauthorized("bad_authentication"),
        220 => unauthorized("not_a_user_token"),

        25 | 38 => bad_request("missing_parameter"),
        92 => bad_request("tls_required"),

        OVER_CAPACITY => transient("over_capacity"),
        131 => transient("server_error"),
        // Our clock or theirs is off; the same request is good once they agree.
        135 => transient("clock_skew"),
        _ => return None,
    };
    Some(finding)
}

fn unauthorized(reason: &'static str) -> Finding {
    Finding::Unauthorized { reason: reason.into() }
}
