//! Ten thousand hostile requests: sizes, methods, paths, bodies, broken heads, and clients that are slow on purpose. The seed is
//! printed when it fails. `CLEANUP_HOSTILE=100000` asks for more.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::web::served::{Answer, Served};

const REQUESTS: u64 = 10_000;
const THREADS: u64 = 8;
const SLOW_CLIENTS: usize = 60;
/// Memory may grow by so much: buffers of connections, caches of SQLite, 19 MiB for a password being stretched.
const MAX_GROWTH_KIB: u64 = 96 * 1024;

const METHODS: [&str; 12] =
    ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "PATCH", "get", "FOO", "\u{1}"];
const PATHS: [&str; 36] = [
    "/",
    "/jobs",
    "/jobs/1",
    "/jobs/-1",
    "/jobs/9223372036854775807",
    "/jobs/99999999999999999999",
    "/jobs/1/rows",
    "/jobs/1/rows?outcome=failed&q=%00%ff&after=-5",
    "/jobs/1/rows?after=9223372036854775807",
    "/jobs/1/rows?outcome=%3Cscript%3E",
    "/jobs/1/rows/1",
    "/jobs/1/rows/9223372036854775807",
    "/jobs/1/retry",
    "/jobs/1/rows/1/retry",
    "/new",
    "/new/1",
    "/new/18446744073709551616",
    "/schedules",
    "/schedules?after=%ff%00&said=%3Cb%3E",
    "/schedules/run",
    "/schedules/skip",
    "/schedules/remove",
    "/schedules/remove?name=%3Cscript%3E",
    "/login",
    "/login?token=x",
    "/theme",
    "/events",
    "/metrics",
    "/api/status",
    "/api/jobs/%2e%2e",
    "/api/jobs/unfollow/report",
    "/assets/../../etc/passwd",
    "//evil.example/",
    "/%00",
    "*",
    "http://evil.example/",
];
const KINDS: [&str; 6] = [
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "application/json",
    "text/plain",
    "x\u{e9}",
];

#[test]
fn ten_thousand_hostile_requests() {
    let mut served = Served::start();
    let cookie = served.cookie();
    std::fs::write(served.path("unfollow.csv"), "user_id\n1629556410996121225\n1629556410996121226\nx\n").unwrap();
    served.cleanup(&["load", "unfollow.csv"]);
    served.until("it is settled", |served| {
        let status: serde_json::Value = serde_json::from_str(&served.get("/api/status", &cookie).body).unwrap();
        (status["jobs"][0]["pending"] == 0).then_some(())
    });
    let before = served.rss_kib();
    let slow: Vec<TcpStream> = (0..SLOW_CLIENTS).map(|n| begin_slowly(&served, &cookie, n)).collect();
    let most: u64 = std::env::var("CLEANUP_HOSTILE").ok().and_then(|n| n.parse().ok()).unwrap_or(REQUESTS);
    let seed = fastrand::u64(..);
    let mut highest = before;
    std::thread::scope(|scope| {
        let (served, cookie) = (&served, &cookie);
        for thread in 0..THREADS {
            scope.spawn(move || {
                let mut dice = fastrand::Rng::with_seed(seed ^ thread);
                for _ in 0..most / THREADS {
                    let bytes = hostile(served, cookie, &mut dice);
                    let status = send(served, &bytes);
                    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(300)]);
                    assert!(status != 500 && status != 502, "seed {seed}: {status} after {shown}");
                }
            });
        }
        for _ in 0..20 {
            highest = highest.max(served.rss_kib());
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    highest = highest.max(served.rss_kib());
    assert!(highest < before + MAX_GROWTH_KIB, "{before} KiB before, {highest} KiB at most");
    // Whoever was slow has been dropped, and people are served.
    let begun = Instant::now();
    assert_eq!(served.get("/", &cookie).status, 200);
    assert!(begun.elapsed() < Duration::from_secs(20));
    for mut stream in slow {
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        // An end, or an error that is not a timeout: the server has closed it.
        let mut rest = Vec::new();
        if let Err(error) = stream.read_to_end(&mut rest) {
            assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "a slow client still hangs on");
        }
    }
    assert!(served.is_alive() && !served.said().contains("panicked"), "{}", served.said());
    eprintln!("{most} requests, seed {seed}: {before} KiB before, {highest} KiB at most");
}

