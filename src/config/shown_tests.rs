#![allow(clippy::unwrap_used)]
use super::*;

/// Every key of the config file with a value that is no default.
const FILE: &str = r#"db = "/file.db"
[run]
workers = 2
pace = "front-load"
give_up_after = "5m"
progress = "plain"
request_deadline = "20s"
notify = "curl -H 'Authorization: hush'"
[[windows]]
rate = "40/15m"
platform = "x-v2"
[[windows]]
rate = "500/24h"
scope = "app"
action = "unfollow"
[prices]
unretweet = 0.5
[x]
api = "https://file"
authorize = "https://file/authorize"
client_id = "file-app"
redirect = "http://127.0.0.1:1/file"
[aisa]
api = "https://ada:hush@file"
[credentials]
key = "keyring"
[log]
format = "json"
file = "/file.log"
[snapshots]
keep = 3
"#;

struct Bench {
    _folder: tempfile::TempDir,
    environment: Environment,
    options: Overrides,
}

impl Bench {
    fn new(text: &str) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config.toml");
        std::fs::write(&config, text).unwrap();
        let environment =
            Environment { home: Some("/home/ada".into()), config: Some(config), ..Environment::default() };
        Bench { _folder: folder, environment, options: Overrides::default() }
    }

    fn shown(&self, key: &str) -> ShownSetting {
        let all = ShownConfig::of(&self.options, &self.environment).unwrap().settings;
        let mut found = all.into_iter().filter(|setting| setting.key == key);
        let setting = found.next().unwrap_or_else(|| unreachable!("{key}"));
        assert_eq!(found.next(), None);
        setting
    }
}

#[test]
fn what_the_file_says_has_its_line_and_what_nobody_says_is_a_default() {
    let bench = Bench::new(FILE);
    for (key, value, lines) in [
        ("db", "/file.db", vec![1]),
        ("run.workers", "2", vec![3]),
        ("run.pace", "front-load", vec![4]),
        ("run.give_up_after", "5m", vec![5]),
        ("run.progress", "plain", vec![6]),
        ("run.request_deadline", "20s", vec![7]),
        ("windows.x-v2", "40/15m, 500/24h of unfollow for the app", vec![9, 12]),
        ("prices.unrepost", "$0.50", vec![17]),
        ("x.api", "https://file", vec![19]),
        ("x.authorize", "https://file/authorize", vec![20]),
        ("x.client_id", "file-app", vec![21]),
        ("x.redirect", "http://127.0.0.1:1/file", vec![22]),
        ("credentials.key", "keyring", vec![26]),
        ("log.format", "json", vec![28]),
        ("log.file", "/file.log", vec![29]),
        ("snapshots.keep", "3", vec![31]),
    ] {
        let setting = bench.shown(key);
        assert_eq!((setting.value.as_deref(), setting.source), (Some(value), SettingSource::File { lines }), "{key}");
    }
    for key in ["run.notify", "aisa.api"] {
        let setting = bench.shown(key);
        assert!(setting.is_hidden && setting.value.is_none(), "{setting:?}");
    }
    let empty = Bench::new("");
    let all = ShownConfig::of(&empty.options, &empty.environment).unwrap();
    assert!(all.settings.iter().all(|setting| setting.source == SettingSource::Default && !setting.is_hidden));
    assert_eq!(empty.shown("windows.x-v2").value.unwrap(), "50/15m, 1000/24h of unlike");
    assert_eq!(empty.shown("run.workers").value.unwrap(), "32");
}

#[test]
fn a_variable_goes_before_the_file_and_an_option_before_both() {
    let mut bench = Bench::new(FILE);
    bench.environment.db = Some("postgres://ada:hush@db.example/q".into());
    bench.environment.addresses.insert("CLEANUP_X_API", "https://variable".into());
    bench.environment.x_client_id = Some("variable-app".into());
    bench.environment.x_authorize = Some("https://variable/authorize".into());
    for (key, value, name) in [
        ("db", "postgres://ada@db.example:5432/q", "CLEANUP_DB"),
        ("x.api", "https://variable", "CLEANUP_X_API"),
        ("x.client_id", "variable-app", "CLEANUP_X_CLIENT_ID"),
        ("x.authorize", "https://variable/authorize", "CLEANUP_X_AUTHORIZE"),
    ] {
        let setting = bench.shown(key);
        assert_eq!((setting.value.as_deref(), setting.source), (Some(value), SettingSource::Environment { name }));
    }
    bench.options.db = Some("/option.db".into());
    bench.options.log_file = Some("/option.log".into());
    bench.options.log_format = Some(LogFormat::Text);
    for (key, value, name) in [
        ("db", "/option.db", "--db"),
        ("log.file", "/option.log", "--log-file"),
        ("log.format", "text", "--log-format"),
    ] {
        let setting = bench.shown(key);
        assert_eq!((setting.value.as_deref(), setting.source), (Some(value), SettingSource::Option { name }));
    }
    // The sandbox's queue is its own.
    bench.options = Overrides { sandbox: true, ..Overrides::default() };
    assert_eq!(bench.shown("db").source, SettingSource::Default);
}

#[test]
fn secrets_are_told_as_set_and_nothing_else() {
    let secrets = [
        "CLEANUP_KEY",
        "CLEANUP_X_CLIENT_SECRET",
        "CLEANUP_X_CONSUMER_KEY",
        "CLEANUP_X_CONSUMER_SECRET",
        "CLEANUP_X_TOKEN",
        "CLEANUP_X_ACCESS_TOKEN",
        "CLEANUP_X_ACCESS_SECRET",
        "CLEANUP_AISA_KEY",
        "CLEANUP_WEB_PASSWORD",
        "CLEANUP_METRICS_TOKEN",
    ];
    let find = |name: &str| secrets.contains(&name).then(|| "hush-hush-hush-hush".into());
    let environment = Environment::read(find).unwrap();
    let shown = ShownConfig::of(&Overrides::default(), &environment).unwrap();
    assert_eq!(shown.config_file, None);
    for name in secrets {
        let setting = shown.settings.iter().find(|setting| setting.key == name).unwrap();
        assert!(setting.is_hidden && setting.source == SettingSource::Environment { name }, "{setting:?}");
    }
    assert!(!format!("{shown:?} {}", serde_json::to_string(&shown).unwrap()).contains("hush"));
}

#[test]
fn the_file_is_told_with_what_names_it() {
    let mut bench = Bench::new("");
    let file = |bench: &Bench| ShownConfig::of(&bench.options, &bench.environment).unwrap().config_file.unwrap();
    assert_eq!((file(&bench).exists, file(&bench).named_by), (true, Some("CLEANUP_CONFIG")));
    bench.environment.config = None;
    let usual = file(&bench);
    assert_eq!((usual.exists, usual.named_by), (false, None));
    assert_eq!(usual.path, PathBuf::from("/home/ada/.config/cleanup/config.toml"));
}
