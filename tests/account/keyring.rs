//! The key in the OS keyring: the real gnome-keyring-daemon on a session bus of its own, with a home of its own. Where they
//! are missing they are installed (Debian's packages, as root); where that cannot be the test says so loudly and proves nothing.

use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::account::bench::{Bench, Done};
use crate::common::PROGRAM;
use crate::common::tools::there_are;

/// A test password of nobody's keyring.
const PASSWORD: &str = "keyring-password-of-this-test";
const IMPORT: &str = "name,platform,user_id,access_token,refresh_token,expires_at,access_secret\n\
                      work,x-v1,98,98-canary-token,,,canary-secret\n";

fn skipped() -> bool {
    let programs = ["gnome-keyring-daemon", "dbus-run-session", "dbus-daemon", "dbus-send"];
    let missing = !there_are(&programs, "gnome-keyring dbus dbus-bin dbus-daemon");
    if missing {
        eprintln!("SKIPPED: no gnome-keyring with dbus, and they cannot be installed; the OS keyring was not tested");
    }
    missing
}

/// A session that has not ended by then hangs, and is a failure.
const SESSION_SECONDS: &str = "120";
/// What a session ends with whose daemon did not come up: none of the script has run.
const NO_DAEMON: i32 = 99;

/// Runs `script` in a session that has a bus of its own; `$CLEANUP` is the program. The keyring's files are the bench's.
/// `daemon` is how gnome-keyring-daemon is started. It stays in the foreground, for the one that forks hangs now and then.
fn in_session(bench: &Bench, daemon: &str, script: &str) -> Done {
    let whole = format!(
        "{daemon} >/dev/null 2>keyring.log &\ndaemon=$!; trap 'kill -9 $daemon' EXIT\n\
         owned='dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner'\n\
         tries=0; until timeout 5 $owned string:org.freedesktop.secrets 2>&1 | grep -q 'boolean true'\n\
         do tries=$((tries+1)); [ $tries -lt 200 ] || exit {NO_DAEMON}; sleep 0.1; done\n{script}"
    );
    let plain = bench.cleanup(&[]);
    for _ in 0..3 {
        let runtime = tempfile::tempdir().unwrap();
        let mut session = Command::new("timeout");
        session.args(["-k", "5", SESSION_SECONDS, "dbus-run-session", "--", "sh", "-c", &whole]).env_clear();
        session.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        session.env("PATH", "/usr/local/bin:/usr/bin:/bin").env("CLEANUP", PROGRAM);
        session.env("XDG_RUNTIME_DIR", runtime.path()).env("XDG_DATA_HOME", bench.path(".local/share"));
        let done = Done::of(&session.current_dir(bench.folder.path()).stdin(Stdio::null()).output().unwrap());
        if done.code != NO_DAEMON {
            return done;
        }
    }
    panic!(
        "gnome-keyring-daemon did not come up three times: {}",
        std::fs::read_to_string(bench.path("keyring.log")).unwrap()
    );
}

/// The same with the keyring unlocked.
fn unlocked(bench: &Bench, script: &str) -> Done {
    bench.write("keyring-password", PASSWORD);
    in_session(bench, "gnome-keyring-daemon --foreground --unlock --components=secrets <keyring-password", script)
}

/// The daemon is there, and nobody has given it the password; without a display nobody can be asked for it.
fn locked(bench: &Bench, script: &str) -> Done {
    in_session(bench, "gnome-keyring-daemon --foreground --components=secrets", script)
}

fn choose(bench: &Bench, place: &str) {
    let config = format!("[x]\nredirect = \"{}\"\n[credentials]\nkey = \"{place}\"\n", bench.redirect);
    bench.write("config.toml", &config);
}

/// Every file of the home, but the test's own.
fn files_with(folder: &Path, needle: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, needle));
        } else if path.is_file() && std::fs::read(&path).unwrap().windows(needle.len()).any(|part| part == needle) {
            found.push(path.display().to_string());
        }
    }
    found
}

fn key_file(bench: &Bench) -> std::path::PathBuf {
    bench.queue_file().with_file_name("credentials.key")
}

