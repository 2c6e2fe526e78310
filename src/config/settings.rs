//! Settings as meant: everything decided, nothing optional that has a default.

mod credentials;
mod run;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

pub use self::credentials::{AppSettings, EnvironmentCredentials, OAuth1Set};
use self::credentials::{app_of, credentials_of};
pub use self::run::RunSettings;
use self::run::run_settings;
use super::environment::Environment;
use super::error::ConfigError;
use super::file::ConfigFile;
use super::modes::LogFormat;
use super::overrides::Overrides;
use super::paths::{self, NamedConfig};
use super::terminal::TerminalTraits;
use super::windows::{self, Per, WindowRule};
use super::writable::WritableConfig;
use crate::domain::{Action, MicroUsd, Platform, Rate, Secret, WindowSpec};
use crate::platforms::{FixedHost, find};
use crate::store::{AddressError, QueueKind, QueuePlace};

/// What lets people and scrapers look at the dashboard.
#[derive(Clone, Debug, Default)]
pub struct WebSettings {
    /// `CLEANUP_WEB_PASSWORD`
    pub password: Option<Secret>,
    /// `CLEANUP_METRICS_TOKEN`
    pub metrics_token: Option<Secret>,
}

/// Everything decided.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Real or sandbox.
    pub kind: QueueKind,
    /// The queue, where one is named or there is a folder for it.
    db: Result<QueuePlace, ConfigError>,
    /// Where the queue is to be moved, where it is.
    pub move_to: Option<QueuePlace>,
    /// The queue as `--db` named it: commands to type next have to name it again.
    pub named_db: Option<QueuePlace>,
    /// The queue of the other kind in its usual place: the sandbox's, or in the sandbox the real one. None where `--db` names a queue.
    pub other_db: Option<QueuePlace>,
    /// What a run goes by.
    pub run: RunSettings,
    /// Prices of single requests that the config file corrects.
    pub prices: BTreeMap<Action, MicroUsd>,
    /// The addresses that replace those of platforms, by the platforms' variables; unchecked.
    addresses: HashMap<&'static str, String>,
    /// Credentials.
    pub credentials: EnvironmentCredentials,
    /// The app people log in through.
    pub app: AppSettings,
    /// What lets somebody look at the dashboard.
    pub web: WebSettings,
    /// The config file, where others can write to it: whoever can decides which commands are run and where tokens go.
    pub writable_config: Option<WritableConfig>,
    /// The file of variables that the timer of `schedule install` hands on: keys, as a rule.
    pub timer_variables: Option<PathBuf>,
    /// What the terminal can do.
    pub terminal: TerminalTraits,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Where log lines go instead of stderr.
    pub log_file: Option<PathBuf>,
    /// How many copies of the queue's file are kept, one a day; 0: none are made.
    pub snapshots_kept: u8,
    rates: Vec<Rate>,
    per: Option<Per>,
    rules: Vec<WindowRule>,
}

impl Settings {
    /// Reads the config file and decides everything: option, environment, file, default.
    ///
    /// # Errors
    /// A config file that cannot be read or understood.
    pub fn resolve(options: &Overrides, environment: &Environment) -> Result<Settings, ConfigError> {
        let (_, file) = config_file(options, environment)?;
        Settings::from_file(options, environment, file.unwrap_or_default())
    }

    /// The same with what the config file says.
    pub(super) fn from_file(
        options: &Overrides,
        environment: &Environment,
        file: ConfigFile,
    ) -> Result<Settings, ConfigError> {
        let rules = file.window_rules();
        let prices = file.prices();
        let run = run_settings(options, &file);
        let app = app_of(environment, &file);
        let decides = decided_by_file(options, environment, &file);
        let addresses = file.addresses().into_iter().chain(environment.addresses.clone()).collect();
        // The sandbox has a queue of its own: a variable set for every day must not lead it to the real one.
        let file_db = file.db;
        let by_environment = environment.db.clone().map(|name| (name, "CLEANUP_DB"));
        let everyday = by_environment.or_else(|| Some((file_db.clone()?, "db in the config file")));
        let named = options.db.clone().map(|name| (name, BY_OPTION)).or(everyday.filter(|_| !options.sandbox));
        let usual = paths::queue(environment, !options.sandbox).ok();
        let other = if options.sandbox { environment.db.clone().or(file_db).or(usual) } else { usual };
        Ok(Settings {
            kind: if options.sandbox { QueueKind::Sandbox } else { QueueKind::Real },
            db: match named {
                Some((name, named_by)) => Ok(place_of(&name, named_by, environment)?),
                None => paths::queue(environment, options.sandbox).map(QueuePlace::from),
            },
            move_to: options.move_to.as_deref().map(|name| place_of(name, BY_MOVE, environment)).transpose()?,
            named_db: options.db.as_deref().map(|name| place_of(name, BY_OPTION, environment)).transpose()?,
            other_db: other.filter(|name| options.db.is_none() && !QueuePlace::is_address(name)).map(QueuePlace::from),
            run,
            prices,
            addresses,
            credentials: credentials_of(environment, file.credentials.key.map(|place| place.0).unwrap_or_default())?,
            app,
            web: WebSettings {
                password: environment.web_password.clone(),
                metrics_token: environment.metrics_token.clone(),
            },
            timer_variables: paths::timer_variables(environment),
            writable_config: file.writable.map(|file| WritableConfig { file, decides }),
            terminal: environment.terminal,
            log_format: options.log_format.or(file.log.format.map(|format| format.0)).unwrap_or_default(),
            log_file: options.log_file.clone().or(file.log.file),
            snapshots_kept: file.snapshots.keep.unwrap_or(SNAPSHOTS_KEPT),
            rates: options.rates.clone(),
            per: options.per,
            rules,
        })
    }

