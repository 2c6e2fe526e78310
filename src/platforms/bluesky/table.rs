//! What Bluesky undoes, row by row. Nearly every relation is a record in the account's own repository: the row names its subject, the record is
//! found by reading the account's collection, and it is deleted by its key, if it is still the one that was read. A mute and a bookmark are
//! no records, and are taken back by a call; a bookmark is looked up first, for it takes the version of its post to make it again.
//!
//! Lexicons of August 2026 (bluesky-social/atproto), and a server of November 2026; docs/platforms.md says how sure each is. No prices.

use super::DIALECT;
use super::lists::{BLOCKS, BOOKMARKS, FOLLOWS, LIKES, LIST_BLOCKS, POST_GATES, POSTS, REPOSTS, THREAD_GATES};
use crate::domain::{Action, MicroUsd, RepostId};
use crate::platforms::caller::{Auth, Documented, Tier};
use crate::platforms::endpoint::{Endpoint, Params, Verb};
use crate::platforms::list_endpoint::ListEndpoint;
use crate::platforms::success::Success;

/// A deletion costs one of 5,000 points an hour and 35,000 a day.
static POINTS: [Documented; 2] = [Documented::account(5_000, 3_600), Documented::account(35_000, 86_400)];
/// Every request of an address.
static REQUESTS: [Documented; 1] = [Documented::account(3_000, 300)];

/// Deletes a record.
const fn deletion(
    action: Action,
    records: &'static [&'static ListEndpoint],
    scopes: &'static [&'static str],
) -> Endpoint {
    Endpoint {
        dialect: &DIALECT,
        action,
        method: Verb::Post,
        path: "/xrpc/com.atproto.repo.deleteRecord",
        params: Params::Record,
        records,
        auth: Auth::OAuth2,
        success: Success::Change { pointer: "/commit", unchanged: &[] },
        scopes,
        price: Some(MicroUsd(0)),
        tier: Tier::SelfServe,
        documented: &POINTS,
        repeat_looks_gone: false,
        last_copy: None,
        read_back: None,
        repost_id: RepostId::Original,
    }
}

/// Asks the app view, by way of the account's server.
const fn call(action: Action, path: &'static str, field: &'static str, scopes: &'static [&'static str]) -> Endpoint {
    Endpoint {
        path,
        params: Params::Json(field),
        success: Success::NoOutput,
        documented: &REQUESTS,
        ..deletion(action, &[], scopes)
    }
}

/// The scope that lets a login delete the records of a collection, and do nothing else with them.
macro_rules! deletes {
    ($collection:literal) => {
        concat!("repo:", $collection, "?action=delete")
    };
}

/// The scope that lets a login put records into a collection: `putRecord` makes one or changes one.
macro_rules! puts {
    ($collection:literal) => {
        concat!("repo:", $collection, "?action=create&action=update")
    };
}

/// The rows.
pub(super) static TABLE: [Endpoint; 8] = [
    deletion(Action::Unfollow, &[&FOLLOWS], &[deletes!("app.bsky.graph.follow")]),
    deletion(Action::Unlike, &[&LIKES], &[deletes!("app.bsky.feed.like")]),
    deletion(Action::Unrepost, &[&REPOSTS], &[deletes!("app.bsky.feed.repost")]),
    call(Action::Unmute, "/xrpc/app.bsky.graph.unmuteActor", "actor", &["rpc:app.bsky.graph.unmuteActor?aud=*"]),
    deletion(Action::Unblock, &[&BLOCKS], &[deletes!("app.bsky.graph.block")]),
    // The post goes last: as long as it is there, the row has something left to do.
    deletion(
        Action::DeletePost,
        &[&THREAD_GATES, &POST_GATES, &POSTS],
        &[deletes!("app.bsky.feed.threadgate"), deletes!("app.bsky.feed.postgate"), deletes!("app.bsky.feed.post")],
    ),
    Endpoint {
        records: &[&BOOKMARKS],
        ..call(
            Action::Unbookmark,
            "/xrpc/app.bsky.bookmark.deleteBookmark",
            "uri",
            &["rpc:app.bsky.bookmark.deleteBookmark?aud=*", "rpc:app.bsky.bookmark.getBookmarks?aud=*"],
        )
    },
    deletion(Action::ListUnblock, &[&LIST_BLOCKS], &[deletes!("app.bsky.graph.listblock")]),
];

/// Puts a record back under its old key, so that it is what it was and stands where it stood. Where it is there already nothing is committed.
/// Whoever has another record of the subject by now gets no second one.
const fn restoration(
    action: Action,
    records: &'static [&'static ListEndpoint],
    scopes: &'static [&'static str],
) -> Endpoint {
    Endpoint {
        path: "/xrpc/com.atproto.repo.putRecord",
        params: Params::RecordAgain,
        // The record stands in the answer, whether or not it was there before.
        success: Success::Change { pointer: "/commit", unchanged: &["uri", "cid"] },
        ..deletion(action, records, scopes)
    }
}

/// What takes the rows back.
pub(super) static INVERSE: [Endpoint; 8] = [
    restoration(Action::Follow, &[&FOLLOWS], &[puts!("app.bsky.graph.follow")]),
    restoration(Action::Like, &[&LIKES], &[puts!("app.bsky.feed.like")]),
    restoration(Action::Repost, &[&REPOSTS], &[puts!("app.bsky.feed.repost")]),
    call(Action::Mute, "/xrpc/app.bsky.graph.muteActor", "actor", &["rpc:app.bsky.graph.muteActor?aud=*"]),
    restoration(Action::Block, &[&BLOCKS], &[puts!("app.bsky.graph.block")]),
    restoration(Action::Post, &[&THREAD_GATES, &POST_GATES, &POSTS], &[puts!("app.bsky.feed.post")]),
    // A bookmark names a version of its post, which was kept. Made where there is one already it is the one that is there.
    Endpoint {
        params: Params::KeptValue,
        records: &[&BOOKMARKS],
        ..call(
            Action::Bookmark,
            "/xrpc/app.bsky.bookmark.createBookmark",
            "uri",
            &["rpc:app.bsky.bookmark.createBookmark?aud=*", "rpc:app.bsky.bookmark.getBookmarks?aud=*"],
        )
    },
    restoration(Action::ListBlock, &[&LIST_BLOCKS], &[puts!("app.bsky.graph.listblock")]),
];
