//! The program in the background, and patience with a limit.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// How long anything may take before a test gives up on it.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Looks again and again until there is an answer.
pub fn poll<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "waited {PATIENCE:?} for {what}");
        std::thread::sleep(Duration::from_millis(30));
    }
}

/// The program in the background. It is killed with the test.
pub struct Running {
    pub child: Child,
    stdout: Option<ChildStdout>,
    talk: Arc<Mutex<String>>,
    listener: Option<std::thread::JoinHandle<()>>,
}

/// How it ended.
pub struct Ended {
    pub status: ExitStatus,
    pub stdout: String,
    pub talk: String,
}

impl Running {
    pub fn start(mut command: Command) -> Running {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = child.stdout.take();
        let stderr = child.stderr.take().unwrap();
        let talk = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&talk);
        let listener = std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines() {
                let mut heard = heard.lock().unwrap();
                heard.push_str(&line.unwrap());
                heard.push('\n');
            }
        });
        Running { child, stdout, talk, listener: Some(listener) }
    }

    pub fn talk(&self) -> String {
        self.talk.lock().unwrap().clone()
    }

    /// Waits until it has said so on stderr.
    pub fn hears(&self, words: &str) {
        let began = Instant::now();
        while !self.talk().contains(words) {
            assert!(began.elapsed() < PATIENCE, "it never said {words:?}, but:\n{}", self.talk());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end.
    pub fn wait(mut self) -> Ended {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            let most = 3 * PATIENCE;
            assert!(began.elapsed() < most, "it does not end; it said:\n{}", self.talk());
            std::thread::sleep(Duration::from_millis(20));
        };
        // Whoever is left behind may hold its pipes for ever.
        let (mut pipe, listener, (said, all)) = (self.stdout.take().unwrap(), self.listener.take().unwrap(), channel());
        std::thread::spawn(move || {
            let mut stdout = String::new();
            pipe.read_to_string(&mut stdout).unwrap();
            listener.join().unwrap();
            let _ = said.send(stdout);
        });
        let stdout = all.recv_timeout(PATIENCE).unwrap_or_else(|error| {
            panic!("it has ended ({status:?}), and its output has not ({error}):\n{}", self.talk())
        });
        Ended { status, stdout, talk: self.talk() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("{:?}\n{}", self.status, self.talk))
    }

    /// The JSON object of the contract, which has to agree with the exit code.
    pub fn json(&self) -> Value {
        let end: Value =
            serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}\n{}", self.stdout, self.talk));
        super::contract::judge(&end, self.code());
        end
    }
}
