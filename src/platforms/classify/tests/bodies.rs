//! What has been met, in documents and in the wild.

use super::*;
use crate::domain::Wall;

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
            (200, r#"{"data":{"following":true,"following":false}}"#, "unknown duplicate_key"),
            (200, r#"{"data":{"following":false,"following":true}}"#, "unknown duplicate_key"),
            (200, r#"{"data":{"following":true},"data":{"following":false}}"#, "unknown duplicate_key"),
            (200, r#"{"data":{"following":false},"x":[{"y":1,"\u0079":2}]}"#, "unknown duplicate_key"),
            (404, r#"{"errors":[{"code":34,"code":326}]}"#, "unknown duplicate_key"),
            (204, "", "unknown unexpected_status"),
        ],
    );
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
                "bad request invalid_request",
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
            (
                403,
                r#"{"detail":"To protect our users, this account is temporarily locked. Please log in."}"#,
                "account account_locked",
            ),
            (403, r#"{"detail":"This request looks like it might be automated."}"#, "account looks_automated"),
            (403, r#"{"detail":"Your account is suspended and is not permitted."}"#, "account account_suspended"),
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
    check(X, Action::Unlike, &[(404, &missing("user", "id"), "other acting_user")]);
    check(X, Action::Unfollow, &[(404, &missing("user", "source_user_id"), "other acting_user")]);
    check(X, Action::Unfollow, &[(404, &missing("user", "target_user_id"), "gone not_found")]);
}

#[test]
fn a_status_speaks_where_the_body_does_not() {
    for body in [HTML, "", "\u{feff}", "[]", "7", "Not Found"] {
        check(
            X,
            Action::Unfollow,
            &[
                (400, body, "bad request bad_request"),
                (401, body, "unauthorized unauthorized"),
                (403, body, "ambiguous forbidden"),
                (404, body, "no answer of X not_found_unreadable"),
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
            (404, r#"{"title":"Not Found","type":"about:blank","status":404}"#, "not found not_found_unclear"),
            (410, "{}", "app endpoint_retired"),
            (302, r#"{"errors":[{"code":34}]}"#, "unknown redirected"),
        ],
    );
}

#[test]
fn a_cut_or_too_deep_body_proves_nothing() {
    for (status, finding) in [
        (200, "unknown cut_body"),
        (404, "unknown cut_body"),
        (403, "ambiguous forbidden"),
        (429, "limited rate"),
        (503, "world over_capacity"),
    ] {
        for text in [r#"{"data":{"following":false}}"#, r#"{"errors":[{"code":34}]}"#, ""] {
            let mut cut = answer(status, text);
            cut.body.end = crate::platforms::BodyEnd::BrokeOff;
            assert_eq!(short(&judged(X, Action::Unfollow, &cut)), finding, "{status} {text}");
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
        judged(X, Action::Unlike, &answer(403, &body))
    };
    let until = Some(Wall(1_778_630_400_000));
    assert_eq!(spend("2026-05-13"), Finding::Limited(Limited::Spend { until }));
    assert_eq!(spend("2026-05-13T00:00:00Z"), Finding::Limited(Limited::Spend { until }));
    assert_eq!(spend("soon"), Finding::Limited(Limited::Spend { until: None }));

    let usage = |period: &str| {
        let mut said = answer(429, &format!(r#"{{"title":"UsageCapExceeded","period":"{period}"}}"#));
        said.facts.date = Some(Wall(1_000));
        judged(X, Action::Unlike, &said)
    };
    assert_eq!(usage("Daily"), Finding::Limited(Limited::Usage { until: Some(Wall(86_401_000)) }));
    assert_eq!(usage("Monthly"), Finding::Limited(Limited::Usage { until: None }));
}

/// Whatever code, type or status it comes with.
#[test]
fn a_sentence_about_the_own_account_is_what_it_says() {
    const SUSPENDED: &str = "Your account is suspended and is not permitted to access this feature.";
    for (sentence, finding) in [
        (SUSPENDED, "account account_suspended"),
        ("Your account has been suspended.", "account account_suspended"),
        ("This request looks like it might be automated.", "account looks_automated"),
        ("To protect our users, this account is temporarily locked. Please log in.", "account account_locked"),
        ("This call is billed to the authenticated user, who has to enrol.", "account user_not_enrolled"),
    ] {
        let said = |body: &str| body.replace('~', sentence);
        for body in [
            r#"{"detail":"~"}"#,
            r#"{"message":"~"}"#,
            r#"{"errors":[{"message":"~"}]}"#,
            r#"{"errors":[{"code":63,"message":"~"}]}"#,
            r#"{"errors":[{"code":9999,"message":"~"}]}"#,
            r#"{"errors":[{"detail":"~","type":"https://x/problems/not-authorized-for-resource"}]}"#,
            r#"{"title":"Forbidden","detail":"~","type":"about:blank"}"#,
        ] {
            for status in [200, 400, 401, 403, 404] {
                check(X, Action::Unfollow, &[(status, &said(body), finding)]);
                check(V1, Action::Unlike, &[(status, &said(body), finding)]);
            }
        }
        for body in [
            r#"{"error":{"type":"?","code":"?","message":"~"}}"#,
            r#"{"code":403,"msg":"~"}"#,
            r#"{"data":{"detail":"~"}}"#,
        ] {
            check(AISA, Action::Unlike, &[(403, &said(body), finding)]);
        }
    }
    check(
        X,
        Action::Unfollow,
        &[(403, r#"{"errors":[{"code":63,"message":"User has been suspended."}]}"#, "refused suspended")],
    );
}

/// A 401 that broke off may have been about the target (v1.1, code 136): the account does not stop for it.
#[test]
fn a_401_is_about_the_token_unless_it_broke_off() {
    for platform in [X, V1, AISA] {
        for (body, end, finding) in [
            (
                r#"{"errors":[{"code":136,"message":"You have b"#,
                crate::platforms::BodyEnd::BrokeOff,
                "unknown cut_body",
            ),
            ("", crate::platforms::BodyEnd::Whole, "unauthorized unauthorized"),
        ] {
            let said = Answer {
                status: 401,
                body: Body { bytes: body.into(), end },
                facts: RateFacts::default(),
                content_type: ContentType::Json,
                next: NextPage::None,
            };
            assert_eq!(short(&judged(platform, Action::Unfollow, &said)), finding, "{platform} {body}");
        }
    }
}

/// Whoever wrote the body of a 404, every row was refused; what broke off on its way may still name the target.
#[test]
fn a_404_is_an_unnamed_refusal_whatever_its_body_unless_it_broke_off() {
    for platform in [X, V1, AISA] {
        let said = |body: Body| {
            let said = Answer {
                status: 404,
                body,
                facts: RateFacts::default(),
                content_type: ContentType::Html,
                next: NextPage::None,
            };
            short(&judged(platform, Action::Unfollow, &said))
        };
        for body in [HTML, "", "Not Found", "[]"] {
            assert_eq!(said(Body::whole(body)), "no answer of X not_found_unreadable", "{platform} {body}");
        }
        let long = vec![b' '; crate::platforms::answer::MAX_ANSWER_BYTES];
        assert_eq!(
            said(Body { bytes: long, end: crate::platforms::BodyEnd::TooLong }),
            "no answer of X not_found_unreadable",
            "{platform}"
        );
        let cut = br#"{"errors":[{"code":50"#.to_vec();
        assert_eq!(
            said(Body { bytes: cut, end: crate::platforms::BodyEnd::BrokeOff }),
            "unknown cut_body",
            "{platform}"
        );
    }
}