    /// The queue.
    ///
    /// # Errors
    /// Nobody says where it belongs. (Commands that need no queue never ask.)
    pub fn db(&self) -> Result<&QueuePlace, ConfigError> {
        self.db.as_ref().map_err(Clone::clone)
    }

    /// Whether this is the sandbox.
    pub fn is_sandbox(&self) -> bool {
        self.kind == QueueKind::Sandbox
    }

    /// The address of a platform: the environment's, else the config file's, else the one that it is known to have.
    pub fn address(&self, host: &FixedHost) -> &str {
        self.addresses.get(host.variable).map_or(host.address, String::as_str)
    }

    /// What one successful request costs: the config file's word, else the platform's listed price; none where nobody knows.
    pub fn price(&self, platform: Platform, action: Action) -> Option<MicroUsd> {
        self.prices.get(&action).copied().or_else(|| find(platform, action).and_then(|endpoint| endpoint.price))
    }

    /// The windows of a platform's accounts and of the app they share.
    pub fn windows(&self, platform: Platform) -> Vec<WindowSpec> {
        windows::windows_of(platform, &self.rates, &self.rules, self.per)
    }

    /// The same with a window for each action, as `--per endpoint` has it.
    pub fn windows_per_endpoint(&self, platform: Platform) -> Vec<WindowSpec> {
        windows::windows_of(platform, &self.rates, &self.rules, Some(Per::Endpoint))
    }

    /// Whether options chose the account windows for this command.
    pub fn are_windows_chosen(&self) -> bool {
        !self.rates.is_empty() || self.per.is_some()
    }

    /// One sentence for every documented limit of these actions that the chosen windows let be exceeded.
    pub fn window_warnings(&self, platform: Platform, actions: &[Action]) -> Vec<String> {
        windows::warnings(platform, &self.windows(platform), actions)
    }
}

/// A week of them.
const SNAPSHOTS_KEPT: u8 = 7;

/// What names a queue, as an error about it says.
const BY_OPTION: &str = "--db";
const BY_MOVE: &str = "QUEUE of `cleanup db move`";

/// The queue of this name. What belongs to one on a server and is kept in files all the same stands where queues do.
fn place_of(name: &Path, named_by: &'static str, environment: &Environment) -> Result<QueuePlace, ConfigError> {
    let Some(address) = name.to_str().filter(|_| QueuePlace::is_address(name)) else {
        let why = AddressError::Unreadable;
        let is_meant = QueuePlace::looks_like_an_address(name);
        return if is_meant { Err(ConfigError::Address { named_by, why }) } else { Ok(name.into()) };
    };
    if [BY_OPTION, BY_MOVE].contains(&named_by) && shows_password(address) {
        return Err(ConfigError::Address { named_by, why: AddressError::PasswordShown });
    }
    let usual = paths::queue(environment, false)?;
    let folder = usual.parent().unwrap_or(Path::new("."));
    QueuePlace::server(Secret::new(address), folder).map_err(|why| ConfigError::Address { named_by, why })
}

/// Whether an address has a password in it: others can see the arguments of a program.
fn shows_password(address: &str) -> bool {
    let (_, rest) = address.split_once("://").unwrap_or_default();
    let (server, asked) = rest.split_once('?').unwrap_or((rest, ""));
    let server = server.split('/').next().unwrap_or_default();
    let user = server.rsplit_once('@').map_or("", |(user, _)| user);
    user.contains(':') || asked.split('&').any(|part| part.starts_with("password="))
}

/// The config file and what it says; none where it is not there. A file that somebody named must be.
pub(super) fn config_file(
    options: &Overrides,
    environment: &Environment,
) -> Result<(Option<NamedConfig>, Option<ConfigFile>), ConfigError> {
    let Some(named) = paths::config_file(options, environment) else { return Ok((None, None)) };
    if options.without_config {
        return Ok((Some(named), None));
    }
    let file = ConfigFile::read(&named.path)?;
    if file.is_none() && named.by.is_some() {
        return Err(ConfigError::Unreadable { path: named.path, why: "there is no such file".into() });
    }
    Ok((Some(named), file))
}

