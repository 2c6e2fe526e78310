//! Servers that are not the platform, or cannot be told from somebody else: not one byte of a token is sent to them, and no row fails.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::sync::{Arc, Mutex};

use crate::common::running::poll;
use crate::common::tls_front::{AUTHORITY, Certificate, TlsFront};
use crate::common::tries::tried;
use crate::common::{Done, Home, RunToEnd, SandboxProcess, ids};

const ROWS: u64 = 3;

/// A new one: a run that met an outage is followed by one that waits for its end.
fn home() -> Home {
    let home = Home::new();
    home.write("unfollow.csv", ids(ROWS));
    home
}

fn run(home: &Home, sandbox: &SandboxProcess, url: &str) -> Done {
    let words = ["run", "unfollow.csv", "--yes", "--json", "--give-up-after", "1ms", "--rate", "1000/1s"];
    home.against(sandbox, words).env("CLEANUP_X_API", url).env("SSL_CERT_FILE", AUTHORITY).done()
}

/// Nobody was reached, and no row has failed.
fn came_to_nothing(done: &Done, what: &str) {
    let said = &done.err;
    assert_eq!(done.code, 69, "{what}: {said}");
    let end = done.summary();
    assert_eq!((&end["stopped"], &end["requests"]), (&"unreachable".into(), &0.into()), "{what}: {end}\n{said}");
    let job = &end["jobs"][0];
    assert_eq!((&job["pending"], &job["failed"]), (&ROWS.into(), &0.into()), "{what}: {end}");
}

/// The same server with a good certificate is sent the token, and the rows go on.
fn goes_on(home: &Home, sandbox: &SandboxProcess) {
    let front = TlsFront::before(sandbox, Certificate::Good);
    let done = run(home, sandbox, &front.url()).ends(0);
    assert_eq!((&done.summary()["jobs"][0]["done"], sandbox.requests()), (&ROWS.into(), ROWS), "{}", done.err);
    assert!(front.heard().contains("authorization: Bearer sandbox-"), "{}", front.heard());
}

#[test]
fn a_token_goes_to_nobody_without_a_good_certificate() {
    let sandbox = SandboxProcess::start(&Home::new(), &["--limit", "1000/1s", "--faults", "none"]);
    let bad = [
        (Certificate::Expired, "expired", "is this machine's clock right?"),
        (Certificate::NotYetValid, "not valid yet", "is this machine's clock right?"),
        (Certificate::Elsewhere, "not valid for name", "is the address right"),
        (Certificate::SelfSigned, "UnknownIssuer", "the system's CA certificates"),
    ];
    for (certificate, why, advice) in bad {
        let (home, front) = (home(), TlsFront::before(&sandbox, certificate));
        let done = run(&home, &sandbox, &front.url());
        let what = format!("{certificate:?}");
        came_to_nothing(&done, &what);
        let said = &done.err;
        assert!(
            said.contains("the certificate of the server is not accepted (") && said.contains(why),
            "{what}: {said}"
        );
        assert!(said.contains(advice) && !said.contains("is the network up"), "{what}: {said}");
        assert!(front.connections() > 0, "{what}: nobody came");
        assert_eq!(front.heard(), "", "{what}");
        if certificate == Certificate::Expired {
            goes_on(&home, &sandbox);
        }
    }
    assert_eq!(sandbox.requests(), ROWS);
    tried("a certificate that is over, too early, of another host, or self-signed", bad.len());
}

/// A record of TLS.
fn record(kind: u8, version: [u8; 2], body: &[u8]) -> Vec<u8> {
    [&[kind], &version[..], &(body.len() as u16).to_be_bytes(), body].concat()
}

/// The answer of a server that speaks this version at most: its hello, with a cipher of its time.
fn hello(version: [u8; 2]) -> Vec<u8> {
    let body = [&version[..], &[7; 32], &[0], &[0xc0, 0x13], &[0]].concat();
    let message = [&[2, 0, 0, body.len() as u8], &body[..]].concat();
    record(22, version, &message)
}

#[test]
fn a_token_goes_to_nobody_who_does_not_speak_tls_as_it_is_now() {
    let servers = [
        ("TLS 1.0", hello([3, 1])),
        ("TLS 1.1", hello([3, 2])),
        ("SSL 3", hello([3, 0])),
        ("an alert about the version", record(21, [3, 1], &[2, 70])),
        ("an alert about the handshake", record(21, [3, 1], &[2, 40])),
        ("no TLS", b"HTTP/1.1 302 Found\r\nlocation: http://login.test/\r\ncontent-length: 0\r\n\r\n".to_vec()),
        ("nothing", Vec::new()),
    ];
    let sandbox = SandboxProcess::start(&Home::new(), &["--limit", "1000/1s", "--faults", "none"]);
    for (what, answer) in servers.clone() {
        let (home, server) = (home(), OddServer::start(answer));
        let done = run(&home, &sandbox, &server.url);
        came_to_nothing(&done, what);
        let said = &done.err;
        let is_spoken_to = what != "nothing";
        let told =
            ["the server speaks no TLS that is accepted (", "no proxy, filter or login page of a network answer"];
        assert!(told.iter().all(|told| said.contains(told) == is_spoken_to), "{what}: {said}");
        assert_eq!(said.contains("is the network up"), !is_spoken_to, "{what}: {said}");
        server.judge(what);
    }
    assert_eq!(sandbox.requests(), 0);
    tried("a server that speaks old TLS, or none", servers.len());
}

/// A server that says one thing to whoever comes, and closes; and what it hears.
struct OddServer {
    url: String,
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl OddServer {
    fn start(answer: Vec<u8>) -> OddServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hears = Arc::clone(&heard);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut bytes = vec![0; 16 << 10];
                let length = stream.read(&mut bytes).unwrap_or(0);
                bytes.truncate(length);
                let _ = stream.write_all(&answer);
                let _ = stream.shutdown(Shutdown::Write);
                // What is said to such an answer.
                let _ = stream.read_to_end(&mut bytes);
                hears.lock().unwrap().push(bytes);
            }
        });
        OddServer { url, heard }
    }

    /// It has heard a hello each time, and an alert at most: 23 is the kind of what is said after a handshake.
    fn judge(&self, what: &str) {
        poll("somebody who came", || (!self.heard.lock().unwrap().is_empty()).then_some(()));
        for bytes in self.heard.lock().unwrap().iter() {
            let kinds = kinds_of_records(bytes);
            assert!(
                kinds.first() == Some(&22) && kinds.iter().all(|kind| [22, 21].contains(kind)),
                "{what}: {kinds:?}"
            );
            assert!(!bytes.windows(8).any(|part| part == b"sandbox-"), "{what}: the token");
        }
    }
}

fn kinds_of_records(mut bytes: &[u8]) -> Vec<u8> {
    let mut kinds = Vec::new();
    while let [kind, _, _, high, low, rest @ ..] = bytes {
        kinds.push(*kind);
        bytes = rest.get(usize::from(u16::from_be_bytes([*high, *low]))..).unwrap_or_default();
    }
    kinds
}
