//! A machine that was booted again, as far as a program can tell: the kernel gives it another boot ID, and the clocks that begin with
//! a boot begin elsewhere.

use std::path::PathBuf;
use std::process::Command;

use crate::common::Home;

/// Boots, in namespaces of their own: this machine's are left alone.
pub struct Boots {
    folder: PathBuf,
    enter: &'static str,
}

impl Boots {
    /// None where nobody may make such namespaces.
    pub fn of(home: &Home) -> Option<Boots> {
        let folder = home.path("boots");
        std::fs::create_dir_all(&folder).unwrap();
        for enter in ["-m", "-rm"] {
            let boots = Boots { folder: folder.clone(), enter };
            let told = [(1, 10), (2, 5_000_000)].map(|(number, uptime)| {
                let look = ["/proc/sys/kernel/random/boot_id", "/proc/uptime"];
                let mut cat = Command::new("cat");
                let output = boots.under(number, uptime, cat.args(look)).output();
                output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
            });
            let is_told = |told: &str, number, up: &str| told.starts_with(&format!("{}\n{up}", name(number)));
            if is_told(&told[0], 1, "1") && is_told(&told[1], 2, "50") {
                return Some(boots);
            }
        }
        eprintln!(
            "SKIPPED: no machine was booted again, for this one gives nobody clocks of their own (unshare -rm --time)"
        );
        None
    }

    /// The same program under this boot, which has lasted so many seconds at its start.
    pub fn under(&self, number: u32, uptime_s: u64, program: &Command) -> Command {
        let id = self.folder.join(number.to_string());
        std::fs::write(&id, format!("{}\n", name(number))).unwrap();
        let here = rustix::time::clock_gettime(rustix::time::ClockId::Boottime).tv_sec;
        let offset = (i64::try_from(uptime_s).unwrap() - here).to_string();
        let mut command = Command::new("unshare");
        command.args([self.enter, "--time", "--boottime", &offset, "--monotonic", &offset, "sh", "-c"]);
        command.args(["mount --bind \"$1\" /proc/sys/kernel/random/boot_id && shift && exec \"$@\"", "sh"]).arg(id);
        command.arg(program.get_program()).args(program.get_args()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        for (name, value) in program.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        if let Some(folder) = program.get_current_dir() {
            command.current_dir(folder);
        }
        command
    }
}

fn name(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}
