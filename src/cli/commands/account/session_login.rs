//! Logging in with an app password: a name and a password that the account's owner made for this one use, from stdin, for a session.

use super::granting::end_earlier;
use super::{keep_one, refuse_another, standard_name, stdin};
use crate::app::Ways;
use crate::auth::{AppSession, Document, GrantError, Login, LoginEnd, stored_document};
use crate::cli::context::Context;
use crate::domain::{AccountHost, AccountName, Platform, PlatformUser};
use crate::error::{CommandError, ErrorKind};
use crate::platforms::spec;
use crate::store::{Account, Store};
use crate::text::{clock_text, escaped};

const MAKE_ONE: &str = "an app password is made in the account's settings, under Privacy and security, App passwords";

/// Whose session, and where it begins.
pub(super) struct SessionLogin<'a> {
    pub(super) name: Option<&'a AccountName>,
    pub(super) platform: Platform,
    /// Where to ask; none: where the account is known to live, else at the service that knows it.
    pub(super) host: Option<&'a AccountHost>,
    /// The service that knows where accounts live.
    pub(super) service: &'static str,
    pub(super) known: Option<&'a Account>,
}

impl SessionLogin<'_> {
    /// Begins a session and keeps it.
    ///
    /// # Errors
    /// The server does not take the name or the password (77), or does not answer (69); the name is somebody else's (2).
    pub(super) async fn run(&self, context: &Context) -> Result<u8, CommandError> {
        let host = login_host((self.platform, self.service), self.host, self.known)?;
        super::open_existing(context).await?;
        context
            .printer
            .say(&format!("logging in at {host}: the account's handle, DID or e-mail, then an app password"));
        context
            .printer
            .say(&format!("{MAKE_ONE}; --browser logs in on the server's page instead, for a few actions alone"));
        let name = stdin::line("handle, DID or e-mail").await?;
        let password = stdin::secret(context, "app password").await?;
        let ways = Ways::new(&context.settings, context.clock.clone(), [&host])?;
        let base = ways.bases.at(self.platform, Some(&host))?;
        let asked_at = context.clock.now().wall;
        let name = name.expose().trim_start_matches('@');
        let session = AppSession::begin(&ways.wire, (&base, &host), name, &password).await.map_err(advised)?;
        if session.may_do_everything() {
            context.printer.warn(&format!(
                "that is the account's own password, and whoever gets this login can do everything with the account: {MAKE_ONE}, and \
                 `cleanup account login` takes it instead"
            ));
        }
        let (mut store, vault) = super::open(context).await?;
        let kept = async {
            let home = session.host.clone().unwrap_or_else(|| host.clone());
            let user = PlatformUser { platform: self.platform, host: Some(home), id: session.user.clone() };
            // A user is the same wherever it lives.
            refuse_another(self.known.filter(|known| known.user_id != user.id), &user)?;
            follow_move(context, &mut store, &user).await?;
            let accounts = store.accounts().all().await?;
            let before = match accounts.iter().find(|account| account.user() == user) {
                Some(account) => stored_document(&mut store, &vault, account).await?,
                None => None,
            };
            let login = Login {
                name: self.name.cloned().map_or_else(|| named_after(session.handle.as_deref(), &user), Ok)?,
                user,
                document: session.document(),
                scopes: session.scopes(),
                expiry: Some(session.expiry(asked_at)),
                app: None,
            };
            Ok((keep_one(context, &mut store, &vault, login).await?, before))
        };
        let (account, before) = match kept.await {
            Ok(kept) => kept,
            Err(error) => {
                // Nobody else has it, so nobody misses it. One that cannot be ended ends by itself.
                let _ = session.take_back(&ways.wire, &base).await;
                return Err(error);
            }
        };
        store.close().await;
        if let Some(before @ Document::Bound { .. }) = &before {
            end_earlier(context, &ways, &account, before).await;
        }
        let handle = session.handle.as_deref().map_or_else(String::new, |handle| format!(" ({})", escaped(handle)));
        context.printer.say(&format!("logged in: {} is {}{handle}", account.name, account.user()));
        if let Some(LoginEnd::Unused(ends)) = session.document().login_ends() {
            let ends = clock_text(ends, context.clock.now().wall, context.local.zone.get());
            context.printer.say(&format!("the session lasts until {ends}, and longer with every use"));
        }
        Ok(0)
    }
}

/// Where a login begins: at the host that was named, else where the account is known to live, else at the service that knows it.
pub(super) fn login_host(
    (platform, service): (Platform, &str),
    named: Option<&AccountHost>,
    known: Option<&Account>,
) -> Result<AccountHost, CommandError> {
    match named.or(known.and_then(|account| account.host.as_ref())) {
        Some(host) => Ok(host.clone()),
        None => service.parse().map_err(|_| {
            let service = spec(platform).service;
            CommandError::new(ErrorKind::Fault, format!("{service} has no address to log in at"))
        }),
    }
}

/// The same user on record at another server has moved: the account moves with it, and keeps its name, jobs and history.
pub(super) async fn follow_move(context: &Context, store: &mut Store, user: &PlatformUser) -> Result<(), CommandError> {
    let accounts = store.accounts().all().await?;
    let is_same = |account: &&Account| account.platform == user.platform && account.user_id == user.id;
    let Some(account) = accounts.iter().find(is_same) else { return Ok(()) };
    if accounts.iter().any(|account| account.user() == *user) {
        return Ok(());
    }
    store.accounts().move_to_host(account.id, user.host.as_ref()).await?;
    let place = |host: &Option<AccountHost>| host.as_ref().map_or("nowhere".to_owned(), ToString::to_string);
    let (from, to) = (place(&account.host), place(&user.host));
    context.printer.say(&format!("{} has moved from {from} to {to}", account.name));
    Ok(())
}

/// The name of an account that nobody named: a handle is shorter than a DID, and people know it.
pub(super) fn named_after(handle: Option<&str>, user: &PlatformUser) -> Result<AccountName, CommandError> {
    let Some(handle) = handle else { return standard_name(user) };
    let named = format!("{}-{handle}", spec(user.platform).account_prefix).parse();
    named.or_else(|_| standard_name(user))
}

/// What to do where a server does not take a login.
fn advised(error: GrantError) -> CommandError {
    match error {
        GrantError::Refused(said) => {
            CommandError::new(ErrorKind::Person, format!("not logged in: {said}")).hint(MAKE_ONE)
        }
        other => other.into(),
    }
}
