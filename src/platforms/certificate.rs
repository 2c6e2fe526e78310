//! Connections that failed because of a certificate, or because the server speaks no TLS that is accepted. In: an error with its sources. Out:
//! a sentence for people. What does not belong here: whether a request is sent again.
//!
//! Such a request has certainly not left: TLS comes before it. And it is not the network that is at fault, so nobody should be
//! asked whether it is up.

use std::error::Error;
use std::io;

use rustls::CertificateError;

use super::reply::{BAD_CERTIFICATE, NO_TLS};

/// How the sentence begins.
const NOT_ACCEPTED: &str = "the certificate of the server is not accepted";
/// ... and where it did not come to a certificate.
const NOT_SPOKEN: &str = "the server speaks no TLS that is accepted";

/// Whether what is said of a failure is such a sentence: what a refresh met is kept as text.
pub fn is_certificate_trouble(said: &str) -> bool {
    said.contains(NOT_ACCEPTED) || said.contains(NOT_SPOKEN)
}

/// The word for it, where such a connection failed.
pub(super) fn certificate_reason(error: &(dyn Error + 'static)) -> Option<&'static str> {
    match tls_error(error)? {
        rustls::Error::InvalidCertificate(_) => Some(BAD_CERTIFICATE),
        // By a connection that is there, a request may have left.
        _ => error.downcast_ref::<reqwest::Error>()?.is_connect().then_some(NO_TLS),
    }
}

/// What is wrong with the certificate of the server, or its TLS, and what to do; none: the connection failed for another reason.
pub fn certificate_trouble(error: &(dyn Error + 'static)) -> Option<String> {
    certificate_reason(error)?;
    let tls = tls_error(error)?;
    let rustls::Error::InvalidCertificate(why) = tls else {
        let advice = "is the address right, and does no proxy, filter or login page of a network answer in its place?";
        return Some(format!("{NOT_SPOKEN} ({tls}); nothing was sent: {advice}"));
    };
    let advice = match why {
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => "is this machine's clock right?",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "is the address right, and does no proxy or login page of a network answer for it?"
        }
        _ => {
            "does a proxy, a filter or the login page of a network answer in its place, or are the system's CA certificates old?"
        }
    };
    Some(format!("{NOT_ACCEPTED} ({why}); nothing was sent: {advice}"))
}

/// The error of TLS among the sources. Errors of I/O name the source of what they hold, and not what they hold.
fn tls_error<'e>(mut error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    const MAX_SOURCES: usize = 16;
    for _ in 0..MAX_SOURCES {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(tls);
        }
        let held: Option<&'e (dyn Error + 'static)> =
            error.downcast_ref::<io::Error>().and_then(io::Error::get_ref).map(|held| held as _);
        error = held.or_else(|| error.source())?;
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn wrapped(why: CertificateError) -> io::Error {
        io::Error::other(io::Error::new(io::ErrorKind::InvalidData, rustls::Error::InvalidCertificate(why)))
    }

    #[test]
    fn a_bad_certificate_says_what_may_be_wrong() {
        let told = certificate_trouble(&wrapped(CertificateError::Expired)).unwrap();
        assert!(told.contains("Expired") && told.contains("clock"), "{told}");
        assert!(is_certificate_trouble(&format!("no token: {told}")) && !is_certificate_trouble("no connection"));
        let told = certificate_trouble(&wrapped(CertificateError::UnknownIssuer)).unwrap();
        assert!(
            told.contains("UnknownIssuer") && told.contains("proxy") && told.contains("nothing was sent"),
            "{told}"
        );
        assert_eq!(certificate_trouble(&io::Error::from(io::ErrorKind::ConnectionRefused)), None);
        assert_eq!(certificate_trouble(&io::Error::other(rustls::Error::HandshakeNotComplete)), None);
    }
}
