//! The password of a dashboard behind a proxy, its file, and who may try how often.

use crate::web::served::{Answer, Served};

#[test]
fn behind_a_proxy_there_is_a_password_and_few_tries() {
    let password = "correct horse battery staple";
    let words = ["--behind-proxy", "https://cleanup.example.org"];
    let mut served = Served::start_with(&words, &[("CLEANUP_WEB_PASSWORD", password)]);
    assert_eq!(served.address, "cleanup.example.org");
    let elsewhere = served.ask("GET", "/login", &[("host", &served.connect_to())], "");
    assert_eq!(elsewhere.status, 421, "its socket is not its name");
    assert_eq!(served.ask("GET", "/", &[], "").status, 303);
    let origin = "https://cleanup.example.org";
    let log_in = |password: &str| {
        let headers = [("origin", origin), ("content-type", "application/x-www-form-urlencoded")];
        served.ask("POST", "/login", &headers, &format!("password={}", password.replace(' ', "+")))
    };
    assert_eq!(log_in("wrong horse battery staple").status, 401);
    let memory = served.rss_kib();
    let answer = log_in(password);
    assert_eq!(answer.status, 303, "{answer:?}");
    let line = answer.head.lines().find(|line| line.starts_with("set-cookie")).unwrap();
    assert!(line.contains("__Host-") && line.contains("; Secure") && line.contains("SameSite=Strict"), "{line}");
    let cookie = line.strip_prefix("set-cookie: ").unwrap().split(';').next().unwrap();
    assert_eq!(served.get("/", cookie).status, 200);
    let statuses: Vec<u16> = (0..12).map(|_| log_in("guess").status).collect();
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    assert_eq!(log_in(password).status, 429, "whoever guesses may not even be right");
    // What stands before the proxy's word is the client's own, and helps nobody to more tries.
    let log_in_from = |forwarded: &str, password: &str| {
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let headers = [("origin", origin), ("x-forwarded-for", forwarded), kind];
        served.ask("POST", "/login", &headers, &format!("password={}", password.replace(' ', "+"))).status
    };
    let statuses: Vec<u16> = (0..12).map(|n| log_in_from(&format!("198.51.100.{n}, 192.0.2.1"), "guess")).collect();
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    assert_eq!(log_in_from("192.0.2.2", password), 303, "the owner is not locked out by others");
    // Each look takes 19 MiB, and it is the same.
    let more = served.rss_kib().saturating_sub(memory);
    assert!(more < 30_000, "{more} KiB more after twenty looks");
    assert!(!served.said().contains("horse"));
    served.signal("-TERM");
    assert_eq!(served.wait(), 143);
    // Without a password it does not start, and neither does it listen to the world.
    let refused =
        served.cleanup(&["serve", "--listen", "127.0.0.1:0", "--behind-proxy", "https://cleanup.example.org"]);
    assert_eq!(refused.status.code(), Some(78), "{}", String::from_utf8_lossy(&refused.stderr));
    let refused = served.cleanup(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(refused.status.code(), Some(2), "{}", String::from_utf8_lossy(&refused.stderr));
}

/// A browser that has logged in before keeps tries of its own, whatever others do from its network, also after a new start.
#[test]
fn a_browser_that_has_logged_in_before_is_not_kept_out_by_others() {
    let (origin, password) = ("https://cleanup.example.org", "correct+horse+battery+staple");
    let variables = [("CLEANUP_WEB_PASSWORD", "correct horse battery staple")];
    let mut served = Served::start_with(&["--behind-proxy", origin], &variables);
    let log_in = |served: &Served, password: &str, cookie: &str| {
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let headers = [("origin", origin), kind, ("x-forwarded-for", "192.0.2.1"), ("cookie", cookie)];
        served.ask("POST", "/login", &headers, &format!("password={password}"))
    };
    let device_of = |answer: &Answer| {
        let line = answer.head.lines().find(|line| line.starts_with("set-cookie: __Host-cleanup_device=")).unwrap();
        for told in ["HttpOnly", "Secure", "SameSite=Strict", "Path=/;", "Max-Age=7776000"] {
            assert!(line.contains(told), "{line}");
        }
        line.trim_start_matches("set-cookie: ").split(';').next().unwrap().to_owned()
    };
    let wrong = log_in(&served, "wrong", "");
    assert!(wrong.status == 401 && !wrong.head.contains("cleanup_device"), "{wrong:?}");
    let device = device_of(&log_in(&served, password, ""));
    // It opens nothing by itself, and somebody from the same network uses up what strangers have there.
    assert_eq!(served.ask("GET", "/jobs", &[("cookie", &device)], "").status, 303);
    // Until no try is left; how many there were. One more comes each six seconds, so that somebody who has ten for himself is told from
    // somebody who shares those that are used up.
    let guess = |served: &Served, cookie: &str| {
        (0..).take_while(|_| log_in(served, "guessed+wrong+again", cookie).status == 401).count()
    };
    guess(&served, "");
    assert!(guess(&served, "__Host-cleanup_device=x") < 8, "nobody knows this one");
    assert_eq!(log_in(&served, "wrong", &device).status, 401, "it has tries of its own");
    let again = device_of(&log_in(&served, password, &device));
    assert_ne!(again, device, "another with each login");
    guess(&served, "");
    assert!(guess(&served, &device) < 8, "the one before is void");
    // Its own tries have an end too.
    assert!(guess(&served, &again) >= 10);
    // It is known after a new start, and nothing of it is in the queue's file.
    served.restart();
    guess(&served, "");
    assert_eq!(log_in(&served, password, &again).status, 303);
    let secret = again.split_once('=').unwrap().1;
    for file in ["sandbox.db", "sandbox.db-wal"] {
        let bytes = std::fs::read(served.path(".local/share/cleanup").join(file)).unwrap_or_default();
        assert!(!bytes.windows(secret.len()).any(|piece| piece == secret.as_bytes()), "{file}");
    }
}

#[test]
fn over_plain_http_on_this_machine_the_password_leads_to_the_hidden_path() {
    let words = ["--behind-proxy", "http://localhost:7878"];
    let served = Served::start_with(&words, &[("CLEANUP_WEB_PASSWORD", "correct horse battery staple")]);
    let answer = served.ask("GET", "/jobs", &[], "");
    assert!(answer.status == 303 && answer.head.contains("location: /login\r\n"), "{answer:?}");
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let headers = [("origin", "http://localhost:7878"), kind];
    let answer = served.ask("POST", "/login", &headers, "password=correct+horse+battery+staple");
    let told = |name: &str| answer.head.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    let (home, cookie) = (told("location: "), told("set-cookie: "));
    served.learn(home);
    assert!(answer.status == 303 && home.len() > 40, "{answer:?}");
    let path = format!("Path={}", home.trim_end_matches('/'));
    assert!(cookie.starts_with("cleanup_session_7878=") && cookie.contains(&path), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();
    assert_eq!(served.get("/jobs", cookie).status, 200);
    let answer = served.ask("GET", "http://localhost:7878/jobs", &[("cookie", cookie)], "");
    assert!(answer.status == 303 && answer.head.contains("location: /login\r\n"), "{answer:?}");
    // With a path of before, as after a new start.
    let answer = served.ask("GET", &format!("{}x/jobs", home.trim_end_matches('/')), &[("cookie", cookie)], "");
    assert!(answer.status == 303 && answer.head.contains("location: /login\r\n"), "{answer:?}");
}

#[test]
fn the_password_may_stand_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "correct horse battery staple\n").unwrap();
    let origin = "https://cleanup.example.org";
    let served = Served::start_with(&["--behind-proxy", origin, "--password-file", file.to_str().unwrap()], &[]);
    let log_in = |password: &str| {
        let headers = [("origin", origin), ("content-type", "application/x-www-form-urlencoded")];
        served.ask("POST", "/login", &headers, &format!("password={password}")).status
    };
    assert_eq!(log_in("correct+horse+battery+stable"), 401);
    assert_eq!(log_in("correct+horse+battery+staple"), 303, "without the end of its line");
    assert!(!served.said().contains("horse"));
}

