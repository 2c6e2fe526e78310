//! A PostgreSQL server and its synchronous standby, made for one test, behind one address that does not change.
//!
//! In: PostgreSQL's programs, on Debian where its packages put them, elsewhere on the PATH. They do not run as root, so root lends them to the
//! user `postgres`. Data lies in memory where there is such a folder: a restart is no power cut.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::proxy::Proxy;
use crate::common::port::free_port;

/// How a server is stopped: `fast` ends its sessions and writes down everything, `immediate` is a crash.
#[derive(Clone, Copy, Debug)]
pub enum Stop {
    Fast,
    Immediate,
}

pub struct Cluster {
    folder: tempfile::TempDir,
    programs: PathBuf,
    primary: Server,
    standby: Server,
    proxy: Proxy,
    made: u32,
}

#[derive(Clone)]
struct Server {
    data: PathBuf,
    port: u16,
}

impl Cluster {
    /// A server and its standby.
    pub fn start() -> Cluster {
        let mut cluster = Cluster::alone();
        cluster.attach_standby();
        cluster
    }

    /// A server alone.
    pub fn alone() -> Cluster {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
        let primary = Server { data: folder.path().join("0"), port: free_port() };
        let proxy = Proxy::start(primary.port);
        let standby = primary.clone();
        let cluster = Cluster { folder, programs: programs(), primary, standby, proxy, made: 0 };
        if rustix::process::getuid().is_root() {
            assert!(Command::new("chown").arg("postgres").arg(cluster.folder.path()).status().unwrap().success());
        }
        let data = cluster.primary.data.clone();
        cluster.does("initdb", &["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-D"], &data);
        cluster.begin(&cluster.primary);
        cluster
    }

    /// The address of a database that is good for as long as the cluster is.
    pub fn address(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{database}", self.proxy.port)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the primary listens itself.
    pub fn primary_port(&self) -> u16 {
        self.primary.port
    }

    /// What the primary has written down.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.primary.data.with_extension("log")).unwrap()
    }

    /// Who may connect from where, by `pg_hba.conf`.
    pub fn set_access(&self, lines: &str) {
        std::fs::write(self.primary.data.join("pg_hba.conf"), lines).unwrap();
        self.tell("postgres", "select pg_reload_conf()").unwrap();
    }

    /// A private file of the folder that the server itself has to read.
    pub fn gives_to_itself(&self, name: &str) {
        if rustix::process::getuid().is_root() {
            let file = self.folder.path().join(name);
            assert!(Command::new("chown").arg("postgres").arg(file).status().unwrap().success());
        }
    }

    /// Runs statements of the superuser on the primary, past the proxy; none where it cannot be reached just now.
    pub fn tell(&self, database: &str, sql: &str) -> Option<String> {
        let port = self.primary.port.to_string();
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-d", database, "-X", "-A", "-t", "-q"]);
        let done = psql.args(["-v", "ON_ERROR_STOP=1", "-c", sql]).stdin(Stdio::null()).output().unwrap();
        done.status.success().then(|| String::from_utf8(done.stdout).unwrap().trim().to_owned())
    }

    pub fn restart(&self, stop: Stop) {
        self.end(&self.primary, stop);
        self.begin(&self.primary);
    }

    /// The primary dies, the standby takes its place, and a new standby is made of it.
    pub fn fail_over(&mut self) {
        self.end(&self.primary, Stop::Immediate);
        self.proxy.cut();
        self.does("pg_ctl", &["promote", "-w", "-s", "-D"], &self.standby.data);
        self.primary = self.standby.clone();
        self.proxy.move_to(self.primary.port);
        self.attach_standby();
    }

    /// A copy of the primary that follows it. From here on the primary has committed what its standby has on disk, too.
    fn attach_standby(&mut self) {
        self.made += 1;
        let standby = Server { data: self.folder.path().join(self.made.to_string()), port: free_port() };
        let source = format!("host=127.0.0.1 port={} user=postgres", self.primary.port);
        self.does("pg_basebackup", &["-d", &source, "-R", "-c", "fast", "-X", "stream", "-D"], &standby.data);
        self.begin(&standby);
        self.standby = standby;
        self.tell("postgres", "alter system set synchronous_standby_names = '*'").unwrap();
        self.tell("postgres", "select pg_reload_conf()").unwrap();
        let follows = "select count(*) from pg_stat_replication where sync_state = 'sync'";
        crate::common::running::poll("a synchronous standby", || {
            (self.tell("postgres", follows).as_deref() == Some("1")).then_some(())
        });
    }

    fn begin(&self, server: &Server) {
        let folder = self.folder.path().display();
        let log = server.data.with_extension("log");
        let port = server.port;
        // A copy that is to follow keeps the setting of its primary until it is one itself: nobody follows it yet.
        let options = format!("-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c max_connections=200");
        self.does("pg_ctl", &["start", "-w", "-s", "-l", log.to_str().unwrap(), "-o", &options, "-D"], &server.data);
    }

    fn end(&self, server: &Server, stop: Stop) {
        let mode = match stop {
            Stop::Fast => "fast",
            Stop::Immediate => "immediate",
        };
        self.does("pg_ctl", &["stop", "-w", "-s", "-m", mode, "-D"], &server.data);
    }

    #[track_caller]
    fn does(&self, program: &str, words: &[&str], data: &Path) {
        let done = self.command(program, words, data).stdout(Stdio::null()).status().unwrap();
        assert!(done.success(), "{program} {words:?} {}", data.display());
    }

    fn command(&self, program: &str, words: &[&str], data: &Path) -> Command {
        let program = self.programs.join(program);
        let mut command = if rustix::process::getuid().is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.args(words).arg(data).stdin(Stdio::null()).stderr(Stdio::null()).current_dir(self.folder.path());
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for server in [&self.primary, &self.standby] {
            let _ =
                self.command("pg_ctl", &["stop", "-m", "immediate", "-D"], &server.data).stdout(Stdio::null()).status();
        }
    }
}

/// Where PostgreSQL's programs are: the newest that Debian has, else those of the PATH.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let folders = versions.map(|version| version.path().join("bin")).filter(|folder| folder.join("initdb").exists());
    let number = |folder: &PathBuf| folder.parent()?.file_name()?.to_str()?.parse::<u32>().ok();
    folders.max_by_key(number).unwrap_or_default()
}
