//! Every v1 code, every row, every problem type.

use super::*;
use crate::platforms::registry::table;

#[test]
fn the_v1_code_table_in_v1_and_v2_answers() {
    for (code, status, finding) in [
        (17, 404, "gone not_found"),
        (25, 404, "bad request missing_parameter"),
        (32, 401, "unauthorized unauthorized"),
        (34, 404, "not found not_found_unclear"),
        (38, 403, "bad request missing_parameter"),
        (50, 404, "gone not_found"),
        (63, 403, "refused suspended"),
        (64, 403, "account account_suspended"),
        (68, 410, "app api_retired"),
        (87, 403, "app client_not_permitted"),
        (88, 429, "limited rate"),
        (89, 401, "unauthorized invalid_token"),
        (89, 403, "unauthorized invalid_token"),
        (92, 403, "bad request tls_required"),
        (99, 403, "unauthorized unauthorized"),
        (108, 404, "gone not_found"),
        (109, 404, "done already"),
        (110, 400, "done already"),
        (130, 503, "world over_capacity"),
        (131, 500, "world server_error"),
        (135, 401, "world clock_skew"),
        (136, 401, "refused blocked_by_target"),
        (139, 403, "ambiguous forbidden"),
        (144, 404, "other other_record"),
        (160, 403, "ambiguous forbidden"),
        (161, 403, "ambiguous forbidden"),
        (179, 403, "refused protected"),
        (183, 403, "refused not_own_post"),
        (185, 403, "limited hidden"),
        (187, 403, "ambiguous forbidden"),
        (215, 400, "unauthorized bad_authentication"),
        (220, 403, "unauthorized not_a_user_token"),
        (226, 403, "account looks_automated"),
        (251, 410, "app endpoint_retired"),
        (261, 403, "app app_read_only"),
        (271, 403, "refused own_account"),
        (272, 403, "done already"),
        (326, 403, "account account_locked"),
        (327, 403, "ambiguous forbidden"),
        (349, 403, "ambiguous forbidden"),
        (415, 403, "app callback_not_approved"),
        (416, 401, "app app_suspended"),
        (417, 401, "app callback_not_approved"),
        (421, 404, "refused unavailable"),
        (422, 404, "refused removed_by_platform"),
        (425, 403, "refused actions_disabled"),
        (453, 403, "app access_level"),
    ] {
        let plain = format!(r#"{{"errors":[{{"code":{code},"message":"words"}}]}}"#);
        let mixed = format!(
            r#"{{"title":"Forbidden","detail":"You are not permitted to perform this action.","type":"about:blank",
                "errors":[{{"code":{code},"message":"words","label":"x"}}]}}"#
        );
        let text = format!(r#"{{"errors":[{{"code":"{code}","message":"words"}}]}}"#);
        for body in [plain, mixed, text] {
            check(V1, Action::Unmute, &[(status, &body, finding)]);
            check(X, Action::Unmute, &[(status, &body, finding)]);
        }
    }
    // The other schema of an error in X's OpenAPI document.
    check(X, Action::Unlike, &[(404, r#"{"code":144,"message":"No status found."}"#, "gone not_found")]);
    // Codes about users say nothing of a post, and the other way round.
    for (code, finding) in
        [(17, "other acting_user"), (50, "other acting_user"), (108, "other acting_user"), (144, "gone not_found")]
    {
        for platform in [X, V1] {
            check(platform, Action::Unlike, &[(404, &format!(r#"{{"errors":[{{"code":{code}}}]}}"#), finding)]);
        }
    }
}

#[test]
fn a_confirmed_effect_is_the_expected_field_with_the_expected_value() {
    for row in table(X) {
        let Success::Flag { pointer, value } = row.success else { panic!("{}", row.path) };
        let field = pointer.trim_start_matches("/data/");
        check(
            X,
            row.action,
            &[
                (200, &format!(r#"{{"data":{{"{field}":{value}}}}}"#), "done"),
                (200, &format!(r#" {{"data":{{"{field}":{value},"more":[1]}},"errors":[]}} "#), "done"),
                (200, &format!(r#"{{"data":{{"{field}":{}}}}}"#, !value), "unknown unexpected_value"),
                (200, &format!(r#"{{"data":{{"{field}":"{value}"}}}}"#), "unknown unexpected_value"),
                (200, &format!(r#"{{"data":{{"{field}":null}}}}"#), "unknown unexpected_value"),
                (200, &format!(r#"{{"{field}":{value}}}"#), "unknown unexpected_body"),
                (200, &format!(r#"{{"data":[{{"{field}":{value}}}]}}"#), "unknown unexpected_body"),
                (201, &format!(r#"{{"data":{{"{field}":{value}}}}}"#), "unknown unexpected_status"),
                (500, &format!(r#"{{"data":{{"{field}":{value}}}}}"#), "world server_error"),
            ],
        );
    }
    check(
        V1,
        Action::Unfollow,
        &[
            (200, r#"{"id":9,"id_str":"9","following":true}"#, "done"),
            (200, r#"{"id_str":"009"}"#, "done"),
            (200, r#"{"id":9}"#, "unknown unexpected_body"),
            (200, r#"{"id_str":9}"#, "unknown unexpected_value"),
            (200, r#"{"id_str":""}"#, "unknown unexpected_value"),
            (200, r#"{"id_str":"9","errors":[{"code":130}]}"#, "world over_capacity"),
            (200, r#"[{"id_str":"9"}]"#, "unknown unexpected_body"),
        ],
    );
}

#[test]
fn problem_types_are_told_by_their_last_segment_on_both_hosts() {
    for host in ["https://api.x.com/2/problems/", "https://api.twitter.com/2/problems/", ""] {
        for (status, kind, more, finding) in [
            (404, "resource-not-found", r#","resource_id":"9""#, "gone not_found"),
            (404, "resource-not-found", "", "not found not_found_unclear"),
            (403, "resource-unavailable", r#","resource_id":"9""#, "refused unavailable"),
            (403, "resource-unavailable", "", "ambiguous unavailable"),
            (403, "not-authorized-for-resource", r#","resource_id":"9""#, "refused not_authorized"),
            (403, "not-authorized-for-resource", "", "ambiguous not_authorized"),
            (403, "not-authorized-for-field", "", "ambiguous forbidden"),
            (403, "field-unauthorized", "", "ambiguous forbidden"),
            (400, "disallowed-resource", "", "bad request disallowed"),
            (400, "disallowed-resource", r#","resource_id":"9""#, "bad request disallowed"),
            (400, "invalid-request", "", "bad request invalid_request"),
            (403, "internal-error", "", "world server_error"),
            (400, "field-hydration-failure", "", "world server_error"),
            (409, "conflict", "", "world conflict"),
            (403, "client-forbidden", r#","reason":"client-not-enrolled""#, "app client_not_enrolled"),
            (403, "client-forbidden", r#","reason":"user-not-enrolled""#, "account user_not_enrolled"),
            (403, "client-forbidden", r#","reason":"official-client-forbidden""#, "app official_client_forbidden"),
            (403, "client-forbidden", "", "app client_forbidden"),
            (403, "unsupported-authentication", "", "app unsupported_authentication"),
            (403, "oauth1-permissions", "", "app app_permissions"),
            (402, "credits", "", "app credits_depleted"),
            (403, "credits", r#","title":"SpendCapReached""#, "limited spend"),
            (429, "usage-capped", r#","period":"Monthly","scope":"Product""#, "limited usage"),
            (429, "usage-capped", r#","period":"Daily","scope":"Account""#, "limited usage"),
            (429, "rate-limit-exceeded", "", "limited rate"),
            (503, "operational-disconnect", "", "world over_capacity"),
            (403, "something-new", "", "ambiguous forbidden"),
        ] {
            let top = format!(r#"{{"type":"{host}{kind}"{more}}}"#);
            let inner = format!(r#"{{"errors":[{{"type":"{host}{kind}"{more}}}]}}"#);
            check(X, Action::Unfollow, &[(status, &top, finding), (status, &inner, finding)]);
        }
    }
}

#[test]
fn of_several_explanations_the_one_that_stops_the_most_wins() {
    check(
        V1,
        Action::Unfollow,
        &[
            (403, r#"{"errors":[{"code":108},{"code":326}]}"#, "account account_locked"),
            (403, r#"{"errors":[{"code":272},{"code":453}]}"#, "app access_level"),
            (403, r#"{"errors":[{"code":63},{"code":9999},7,null,"x",{"code":"34"}]}"#, "refused suspended"),
        ],
    );
}

/// v1.1 hands back the record that it acted on. Where that is another one, the target is not undone, whatever the status says.
#[test]
fn a_record_of_somebody_else_confirms_nothing() {
    let other = "unknown unexpected_value";
    for action in [Action::Unfollow, Action::Unmute, Action::Unblock, Action::Unlike, Action::DeletePost] {
        check(
            V1,
            action,
            &[
                (200, r#"{"id_str":"9","id":9}"#, "done"),
                (200, r#"{"id_str":"999","id":999,"text":"x"}"#, other),
                (200, r#"{"id_str":"90"}"#, other),
                (200, r#"{"id_str":"42","id":42}"#, other),
                // It contradicts itself.
                (200, r#"{"id_str":"9","id":999}"#, other),
                (200, r#"{"id_str":"999","id":9}"#, other),
            ],
        );
    }
    // `unretweet` hands back the post that was reposted.
    check(V1, Action::Unrepost, &[(200, r#"{"id_str":"8","id":8}"#, "done"), (200, r#"{"id_str":"x"}"#, other)]);

    // v2 and AIsa need not name it.
    for platform in [X, AISA] {
        check(
            platform,
            Action::Unfollow,
            &[
                (200, r#"{"data":{"following":false,"target_user_id":"9"}}"#, "done"),
                (200, r#"{"data":{"following":false,"target_user_id":9,"more":"8"}}"#, "done"),
                (200, r#"{"data":{"following":false,"target_user_id":"8"}}"#, other),
                (200, r#"{"data":{"following":false,"target_user_id":8}}"#, other),
            ],
        );
    }
    check(X, Action::Unlike, &[(200, r#"{"data":{"liked":false,"tweet_id":"8"}}"#, other)]);

    let said = |target: &str, body: &str| {
        let (user, target) = ("42".parse().unwrap(), target.parse().unwrap());
        let subject = Subject { user: &user, target: &target };
        short(&classify(find(V1, Action::Unfollow).unwrap(), subject, &answer(200, body)))
    };
    // A number may have gone through a double; `id_str` says which record it is.
    let long = "1629556410996121225";
    let record = |id_str: &str, id: &str| format!(r#"{{"id_str":"{id_str}","id":{id}}}"#);
    assert_eq!(said(long, &record(long, "1629556410996121300")), "done");
    assert_eq!(said(long, &record("1629556410996121300", "1629556410996121300")), other);
    let named = |name: &str| format!(r#"{{"id_str":"7","id":7,"screen_name":"{name}"}}"#);
    assert_eq!(said("@ada", &named("Ada")), "done");
    assert_eq!(said("@ada", &named("bob")), other);
    assert_eq!(said("@ada", r#"{"id_str":"7","id":7}"#), other, "nothing says that it is hers");
}

/// A retry is not offered where the platform refuses the target itself, and people are told so by these words.
#[test]
fn every_refusal_of_a_target_is_known_as_one() {
    let sources = [
        include_str!("../../x/classify/v1_code.rs"),
        include_str!("../../x/classify/problem.rs"),
        include_str!("../../x/classify/sentence.rs"),
        include_str!("../../mastodon/classify.rs"),
        include_str!("../../bluesky/classify.rs"),
    ];
    // A server that knows no such collection refuses the method, not the record.
    let of_the_server = ["unsupported_collection"];
    let mut found = 0;
    for source in sources {
        for part in source.split("refused(\"").skip(1) {
            let reason = part.split('"').next().unwrap_or_default();
            let is_of_target = !of_the_server.contains(&reason);
            assert_eq!(crate::domain::is_refusal_of_target(reason), is_of_target, "{reason}");
            found += 1;
        }
    }
    assert!(found > 8, "{found}");
    assert!(!crate::domain::is_refusal_of_target("server_error"));
}
