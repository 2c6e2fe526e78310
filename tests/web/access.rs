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
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(served.link_file()).unwrap().permissions());
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
    // An address that names somebody else asks for that name.
    let page = served.page("/");
    for (named, status) in [("evil.example", 421), (served.address.as_str(), 200)] {
        let answer = served.ask("GET", &format!("http://{named}{page}"), &[("cookie", &cookie)], "");
        assert_eq!(answer.status, status, "{named}");
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
fn names_of_an_upload_are_usable_and_the_server_looks_them_up() {
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
    assert!(page.contains("<dt>usable</dt><dd>3</dd>"), "{page}");
    assert!(page.contains("<dt>by name</dt><dd>2</dd>"), "{page}");
    assert!(page.contains("unfollow 3 users as "), "{page}");
    let page = upload("user_id\n1629556410996121225\n");
    assert!(page.contains("<dt>usable</dt><dd>1</dd>") && !page.contains("<dt>by name</dt>"), "{page}");
    // Loaded beside a server, they are looked up and sent by it.
    std::fs::write(served.path("unmute.csv"), "handle\nsandbox_1234567\nsandbox_1234568\ngone_one\n").unwrap();
    served.cleanup(&["load", "unmute.csv"]);
    served.until("names are looked up", |served| {
        let status: serde_json::Value = serde_json::from_str(&served.get("/api/status", &cookie).body).unwrap();
        let job = &status["jobs"][0];
        (job["pending"].as_u64() == Some(0) && job["gone"].as_u64() == Some(1)).then_some(())
    });
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
    assert!(!served.link_file().exists());
    assert!(!served.said().contains("panicked"), "{}", served.said());
}
