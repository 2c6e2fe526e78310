//! The text of a systemd user timer and service, and of a cron line. Pure.
//!
//! In: paths. Out: text. What does not belong here: writing it.

use std::path::{Path, PathBuf};

use crate::store::QueuePlace;

/// What the units are about.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    /// The program, absolute.
    pub(super) program: PathBuf,
    /// The queue, its file absolute.
    pub(super) queue: QueuePlace,
    /// The config file, absolute, where one is named.
    pub(super) config: Option<PathBuf>,
    /// The log file, absolute, where one is named.
    pub(super) log_file: Option<PathBuf>,
    /// The pretend platform.
    pub(super) sandbox: bool,
}

/// The first line of every file that is ours.
pub(super) const MARK: &str = "# Written by `cleanup schedule install`.";

impl Subject {
    /// The name of both units, without their endings.
    pub(super) const fn name(&self) -> &'static str {
        if self.sandbox { "cleanup-schedule-sandbox" } else { "cleanup-schedule" }
    }

    /// The words of the command that fires what is due.
    fn words(&self) -> Vec<String> {
        let path = |path: &Path| path.to_string_lossy().into_owned();
        let mut words = vec![path(&self.program), "schedule".into(), "due".into()];
        if self.sandbox {
            words.push("--sandbox".into());
        }
        words.extend(["--db".into(), self.queue.public_name().to_string_lossy().into_owned()]);
        for (option, file) in [("--config", &self.config), ("--log-file", &self.log_file)] {
            if let Some(file) = file {
                words.extend([option.into(), path(file)]);
            }
        }
        words
    }

    /// Every path that the texts name.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        let all = [Some(&self.program), self.config.as_ref(), self.log_file.as_ref()];
        all.into_iter().flatten().map(PathBuf::as_path).chain([self.queue.local_path()])
    }

    /// Folders that a run writes to.
    fn folders(&self) -> Vec<&Path> {
        let files = [Some(self.queue.local_path()), self.log_file.as_deref()];
        let mut folders: Vec<&Path> = files.into_iter().flatten().filter_map(|file| file.parent()).collect();
        folders.dedup();
        folders
    }

    /// The service: one look, and the runs that follow from it.
    pub(super) fn service(&self) -> String {
        let command: Vec<String> = self.words().iter().map(|word| unit_word(word)).collect();
        let folders: Vec<String> = self.folders().iter().map(|folder| unit_path(folder)).collect();
        format!(
            "{MARK}
# Runs what is due in {queue}, then ends.
[Unit]
Description=Run what is due in cleanup's queue
Documentation=man:cleanup(1)

[Service]
Type=oneshot
ExecStart={command}
# A run lasts as long as its hours. 3: settled, with failed or rejected rows; 4: stopped early, work left; 75: another process
# drains the queue; 129, 130, 143: stopped, progress saved. None of them is a failure of the unit. 77 is: an account needs you.
TimeoutStartSec=infinity
SuccessExitStatus=3 4 75 129 130 143
# Requests in flight are waited for up to 10 s.
KillMode=mixed
TimeoutStopSec=20
# CLEANUP_KEY and other variables, where you use them: a file that only you can read. It may be missing.
EnvironmentFile=-%h/.config/cleanup/environment
# It reads job files, writes its queue, and talks to the network. Nothing else; a --notify command is held to the same.
UMask=0077
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={folders}
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
",
            queue = one_line(Path::new(&self.queue.public_name())),
            command = command.join(" "),
            folders = folders.join(" "),
        )
    }

    /// The timer: a look every five minutes.
    pub(super) fn timer(&self) -> String {
        format!(
            "{MARK}
# Looks every five minutes whether something is due: a look takes milliseconds, and the schedules are in the queue, so adding
# or removing one needs no new timer. After the machine was off or asleep it looks at once.
[Unit]
Description=Look whether something is due in cleanup's queue

[Timer]
OnCalendar=*:0/5
AccuracySec=30s
Persistent=yes

[Install]
WantedBy=timers.target
"
        )
    }

    /// A line for crontab. The paths hold no control characters.
    pub(super) fn cron_line(&self) -> String {
        let words: Vec<String> = self.words().iter().map(|word| cron_word(word)).collect();
        // Cron mails whatever is printed: only what went wrong is.
        format!("*/5 * * * * {} -q", words.join(" "))
    }
}

/// A word of `ExecStart=`: quoted, with what systemd would expand made plain.
fn unit_word(word: &str) -> String {
    if is_plain(word) {
        return word.to_owned();
    }
    format!("\"{}\"", escaped_for_unit(word).replace('$', "$$"))
}

/// A path in a list of paths: quoted; there are no variables there. The hyphen: a folder that is not there yet stops nothing.
fn unit_path(path: &Path) -> String {
    format!("\"-{}\"", escaped_for_unit(&path.to_string_lossy()))
}

fn escaped_for_unit(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '%' => out.push_str("%%"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// A word of a cron line: quoted for the shell; `%` ends a command in crontab unless it is escaped.
fn cron_word(word: &str) -> String {
    if is_plain(word) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''")).replace('%', "\\%")
}

/// Whether it needs no quotes.
fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "_-./@:+,=".contains(c))
}

fn one_line(path: &Path) -> String {
    path.to_string_lossy().replace(|c: char| c.is_control(), "?")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(queue: &str) -> Subject {
        Subject {
            program: "/usr/local/bin/cleanup".into(),
            queue: PathBuf::from(queue).into(),
            config: None,
            log_file: None,
            sandbox: false,
        }
    }

    #[test]
    fn odd_paths_stay_one_word() {
        let odd = subject("/home/ada/100% \"mine\"/$HOME/q.db");
        let service = odd.service();
        assert!(service.contains(r#"--db "/home/ada/100%% \"mine\"/$$HOME/q.db""#), "{service}");
        assert!(service.contains(r#"ReadWritePaths="-/home/ada/100%% \"mine\"/$HOME""#), "{service}");
        let line = odd.cron_line();
        assert!(line.contains(r#"--db '/home/ada/100\% "mine"/$HOME/q.db' -q"#), "{line}");
        assert!(!subject("/a\nExecStart=/bin/evil").service().contains("\nExecStart=/bin/evil"));
    }

    #[test]
    fn the_units_are_named_by_their_queue() {
        let real = subject("/q.db");
        let sandbox = Subject { sandbox: true, log_file: Some("/var/log/c.log".into()), ..subject("/q.db") };
        assert_ne!(real.name(), sandbox.name());
        assert!(sandbox.service().contains("schedule due --sandbox --db /q.db --log-file /var/log/c.log"));
        assert!(sandbox.service().contains(r#"ReadWritePaths="-/" "-/var/log""#));
        assert!(real.service().starts_with(MARK) && real.timer().starts_with(MARK));
    }
}
