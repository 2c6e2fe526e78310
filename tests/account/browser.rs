//! A login with a real browser: headless Chromium, driven by its own driver over WebDriver, presses the button. Where Chromium
//! is missing it is installed (Debian's packages, as root); where that cannot be the test says so loudly and proves nothing.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::bench::{Bench, USER, client, run};

const DRIVER: &str = "chromedriver";

/// Chromium's driver, in a process of its own; it takes the browser along when it ends.
struct Driver {
    child: Child,
    base: String,
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn works(program: &str) -> bool {
    let version = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// Whether there is a Chromium with its driver, installing it where that may be done without asking.
fn there_is_chromium() -> bool {
    if works("chromium") && works(DRIVER) {
        return true;
    }
    let install = "export DEBIAN_FRONTEND=noninteractive; s=; [ \"$(id -u)\" = 0 ] || s='sudo -n'; command -v apt-get \
                   && $s apt-get update && $s apt-get install -y --no-install-recommends chromium chromium-driver";
    let mut shell = Command::new("sh");
    let _ = shell.args(["-c", install]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    works("chromium") && works(DRIVER)
}

impl Driver {
    fn start() -> Driver {
        let mut command = Command::new(DRIVER);
        command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        // "ChromeDriver was started successfully on port 12345."
        let port = out.lines().map_while(Result::ok).find_map(|line| {
            let port = line.split("successfully on port ").nth(1)?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        Driver { child, base: format!("http://127.0.0.1:{}", port.unwrap()) }
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let request = client().post(format!("{}{path}", self.base)).header("content-type", "application/json");
        let text = request.body(body.to_string()).send().await.unwrap().text().await.unwrap();
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert!(answer["value"]["error"].is_null(), "{path}: {answer}");
        answer["value"].clone()
    }

    async fn get(&self, path: &str) -> Value {
        let text = client().get(format!("{}{path}", self.base)).send().await.unwrap().text().await.unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["value"].clone()
    }

    async fn delete(&self, path: &str) {
        let _ = client().delete(format!("{}{path}", self.base)).send().await;
    }
}

#[test]
fn a_person_presses_the_button_in_chromium() {
    if !there_is_chromium() {
        eprintln!(
            "SKIPPED: no chromium with chromium-driver, and they cannot be installed; the browser was not tested"
        );
        return;
    }
    let bench = Bench::new();
    let waiting = bench.begin(&["account", "login", "work", "--actions", "unfollow,unlike"], &[]);
    let profile = tempfile::tempdir().unwrap();
    let driver = Driver::start();
    let page = run(async {
        let flags = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-proxy-server",
        ];
        let mut args: Vec<String> = flags.map(str::to_owned).to_vec();
        args.push(format!("--user-data-dir={}", profile.path().display()));
        let options = json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": { "args": args } } } });
        let session = driver.post("/session", options).await["sessionId"].as_str().unwrap().to_owned();
        let at = |path: &str| format!("/session/{session}{path}");
        driver.post(&at("/url"), json!({ "url": waiting.url })).await;
        let find = async |selector: &str| {
            let found = driver.post(&at("/element"), json!({ "using": "css selector", "value": selector })).await;
            found.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned()
        };
        let user = find("input[name=user]").await;
        driver.post(&at(&format!("/element/{user}/clear")), json!({})).await;
        driver.post(&at(&format!("/element/{user}/value")), json!({ "text": USER })).await;
        let button = find("#allow").await;
        driver.post(&at(&format!("/element/{button}/click")), json!({})).await;
        // Whether a click waits for the page it leads to is the driver's affair.
        let mut title = driver.get(&at("/title")).await;
        for _ in 0..300 {
            if title != "Authorize app" {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            title = driver.get(&at("/title")).await;
        }
        let place = driver.get(&at("/url")).await;
        driver.delete(&at("")).await;
        (title, place)
    });
    assert_eq!(page.0, "cleanup: Almost done");
    assert!(page.1.as_str().unwrap().starts_with(&bench.redirect), "{}", page.1);
    waiting.end().ends(0).says("logged in: work is user 2244994945");
    bench.run(&["account", "check", "work"]).ends(0);
}
