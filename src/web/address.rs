//! What an address names: a job's number, a row's. An address that names nothing is no page, and says so as every page does.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// The parts of an address that are no fixed words.
pub(super) struct AddressKey<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for AddressKey<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<AddressKey<T>, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(key)) => Ok(AddressKey(key)),
            Err(_) => Err(Problem::not_found("There is no page at this address.")),
        }
    }
}