#[test]
fn the_key_is_in_the_keyring_and_nowhere_on_disk() {
    if skipped() {
        return;
    }
    let bench = Bench::new();
    choose(&bench, "keyring");
    bench.write("accounts.csv", IMPORT);
    let import = "$CLEANUP account import accounts.csv && rm accounts.csv && $CLEANUP doctor && $CLEANUP account check; \
                  echo \"check=$?\"";
    let done = unlocked(&bench, import).says("the OS keyring decrypts the stored logins");
    assert!(!done.out.contains("check=78") && !done.out.contains("check=74"), "{}{}", done.out, done.err);
    assert!(!key_file(&bench).exists());
    assert_eq!(files_with(bench.folder.path(), b"canary-secret"), Vec::<String>::new());
    assert!(bench.path(".local/share/keyrings/login.keyring").exists(), "the keyring's own file, encrypted by it");
    // Another session, another daemon, another process: the same key.
    let again = "$CLEANUP account add more --platform x-v1 < tokens && $CLEANUP doctor";
    bench.write("tokens", "99-token\nsecret\n");
    unlocked(&bench, again).says("the OS keyring decrypts the stored logins").says("2 accounts");
    // CLEANUP_KEY comes first, and is told to be the wrong one.
    let first = "CLEANUP_KEY=a-passphrase-of-enough-letters $CLEANUP account check";
    unlocked(&bench, first).ends(78).says("encrypted with the OS keyring, but CLEANUP_KEY is set; unset it");
    // The file is not asked behind somebody's back, nor is the keyring.
    choose(&bench, "file");
    unlocked(&bench, "$CLEANUP account check").ends(78).says("key = \"keyring\"");
    assert!(!key_file(&bench).exists());
}

#[test]
fn without_a_keyring_it_says_what_to_do() {
    let bench = Bench::new();
    choose(&bench, "keyring");
    bench.write("accounts.csv", IMPORT);
    for address in ["unix:path=/nonexistent/bus", "unix:abstract=nobody-listens-here-for-cleanup", "no address"] {
        let variables = [("DBUS_SESSION_BUS_ADDRESS", address), ("XDG_RUNTIME_DIR", "/nonexistent")];
        let done = bench.run_with(&["account", "import", "accounts.csv"], &variables).ends(78);
        done.says("no OS keyring answers in this session").says("CLEANUP_KEY").says("key = \"file\"");
    }
    assert!(!key_file(&bench).exists(), "no key is made where none was asked for");
    // A passphrase needs no keyring.
    let variables =
        [("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent"), ("CLEANUP_KEY", crate::account::bench::KEY)];
    bench.run_with(&["account", "import", "accounts.csv"], &variables).ends(0);
    bench.run_with(&["doctor"], &variables).says("CLEANUP_KEY decrypts the stored logins");
}

#[test]
fn a_locked_keyring_needs_a_person() {
    if skipped() {
        return;
    }
    let bench = Bench::new();
    choose(&bench, "keyring");
    bench.write("accounts.csv", IMPORT);
    unlocked(&bench, "$CLEANUP account import accounts.csv").ends(0);
    locked(&bench, "$CLEANUP account check").ends(77).says("the OS keyring is locked").says("unlock it");
    locked(&bench, "$CLEANUP doctor").ends(77).says("the OS keyring is locked");
    unlocked(&bench, "$CLEANUP doctor").says("the OS keyring decrypts the stored logins");
}

#[test]
fn a_key_in_a_file_moves_into_the_keyring_at_the_first_use() {
    if skipped() {
        return;
    }
    let bench = Bench::new();
    bench.write("accounts.csv", IMPORT);
    bench.run(&["account", "import", "accounts.csv"]).ends(0);
    let key = std::fs::read(key_file(&bench)).unwrap();
    choose(&bench, "keyring");
    unlocked(&bench, "$CLEANUP doctor").says("does not hold it yet");
    unlocked(&bench, "$CLEANUP account remove work --yes -v").ends(0).says("the key is in the OS keyring now");
    assert_eq!(std::fs::read(key_file(&bench)).unwrap(), key, "another queue of the folder may need it");
    unlocked(&bench, "$CLEANUP account import accounts.csv && $CLEANUP doctor")
        .says("the key file")
        .says("is there too");
    std::fs::remove_file(key_file(&bench)).unwrap();
    unlocked(&bench, "$CLEANUP account import accounts.csv && $CLEANUP doctor").ends(0).says("the OS keyring decrypts");
    for written in [key.clone(), BASE64_STANDARD.encode(&key).into_bytes()] {
        assert_eq!(files_with(bench.folder.path(), &written), Vec::<String>::new());
    }
    // A keyring that was lost takes the logins with it, and no new key is made over them.
    std::fs::remove_dir_all(bench.path(".local/share/keyrings")).unwrap();
    let lost = unlocked(&bench, "$CLEANUP account import accounts.csv").ends(78);
    lost.says("the OS keyring has no key for these credentials").says("log every account in again");
}
