//! `cleanup account add`: a token that somebody has already, from stdin.

use super::session_login::SessionLogin;
use super::{keep_one, refuse_another, refuse_host, stdin};
use crate::app::{self, Ways};
use crate::auth::{Document, Login, aisa_key, aisa_user};
use crate::cli::args::AccountAddArgs;
use crate::cli::context::Context;
use crate::domain::{Platform, PlatformUser, Secret, UserId};
use crate::error::{CommandError, ErrorKind};
use crate::platforms::oauth1;
use crate::platforms::{Credentials, LoginKind, spec};
use crate::store::CredentialKind;

/// Keeps it.
///
/// # Errors
/// Stdin holds no token, the platform does not say whose it is, the name is somebody else's.
pub(super) async fn run(context: &Context, args: &AccountAddArgs) -> Result<u8, CommandError> {
    if let LoginKind::AppPassword { at, .. } = spec(args.platform).login {
        if args.user_id.is_some() {
            let message = "the account's server says who it is";
            return Err(CommandError::new(ErrorKind::Usage, message).hint("leave --user-id out"));
        }
        let (name, host) = (Some(&args.name), args.host.as_ref());
        return SessionLogin { name, platform: args.platform, host, service: at, known: None }.run(context).await;
    }
    refuse_host(args.platform, args.host.as_ref())?;
    super::open_existing(context).await?;
    let document = read(context, args.platform).await?;
    let told = match &document {
        Document::OAuth2 { .. } | Document::AtHost { .. } | Document::Session { .. } | Document::Bound { .. } => None,
        Document::OAuth1 { token, .. } => oauth1::user_id(token),
        Document::Aisa { key } => aisa_user(key).ok(),
    };
    if let (Some(told), Some(given)) = (&told, &args.user_id)
        && told != given
    {
        return Err(another_user(told, given));
    }
    let kind = spec(args.platform).login;
    let user = match (args.user_id.clone().or(told), &document) {
        // Its server is asked in any case: an ID is somebody else's on every other one.
        (Some(user), _) if kind != LoginKind::AppAtHost => Some(user),
        (given, Document::OAuth2 { access, .. }) => {
            let ways = Ways::new(&context.settings, context.clock.clone(), &args.host)?;
            let base = ways.bases.at(args.platform, args.host.as_ref())?;
            let (at, credentials) = ((args.platform, &*base), Credentials::bearer(access.clone()).map_err(unusable)?);
            let asked = ways.user_of(at, &credentials).await.map_err(|reply| app::nobody(at, &reply))?;
            match (&asked, &given) {
                (Some(asked), Some(given)) if asked != given => return Err(another_user(asked, given)),
                _ => asked,
            }
        }
        (_, _) => None,
    };
    let user = user.ok_or_else(|| {
        CommandError::new(ErrorKind::Usage, "whose token this is cannot be found out")
            .hint("give its numeric user ID with --user-id")
    })?;
    let user = PlatformUser { platform: args.platform, host: args.host.clone(), id: user };
    let (mut store, vault) = super::open(context).await?;
    let accounts = store.accounts().all().await?;
    refuse_another(accounts.iter().find(|account| account.name == args.name), &user)?;
    let app = match kind {
        LoginKind::OAuth2 if document.kind() == CredentialKind::OAuth2 => {
            app::app(&context.settings).map(|app| (app.client_id.to_string(), app.is_confidential()))
        }
        _ => None,
    };
    let name = args.name.clone();
    // Scopes and end are not known: the platform's answers will tell.
    let login = Login { name, user, document, scopes: None, expiry: None, app };
    let account = keep_one(context, &mut store, &vault, login).await?;
    store.close().await;
    let check = context.command(&["account", "check", account.name.as_str()]);
    context.printer.say(&format!("kept: {} is {}; try {check}", account.name, account.user()));
    Ok(0)
}

fn another_user(told: &UserId, given: &UserId) -> CommandError {
    CommandError::new(ErrorKind::Usage, format!("the token says that its user is {told}, not {given}"))
        .hint("leave --user-id out")
}

async fn read(context: &Context, platform: Platform) -> Result<Document, CommandError> {
    let login = spec(platform).login;
    if login == LoginKind::Key {
        let key = aisa_key(stdin::secret(context, "AIsa key").await?.expose());
        return key.map(|key| Document::Aisa { key }).map_err(|error| {
            CommandError::new(ErrorKind::Usage, error.to_string()).hint("give the key on stdin, one line")
        });
    }
    let token = legal(stdin::secret(context, "access token").await?)?;
    if login == LoginKind::AppAtHost {
        // It does not end, and there is nothing to refresh it with.
        return Ok(Document::OAuth2 { access: token, refresh: None });
    }
    let (what, needed) =
        if login == LoginKind::OAuth1 { ("access token secret", true) } else { ("refresh token", false) };
    let second = stdin::another_secret(context, what, needed).await?.map(legal).transpose()?;
    match (login, second) {
        (LoginKind::OAuth1, Some(token_secret)) => Ok(Document::OAuth1 { token, token_secret }),
        (LoginKind::OAuth1, None) => {
            let error = CommandError::new(
                ErrorKind::Usage,
                "x-v1 uses OAuth 1.0a, which needs two lines on stdin, and there is only one",
            );
            Err(error.hint("give two lines: the access token and its secret"))
        }
        (_, refresh) => Ok(Document::OAuth2 { access: token, refresh }),
    }
}

/// What could not stand in a header is no token.
fn legal(secret: Secret) -> Result<Secret, CommandError> {
    Credentials::bearer(secret.clone()).map(|_| secret).map_err(unusable)
}

fn unusable(error: crate::platforms::InvalidToken) -> CommandError {
    CommandError::new(ErrorKind::Usage, format!("stdin: {error}")).hint("one token a line, without quotes and spaces")
}
