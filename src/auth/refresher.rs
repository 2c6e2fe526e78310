//! One refresh of one account: the record read, judged, marked, the token sent, the new pair on disk before it is used.
//! In: an account that needs another token. Out: its credentials, or the news that there are none. What does not belong here:
//! what is kept in memory (`tokens`), the rules (`refresh`), the words with the server (`grant`).

use std::time::Duration;

use super::bound_server::{BoundServer, BoundTerms};
use super::cached_login::CachedLogin;
use super::cached_login::{Current, NoToken};
use super::document::Document;
use super::grant::{self, App, GrantError};
use super::refresh::{Aftermath, RefreshCause, Step, StoredToken, Why, aftermath, decide};
use super::session::AppSession;
use super::tokens::{Read, TokenDeps, TokenSource, expiry_of};
use crate::domain::{Secret, UserId, Wall};
use crate::platforms::DpopKey;
use crate::store::{AccountLock, Credential, Expiry, NewCredential, ReservedRoom, failpoint};

/// How long another process's refresh is waited for, in seconds.
const MAX_LOCK_WAIT_SECONDS: u64 = 90;
const LOCK_LOOK_MS: u64 = 50;
/// How many times a record may change under our eyes before we give up for now.
const MAX_LOOKS: usize = 4;

/// Who gives the next pair for a refresh token.
enum Grantor {
    /// The platform, to the app that the tokens were given to.
    App(App),
    /// The server that bound them to a key.
    Bound { key: Secret, bound: Box<DpopKey>, terms: BoundTerms, user: UserId },
}

/// What came of a refresh.
struct Renewed {
    document: Document,
    scopes: Option<String>,
    expiry: Option<Expiry>,
}

impl Grantor {
    async fn next_pair(self, means: &TokenDeps, token: &Secret, begun: Wall) -> Result<Renewed, GrantError> {
        match self {
            Grantor::App(app) => {
                let pair = grant::refresh(&means.wire, &app, &means.places, token).await?;
                // A server that gives no new refresh token lets the old one go on (RFC 6749, 6).
                let refresh = pair.refresh.clone().or_else(|| Some(token.clone()));
                let document = Document::OAuth2 { access: pair.access.clone(), refresh };
                Ok(Renewed { document, expiry: expiry_of(&pair, begun), scopes: pair.scopes })
            }
            Grantor::Bound { key, bound, terms, user } => {
                let mut server = BoundServer::new(&means.wire, &bound, &*means.clock);
                let pair = server.refresh(&terms, token, &user).await?;
                let (scopes, expiry) = (Some(pair.scopes.clone()), Some(pair.expiry(begun)));
                let refresh = pair.refresh.or_else(|| Some(token.clone()));
                Ok(Renewed { document: Document::Bound { access: pair.access, refresh, key, terms }, scopes, expiry })
            }
        }
    }
}

impl TokenSource {
    /// Reads the record, and where it is due refreshes it under the account's lock.
    pub(super) async fn refresh_if_needed(
        &self,
        slot: &CachedLogin,
        rejected: Option<i64>,
    ) -> Result<Current, NoToken> {
        let mut locked = None;
        // A rejection that could not be answered by a refresh yet is not forgotten: whoever asks next must not be given the
        // rejected set once more.
        let rejected = rejected.or(slot.held().rejected);
        for _ in 0..MAX_LOOKS {
            let Some(read) = self.read(slot).await? else { return Err(slot.need_login(Why::Missing)) };
            let now = self.means.clock.now();
            let asked = match rejected {
                Some(generation) if generation == read.record.generation => {
                    RefreshCause::Rejected { born_of_rejection: slot.held().born_of_rejection }
                }
                _ => RefreshCause::Ahead,
            };
            match decide(StoredToken::of(&read.record, read.refresh.is_some()), asked, now.wall) {
                Step::Use => return self.hold(slot, &read.record, &read.document, None),
                Step::NeedLogin(why) => {
                    if read.record.login_needed.is_none() {
                        let mut store = self.store.lock().await;
                        store.accounts().need_login(slot.id, read.record.generation, why.name()).await?;
                    }
                    slot.held().current = None;
                    return Err(slot.need_login(why));
                }
                // What was read without the lock may be about to change.
                Step::Refresh { .. } if locked.is_none() => locked = Some(self.lock(slot).await?),
                Step::Refresh { tries } => {
                    if let Some(ended) = self.refresh_once(slot, &read, tries, asked).await? {
                        return ended;
                    }
                }
            }
        }
        let until = slot.back_off(self.means.clock.now().tick, "other processes keep changing its login".to_owned());
        Err(slot.later(until))
    }

