//! The server: a listener on loopback, and what a test or a person tells it.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::authn;
use super::bluesky::{self, BoundAuthServer, BoundLedger, NonceRule, Sessions};
use super::connections::serve;
use super::host_oauth::{HostAuthServer, HostOAuthLedger};
use super::ledger::{Effect, Ledger};
use super::lists::Shelf;
use super::mastodon_ids;
use super::oauth::AuthServer;
use super::oauth_rules::{OAuthLedger, TokenFault};
use super::options::Options;
use super::platform_state::Platform;
use super::routes;
use super::rules::Rules;
use super::signature::OAuth1Keys;
use super::trouble::Trouble;
use super::who::{KnownUser, SimulatedApi};
use super::world::World;
use crate::clock::SharedClock;
use crate::domain::{Action, Rate, Target, TargetId};

/// Why a sandbox does not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// It would be open to others.
    #[error("the sandbox serves this machine alone, and {0} is no loopback address; use 127.0.0.1:PORT or [::1]:PORT")]
    NotLoopback(SocketAddr),
    /// The address cannot be had.
    #[error("the sandbox cannot listen on {address}; another port may be free (port 0 takes any)")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

/// A running pretend platform. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    platform: Platform,
    stop: watch::Sender<()>,
    server: JoinHandle<()>,
}

impl Sandbox {
    /// Listens, and serves on the current runtime (of either flavour, with I/O and time enabled).
    ///
    /// # Errors
    /// The address is not loopback, or cannot be had.
    pub async fn start(options: Options, clock: SharedClock) -> Result<Sandbox, SandboxError> {
        let address = options.listen;
        if !address.ip().is_loopback() {
            return Err(SandboxError::NotLoopback(address));
        }
        let failed = |source| SandboxError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let world = World::new(Rules {
            rate: options.rate,
            unlike_day: options.unlike_day,
            v1_unfollow: options.v1_unfollow,
            endpoint_rate: options.endpoint_rate,
            enforce: options.enforce,
            faults: options.faults,
            seed: options.seed,
            special: options.special,
            lists: options.lists,
            read_rate: options.read_rate,
            limit_headers: options.limit_headers,
        });
        let lifetime = options.oauth.token_lifetime;
        let sessions = Sessions::new(options.seed, lifetime, options.enforce);
        let oauth = AuthServer::new(options.oauth, options.seed);
        let host_oauth = HostAuthServer::new(options.host_version, options.seed);
        let bound = BoundAuthServer::new(options.seed, lifetime);
        let platform =
            Platform::new(world, (oauth, host_oauth, sessions, bound), clock, options.latency, options.field_names);
        let (stop, stopped) = watch::channel(());
        let server = tokio::spawn(serve(listener, routes::router(platform.clone()), stopped));
        Ok(Sandbox { address, platform, stop, server })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What stands in place of `https://api.x.com`, of `https://api.aisa.one`, of a Mastodon and of a Bluesky server, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The bearer token that makes its holder this user, 1 to 19 digits.
    pub fn token(user: TargetId) -> String {
        authn::token(user)
    }

    /// The OAuth 1.0a keys that make their holder this user, at v1.1 and at v2.
    pub fn oauth1_keys(user: TargetId) -> OAuth1Keys {
        OAuth1Keys::of(user)
    }

    /// The AIsa key that makes its holder this user.
    pub fn aisa_key(user: TargetId) -> String {
        authn::aisa_key(user)
    }

    /// A user or post as the Mastodon API's kind of ID that is no number.
    pub fn mastodon_id(target: TargetId) -> String {
        mastodon_ids::ulid(target)
    }

    /// Under which number effects on a target of the Mastodon API are counted.
    pub fn mastodon_number(target: &str) -> TargetId {
        mastodon_ids::number_of(target)
    }

    /// What is in a collection of a repository where it is a Bluesky server, newest first, as `listRecords` tells it.
    pub fn records(&self, owner: TargetId, collection: &str) -> Vec<serde_json::Value> {
        self.platform.world().records(owner, collection)
    }

    /// The app password of everybody where it is a Bluesky server.
    pub fn app_password() -> &'static str {
        bluesky::APP_PASSWORD
    }

