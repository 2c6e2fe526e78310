//! Headless Chromium, driven by its own driver over WebDriver. Where Chromium is missing it is installed (Debian's packages);
//! where that cannot be, [`Browser::start`] says so loudly, and the test proves nothing about the browser.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// A browser with one window and a folder for what it saves.
pub struct Browser {
    child: Child,
    port: u16,
    session: String,
    profile: tempfile::TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.try_ask("DELETE", "", None);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn works(program: &str) -> bool {
    let version = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

fn there_is_chromium() -> bool {
    if works("chromium") && works("chromedriver") {
        return true;
    }
    let install = "export DEBIAN_FRONTEND=noninteractive; s=; [ \"$(id -u)\" = 0 ] || s='sudo -n'; command -v apt-get \
                   && $s apt-get update && $s apt-get install -y --no-install-recommends chromium chromium-driver";
    let mut shell = Command::new("sh");
    let _ = shell.args(["-c", install]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    works("chromium") && works("chromedriver")
}

impl Browser {
    pub fn start() -> Option<Browser> {
        if !there_is_chromium() {
            eprintln!("SKIPPED: no chromium with chromium-driver, and they cannot be installed; no page was opened");
            return None;
        }
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let port = out.lines().map_while(Result::ok).find_map(|line| {
            let port = line.split("successfully on port ").nth(1)?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let profile = tempfile::tempdir().unwrap();
        let mut browser = Browser { child, port: port.unwrap(), session: String::new(), profile };
        let flags = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-proxy-server",
            "--window-size=1200,900",
        ];
        let mut args: Vec<String> = flags.map(str::to_owned).to_vec();
        args.push(format!("--user-data-dir={}", browser.profile.path().join("profile").display()));
        let downloads = browser.downloads();
        std::fs::create_dir(&downloads).unwrap();
        let prefs = json!({ "download.default_directory": downloads, "download.prompt_for_download": false });
        let options = json!({ "args": args, "prefs": prefs });
        let body = json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } } });
        let made = browser.try_ask("POST", "/session", Some(&body)).unwrap();
        browser.session = made["sessionId"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
        Some(browser)
    }

    /// Where it saves files.
    pub fn downloads(&self) -> std::path::PathBuf {
        self.profile.path().join("saved")
    }

    pub fn open(&self, path: &Path) {
        self.ask("POST", "/url", Some(&json!({ "url": format!("file://{}", path.display()) })));
    }

    /// The value of a function's body in the page.
    pub fn run(&self, script: &str) -> Value {
        self.ask("POST", "/execute/sync", Some(&json!({ "script": script, "args": [] })))
    }

    /// The value that a function's body hands to `arguments[0]`.
    pub fn wait(&self, script: &str) -> Value {
        self.ask("POST", "/execute/async", Some(&json!({ "script": script, "args": [] })))
    }

    pub fn click(&self, css: &str) {
        let element = self.find(css);
        self.ask("POST", &format!("/element/{element}/click"), Some(&json!({})));
    }

    pub fn press(&self, css: &str, keys: &str) {
        let element = self.find(css);
        self.ask("POST", &format!("/element/{element}/value"), Some(&json!({ "text": keys })));
    }

    pub fn dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let params = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        self.devtools("Emulation.setEmulatedMedia", &params);
    }

    /// A window so wide, in CSS pixels.
    pub fn width(&self, width: u32) {
        let params = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", &params);
    }

    fn devtools(&self, command: &str, params: &Value) {
        self.ask("POST", "/goog/cdp/execute", Some(&json!({ "cmd": command, "params": params })));
    }

    fn find(&self, css: &str) -> String {
        let found = self.ask("POST", "/element", Some(&json!({ "using": "css selector", "value": css })));
        found.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned()
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let answer = self.try_ask(method, &format!("/session/{}{path}", self.session), body).unwrap();
        assert!(answer["error"].is_null(), "{path}: {answer}");
        answer
    }

    fn try_ask(&self, method: &str, path: &str, body: Option<&Value>) -> std::io::Result<Value> {
        let path = if path.is_empty() { format!("/session/{}", self.session) } else { path.to_owned() };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        let body = body.map(Value::to_string).unwrap_or_default();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
             connection: close\r\n\r\n{body}",
            self.port,
            body.len()
        )?;
        let mut reader = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut text = vec![0; length];
        reader.read_exact(&mut text)?;
        let value: Value = serde_json::from_slice(&text).unwrap();
        Ok(value["value"].clone())
    }

    /// Text below 4.5:1 (3:1 where it is large), and parts of charts below 3:1, against what is behind them, as computed.
    pub fn weak_contrast(&self) -> Value {
        self.run(include_str!("contrast.js"))
    }

    /// What every page must be, in light and dark and from phone to wide: readable, and no wider than its window.
    pub fn judge(&self, path: &Path) {
        self.open(path);
        for dark in [false, true] {
            self.dark(dark);
            assert_eq!(self.weak_contrast(), json!([]), "dark: {dark}, {}", path.display());
            for width in [360, 1400] {
                self.width(width);
                let over = self.run("return document.documentElement.scrollWidth - window.innerWidth");
                assert!(over.as_i64().unwrap() <= 0, "{over} px over {width} px: {}", path.display());
            }
        }
        let background = |dark| {
            self.dark(dark);
            self.run("return getComputedStyle(document.body).backgroundColor")
        };
        assert_ne!(background(true), background(false));
        let names =
            "return [document.documentElement.lang, document.querySelectorAll('h1').length, document.title.length > 0,
            [...document.querySelectorAll('input')].every((i) => i.getAttribute('aria-label')),
            [...document.querySelectorAll('[src], link')].length]";
        assert_eq!(self.run(names), json!(["en", 1, true, true, 0]));
        let sent = self.wait(
            "const done = arguments[0]; let blocked = '';
             addEventListener('securitypolicyviolation', (e) => { blocked = e.effectiveDirective; });
             fetch('http://127.0.0.1:9/').then(() => done('sent'), () => setTimeout(() => done(blocked), 0));",
        );
        assert_eq!(sent, "connect-src");
    }
}
