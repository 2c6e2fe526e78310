//! The way to the platforms: the pretend one started where it is asked for, the client, who acts. In: settings. Out: what a command
//! sends and reads with. What does not belong here: what it sends.

use std::sync::Arc;

use super::accounts::Identities;
use super::bases::Bases;
use crate::clock::SharedClock;
use crate::config::Settings;
use crate::domain::Platform;
use crate::error::{CommandError, ErrorKind};
use crate::platforms::{BaseUrl, Client};
use crate::sandbox::{KnownUser, Options as SandboxOptions, Sandbox, SandboxError};
use crate::store::{Account, Store, StoreError};

/// The most effects an embedded sandbox is told of.
const MAX_TOLD_EFFECTS: u32 = 1_000_000;
const TOLD_AT_ONCE: u32 = 10_000;

/// The way to the platforms.
#[derive(Debug)]
pub struct PlatformSession {
    /// Who acts.
    pub who: Identities,
    /// What sends.
    pub client: Arc<Client>,
    /// The pretend platform, where it is meant and runs in this process.
    pub sandbox: Option<Arc<Sandbox>>,
}

impl PlatformSession {
    /// Finds the platforms, and starts the pretend one where it is asked for.
    ///
    /// # Errors
    /// An address is none, the environment holds credentials that cannot be used, the client or the sandbox cannot start (78).
    pub async fn open(
        settings: &Settings,
        platform: Option<Platform>,
        clock: &SharedClock,
    ) -> Result<PlatformSession, CommandError> {
        let sandbox = embedded_sandbox(settings, clock).await?;
        // Without a place for a queue there is none yet.
        let queue = match settings.db() {
            Ok(path) if sandbox.is_none() => Store::open_existing(path, settings.kind).await?,
            _ => None,
        };
        let accounts = match queue {
            Some(mut store) => {
                let accounts = store.accounts().all().await?;
                store.close().await;
                accounts
            }
            None => Vec::new(),
        };
        PlatformSession::with(settings, platform, sandbox, &accounts)
    }

    /// The same for the accounts of a queue, where the pretend platform runs already.
    ///
    /// # Errors
    /// As [`PlatformSession::open`].
    pub fn with(
        settings: &Settings,
        platform: Option<Platform>,
        sandbox: Option<Arc<Sandbox>>,
        accounts: &[Account],
    ) -> Result<PlatformSession, CommandError> {
        let mut base = None;
        let bases = match &sandbox {
            None => Bases::of(settings)?.with_hosts(accounts.iter().filter_map(|account| account.host.as_ref()))?,
            Some(sandbox) => {
                let at = sandbox.base_url().parse::<BaseUrl>();
                let at = Arc::new(at.map_err(|error| CommandError::new(ErrorKind::Fault, error.to_string()))?);
                Bases::all_at(base.insert(at))
            }
        };
        let client = bases.client(settings)?;
        let who = Identities::of(settings, platform, base)?;
        Ok(PlatformSession { who, client: Arc::new(client), sandbox })
    }

    /// An embedded sandbox begins where the queue's jobs have left it: what they report as done is undone there.
    pub async fn recall(&self, store: &mut Store, account: &Account) -> Result<(), StoreError> {
        let who = KnownUser::of_account(account.platform, account.user_id.as_str());
        let (Some(sandbox), Some(who)) = (&self.sandbox, who) else { return Ok(()) };
        let (mut behind, mut told) = (0, 0);
        while told < MAX_TOLD_EFFECTS {
            let page = store.lists().done_by(account.id, behind, TOLD_AT_ONCE).await?;
            let Some((last, ..)) = page.last() else { return Ok(()) };
            behind = *last;
            told += TOLD_AT_ONCE;
            for (_, action, target) in page {
                if let Some(target) = Sandbox::number_of(who, &target) {
                    sandbox.undo(who, action, target);
                }
            }
        }
        Ok(())
    }

    /// Lets the pretend platform finish what it is answering.
    pub async fn close(self) {
        if let Some(sandbox) = self.sandbox.and_then(Arc::into_inner) {
            sandbox.shut_down().await;
        }
    }
}

/// The pretend platform in this process, where that is what the settings mean.
///
/// # Errors
/// It cannot listen.
pub async fn embedded_sandbox(settings: &Settings, clock: &SharedClock) -> Result<Option<Arc<Sandbox>>, CommandError> {
    if !settings.is_sandbox() {
        return Ok(None);
    }
    Ok(Some(Arc::new(Sandbox::start(SandboxOptions::default(), clock.clone()).await?)))
}

impl From<SandboxError> for CommandError {
    fn from(error: SandboxError) -> CommandError {
        let (kind, hint) = match &error {
            SandboxError::NotLoopback { .. } => {
                (ErrorKind::Usage, "listen on 127.0.0.1 or ::1; a sandbox is for this machine only")
            }
            SandboxError::Listen { .. } => {
                (ErrorKind::Config, "is another one running? choose another port with --listen 127.0.0.1:PORT")
            }
        };
        CommandError::new(kind, error.to_string()).hint(hint)
    }
}
