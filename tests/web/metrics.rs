//! What the dashboard tells programs: JSON as the commands print it, and metrics.

use crate::web::served::Served;

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
    let scraped = |bearer: &str| {
        served.ask(
            "GET",
            "http://prometheus-target:9/metrics",
            &[("host", "prometheus-target:9"), ("authorization", bearer)],
            "",
        )
    };
    for odd in ["Bearer wrong", "Bearer", "scraper-token-of-this-test", "Basic scraper-token-of-this-test"] {
        let refused = scraped(odd);
        assert_eq!(refused.status, 401, "{odd}");
        assert!(refused.head.to_lowercase().contains("www-authenticate: bearer"), "{odd}: {}", refused.head);
    }
    // The name of a scheme is the same in capitals and not.
    assert_eq!(scraped("bearer scraper-token-of-this-test").status, 200);
    let page = scraped("Bearer scraper-token-of-this-test");
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
