#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn documents_come_back_as_they_were_and_print_nothing() {
    let secret = |text: &str| Secret::new(text);
    let terms = |revocation_endpoint| BoundTerms {
        client_id: "http://localhost?scope=atproto".into(),
        issuer: "https://auth.example".into(),
        token_endpoint: "https://auth.example/token".into(),
        revocation_endpoint,
        begun_at: Wall(1_795_000_000_123),
    };
    for document in [
        Document::Bound {
            access: secret("canary-a"),
            refresh: Some(secret("canary-r")),
            key: secret("canary-k"),
            terms: terms(Some("https://auth.example/revoke".into())),
        },
        Document::Bound { access: secret("canary-a"), refresh: None, key: secret("canary-k"), terms: terms(None) },
        Document::OAuth2 { access: secret("canary-a"), refresh: Some(secret("canary-r")) },
        Document::OAuth2 { access: secret("canary-a"), refresh: None },
        Document::Session { access: secret("canary-a"), refresh: secret("canary-r") },
        Document::AtHost {
            access: secret("canary-a"),
            app: HostApp { client_id: secret("canary-i"), client_secret: secret("canary-s") },
        },
        Document::OAuth1 { token: secret("canary-t"), token_secret: secret("canary-\"s\\") },
        Document::Aisa { key: secret("canary-k") },
    ] {
        assert_eq!(Document::from_bytes(&document.to_bytes().unwrap()).unwrap(), document);
        assert!(!format!("{document:?}").contains("canary"));
    }
}

#[test]
fn anything_else_is_unknown() {
    for bytes in [
        &b""[..],
        b"{}",
        br#"{"kind":"oauth3","token":"a"}"#,
        br#"{"kind":"oauth1","token":"a"}"#,
        br#"{"kind":"session","token":"a"}"#,
        br#"{"kind":"session","token":"a","refresh":"b","secret":"c"}"#,
        br#"{"kind":"oauth2","token":"a","secret":"b"}"#,
        br#"{"kind":"oauth2","token":"a","refresh":"b","secret":"c","client_id":"d"}"#,
        br#"{"kind":"aisa","token":"a","refresh":"b"}"#,
        br#"{"kind":"aisa","token":"a","more":"b"}"#,
        br#"{"kind":"dpop","token":"a","refresh":"b","client_id":"c"}"#,
        br#"{"kind":"oauth2","token":"a","bound":{"key":"k","issuer":"i","token_endpoint":"t","begun_at":1}}"#,
        br#"{"kind":"dpop","token":"a","bound":{"key":"k","issuer":"i","token_endpoint":"t","begun_at":1}}"#,
    ] {
        assert_eq!(Document::from_bytes(bytes).unwrap_err(), DocumentError::Unknown);
    }
}
