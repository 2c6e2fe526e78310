//! A server that sends requests on to another one: what is secret stays at the host that it is for.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::account::bench::Bench;

/// A server of a few lines: what it was asked, and where it is.
struct Server {
    host: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers each request, told by its first line, with what it is given.
    fn start(answer: impl Fn(&str) -> String + Send + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let Some(request) = read(&mut stream) else { continue };
                let said = answer(request.lines().next().unwrap_or_default());
                noted.lock().unwrap().push(request);
                let _ = stream.write_all(said.as_bytes());
            }
        });
        Server { host, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// A request with its body.
fn read(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let length = stream.read(&mut piece).ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&piece[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let told = head.to_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= told.unwrap_or(0) {
            return Some(text);
        }
    }
}

fn json(body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

fn sent_on(status: u16, to: &str) -> String {
    format!("HTTP/1.1 {status} Moved\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
}

/// The host that nobody may come to.
struct Elsewhere(TcpListener);

impl Elsewhere {
    fn new() -> Elsewhere {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Elsewhere(listener)
    }

    fn address(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }

    /// A connection that was made waits in the system's queue until it is accepted.
    fn is_untouched(&self) -> bool {
        matches!(self.0.accept(), Err(error) if error.kind() == ErrorKind::WouldBlock)
    }
}

#[test]
fn a_token_is_not_carried_to_where_its_host_sends_requests_on() {
    let (bench, elsewhere) = (Bench::new(), Elsewhere::new());
    for status in [301, 302, 303, 307, 308] {
        let to = elsewhere.address();
        let server = Server::start(move |line| {
            if line.contains("verify_credentials") {
                return json(r#"{"id":"77","acct":"me"}"#);
            }
            sent_on(status, &format!("{to}{}", line.split(' ').nth(1).unwrap_or("/")))
        });
        let name = format!("fedi-{status}");
        let add = ["account", "add", &name, "--platform", "mastodon", "--host", &server.host];
        bench.feed(&add, "canary-token\n").ends(0);
        bench.write("unmute.csv", format!("account,target_id\n{name},{status}\n"));
        let job = format!("unmute-{status}");
        bench.run(&["run", "unmute.csv", "--job", &job, "--yes", "--max-requests", "1"]).ends(4);
        bench.run(&["list", "mutes", "--account", &name, "--max-requests", "1"]).ends(4);
        let asked = server.asked();
        let of = |path: &str| asked.iter().filter(|asked| asked.contains(path)).count();
        assert!(of("/unmute ") == 1 && of("GET /api/v1/mutes") >= 1, "{asked:?}");
        let with_token = asked.iter().filter(|asked| asked.contains("Bearer canary-token")).count();
        assert_eq!(with_token, asked.len() - of("GET / "), "{asked:?}");
    }
    assert!(elsewhere.is_untouched());
}

#[test]
fn a_login_is_not_carried_on_either() {
    let (bench, elsewhere) = (Bench::new(), Elsewhere::new());
    for (kind, status) in [("register", 301), ("token", 307), ("whose", 302)] {
        let to = elsewhere.address();
        let server = Server::start(move |line| {
            let path = line.split(' ').nth(1).unwrap_or("/");
            match path {
                "/api/v1/apps" if kind != "register" => json(r#"{"client_id":"app","client_secret":"canary-secret"}"#),
                "/oauth/token" if kind == "whose" => {
                    json(r#"{"access_token":"canary-token","token_type":"Bearer","scope":"read","created_at":1}"#)
                }
                path => sent_on(status, &format!("{to}{path}")),
            }
        });
        let login = ["account", "login", kind, "--platform", "mastodon", "--host", &server.host, "--headless"];
        let done = bench.feed(&login, "canary-code\n");
        let done = match kind {
            "register" => done.ends(2).says("sends requests on to 127.0.0.1:").says("name it: --host 127.0.0.1:"),
            "token" => done.ends(69).says("HTTP 307"),
            _ => done.ends(69).says("did not say whose login it is"),
        };
        assert!(!done.err.contains("canary"), "{}", done.err);
        // What was granted and not kept is to be ended again, at the host itself.
        let revoked = server.asked().iter().filter(|asked| asked.starts_with("POST /oauth/revoke")).count();
        assert_eq!(revoked, usize::from(kind == "whose"));
    }
    assert!(elsewhere.is_untouched());
    assert_eq!(bench.run(&["account", "list", "--json"]).ends(0).json()["accounts"], serde_json::json!([]));
}
