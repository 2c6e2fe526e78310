//! `cleanup check`

use crate::cli::args::CheckArgs;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};

/// Not built yet.
///
/// # Errors
/// Always.
pub async fn run(_context: &Context, _args: &CheckArgs) -> Result<u8, CliError> {
    Err(CliError::new(Kind::Fault, "check is not built yet"))
}
