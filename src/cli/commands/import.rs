//! `cleanup import`: a list out of an X data archive, as a CSV to look at, edit and run.
//!
//! What goes to stdout cannot be taken back, so the archive is read twice then: once to see that it is whole, once to write.
//! A file appears only at the end and needs one reading.

use std::io::{self, Write};
use std::path::Path;

use crate::app::SandboxAccounts;
use crate::cli::args::ImportArgs;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::escape::escaped;
use crate::cli::output::WholeFile;
use crate::cli::progress::ReadingProgress;
use crate::domain::{AccountName, Platform, UserId};
use crate::lists::archive::{About, Archive, Tally};
use crate::lists::{Entry, ListKind, ListWriter};

use super::account;

/// Reads the list and writes it.
///
/// # Errors
/// The archive is foreign, cut, hostile or somebody else's (65); there is no such account (2); the CSV cannot be written (74).
pub async fn run(context: &Context, args: &ImportArgs) -> Result<u8, CliError> {
    let mut archive = Archive::open(&args.archive)?;
    context.printer.say(&whose(archive.about()));
    if let Some(name) = &args.account {
        let user = user_of(context, name).await?;
        refuse_another(&args.archive, archive.about(), name, &user)?;
    }
    let list = args.what;
    let tally = match args.output.as_deref().filter(|path| path.as_os_str() != "-") {
        None => {
            read(context, &mut archive, list, &mut |_| Ok(()))?;
            let out = context.printer.data_writer();
            let complain = out.errors();
            let (mut out, tally) = write(context, &mut archive, args, out, &complain)?;
            out.flush().map_err(complain)?;
            tally
        }
        Some(path) => {
            let complain = |error| CliError::io(path.display(), error);
            let file = WholeFile::create(path).map_err(complain)?;
            let (file, tally) = write(context, &mut archive, args, file, &complain)?;
            file.keep().map_err(complain)?;
            tally
        }
    };
    report(context, args, &tally);
    Ok(0)
}

/// Streams the list to `to`; gives it back with what was read.
fn write<W: Write>(
    context: &Context,
    archive: &mut Archive,
    args: &ImportArgs,
    to: W,
    complain: &impl Fn(io::Error) -> CliError,
) -> Result<(W, Tally), CliError> {
    let mut writer = ListWriter::new(to, args.what, args.raw).map_err(complain)?;
    let tally = read(context, archive, args.what, &mut |entry| writer.write(entry).map_err(complain))?;
    Ok((writer.finish().map_err(complain)?, tally))
}

fn read(
    context: &Context,
    archive: &mut Archive,
    list: ListKind,
    each: &mut dyn FnMut(&Entry) -> Result<(), CliError>,
) -> Result<Tally, CliError> {
    let total_bytes = archive.bytes_of(list);
    let mut progress =
        ReadingProgress::new(context.settings.run.progress, context.printer, total_bytes, &format!("reading {list}"));
    archive.read(list, &mut |bytes| progress.at(bytes), each)
}

/// `@ada (ID 2244994945), made 2024-03-01T12:00:00Z`
fn whose(about: &About) -> String {
    let who = match (&about.handle, about.user_id) {
        (Some(handle), Some(id)) => format!("{handle} (ID {id})"),
        (None, Some(id)) => format!("ID {id}"),
        (Some(handle), None) => format!("{handle}, whose ID it does not say"),
        (None, None) => "somebody it does not name: it has neither manifest nor account".to_owned(),
    };
    let name = about.name.as_deref().map_or_else(String::new, |name| format!("{}, ", escaped(name)));
    let made = about.generated_at.map_or_else(String::new, |at| format!(", made {}", at.rfc3339()));
    let part = match about.is_partial {
        Some(true) => "; only a part of what X keeps, so other zips hold the rest",
        Some(false) | None => "",
    };
    format!("archive of {name}{who}{made}{part}")
}

/// The user on X that a name stands for: as the queue knows it, else as the environment says.
async fn user_of(context: &Context, name: &AccountName) -> Result<UserId, CliError> {
    match account::find(context, name).await {
        Ok((store, account)) => {
            store.close().await;
            if account.platform != Platform::Aisa {
                return Ok(account.user_id);
            }
            let error = CliError::new(
                Kind::Usage,
                format!("{name} is an account of AIsa, and which user of X it is, is not known"),
            );
            Err(error.hint("leave out --account, and compare the archive's ID yourself"))
        }
        Err(error) if error.kind != Kind::Usage => Err(error),
        Err(_) if context.settings.is_sandbox() => SandboxAccounts::user_of(name),
        Err(error) => context.settings.credentials.x_user_id.clone().ok_or(error),
    }
}

fn refuse_another(archive: &Path, about: &About, name: &AccountName, user: &UserId) -> Result<(), CliError> {
    let path = archive.display();
    match about.user_id {
        Some(id) if id.to_string() == user.as_str() => Ok(()),
        Some(id) => {
            let message = format!("{path} is the archive of user {id}, and {name} is user {user}");
            Err(CliError::new(Kind::InputData, message).hint("name the account it belongs to, or leave out --account"))
        }
        None => {
            let message = format!("{path} does not say whose archive it is, and {name} was asked for");
            Err(CliError::new(Kind::InputData, message).hint("leave out --account if you know that it is theirs"))
        }
    }
}

/// What was read, and what somebody who builds on it should know.
fn report(context: &Context, args: &ImportArgs, tally: &Tally) {
    let printer = &context.printer;
    for file in &tally.files {
        let name = escaped(&file.file);
        match file.promised {
            Some(promised) if promised != file.found => {
                printer.warn(&format!("{name} has {} entries, and the manifest says {promised}", file.found));
            }
            None if file.is_unlisted => {
                printer
                    .warn(&format!("{name} is not in the manifest; its {} entries were read all the same", file.found));
            }
            _ => {}
        }
    }
    if tally.without_id > 0 {
        printer.warn(&format!("{} entries have no ID and were left out", tally.without_id));
    }
    if tally.older_versions > 0 {
        printer.say(&format!("{} older versions of edited posts were left out", tally.older_versions));
    }
    if tally.reposts > 0 {
        printer.say(&format!(
            "{} are reposts: an archive does not say of which post, so unrepost cannot undo them; their own IDs are for delete-post",
            tally.reposts
        ));
    }
    printer.say(&closing(context, args, tally));
}

/// How many, where they are, and what to type next.
fn closing(context: &Context, args: &ImportArgs, tally: &Tally) -> String {
    let many = format!("{} {}", tally.entries, args.what);
    let Some(path) = args.output.as_deref().filter(|path| path.as_os_str() != "-") else { return many };
    let path = path.to_string_lossy();
    match args.what.undone_by() {
        Some(action) => {
            let next = context.command(&["check", &path, "--action", action.name()]);
            format!("{many} are in {}; {next} says what undoing them would take", escaped(&path))
        }
        None => format!("{many} are in {}", escaped(&path)),
    }
}