/// A request that is never finished: half a head, or half a body.
fn begin_slowly(served: &Served, cookie: &str, n: usize) -> TcpStream {
    let mut stream = TcpStream::connect(served.connect_to()).unwrap();
    let (address, new) = (&served.address, served.page("/new"));
    let text = match n % 3 {
        0 => format!("GET / HTTP/1.1\r\nhost: {address}\r\nx-slow: "),
        1 => format!(
            "POST /login HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 50000\r\n\r\npass"
        ),
        _ => format!(
            "POST {new} HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\ncookie: {cookie}\r\ncontent-type: multipart/form-data; boundary=x\r\ncontent-length: 50000\r\n\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n1"
        ),
    };
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

fn hostile(served: &Served, cookie: &str, dice: &mut fastrand::Rng) -> Vec<u8> {
    let method = dice.choice(METHODS).unwrap();
    let mut path = dice.choice(PATHS).unwrap().to_owned();
    if dice.u8(..) < 10 {
        path.push_str(&"a".repeat(dice.usize(..40_000)));
    }
    // As often outside of the dashboard's own path.
    if dice.bool() {
        path = served.page(&path);
    }
    // Pauses and cancels of the person's own are no attack: everything else that may be done with a session is tried.
    let mut head = format!("{method} {path} HTTP/1.{}\r\n", dice.u8(..3));
    let address = &served.address;
    for (chance, line) in [
        (230, format!("host: {address}")),
        (20, "host: evil.example".to_owned()),
        (120, format!("cookie: {cookie}")),
        (60, format!("cookie: {}=AAAA; cleanup_theme=\u{7f}x", cookie.split('=').next().unwrap())),
        (150, format!("origin: http://{address}")),
        (20, "origin: null".to_owned()),
        (40, "sec-fetch-site: cross-site".to_owned()),
        (20, format!("x-long: {}", "y".repeat(dice.usize(..20_000)))),
        (20, "transfer-encoding: chunked".to_owned()),
        (10, "expect: 100-continue".to_owned()),
        (10, "upgrade: websocket\r\nconnection: upgrade".to_owned()),
        (10, "content-length: 99999999999999999999".to_owned()),
        (100, format!("content-type: {}", dice.choice(KINDS).unwrap())),
        (10, "range: bytes=0-1,5-,-9".to_owned()),
        (5, "x\r\n".repeat(200)),
    ] {
        if dice.u8(..) < chance {
            head.push_str(&line);
            head.push_str("\r\n");
        }
    }
    let body: Vec<u8> = match dice.u8(..7) {
        0 => Vec::new(),
        5 => b"name=%3Cb%3E%00&name=x".to_vec(),
        1 => b"reason=%ZZ&theme=&password=x".to_vec(),
        2 => b"--x\r\nContent-Disposition: form-data; name=\"job\"\r\n\r\n../../x\r\n--x--\r\n".to_vec(),
        3 => b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../u.csv\"\r\n\r\nuser_id\n1\n\0\xff\r\n--x--\r\n".to_vec(),
        4 => (0..dice.usize(..3_000)).map(|_| dice.u8(..)).collect(),
        _ => vec![b'a'; dice.usize(..200_000)],
    };
    if dice.u8(..) < 200 {
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    head.push_str("connection: close\r\n\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend(body);
    if dice.u8(..) < 20 {
        bytes.truncate(dice.usize(..bytes.len()));
    }
    bytes
}

/// The status of the answer; 0 where the connection was closed without one, or nothing came for a moment.
fn send(served: &Served, bytes: &[u8]) -> u16 {
    let mut stream = TcpStream::connect(served.connect_to()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(250))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut start = [0; 64];
    match stream.read(&mut start) {
        Ok(length) => Answer::read(&mut &start[..length]).status,
        Err(_) => 0,
    }
}
