//! The program in a home of its own, a sandbox beside it, and a browser of a few lines.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;

use cleanup::clock::{SharedClock, SystemClock};
use cleanup::sandbox::{Faults, HostVersion, OAuthRules, Options, Sandbox, SandboxApp};

use crate::common::http::client;
pub use crate::common::{Done, USER, ids, wait as run};
use crate::common::{Home, RunToEnd};

pub const KEY: &str = "canary-passphrase-of-this-test";

pub struct Bench {
    home: Home,
    pub sandbox: Sandbox,
    pub redirect: String,
    /// Ends the sandbox's thread when it is dropped.
    _stop: tokio::sync::oneshot::Sender<()>,
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
        Bench::like(lifetime, clock, HostVersion::New)
    }

    /// ... and whose Mastodon is like that one.
    pub fn like(lifetime: u64, clock: SharedClock, host_version: HostVersion) -> Bench {
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
        let options = Options { oauth, host_version, faults: Faults::NONE, enforce: false, ..Options::default() };
        let (send, receive) = mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            run(async {
                send.send(Sandbox::start(options, clock).await.unwrap()).unwrap();
                let _ = stopped.await;
            });
        });
        let home = Home::new();
        home.write("config.toml", format!("[x]\nredirect = \"{redirect}\"\n"));
        Bench { home, sandbox: receive.recv().unwrap(), redirect, _stop: stop }
    }

    /// The sandbox as the host of an account.
    pub fn host(&self) -> String {
        self.sandbox.base_url().strip_prefix("http://").unwrap().to_owned()
    }

    /// The program, knowing the sandbox and a public app; with a PATH on which no browser is.
    pub fn cleanup(&self, words: &[&str]) -> Command {
        let mut command = self.home.cleanup(words);
        command
            .env("PATH", self.folder.path())
            .env("CLEANUP_CONFIG", self.path("config.toml"))
            .env("CLEANUP_X_API", self.sandbox.base_url())
            .env("CLEANUP_AISA_API", self.sandbox.base_url())
            .env("CLEANUP_X_AUTHORIZE", format!("{}/i/oauth2/authorize", self.sandbox.base_url()))
            .env("CLEANUP_X_CLIENT_ID", "public-app");
        command
    }

    pub fn run(&self, words: &[&str]) -> Done {
        self.cleanup(words).done()
    }

    pub fn run_with(&self, words: &[&str], variables: &[(&str, &str)]) -> Done {
        self.cleanup(words).envs(variables.iter().copied()).done()
    }

    /// Runs it with a text on stdin.
    pub fn feed(&self, words: &[&str], text: &str) -> Done {
        self.cleanup(words).fed(text)
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

/// A bench is a home.
impl std::ops::Deref for Bench {
    type Target = Home;

    fn deref(&self) -> &Home {
        &self.home
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