#[test]
fn what_others_can_read_write_or_guess_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let served = Served::start();
    let refused = |words: &[&str], variables: &[(&str, &str)], code: i32, told: &[&str]| {
        let words = [&["serve", "--listen", "127.0.0.1:0"], words].concat();
        let output = served.cleanup_with(&words, variables);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {said}");
        assert!(told.iter().all(|told| said.contains(told)), "{words:?}: {said}");
    };
    let file = served.path("password");
    std::fs::write(&file, "correct horse battery staple\n").unwrap();
    for (mode, words) in [(0o666, "mode 0666"), (0o620, "mode 0620"), (0o602, "mode 0602")] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let options = ["--behind-proxy", "https://cleanup.example.org", "--password-file", file.to_str().unwrap()];
        refused(&options, &[], 78, &[words, "chmod go-w"]);
    }
    let password = ("CLEANUP_WEB_PASSWORD", "correct horse battery staple");
    refused(&["--behind-proxy", "http://cleanup.example.org"], &[password], 2, &["plain http", "https://"]);
    refused(&[], &[("CLEANUP_METRICS_TOKEN", "x")], 78, &["CLEANUP_METRICS_TOKEN is too short", "openssl"]);
    // Doctor says the same beforehand, and that whoever writes the config file decides what is run.
    let config = served.path("config.toml");
    std::fs::write(&config, "[run]\nnotify = \"true\"\n").unwrap();
    std::fs::set_permissions(&config, std::fs::Permissions::from_mode(0o664)).unwrap();
    let named = ["--config", config.to_str().unwrap()];
    let output = served.cleanup_with(
        &[&["doctor"][..], &named].concat(),
        &[("CLEANUP_METRICS_TOKEN", "x"), ("CLEANUP_WEB_PASSWORD", "y")],
    );
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(78), "{said}");
    for told in [
        "CLEANUP_METRICS_TOKEN is too short",
        "password of the dashboard is too short",
        "config.toml (mode 0664)",
        "chmod go-w",
    ] {
        assert!(said.contains(told), "{told}? {said}");
    }
}

#[test]
fn a_config_file_that_others_can_write_is_told_where_its_command_is_run() {
    use std::os::unix::fs::PermissionsExt;
    let served = Served::start();
    let (config, rows) = (served.path("config.toml"), served.path("unmute.csv"));
    std::fs::write(&config, "[run]\nnotify = \"true\"\n").unwrap();
    std::fs::write(&rows, "user_id\n1629556410996121225\n").unwrap();
    let run = |mode: u32, queue: &str| {
        std::fs::set_permissions(&config, std::fs::Permissions::from_mode(mode)).unwrap();
        let queue = served.path(queue);
        let output = served.cleanup(&["run", "unmute.csv", "--config", "config.toml", "--db", queue.to_str().unwrap()]);
        assert!(output.status.code().is_some_and(|code| code < 4), "it has run: {output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let said = run(0o646, "a.db");
    assert!(said.contains("others can write to") && said.contains("chmod go-w"), "{said}");
    assert!(!run(0o644, "b.db").contains("others can write"), "{said}");
}
