//! Who holds a lock. In: a lock's file, in which whoever takes it writes its PID and host. Out: a hint for people. The kernel alone says
//! whether a lock is held; what stands in the file is read only then, and may be what a process that died has left.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::time::UNIX_EPOCH;

use crate::domain::Wall;

/// The longest text that a holder writes, in bytes: a number and a host's name.
const MAX_TEXT_BYTES: u64 = 300;

/// What the session of this process is called on a server.
pub(super) fn session_name() -> String {
    format!("cleanup {} {}", std::process::id(), this_host())
}

/// The process that holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockHolder {
    /// Its process number, on its host.
    pub pid: u32,
    /// The name of that host.
    pub host: String,
    /// When it took the lock.
    pub since: Wall,
}

impl LockHolder {
    /// The process whose session has this name; none: another program has given itself the name.
    pub(super) fn of_session(name: &str, since: Wall) -> Option<LockHolder> {
        let (pid, host) = parse(name.strip_prefix("cleanup ")?)?;
        Some(LockHolder { pid, host: host.to_owned(), since })
    }
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PID {} on {}, since {}", self.pid, self.host, self.since.rfc3339())
    }
}

/// Writes down that this process holds the lock of this file. What cannot be written is left out: it is a hint.
pub(super) fn sign(file: &File) {
    let text = format!("{} {}\n", std::process::id(), this_host());
    if file.set_len(0).is_ok() {
        let _ = file.write_all_at(text.as_bytes(), 0);
    }
}

/// Who holds the lock of this file, as far as is known. To be asked only where somebody holds it.
pub(super) fn read(path: &Path) -> Option<LockHolder> {
    // A pipe in its place would be waited for.
    let flags = (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
    // Nobody writes to it but who takes the lock.
    let since = file.metadata().ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    let mut text = String::new();
    file.take(MAX_TEXT_BYTES).read_to_string(&mut text).ok()?;
    let (pid, host) = parse(text.strip_suffix('\n')?)?;
    let since = Wall(i64::try_from(since.as_millis()).ok()?);
    let is_over = host == this_host() && !is_alive(pid);
    (!is_over).then(|| LockHolder { pid, host: host.to_owned(), since })
}

fn parse(text: &str) -> Option<(u32, &str)> {
    let (pid, host) = text.split_once(' ')?;
    let is_name = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._()".contains(c));
    Some((pid.parse().ok().filter(|pid| *pid > 0)?, host)).filter(|_| is_name)
}

fn this_host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

fn is_alive(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_a_dead_process_or_a_stranger_left_names_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("q.lock");
        let found = |text: &str| {
            std::fs::write(&path, text).unwrap();
            read(&path).map(|holder| (holder.pid, holder.host))
        };
        let (ours, host) = (std::process::id(), this_host());
        assert_eq!(found(&format!("{ours} {host}\n")), Some((ours, host.clone())));
        // No kernel gives so high a number.
        assert_eq!(found(&format!("2147483000 {host}\n")), None, "nobody has it");
        // Of another host nobody here knows who lives there.
        assert_eq!(found("4000000 elsewhere.example\n"), Some((4_000_000, "elsewhere.example".to_owned())));
        for text in ["", "77", "77 a", "x a\n", "0 a\n", "77 \n", "77 a\u{1b}[2J\n", "77 a b\n", "-5 a\n"] {
            assert_eq!(found(text), None, "{text:?}");
        }
        let since = Wall(5);
        let told = LockHolder::of_session(&session_name(), since).unwrap();
        assert_eq!(told, LockHolder { pid: ours, host, since });
        assert_eq!(LockHolder::of_session("psql", since), None);
        let file = File::options().write(true).open(&path).unwrap();
        sign(&file);
        assert_eq!(read(&path).unwrap().pid, ours);
        assert_eq!(read(&folder.path().join("none")), None);
    }
}
