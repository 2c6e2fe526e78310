//! The gateway.

use super::*;

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
            (200, r#"{"code":"401","msg":"no"}"#, "unauthorized unauthorized"),
            (200, r#"{"code":"503","data":{"following":false}}"#, "world over_capacity"),
            (200, r#"{"code":404,"msg":"no"}"#, "not found not_found_unclear"),
            (200, r#"{"code":503,"msg":"later"}"#, "world over_capacity"),
            (200, r#"{"code":403,"data":{"errors":[{"code":326}]}}"#, "account account_locked"),
            (200, r#"{"code":7,"data":{"following":false}}"#, "unknown unexpected_body"),
            (403, r#"{"type":"https://api.x.com/2/problems/client-forbidden"}"#, "unauthorized scope_missing"),
            (403, r#"{"type":"https://x/client-forbidden","reason":"user-not-enrolled"}"#, "account user_not_enrolled"),
            (404, r#"{"type":"https://api.x.com/2/problems/resource-not-found"}"#, "not found not_found_unclear"),
            (404, r#"{"data":{"type":"https://x/resource-not-found","resource_id":"9"}}"#, "gone not_found"),
            (404, r#"{"data":{"type":"https://x/resource-not-found","resource_id":"42"}}"#, "other acting_user"),
            (402, r#"{"error":{"code":"whatever"}}"#, "app credits_depleted"),
            (429, r#"{"error":{"code":"RATE_LIMITED"}}"#, "limited rate"),
            (400, &error("invalid_request_error", "invalid_request"), "bad request invalid_request"),
            (400, &error("invalid_request_error", "json_parse_error"), "bad request invalid_request"),
            (400, &error("invalid_request_error", "?"), "bad request invalid_request"),
            (401, &error("authentication_error", "revoked_api_key"), "unauthorized invalid_key"),
            (401, &error("authentication_error", "?"), "unauthorized invalid_key"),
            (403, &error("?", "insufficient_permissions"), "app insufficient_permissions"),
            (403, &error("?", "region_blocked"), "app region_blocked"),
            (404, &error("?", "resource_not_found"), "not found not_found_unclear"),
            (404, &error("?", "resource_not_found").replace("\"m\"", "\"No user 9.\""), "gone not_found"),
            (404, &error("?", "resource_not_found").replace("\"m\"", "\"Tweet not found.\""), "other other_record"),
            (404, &error("?", "unknown_endpoint"), "app endpoint_unknown"),
            (422, &error("?", "?"), "ambiguous unexpected_status"),
            (429, &error("rate_limit_error", "rate_limit_exceeded"), "limited rate"),
            (429, &error("rate_limit_error", "quota_exceeded"), "limited spend"),
            (403, &error("upstream_error", "?"), "world upstream_error"),
            (502, &error("upstream_error", "?"), "world server_error"),
        ],
    );
    let missing = |message: &str| error("?", "resource_not_found").replace("\"m\"", &format!("\"{message}\""));
    check(
        AISA,
        Action::Unlike,
        &[
            (200, r#"{"data":{"liked":false}}"#, "done"),
            (404, &missing("User not found."), "other acting_user"),
            (404, &missing("Tweet not found."), "not found not_found_unclear"),
            (404, &missing("Tweet [9] not found."), "gone not_found"),
            (404, &missing("Tweet 19 not found."), "not found not_found_unclear"),
        ],
    );
}
