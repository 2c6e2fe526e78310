//! The bodies of servers that speak the Mastodon API.

use proptest::prelude::*;

use super::*;

const M: Platform = Platform::Mastodon;

#[test]
fn done_is_the_targets_record_in_the_state_that_was_asked_for() {
    let relation = |id: &str, following: &str, requested: &str| {
        format!(r#"{{"id":"{id}","following":{following},"requested":{requested},"muting":false,"blocking":false}}"#)
    };
    for (body, finding) in [
        (relation("9", "false", "false"), "done"),
        (relation("9", "true", "false"), "unknown unexpected_value"),
        (relation("9", "false", "true"), "unknown unexpected_value"),
        (relation("09", "false", "false"), "unknown unexpected_value"),
        (relation("8", "false", "false"), "unknown unexpected_value"),
        (relation("9", "null", "false"), "unknown unexpected_body"),
        (r#"{"id":"9","following":false}"#.to_owned(), "unknown unexpected_body"),
        (r#"{"id":9,"following":false,"requested":false}"#.to_owned(), "unknown unexpected_body"),
        (r#"[{"id":"9","following":false,"requested":false}]"#.to_owned(), "unknown unexpected_body"),
        (r#"{"error":"Record not found"}"#.to_owned(), "unknown unexpected_body"),
        (HTML.to_owned(), "unknown html_body"),
    ] {
        assert_eq!(said(M, Action::Unfollow, 200, &body), finding, "{body}");
    }
    for (action, field) in [
        (Action::Unlike, "favourited"),
        (Action::Unrepost, "reblogged"),
        (Action::Unbookmark, "bookmarked"),
        (Action::Unmute, "muting"),
        (Action::Unblock, "blocking"),
        (Action::RemoveFollower, "followed_by"),
        (Action::Unpin, "pinned"),
    ] {
        let body = |value: bool| format!(r#"{{"id":"9","{field}":{value},"content":"<p>x</p>"}}"#);
        assert_eq!(said(M, action, 200, &body(false)), "done", "{action}");
        // Some servers answer with the state of before; it is not believed either way.
        assert_eq!(said(M, action, 200, &body(true)), "unknown unexpected_value", "{action}");
    }
    check(
        M,
        Action::DeletePost,
        &[
            (200, r#"{"id":"9","text":"my words","content":"<p>my words</p>"}"#, "done"),
            (200, r#"{"id":"8","text":"others"}"#, "unknown unexpected_value"),
            (200, "{}", "unknown unexpected_body"),
            (200, "", "unknown empty_body"),
        ],
    );
}

/// A look at how things stand with a user is answered with a list of one; nothing else is believed.
#[test]
fn a_look_at_a_user_reads_a_list_of_one() {
    let look = find(M, Action::Unfollow).unwrap().looking_back().unwrap();
    let relation = |id: &str, following: bool, requested: bool| {
        format!(r#"{{"id":"{id}","following":{following},"requested":{requested}}}"#)
    };
    let off = relation("9", false, false);
    for (body, finding) in [
        (format!("[{off}]"), "done"),
        (format!("[{}]", relation("9", true, false)), "unknown unexpected_value"),
        (format!("[{}]", relation("9", false, true)), "unknown unexpected_value"),
        (format!("[{}]", relation("8", false, false)), "unknown unexpected_value"),
        (format!("[{off},{off}]"), "unknown unexpected_body"),
        (format!("[[{off}]]"), "unknown unexpected_body"),
        ("[]".to_owned(), "unknown unexpected_body"),
        (off, "unknown unexpected_body"),
    ] {
        let (user, target) = ("42".parse().unwrap(), "9".parse().unwrap());
        let finding_of = classify(&look, Subject { user: &user, target: &target }, &answer(200, &body));
        assert_eq!(short(&finding_of), finding, "{body}");
    }
}

#[test]
fn what_takes_an_action_back_is_done_when_it_is_there_again() {
    for (following, requested, finding) in [
        ("true", "false", "done"),
        ("false", "true", "done"),
        ("true", "null", "done"),
        ("false", "false", "unknown unexpected_value"),
        ("null", "null", "unknown unexpected_body"),
    ] {
        let body = |id: &str| format!(r#"{{"id":"{id}","following":{following},"requested":{requested}}}"#);
        assert_eq!(said(M, Action::Follow, 200, &body("9")), finding, "{following} {requested}");
        assert_ne!(said(M, Action::Follow, 200, &body("8")), "done");
    }
    for (action, field) in [
        (Action::Like, "favourited"),
        (Action::Mute, "muting"),
        (Action::Block, "blocking"),
        (Action::Bookmark, "bookmarked"),
        (Action::Pin, "pinned"),
    ] {
        let body = |value: bool| format!(r#"{{"id":"9","{field}":{value}}}"#);
        assert_eq!(said(M, action, 200, &body(true)), "done", "{action}");
        assert_eq!(said(M, action, 200, &body(false)), "unknown unexpected_value", "{action}");
    }
    // The answer to a repost is the new one, whose ID is its own.
    let repost = |id: &str, value: bool| {
        format!(r#"{{"id":"70","reblogged":true,"reblog":{{"id":"{id}","reblogged":{value}}}}}"#)
    };
    assert_eq!(said(M, Action::Repost, 200, &repost("9", true)), "done");
    assert_eq!(said(M, Action::Repost, 200, &repost("9", false)), "unknown unexpected_value");
    assert_eq!(said(M, Action::Repost, 200, &repost("8", true)), "unknown unexpected_value");
    assert_eq!(said(M, Action::Repost, 200, r#"{"id":"9","reblogged":true}"#), "unknown unexpected_body");
}

#[test]
fn refusals_are_told_by_their_status_first() {
    check(
        M,
        Action::DeletePost,
        &[
            (401, r#"{"error":"The access token is invalid"}"#, "unauthorized invalid_token"),
            (401, r#"{"error":"The access token was revoked"}"#, "unauthorized invalid_token"),
            (401, r#"{"error":"Unauthorized: token not supplied"}"#, "unauthorized invalid_token"),
            (403, r#"{"error":"This action is outside the authorized scopes"}"#, "not granted scope_missing"),
            (403, r#"{"error":"Your login is currently disabled"}"#, "account login_disabled"),
            (403, r#"{"error":"Forbidden"}"#, "refused not_own_post"),
            (403, r#"{"error":"This action is not allowed"}"#, "ambiguous forbidden"),
            (403, HTML, "ambiguous forbidden"),
            (404, r#"{"error":"Record not found"}"#, "gone not_found"),
            (404, r#"{"error":"Not Found: target status not found"}"#, "gone not_found"),
            (404, r#"{"error":"Not Found"}"#, "not found not_found_unclear"),
            (404, r#"{"error":"Not implemented"}"#, "not found not_found_unclear"),
            (404, HTML, "no answer of X not_found_unreadable"),
            (410, r#"{"error":"Gone"}"#, "gone not_found"),
            (422, r#"{"error":"This method requires an authenticated user"}"#, "unauthorized not_a_user_token"),
            (422, r#"{"error":"Validation failed"}"#, "bad request invalid_request"),
            (429, r#"{"error":"Too many requests"}"#, "limited rate"),
            (429, r#"{"error":"rate limit reached"}"#, "limited rate"),
            (500, r#"{"error":"Record not found"}"#, "world server_error"),
            (503, r#"{"error":"Service Unavailable"}"#, "world over_capacity"),
            (502, HTML, "world server_error"),
            (301, HTML, "unknown redirected"),
        ],
    );
    // Who may do something to somebody else is not told by a bare word.
    check(M, Action::Unfollow, &[(403, r#"{"error":"Forbidden"}"#, "ambiguous forbidden")]);
}

proptest! {
    #[test]
    fn nothing_is_done_without_every_field_of_the_target(
        action in prop::sample::select(
            Action::UNDOING
                .into_iter()
                .filter(|action| find(Platform::Mastodon, *action).is_some() && !action.target_kind().is_told_by_text())
                .collect::<Vec<_>>(),
        ),
        platform in prop::sample::select(vec![Platform::Mastodon, Platform::MastodonSandbox]),
        key in "[0-9]{0,3}[A-Za-z_-][A-Za-z0-9_-]{0,30}",
        other in "[A-Za-z0-9_-]{1,32}",
        named in prop::bool::weighted(0.8),
        values in prop::collection::hash_map(
            prop::sample::select(vec!["following", "requested", "favourited", "reblogged", "muting", "blocking", "bookmarked", "followed_by", "pinned"]),
            prop::option::weighted(0.9, prop::bool::weighted(0.2)),
            0..9,
        ),
    ) {
        let id = if named { key.clone() } else { other };
        let mut body: serde_json::Map<String, Value> =
            values.iter().map(|(name, value)| ((*name).to_owned(), value.map_or(Value::Null, Value::Bool))).collect();
        body.insert("id".to_owned(), id.clone().into());
        let (user, target) = ("42".parse().unwrap(), key.parse().unwrap());
        let endpoint = find(platform, action).unwrap();
        let answer = answer(200, &Value::Object(body).to_string());
        let finding = classify(endpoint, Subject { user: &user, target: &target }, &answer);
        let expected = match action {
            Action::Unfollow => vec!["following", "requested"],
            Action::Unlike => vec!["favourited"],
            Action::Unrepost => vec!["reblogged"],
            Action::Unmute => vec!["muting"],
            Action::Unblock => vec!["blocking"],
            Action::DeletePost => vec![],
            Action::Unbookmark => vec!["bookmarked"],
            Action::RemoveFollower => vec!["followed_by"],
            Action::Unpin => vec!["pinned"],
            other => panic!("{other}"),
        };
        let holds = id == key && expected.iter().all(|name| values.get(name) == Some(&Some(false)));
        let is_done = matches!(finding, Finding::Done { reason: None });
        prop_assert_eq!(is_done, holds);
        let is_unknown = matches!(finding, Finding::Unknown { .. });
        prop_assert!(holds || is_unknown);
    }
}
