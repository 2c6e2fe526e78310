//! `cleanup sandbox`

use crate::cli::args::SandboxArgs;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};

/// Not built yet.
///
/// # Errors
/// Always.
pub async fn run(_context: &Context, _args: &SandboxArgs) -> Result<u8, CliError> {
    Err(CliError::new(Kind::Fault, "sandbox is not built yet"))
}
