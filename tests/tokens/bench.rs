//! A queue with logins in it, a sandbox with its authorization server, and the way between them that the program takes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cleanup::app::{self, DrainDeps, DrainOptions, Ended, FileOptions, Identities, LoadOptions};
use cleanup::auth::{App, Attempt, Document, Login, aisa_key, aisa_user, save_login, scopes_for};
use cleanup::clock::{SharedClock, SystemClock};
use cleanup::config::{Environment, Overrides, Settings};
use cleanup::domain::{AccountId, Action, Applies, Platform, PlatformUser, Scope, Secret, TargetId, Wall, WindowSpec};
use cleanup::engine::{EngineSettings, Event, JobTerms, Listener, shutdown};
use cleanup::limits::Pace;
use cleanup::platforms::{BaseUrl, Client};
use cleanup::sandbox::{Faults, OAuthRules, Options, Sandbox, SandboxApp};
use cleanup::store::{DrainLock, QueueKind, RowOutcome, Store, StoreError};
use tokio::sync::mpsc;

use crate::common::http::client;
pub(crate) use crate::common::{id as target, wait as run};

pub(crate) const REDIRECT: &str = "http://127.0.0.1:8080/callback";
pub(crate) const APP: &str = "test-app";

pub(crate) struct Bench {
    pub(crate) folder: tempfile::TempDir,
    /// Where the sandbox is.
    pub(crate) at: String,
    pub(crate) settings: Settings,
    pub(crate) options: DrainOptions,
}

/// Passes on what it hears.
struct Ear(mpsc::UnboundedSender<Event>);

impl Listener for Ear {
    fn hear(&mut self, event: &Event) {
        let _ = self.0.send(event.clone());
    }
}

/// A sandbox that gives out tokens of so many seconds.
pub(crate) async fn sandbox(seconds: u64, rate: &str) -> Sandbox {
    let app = SandboxApp { client_id: APP.into(), secret: None, redirects: vec![REDIRECT.into()] };
    let lifetime = Duration::from_secs(seconds);
    let oauth = OAuthRules { apps: vec![app], token_lifetime: lifetime, ..OAuthRules::default() };
    let rate = rate.parse().unwrap();
    let v1_unfollow = Some("15/1s".parse().unwrap());
    let options = Options { oauth, faults: Faults::NONE, rate, unlike_day: None, v1_unfollow, ..Options::default() };
    Sandbox::start(options, SystemClock::shared()).await.unwrap()
}

/// A sandbox in a thread of its own: the test waits for processes.
pub(crate) fn start_sandbox() -> Sandbox {
    let (give, take) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        run(async move {
            give.send(sandbox(7200, "500/1s").await).unwrap();
            std::future::pending::<()>().await;
        });
    });
    take.recv().unwrap()
}

