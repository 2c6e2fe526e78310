//! `cleanup list`: a list of the account's from the platform, as a CSV to look at, edit and run. It reads and changes nothing.

use std::path::Path;

use crate::app::request::FilterOptions;
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
        next_after(context, (request.list, path), &request.which, &whose)
            .into_iter()
            .for_each(|line| context.printer.say(&line));
    }
    Ok(end.exit_code())
}

/// What to type when a list is in a file. The keep list goes on with it: `run` looks up what its names mean, which a list cannot tell of
/// everybody. A part of the followers is no list of those who follow.
pub(super) fn next_after(
    context: &Context,
    (list, path): (ListKind, &Path),
    which: &FilterOptions,
    whose: &[&str],
) -> Option<String> {
    if path.as_os_str() == "-" {
        return None;
    }
    let path = path.to_string_lossy();
    match list.undone_by() {
        Some(action) => {
            let keep = which.wanted.keep.as_ref().map(|keep| keep.to_string_lossy());
            let keep = keep.as_ref().map_or(vec![], |keep| vec!["--keep", keep]);
            let check = [&["check", &path, "--action", action.name()], &keep[..], whose].concat();
            Some(format!("next: {} says what undoing them would take", context.command(&check)))
        }
        None if *which == FilterOptions::default() => {
            let list = [&["list", "following", "--keep", &path], whose].concat();
            Some(format!("next: {} lists those you follow who are not among them", context.command(&list)))
        }
        None => None,
    }
}
