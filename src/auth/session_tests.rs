#![allow(clippy::unwrap_used)]
use super::*;

const DID: &str = "did:plc:fgwsksyookg6j5bsx5jnu2bp";

fn token(claims: &Value) -> String {
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

fn answer(document: Value) -> Value {
    let access = token(&json!({ "scope": "com.atproto.appPass", "iat": 1_795_986_988, "exp": 1_795_994_188 }));
    let refresh = token(&json!({ "scope": "com.atproto.refresh", "iat": 1_795_986_988, "exp": 1_803_762_988 }));
    json!({ "did": DID, "handle": "ada.test", "accessJwt": access, "refreshJwt": refresh, "didDoc": document, "active": true })
}

fn document(endpoint: &str) -> Value {
    json!({ "id": DID, "service": [{ "id": "#x", "type": "Other", "serviceEndpoint": "https://evil.example" },
        { "id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": endpoint }] })
}

fn read(body: &Value, asked: &str) -> AppSession {
    read_session(body, &asked.parse().unwrap()).unwrap()
}

#[test]
fn a_session_says_whose_it_is_and_how_long_it_lasts() {
    let session = read(&answer(Value::Null), "bsky.social");
    assert_eq!(
        (session.user.as_str(), session.handle.as_deref(), session.host.as_ref()),
        (DID, Some("ada.test"), None)
    );
    assert_eq!(session.expiry(Wall(1_000)), Expiry { at: Wall(7_201_000), lifetime_ms: 7_200_000 });
    assert_eq!((session.scopes().as_deref(), session.may_do_everything()), (Some("com.atproto.appPass"), false));
    assert_eq!(session.document().login_ends(), Some(LoginEnd::Unused(Wall(1_803_762_988_000))));
    assert!(!format!("{session:?}").contains(session.access.expose()));
    let own = token(&json!({ "scope": "com.atproto.access" }));
    let own = AppSession { access: Secret::new(own), ..session.clone() };
    assert!(own.may_do_everything());
    // A token that does not say is taken for a usual one.
    assert_eq!(own.expiry(Wall(0)).lifetime_ms, 7_200_000);
    let opaque = AppSession { access: Secret::new("x"), refresh: Secret::new("y"), ..session };
    assert_eq!((opaque.scopes(), opaque.document().login_ends()), (None, None));
    for missing in ["did", "accessJwt", "refreshJwt"] {
        let mut body = answer(Value::Null);
        body[missing] = "".into();
        assert!(
            matches!(read_session(&body, &"bsky.social".parse().unwrap()), Err(GrantError::Unsure(_))),
            "{missing}"
        );
    }
}

#[test]
fn an_account_lives_where_its_document_says_and_nowhere_unsafe() {
    let host = |endpoint: &str, asked: &str| {
        read(&answer(document(endpoint)), asked).host.map(|host| host.as_str().to_owned())
    };
    let found = |host: &str| Some(host.to_owned());
    assert_eq!(
        host("https://morel.us-east.host.bsky.network", "bsky.social"),
        found("morel.us-east.host.bsky.network")
    );
    assert_eq!(host("https://pds.example/", "bsky.social"), found("pds.example"));
    assert_eq!(host("http://localhost:2583", "127.0.0.1:2583"), found("localhost:2583"));
    for endpoint in [
        "http://pds.example",
        "https://pds.example/path",
        "https://pds.example:8443",
        "http://localhost:2583",
        "https://me@pds.example",
        "ftp://pds.example",
        "pds.example",
    ] {
        assert_eq!(host(endpoint, "bsky.social"), None, "{endpoint}");
    }
    let mut foreign = document("https://pds.example");
    foreign["id"] = "did:plc:ewvi7nxzyoun6zhxrhs64oiz".into();
    assert_eq!(read(&answer(foreign), "bsky.social").host, None, "somebody else's document");
}

#[test]
fn a_refusal_says_what_to_do_and_never_repeats_the_password() {
    assert!(refusal_of_login("AuthFactorTokenRequired", "").contains("app password"));
    let told =
        SessionAnswer { status: 401, error: "Odd".into(), body: json!({ "message": "no hunter2\u{1b}[31m here" }) };
    assert_eq!(said(&told, &Secret::new("hunter2")), "Odd: no ***[31m here");
}
