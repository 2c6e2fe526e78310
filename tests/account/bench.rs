//! The program in a home of its own, a sandbox beside it, and a browser of a few lines.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc;

use cleanup::clock::{SharedClock, SystemClock};
use cleanup::sandbox::{Faults, OAuthRules, Options, Sandbox, SandboxApp};

pub const USER: &str = "2244994945";
pub const KEY: &str = "canary-passphrase-of-this-test";

pub struct Bench {
    pub folder: tempfile::TempDir,
    pub sandbox: Sandbox,
    pub redirect: String,
    /// Ends the sandbox's thread when it is dropped.
    _stop: tokio::sync::oneshot::Sender<()>,
}

/// What the program did.
pub struct Done {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// A login under way: the program waits for something.
pub struct Waiting {
    pub child: Child,
    pub out: BufReader<ChildStdout>,
    pub url: String,
}

impl Bench {
    pub fn new() -> Bench {
        Bench::with(7200)
    }

    /// A sandbox whose tokens live so long, in seconds.
    pub fn with(lifetime: u64) -> Bench {
        Bench::by(lifetime, SystemClock::shared())
    }

    /// ... and which has its own idea of the time.
    pub fn by(lifetime: u64, clock: SharedClock) -> Bench {
        let port = crate::common::port::free_port();
        let redirect = format!("http://127.0.0.1:{port}/callback");
        let app = |id: &str, secret: Option<&str>| SandboxApp {
            client_id: id.into(),
            secret: secret.map(Into::into),
            redirects: vec![redirect.clone()],
        };
        let oauth = OAuthRules {
            apps: vec![app("public-app", None), app("secret-app", Some("canary-app-secret"))],
            token_lifetime: std::time::Duration::from_secs(lifetime),
            ..OAuthRules::default()
        };
        let options = Options { oauth, faults: Faults::NONE, enforce: false, ..Options::default() };
        let (send, receive) = mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            run(async {
                send.send(Sandbox::start(options, clock).await.unwrap()).unwrap();
                let _ = stopped.await;
            });
        });
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.toml"), format!("[x]\nredirect = \"{redirect}\"\n")).unwrap();
        Bench { folder, sandbox: receive.recv().unwrap(), redirect, _stop: stop }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    pub fn queue(&self) -> PathBuf {
        self.path(".local/share/cleanup/queue.db")
    }

    /// The program, knowing the sandbox and a public app; with a PATH on which no browser is.
    pub fn cleanup(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cleanup"));
        command
            .args(words)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("TZ", "UTC")
            .env("PATH", self.folder.path())
            .env("CLEANUP_CONFIG", self.path("config.toml"))
            .env("CLEANUP_X_API", self.sandbox.base_url())
            .env("CLEANUP_AISA_API", self.sandbox.base_url())
            .env("CLEANUP_X_AUTHORIZE", format!("{}/i/oauth2/authorize", self.sandbox.base_url()))
            .env("CLEANUP_X_CLIENT_ID", "public-app")
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, words: &[&str]) -> Done {
        Done::of(&self.cleanup(words).output().unwrap())
    }

    pub fn run_with(&self, words: &[&str], variables: &[(&str, &str)]) -> Done {
        Done::of(&self.cleanup(words).envs(variables.iter().copied()).output().unwrap())
    }

    /// Runs it with a text on stdin.
    pub fn feed(&self, words: &[&str], text: &str) -> Done {
        self.feed_to(self.cleanup(words), text)
    }

    pub fn feed_to(&self, mut command: Command, text: &str) -> Done {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // It may end without reading.
        let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
        Done::of(&child.wait_with_output().unwrap())
    }

    /// Begins a login and reads the address off stdout.
    pub fn begin(&self, words: &[&str], variables: &[(&str, &str)]) -> Waiting {
        let mut command = self.cleanup(words);
        command.envs(variables.iter().copied());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut url = String::new();
        out.read_line(&mut url).unwrap();
        let url = url.trim().to_owned();
        if url.is_empty() {
            let done = Done::of(&child.wait_with_output().unwrap());
            panic!("it ended with {}: {}", done.code, done.err);
        }
        Waiting { child, out, url }
    }

    /// A whole headless login as `user`.
    pub fn log_in(&self, name: &str, user: &str, actions: &str) -> Done {
        self.log_in_with(name, user, actions, &[])
    }

    pub fn log_in_with(&self, name: &str, user: &str, actions: &str, variables: &[(&str, &str)]) -> Done {
        let waiting = self.begin(&["account", "login", name, "--headless", "--actions", actions], variables);
        let back = press(&waiting.url, "allow", user).unwrap();
        waiting.paste(&back)
    }
}

impl Waiting {
    pub fn paste(mut self, text: &str) -> Done {
        self.child.stdin.take().unwrap().write_all(format!("{text}\n").as_bytes()).unwrap();
        self.end()
    }

    pub fn end(self) -> Done {
        let mut done = Done::of(&self.child.wait_with_output().unwrap());
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut { self.out }, &mut rest).unwrap();
        done.out = format!("{}\n{rest}", self.url);
        done
    }
}

impl Done {
    pub fn of(output: &Output) -> Done {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Done { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
    }

    #[track_caller]
    pub fn ends(self, code: i32) -> Done {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.out, self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self
    }

    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }

    #[track_caller]
    pub fn says(self, text: &str) -> Done {
        assert!(self.err.contains(text) || self.out.contains(text), "{text}? {}{}", self.out, self.err);
        self
    }
}

pub fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

pub fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let plain = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    plain.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// A browser: it opens the page, presses a button, and gives the address it is sent to.
pub fn press(url: &str, button: &str, user: &str) -> Option<String> {
    run(async {
        let page = client().get(url).send().await.unwrap();
        if page.status() != 200 {
            return None;
        }
        let (place, query) = url.split_once('?').unwrap();
        let body = format!("{query}&decision={button}&user={user}");
        let answer = client().post(place).body(body).send().await.unwrap();
        assert_eq!(answer.status(), 302);
        Some(answer.headers()["location"].to_str().unwrap().to_owned())
    })
}

/// Opens an address; status and page.
pub fn visit(url: &str) -> (u16, String) {
    run(async {
        let answer = client().get(url).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    })
}

/// A job file of so many synthetic IDs.
pub fn ids(count: u64) -> String {
    let rows: Vec<String> = (0..count).map(|n| (1_000_000_000_000_000_007 + n * 7_919_000_001).to_string()).collect();
    format!("user_id\n{}\n", rows.join("\n"))
}
