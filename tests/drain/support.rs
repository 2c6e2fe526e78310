//! A queue in a folder of its own, a sandbox in the process, and the way between them, without a command line.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cleanup::app::{
    self, Accounts, DrainDeps, DrainOptions, Ended, FileOptions, Identities, LoadOptions, Loaded, RowRules,
    SandboxAccounts,
};
use cleanup::auth::{OAuthEndpoints, OAuthHttp, TokenMeans, TokenSource};
use cleanup::clock::{SharedClock, SystemClock};
use cleanup::domain::{Action, Applies, MicroUsd, Platform, Rate, Scope, Secret, TargetId, TaskId, Wall, WindowSpec};
use cleanup::engine::{EngineSettings, Event, JobTerms, Listener, Shutdown, ShutdownSender, shutdown};
use cleanup::limits::Pace;
use cleanup::lists::filter::{Filter, Take};
use cleanup::lists::read_keep_list;
use cleanup::platforms::{Client, ClientSettings, Credentials};
use cleanup::sandbox::{KnownUser, Ledger, OAuth1Keys, Options, Sandbox, SpecialTarget};
use cleanup::store::{
    Account, DrainLock, QueueKind, QueuePlace, QueueWatch, ReloadSizes, RowOutcome, Store, StoreError,
};

use crate::common::database::TestPlace;
use crate::common::sql;
pub use crate::common::{id, ids, wait as run};

pub struct Bench {
    pub folder: tempfile::TempDir,
    place: TestPlace,
    pub sandbox: Sandbox,
    pub shutdown: (ShutdownSender, Shutdown),
    pub options: DrainOptions,
    pub load: LoadOptions,
    pub account: Option<String>,
    pub reload_sizes: Option<ReloadSizes>,
    pub clock: SharedClock,
}

/// Counts what it hears.
struct Quiet;

impl Listener for Quiet {
    fn hear(&mut self, _: &Event) {}
}

pub fn drain_options(rate: &str) -> DrainOptions {
    let window = WindowSpec { scope: Scope::Account, rate: rate.parse().unwrap(), applies: Applies::All };
    let run = EngineSettings {
        jobs: None,
        workers: 32,
        pace: Pace::FrontLoad,
        request_deadline: Duration::from_secs(5),
        give_up_after: Duration::from_secs(20),
        terms: JobTerms::default(),
        groups: Vec::new(),
        accept_unnamed: false,
        prices: Action::UNDOING.into_iter().map(|action| ((Platform::Sandbox, action), MicroUsd(10_000))).collect(),
    };
    DrainOptions { run, windows: [(Platform::Sandbox, [window].into())].into(), keep: None }
}

impl Bench {
    /// A sandbox that enforces `rate`, faulty as `faults` says, and a run that keeps to the same rate.
    pub async fn new(rate: &str, faults: &str) -> Bench {
        Bench::with_fates(rate, faults, Vec::new()).await
    }

