//! The bodies of Bluesky servers.

use super::*;

const B: Platform = Platform::Bluesky;
const COMMIT: &str =
    r#"{"commit":{"cid":"bafyreicambte3tz7kjtp4tbicyd34uq7qjex3sn56bqdpo5yuzr7y2q3my","rev":"3n3i5bcengk2n"}}"#;

#[test]
fn a_deletion_is_done_with_its_commit_and_already_without() {
    for action in [Action::Unfollow, Action::Unlike, Action::Unrepost, Action::Unblock, Action::DeletePost] {
        check(
            B,
            action,
            &[
                (200, COMMIT, "done"),
                (200, "{}", "done already"),
                (200, r#"{"commit":null}"#, "done already"),
                (200, r#"{"commit":{}}"#, "unknown unexpected_value"),
                (200, r#"{"commit":true}"#, "unknown unexpected_body"),
                (200, r#"{"ok":true}"#, "unknown unexpected_body"),
                (200, r#"{"error":"InvalidRequest"}"#, "unknown unexpected_body"),
                (200, "", "unknown empty_body"),
                (200, "[]", "unknown unexpected_body"),
                (200, HTML, "unknown html_body"),
            ],
        );
    }
    let cut =
        Answer { body: Body { end: crate::platforms::BodyEnd::BrokeOff, ..Body::whole("{}") }, ..answer(200, "{}") };
    assert_eq!(short(&judged(B, Action::Unfollow, &cut)), "unknown cut_body");
}

#[test]
fn a_record_that_is_put_back_is_done_with_a_commit_and_already_there_without() {
    let there = r#""uri":"at://did:plc:a/app.bsky.graph.follow/3k","cid":"bafyre""#;
    for action in [Action::Follow, Action::Like, Action::Repost, Action::Block, Action::Post] {
        check(
            B,
            action,
            &[
                (200, &format!("{{{there},{}", &COMMIT[1..]), "done"),
                (200, &format!("{{{there}}}"), "done already"),
                (200, &format!(r#"{{{there},"validationStatus":"valid"}}"#), "done already"),
                (200, "{}", "unknown unexpected_body"),
                (200, r#"{"commit":null,"uri":"at://a"}"#, "unknown unexpected_body"),
            ],
        );
    }
}

#[test]
fn a_call_of_the_app_view_has_nothing_to_say() {
    for action in [Action::Unmute, Action::Unbookmark] {
        check(
            B,
            action,
            &[
                (200, "", "done"),
                (200, "{}", "done"),
                (200, r#"{"error":"x"}"#, "unknown unexpected_body"),
                (200, COMMIT, "unknown unexpected_body"),
                (200, "ok", "unknown unreadable"),
                (200, HTML, "unknown html_body"),
                (204, "", "unknown unexpected_status"),
            ],
        );
        let cut = Answer { body: Body::default(), ..answer(200, "") };
        assert_eq!(short(&judged(B, action, &cut)), "unknown cut_body");
    }
}

#[test]
fn errors_are_told_by_their_names() {
    let body = |name: &str, message: &str| format!(r#"{{"error":"{name}","message":"{message}"}}"#);
    for (status, name, message, finding) in [
        (400, "ExpiredToken", "Token has expired", "unauthorized expired_token"),
        (400, "InvalidToken", "Bad token scope", "unauthorized invalid_token"),
        (400, "InvalidToken", "Malformed token", "unauthorized invalid_token"),
        (401, "AuthMissing", "Authentication Required", "unauthorized unauthorized"),
        (401, "AuthenticationRequired", "Invalid identifier or password", "unauthorized unauthorized"),
        (401, "AccountTakedown", "Account has been taken down", "account account_taken_down"),
        (401, "AccountDeactivated", "Account is deactivated", "account account_deactivated"),
        (400, "AccountSuspended", "", "account account_suspended"),
        (400, "RepoDeactivated", "Repo has been deactivated: did:plc:x", "account account_deactivated"),
        (400, "RepoTakendown", "", "account account_taken_down"),
        (400, "AccountNotFound", "user not found", "account account_not_there"),
        (403, "AccountNotFound", "Account not found", "account account_not_there"),
        (400, "InvalidRequest", "Could not find repo: did:plc:x", "account account_not_there"),
        (400, "InvalidRequest", "Invalid app.bsky.graph.follow record", "bad request invalid_request"),
        (400, "InvalidSwap", "Record was at bafyx", "changed record_changed"),
        (400, "UnsupportedCollection", "Bookmarks are for posts", "refused unsupported_collection"),
        (400, "SomethingNew", "", "bad request invalid_request"),
        (403, "ScopeMissingError", "Missing required scope", "not granted scope_missing"),
        (403, "Forbidden", "Missing required scope repo:app.bsky.feed.like?action=delete", "not granted scope_missing"),
        (401, "invalid_dpop_proof", "Failed to verify DPoP proof", "unauthorized invalid_token"),
        (401, "invalid_token", "Token expired", "unauthorized invalid_token"),
        (403, "Forbidden", "", "ambiguous forbidden"),
        (404, "MethodNotImplemented", "", "app method_not_there"),
        (404, "NotFound", "", "app method_not_there"),
        (429, "RateLimitExceeded", "Rate Limit Exceeded", "limited rate"),
        (500, "InternalServerError", "Internal Server Error", "world server_error"),
        (501, "MethodNotImplemented", "Method Not Implemented", "app method_not_there"),
        (502, "UpstreamFailure", "Upstream service unreachable", "world upstream_failure"),
        (503, "NotEnoughResources", "", "world over_capacity"),
        (504, "UpstreamTimeout", "", "world upstream_failure"),
    ] {
        assert_eq!(said(B, Action::Unmute, status, &body(name, message)), finding, "{status} {name}");
    }
    check(
        B,
        Action::Unfollow,
        &[
            (404, HTML, "no answer of X not_found_unreadable"),
            (400, HTML, "bad request bad_request"),
            (401, "", "unauthorized unauthorized"),
            (413, "", "ambiguous unexpected_status"),
            (501, HTML, "world server_error"),
            (503, "", "world over_capacity"),
        ],
    );
}
