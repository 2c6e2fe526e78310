//! More connections than there are places for, none of which takes an answer.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::web::served::Served;

const CONNECTIONS: usize = 256;
/// A person does not wait longer, also on a busy machine; a crowd that is not sent away would stay for half an hour.
const PATIENCE: Duration = Duration::from_secs(30);

/// Asks for page after page on one connection and reads none of them, until nothing more can be said.
fn ask_and_never_read(served: &Served) -> TcpStream {
    let mut stream = TcpStream::connect(served.connect_to()).unwrap();
    stream.set_nonblocking(true).unwrap();
    let head = format!("GET /assets/style.css HTTP/1.1\r\nhost: {}\r\n\r\n", served.address);
    let many = head.repeat(400);
    // It ends where the buffers are full, or where the server has had enough.
    while stream.write(many.as_bytes()).is_ok_and(|length| length > 0) {}
    stream
}

#[test]
fn a_crowd_that_never_reads_keeps_nobody_out() {
    let served = Served::start();
    let cookie = served.cookie();
    let next = served.link();
    let crowd: Vec<TcpStream> = (0..CONNECTIONS).map(|_| ask_and_never_read(&served)).collect();
    let begun = Instant::now();
    assert_eq!(served.get("/jobs", &cookie).status, 200, "a person with a session goes on");
    let path = next.split_once(&served.address).unwrap().1.to_owned();
    let answer = served.ask("GET", &path, &[], "");
    assert_eq!(answer.status, 303, "a person without one comes in: {answer:?}");
    assert_eq!(served.ask("GET", "/healthz", &[], "").status, 200);
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    drop(crowd);
}

#[test]
fn who_has_a_session_keeps_the_connection_when_strangers_come() {
    use std::io::Read;
    let served = Served::start();
    let cookie = served.cookie();
    let mut stream = TcpStream::connect(served.connect_to()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let path = served.page("/events");
    let address = &served.address;
    let head =
        format!("GET {path} HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\ncookie: {cookie}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut start = [0; 15];
    stream.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 200 OK");
    let strangers: Vec<TcpStream> =
        (0..CONNECTIONS).map(|_| TcpStream::connect(served.connect_to()).unwrap()).collect();
    assert_eq!(served.ask("GET", "/healthz", &[], "").status, 200);
    // The first stranger has been sent away, and the stream of events goes on.
    let mut first = &strangers[0];
    first.set_read_timeout(Some(PATIENCE)).unwrap();
    let ended = first.read(&mut [0; 16]);
    assert!(
        ended.as_ref().is_ok_and(|length| *length == 0)
            || ended.is_err_and(|error| error.kind() != std::io::ErrorKind::WouldBlock)
    );
    let mut heard = String::new();
    while !heard.contains("event: changed") {
        let mut piece = [0; 512];
        let length = stream.read(&mut piece).unwrap();
        assert!(length > 0, "the stream has ended: {heard}");
        heard.push_str(&String::from_utf8_lossy(&piece[..length]));
    }
}
