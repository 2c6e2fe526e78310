//! What `packaging/` says fits the program: nobody here has a container engine to try it with.

use clap::Parser;
use cleanup::cli::args::{Cli, Command};
use cleanup::domain::Secret;
use cleanup::store::QueuePlace;

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

/// What the workers of a queue on a server are started with: each line that has words for the program.
#[test]
fn workers_are_given_words_and_an_address_that_the_program_understands() {
    let compose = read("packaging/compose-postgres.yaml");
    let commands: Vec<&str> = compose.lines().filter_map(|line| line.trim().strip_prefix("command: ")).collect();
    let kubernetes = read("packaging/kubernetes.yaml");
    let args = kubernetes.lines().find_map(|line| line.trim().strip_prefix("args: [")).unwrap().trim_end_matches(']');
    assert_eq!(commands.len(), 2);
    for words in commands.into_iter().map(str::to_owned).chain([args.replace(", ", " ")]) {
        let cli = Cli::try_parse_from(["cleanup"].into_iter().chain(words.split(' '))).unwrap();
        let Command::Serve(args) = cli.command else { panic!("{words}") };
        // Nobody is there who could say yes. Whoever listens for everybody has a password.
        assert!(args.yes && (args.listen.ip().is_loopback() || args.password_file.is_some()), "{words}");
    }
    let address = kubernetes.lines().find(|line| line.contains("name: CLEANUP_DB,")).unwrap();
    let address = address.split('"').nth(1).unwrap();
    let place = QueuePlace::server(Secret::new(address), std::path::Path::new("/data")).unwrap();
    assert_eq!(place.to_string(), "postgres://cleanup_worker@cleanup-db-rw:5432/cleanup");
    // The password comes by another way, and every worker opens the same logins.
    for name in ["PGPASSWORD", "CLEANUP_KEY"] {
        assert!(kubernetes.contains(&format!("name: {name}, valueFrom")), "{name}");
    }
}

#[test]
fn the_image_is_built_with_the_rust_that_the_package_wants() {
    let (cargo, docker) = (read("Cargo.toml"), read("packaging/Dockerfile"));
    let wanted = cargo.lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap().trim_matches('"');
    assert!(docker.contains(&format!("FROM rust:{wanted}.")), "{wanted}");
    assert!(docker.contains("\nUSER cleanup\n") && docker.contains("--locked"));
}

/// The services of the compose file: a name, and its lines.
fn services(compose: &str) -> Vec<(String, Vec<String>)> {
    let lines = compose.lines().skip_while(|line| *line != "services:").skip(1);
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for line in lines.take_while(|line| line.is_empty() || line.starts_with(' ')) {
        match line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')).and_then(|rest| rest.strip_suffix(':')) {
            Some(name) => found.push((name.to_owned(), Vec::new())),
            None => found.last_mut().unwrap().1.push(line.trim().to_owned()),
        }
    }
    found
}

#[test]
fn every_service_has_as_little_as_it_needs() {
    let services = services(&read("packaging/compose.yaml"));
    assert_eq!(services.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["cleanup", "prometheus"]);
    // The server writes where it likes within its own container.
    let workers = self::services(&read("packaging/compose-postgres.yaml"));
    assert_eq!(workers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["db", "cleanup", "worker"]);
    for (name, lines) in &workers[1..] {
        for line in ["read_only: true", "cap_drop: [ALL]", "security_opt: [\"no-new-privileges:true\"]"] {
            assert!(lines.iter().any(|found| found == line), "{name} lacks {line}");
        }
    }
    for (name, lines) in &services {
        for line in ["read_only: true", "cap_drop: [ALL]", "security_opt: [\"no-new-privileges:true\"]", "healthcheck:"]
        {
            assert!(lines.iter().any(|found| found == line), "{name} lacks {line}");
        }
        for ports in lines.iter().filter(|line| line.starts_with("ports:")) {
            assert!(ports.contains("[\"127.0.0.1:"), "{name}: {ports}");
        }
    }
}

/// A tag that moves would give another image to whoever builds next. Exact is what ends in a full version or in a date.
#[test]
fn images_have_exact_tags() {
    let (docker, compose) = (read("packaging/Dockerfile"), read("packaging/compose.yaml"));
    let from = docker.lines().filter_map(|line| line.strip_prefix("FROM "));
    let images = compose.lines().filter_map(|line| line.trim().strip_prefix("image: "));
    let postgres = read("packaging/compose-postgres.yaml");
    let images = images.chain(postgres.lines().filter_map(|line| line.trim().strip_prefix("image: ")));
    let all: Vec<&str> = from.chain(images).map(|image| image.split(' ').next().unwrap()).collect();
    assert_eq!(all.len(), 7, "{all:?}");
    for image in all {
        let (_, tag) = image.split_once(':').unwrap_or_else(|| panic!("{image} has no tag"));
        // PostgreSQL's versions have two numbers.
        let numbers = if image.starts_with("postgres:") { 2 } else { 3 };
        let is_exact = tag.split('-').any(|part| {
            part.trim_start_matches('v').split('.').filter(|number| number.parse::<u32>().is_ok()).count() >= numbers
                || part.len() == 8 && part.parse::<u32>().is_ok()
        });
        assert!(is_exact, "{image}");
    }
    for file in [compose, postgres, read("packaging/kubernetes.yaml")] {
        assert!(file.contains(concat!("image: cleanup:", env!("CARGO_PKG_VERSION"))));
    }
}

/// The words that ask `serve` how it is, run against a server of a line.
#[test]
fn whoever_is_ill_or_silent_is_not_healthy() {
    use std::io::{BufRead, BufReader, Write};
    let services = services(&read("packaging/compose.yaml"));
    let test = services[0].1.iter().find_map(|line| line.strip_prefix("test: ")).unwrap();
    let words: Vec<String> = serde_json::from_str(test).unwrap();
    assert_eq!(words[..3], ["CMD", "bash", "-c"]);
    // Compose takes two for one.
    let line = words[3].replace("$$", "$");
    let ask = |answer: Option<&'static str>| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = answer.map(|answer| {
            std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                let asked = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
                let head: Vec<String> = asked.take_while(|line| !line.is_empty()).collect();
                stream.write_all(answer.as_bytes()).unwrap();
                head
            })
        });
        let line = line.replace("/7878", &format!("/{port}"));
        let status =
            std::process::Command::new("bash").args(["-c", &line]).stderr(std::process::Stdio::null()).status();
        (status.unwrap().success(), server.map(|server| server.join().unwrap()))
    };
    let (is_well, head) = ask(Some("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nok\n"));
    assert_eq!((is_well, head.unwrap()[0].as_str()), (true, "GET /healthz HTTP/1.1"));
    assert!(!ask(Some("HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n")).0);
    assert!(!ask(Some("HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n")).0, "it is somebody else");
    assert!(!ask(Some("no HTTP\r\n\r\n")).0);
    assert!(!ask(None).0, "nobody is there");
}
