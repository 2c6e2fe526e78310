//! `cleanup list`: a list of the account's from the platform, as a CSV to look at, edit and run. It reads and changes nothing.

use std::path::Path;

use crate::app::{Delivered, ListEnd, ListReport, fetch_list};
use crate::cli::args::ListArgs;
use crate::cli::context::Context;
use crate::domain::ListKind;
use crate::error::CommandError;

/// Reads the list and writes it.
///
/// # Errors
/// The platform has no such list, the account needs a person, nobody answers; the queue or the CSV cannot be written.
pub async fn run(context: &Context, args: &ListArgs) -> Result<u8, CommandError> {
    let until = args.deadline(context.clock.now(), &context.local.zone)?;
    let request = args.request(until);
    let end = fetch_list(context.deps(), &request).await?;
    if let (Some(path), ListEnd::Written(ListReport { delivered: Delivered { written: 1.., .. }, .. })) =
        (&request.output, &end)
    {
        let whose = match (&request.account, request.platform) {
            (Some(name), _) => vec!["--account", name.as_str()],
            (None, Some(platform)) => vec!["--platform", platform.name()],
            (None, None) => vec![],
        };
        next_after(context, request.list, path, &whose).into_iter().for_each(|line| context.printer.say(&line));
    }
    Ok(end.exit_code())
}

/// What to type when a list is in a file.
pub(super) fn next_after(context: &Context, list: ListKind, path: &Path, whose: &[&str]) -> Option<String> {
    if path.as_os_str() == "-" {
        return None;
    }
    let path = path.to_string_lossy();
    Some(match list.undone_by() {
        Some(action) => {
            let check = [&["check", &path, "--action", action.name()], whose].concat();
            format!("next: {} says what undoing them would take", context.command(&check))
        }
        None => {
            let list = [&["list", "following", "--keep", &path], whose].concat();
            format!("next: {} lists those you follow who are not among them", context.command(&list))
        }
    })
}