    /// The DID of a user where it is a Bluesky server.
    pub fn bluesky_did(user: TargetId) -> String {
        bluesky::did(user)
    }

    /// Under which number effects on a target are counted for a user; none: the target is none there.
    pub fn number_of(who: KnownUser, target: &Target) -> Option<TargetId> {
        match who.dialect {
            SimulatedApi::V2 | SimulatedApi::V1 | SimulatedApi::Aisa => target.id(),
            SimulatedApi::Mastodon => Some(Sandbox::mastodon_number(&target.to_string())),
            SimulatedApi::Bluesky => Some(Sandbox::bluesky_number(&target.to_string())),
        }
    }

    /// Under which number a DID or a post's URI is counted.
    pub fn bluesky_number(target: &str) -> TargetId {
        if target.starts_with("at://") { bluesky::number_of_uri(target) } else { bluesky::number_of_did(target) }
    }

    /// What has been counted so far.
    pub fn ledger(&self) -> Ledger {
        self.platform.world().ledger()
    }

    /// Puts a user or post on a list of somebody's, or back on it. False where the sandbox is full.
    pub fn relist(&self, user: impl Into<KnownUser>, shelf: Shelf, target: TargetId) -> bool {
        self.platform.at_once(|world, now| world.relist(now, user, shelf, target))
    }

    /// Puts an account into trouble, or out of it. False where the sandbox is full.
    pub fn trouble(&self, user: impl Into<KnownUser>, trouble: Option<Trouble>) -> bool {
        self.platform.world().trouble(user, trouble)
    }

    /// Somebody else uses up so many places of an action's windows. False where the sandbox is full.
    pub fn spend(&self, user: impl Into<KnownUser>, action: Action, places: u32) -> bool {
        self.platform.at_once(|world, now| world.spend(now, user, action.name(), places))
    }

    /// From now on every endpoint lets so many requests of each user in.
    pub fn narrow(&self, rate: Rate) {
        self.platform.world().narrow(rate);
    }

    /// Lets it be so that this was undone long ago, without a request: how a sandbox begins where an earlier one ended.
    pub fn undo(&self, user: impl Into<KnownUser>, action: Action, target: TargetId) -> bool {
        self.platform.world().undo(user, action, target)
    }

    /// What befalls the next requests for tokens, one each.
    pub fn fault_tokens(&self, faults: impl IntoIterator<Item = TokenFault>) {
        self.platform.oauth().faults.extend(faults);
    }

    /// What has been asked of the authorization server.
    pub fn oauth_ledger(&self) -> OAuthLedger {
        self.platform.oauth().ledger()
    }

    /// What has been asked of the authorization server of a Mastodon server.
    pub fn host_oauth_ledger(&self) -> HostOAuthLedger {
        self.platform.host_oauth().ledger()
    }

    /// From now on a Bluesky server takes its nonces like this.
    pub fn set_nonces(&self, rule: NonceRule) {
        self.platform.bound().set_nonces(rule);
    }

    /// What has been asked of the authorization server of a Bluesky server.
    pub fn bound_ledger(&self) -> BoundLedger {
        self.platform.bound().ledger()
    }

    /// What has been asked for and done for one user, by action and target.
    pub fn effects(&self, user: impl Into<KnownUser>) -> Vec<Effect> {
        self.platform.world().effects(user, None, usize::MAX)
    }

    /// Stops listening, lets requests that are being answered end (for at most five seconds), closes every connection.
    pub async fn shut_down(self) {
        drop(self.stop);
        // An error here is a panic of the server's task, which the runtime has reported.
        let _ = self.server.await;
    }
}
