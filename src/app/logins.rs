//! What the commands about accounts stand on: the ways to the platforms, who somebody is, which app a login belongs to.
//! In: settings. Out: answers of platforms as errors with words for people. What does not belong here: terminals.

use std::time::Duration;

use super::bases::Bases;
use super::environment::ASK_FOR;
use super::tokens::{app, places};
use crate::auth::{App, Document, OAuthHttp, Revoker, Sign, ToSign};
use crate::clock::SharedClock;
use crate::config::Settings;
use crate::domain::{AccountHost, Platform, UserId};
use crate::engine::{Blame, consequences_of};
use crate::error::{CommandError, ErrorKind};
use crate::platforms::oauth1::{Keys, OAuth1Token, Signed, Stamp, authorization};
use crate::platforms::{BaseUrl, Client, Credentials, LoginKind, Reply, WhoIs, spec};
use crate::store::{Account, Credential};

/// How many times it is asked, where it is the world's fault that it does not say.
const MAX_ASKS: u32 = 3;
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// The ways out.
pub struct Ways {
    /// To the APIs.
    pub client: Client,
    /// To the authorization server.
    pub wire: OAuthHttp,
    /// Where they are.
    pub bases: Bases,
    clock: SharedClock,
}

impl std::fmt::Debug for Ways {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ways").field("bases", &self.bases).finish_non_exhaustive()
    }
}

impl Ways {
    /// The ways to the platforms of the settings, and to these hosts.
    ///
    /// # Errors
    /// An address is none; the system's certificates or proxy settings cannot be used (78).
    pub fn new<'a>(
        settings: &Settings,
        clock: SharedClock,
        hosts: impl IntoIterator<Item = &'a AccountHost>,
    ) -> Result<Ways, CommandError> {
        let bases = Bases::of(settings)?.with_hosts(hosts)?;
        let client = bases.client(settings)?;
        let wire = OAuthHttp::new(&bases.addresses())?;
        Ok(Ways { client, wire, bases, clock })
    }

    /// Whose credentials these are; none where the platform offers no way to ask. An answer that is nobody's fault is asked for again.
    ///
    /// # Errors
    /// The reply that did not say.
    pub async fn user_of(
        &self,
        (platform, base): (Platform, &BaseUrl),
        credentials: &Credentials,
    ) -> Result<Option<UserId>, Reply> {
        Ok(self.who_is((platform, base), credentials).await?.map(|who| who.user))
    }

    /// The same, and the name by which people know the user.
    ///
    /// # Errors
    /// The reply that did not say.
    pub async fn who_is(
        &self,
        (platform, base): (Platform, &BaseUrl),
        credentials: &Credentials,
    ) -> Result<Option<WhoIs>, Reply> {
        let Some(who) = &spec(platform).who_am_i else { return Ok(None) };
        let mut asks = 1;
        loop {
            let deadline = self.clock.now().tick.after(ASK_FOR);
            let asked = self.client.me(who, base, credentials, deadline, &*self.clock).await;
            let again = |reply: &Reply| {
                matches!(consequences_of(&reply.finding).blame, Blame::Platform | Blame::Network | Blame::Nobody)
            };
            match asked {
                Err(reply) if asks < MAX_ASKS && again(&reply) => {
                    asks += 1;
                    self.clock.sleep_until(self.clock.now().tick.after(ASK_AGAIN_AFTER)).await;
                }
                other => return other.map(Some),
            }
        }
    }
}

/// The app of the configuration, which a login needs.
///
/// # Errors
/// There is none (78): what to set.
pub fn needed_app(settings: &Settings) -> Result<App, CommandError> {
    app(settings).ok_or_else(|| {
        CommandError::new(ErrorKind::Config, "logging in to X needs an app of yours, and its client ID is not set").hint(
            "set CLEANUP_X_CLIENT_ID (or [x] client_id in the config file) to the OAuth 2.0 client ID from X's developer \
             console, and CLEANUP_X_CLIENT_SECRET too if the app is a confidential one",
        )
    })
}

/// The app that stored credentials were given to, if it is at hand: it is asked to revoke them.
pub fn app_of(settings: &Settings, record: &Credential) -> Option<App> {
    let configured = app(settings);
    match (configured, &record.set.client_id) {
        (Some(app), Some(id)) if *app.client_id == **id && (app.is_confidential() || !record.set.confidential) => {
            Some(app)
        }
        (_, Some(id)) if !record.set.confidential => Some(App::configured(id, None)),
        (configured, None) => configured,
        _ => None,
    }
}

/// Signs as the app of the configuration for whoever holds a token; none without the app's OAuth 1.0a keys.
pub fn signer(settings: &Settings, clock: SharedClock) -> Option<Box<Sign<'static>>> {
    let (consumer_key, consumer_secret) = settings.app.consumer.clone()?;
    Some(Box::new(move |to: ToSign<'_>| {
        let token = to.token.map(|(token, secret)| OAuth1Token { token: token.clone(), secret: secret.clone() });
        let keys = Keys { consumer_key: consumer_key.clone(), consumer_secret: consumer_secret.clone(), token };
        let epoch_seconds = clock.now().wall.0.div_euclid(1000);
        let signed = Signed { method: to.method, url: to.url, form: None, extra: to.extra };
        authorization(&keys, signed, Stamp { epoch_seconds, nonce: fastrand::u128(..) })
    }))
}

/// Revokes tokens that are not kept after all, or no longer: those of `app`, or OAuth 1.0a's.
///
/// # Errors
/// The sentence says why the platform was not told, and what a person can do.
pub async fn revoke(
    settings: &Settings,
    ways: &Ways,
    (platform, host): (Platform, Option<&AccountHost>),
    app: Option<&App>,
    document: &Document,
) -> Result<(), String> {
    let base = ways.bases.at(platform, host).map_err(|error| error.message)?;
    let places = places(settings, platform, &base).map_err(|error| error.message)?;
    let (wire, clock, sign) = (&ways.wire, &*ways.clock, signer(settings, ways.clock.clone()));
    Revoker { wire, base: &base, host, app, places: &places, clock, sign: sign.as_deref() }.revoke(document).await
}

/// The command that gives an account a fresh login.
pub fn login_again(account: &Account) -> String {
    format!("`cleanup account login {}`", account.name.shell_word())
}

/// A platform did not say who somebody is.
pub fn nobody((platform, base): (Platform, &BaseUrl), reply: &Reply) -> CommandError {
    let said = match reply.http_status {
        Some(status) => format!("HTTP {status}, {}", reply.detail),
        None => reply.detail.clone(),
    };
    let message = format!("{base} did not say whose login it is: {said}");
    if consequences_of(&reply.finding).blame.passes() {
        let mend = if reply.finding.is_bad_certificate() { "mend that" } else { "check the network" };
        return CommandError::new(ErrorKind::Unreachable, message).hint(format!("{mend}, and try again later"));
    }
    CommandError::new(ErrorKind::Person, message).hint(match spec(platform).login {
        LoginKind::AppAtHost => {
            "the token has to be a user's of that server, with the scope profile or read:accounts: `cleanup account login` gets such a \
             one, or make one there under Preferences, Development"
        }
        LoginKind::AppPassword { .. } => "log in again with `cleanup account login`",
        LoginKind::OAuth2 | LoginKind::OAuth1 | LoginKind::Key => {
            "the token has to be a user's, with the scopes users.read and tweet.read; log in again"
        }
    })
}