    /// The same, and the fate of some targets is laid down.
    pub async fn with_fates(rate: &str, faults: &str, special: Vec<SpecialTarget>) -> Bench {
        let enforced: Rate = rate.parse().unwrap();
        let options = Options {
            rate: enforced,
            unlike_day: None,
            faults: faults.parse().unwrap(),
            seed: 7,
            special,
            ..Options::default()
        };
        let sandbox = Sandbox::start(options, SystemClock::shared()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        Bench {
            place: TestPlace::within(folder.path()),
            folder,
            sandbox,
            shutdown: shutdown(),
            options: drain_options(rate),
            load: LoadOptions::default(),
            account: None,
            reload_sizes: None,
            clock: SystemClock::shared(),
        }
    }

    /// In another folder, without a queue.
    pub fn begin_anew(&mut self) {
        self.folder = tempfile::tempdir().unwrap();
        self.place = TestPlace::within(self.folder.path());
    }

    /// With its queue on a server, whatever is asked for.
    pub fn on_server(mut self) -> Bench {
        self.place = TestPlace::on_server(self.folder.path());
        self
    }

    /// Where the queue is.
    pub fn place(&self) -> &QueuePlace {
        self.place.place()
    }

    /// The queue's file, for tests of files.
    pub fn queue(&self) -> PathBuf {
        self.place().file().expect("a queue on a server has no file").to_path_buf()
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn keep(&mut self, text: &str) {
        let path = self.write("keep.txt", text);
        let filter = Filter { keep: Some(read_keep_list(&path).unwrap()), ..Filter::default() };
        self.load.rules = RowRules::new(filter, Take::default(), None);
    }

    pub async fn store(&self) -> Store {
        let mut store = Store::open(self.place(), QueueKind::Sandbox).await.unwrap();
        self.reload_sizes.into_iter().for_each(|sizes| store.set_reload_sizes(sizes));
        store
    }

    fn who(&self) -> Identities {
        let base = Some(Arc::new(self.sandbox.base_url().parse().unwrap()));
        Identities::Sandbox(SandboxAccounts { base, platform: Platform::default() })
    }

    /// Makes the account known.
    pub async fn register_accounts(&self, store: &mut Store) -> Accounts {
        let account = self.account.as_ref().map(|name| name.parse().unwrap());
        self.who().register_accounts(store, account.as_ref(), &[]).await.unwrap()
    }

    /// Tasks that failed in some other way.
    pub async fn fail(&self, tasks: &[TaskId]) {
        let ids: Vec<String> = tasks.iter().map(|id| id.0.to_string()).collect();
        let task = format!(
            "update task set state = 6, reason = 'not_authorized', finished_at = 1 where id in ({})",
            ids.join(", ")
        );
        let count = tasks.len();
        sql::change_at(self.place(), &task).await;
        let round = format!("update round set pending = pending - {count}, failed = failed + {count}");
        sql::change_at(self.place(), &round).await;
    }

    pub async fn try_load(&self, file: &Path) -> Result<Loaded, cleanup::error::CommandError> {
        let mut store = self.store().await;
        let file = app::prepare(&[file.to_path_buf()], &FileOptions::default())?.remove(0);
        let account = self.account.as_ref().map(|name| name.parse().unwrap());
        let accounts = self.who().register_accounts(&mut store, account.as_ref(), &file.named_accounts()).await?;
        let standing = app::plan_load(&mut store, &file, &accounts, &self.load).await?;
        let loaded = app::load(&mut store, &file, &standing, &accounts, &self.load, now()).await;
        store.close().await;
        loaded
    }

    pub async fn load(&self, file: &Path) -> Loaded {
        self.try_load(file).await.unwrap()
    }

    /// A keep list that is looked at again while rows are sent.
    pub fn keep_watched(&mut self, text: &str) -> PathBuf {
        let path = self.write("keep.txt", text);
        let filter = Filter { keep: Some(read_keep_list(&path).unwrap()), ..Filter::default() };
        self.load.rules = RowRules::new(filter, Take::default(), Some(path.clone()));
        path
    }

    pub async fn drain(&self) -> Ended {
        self.try_drain(Box::new(Quiet)).await.unwrap()
    }

    pub async fn try_drain(&self, listener: Box<dyn Listener>) -> Result<Ended, cleanup::error::CommandError> {
        let lock = DrainLock::take(self.place()).await.unwrap();
        let base = self.sandbox.base_url().parse().unwrap();
        let client =
            Arc::new(Client::new(&[&base], ClientSettings { connections: 32, ..ClientSettings::default() }).unwrap());
        let (store, clock) = (self.store().await, self.clock.clone());
        let watch = QueueWatch::of(store.place()).await;
        let options = self.options.clone();
        let shutdown = self.shutdown.1.clone();
        let accounts = self.store().await.accounts().all().await.unwrap();
        let tokens = self.tokens(&accounts, clock.clone()).await;
        let footing = DrainDeps { store, lock, client, tokens, clock, shutdown, listener, watch };
        app::drain(footing, &self.who(), options).await
    }

    async fn tokens(&self, accounts: &[Account], clock: SharedClock) -> Arc<TokenSource> {
        let base = self.sandbox.base_url().parse().unwrap();
        let places = OAuthEndpoints::x(&base, OAuthEndpoints::X_AUTHORIZE).unwrap();
        let (store, wire) = (self.store().await, OAuthHttp::new(&[&base]).unwrap());
        let means = TokenMeans { store, vault: None, wire, places, app: None, oauth1: None, clock };
        let tokens = TokenSource::new(means);
        self.who().set_static(&tokens, accounts).await.unwrap();
        for account in accounts {
            if let Some(credentials) = other_credentials(account) {
                tokens.set_static(account.id, Arc::new(credentials)).await.unwrap();
            }
        }
        Arc::new(tokens)
    }

    pub fn ledger(&self) -> Ledger {
        self.sandbox.ledger()
    }

    /// The only user of a one-account bench.
    pub fn user(&self) -> TargetId {
        self.user_of(self.account.as_deref().unwrap_or(Platform::Sandbox.name()))
    }

    /// An account's user.
    pub fn user_of(&self, name: &str) -> TargetId {
        SandboxAccounts::user_of(&name.parse().unwrap()).unwrap().as_str().parse().unwrap()
    }

    pub async fn receipts(&self, job: &str) -> Vec<RowOutcome> {
        let mut store = self.store().await;
        let job = store.queue().job(job).await.unwrap().unwrap();
        let round = job.round_number;
        let mut rows = Vec::new();
        let push = |row| -> Result<(), StoreError> {
            rows.push(row);
            Ok(())
        };
        assert!(store.read().report(&job, round, push).await.unwrap());
        rows
    }
}

/// What the sandbox takes where it takes no bearer token of its own kind.
fn other_credentials(account: &Account) -> Option<Credentials> {
    let user = || KnownUser::of_account(account.platform, account.user_id.as_str()).unwrap().user;
    match account.platform {
        Platform::XV1 => {
            let OAuth1Keys { consumer_key, consumer_secret, access_token, access_secret } =
                Sandbox::oauth1_keys(user());
            let [key, secret, token, token_secret] =
                [consumer_key, consumer_secret, access_token, access_secret].map(Secret::new);
            Some(Credentials::oauth1(key, secret, token, token_secret).unwrap())
        }
        Platform::Aisa => Some(Credentials::bearer(Secret::new(Sandbox::aisa_key(user()))).unwrap()),
        _ => None,
    }
}

pub fn now() -> Wall {
    SystemClock::shared().now().wall
}
