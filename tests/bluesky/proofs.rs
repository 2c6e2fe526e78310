//! Proofs and pushed requests: the same questions to the sandbox and to a real server, and the answers compared by status, error word, keys
//! and the headers that a client goes by.

use std::sync::atomic::{AtomicU64, Ordering};

use cleanup::domain::{Secret, Wall};
use cleanup::platforms::{DpopKey, Proven};
use oauth2::url::form_urlencoded;
use serde_json::Value;

use crate::common::http::send;
use crate::common::{Home, SandboxProcess};

const SCOPE: &str = "atproto repo:app.bsky.graph.follow?action=delete";

/// A server under the name that it has for itself.
struct Server {
    origin: String,
    socket: String,
    key: DpopKey,
}

/// An answer as far as it is compared.
#[derive(Debug, PartialEq)]
struct Said {
    status: u16,
    error: String,
    keys: Vec<String>,
    has_nonce: bool,
    /// What the challenge of a resource asks for.
    challenge: String,
}

struct Answered {
    said: Said,
    nonce: Option<String>,
}

impl Server {
    fn at(url: &str) -> Server {
        let socket = url.trim_start_matches("http://").to_owned();
        let origin = format!("http://{}", socket.replace("127.0.0.1", "localhost"));
        Server { origin, socket, key: DpopKey::generate().unwrap() }
    }