    /// One refresh: mark, send, save. None: somebody else has changed the record; look again.
    async fn refresh_once(
        &self,
        slot: &CachedLogin,
        read: &Read,
        tries: u8,
        asked: RefreshCause,
    ) -> Result<Option<Result<Current, NoToken>>, NoToken> {
        let Read { record, refresh: Some(token), .. } = read else { return Ok(None) };
        let begun = self.means.clock.now();
        // The old access token goes on if the refresh has to wait.
        self.hold(slot, record, &read.document, None)?;
        if let Document::Session { .. } = &read.document {
            return self.continue_session(slot, read, token, asked).await;
        }
        let make_do = |until| slot.cached(self.means.clock.now()).ok_or_else(|| slot.later(until));
        let grantor = match self.grantor_of(slot, read) {
            Ok(grantor) => grantor,
            Err(detail) => {
                let until = slot.back_off(begun.tick, detail.clone());
                let app = NoToken::App { name: slot.name.clone(), detail };
                return Ok(Some(make_do(until).map_err(|_| app)));
            }
        };
        // A refresh token is good once: what comes for it must find room.
        let room = ReservedRoom::beside(self.means.queue.local_path())?;
        failpoint::point("before-refresh-mark");
        if !self.store.lock().await.accounts().start_refresh(slot.id, record.generation, tries, begun.wall).await? {
            return Ok(None);
        }
        failpoint::point("after-refresh-mark");
        // From here until the pair is saved the refresh token may be used up without our knowing: the mark remembers.
        let error = match grantor.next_pair(&self.means, token, begun.wall).await {
            Ok(renewed) => {
                drop(room);
                return self.save(slot, read, renewed, asked).await;
            }
            Err(error) => error,
        };
        tracing::debug!(account = %slot.name, tries, %error, "a refresh gave no new token");
        let now = self.means.clock.now().tick;
        let mut store = self.store.lock().await;
        let ended = match aftermath(&error, tries) {
            Aftermath::TakeBack => {
                store.accounts().take_back_refresh(slot.id, record.generation, tries).await?;
                make_do(slot.back_off(now, error.to_string()))
            }
            Aftermath::OnceMore => make_do(slot.back_off(now, error.to_string())),
            Aftermath::App => {
                store.accounts().take_back_refresh(slot.id, record.generation, tries).await?;
                slot.back_off(now, error.to_string());
                Err(NoToken::App { name: slot.name.clone(), detail: error.to_string() })
            }
            Aftermath::NeedLogin(why) => {
                store.accounts().need_login(slot.id, record.generation, why.name()).await?;
                slot.held().current = None;
                Err(slot.need_login(why))
            }
        };
        Ok(Some(ended))
    }

    /// The same for a session: nothing is used up by asking, so that there is no mark, and no end to asking.
    async fn continue_session(
        &self,
        slot: &CachedLogin,
        read: &Read,
        token: &Secret,
        asked: RefreshCause,
    ) -> Result<Option<Result<Current, NoToken>>, NoToken> {
        let begun = self.means.clock.now();
        let Some(host) = &slot.user.host else { return Err(slot.need_login(Why::Missing)) };
        let at_host = async {
            let base = host.address().parse().map_err(|why| GrantError::World(format!("{host}: {why}")))?;
            AppSession::refresh(&self.means.wire, (&base, host), &slot.user.id, token).await
        };
        let room = ReservedRoom::beside(self.means.queue.local_path())?;
        failpoint::point("before-refresh-mark");
        let session = match at_host.await {
            Ok(session) => session,
            Err(GrantError::Refused(said)) => {
                tracing::debug!(account = %slot.name, said, "the session cannot be continued");
                let mut store = self.store.lock().await;
                store.accounts().need_login(slot.id, read.record.generation, Why::Refused.name()).await?;
                slot.held().current = None;
                return Ok(Some(Err(slot.need_login(Why::Refused))));
            }
            Err(error) => {
                let now = self.means.clock.now();
                let until = slot.back_off(now.tick, error.to_string());
                return Ok(Some(slot.cached(now).ok_or_else(|| slot.later(until))));
            }
        };
        drop(room);
        let (scopes, expiry) = (session.scopes(), Some(session.expiry(begun.wall)));
        self.save(slot, read, Renewed { document: session.document(), scopes, expiry }, asked).await
    }

