//! Questions to a server that speaks XRPC, as they are: a real one or the sandbox.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::common::http::{Answer, fetch_bytes, send};

pub const FOLLOWS: &str = "app.bsky.graph.follow";

/// What was answered.
#[derive(Debug)]
pub struct Answered {
    pub status: u16,
    pub head: String,
    pub body: Value,
}

impl Answered {
    /// The error's word; empty where it is none.
    pub fn error(&self) -> &str {
        self.body["error"].as_str().unwrap_or_default()
    }

    /// A field of the body that is text.
    pub fn text(&self, field: &str) -> String {
        self.body[field].as_str().unwrap_or_else(|| panic!("no {field}: {self:?}")).to_owned()
    }

    /// A header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = |line: &&str| line.split_once(':').is_some_and(|(key, _)| key.eq_ignore_ascii_case(name));
        self.head.lines().find(named)?.split_once(": ").map(|(_, value)| value)
    }
}

/// A server that speaks XRPC.
#[derive(Clone, Debug)]
pub struct Xrpc {
    socket: String,
}

impl Xrpc {
    /// The one at an address: `http://127.0.0.1:PORT`.
    pub fn at(url: &str) -> Xrpc {
        Xrpc { socket: url.trim_start_matches("http://").to_owned() }
    }

    /// The real server; none: there is none, and whoever reads the test's output is told.
    pub fn real() -> Option<Xrpc> {
        let url = std::env::var("CLEANUP_PDS").ok().filter(|url| !url.is_empty());
        if url.is_none() {
            println!("skipped: CLEANUP_PDS names no Bluesky server (tests/bluesky/run starts one)");
        }
        url.map(|url| Xrpc::at(&url))
    }

    /// A query. `question` is the method's name with its parameters.
    pub fn get(&self, question: &str, token: &str) -> Answered {
        self.ask("GET", question, token, "")
    }

    /// What is exported of somebody.
    pub fn export(&self, did: &str) -> Vec<u8> {
        fetch_bytes(&self.socket, &format!("/xrpc/com.atproto.sync.getRepo?did={did}"))
    }

    /// A procedure.
    pub fn post(&self, method: &str, token: &str, input: &Value) -> Answered {
        self.ask("POST", method, token, &input.to_string())
    }

    /// Deletes an account, as whoever runs a real server may.
    pub fn delete_account(&self, did: &str) {
        let password = std::env::var("CLEANUP_PDS_ADMIN").unwrap();
        let login = format!("Basic {}", STANDARD.encode(format!("admin:{password}")));
        let deleted = self.post("com.atproto.admin.deleteAccount", &login, &json!({ "did": did }));
        assert_eq!(deleted.status, 200, "{deleted:?}");
    }

    /// Any question; an empty token is none, and so is an empty body. A token is a bearer's unless it says what it is.
    pub fn ask(&self, http_method: &str, question: &str, token: &str, body: &str) -> Answered {
        let authorization = match token {
            "" => String::new(),
            login if login.starts_with("Basic ") => format!("authorization: {login}\r\n"),
            token => format!("authorization: Bearer {token}\r\n"),
        };
        let kind = if body.is_empty() { "" } else { "content-type: application/json\r\n" };
        let request = format!(
            "{http_method} /xrpc/{question} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{authorization}{kind}content-length: {}\r\n\r\n{body}",
            self.socket,
            body.len()
        );
        let Answer { status, head, body } = send(&self.socket, &request);
        let body = serde_json::from_str(&body).unwrap_or(Value::Null);
        Answered { status, head, body }
    }
}

/// Somebody new at a real server.
#[derive(Clone, Debug)]
pub struct Person {
    pub server: Xrpc,
    pub did: String,
    pub token: String,
}

impl Person {
    /// Makes an account whose name nobody has had.
    pub fn new(server: &Xrpc) -> Person {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let since = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_micros() as u64;
        let name = format!("t{since:x}{:x}", MADE.fetch_add(1, Ordering::Relaxed) % 256);
        let input =
            json!({"handle": format!("{name}.test"), "email": format!("{name}@example.com"), "password": "made-up"});
        let made = server.post("com.atproto.server.createAccount", "", &input);
        assert_eq!(made.status, 200, "{made:?}");
        Person { server: server.clone(), did: made.text("did"), token: made.text("accessJwt") }
    }

    /// Follows somebody; answers with the record's key and its CID.
    pub fn follow(&self, subject: &str) -> (String, String) {
        let record = json!({"$type": FOLLOWS, "subject": subject, "createdAt": "2024-01-01T00:00:00.000Z"});
        let input = json!({"repo": self.did, "collection": FOLLOWS, "record": record});
        let made = self.server.post("com.atproto.repo.createRecord", &self.token, &input);
        assert_eq!(made.status, 200, "{made:?}");
        (made.text("uri").rsplit_once('/').unwrap().1.to_owned(), made.text("cid"))
    }

    /// A page of a collection.
    pub fn list(&self, collection: &str, more: &str) -> Answered {
        let question = format!("com.atproto.repo.listRecords?repo={}&collection={collection}{more}", self.did);
        self.server.get(&question, &self.token)
    }

    /// Deletes a record, if it is still the one with this CID.
    pub fn delete(&self, collection: &str, key: &str, cid: &str) -> Answered {
        let input = json!({"repo": self.did, "collection": collection, "rkey": key, "swapRecord": cid});
        self.server.post("com.atproto.repo.deleteRecord", &self.token, &input)
    }
}