    fn ask(&self, line: &str, headers: &str, body: &str) -> (u16, String, Value) {
        let host = self.origin.trim_start_matches("http://");
        let request = format!(
            "{line} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = send(&self.socket, &request);
        (answer.status, answer.head, serde_json::from_str(&answer.body).unwrap_or_default())
    }

    /// What the authorization server says of itself.
    fn metadata(&self) -> Value {
        self.ask("GET /.well-known/oauth-authorization-server", "", "").2
    }

    fn proof(&self, method: &str, url: &str, nonce: Option<&str>, token: Option<&str>) -> String {
        let token = token.map(Secret::new);
        let (method, url) = (method.parse().unwrap(), url.parse().unwrap());
        let proven = Proven { method: &method, url: &url, nonce, token: token.as_ref() };
        let now = jiff::Timestamp::now().as_millisecond();
        self.key.prove(proven, Wall(now)).unwrap().to_str().unwrap().to_owned()
    }

    /// A form to an endpoint of the authorization server, with this proof.
    fn post(&self, url: &str, proof: &str, form: &[(&str, &str)]) -> Answered {
        let path = url.strip_prefix(&self.origin).unwrap_or_else(|| panic!("{url} is elsewhere"));
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let headers = format!("dpop: {proof}\r\ncontent-type: application/x-www-form-urlencoded\r\n");
        read(self.ask(&format!("POST {path}"), &headers, &body))
    }

    /// Whose token it is, with a proof.
    fn session(&self, token: &str, proof: &str) -> Answered {
        let headers = format!("authorization: DPoP {token}\r\ndpop: {proof}\r\n");
        read(self.ask("GET /xrpc/com.atproto.server.getSession", &headers, ""))
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

fn read((status, head, body): (u16, String, Value)) -> Answered {
    let nonce = header(&head, "dpop-nonce").map(str::to_owned);
    let mut keys: Vec<String> = body.as_object().map(|body| body.keys().cloned().collect()).unwrap_or_default();
    keys.sort();
    let challenge = header(&head, "www-authenticate").and_then(|said| said.split("error=\"").nth(1));
    let challenge = challenge.and_then(|said| said.split('"').next()).unwrap_or_default().to_owned();
    let error = body["error"].as_str().unwrap_or_default().to_owned();
    Answered { said: Said { status, error, keys, has_nonce: nonce.is_some(), challenge }, nonce }
}

/// The answers to the same questions.
fn answers(server: &Server) -> Vec<(&'static str, Said)> {
    let mut all = Vec::new();
    let metadata = server.metadata();
    assert_eq!(metadata["issuer"], server.origin.as_str());
    let place = |name: &str| metadata[name].as_str().unwrap_or_else(|| panic!("no {name}")).to_owned();
    let (push, token, revoke) =
        (place("pushed_authorization_request_endpoint"), place("token_endpoint"), place("revocation_endpoint"));
    let redirect = "http://127.0.0.1:4321/callback";
    let app = form_urlencoded::Serializer::new(String::new())
        .append_pair("redirect_uri", "http://127.0.0.1/callback")
        .append_pair("scope", SCOPE)
        .finish();
    let app = format!("http://localhost?{app}");
    // A challenge is good once at the real server.
    static MADE: AtomicU64 = AtomicU64::new(0);
    let challenge = format!("{:043}", MADE.fetch_add(1, Ordering::Relaxed));
    let asked = |scope: &'static str, redirect: &'static str| {
        vec![
            ("client_id", app.clone()),
            ("response_type", "code".to_owned()),
            ("redirect_uri", redirect.to_owned()),
            ("scope", scope.to_owned()),
            ("state", "s".to_owned()),
            ("code_challenge", challenge.clone()),
            ("code_challenge_method", "S256".to_owned()),
        ]
    };
    let pushed = |proof: &str, form: &[(&str, String)]| {
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        server.post(&push, proof, &form)
    };
    let good = asked(SCOPE, redirect);
    let first = pushed(&server.proof("POST", &push, None, None), &good);
    let nonce = first.nonce.clone().unwrap();
    all.push(("a proof without a nonce", first.said));
    all.push(("an old nonce", pushed(&server.proof("POST", &push, Some("old"), None), &good).said));
    all.push(("another address", pushed(&server.proof("POST", &token, Some(&nonce), None), &good).said));
    all.push(("another method", pushed(&server.proof("GET", &push, Some(&nonce), None), &good).said));
    all.push(("a proof for a token", pushed(&server.proof("POST", &push, Some(&nonce), Some("t")), &good).said));
    all.push(("nonsense", pushed("a.b.c", &good).said));
    let proof = server.proof("POST", &push, Some(&nonce), None);
    all.push(("a request", pushed(&proof, &good).said));
    all.push(("the same proof again", pushed(&proof, &good).said));
    let fresh = || server.proof("POST", &push, Some(&nonce), None);
    all.push(("a redirect elsewhere", pushed(&fresh(), &asked(SCOPE, "http://127.0.0.1:4321/other")).said));
    all.push(("no atproto", pushed(&fresh(), &asked("repo:app.bsky.graph.follow?action=delete", redirect)).said));
    all.push((
        "a scope that the app has not",
        pushed(&fresh(), &asked("atproto repo:app.bsky.feed.like", redirect)).said,
    ));

    let refresh = format!("ref-{}", "0".repeat(64));
    let form = [("grant_type", "refresh_token"), ("client_id", app.as_str()), ("refresh_token", refresh.as_str())];
    let of = |url: &str| server.proof("POST", url, Some(&nonce), None);
    all.push(("a refresh token of nobody's", server.post(&token, &of(&token), &form).said));
    let form = [("client_id", app.as_str()), ("token", refresh.as_str())];
    all.push(("nobody's login ended", server.post(&revoke, &of(&revoke), &form).said));

    let session = format!("{}/xrpc/com.atproto.server.getSession", server.origin);
    let first = server.session("eyJ", &server.proof("GET", &session, None, Some("eyJ")));
    let nonce = first.nonce.clone().unwrap();
    all.push(("a call without a nonce", first.said));
    all.push((
        "a token of nobody's",
        server.session("eyJ", &server.proof("GET", &session, Some(&nonce), Some("eyJ"))).said,
    ));
    all.push((
        "another token's proof",
        server.session("eyJ", &server.proof("GET", &session, Some(&nonce), Some("x"))).said,
    ));
    all
}

#[test]
fn the_sandbox_says_of_proofs_what_a_real_server_says() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--faults", "none"]);
    let pretended = answers(&Server::at(&sandbox.url));
    let expected = [
        ("a proof without a nonce", 400, "use_dpop_nonce"),
        ("a request", 201, ""),
        ("a call without a nonce", 401, "use_dpop_nonce"),
    ];
    for (question, status, error) in expected {
        let (_, said) = pretended.iter().find(|(asked, _)| *asked == question).unwrap();
        assert_eq!((said.status, said.error.as_str(), said.has_nonce), (status, error, true), "{question}");
    }
    let Some(url) = std::env::var("CLEANUP_PDS").ok().filter(|url| !url.is_empty()) else {
        println!("skipped: CLEANUP_PDS names no Bluesky server (tests/bluesky/run starts one)");
        return;
    };
    let real = answers(&Server::at(&url));
    let mut differ = Vec::new();
    for ((question, pretended), (_, real)) in pretended.iter().zip(&real) {
        if pretended != real {
            differ.push(format!("{question}:\n  sandbox {pretended:?}\n  real    {real:?}"));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
