//! TLS in front of a sandbox, with a certificate of the tests' own authority: what a platform is to the program, but for its address.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::SandboxProcess;

/// The authority of the certificates below: `SSL_CERT_FILE` has the program trust it.
pub const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/tls/authority.pem");
const KEY: &[u8] = include_bytes!("../vectors/tls/server-key.der");

/// What a server shows. `tests/vectors/tls/make` makes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// For 127.0.0.1 and `platform.test`.
    Good,
    Expired,
    NotYetValid,
    /// For another host.
    Elsewhere,
    /// Nobody vouches for it but itself.
    SelfSigned,
}

impl Certificate {
    fn der(self) -> &'static [u8] {
        match self {
            Certificate::Good => include_bytes!("../vectors/tls/good.der"),
            Certificate::Expired => include_bytes!("../vectors/tls/expired.der"),
            Certificate::NotYetValid => include_bytes!("../vectors/tls/early.der"),
            Certificate::Elsewhere => include_bytes!("../vectors/tls/elsewhere.der"),
            Certificate::SelfSigned => include_bytes!("../vectors/tls/server.der"),
        }
    }
}

/// A server of TLS on loopback. It stays until the tests end.
pub struct TlsFront {
    pub port: u16,
    connections: Arc<AtomicUsize>,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl TlsFront {
    pub fn before(sandbox: &SandboxProcess, certificate: Certificate) -> TlsFront {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(KEY));
        let config = ServerConfig::builder().with_no_client_auth();
        let config = Arc::new(config.with_single_cert(vec![CertificateDer::from(certificate.der())], key).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (connections, heard) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (count, hears) = (Arc::clone(&connections), Arc::clone(&heard));
        let server = sandbox.url.trim_start_matches("http://").to_owned();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                let tls = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream);
                let (server, hears) = (server.clone(), Arc::clone(&hears));
                std::thread::spawn(move || carry(tls, &server, &hears));
            }
        });
        TlsFront { port, connections, heard }
    }

    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// All that the program has said to it, in clear.
    pub fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().unwrap()).into_owned()
    }
}

/// Requests and their answers, by turns. A request here has no body, and comes in one piece.
fn carry(mut tls: StreamOwned<ServerConnection, TcpStream>, server: &str, heard: &Mutex<Vec<u8>>) {
    let mut buffer = vec![0; 16 << 10];
    let mut sandbox = None;
    while let Ok(length @ 1..) = tls.read(&mut buffer) {
        heard.lock().unwrap().extend_from_slice(&buffer[..length]);
        let sandbox = sandbox.get_or_insert_with(|| TcpStream::connect(server).unwrap());
        sandbox.write_all(&buffer[..length]).unwrap();
        let Some(answer) = answer_of(sandbox) else { break };
        if tls.write_all(&answer).and_then(|()| tls.flush()).is_err() {
            break;
        }
    }
}

/// An answer with a length, whole.
fn answer_of(sandbox: &mut TcpStream) -> Option<Vec<u8>> {
    let (mut answer, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let length = sandbox.read(&mut buffer).ok().filter(|length| *length > 0)?;
        answer.extend_from_slice(&buffer[..length]);
        let text = String::from_utf8_lossy(&answer).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let promised = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= promised.unwrap_or(0) {
            return Some(answer);
        }
    }
}
