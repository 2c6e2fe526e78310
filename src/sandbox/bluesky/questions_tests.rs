#![allow(clippy::unwrap_used)]
//! What is asked for is read, and what is wrong with it is named.

use super::*;

#[test]
fn what_is_missing_or_wrong_is_named() {
    let delete = |body: &str| Method::DeleteRecord.question("", body);
    assert!(delete(r#"{"repo":"ada.test","collection":"app.bsky.graph.follow","rkey":"3k"}"#).is_ok());
    for (body, why) in [
        ("", "A request body is expected"),
        ("nonsense", "not valid JSON"),
        ("[]", "Expected object"),
        (r#"{"repo":"ada.test","collection":"app.bsky.graph.follow"}"#, "Missing required key \"rkey\" at $"),
        (r#"{"repo":"ada.test","collection":"app.bsky.graph.follow","rkey":"a/b"}"#, "Invalid record key"),
        (r#"{"repo":"ada","collection":"app.bsky.graph.follow","rkey":"a"}"#, "Invalid at-identifier"),
        (r#"{"repo":"ada.test","collection":"a.b","rkey":"a"}"#, "Invalid NSID"),
        (r#"{"repo":"ada.test","collection":"a.b.c","rkey":"a","swapRecord":"x"}"#, "Invalid CID string"),
        (r#"{"repo":1,"collection":"a.b.c","rkey":"a"}"#, "Expected string"),
    ] {
        let refused = delete(body).unwrap_err();
        assert!(refused.contains(why), "{body}: {refused}");
    }
    for (query, why) in [
        ("repo=ada.test&collection=a.b.c&limit=0", "too small"),
        ("repo=ada.test&collection=a.b.c&limit=101", "too big"),
        ("repo=ada.test&collection=a.b.c&limit=x", "Expected integer"),
        ("repo=ada.test", "Missing required key \"collection\""),
    ] {
        assert!(Method::ListRecords.question(query, "").unwrap_err().contains(why), "{query}");
    }
    let many = vec!["actors=did:plc:a"; 26].join("&");
    assert!(Method::GetProfiles.question(&many, "").unwrap_err().contains("maximum 25"));
    assert!(Method::GetProfiles.question("", "").is_err());
    let wrong_type = r#"{"repo":"ada.test","collection":"a.b.c","record":{"$type":"a.b.d"}}"#;
    assert!(Method::CreateRecord.question("", wrong_type).unwrap_err().contains("$type"));
}
