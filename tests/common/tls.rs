//! A server of TLS on loopback whose certificate nobody vouches for.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection};

/// Made with `openssl req -x509` for 127.0.0.1; its key is here as well, and nobody trusts it.
const CERTIFICATE: &[u8] = include_bytes!("../vectors/tls/server.der");
const KEY: &[u8] = include_bytes!("../vectors/tls/server-key.der");
/// An authority that has not signed it.
pub const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/tls/other-ca.pem");

/// A server of TLS on loopback, and how many requests have got through to it.
pub fn server() -> (String, Arc<AtomicUsize>) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(KEY));
    let config = ServerConfig::builder().with_no_client_auth();
    let config = Arc::new(config.with_single_cert(vec![CertificateDer::from(CERTIFICATE)], key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&requests);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (mut stream, mut tls) = (stream, ServerConnection::new(Arc::clone(&config)).unwrap());
            while tls.complete_io(&mut stream).is_ok() {
                if !tls.is_handshaking() {
                    seen.fetch_add(1, Ordering::SeqCst);
                    break;
                }
            }
        }
    });
    (url, requests)
}
