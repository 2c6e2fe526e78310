//! What comes from others: whose programs run when this one is built, and what stands in the bill of materials.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

fn in_project(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

fn stdout(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Every crate that is built for these targets, with all features, tests among them.
fn packages() -> Vec<Value> {
    let mut packages = Vec::new();
    for target in ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"] {
        let mut metadata = in_project(env!("CARGO"));
        metadata.args(["metadata", "--locked", "--all-features", "--format-version", "1", "--filter-platform", target]);
        let metadata: Value = serde_json::from_str(&stdout(metadata)).unwrap();
        packages.extend(metadata["packages"].as_array().unwrap().clone());
    }
    packages
}

fn name_and_version(package: &Value) -> String {
    format!("{} {}", package["name"].as_str().unwrap(), package["version"].as_str().unwrap())
}

#[test]
fn every_build_script_has_been_read() {
    let has_script = |package: &&Value| {
        let mut kinds =
            package["targets"].as_array().unwrap().iter().flat_map(|target| target["kind"].as_array().unwrap());
        kinds.any(|kind| kind == "custom-build")
    };
    let run: BTreeSet<String> = packages().iter().filter(has_script).map(name_and_version).collect();
    let lines = include_str!("build_scripts.txt").lines().filter(|line| !line.starts_with('#'));
    let read: BTreeSet<String> = lines.map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
    assert!(run.len() > 10, "{run:?}");
    let unread: Vec<_> = run.difference(&read).collect();
    assert!(
        unread.is_empty(),
        "read what these build scripts do, then add them to tests/cli/build_scripts.txt: {unread:?}"
    );
    let gone: Vec<_> = read.difference(&run).collect();
    assert!(gone.is_empty(), "no crate of this name and version has a build script any more: {gone:?}");
}

#[test]
fn the_bill_of_materials_has_every_crate_of_the_program() {
    let bill: Value = serde_json::from_str(&stdout(in_project("packaging/bom"))).unwrap();
    assert_eq!((&bill["bomFormat"], &bill["specVersion"]), (&"CycloneDX".into(), &"1.5".into()));
    let program = &bill["metadata"]["component"];
    assert_eq!((&program["name"], &program["version"]), (&"cleanup".into(), &env!("CARGO_PKG_VERSION").into()));
    let lock: toml::Table = toml::from_str(include_str!("../../Cargo.lock")).unwrap();
    let locked = lock["package"].as_array().unwrap();
    let components = bill["components"].as_array().unwrap();
    for component in components {
        let of_lock = locked.iter().find(|package| {
            package["name"].as_str() == component["name"].as_str()
                && package["version"].as_str() == component["version"].as_str()
        });
        assert_eq!(component["hashes"][0]["content"].as_str(), of_lock.unwrap()["checksum"].as_str(), "{component}");
        assert!(component["licenses"][0]["expression"].as_str().is_some_and(|text| !text.is_empty()), "{component}");
        let purl =
            format!("pkg:cargo/{}@{}", component["name"].as_str().unwrap(), component["version"].as_str().unwrap());
        assert_eq!(component["purl"], purl.as_str());
    }
    let names: BTreeSet<&str> = components.iter().map(|component| component["name"].as_str().unwrap()).collect();
    for expected in ["sqlx", "libsqlite3-sys", "rustls", "ring", "tokio", "cc"] {
        assert!(names.contains(expected), "{expected}");
    }
    // What only tests use is no part of it.
    assert!(!names.contains("proptest") && !names.contains("insta"), "{names:?}");
}
