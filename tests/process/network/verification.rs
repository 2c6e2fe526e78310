//! Nothing that anybody can say to the program makes it talk to a server that it cannot tell from another.

use std::collections::BTreeSet;

use clap::CommandFactory;

use crate::common::sources::rust_files;
use crate::common::tls_front::{AUTHORITY, Certificate, TlsFront};
use crate::common::{Home, RunToEnd, SandboxProcess, ids};

/// No option, key or variable has such a part in its name.
const NEVER: [&str; 11] = [
    "insecure",
    "cert",
    "tls",
    "ssl",
    "danger",
    "no-verify",
    "skip-verify",
    "no_verify",
    "skip_verify",
    "unsafe",
    "plain-http",
];
/// What would let a client be lax, or be made beside the one place that says how.
const LAX: [&str; 10] = [
    "danger_accept",
    "tls_danger",
    ".dangerous()",
    "ServerCertVerifier",
    "custom_certificate_verifier",
    "preconfigured",
    "reqwest::get(",
    "reqwest::Client::new(",
    "Client::default(",
    "https_only(false",
];

fn options(command: &clap::Command, found: &mut BTreeSet<String>) {
    for argument in command.get_arguments() {
        let names = argument.get_long_and_visible_aliases().unwrap_or_default();
        found.extend(names.into_iter().map(|name| format!("--{name}")));
        found.extend(argument.get_all_aliases().unwrap_or_default().into_iter().map(|name| format!("--{name}")));
        found.extend(argument.get_env().map(|name| name.to_string_lossy().into_owned()));
    }
    command.get_subcommands().for_each(|below| options(below, found));
}

fn keys() -> BTreeSet<String> {
    let template = include_str!("../../../src/config/template.toml");
    let lines = template.lines().filter_map(|line| line.strip_prefix('#')?.split_once(" = "));
    lines.map(|(key, _)| key.to_owned()).filter(|key| !key.contains(' ')).collect()
}

/// The environment variables that the sources name.
fn variables(sources: &[(String, String)]) -> BTreeSet<String> {
    let words = sources.iter().flat_map(|(_, text)| text.split('"').skip(1));
    words.filter(|word| word.starts_with("CLEANUP_")).map(str::to_owned).collect()
}

#[test]
fn no_option_key_or_variable_turns_the_verification_of_servers_off() {
    let mut names = keys();
    assert!(names.len() > 20 && names.contains("request_deadline"), "{names:?}");
    let sources: Vec<(String, String)> =
        rust_files("src").into_iter().map(|(path, text)| (path.display().to_string(), text)).collect();
    let variables = variables(&sources);
    assert!(variables.len() > 15 && variables.contains("CLEANUP_X_API"), "{variables:?}");
    names.extend(variables);
    let before = names.len();
    options(&cleanup::cli::args::Cli::command(), &mut names);
    assert!(names.len() > before + 80 && names.contains("--give-up-after"), "{names:?}");
    let wrong: Vec<&String> =
        names.iter().filter(|name| NEVER.iter().any(|never| name.to_lowercase().contains(never))).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    for (path, text) in &sources {
        let lax: Vec<&&str> = LAX.iter().filter(|lax| text.contains(**lax)).collect();
        assert!(lax.is_empty(), "{path}: {lax:?}");
        let is_test = path.ends_with("tests.rs");
        let makes = !is_test && (text.contains("Client::builder(") || text.contains("ClientBuilder::new("));
        assert!(!makes || path.ends_with("src/platforms/http.rs"), "{path} makes a client of its own");
    }
}

/// Variables by which other programs are told to be lax, and what somebody might guess.
#[test]
fn no_variable_of_another_program_does_either() {
    let home = Home::new();
    home.write("unfollow.csv", ids(1));
    let sandbox = SandboxProcess::start(&home, &["--limit", "1000/1s", "--faults", "none"]);
    let front = TlsFront::before(&sandbox, Certificate::Expired);
    let words = ["run", "unfollow.csv", "--yes", "--json", "--give-up-after", "1ms", "--rate", "1000/1s"];
    let mut run = home.against(&sandbox, words);
    run.env("CLEANUP_X_API", front.url()).env("SSL_CERT_FILE", AUTHORITY);
    for (name, value) in [
        ("CLEANUP_INSECURE", "1"),
        ("CLEANUP_X_INSECURE", "1"),
        ("CLEANUP_TLS_VERIFY", "0"),
        ("NODE_TLS_REJECT_UNAUTHORIZED", "0"),
        ("PYTHONHTTPSVERIFY", "0"),
        ("GIT_SSL_NO_VERIFY", "1"),
        ("SSL_NO_VERIFY", "1"),
        ("CURL_INSECURE", "1"),
        ("CARGO_HTTP_CHECK_REVOKE", "false"),
    ] {
        run.env(name, value);
    }
    run.done().ends(69);
    assert!(front.connections() > 0 && front.heard().is_empty(), "{}", front.heard());
}