    /// Saves the new pair, and only then gives it out.
    async fn save(
        &self,
        slot: &CachedLogin,
        read: &Read,
        Renewed { document, scopes, expiry }: Renewed,
        asked: RefreshCause,
    ) -> Result<Option<Result<Current, NoToken>>, NoToken> {
        let Some(vault) = &self.means.vault else { return Ok(None) };
        let bytes = document.to_bytes().map_err(|why| slot.unusable(&why))?;
        let sealed = vault.seal(&slot.user, &bytes)?;
        let now = self.means.clock.now().wall;
        failpoint::point("before-refresh-save");
        let set = NewCredential { sealed, scopes, expiry, saved_at: now, ..read.record.set.clone() };
        if !self.store.lock().await.accounts().finish_refresh(slot.id, read.record.generation, &set).await? {
            // A new login came between: it is the one that counts.
            return Ok(None);
        }
        failpoint::point("after-refresh-save");
        let record = Credential { set, generation: read.record.generation + 1, ..read.record.clone() };
        let born = matches!(asked, RefreshCause::Rejected { .. }).then_some(now);
        Ok(Some(self.hold(slot, &record, &document, born)))
    }

    async fn lock(&self, slot: &CachedLogin) -> Result<AccountLock, NoToken> {
        let clock = &self.means.clock;
        let give_up = clock.now().tick.after(Duration::from_secs(MAX_LOCK_WAIT_SECONDS));
        loop {
            if let Some(lock) = AccountLock::try_take(&self.means.queue, slot.id).await? {
                return Ok(lock);
            }
            let now = clock.now().tick;
            if now >= give_up {
                let until = slot.back_off(now, "another process has been refreshing it for too long".to_owned());
                return Err(slot.later(until));
            }
            clock.sleep_until(now.after(Duration::from_millis(LOCK_LOOK_MS))).await;
        }
    }

    /// Who gives the next pair.
    fn grantor_of(&self, slot: &CachedLogin, read: &Read) -> Result<Grantor, String> {
        let Document::Bound { key, terms, .. } = &read.document else {
            return self.app_of(&read.record).map(Grantor::App);
        };
        let bound = DpopKey::of_text(key).map_err(|why| why.to_string())?;
        let (key, terms, user) = (key.clone(), terms.clone(), slot.user.id.clone());
        Ok(Grantor::Bound { key, bound: Box::new(bound), terms, user })
    }

    /// The app these tokens were given to.
    fn app_of(&self, record: &Credential) -> Result<App, String> {
        let set = &record.set;
        let configured = self.means.app.as_ref();
        let same = configured.filter(|app| set.client_id.as_deref().is_none_or(|id| *id == *app.client_id));
        match (same, &set.client_id) {
            (Some(app), _) if app.is_confidential() || !set.confidential => Ok(app.clone()),
            (None, Some(id)) if !set.confidential => Ok(App::configured(id, None)),
            (_, Some(id)) => Err(format!(
                "it was logged in through the app {id}, which has a secret; set CLEANUP_X_CLIENT_ID and CLEANUP_X_CLIENT_SECRET to that app's"
            )),
            (_, None) => Err("set CLEANUP_X_CLIENT_ID (and CLEANUP_X_CLIENT_SECRET) to the app it belongs to".into()),
        }
    }
}
