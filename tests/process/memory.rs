//! The memory of the program holds keys and tokens: nothing of the machine writes it down, and no process of the same user reads it.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use crate::common::running::poll;
use crate::common::{Home, PROGRAM, make_program};

/// Whoever may not be dumped is shown as root's in /proc. Root itself always is, so it runs the program as somebody else.
const NOBODY: u32 = 65_534;

#[test]
fn no_core_dump_and_no_neighbour_gets_the_memory() {
    let home = Home::new();
    let program = home.path("cleanup");
    make_program(PROGRAM.as_ref(), &program);
    std::fs::set_permissions(home.folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = Command::new(&program);
    // It waits for a key on its stdin.
    command.args(["account", "login", "--platform", "aisa"]).env_clear().env("HOME", home.path("home"));
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    if rustix::process::geteuid().is_root() {
        std::fs::create_dir(home.path("home")).unwrap();
        std::os::unix::fs::chown(home.path("home"), Some(NOBODY), Some(NOBODY)).unwrap();
        command.uid(NOBODY).gid(NOBODY);
    }
    let mut child = command.spawn().unwrap();
    let environment = format!("/proc/{}/environ", child.id());
    let status = format!("/proc/{}/status", child.id());
    poll("the program to hide its memory", || {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was looked at");
        std::fs::metadata(&environment).ok().filter(|about| about.uid() == 0).map(|_| ())
    });
    let own = std::fs::read_to_string(&status).unwrap();
    assert!(own.lines().any(|line| line.starts_with("Uid:") && !line.starts_with("Uid:\t0\t")), "{own}");
    child.kill().unwrap();
    child.wait().unwrap();
}
