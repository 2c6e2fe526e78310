//! A server of the AT Protocol as far as sessions go: app passwords, tokens that are over, refresh tokens that bring the same successor again.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

pub const DID: &str = "did:plc:fgwsksyookg6j5bsx5jnu2bp";
pub const HANDLE: &str = "ada.example";
pub const APP_PASSWORD: &str = "canary-xmu3-sk5p-jmlb";
/// The account's own password.
pub const PASSWORD: &str = "canary-main-password";
const NINETY_DAYS: i64 = 90 * 86_400;

/// What the server knows, and what it has been asked.
#[derive(Debug)]
pub struct State {
    /// How long access tokens live, in seconds.
    pub lifetime: i64,
    /// The generation of the tokens that are good; none: there is no session.
    pub generation: Option<i64>,
    /// So many refreshes are done and not answered.
    pub unanswered: u32,
    pub logins: u32,
    pub refreshes: u32,
    /// Whether the server says that somebody took the account down.
    pub taken_down: bool,
    /// Whether the session was ended, or its app password revoked: tokens that are out are good until they end.
    pub is_ended: bool,
    /// So many access tokens are over when they are given out.
    pub stillborn: u32,
    /// Where the account's document says that it lives; empty: there is no document.
    pub home: String,
    pub follows: Vec<String>,
    /// Who has a profile.
    pub there: Vec<String>,
    /// So many requests for profiles were answered.
    pub asked_profiles: u32,
}

pub struct SessionServer {
    pub host: String,
    pub state: Arc<Mutex<State>>,
}

impl SessionServer {
    pub fn start() -> SessionServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let state = State {
            lifetime: 7_200,
            generation: None,
            unanswered: 0,
            logins: 0,
            refreshes: 0,
            taken_down: false,
            is_ended: false,
            stillborn: 0,
            home: String::new(),
            follows: Vec::new(),
            there: vec![DID.to_owned()],
            asked_profiles: 0,
        };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(stream), state) = (stream, Arc::clone(&shared)) else { continue };
                std::thread::spawn(move || serve(stream, &state));
            }
        });
        SessionServer { host, state }
    }

    pub fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
    }

    pub fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.lock().unwrap())
    }
}

/// One request of each connection.
fn serve(mut stream: TcpStream, state: &Mutex<State>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut head = String::new();
    while head.is_empty() || !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
        if head == "\r\n" {
            break;
        }
    }
    let of = |name: &str| {
        head.lines()
            .find_map(|line| line.split_once(": ").filter(|(key, _)| key.eq_ignore_ascii_case(name)))
            .map(|(_, v)| v)
    };
    let length = of("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let token = of("authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let answer = answer(&path, token, &serde_json::from_slice(&body).unwrap_or_default(), &mut state.lock().unwrap());
    let (status, body) = answer?;
    let body = body.to_string();
    let date = jiff::fmt::rfc2822::to_string(&jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC)).ok()?;
    let date = date.replace("+0000", "GMT");
    write!(
        stream,
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ndate: {date}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .ok()
}