impl Bench {
    /// A queue whose platforms are at `at`; `api` is how it gets there.
    pub(crate) fn new(at: &str, api: &str) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let keys = Sandbox::oauth1_keys(id(1));
        let variables = [
            ("CLEANUP_X_API", api.to_owned()),
            ("CLEANUP_AISA_API", api.to_owned()),
            ("CLEANUP_X_AUTHORIZE", format!("{at}/i/oauth2/authorize")),
            ("CLEANUP_X_CLIENT_ID", APP.to_owned()),
            ("CLEANUP_X_CONSUMER_KEY", keys.consumer_key),
            ("CLEANUP_X_CONSUMER_SECRET", keys.consumer_secret),
            ("HOME", folder.path().display().to_string()),
        ];
        let find = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| value.into());
        let environment = Environment::read(find).unwrap();
        let settings = Settings::resolve(&Overrides::default(), &environment).unwrap();
        std::fs::create_dir_all(settings.db().unwrap().local_path().parent().unwrap()).unwrap();
        Bench { folder, at: at.to_owned(), settings, options: options("200/1s") }
    }

    pub(crate) fn queue(&self) -> PathBuf {
        self.settings.db().unwrap().local_path().to_owned()
    }

    pub(crate) async fn store(&self) -> Store {
        Store::open(&self.queue(), QueueKind::Real).await.unwrap()
    }

    fn who(&self) -> Identities {
        Identities::of(&self.settings, None, None).unwrap()
    }

    /// A whole login; the pair looks so much older than it is.
    pub(crate) async fn pair(&self, name: &str, user: u64, age: Duration) -> Login {
        let base: BaseUrl = self.at.parse().unwrap();
        let app = App::configured(APP, None);
        let scopes = scopes_for(Platform::XV2, &Action::UNDOING, &[]);
        let places = app::places(&self.settings, Platform::XV2, &base).unwrap();
        let attempt = Attempt::begin(app.clone(), places, REDIRECT.parse().unwrap(), &scopes);
        let (page, query) = attempt.url().split_once('?').unwrap();
        let body = format!("{query}&decision=allow&user={user}");
        let answer = client().post(page).body(body).send().await.unwrap();
        let code = attempt.check().code_from_paste(answer.headers()["location"].to_str().unwrap()).unwrap();
        let pair = attempt.exchange(&cleanup::auth::OAuthHttp::new(&[&base]).unwrap(), code).await.unwrap();
        let asked_at = Wall(now().0 - i64::try_from(age.as_millis()).unwrap());
        let (name, user) = (name.parse().unwrap(), user.to_string().parse().unwrap());
        Login::of_pair(name, PlatformUser::at_one_address(Platform::XV2, user), pair, asked_at, &app)
    }

    pub(crate) async fn save_login(&self, login: Login) -> AccountId {
        let mut store = self.store().await;
        let vault = app::open_vault(&self.settings, &mut store).await.unwrap();
        let ids = save_login(&mut store, &vault, &[login], now()).await.unwrap();
        store.close().await;
        ids[0]
    }

    pub(crate) async fn log_in(&self, name: &str, user: u64) -> AccountId {
        self.save_login(self.pair(name, user, Duration::ZERO).await).await
    }

    /// A login whose access token has ended: it is refreshed before anything is sent.
    pub(crate) async fn log_in_long_ago(&self, name: &str, user: u64) -> AccountId {
        self.save_login(self.pair(name, user, Duration::from_secs(86_400)).await).await
    }

    pub(crate) async fn log_in_oauth1(&self, name: &str, platform: Platform, user: u64) -> AccountId {
        let keys = Sandbox::oauth1_keys(id(user));
        let (token, token_secret) = (Secret::new(keys.access_token), Secret::new(keys.access_secret));
        self.save_login(plain(name, platform, &user.to_string(), Document::OAuth1 { token, token_secret })).await
    }

    pub(crate) async fn log_in_aisa(&self, name: &str, user: u64) -> AccountId {
        let key = aisa_key(&Sandbox::aisa_key(id(user))).unwrap();
        let user = aisa_user(&key).unwrap();
        self.save_login(plain(name, Platform::Aisa, user.as_str(), Document::Aisa { key })).await
    }

    /// Loads `job.csv`: action, account, target.
    pub(crate) async fn load(&self, rows: &[(&str, &str, u64)]) {
        let lines: Vec<String> = rows.iter().map(|(action, account, id)| format!("{action},{account},{id}")).collect();
        let path = self.folder.path().join("job.csv");
        std::fs::write(&path, format!("action,account,id\n{}\n", lines.join("\n"))).unwrap();
        let mut store = self.store().await;
        let file = app::prepare(&[path], &FileOptions::default()).unwrap().remove(0);
        let accounts = self.who().register_accounts(&mut store, None, &file.named_accounts()).await.unwrap();
        let options = LoadOptions::default();
        let standing = app::plan_load(&mut store, &file, &accounts, &options).await.unwrap();
        app::load(&mut store, &file, &standing, &accounts, &options, now()).await.unwrap();
        store.close().await;
    }

    /// Drains; `heard` gets what happens while it does.
    pub(crate) async fn drain_heard(&self, heard: mpsc::UnboundedSender<Event>) -> Ended {
        let (store, clock): (Store, SharedClock) = (self.store().await, SystemClock::shared());
        let lock = DrainLock::take(&self.queue()).await.unwrap();
        let bases = app::Bases::of(&self.settings).unwrap();
        let client = Arc::new(Client::new(&bases.addresses(), cleanup::platforms::ClientSettings::default()).unwrap());
        let (who, accounts) = (self.who(), self.store().await.accounts().all().await.unwrap());
        let tokens = app::open_tokens(&self.settings, &who, &accounts, clock.clone()).await.unwrap();
        let (_sender, shutdown) = shutdown();
        let footing =
            DrainDeps { store, lock, client, tokens, clock, shutdown, listener: Box::new(Ear(heard)), watch: None };
        app::drain(footing, &who, self.options.clone()).await.unwrap()
    }

    pub(crate) async fn drain(&self) -> Ended {
        self.drain_heard(mpsc::unbounded_channel().0).await
    }

    pub(crate) async fn receipts(&self) -> Vec<RowOutcome> {
        let mut store = self.store().await;
        let job = store.queue().job("job").await.unwrap().unwrap();
        let mut rows = Vec::new();
        let push = |row| -> Result<(), StoreError> {
            rows.push(row);
            Ok(())
        };
        assert!(store.read().report(&job, job.round_number, push).await.unwrap());
        rows
    }
}

fn plain(name: &str, platform: Platform, user: &str, document: Document) -> Login {
    let user = PlatformUser::at_one_address(platform, user.parse().unwrap());
    let name = name.parse().unwrap();
    Login { name, user, document, scopes: None, expiry: None, app: None }
}

pub(crate) fn options(rate: &str) -> DrainOptions {
    let window = |rate: &str| WindowSpec { scope: Scope::Account, rate: rate.parse().unwrap(), applies: Applies::All };
    let of = |platform| (platform, [window(if platform == Platform::XV1 { "15/1s" } else { rate })].into());
    let run = EngineSettings {
        jobs: None,
        workers: 16,
        pace: Pace::FrontLoad,
        request_deadline: Duration::from_secs(5),
        give_up_after: Duration::from_secs(60),
        terms: JobTerms::default(),
        groups: Vec::new(),
        accept_unnamed: false,
        prices: Default::default(),
    };
    DrainOptions { run, windows: Platform::ALL.into_iter().map(of).collect(), keep: None }
}

pub(crate) async fn trouble(at: &str, who: &str, what: &str) {
    let answer = client().post(format!("{at}/sandbox/user/{who}/{what}")).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
}

pub(crate) fn id(n: u64) -> TargetId {
    n.to_string().parse().unwrap()
}

pub(crate) fn now() -> Wall {
    SystemClock::shared().now().wall
}
