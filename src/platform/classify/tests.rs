//! Every row of the code table, every known body, both hosts; and the laws for any bytes.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::domain::{Action, Wall};
use crate::platform::answer::{Body, ContentType};
use crate::platform::endpoint::{find, table};

const X: Platform = Platform::XV2;
const V1: Platform = Platform::XV1;
const AISA: Platform = Platform::Aisa;
const HTML: &str = "<!DOCTYPE html><html><body>nope</body></html>";

fn answer(status: u16, body: &str) -> Answer {
    let content_type = if body.starts_with('<') { ContentType::Html } else { ContentType::Json };
    Answer { status, body: Body::whole(body), facts: RateFacts::default(), content_type }
}

/// The finding in short: its kind and its word.
fn short(finding: &Finding) -> String {
    let (kind, reason) = match finding {
        Finding::Done { reason } => ("done", reason.clone().unwrap_or_default()),
        Finding::Gone { reason } => ("gone", reason.clone()),
        Finding::Refused { reason } => ("refused", reason.clone()),
        Finding::Malformed { reason } => ("malformed", reason.clone()),
        Finding::Ambiguous { reason } => ("ambiguous", reason.clone()),
        Finding::Unauthorized { reason } => ("unauthorized", reason.clone()),
        Finding::Account { reason } => ("account", reason.clone()),
        Finding::App { reason } => ("app", reason.clone()),
        Finding::World { reason } => ("world", reason.clone()),
        Finding::Unknown { reason } => ("unknown", reason.clone()),
        Finding::Limited(Limited::Rate) => ("limited", "rate".into()),
        Finding::Limited(Limited::Hidden) => ("limited", "hidden".into()),
        Finding::Limited(Limited::Usage { .. }) => ("limited", "usage".into()),
        Finding::Limited(Limited::Spend { .. }) => ("limited", "spend".into()),
        Finding::Unanswered { .. } | Finding::NotSent => ("not of the classifier", "".into()),
    };
    format!("{kind} {reason}").trim_end().to_owned()
}

fn said(platform: Platform, action: Action, status: u16, body: &str) -> String {
    short(&classify(find(platform, action).unwrap(), &answer(status, body)))
}

fn check(platform: Platform, action: Action, cases: &[(u16, &str, &str)]) {
    for (status, body, finding) in cases {
        assert_eq!(said(platform, action, *status, body), *finding, "{platform} {action} {status} {body}");
    }
}

