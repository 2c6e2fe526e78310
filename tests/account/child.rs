//! What the browser that a login opens is told: the address, and none of our secrets.

use std::time::{Duration, Instant};

use crate::account::bench::{Bench, KEY, USER, press, visit};
use crate::common::make_program;

/// Far beyond what starting a shell takes.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn the_browser_gets_no_secret() {
    let bench = Bench::new();
    for opener in ["xdg-open", "open"] {
        let script = "#!/bin/sh\n/usr/bin/env >seen.part\n/bin/mv seen.part seen\n";
        make_program(&bench.write("script", script), &bench.path(opener));
    }
    let secrets = [
        ("CLEANUP_KEY", KEY),
        ("CLEANUP_X_CLIENT_ID", "secret-app"),
        ("CLEANUP_X_CLIENT_SECRET", "canary-app-secret"),
        ("CLEANUP_AISA_KEY", "sk-canary"),
        ("CLEANUP_OF_A_LATER_VERSION", "canary-of-later"),
        ("BROWSER", "my-browser"),
    ];
    let waiting = bench.begin(&["account", "login", "work"], &secrets);
    let begun = Instant::now();
    while !bench.path("seen").exists() {
        assert!(begun.elapsed() < PATIENCE, "no browser was opened");
        std::thread::sleep(Duration::from_millis(20));
    }
    let seen = std::fs::read_to_string(bench.path("seen")).unwrap();
    assert!(seen.contains("BROWSER=my-browser"), "{seen}");
    assert!(!seen.contains("CLEANUP_") && !seen.contains("canary"), "{seen}");
    visit(&press(&waiting.url, "allow", USER).unwrap());
    waiting.end().ends(0);
}
