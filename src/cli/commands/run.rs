//! `cleanup run`

use crate::cli::args::RunArgs;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};

/// Not built yet.
///
/// # Errors
/// Always.
pub async fn run(_context: &Context, _args: &RunArgs) -> Result<u8, CliError> {
    Err(CliError::new(Kind::Fault, "run is not built yet"))
}
