//! `cleanup load`

use crate::cli::args::LoadArgs;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};

/// Not built yet.
///
/// # Errors
/// Always.
pub async fn run(_context: &Context, _args: &LoadArgs) -> Result<u8, CliError> {
    Err(CliError::new(Kind::Fault, "load is not built yet"))
}
