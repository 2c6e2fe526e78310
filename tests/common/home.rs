//! The real program, run as people run it: a process with an empty home and nothing of this machine's environment.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::done::{Done, RunToEnd};
use super::sandbox::SandboxProcess;
use super::{PROGRAM, USER, sql};

/// A home of one's own.
pub struct Home {
    pub folder: tempfile::TempDir,
}

impl Home {
    pub fn new() -> Home {
        Home { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A file in the folder of the queues.
    pub fn data(&self, name: &str) -> PathBuf {
        self.path(".local/share/cleanup").join(name)
    }

    /// The queue that is used where nobody names one.
    pub fn queue(&self) -> PathBuf {
        self.data("queue.db")
    }

    /// That of `--sandbox`.
    pub fn sandbox_queue(&self) -> PathBuf {
        self.data("sandbox.db")
    }

    /// The program, with an empty environment but for a home.
    pub fn cleanup<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, args: I) -> Command {
        // A shell that starts tests in the background has them ignore Ctrl-C, and what is ignored at the start stays so.
        let mut command = Command::new("/usr/bin/env");
        command.arg("--default-signal=INT,QUIT,TERM").arg(PROGRAM);
        command.env_clear().env("HOME", self.folder.path()).env("TZ", "UTC").current_dir(self.folder.path()).args(args);
        command.stdin(Stdio::null());
        command
    }

    /// The program against a sandbox that it takes for X.
    pub fn against<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, sandbox: &SandboxProcess, args: I) -> Command {
        let mut command = self.cleanup(args);
        command
            .env("CLEANUP_X_API", &sandbox.url)
            .env("CLEANUP_X_TOKEN", format!("sandbox-{USER}"))
            .env("CLEANUP_X_USER_ID", USER);
        command
    }

    pub fn run(&self, words: &[&str]) -> Done {
        self.cleanup(words).done()
    }

    pub fn run_with(&self, words: &[&str], variables: &[(&str, &str)]) -> Done {
        self.cleanup(words).envs(variables.iter().copied()).done()
    }

    /// Changes something in the sandbox's queue behind the program's back.
    pub fn sandbox_sql(&self, text: &str) {
        sql::change(&self.sandbox_queue(), text);
    }

    /// The text that a statement gives for its first row, in the sandbox's queue.
    pub fn sandbox_sql_text(&self, text: &str) -> String {
        sql::column::<Option<String>>(&self.sandbox_queue(), text).into_iter().next().flatten().unwrap_or_default()
    }
}
