//! `cleanup schedule install`: something that looks at the time. It writes files and explains them; it starts nothing.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::units::{MARK, Subject};
use crate::cli::args::ScheduleInstallArgs;
use crate::cli::context::Context;
use crate::config::Environment;
use crate::error::{CommandError, ErrorKind};
use crate::store::{DurableFile, QueuePlace};
use crate::text::shell_word;

const UNIT_MODE: u32 = 0o644;

/// Writes a timer and its service, or prints a cron line.
///
/// # Errors
/// There is no folder for units, one of the files says something else already, or it cannot be written.
pub(super) async fn run(context: &Context, args: &ScheduleInstallArgs) -> Result<u8, CommandError> {
    let subject = subject(context)?;
    let printer = &context.printer;
    if args.cron {
        refuse_control_characters(&subject)?;
        printer.data(&subject.cron_line())?;
        printer.say("add this line with `crontab -e` (to undo it, delete it there); cron mails errors to you");
        printer.say("cron passes on hardly any variables: logins are read from the queue, but CLEANUP_KEY, if you use it, has to be set in the crontab");
        return Ok(0);
    }
    let folder = folder(args)?;
    let service = (folder.join(format!("{}.service", subject.name())), subject.service());
    let timer = (folder.join(format!("{}.timer", subject.name())), subject.timer());
    if args.print {
        for (path, text) in [&service, &timer] {
            printer.data(&format!("# {}\n{text}", path.display()))?;
        }
        printer.say("nothing was written");
        return Ok(0);
    }
    // Both or none: a timer without its service would fail every five minutes.
    let files = [service, timer];
    for (path, text) in &files {
        refuse_other(path, text, args.replace)?;
    }
    std::fs::create_dir_all(&folder).map_err(|error| CommandError::io(folder.display(), error))?;
    for (path, text) in &files {
        write(path, text, context)?;
    }
    let (name, flag) =
        (subject.name(), if args.folder.is_some() { " (once the files are where systemd looks)" } else { "" });
    printer
        .say(&format!("start it{flag}: systemctl --user daemon-reload && systemctl --user enable --now {name}.timer"));
    printer.say("timers of a user run only while the user is logged in: loginctl enable-linger lets them run always");
    printer.say(&format!("its log: journalctl --user -u {name}; its next start: systemctl --user list-timers"));
    let paths: Vec<String> = files.iter().map(|(path, _)| shell_word(&path.to_string_lossy())).collect();
    printer.say(&format!("to remove it: systemctl --user disable --now {name}.timer && rm {}", paths.join(" ")));
    printer
        .say("variables such as CLEANUP_KEY are not passed on: put them into ~/.config/cleanup/environment, mode 0600");
    Ok(0)
}

fn subject(context: &Context) -> Result<Subject, CommandError> {
    let program = std::env::current_exe().map_err(|error| CommandError::io("this program's own path", error))?;
    let absolute = |path: &Path| std::path::absolute(path).map_err(|error| CommandError::io(path.display(), error));
    let environment = Environment::of_process()?;
    let config = context.overrides.config.clone().or(environment.config);
    let subject = Subject {
        program,
        queue: match context.settings.db()? {
            QueuePlace::File(path) => absolute(path)?.into(),
            server => server.clone(),
        },
        config: config.as_deref().map(absolute).transpose()?,
        log_file: context.overrides.log_file.as_deref().map(absolute).transpose()?,
        sandbox: context.settings.is_sandbox(),
    };
    if let Some(path) = subject.paths().find(|path| path.to_str().is_none()) {
        let message = format!("{}: this path is not UTF-8, so no unit can name it", path.display());
        return Err(CommandError::new(ErrorKind::Usage, message).hint("rename the file or its folder"));
    }
    Ok(subject)
}

/// A line end in a path ends the line of a crontab, and what follows is a line of its own: cron has no way to write one down.
fn refuse_control_characters(subject: &Subject) -> Result<(), CommandError> {
    let has_one = |path: &&Path| path.to_string_lossy().contains(char::is_control);
    let Some(path) = subject.paths().find(has_one) else { return Ok(()) };
    let message =
        format!("{}: this path has a line end or another control character, so no crontab can name it", path.display());
    Err(CommandError::new(ErrorKind::Usage, message)
        .hint("rename the file or its folder, or use the timer of `schedule install`"))
}

fn folder(args: &ScheduleInstallArgs) -> Result<PathBuf, CommandError> {
    if let Some(folder) = &args.folder {
        return std::path::absolute(folder).map_err(|error| CommandError::io(folder.display(), error));
    }
    let environment = Environment::of_process()?;
    let config = environment.config_home.or_else(|| environment.home.map(|home| home.join(".config")));
    config.map(|config| config.join("systemd").join("user")).ok_or_else(|| {
        CommandError::new(ErrorKind::Config, "there is no folder for units: neither XDG_CONFIG_HOME nor HOME is set")
            .hint("give one with --folder, or look with --print")
    })
}

/// A file that says something else is somebody's: it is replaced only where that was asked for.
fn refuse_other(path: &Path, text: &str, replace: bool) -> Result<(), CommandError> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Ok(there) if there == text || replace => Ok(()),
        Ok(there) => {
            let whose = if there.starts_with(MARK) {
                "an earlier version wrote it, or you changed it"
            } else {
                "cleanup did not write it"
            };
            let message =
                format!("{} is there already and says something else ({whose}); nothing was written", path.display());
            Err(CommandError::new(ErrorKind::Usage, message)
                .hint("look with --print, then give --replace, or another --folder"))
        }
        Err(_) if replace => Ok(()),
        Err(error) => Err(CommandError::io(path.display(), error)),
    }
}

fn write(path: &Path, text: &str, context: &Context) -> Result<(), CommandError> {
    if std::fs::read_to_string(path).is_ok_and(|there| there == text) {
        context.printer.say(&format!("{} is there already", path.display()));
        return Ok(());
    }
    let replaced = path.exists();
    // Whole or not at all: half a unit would be somebody else's file for the next install. A link goes on pointing where it does.
    let place = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let write = || {
        let mut file = DurableFile::begin(place.parent().unwrap_or(Path::new("")), UNIT_MODE)?;
        file.write_all(text.as_bytes())?;
        file.keep_as(&place, true)
    };
    write().map_err(|error| CommandError::io(path.display(), error))?;
    context.printer.say(&format!("{} {}", if replaced { "replaced" } else { "wrote" }, path.display()));
    Ok(())
}