/// None: the connection ends without an answer.
fn answer(path: &str, token: &str, body: &Value, state: &mut State) -> Option<(u16, Value)> {
    let refused =
        |status: u16, error: &str, message: &str| Some((status, json!({ "error": error, "message": message })));
    if state.taken_down && path != "/" {
        return refused(401, "AccountTakedown", "Account has been taken down");
    }
    let method = path.strip_prefix("/xrpc/").unwrap_or_default();
    match method.split('?').next().unwrap_or_default() {
        "com.atproto.server.createSession" => {
            state.logins += 1;
            let knows = body["identifier"] == HANDLE || body["identifier"] == DID;
            let own = body["password"] == PASSWORD;
            if !knows || !own && body["password"] != APP_PASSWORD {
                return refused(401, "AuthenticationRequired", "Invalid identifier or password");
            }
            state.generation = Some(state.generation.unwrap_or(0) + 1);
            Some((200, session(state, if own { "com.atproto.access" } else { "com.atproto.appPass" })))
        }
        "com.atproto.server.refreshSession" => {
            state.refreshes += 1;
            let Some(generation) = state.generation.filter(|_| !state.is_ended) else {
                return refused(400, "ExpiredToken", "Token has been revoked");
            };
            let sent = claim(token, "n");
            if claim(token, "refresh").is_none() || sent != Some(generation) && sent != Some(generation - 1) {
                return refused(400, "ExpiredToken", "Token has been revoked");
            }
            state.generation = sent.map(|sent| sent + 1);
            if state.unanswered > 0 {
                state.unanswered -= 1;
                return None;
            }
            Some((200, session(state, "com.atproto.appPass")))
        }
        "com.atproto.server.deleteSession" => {
            state.generation = None;
            Some((200, json!({})))
        }
        "com.atproto.server.getSession" => match refusal_of(token, state) {
            Some(refusal) => Some(refusal),
            None => Some((200, json!({ "did": DID, "handle": HANDLE, "active": true }))),
        },
        "com.atproto.repo.listRecords" => {
            if let Some(refusal) = refusal_of(token, state) {
                return Some(refusal);
            }
            let record = |(n, subject): (usize, &String)| {
                let value = json!({ "$type": "app.bsky.graph.follow", "subject": subject, "createdAt": "2026-01-01T00:00:00Z" });
                json!({ "uri": format!("at://{DID}/app.bsky.graph.follow/k{n}"), "cid": "bafyrei", "value": value })
            };
            let records: Vec<Value> = state.follows.iter().enumerate().map(record).collect();
            Some((200, json!({ "records": records })))
        }
        "app.bsky.actor.getProfiles" => {
            state.asked_profiles += 1;
            let asked: Vec<&str> = method.split(['?', '&']).filter_map(|part| part.strip_prefix("actors=")).collect();
            if asked.is_empty() || asked.len() > 25 {
                return refused(400, "InvalidRequest", "Too many actors");
            }
            let profile = |did: &&&str| state.there.iter().any(|there| there == **did);
            let profiles: Vec<Value> =
                asked.iter().filter(profile).map(|did| json!({ "did": did, "handle": HANDLE })).collect();
            Some((200, json!({ "profiles": profiles })))
        }
        "" => Some((200, json!({}))),
        _ => refused(501, "MethodNotImplemented", "Method Not Implemented"),
    }
}

/// Why an access token is not taken.
fn refusal_of(token: &str, state: &State) -> Option<(u16, Value)> {
    let error = match (claim(token, "exp"), claim(token, "n")) {
        (Some(ends), _) if ends <= now() => "ExpiredToken",
        // An access token is good until it ends, whatever has been refreshed since.
        (Some(_), Some(n)) if state.generation.is_some_and(|generation| n <= generation) => return None,
        _ => "InvalidToken",
    };
    Some((400, json!({ "error": error, "message": "not good" })))
}

fn session(state: &mut State, scope: &str) -> Value {
    let (now, n) = (now(), state.generation);
    let born = if state.stillborn > 0 { now - state.lifetime - 5 } else { now };
    state.stillborn = state.stillborn.saturating_sub(1);
    let document = json!({ "id": DID, "service": [{ "id": "#atproto_pds", "type": "AtprotoPersonalDataServer",
        "serviceEndpoint": state.home }] });
    json!({
        "did": DID, "handle": HANDLE, "active": true, "didDoc": document,
        "accessJwt": token(&json!({ "scope": scope, "iat": born, "exp": born + state.lifetime, "n": n })),
        "refreshJwt": token(&json!({ "refresh": 1, "iat": now, "exp": now + NINETY_DAYS, "n": n })),
    })
}

fn token(claims: &Value) -> String {
    format!("canary.{}.sig", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

fn claim(token: &str, name: &str) -> Option<i64> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Value>(&payload).ok()?.get(name)?.as_i64()
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}
