//! A platform that cannot be reached for a while, in a run that is there before and after.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use super::scene::{asked, troubles};
use crate::common::bad_wire::BadWire;
use crate::common::running::{Running, poll};
use crate::common::tls_front::{AUTHORITY, Certificate, TlsFront};
use crate::common::tries::{is_long_form, tried};
use crate::common::{Home, SandboxProcess, ids, wait};

const ROWS: u64 = 3;

fn scene() -> (Home, SandboxProcess) {
    let home = Home::new();
    home.write("unfollow.csv", ids(ROWS));
    let sandbox = SandboxProcess::start(&home, &["--limit", "1000/1s", "--faults", "none"]);
    (home, sandbox)
}

fn run(home: &Home, sandbox: &SandboxProcess, url: &str) -> Command {
    let words = ["run", "unfollow.csv", "--yes", "--json", "--progress", "none", "--rate", "1000/1s"];
    let mut run = home.against(sandbox, words);
    run.env("CLEANUP_X_API", url).env("SSL_CERT_FILE", AUTHORITY);
    run
}

/// A run that comes to its end, and has asked for each row once.
fn comes_through(running: Running, sandbox: &SandboxProcess) {
    let ended = running.wait();
    assert_eq!(ended.code(), 0, "{}{}", ended.stdout, ended.talk);
    let job = ended.json()["jobs"][0].clone();
    assert_eq!((&job["done"], &job["failed"]), (&ROWS.into(), &0.into()), "{job}");
    let asked = asked(sandbox);
    assert!(asked.len() as u64 == ROWS && asked.values().all(|times| *times == 1), "{asked:?}");
}

/// An address at which nobody takes a connection, for those who have come already fill the queue: the kernel drops whoever comes next without a word.
fn black_hole() -> (TcpListener, Vec<TcpStream>) {
    let listener = wait(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        socket.listen(1).unwrap().into_std().unwrap()
    });
    let address = listener.local_addr().unwrap();
    let mut fill = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
        fill.push(stream);
        assert!(fill.len() < 100, "the queue of connections has no end");
    }
    (listener, fill)
}

fn through_a_black_hole(deadline: &str, reason: &str) {
    let (home, sandbox) = scene();
    home.write(".config/cleanup/config.toml", format!("[run]\nrequest_deadline = \"{deadline}\"\n"));
    let (listener, fill) = black_hole();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let running = Running::start(run(&home, &sandbox, &url));
    poll("a connection that nobody took", || troubles(&home).get(reason).copied());
    let _wire = BadWire::on(listener, &sandbox, BTreeMap::new());
    drop(fill);
    comes_through(running, &sandbox);
    tried("a connection that nobody takes", ROWS as usize);
}

#[test]
fn a_connection_that_nobody_takes_is_left_at_the_deadline() {
    through_a_black_hole("1s", "timeout");
}

/// Connections have a deadline of their own, of ten seconds: it is waited for in the long form.
#[test]
fn a_connection_that_nobody_takes_is_left_long_before_a_long_deadline() {
    if is_long_form() {
        through_a_black_hole("60s", "connect_failed");
    }
}

/// The same program, in a mount namespace of its own where a file of this home says what names there are; none where this machine lets nobody
/// have one.
fn with_names_of(home: &Home, program: &Command) -> Option<Command> {
    home.write("hosts", "127.0.0.1 localhost\n");
    home.write("nsswitch.conf", "hosts: files\n");
    let mount = "mount --bind hosts /etc/hosts && mount --bind nsswitch.conf /etc/nsswitch.conf";
    for flags in ["-m", "-rm"] {
        let inside = |script: &str| {
            let mut command = Command::new("unshare");
            command.args([flags, "sh", "-c", script, "sh"]).env_clear().current_dir(home.folder.path());
            command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
            command
        };
        if inside(mount).output().is_ok_and(|output| output.status.success()) {
            let mut command = inside(&format!("{mount} && exec \"$@\""));
            command.arg(program.get_program()).args(program.get_args());
            command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
            return Some(command);
        }
    }
    eprintln!(
        "SKIPPED: no name came to have an address, for this machine lets nobody mount a file (unshare -m, unshare -rm)"
    );
    None
}

#[test]
fn a_run_goes_on_when_a_name_has_an_address_again() {
    let (home, sandbox) = scene();
    let front = TlsFront::before(&sandbox, Certificate::Good);
    let url = format!("https://platform.test:{}", front.port);
    let Some(command) = with_names_of(&home, &run(&home, &sandbox, &url)) else { return };
    let running = Running::start(command);
    poll("a name without an address", || troubles(&home).get("connect_failed").copied());
    assert_eq!(front.connections(), 0);
    home.write("hosts", "127.0.0.1 localhost platform.test\n");
    comes_through(running, &sandbox);
    tried("a name without an address", 1);
}
