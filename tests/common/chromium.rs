//! Headless Chromium, driven over WebDriver: one for every test that looks at a page. Where it is missing it is installed (Debian's
//! packages, as root); where that cannot be the tests say so loudly and prove nothing.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::tools::{there_are, works};

const DRIVER: &str = "chromedriver";
const PATIENCE: Duration = Duration::from_secs(120);

/// A browser; it goes when this does.
pub(crate) struct Browser {
    child: Child,
    address: String,
    session: String,
    profile: tempfile::TempDir,
}

impl Browser {
    /// Opens one whose pages are as wide as its window; none where there is no Chromium.
    pub(crate) fn open() -> Option<Browser> {
        Browser::with(&["--hide-scrollbars"])
    }

    /// Opens one with these flags beside the usual ones; none where there is no Chromium.
    pub(crate) fn with(flags: &[&str]) -> Option<Browser> {
        let is_here = there_are(&["chromium", DRIVER], "chromium chromium-driver");
        if !is_here || !works("chromium", &["--version"]) || !works(DRIVER, &["--version"]) {
            eprintln!("SKIPPED: no chromium with chromium-driver, and they cannot be installed; no page was looked at");
            return None;
        }
        let mut command = Command::new(DRIVER);
        command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let port = out.lines().map_while(Result::ok).find_map(|line| {
            let port = line.split("successfully on port ").nth(1)?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let profile = tempfile::tempdir().unwrap();
        let usual = "--headless --no-sandbox --disable-gpu --disable-quic --disable-dev-shm-usage --no-first-run \
                     --disable-background-networking --disable-component-update --disable-sync --no-proxy-server";
        let mut args: Vec<String> = usual.split_whitespace().chain(flags.iter().copied()).map(str::to_owned).collect();
        args.push(format!("--user-data-dir={}", profile.path().join("profile").display()));
        let address = format!("127.0.0.1:{}", port.unwrap());
        let mut browser = Browser { child, address, session: String::new(), profile };
        std::fs::create_dir(browser.downloads()).unwrap();
        let prefs = json!({ "download.default_directory": browser.downloads(), "download.prompt_for_download": false });
        let options = json!({ "args": args, "prefs": prefs });
        let body = json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } } });
        browser.session = browser.call("POST", "/session", Some(body))["sessionId"].as_str().unwrap().to_owned();
        Some(browser)
    }

    #[track_caller]
    fn call(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let body = body.map_or_else(String::new, |body| body.to_string());
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .unwrap();
        let mut answer = Vec::new();
        // Whether the driver closes the connection or the length says where it ends.
        let mut piece = [0; 65_536];
        loop {
            // Tests beside this one send signals to the process that they share.
            let length = match stream.read(&mut piece) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                read => read.unwrap(),
            };
            answer.extend_from_slice(&piece[..length]);
            let text = String::from_utf8_lossy(&answer);
            let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
                let wanted = head
                    .to_lowercase()
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
                wanted.is_some_and(|wanted| body.len() >= wanted)
            });
            if length == 0 || whole {
                break;
            }
        }
        let text = String::from_utf8(answer).unwrap();
        let (_, body) = text.split_once("\r\n\r\n").unwrap();
        let value: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{path}: {error}: {body}"));
        assert!(value["value"]["error"].is_null(), "{path}: {value}");
        value["value"].clone()
    }

    #[track_caller]
    fn post(&self, path: &str, body: Value) -> Value {
        self.call("POST", &format!("/session/{}{path}", self.session), Some(body))
    }

    #[track_caller]
    fn get(&self, path: &str) -> String {
        let told = self.call("GET", &format!("/session/{}{path}", self.session), None);
        told.as_str().unwrap_or_else(|| panic!("{path}: {told}")).to_owned()
    }

    /// Where it saves files.
    pub(crate) fn downloads(&self) -> PathBuf {
        self.profile.path().join("saved")
    }

    /// The page's address.
    #[track_caller]
    pub(crate) fn address(&self) -> String {
        self.get("/url")
    }

    /// The page's title.
    #[track_caller]
    pub(crate) fn title(&self) -> String {
        self.get("/title")
    }

    #[track_caller]
    pub(crate) fn go(&self, url: &str) {
        self.post("/url", json!({ "url": url }));
    }

    /// The value of a function's body in the page.
    #[track_caller]
    pub(crate) fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", json!({ "script": script, "args": [] }))
    }

    /// The value that a function's body hands to the last of its arguments.
    #[track_caller]
    pub(crate) fn run_async(&self, script: &str) -> Value {
        self.post("/execute/async", json!({ "script": script, "args": [] }))
    }

    #[track_caller]
    fn find(&self, selector: &str) -> String {
        let found = self.post("/element", json!({ "using": "css selector", "value": selector }));
        found.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub(crate) fn click(&self, selector: &str) {
        let element = self.find(selector);
        self.post(&format!("/element/{element}/click"), json!({}));
    }

    #[track_caller]
    pub(crate) fn write(&self, selector: &str, text: &str) {
        let element = self.find(selector);
        self.post(&format!("/element/{element}/value"), json!({ "text": text }));
    }

    /// Types into whatever has the focus.
    #[track_caller]
    pub(crate) fn keys(&self, keys: &str) {
        let active = self.call("GET", &format!("/session/{}/element/active", self.session), None);
        let active = active.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned();
        self.post(&format!("/element/{active}/value"), json!({ "text": keys }));
    }

    /// Empties a field.
    #[track_caller]
    pub(crate) fn clear(&self, selector: &str) {
        let element = self.find(selector);
        self.post(&format!("/element/{element}/clear"), json!({}));
    }

    /// The text of the page as a person sees it.
    #[track_caller]
    pub(crate) fn text(&self) -> String {
        self.run("return document.body.innerText").as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the page says something, without loading it again: what moves, moves by itself.
    #[track_caller]
    pub(crate) fn until(&self, wanted: &str) {
        let begun = Instant::now();
        loop {
            let text = self.text();
            if text.contains(wanted) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{wanted}? {text}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    #[track_caller]
    pub(crate) fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.post("/goog/cdp/execute", json!({ "cmd": command, "params": parameters }))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            self.call("DELETE", &format!("/session/{}", self.session), None)
        }));
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
