//! The real program, run as people run it: a process with an empty home and nothing of this machine's environment.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use cleanup::store::QueuePlace;

use super::database::{self, TestDatabase};
use super::done::{Done, RunToEnd};
use super::sandbox::SandboxProcess;
use super::{PROGRAM, USER, sql};

/// A home of one's own. Its queues are files in it, or databases of a server where that is asked for.
pub struct Home {
    pub folder: tempfile::TempDir,
    database: OnceLock<TestDatabase>,
    sandbox_database: OnceLock<TestDatabase>,
}

impl Home {
    pub fn new() -> Home {
        let folder = tempfile::tempdir().unwrap();
        Home { folder, database: OnceLock::new(), sandbox_database: OnceLock::new() }
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
    pub fn queue(&self) -> QueuePlace {
        self.address().map_or_else(|| self.queue_file().into(), |database| database.place(&self.data("")))
    }

    /// That of `--sandbox`.
    pub fn sandbox_queue(&self) -> QueuePlace {
        let file = || self.sandbox_file().into();
        self.sandbox_address().map_or_else(file, |database| database.place(&self.data("")))
    }

    /// The file of the queue that is used where nobody names one.
    pub fn queue_file(&self) -> PathBuf {
        self.data("queue.db")
    }

    /// The file of the sandbox's queue.
    pub fn sandbox_file(&self) -> PathBuf {
        self.data("sandbox.db")
    }

    fn address(&self) -> Option<&TestDatabase> {
        database::is_asked_for().then(|| self.database.get_or_init(TestDatabase::new))
    }

    fn sandbox_address(&self) -> Option<&TestDatabase> {
        database::is_asked_for().then(|| self.sandbox_database.get_or_init(TestDatabase::new))
    }

    /// Names the queue on a server to a command that would take a file: by the variable, or by `--db`, which alone moves that of `--sandbox`.
    fn name_queue(&self, command: &mut Command, args: &[OsString]) {
        let has = |name: &str| args.iter().any(|word| word.to_string_lossy().starts_with(name));
        if has("--db") || args.first().is_some_and(|word| word == "sandbox") {
            return;
        }
        if has("--sandbox") {
            let address = self.sandbox_address().map(|database| database.address.as_str());
            command.args(address.into_iter().flat_map(|address| ["--db", address]));
        } else if let Some(database) = self.address() {
            command.env("CLEANUP_DB", &database.address);
        }
    }

    /// The program, with an empty environment but for a home.
    pub fn cleanup<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, args: I) -> Command {
        // A shell that starts tests in the background has them ignore Ctrl-C, and what is ignored at the start stays so.
        let mut command = Command::new("/usr/bin/env");
        command.arg("--default-signal=INT,QUIT,TERM").arg(PROGRAM);
        command.env_clear().env("HOME", self.folder.path()).env("TZ", "UTC").current_dir(self.folder.path());
        let args: Vec<OsString> = args.into_iter().map(|word| word.as_ref().to_owned()).collect();
        self.name_queue(&mut command, &args);
        command.args(args);
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
        self.as_of_a_file(self.cleanup(words).done())
    }

    pub fn run_with(&self, words: &[&str], variables: &[(&str, &str)]) -> Done {
        self.as_of_a_file(self.cleanup(words).envs(variables.iter().copied()).done())
    }

    /// What a command says without the `--db` that this home has added to its arguments, which what to type next has as well.
    fn as_of_a_file(&self, done: Done) -> Done {
        let Some(database) = self.sandbox_database.get() else { return done };
        let added = format!(" --db {}", database.address);
        Done { code: done.code, out: done.out.replace(&added, ""), err: done.err.replace(&added, "") }
    }

    /// Changes something in the sandbox's queue behind the program's back.
    pub fn sandbox_sql(&self, text: &str) {
        sql::change(self.sandbox_queue(), text);
    }

    /// The text that a statement gives for its first row, in the sandbox's queue.
    pub fn sandbox_sql_text(&self, text: &str) -> String {
        sql::column::<Option<String>>(self.sandbox_queue(), text).into_iter().next().flatten().unwrap_or_default()
    }
}
