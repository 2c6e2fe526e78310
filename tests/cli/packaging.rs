//! What `packaging/` says fits the program: nobody here has a container engine to try it with.

use clap::Parser;
use cleanup::cli::args::{Cli, Command};

fn read(name: &str) -> String {
    let path = format!("{}/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn compose_gives_serve_words_that_it_understands() {
    let compose = read("packaging/compose.yaml");
    let words = compose.lines().find_map(|line| line.trim().strip_prefix("command: ")).unwrap();
    let cli = Cli::try_parse_from(["cleanup"].into_iter().chain(words.split(' '))).unwrap();
    let Command::Serve(args) = cli.command else { panic!("{words}") };
    // It listens for everybody inside its own network, so there has to be a password.
    assert!(args.yes && !args.listen.ip().is_loopback() && args.behind_proxy.is_some());
    let secret = args.password_file.unwrap();
    assert_eq!(secret.to_str(), Some("/run/secrets/web_password"));
    assert!(compose.contains("\n  web_password:") && compose.contains("read_only: true"));
    let prometheus = read("packaging/prometheus.yml");
    assert!(prometheus.contains(&format!("\"cleanup:{}\"", args.listen.port())), "{prometheus}");
}

#[test]
fn the_image_is_built_with_the_rust_that_the_package_wants() {
    let (cargo, docker) = (read("Cargo.toml"), read("packaging/Dockerfile"));
    let wanted = cargo.lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap().trim_matches('"');
    assert!(docker.contains(&format!("FROM rust:{wanted}-")), "{wanted}");
    assert!(docker.contains("\nUSER cleanup\n") && docker.contains("--locked"));
}
