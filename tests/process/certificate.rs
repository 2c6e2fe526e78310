//! A platform whose certificate nobody vouches for: what is said of it, and what is counted.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection};

use crate::common::{Home, USER, code, ids, stderr, stdout};
use crate::support::summary;

/// Made with `openssl req -x509` for 127.0.0.1; its key is here as well, and nobody trusts it.
const CERTIFICATE: &[u8] = include_bytes!("../vectors/tls/server.der");
const KEY: &[u8] = include_bytes!("../vectors/tls/server-key.der");
/// An authority that has not signed it.
const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/tls/other-ca.pem");

/// A server of TLS on loopback, and how many requests have got through to it.
fn server() -> (String, Arc<AtomicUsize>) {
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

#[test]
fn a_bad_certificate_is_called_one_and_counts_as_nothing() {
    let home = Home::new();
    let (url, requests) = server();
    home.write("unfollow.csv", ids(3));
    let with = |words: &[&str], user: Option<&str>| {
        let mut command = home.cleanup(words);
        command.env("CLEANUP_X_API", &url).env("CLEANUP_X_TOKEN", "a-token").env("SSL_CERT_FILE", AUTHORITY);
        command.envs(user.map(|user| ("CLEANUP_X_USER_ID", user))).output().unwrap()
    };
    let words =
        ["run", "unfollow.csv", "--yes", "--json", "--give-up-after", "1s", "--max-requests", "2", "--rate", "1000/1s"];
    let run = with(&words, Some(USER));
    assert_eq!((code(&run), &summary(&run)["requests"]), (69, &0.into()), "{} {}", stdout(&run), stderr(&run));
    let said = stderr(&run);
    assert!(
        said.contains("the certificate of the server is not accepted (") && said.contains("UnknownIssuer"),
        "{said}"
    );
    assert!(!said.contains("is the network up"), "{said}");
    // Pages that were never asked for use no --max-requests up either.
    let list = with(&["list", "following", "--give-up-after", "1s", "--max-requests", "1"], Some(USER));
    let said = stderr(&list);
    assert_eq!(code(&list), 69, "{said}");
    assert!(said.contains("the certificate of the server is not accepted ("), "{said}");
    // Whoever asks the platform who somebody is hears the same.
    let home = with(&["list", "following"], None);
    let said = stderr(&home);
    assert_eq!(code(&home), 69, "{said}");
    assert!(said.contains("the certificate of the server") && !said.contains("check the network"), "{said}");
    assert_eq!(requests.load(Ordering::SeqCst), 0);
}
