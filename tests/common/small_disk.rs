//! A disk that is soon full.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::common::Home;

/// A disk of a few megabytes, in a mount namespace of its own: nothing is mounted here, and nothing is left behind. The program
/// runs inside; the test looks in through the process that keeps it.
pub struct SmallDisk {
    keeper: Child,
    /// The disk as seen from here.
    pub root: PathBuf,
    /// The disk as seen from inside.
    pub point: PathBuf,
    enter: &'static [&'static str],
}

impl SmallDisk {
    pub fn make(home: &Home, size: &str) -> Option<SmallDisk> {
        let point = home.path("disk");
        std::fs::create_dir(&point).unwrap();
        for (flags, enter) in [("-m", &["-m"][..]), ("-rm", &["-U", "-m", "--preserve-credentials"])] {
            let script = format!("mount -t tmpfs -o size={size} none '{}' && echo up && exec cat", point.display());
            let mut command = Command::new("unshare");
            command.arg(flags).args(["sh", "-c", &script]);
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
            let Ok(mut keeper) = command.spawn() else { continue };
            let mut line = String::new();
            BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut line).unwrap();
            let root = PathBuf::from(format!("/proc/{}/root{}", keeper.id(), point.display()));
            let disk = SmallDisk { keeper, root, point: point.clone(), enter };
            if line == "up\n" && std::fs::write(disk.root.join("try"), "x").is_ok() {
                std::fs::remove_file(disk.root.join("try")).unwrap();
                return Some(disk);
            }
        }
        eprintln!("SKIPPED: no disk was full, for this machine lets nobody mount one (unshare -rm, unshare -m)");
        None
    }

    /// The same program, inside.
    pub fn inside(&self, program: &Command) -> Command {
        let mut command = self.nsenter();
        // Whoever enters a mount namespace stands at its root.
        command.arg(format!("--wd={}", program.get_current_dir().unwrap().display()));
        command.arg(program.get_program()).args(program.get_args()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        for (name, value) in program.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command
    }

    fn nsenter(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.args(self.enter).arg("-t").arg(self.keeper.id().to_string());
        command
    }

    /// Makes it bigger, with all that is on it.
    pub fn grow(&self, size: &str) {
        self.remount(&format!("size={size}"));
    }

    /// Mounts it anew: `ro`, and nothing on it can be changed; `rw`, and all is as before.
    pub fn remount(&self, options: &str) {
        let mut command = self.nsenter();
        command.args(["mount", "-o", &format!("remount,{options}"), "none"]).arg(&self.point);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Writes until nothing fits.
    pub fn fill(&self) -> PathBuf {
        let path = self.root.join("filler");
        let mut filler = std::fs::File::create(&path).unwrap();
        while filler.write_all(&[7; 4096]).is_ok() {}
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}
