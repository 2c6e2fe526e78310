//! HTTP of a few lines that says exactly what it is told to, and a browser without eyes.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// An answer: its status, its head and its body.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

/// The body of an answer to `GET`, byte for byte.
pub fn fetch_bytes(socket: &str, path: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // In HTTP 1.0 a body comes in one piece.
    stream.write_all(format!("GET {path} HTTP/1.0\r\nhost: {socket}\r\n\r\n").as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    assert!(bytes.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&bytes[..end]));
    bytes.split_off(end + 4)
}

/// Sends one request to a socket, as it is, and reads what comes.
pub fn send(socket: &str, request: &str) -> Answer {
    let mut stream = TcpStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    Answer::read(&mut stream)
}

impl Answer {
    /// Reads what comes, to its end. A connection that is broken off has status 0.
    pub fn read(stream: &mut impl Read) -> Answer {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let is_chunked = head.to_lowercase().contains("transfer-encoding: chunked");
        let body = if is_chunked { unchunked(body) } else { body.to_owned() };
        Answer { status, head: head.to_owned(), body }
    }
}

/// The body without the lengths of its pieces; what is cut off is left out.
fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((length, rest)) = body.split_once("\r\n") {
        let Some(piece) = usize::from_str_radix(length, 16).ok().and_then(|length| rest.get(..length)) else { break };
        whole.push_str(piece);
        body = rest[piece.len()..].strip_prefix("\r\n").unwrap_or_default();
    }
    whole
}

/// A client that goes nowhere by itself: no proxy, no redirection.
pub fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let plain = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    plain.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}
