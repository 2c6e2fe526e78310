//! `cleanup resume`

use crate::cli::args::ResumeArgs;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};

/// Not built yet.
///
/// # Errors
/// Always.
pub async fn run(_context: &Context, _args: &ResumeArgs) -> Result<u8, CliError> {
    Err(CliError::new(Kind::Fault, "resume is not built yet"))
}
