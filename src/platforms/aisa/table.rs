//! The AIsa gateway, row by row: it passes on to X API v2 with an app of its own, and has only these two undo actions.
//!
//! The documented answer is `{"data":{FIELD:false}}`; AIsa's own client also knows `{"code":200,"msg":..,"data":{..}}` and
//! `"status":"success"` around it. The field stands in the same place in all of them.
//!
//! Prices: $0.018 and $0.012 in a third-party copy of AIsa's catalogue (2026); a price for calls with a key was not found.
//! The 60 a minute are the free plan's for a whole key; X's own limits per user apply behind the gateway.

use super::DIALECT;
use crate::domain::{Action, MicroUsd, RepostId};
use crate::platforms::caller::{Auth, Documented, Tier};
use crate::platforms::endpoint::{Endpoint, Params, Verb};
use crate::platforms::success::Success;

const FREE_PLAN: &[Documented] = &[Documented::app(60, 60)];

const fn row(
    action: Action,
    path: &'static str,
    field: &'static str,
    pointer: &'static str,
    scopes: &'static [&'static str],
    price: MicroUsd,
) -> Endpoint {
    Endpoint {
        dialect: &DIALECT,
        action,
        method: Verb::Post,
        path,
        params: Params::Json(field),
        records: &[],
        auth: Auth::Key,
        success: Success::Flag { pointer, value: false },
        scopes,
        price: Some(price),
        tier: Tier::SelfServe,
        documented: FREE_PLAN,
        repeat_looks_gone: false,
        last_copy: None,
        read_back: None,
        repost_id: RepostId::Original,
    }
}

/// The rows.
pub(super) static TABLE: [Endpoint; 2] = [
    row(
        Action::Unfollow,
        "/apis/v1/twitter/unfollow_twitter",
        "target_user_id",
        "/data/following",
        &["tweet.read", "users.read", "follows.write"],
        MicroUsd(18_000),
    ),
    row(
        Action::Unlike,
        "/apis/v1/twitter/unlike_twitter",
        "tweet_id",
        "/data/liked",
        &["tweet.read", "users.read", "like.write"],
        MicroUsd(12_000),
    ),
];
