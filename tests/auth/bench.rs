//! A sandbox, a queue and whatever else a test of accounts needs.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cleanup::auth::{
    App, Document, KeyChoice, Login, OAuthEndpoints, OAuthHttp, TokenMeans, TokenSource, Vault, save_login,
};
use cleanup::clock::{Clock, SimulatedClock};
use cleanup::domain::{AccountId, Moment, Platform, PlatformUser, Secret, Tick, Wall};
use cleanup::platforms::{BaseUrl, Credentials};
use cleanup::sandbox::{Faults, OAuthRules, Options, Sandbox, SandboxApp};
use cleanup::store::{Credential, Expiry, QueueKind, Store};

pub(crate) const START: Moment = Moment { tick: Tick(5_000_000), wall: Wall(1_790_000_000_000) };
pub(crate) const REDIRECT: &str = "http://127.0.0.1:8080/callback";

pub(crate) struct Bench {
    pub(crate) clock: Arc<SimulatedClock>,
    pub(crate) sandbox: Sandbox,
    pub(crate) folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) async fn new(lifetime: Duration) -> Bench {
        let clock = SimulatedClock::shared(START);
        let app = |id: &str, secret: Option<&str>| SandboxApp {
            client_id: id.into(),
            secret: secret.map(Into::into),
            redirects: vec![REDIRECT.into()],
        };
        let oauth = OAuthRules {
            apps: vec![app("public-app", None), app("secret-app", Some("app-canary s3cret/+"))],
            token_lifetime: lifetime,
            ..OAuthRules::default()
        };
        let options = Options { oauth, faults: Faults::NONE, enforce: false, ..Options::default() };
        let sandbox = Sandbox::start(options, clock.clone()).await.unwrap();
        Bench { clock, sandbox, folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn queue(&self) -> PathBuf {
        self.folder.path().join("queue.db")
    }

    pub(crate) fn keys(&self) -> KeyChoice {
        KeyChoice::beside(&self.queue(), None)
    }

    pub(crate) fn base(&self) -> BaseUrl {
        self.sandbox.base_url().parse().unwrap()
    }

    pub(crate) fn places(&self) -> OAuthEndpoints {
        OAuthEndpoints::x(&self.base(), &format!("{}/i/oauth2/authorize", self.sandbox.base_url())).unwrap()
    }

    pub(crate) fn wire(&self) -> OAuthHttp {
        OAuthHttp::new(&[&self.base()]).unwrap()
    }

    pub(crate) async fn store(&self) -> Store {
        Store::open(&self.queue(), QueueKind::Sandbox).await.unwrap()
    }

    pub(crate) async fn source(&self) -> TokenSource {
        self.source_with(Some(public_app())).await
    }

    pub(crate) async fn source_with(&self, app: Option<App>) -> TokenSource {
        let mut store = self.store().await;
        let vault = Vault::of(&mut store, &self.keys()).await.unwrap();
        let (wire, places, clock) = (self.wire(), self.places(), self.clock.clone());
        TokenSource::new(TokenMeans { store, vault: Some(vault), wire, places, app, oauth1: None, clock })
    }

    /// A source whose server is not there: below the ports that the system gives out, so that no other test's server can be at its place.
    pub(crate) async fn source_without_a_server(&self) -> TokenSource {
        let base: BaseUrl = "http://127.0.0.1:1".parse().unwrap();
        let mut store = self.store().await;
        let vault = Vault::of(&mut store, &self.keys()).await.unwrap();
        let wire = OAuthHttp::new(&[&base]).unwrap();
        let places = OAuthEndpoints::x(&base, "http://127.0.0.1:1/i/oauth2/authorize").unwrap();
        let (app, clock) = (Some(public_app()), self.clock.clone());
        TokenSource::new(TokenMeans { store, vault: Some(vault), wire, places, app, oauth1: None, clock })
    }

    /// Saves an account with tokens that the server has really given out.
    pub(crate) async fn log_in(&self, name: &str, user: &str, app: &App) -> AccountId {
        let pair = crate::auth::login::grant(self, app, user).await;
        let login = Login::of_pair(
            name.parse().unwrap(),
            PlatformUser::at_one_address(Platform::Sandbox, user.parse().unwrap()),
            pair,
            self.clock.now().wall,
            app,
        );
        self.save_login(login).await
    }

    /// Saves an account with tokens that nobody has given out.
    pub(crate) async fn log_in_with(&self, name: &str, access: &str, refresh: Option<&str>) -> AccountId {
        let login = Login {
            name: name.parse().unwrap(),
            user: PlatformUser::at_one_address(Platform::Sandbox, "77".parse().unwrap()),
            document: Document::OAuth2 { access: Secret::new(access), refresh: refresh.map(Secret::new) },
            scopes: None,
            expiry: Some(Expiry { at: self.clock.now().wall.after(Duration::from_secs(7200)), lifetime_ms: 7_200_000 }),
            app: Some(("public-app".into(), false)),
        };
        self.save_login(login).await
    }

    pub(crate) async fn save_login(&self, login: Login) -> AccountId {
        let mut store = self.store().await;
        let vault = Vault::of(&mut store, &self.keys()).await.unwrap();
        save_login(&mut store, &vault, &[login], self.clock.now().wall).await.unwrap()[0]
    }

    pub(crate) async fn record(&self, account: AccountId) -> Credential {
        self.store().await.accounts().credential(account).await.unwrap().unwrap()
    }

    /// Whom the platform takes these credentials for.
    pub(crate) async fn whose(&self, credentials: &Credentials) -> Option<String> {
        let client =
            cleanup::platforms::Client::new(&[&self.base()], cleanup::platforms::ClientSettings::default()).unwrap();
        let deadline = self.clock.now().tick.after(Duration::from_secs(30));
        client
            .me(
                cleanup::platforms::spec(cleanup::domain::Platform::XV2).who_am_i.as_ref().unwrap(),
                &self.base(),
                credentials,
                deadline,
                &*self.clock,
            )
            .await
            .ok()
            .map(|user| user.user.to_string())
    }
}

pub(crate) fn public_app() -> App {
    App::configured("public-app", None)
}

pub(crate) fn secret_app() -> App {
    App::configured("secret-app", Some(Secret::new("app-canary s3cret/+")))
}
