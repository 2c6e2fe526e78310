//! `cleanup serve --sandbox` in a home of its own, and a client of a few lines that says exactly what it is told to.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::common::Home;
pub(crate) use crate::common::http::Answer;
use crate::common::http::send;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Served {
    child: Child,
    command: Command,
    pub(crate) home: Home,
    /// The name it is known under.
    pub(crate) address: String,
    /// Where it listens.
    socket: String,
    /// The path under which its pages are, once somebody has come in.
    root: OnceLock<String>,
    /// It serves the sandbox's queue.
    is_sandbox: bool,
}

/// What is asked for outside of it.
const OUTSIDE: [&str; 3] = ["/login", "/assets/", "/healthz"];

/// Starts it; what it says goes to a file of the folder, from the beginning.
fn spawn(command: &mut Command, folder: &std::path::Path) -> Child {
    command.stderr(std::fs::File::create(folder.join("stderr")).unwrap()).spawn().unwrap()
}

impl Served {
    pub(crate) fn start() -> Served {
        Served::start_with(&[], &[])
    }

    /// `SOCKET` in a word is where it listens.
    pub(crate) fn start_with(words: &[&str], variables: &[(&str, &str)]) -> Served {
        Served::begin(&[&["--sandbox"], words].concat(), variables, true)
    }

    /// For accounts that log in, at platforms whose addresses the variables give.
    pub(crate) fn real(variables: &[(&str, &str)]) -> Served {
        Served::begin(&[], variables, false)
    }

    fn begin(words: &[&str], variables: &[(&str, &str)], is_sandbox: bool) -> Served {
        let home = Home::new();
        let socket = format!("127.0.0.1:{}", crate::common::port::free_port());
        let words = ["serve", "--listen", "SOCKET"].iter().chain(words).map(|word| word.replace("SOCKET", &socket));
        let mut command = home.cleanup(words);
        command.envs(variables.iter().copied()).stdout(Stdio::null());
        let child = spawn(&mut command, home.folder.path());
        let root = OnceLock::new();
        let mut served = Served { child, command, home, address: String::new(), socket, root, is_sandbox };
        served.learn_address();
        served
    }

    /// Ends it politely, and starts it again with the same words in the same home.
    pub(crate) fn restart(&mut self) {
        self.signal("-TERM");
        self.start_again();
    }

    /// Waits for its end, and starts it again with the same words in the same home.
    pub(crate) fn start_again(&mut self) {
        self.wait();
        // What a process that was killed has left is no way in to the next.
        let _ = std::fs::remove_file(self.link_file());
        self.child = spawn(&mut self.command, self.home.folder.path());
        self.root = OnceLock::new();
        self.learn_address();
    }

    fn learn_address(&mut self) {
        self.address = self.until("it says where it is", |served| {
            let text = served.said();
            let line = text.lines().find_map(|line| line.strip_prefix("the dashboard is at http"))?;
            Some(line.trim_start_matches('s').trim_start_matches("://").to_owned())
        });
    }

    /// What it has said.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(self.home.folder.path().join("stderr")).unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.folder.path().join(name)
    }

    /// The file with the one-time link: it stands beside the queue, or where a queue's file would be.
    pub(crate) fn link_file(&self) -> PathBuf {
        let queue = if self.is_sandbox { self.home.sandbox_queue() } else { self.home.queue() };
        let mut name = queue.local_path().as_os_str().to_owned();
        name.push(".link");
        name.into()
    }

    /// The one-time link.
    pub(crate) fn link(&self) -> String {
        let file = self.link_file();
        self.until("there is a link", |_| std::fs::read_to_string(&file).ok().filter(|text| text.ends_with('\n')))
            .trim()
            .to_owned()
    }

    /// Comes in with the link; the cookie.
    pub(crate) fn cookie(&self) -> String {
        let link = self.link();
        let path = link.split_once(&self.address).unwrap().1;
        let answer = self.ask("GET", path, &[], "");
        assert_eq!(answer.status, 303, "{answer:?}");
        let told = |name: &str| answer.head.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        self.learn(told("location: "));
        let line = told("set-cookie: ");
        line.split(';').next().unwrap().to_owned()
    }

    /// Learns the root from the address of its first page.
    pub(crate) fn learn(&self, home: &str) {
        let origin = format!("http://{}", self.address);
        let root = home.strip_prefix(&origin).unwrap_or(home).trim_end_matches('/');
        assert_eq!(self.root.get_or_init(|| root.to_owned()), root, "it is the same for everybody");
    }

    /// The path of a page, as far as the root is known.
    pub(crate) fn page(&self, path: &str) -> String {
        let root = self.root.get().map_or("", String::as_str);
        let is_outside = OUTSIDE.iter().any(|outside| path.starts_with(outside));
        if is_outside || !path.starts_with('/') || (!root.is_empty() && path.starts_with(root)) {
            path.to_owned()
        } else {
            format!("{root}{path}")
        }
    }

    /// The whole address of a page, for a browser.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{}", self.address, self.page(path))
    }

    /// Runs another command on the same queue.
    pub(crate) fn cleanup(&self, words: &[&str]) -> std::process::Output {
        self.cleanup_with(words, &[])
    }

    /// The same with variables.
    pub(crate) fn cleanup_with(&self, words: &[&str], variables: &[(&str, &str)]) -> std::process::Output {
        let mut command = self.home.cleanup(words.iter().chain(&["--sandbox"]));
        command.envs(variables.iter().copied()).output().unwrap()
    }

    pub(crate) fn get(&self, path: &str, cookie: &str) -> Answer {
        self.ask("GET", path, &[("cookie", cookie)], "")
    }

    /// As a page of the dashboard itself posts a form.
    pub(crate) fn post(&self, path: &str, cookie: &str, form: &str) -> Answer {
        let origin = format!("http://{}", self.address);
        let kind = "application/x-www-form-urlencoded";
        self.ask("POST", path, &[("cookie", cookie), ("origin", &origin), ("content-type", kind)], form)
    }

    /// Sends one request with our own Host, unless another is given.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let path = self.page(path);
        let mut head = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "host") {
            head.push_str(&format!("host: {}\r\n", self.address));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        send(&self.socket, &head)
    }

    /// The socket, whatever name the dashboard is known under.
    pub(crate) fn connect_to(&self) -> String {
        self.socket.clone()
    }

    /// Waits until there is something.
    #[track_caller]
    pub(crate) fn until<T>(&self, what: &str, mut look: impl FnMut(&Served) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            assert!(begun.elapsed() < PATIENCE, "{what}? {}", self.said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// The exit code, once it has ended.
    pub(crate) fn wait(&mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap_or(-1)
    }

    /// The same, where that is soon.
    pub(crate) fn ends_in_time(&mut self) -> Option<i32> {
        let begun = Instant::now();
        while self.is_alive() && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(50));
        }
        if self.is_alive() { None } else { Some(self.wait()) }
    }

    /// The memory it has in use, in KiB.
    pub(crate) fn rss_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").trim().parse().unwrap()
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
