//! A sandbox, a client, and credentials for one user at each platform.

use std::sync::Arc;

use cleanup::clock::SimulatedClock;
use cleanup::domain::{Action, Moment, Platform, Secret, Target, TargetId, TargetKind, Tick, Wall};
use cleanup::platforms::{BaseUrl, Client, ClientSettings, Credentials, Endpoint, Reply, Request, find, table};
use cleanup::sandbox::{Effect, Fate, Faults, KnownUser, Options, Sandbox, SimulatedApi, SpecialTarget};

pub(crate) const USER: &str = "2244994945";
/// 2026-11-22T14:38:31.500Z.
pub(crate) const NOW: Moment = Moment { tick: Tick(5_000), wall: Wall(1_795_358_311_500) };
/// So many targets see every wording of an answer.
pub(crate) const TARGETS: std::ops::Range<u64> = 1_212_161_512_043_446_000..1_212_161_512_043_446_024;

/// A platform, and how one proves who one is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) platform: Platform,
    pub(crate) oauth1: bool,
}

pub(crate) const WAYS: [Way; 4] = [
    Way { platform: Platform::XV2, oauth1: false },
    Way { platform: Platform::XV2, oauth1: true },
    Way { platform: Platform::XV1, oauth1: true },
    Way { platform: Platform::Aisa, oauth1: false },
];

/// A user at a Mastodon server.
pub(crate) const MASTODON: Way = Way { platform: Platform::MastodonSandbox, oauth1: false };

impl Way {
    /// The rows that take such credentials.
    pub(crate) fn rows(self) -> impl Iterator<Item = &'static Endpoint> {
        let credentials = self.credentials();
        table(self.platform).iter().filter(move |row| row.auth.takes(&credentials))
    }

    pub(crate) fn credentials(self) -> Credentials {
        let user = id(USER);
        let bearer = |text: String| Credentials::bearer(Secret::new(text)).unwrap();
        match self {
            Way { oauth1: true, .. } => oauth1(user, |_| {}),
            Way { platform: Platform::Aisa, .. } => bearer(Sandbox::aisa_key(user)),
            Way { .. } => bearer(Sandbox::token(user)),
        }
    }

    pub(crate) fn who(self) -> KnownUser {
        let dialect = match self.platform {
            Platform::XV1 => SimulatedApi::V1,
            Platform::Aisa => SimulatedApi::Aisa,
            Platform::XV2 | Platform::Sandbox => SimulatedApi::V2,
            Platform::Mastodon | Platform::MastodonSandbox => SimulatedApi::Mastodon,
            Platform::Bluesky | Platform::BlueskySandbox => SimulatedApi::Bluesky,
        };
        KnownUser { dialect, user: id(USER) }
    }
}

/// The sandbox's OAuth 1.0a keys for a user, consumer key and secret first, with a change.
pub(crate) fn oauth1(user: TargetId, change: impl FnOnce(&mut [String; 4])) -> Credentials {
    let keys = Sandbox::oauth1_keys(user);
    let mut texts = [keys.consumer_key, keys.consumer_secret, keys.access_token, keys.access_secret];
    change(&mut texts);
    let [a, b, c, d] = texts.map(Secret::new);
    Credentials::oauth1(a, b, c, d).unwrap()
}

pub(crate) fn id(text: &str) -> TargetId {
    text.parse().unwrap()
}

/// All of [`TARGETS`], users, posts and lists alike, with this fate.
pub(crate) fn all(fate: Fate) -> Vec<SpecialTarget> {
    let of = |kind| TARGETS.map(move |target| SpecialTarget { kind, id: id(&target.to_string()), fate });
    of(TargetKind::User).chain(of(TargetKind::Post)).chain(of(TargetKind::List)).collect()
}

pub(crate) struct Bench {
    pub(crate) sandbox: Sandbox,
    pub(crate) base: BaseUrl,
    pub(crate) client: Client,
    /// The client's clock; the sandbox has one of its own.
    pub(crate) clock: Arc<SimulatedClock>,
}

impl Bench {
    pub(crate) async fn new(faults: &str) -> Bench {
        Bench::with(Options { faults: faults.parse().unwrap(), enforce: false, ..Options::default() }).await
    }

    pub(crate) async fn fated(fate: Fate) -> Bench {
        Bench::with(Options { faults: Faults::NONE, enforce: false, special: all(fate), ..Options::default() }).await
    }

    pub(crate) async fn with(options: Options) -> Bench {
        let sandbox = Sandbox::start(options, SimulatedClock::shared(NOW)).await.unwrap();
        let base: BaseUrl = sandbox.base_url().parse().unwrap();
        let client = Client::new(&[&base], ClientSettings::default()).unwrap();
        Bench { sandbox, base, client, clock: SimulatedClock::shared(NOW) }
    }

    pub(crate) async fn ask(&self, way: Way, action: Action, target: &str) -> Reply {
        self.ask_with(&way.credentials(), way.platform, action, target).await
    }

    pub(crate) async fn ask_with(
        &self,
        credentials: &Credentials,
        platform: Platform,
        action: Action,
        target: &str,
    ) -> Reply {
        let (user, target): (_, Target) = (USER.parse().unwrap(), target.parse().unwrap());
        let request = Request {
            endpoint: find(platform, action).unwrap(),
            base: &self.base,
            credentials,
            user: &user,
            target: &target,
            record: None,
            send_by: Tick(i64::MAX),
            deadline: Tick(i64::MAX),
            clock: &*self.clock,
        };
        self.client.perform(request).await
    }

    /// What the ledger knows of an action on a target.
    pub(crate) fn effect(&self, way: Way, action: Action, target: &str) -> Option<Effect> {
        let effects = self.sandbox.effects(way.who());
        effects.into_iter().find(|effect| effect.action == action && effect.target == id(target))
    }
}
