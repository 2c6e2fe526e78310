//! Who gets in, and what everybody else gets: nothing.

use crate::web::served::Served;

#[test]
fn a_link_lets_one_browser_in_and_the_next_one_needs_the_next() {
    let served = Served::start();
    let link = served.link();
    let path = link.split_once(&served.address).unwrap().1.to_owned();
    assert_eq!(served.ask("GET", "/", &[], "").status, 401);
    let cookie = served.cookie();
    assert_eq!(served.get("/", &cookie).status, 200);
    assert_eq!(served.ask("GET", &path, &[], "").status, 401, "it worked once");
    let next = served.until("there is another link", |served| Some(served.link()).filter(|next| *next != link));
    assert_ne!(next, link);
    // Neither link nor session stands in what it said.
    let token = link.split_once("token=").unwrap().1;
    let session = cookie.split_once('=').unwrap().1;
    assert!(!served.said().contains(token) && !served.said().contains(session));
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(served.path(".local/share/cleanup/sandbox.db.link")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    served.post("/logout", &cookie, "");
    assert_eq!(served.get("/", &cookie).status, 401);
}

#[test]
fn a_link_is_used_up_by_a_person_alone() {
    let served = Served::start();
    let link = served.link();
    let path = link.split_once(&served.address).unwrap().1.to_owned();
    let answer = served.ask("HEAD", &path, &[], "");
    assert!(answer.status == 200 && !answer.head.contains("set-cookie"), "{answer:?}");
    let answer = served.ask("GET", &path, &[("sec-purpose", "prefetch;prerender")], "");
    assert!(answer.status == 503 && !answer.head.contains("set-cookie"), "{answer:?}");
    assert_eq!(served.link(), link);
    assert_eq!(served.ask("GET", &path, &[], "").status, 303, "it still works");
}

#[test]
fn a_theme_leads_back_to_a_page_of_ours_and_nowhere_else() {
    let served = Served::start();
    let cookie = served.cookie();
    let own = format!("http://{}", served.address);
    let back = |referer: &str| {
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let headers = [("cookie", cookie.as_str()), ("origin", own.as_str()), ("referer", referer), kind];
        let answer = served.ask("POST", "/theme", &headers, "theme=dark");
        answer.head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap_or_default().to_owned()
    };
    let home = back("");
    assert_eq!(back(&served.url("/jobs?x=1")), served.page("/jobs?x=1"));
    for path in
        ["//evil.example", "/\\evil.example", "/\\/evil.example", "\\\\evil.example", "/a\\..\\..\\evil.example"]
    {
        assert_eq!(back(&format!("{own}{path}")), home, "{path}");
        assert_eq!(back(&served.url(path)), home, "{path}");
    }
    assert_eq!(back("http://evil.example/jobs"), home);
}

#[test]
fn whoever_is_logged_out_hears_nothing_more() {
    use std::io::{Read, Write};
    let served = Served::start();
    let cookie = served.cookie();
    let mut stream = std::net::TcpStream::connect(served.connect_to()).unwrap();
    let address = &served.address;
    let path = served.page("/events");
    let head = format!(
        "GET {path} HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\ncookie: {cookie}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
    let mut start = [0; 15];
    stream.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 200 OK");
    served.post("/logout", &cookie, "");
    stream.read_to_end(&mut Vec::new()).expect("the stream ends");
}

#[test]
fn nothing_outside_tells_the_path_of_the_pages() {
    let served = Served::start();
    let cookie = served.cookie();
    let root = served.page("/").trim_matches('/').to_owned();
    assert!(root.len() > 40, "{root}");
    let outside = |path: &str| {
        // As it stands, without the root.
        let path = format!("http://{}{path}", served.address);
        let origin = format!("http://{}", served.address);
        served.ask("GET", &path, &[("cookie", cookie.as_str()), ("origin", &origin)], "")
    };
    for (path, status) in [
        ("/", 401),
        ("/jobs", 401),
        ("/api/status", 401),
        ("/events", 401),
        ("/metrics", 401),
        ("/nowhere", 401),
        ("/login", 401),
        ("/login?token=x", 401),
        ("/healthz", 200),
        ("/assets/style.css", 200),
        ("/assets/nothing.css", 404),
    ] {
        let answer = outside(path);
        assert_eq!(answer.status, status, "{path}");
        assert!(!answer.head.contains(&root) && !answer.body.contains(&root), "{path}: {answer:?}");
    }
    assert!(!served.said().contains(&root));
    // Inside, everything a page leads to is inside.
    for path in ["/", "/jobs", "/new", "/schedules", "/accounts", "/log"] {
        let page = served.get(path, &cookie).body;
        for attribute in [" href=\"/", " action=\"/", " data-events=\"/"] {
            let all = page.split(attribute).skip(1);
            let leads_out: Vec<&str> =
                all.filter(|rest| !rest.starts_with(&root) && !rest.starts_with("assets/")).collect();
            assert!(leads_out.is_empty(), "{path}: {attribute}{leads_out:?}");
        }
    }
    let line = served.ask("GET", "/", &[("cookie", &cookie)], "");
    assert_eq!(line.status, 200);
    assert_eq!(served.ask("GET", &format!("/{root}/jobs"), &[], "").status, 401, "the path alone lets nobody in");
    assert_eq!(served.ask("GET", &format!("/{root}/metrics"), &[("cookie", &cookie)], "").status, 200);
}

#[test]
fn another_origin_and_a_rebound_name_get_nothing() {
    let served = Served::start();
    let cookie = served.cookie();
    let paths =
        ["/", "/jobs", "/log", "/api/status", "/metrics", "/events", "/assets/style.css", "/login", "/schedules"];
    for path in paths {
        let port = served.address.split_once(':').unwrap().1;
        let rebound = format!("evil.example:{port}");
        let same = format!("http://{rebound}");
        let headers =
            [("host", rebound.as_str()), ("origin", &same), ("sec-fetch-site", "same-origin"), ("cookie", &cookie)];
        let answer = served.ask("GET", path, &headers, "");
        assert_eq!(answer.status, 421, "{path}");
        assert!(answer.body.len() < 100, "{path}: {}", answer.body);
        let foreign = [
            ("origin", "http://evil.example"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "cors"),
            ("cookie", &cookie),
        ];
        let answer = served.ask("GET", path, &foreign, "");
        assert_eq!(answer.status, 403, "{path}");
        assert!(!answer.head.contains("access-control"), "{path}");
    }
    std::fs::write(served.path("unfollow.csv"), "user_id\n1629556410996121225\n").unwrap();
    assert_eq!(served.cleanup(&["load", "unfollow.csv"]).status.code(), Some(0));
    crate::web::schedules::add(&served, "nightly", &[]);
    let posts = [
        "/jobs/1/pause",
        "/jobs/1/cancel",
        "/jobs/1/retry",
        "/schedules/run",
        "/schedules/skip",
        "/schedules/remove",
        "/engine/wake",
        "/theme",
        "/logout",
        "/new",
    ];
    for path in posts {
        for origin in [None, Some("null"), Some("http://evil.example")] {
            let mut headers = vec![("cookie", cookie.as_str()), ("content-type", "application/x-www-form-urlencoded")];
            headers.extend(origin.map(|origin| ("origin", origin)));
            assert_eq!(served.ask("POST", path, &headers, "theme=dark&name=nightly").status, 403, "{path} {origin:?}");
        }
    }
    // Their own posts, without the cookie.
    let origin = format!("http://{}", served.address);
    assert_eq!(served.ask("POST", "/jobs/1/pause", &[("origin", &origin)], "").status, 401);
    assert_eq!(served.ask("POST", "/schedules/remove", &[("origin", &origin)], "name=nightly").status, 401);
    let schedules: serde_json::Value = serde_json::from_str(&served.get("/api/schedules", &cookie).body).unwrap();
    let only = &schedules["schedules"][0];
    assert!(only["name"] == "nightly" && only["last"].is_null(), "nothing was run, skipped or removed: {schedules}");
}

#[test]
fn everybody_hears_that_it_is_alive_and_nothing_else() {
    let served = Served::start();
    for headers in [&[][..], &[("host", "anything.example")], &[("origin", "http://evil.example")]] {
        let answer = served.ask("GET", "/healthz", headers, "");
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok\n"), "{headers:?}");
        assert!(!answer.head.contains("set-cookie") && answer.head.contains("no-store"), "{}", answer.head);
    }
    assert_eq!(served.ask("POST", "/healthz", &[], "").status, 403);
}

#[test]
fn what_is_said_twice_is_not_believed_and_a_foreign_cookie_locks_nobody_out() {
    let served = Served::start();
    let cookie = served.cookie();
    let (name, token) = cookie.split_once('=').unwrap();
    let own = format!("http://{}", served.address);
    for twice in [
        [("origin", own.as_str()), ("origin", "http://evil.example")],
        [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
        [("sec-fetch-mode", "navigate"), ("sec-fetch-mode", "cors")],
    ] {
        let headers = [("cookie", cookie.as_str()), twice[0], twice[1]];
        assert_eq!(served.ask("GET", "/api/status", &headers, "").status, 403, "{twice:?}");
    }
    for cookies in [format!("{name}=another; {name}={token}"), format!("{name}={token}; {name}=another")] {
        assert_eq!(served.get("/", &cookies).status, 200, "{cookies}");
    }
    assert_eq!(served.get("/", &format!("{name}=another")).status, 401);
}

#[test]
fn every_answer_tells_browsers_to_be_careful() {
    let served = Served::start();
    let cookie = served.cookie();
    for (path, cookie) in [("/", cookie.as_str()), ("/", ""), ("/nowhere", &cookie), ("/api/status", &cookie)] {
        let head = served.get(path, cookie).head;
        for wanted in
            ["default-src 'none'", "frame-ancestors 'none'", "nosniff", "no-store", "referrer-policy: same-origin"]
        {
            assert!(head.contains(wanted), "{path}: {wanted}? {head}");
        }
        assert!(!head.contains("unsafe"), "{head}");
    }
    for path in ["/", "/jobs", "/new", "/schedules", "/accounts", "/log"] {
        let page = served.get(path, &cookie).body;
        assert!(page.len() < 100_000 && !page.contains("style=") && !page.contains("onclick"), "{path}");
    }
}

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

#[test]
fn handles_of_an_upload_are_not_counted_as_usable() {
    let served = Served::start();
    let cookie = served.cookie();
    let origin = format!("http://{}", served.address);
    let upload = |rows: &str| {
        let body = format!(
            "--line\r\ncontent-disposition: form-data; name=\"file\"; filename=\"unfollow.csv\"\r\n\r\n{rows}\r\n--line--\r\n"
        );
        let kind = "multipart/form-data; boundary=line";
        let headers = [("cookie", cookie.as_str()), ("origin", &origin), ("content-type", kind)];
        let answer = served.ask("POST", "/new", &headers, &body);
        assert_eq!(answer.status, 303, "{answer:?}");
        let place = answer.head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap().to_owned();
        served.get(&place, &cookie).body
    };
    let page = upload("1629556410996121225\n@synthetic_one\n@synthetic_two\n");
    assert!(page.contains("<dt>usable</dt><dd>1</dd>"), "{page}");
    assert!(page.contains("<dt>handles</dt><dd>2</dd>"), "{page}");
    assert!(page.contains("unfollow 1 user as "), "rows that are rejected are not counted: {page}");
    let page = upload("@synthetic_one\n@synthetic_two\n");
    assert!(
        page.contains("usable rows name handles whose IDs are not known") && !page.contains("unfollow 2 users"),
        "{page}"
    );
    let page = upload("user_id\n1629556410996121225\n");
    assert!(page.contains("<dt>usable</dt><dd>1</dd>") && !page.contains("<dt>handles</dt>"), "{page}");
}

#[test]
fn json_and_metrics_are_what_the_commands_say() {
    let served = Served::start_with(&[], &[("CLEANUP_METRICS_TOKEN", "scraper-token-of-this-test")]);
    let cookie = served.cookie();
    std::fs::write(served.path("unfollow.csv"), "user_id\n1629556410996121225\nx\n").unwrap();
    served.cleanup(&["load", "unfollow.csv"]);
    served.until("it is settled", |served| {
        let status: serde_json::Value = serde_json::from_str(&served.get("/api/status", &cookie).body).unwrap();
        (status["jobs"][0]["pending"] == 0).then_some(())
    });
    let told = |words: &[&str]| -> serde_json::Value { serde_json::from_slice(&served.cleanup(words).stdout).unwrap() };
    let asked = |path: &str| -> serde_json::Value { serde_json::from_str(&served.get(path, &cookie).body).unwrap() };
    assert_eq!(asked("/api/jobs/unfollow")["jobs"], told(&["status", "unfollow", "--json"])["jobs"]);
    let account = &asked("/api/accounts")["accounts"][0];
    assert_eq!((&account["name"], &account["kind"]), (&"sandbox".into(), &"sandbox".into()));
    let report = served.cleanup(&["report", "unfollow", "--format", "json"]).stdout;
    assert!(!report.is_empty());
    assert_eq!(served.get("/api/jobs/unfollow/report", &cookie).body, String::from_utf8(report).unwrap());
    let add = ["schedule", "add", "nightly", "--cron", "0 2 * * *", "--zone", "Europe/Berlin", "unfollow.csv"];
    assert_eq!(served.cleanup(&add).status.code(), Some(0));
    let schedules = asked("/api/schedules");
    assert_eq!(schedules["schedules"][0]["name"], "nightly");
    assert_eq!(schedules, told(&["schedule", "list", "--json"]));
    assert_eq!(served.get("/api/jobs/nobody", &cookie).status, 404);
    let scraped = |token: &str| {
        let bearer = format!("Bearer {token}");
        served.ask(
            "GET",
            "http://prometheus-target:9/metrics",
            &[("host", "prometheus-target:9"), ("authorization", &bearer)],
            "",
        )
    };
    assert_eq!(scraped("wrong").status, 421);
    let page = scraped("scraper-token-of-this-test");
    assert_eq!(page.status, 200);
    let samples = parse_metrics(&page.body);
    for name in [
        "cleanup_attempts_total",
        "cleanup_slots_used",
        "cleanup_slots_limit",
        "cleanup_window_used_max",
        "cleanup_queue_rows",
        "cleanup_commit_seconds_bucket",
        "cleanup_engine_state",
    ] {
        assert!(samples.iter().any(|(sample, ..)| sample == name), "{name}? {}", page.body);
    }
    let rejected = samples.iter().find(|(name, labels, _)| name == "cleanup_queue_rows" && labels.contains("rejected"));
    assert_eq!(rejected.map(|(.., value)| *value), Some(1.0));
    assert!(!page.body.contains("scraper-token") && !page.body.contains("1629556410996121225"));
}

/// Reads the text format 0.0.4 strictly: every sample belongs to a family declared above it, labels are quoted, values are
/// numbers, buckets grow.
fn parse_metrics(text: &str) -> Vec<(String, String, f64)> {
    assert!(text.ends_with('\n'));
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b':');
    let mut families: Vec<(String, String)> = Vec::new();
    let mut samples: Vec<(String, String, f64)> = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(is_name(name) && ["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(families.iter().all(|(known, _)| known != name), "{name} twice");
            families.push((name.to_owned(), kind.to_owned()));
            continue;
        }
        if line.starts_with("# HELP ") {
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) =
            series.split_once('{').map_or((series, ""), |(name, rest)| (name, rest.strip_suffix('}').unwrap()));
        let (family, kind) = families.last().unwrap();
        let suffixes: &[&str] = if kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
        assert!(suffixes.iter().any(|suffix| name == format!("{family}{suffix}")), "{line} under {family}");
        for label in labels.split("\",").filter(|label| !label.is_empty()) {
            let (key, value) = label.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
            assert!(is_name(key) && !value.trim_end_matches('"').contains('\n'), "{line}");
        }
        assert!(samples.iter().all(|(n, l, _)| n != name || l != labels), "{series} twice");
        samples.push((name.to_owned(), labels.to_owned(), value.parse().unwrap()));
    }
    let buckets: Vec<f64> =
        samples.iter().filter(|(n, ..)| n == "cleanup_commit_seconds_bucket").map(|(.., v)| *v).collect();
    assert!(buckets.windows(2).all(|pair| pair[0] <= pair[1]) && !buckets.is_empty());
    samples
}

#[test]
fn it_reads_its_configuration_again_and_ends_politely() {
    let mut served = Served::start();
    let cookie = served.cookie();
    let rows: Vec<String> = (0..40).map(|n| (1_000_000_000_000_000_007_u64 + n * 7_919_000_001).to_string()).collect();
    std::fs::write(served.path("unlike.csv"), format!("tweet_id\n{}\n", rows.join("\n"))).unwrap();
    served.cleanup(&["load", "unlike.csv"]);
    served.until("it has begun", |served| {
        let status: serde_json::Value = serde_json::from_str(&served.get("/api/status", &cookie).body).unwrap();
        (status["jobs"][0]["done"].as_u64() > Some(0)).then_some(())
    });
    let folder = served.path(".config/cleanup");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), "[run]\nnonsense = 1\n").unwrap();
    served.signal("-HUP");
    served.until("nonsense is refused", |served| served.said().contains("stays as it was").then_some(()));
    std::fs::write(folder.join("config.toml"), "[run]\nworkers = 2\n").unwrap();
    served.signal("-HUP");
    served.until("it was read", |served| served.said().contains("was read again").then_some(()));
    assert!(served.is_alive());
    // Another process is told that this one drains.
    let second = served.cleanup(&["resume"]);
    assert_eq!(second.status.code(), Some(75));
    let begun = std::time::Instant::now();
    served.signal("-TERM");
    assert_eq!(served.wait(), 143);
    // 9 s for what is in flight, and what a busy machine takes to write it down.
    assert!(begun.elapsed() < std::time::Duration::from_secs(14), "{:?}", begun.elapsed());
    assert!(!served.path(".local/share/cleanup/sandbox.db.link").exists());
    assert!(!served.said().contains("panicked"), "{}", served.said());
}
