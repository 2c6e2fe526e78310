//! How a connection ends in place of an answer.

use axum::body::Body;
use axum::response::Response;

/// How a connection ends in place of an answer; it travels to the server as an extension of the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Severed {
    /// With an RST.
    #[error("the sandbox resets this connection")]
    Reset,
    /// With a FIN.
    #[error("the sandbox closes this connection")]
    Closed,
}

pub(super) fn severed(how: Severed) -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(how);
    response
}
