//! Programs that some tests need beside ours. Where they are missing they are installed: Debian's packages, as root or with sudo.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::Mutex;

/// What has been installed, or could not be. Tests run side by side, and only one of them may install at a time.
static TRIED: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());

/// Whether `programs` are here, if need be after their packages have been installed.
pub fn there_are(programs: &[&str], packages: &'static str) -> bool {
    let all_are_here = || programs.iter().all(|program| works("sh", &["-c", "command -v \"$0\"", program]));
    if all_are_here() {
        return true;
    }
    let mut tried = TRIED.lock().unwrap();
    if tried.insert(packages) && !all_are_here() {
        println!("{} is missing; trying apt-get", programs.join(" or "));
        let script = "export DEBIAN_FRONTEND=noninteractive; s=; [ \"$(id -u)\" = 0 ] || s='sudo -n'; \
                      $s apt-get update -qq && $s apt-get install -y -qq --no-install-recommends ";
        works("sh", &["-c", &format!("{script}{packages}")]);
    }
    all_are_here()
}

/// Whether a program runs and succeeds.
pub fn works(program: &str, args: &[&str]) -> bool {
    let mut command = Command::new(program);
    let status = command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