/// What of weight the settings have from the file alone: whoever can write it would have commands run, or logins sent to a place of theirs.
fn decided_by_file(options: &Overrides, environment: &Environment, file: &ConfigFile) -> Vec<&'static str> {
    let is_real = !options.sandbox;
    let has_address = file.addresses().into_iter().any(|(variable, _)| !environment.addresses.contains_key(variable));
    let has_login_page = environment.x_authorize.is_none() && file.x.authorize.is_some();
    let has_queue = options.db.is_none() && environment.db.is_none() && file.db.is_some();
    let all = [
        (options.notify.is_none() && file.run.notify.is_some(), "the command of [run] notify"),
        (is_real && has_address, "where tokens are sent (api)"),
        (is_real && has_login_page, "where a login begins (authorize)"),
        (is_real && has_queue, "which queue is worked on (db)"),
        (options.log_file.is_none() && file.log.file.is_some(), "which file the log is added to ([log] file)"),
    ];
    all.into_iter().filter(|(decides, _)| *decides).map(|(_, what)| what).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::platforms::{Host, spec};

    fn place(path: &str) -> QueuePlace {
        PathBuf::from(path).into()
    }

    fn with_file(text: &str) -> (tempfile::TempDir, Environment) {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config.toml");
        std::fs::write(&config, text).unwrap();
        let environment =
            Environment { home: Some("/home/ada".into()), config: Some(config), ..Environment::default() };
        (folder, environment)
    }

    fn address(settings: &Settings, platform: Platform) -> &str {
        let Host::Fixed(host) = &spec(platform).host else { unreachable!("{platform}") };
        settings.address(host)
    }

    #[test]
    fn option_before_environment_before_file_before_default() {
        let (_folder, mut environment) =
            with_file("db = \"/file.db\"\n[run]\nworkers = 2\n[x]\napi = \"https://file\"\n");
        let mut options = Overrides::default();
        let settings = Settings::resolve(&options, &environment).unwrap();
        assert_eq!((settings.db().unwrap(), settings.run.workers), (&place("/file.db"), 2));
        assert_eq!(
            (address(&settings, Platform::XV2), address(&settings, Platform::Aisa)),
            ("https://file", "https://api.aisa.one")
        );
        environment.db = Some("/environment.db".into());
        environment.addresses.insert("CLEANUP_X_API", "https://environment".into());
        let settings = Settings::resolve(&options, &environment).unwrap();
        assert_eq!(
            (settings.db().unwrap(), address(&settings, Platform::XV2)),
            (&place("/environment.db"), "https://environment")
        );
        options.db = Some("/option.db".into());
        options.workers = Some(3);
        let settings = Settings::resolve(&options, &environment).unwrap();
        assert_eq!((settings.db().unwrap(), settings.run.workers), (&place("/option.db"), 3));
    }

    #[test]
    fn a_queue_on_a_server_keeps_its_files_where_queues_are_and_its_password_to_itself() {
        let home = Environment { home: Some("/home/ada".into()), ..Environment::default() };
        let db = |text: &str| Overrides { db: Some(text.into()), ..Overrides::default() };
        let environment = Environment { db: Some("postgres://ada:hush@db.example/q".into()), ..home };
        let settings = Settings::resolve(&Overrides::default(), &environment).unwrap();
        let place = settings.db().unwrap();
        assert_eq!(place.local_path(), Path::new("/home/ada/.local/share/cleanup/db.example-5432-q"));
        assert!(!format!("{settings:?}").contains("hush"));
        for (address, why) in [
            ("postgres://ada@db.example", "names no database"),
            ("postgres://ada:hush@db.example/q", "arguments"),
            ("postgres://ada@db.example/q?password=hush", "arguments"),
        ] {
            let error = Settings::resolve(&db(address), &environment).unwrap_err();
            let said = format!("{error} {:?}", error.hint());
            assert!(said.contains("--db") && said.contains(why) && !said.contains("hush"), "{said}");
        }
        let moved = Overrides { move_to: Some("postgres://ada:hush@db.example/q".into()), ..Overrides::default() };
        let said = Settings::resolve(&moved, &environment).unwrap_err().to_string();
        assert!(said.contains("db move") && said.contains("arguments") && !said.contains("hush"), "{said}");
        let settings = Settings::resolve(&db("postgres://ada@db.example/q"), &environment).unwrap();
        assert_eq!(settings.named_db.unwrap().to_string(), "postgres://ada@db.example:5432/q");
    }

    #[test]
    fn the_sandbox_ignores_what_names_the_real_queue() {
        let (_folder, mut environment) = with_file("db = \"/file.db\"\n");
        environment.db = Some("/environment.db".into());
        let options = Overrides { sandbox: true, ..Overrides::default() };
        let settings = Settings::resolve(&options, &environment).unwrap();
        assert_eq!(settings.db().unwrap(), &place("/home/ada/.local/share/cleanup/sandbox.db"));
        let options = Overrides { db: Some("/mine.db".into()), ..options };
        assert_eq!(Settings::resolve(&options, &environment).unwrap().db().unwrap(), &place("/mine.db"));
    }

    #[test]
    fn a_named_config_file_must_be_there() {
        let options = Overrides { config: Some("/nowhere/c.toml".into()), ..Overrides::default() };
        assert!(Settings::resolve(&options, &Environment::default()).is_err());
        let settings = Settings::resolve(&Overrides::default(), &Environment::default()).unwrap();
        assert!(matches!(settings.db(), Err(ConfigError::NoHome { .. })));
    }
}
