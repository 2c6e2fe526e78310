//! `cleanup account import`: many accounts from one CSV file, all of them or none.

use crate::app::account::import_accounts;
use crate::cli::args::AccountImportArgs;
use crate::cli::context::Context;
use crate::domain::counted;
use crate::error::CommandError;
use crate::text::escaped;

/// Imports them.
///
/// # Errors
/// A row cannot be used (65), a platform does not say whose a token is (77, 69), a name is somebody else's (2). Then none of
/// the file is kept.
pub(super) async fn run(context: &Context, args: &AccountImportArgs) -> Result<u8, CommandError> {
    let imported = import_accounts(context.deps(), &args.file).await?;
    context.printer.say(&format!("imported: {}, stored encrypted", counted(imported.accounts, "account", "accounts")));
    let name = args.file.display().to_string();
    if imported.has_file {
        context.printer.say(&format!("delete {} now: it holds the tokens in clear", escaped(&name)));
    }
    if imported.is_open_to_others {
        context.printer.warn(&format!("other users of this machine can read {}", escaped(&name)));
    }
    Ok(0)
}