#[test]
fn the_v1_code_table_in_v1_and_v2_answers() {
    for (code, status, finding) in [
        (17, 404, "gone not_found"),
        (25, 404, "malformed missing_parameter"),
        (32, 401, "unauthorized unauthorized"),
        (34, 404, "gone not_found"),
        (38, 403, "malformed missing_parameter"),
        (50, 404, "gone not_found"),
        (63, 403, "refused suspended"),
        (64, 403, "account account_suspended"),
        (68, 410, "app api_retired"),
        (87, 403, "app client_not_permitted"),
        (88, 429, "limited rate"),
        (89, 401, "unauthorized invalid_token"),
        (89, 403, "unauthorized invalid_token"),
        (92, 403, "malformed tls_required"),
        (99, 403, "unauthorized unauthorized"),
        (108, 404, "gone not_found"),
        (109, 404, "done already"),
        (110, 400, "done already"),
        (130, 503, "world over_capacity"),
        (131, 500, "world server_error"),
        (135, 401, "world clock_skew"),
        (136, 401, "refused blocked_by_target"),
        (139, 403, "ambiguous forbidden"),
        (144, 404, "gone not_found"),
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
        for body in [plain, mixed] {
            check(V1, Action::Unmute, &[(status, &body, finding)]);
            check(X, Action::Unmute, &[(status, &body, finding)]);
        }
    }
    // The other schema of an error in X's OpenAPI document.
    check(X, Action::Unlike, &[(404, r#"{"code":144,"message":"No status found."}"#, "gone not_found")]);
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
            (200, r#"{"id":7,"id_str":"7","following":true}"#, "done"),
            (200, r#"{"id":7}"#, "unknown unexpected_body"),
            (200, r#"{"id_str":7}"#, "unknown unexpected_value"),
            (200, r#"{"id_str":""}"#, "unknown unexpected_value"),
            (200, r#"{"id_str":"7","errors":[{"code":130}]}"#, "world over_capacity"),
            (200, r#"[{"id_str":"7"}]"#, "unknown unexpected_body"),
        ],
    );
}

#[test]
fn two_hundred_without_data_is_no_success() {
    let gone = r#"{"errors":[{"value":"9","detail":"Could not find user with id: [9].","title":"Not Found Error",
        "resource_type":"user","parameter":"target_user_id","resource_id":"9",
        "type":"https://api.twitter.com/2/problems/resource-not-found"}]}"#;
    let filler =
        r#"{"data":{"following":true},"errors":[{"title":"e","type":"https://x/problems/resource-not-found"}]}"#;
    check(
        X,
        Action::Unfollow,
        &[
            (200, gone, "gone not_found"),
            (404, gone, "gone not_found"),
            (200, filler, "unknown unexpected_value"),
            (200, "{}", "unknown unexpected_body"),
            (200, r#"{"errors":[]}"#, "unknown unexpected_body"),
            (200, r#"{"errors":[{"type":"about:blank","detail":"?"}]}"#, "unknown unexpected_body"),
            (200, "[]", "unknown unexpected_body"),
            (200, "true", "unknown unexpected_body"),
            (200, "", "unknown empty_body"),
            (200, " \n", "unknown empty_body"),
            (200, HTML, "unknown html_body"),
            (200, r#"{"data":{"following":fal"#, "unknown unreadable"),
            (204, "", "unknown unexpected_status"),
        ],
    );
}

#[test]
fn problem_types_are_told_by_their_last_segment_on_both_hosts() {
    for host in ["https://api.x.com/2/problems/", "https://api.twitter.com/2/problems/", ""] {
        for (status, kind, more, finding) in [
            (404, "resource-not-found", "", "gone not_found"),
            (403, "resource-unavailable", "", "refused unavailable"),
            (403, "not-authorized-for-resource", "", "refused not_authorized"),
            (403, "not-authorized-for-field", "", "ambiguous forbidden"),
            (403, "field-unauthorized", "", "ambiguous forbidden"),
            (400, "disallowed-resource", "", "refused disallowed"),
            (400, "invalid-request", "", "malformed invalid_request"),
            (403, "internal-error", "", "world server_error"),
            (400, "field-hydration-failure", "", "world server_error"),
            (409, "conflict", "", "world conflict"),
            (403, "client-forbidden", r#","reason":"client-not-enrolled""#, "app client_not_enrolled"),
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
fn the_bodies_people_have_met() {
    check(
        X,
        Action::Unlike,
        &[
            (
                400,
                r#"{"errors":[{"parameters":{"id":["x"]},"message":"The `id` query parameter value [x] is not valid"}],
                    "title":"Invalid Request","detail":"One or more parameters to your request was invalid.",
                    "type":"https://api.twitter.com/2/problems/invalid-request"}"#,
                "malformed invalid_request",
            ),
            (
                400,
                r#"{"errors":[{"parameters":{"id":["1"]},"message":"The `id` query parameter value [1] must be the same as the authenticating user [2]"}],
                    "title":"Invalid Request","type":"https://api.twitter.com/2/problems/invalid-request"}"#,
                "account wrong_user",
            ),
            (
                401,
                r#"{"title":"Unauthorized","type":"about:blank","status":401,"detail":"Unauthorized"}"#,
                "unauthorized unauthorized",
            ),
            (
                402,
                r#"{"account_id":1000000000000000001,"title":"CreditsDepleted","detail":"Your enrolled account [1] does not have any credits to fulfill this request.",
                    "type":"https://api.twitter.com/2/problems/credits"}"#,
                "app credits_depleted",
            ),
            (402, "", "app credits_depleted"),
            (
                403,
                r#"{"client_id":"1","title":"Client Forbidden","reason":"client-not-enrolled","required_enrollment":"Appropriate Level",
                    "registration_url":"https://developer.example","type":"https://api.twitter.com/2/problems/client-forbidden"}"#,
                "app client_not_enrolled",
            ),
            (
                403,
                r#"{"title":"Unsupported Authentication","detail":"Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.",
                    "type":"https://api.twitter.com/2/problems/unsupported-authentication","status":403}"#,
                "app unsupported_authentication",
            ),
            (
                403,
                r#"{"title":"Forbidden","status":403,"detail":"Your client app is not configured with the appropriate oauth1 app permissions for this endpoint.",
                    "type":"https://api.twitter.com/2/problems/oauth1-permissions"}"#,
                "app app_permissions",
            ),
            (403, r#"{"detail":"You are not permitted to use OAuth2 on this endpoint"}"#, "app oauth2_not_permitted"),
            (
                403,
                r#"{"title":"Forbidden","detail":"This endpoint requires an Enterprise plan."}"#,
                "app enterprise_only",
            ),
            (
                403,
                r#"{"title":"Forbidden","detail":"You are not permitted to perform this action.","type":"about:blank","status":403}"#,
                "ambiguous forbidden",
            ),
            (
                403,
                r#"{"detail":"You are not authorized to delete this Tweet.","type":"about:blank","title":"Forbidden","status":403}"#,
                "refused not_own_post",
            ),
            (403, r#"{"detail":"Forbidden"}"#, "ambiguous forbidden"),
            (
                404,
                r#"{"errors":[{"value":"9","detail":"Could not find tweet with id: [9].","title":"Not Found Error","resource_type":"tweet",
                    "parameter":"id","resource_id":"9","type":"https://api.x.com/2/problems/resource-not-found"}]}"#,
                "gone not_found",
            ),
            (409, r#"{"title":"Conflict"}"#, "world conflict"),
            (
                429,
                r#"{"title":"Too Many Requests","detail":"Too Many Requests","type":"about:blank","status":429}"#,
                "limited rate",
            ),
            (429, r#"{"errors":[{"code":88,"message":"Rate limit exceeded"}]}"#, "limited rate"),
            (429, r#"{"errors":[{"type":"https://x/problems/resource-not-found"}]}"#, "limited rate"),
            (
                429,
                r#"{"title":"UsageCapExceeded","detail":"Usage cap exceeded: Monthly product cap"}"#,
                "limited usage",
            ),
            (429, "", "limited rate"),
            (429, HTML, "limited rate"),
            (429, "Too Many Requests", "limited rate"),
            (420, "", "limited rate"),
            (
                503,
                r#"{"title":"Service Unavailable","detail":"Service Unavailable","type":"about:blank","status":503}"#,
                "world over_capacity",
            ),
            (500, r#"{"errors":[{"code":144}]}"#, "world server_error"),
            (502, HTML, "world server_error"),
            (504, "", "world server_error"),
        ],
    );
}

#[test]
fn an_acting_user_that_is_missing_is_not_the_target() {
    let missing = |kind: &str, parameter: &str| {
        format!(
            r#"{{"errors":[{{"resource_type":"{kind}","parameter":"{parameter}","type":"https://x/resource-not-found"}}]}}"#
        )
    };
    check(X, Action::Unlike, &[(404, &missing("user", "id"), "ambiguous acting_user")]);
    check(X, Action::Unfollow, &[(404, &missing("user", "source_user_id"), "ambiguous acting_user")]);
    check(X, Action::Unfollow, &[(404, &missing("user", "target_user_id"), "gone not_found")]);
}

#[test]
fn a_status_speaks_where_the_body_does_not() {
    for body in [HTML, "", "\u{feff}", "[]", "7"] {
        let word = match body {
            HTML => "unknown html_body",
            "" => "unknown empty_body",
            "\u{feff}" => "unknown unreadable",
            _ => "unknown unexpected_body",
        };
        check(
            X,
            Action::Unfollow,
            &[
                (400, body, "ambiguous bad_request"),
                (401, body, "unauthorized unauthorized"),
                (403, body, "ambiguous forbidden"),
                (404, body, word),
                (405, body, "ambiguous unexpected_status"),
                (407, body, "world proxy_refused"),
                (408, body, "world request_timeout"),
                (409, body, "world conflict"),
                (410, body, "ambiguous endpoint_retired"),
                (301, body, "unknown redirected"),
                (307, body, "unknown redirected"),
                (101, body, "unknown unexpected_status"),
                (202, body, "unknown unexpected_status"),
                (0, body, "unknown unexpected_status"),
                (999, body, "unknown unexpected_status"),
            ],
        );
    }
    check(
        X,
        Action::Unfollow,
        &[
            (404, r#"{"title":"Not Found","type":"about:blank","status":404}"#, "ambiguous not_found_unclear"),
            (410, "{}", "app endpoint_retired"),
            (302, r#"{"errors":[{"code":34}]}"#, "unknown redirected"),
        ],
    );
}

#[test]
fn a_cut_or_too_deep_body_proves_nothing() {
    let unfollow = find(X, Action::Unfollow).unwrap();
    for (status, finding) in [
        (200, "unknown cut_body"),
        (404, "unknown cut_body"),
        (403, "ambiguous forbidden"),
        (429, "limited rate"),
        (503, "world over_capacity"),
    ] {
        for text in [r#"{"data":{"following":false}}"#, r#"{"errors":[{"code":34}]}"#, ""] {
            let mut cut = answer(status, text);
            cut.body.complete = false;
            assert_eq!(short(&classify(unfollow, &cut)), finding, "{status} {text}");
        }
    }
    let deep = format!(r#"{{"data":{{"following":false}},"x":{}{}}}"#, "[".repeat(30_000), "]".repeat(30_000));
    check(X, Action::Unfollow, &[(200, &deep, "unknown unreadable"), (403, &deep, "ambiguous forbidden")]);
}

#[test]
fn when_a_cap_ends() {
    let spend = |date: &str| {
        let body =
            format!(r#"{{"title":"SpendCapReached","reset_date":"{date}","type":"https://x/problems/credits"}}"#);
        classify(find(X, Action::Unlike).unwrap(), &answer(403, &body))
    };
    let until = Some(Wall(1_778_630_400_000));
    assert_eq!(spend("2026-05-13"), Finding::Limited(Limited::Spend { until }));
    assert_eq!(spend("2026-05-13T00:00:00Z"), Finding::Limited(Limited::Spend { until }));
    assert_eq!(spend("soon"), Finding::Limited(Limited::Spend { until: None }));

    let usage = |period: &str| {
        let mut said = answer(429, &format!(r#"{{"title":"UsageCapExceeded","period":"{period}"}}"#));
        said.facts.date = Some(Wall(1_000));
        classify(find(X, Action::Unlike).unwrap(), &said)
    };
    assert_eq!(usage("Daily"), Finding::Limited(Limited::Usage { until: Some(Wall(86_401_000)) }));
    assert_eq!(usage("Monthly"), Finding::Limited(Limited::Usage { until: None }));
}

#[test]
fn aisa_in_both_envelopes_and_its_own_errors() {
    let error = |kind: &str, code: &str| {
        format!(r#"{{"error":{{"type":"{kind}","code":"{code}","message":"m","request_id":"r"}}}}"#)
    };
    check(
        AISA,
        Action::Unfollow,
        &[
            (200, r#"{"data":{"following":false}}"#, "done"),
            (200, r#"{"code":200,"msg":"ok","data":{"following":false}}"#, "done"),
            (200, r#"{"code":0,"data":{"following":false}}"#, "done"),
            (200, r#"{"status":"success","data":{"following":false}}"#, "done"),
            (200, r#"{"success":true,"data":{"following":false}}"#, "done"),
            (200, r#"{"status":"success"}"#, "unknown unexpected_body"),
            (200, r#"{"status":"failed","data":{"following":false}}"#, "unknown unexpected_body"),
            (200, r#"{"success":false,"data":{"following":false}}"#, "unknown unexpected_body"),
            (200, r#"{"code":200,"data":{"following":true}}"#, "unknown unexpected_value"),
            (200, r#"{"code":"200","data":{"following":false}}"#, "unknown unexpected_body"),
            (200, r#"{"code":429,"msg":"slow down"}"#, "limited rate"),
            (200, r#"{"code":401,"msg":"no"}"#, "unauthorized unauthorized"),
            (200, r#"{"code":404,"msg":"no"}"#, "ambiguous not_found_unclear"),
            (200, r#"{"code":503,"msg":"later"}"#, "world over_capacity"),
            (200, r#"{"code":403,"data":{"errors":[{"code":326}]}}"#, "account account_locked"),
            (200, r#"{"code":7,"data":{"following":false}}"#, "unknown unexpected_body"),
            (403, r#"{"type":"https://api.x.com/2/problems/client-forbidden"}"#, "unauthorized scope_missing"),
            (404, r#"{"type":"https://api.x.com/2/problems/resource-not-found"}"#, "gone not_found"),
            (402, r#"{"error":{"code":"whatever"}}"#, "app credits_depleted"),
            (429, r#"{"error":{"code":"RATE_LIMITED"}}"#, "limited rate"),
            (400, &error("invalid_request_error", "invalid_request"), "malformed invalid_request"),
            (400, &error("invalid_request_error", "json_parse_error"), "malformed invalid_request"),
            (400, &error("invalid_request_error", "?"), "malformed invalid_request"),
            (401, &error("authentication_error", "revoked_api_key"), "unauthorized invalid_key"),
            (401, &error("authentication_error", "?"), "unauthorized invalid_key"),
            (403, &error("?", "insufficient_permissions"), "app insufficient_permissions"),
            (403, &error("?", "region_blocked"), "app region_blocked"),
            (404, &error("?", "resource_not_found"), "gone not_found"),
            (404, &error("?", "unknown_endpoint"), "app endpoint_unknown"),
            (422, &error("?", "?"), "ambiguous unexpected_status"),
            (429, &error("rate_limit_error", "rate_limit_exceeded"), "limited rate"),
            (429, &error("rate_limit_error", "quota_exceeded"), "limited spend"),
            (403, &error("upstream_error", "?"), "world upstream_error"),
            (502, &error("upstream_error", "?"), "world server_error"),
        ],
    );
    check(AISA, Action::Unlike, &[(200, r#"{"data":{"liked":false}}"#, "done")]);
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

/// Bytes that look like answers often enough to reach every branch.
fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"data\"",
        "\"following\"",
        "\"errors\"",
        "\"code\"",
        "\"type\"",
        "\"id_str\"",
        "\"7\"",
        "true",
        "false",
        "null",
        "34",
        "272",
        "\"resource-not-found\"",
        "\"error\"",
        "200",
        "\"status\"",
        "\"success\"",
    ]);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        prop::collection::vec(words, 0..40).prop_map(|words| words.concat().into_bytes()),
        json(3).prop_map(|value| value.to_string().into_bytes()),
    ]
}

fn json(depth: u32) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop::sample::select(vec![34_u64, 272, 88, 326, 200, 404, 7]).prop_map(Value::from),
        prop::sample::select(vec!["https://x/resource-not-found", "7", "success", "about:blank", "credits"])
            .prop_map(Value::from),
    ];
    let keys = prop::sample::select(vec![
        "data",
        "following",
        "errors",
        "code",
        "type",
        "title",
        "detail",
        "id_str",
        "error",
        "status",
        "liked",
    ]);
    leaf.prop_recursive(depth, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((keys.clone(), inner), 0..4).prop_map(|pairs| Value::Object(
                pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            )),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]
    #[test]
    fn the_laws_hold_for_any_bytes(
        platform in prop::sample::select(Platform::ALL.to_vec()),
        action in prop::sample::select(Action::ALL.to_vec()),
        status in prop_oneof![3 => Just(200_u16), 3 => 400..430_u16, 1 => any::<u16>()],
        bytes in bodies(),
        complete in prop::bool::weighted(0.8),
    ) {
        let Some(endpoint) = find(platform, action) else { return Ok(()) };
        let body = Body { bytes, complete };
        let readable = complete && matches!(serde_json::from_slice(&body.bytes), Ok(Value::Object(_)));
        let root: Value = serde_json::from_slice(&body.bytes).unwrap_or_default();
        let finding = classify(endpoint, &Answer { status, body, facts: RateFacts::default(), content_type: ContentType::Json });
        match finding {
            Finding::Done { reason: None } => {
                prop_assert!(readable && status == 200);
                match endpoint.success {
                    Success::Flag { pointer, value } => prop_assert_eq!(root.pointer(pointer), Some(&Value::Bool(value))),
                    Success::Id { pointer } => prop_assert!(root.pointer(pointer).is_some_and(Value::is_string)),
                }
            }
            Finding::Done { reason: Some(ref reason) } => {
                prop_assert!(readable && *reason == "already" && root.to_string().contains("272"));
            }
            Finding::Gone { .. } | Finding::Refused { .. } => {
                prop_assert!(readable && (status == 200 || (400..500).contains(&status)));
            }
            Finding::Unanswered { .. } | Finding::NotSent => prop_assert!(false, "the classifier knows only answers"),
            _ => {}
        }
        if (500..600).contains(&status) {
            let is_world = matches!(finding, Finding::World { .. });
            prop_assert!(is_world);
        }
    }

    #[test]
    fn a_confirmed_effect_cut_anywhere_is_never_done(at in 0..27_usize) {
        let text = r#"{"data":{"following":false}}"#;
        let said = answer(200, &text[..at]);
        let finding = classify(find(X, Action::Unfollow).unwrap(), &said);
        let is_unknown = matches!(finding, Finding::Unknown { .. });
        prop_assert!(is_unknown);
    }
}
