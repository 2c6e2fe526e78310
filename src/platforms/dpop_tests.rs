#![allow(clippy::unwrap_used)]

use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

use super::*;

fn part(proof: &HeaderValue, n: usize) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(proof.to_str().unwrap().split('.').nth(n).unwrap()).unwrap()
}

fn json_part(proof: &HeaderValue, n: usize) -> Value {
    serde_json::from_slice(&part(proof, n)).unwrap()
}

#[test]
fn a_proof_is_signed_and_says_what_it_is_for() {
    let key = DpopKey::generate().unwrap();
    let url: Url = "https://pds.example:8443/xrpc/x.y.z?repo=did#end".parse().unwrap();
    let token = Secret::new("canary-token");
    let proven = Proven { method: &Method::POST, url: &url, nonce: Some("n1"), token: Some(&token) };
    let proof = key.prove(proven, Wall(1_795_000_000_999)).unwrap();
    let (header, claims) = (json_part(&proof, 0), json_part(&proof, 1));
    assert_eq!((&header["typ"], &header["alg"]), (&"dpop+jwt".into(), &"ES256".into()));
    let hash = URL_SAFE_NO_PAD.encode(Sha256::digest("canary-token"));
    for (claim, value) in
        [("htm", "POST"), ("htu", "https://pds.example:8443/xrpc/x.y.z"), ("nonce", "n1"), ("ath", hash.as_str())]
    {
        assert_eq!(claims[claim], value);
    }
    assert_eq!(claims["iat"], 1_795_000_000);
    let coordinate = |name: &str| URL_SAFE_NO_PAD.decode(header["jwk"][name].as_str().unwrap()).unwrap();
    let point = [&[UNCOMPRESSED][..], &coordinate("x"), &coordinate("y")].concat();
    let (signed, _) = proof.to_str().unwrap().rsplit_once('.').unwrap();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed.as_bytes(), &part(&proof, 2)).unwrap();
    assert!(header["jwk"].get("d").is_none(), "the private key stays here");

    let bare = key.prove(Proven { nonce: None, token: None, ..proven }, Wall(0)).unwrap();
    let bare = json_part(&bare, 1);
    assert!(bare.get("nonce").is_none() && bare.get("ath").is_none() && bare["jti"] != claims["jti"]);
}

#[test]
fn a_key_comes_back_as_it_was_and_prints_nothing() {
    let key = DpopKey::generate().unwrap();
    let again = DpopKey::of_text(key.to_text()).unwrap();
    assert_eq!(key.header, again.header);
    assert_ne!(key.header, DpopKey::generate().unwrap().header);
    let token = DpopToken::new(Secret::new("canary"), again).unwrap();
    let printed = format!("{key:?} {token:?}");
    assert!(!printed.contains("canary") && !printed.contains(key.to_text().expose()), "{printed}");
    for text in ["", "canary", "AAAA"] {
        assert_eq!(DpopKey::of_text(&Secret::new(text)).unwrap_err(), InvalidDpopKey);
    }
}

struct Server {
    token: DpopToken,
}

impl Server {
    fn new() -> Server {
        Server { token: DpopToken::new(Secret::new("t"), DpopKey::generate().unwrap()).unwrap() }
    }

    fn send(&self) -> HeaderValue {
        let mut request = Request::new(Method::POST, "https://pds.example/x".parse().unwrap());
        self.token.authorize(&mut request, Wall(0)).unwrap();
        assert_eq!(request.headers()[AUTHORIZATION], "DPoP t");
        request.headers()[DPOP].clone()
    }

    /// It answers a proof; a `demand` wants another nonce.
    fn answer(&self, proof: &HeaderValue, demand: bool, nonce: Option<&'static str>, now: i64) -> bool {
        let mut headers = HeaderMap::new();
        if demand {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("DPoP algs=\"ES256\", error=\"use_dpop_nonce\""));
        }
        if let Some(nonce) = nonce {
            headers.insert(DPOP_NONCE, HeaderValue::from_static(nonce));
        }
        let status = if demand { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
        self.token.learn(Some(proof), status, &headers, Tick(now))
    }
}

#[test]
fn a_nonce_is_good_for_a_while_and_each_answer_brings_the_next() {
    let server = Server::new();
    assert!(!server.token.is_ready(Tick(0)));
    let first = server.send();
    assert_eq!(nonce_in(&first), None);
    assert!(server.answer(&first, true, Some("n1"), 0));
    assert!(server.token.is_ready(Tick(89_999)) && !server.token.is_ready(Tick(90_000)));
    let second = server.send();
    assert_eq!(nonce_in(&second).as_deref(), Some("n1"));
    assert!(!server.answer(&second, false, Some("n2"), 60_000));
    assert!(server.token.is_ready(Tick(100_000)));
    // An answer that says nothing changes nothing.
    server.answer(&server.send(), false, None, 140_000);
    assert!(!server.token.is_ready(Tick(150_000)));
    let mut renewed = DpopToken::new(Secret::new("u"), DpopKey::generate().unwrap()).unwrap();
    renewed.keep_nonce_of(&server.token);
    assert!(renewed.is_ready(Tick(100_000)));
}

#[test]
fn a_server_without_nonces_is_asked_once() {
    let server = Server::new();
    server.answer(&server.send(), false, None, 0);
    server.token.has_answered(Tick(0));
    assert!(server.token.is_ready(Tick(1_000_000)));
}

#[test]
fn a_server_that_refuses_its_own_nonces_refuses_the_login() {
    let server = Server::new();
    let many: Vec<HeaderValue> = (0..8).map(|_| server.send()).collect();
    // Eight were on their way when the server wanted another nonce: that is one refusal.
    assert!(many.iter().all(|proof| server.answer(proof, true, Some("n1"), 0)));
    assert!(server.answer(&server.send(), true, Some("n2"), 0));
    assert!(!server.answer(&server.send(), true, Some("n3"), 0));
    server.answer(&server.send(), false, None, 0);
    assert!(server.answer(&server.send(), true, Some("n4"), 0), "what was answered well begins anew");
    // It gives the same one again and again.
    assert!(server.answer(&server.send(), true, Some("n4"), 0));
    assert!(!server.answer(&server.send(), true, Some("n4"), 0));
}
