//! A token that somebody has already, kept for an account.

use super::keep_login::{open_existing_vault, open_vault, refuse_another, refuse_host};
use super::login::{LoginDeps, LoginFrontend, LoginReport, SessionLogin, keep_told};
use crate::app::deps::AppDeps;
use crate::app::{self, Ways};
use crate::auth::{Document, Login, aisa_key, aisa_user};
use crate::domain::{AccountHost, AccountName, Platform, PlatformUser, Secret, UserId};
use crate::error::{CommandError, ErrorKind};
use crate::platforms::{Credentials, InvalidToken, LoginKind, oauth1, spec};
use crate::store::{Account, CredentialKind};

/// A token that somebody has already.
#[derive(Clone, Debug)]
pub struct AddAccountRequest {
    /// The account's name.
    pub name: AccountName,
    /// Whose API the token is for.
    pub platform: Platform,
    /// The server it lives at.
    pub host: Option<AccountHost>,
    /// Its user; none: the platform is asked.
    pub user_id: Option<UserId>,
}

/// An account that was added.
#[derive(Clone, Debug)]
pub enum AddedAccount {
    /// Its token is kept.
    Kept(Account),
    /// It was logged in.
    LoggedIn(LoginReport),
}

/// Keeps a token, which `front` is asked for. Where tokens come of an app password, that is logged in with.
///
/// # Errors
/// Stdin holds no token, the platform does not say whose it is, the name is somebody else's.
pub async fn add_account(
    deps: AppDeps<'_>,
    front: &dyn LoginFrontend,
    request: &AddAccountRequest,
) -> Result<AddedAccount, CommandError> {
    let login_deps = LoginDeps { deps, front };
    if let LoginKind::AppPassword { at, .. } = spec(request.platform).login {
        if request.user_id.is_some() {
            let message = "the account's server says who it is";
            return Err(CommandError::new(ErrorKind::Usage, message).hint("leave --user-id out"));
        }
        let (name, platform, host) = (Some(&request.name), request.platform, request.host.as_ref());
        let session = SessionLogin { login: login_deps, name, platform, host, service: at, known: None };
        return session.run().await.map(AddedAccount::LoggedIn);
    }
    refuse_host(request.platform, request.host.as_ref())?;
    open_existing_vault(deps).await?;
    let document = read(front, request.platform).await?;
    let told = match &document {
        Document::OAuth2 { .. } | Document::AtHost { .. } | Document::Session { .. } | Document::Bound { .. } => None,
        Document::OAuth1 { token, .. } => oauth1::user_id(token),
        Document::Aisa { key } => aisa_user(key).ok(),
    };
    if let (Some(told), Some(given)) = (&told, &request.user_id)
        && told != given
    {
        return Err(another_user(told, given));
    }
    let kind = spec(request.platform).login;
    let user = match (request.user_id.clone().or(told), &document) {
        // Its server is asked in any case: an ID is somebody else's on every other one.
        (Some(user), _) if kind != LoginKind::AppAtHost => Some(user),
        (given, Document::OAuth2 { access, .. }) => {
            let asked = ask(deps, request, access).await?;
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
    let user = PlatformUser { platform: request.platform, host: request.host.clone(), id: user };
    let (mut store, vault) = open_vault(deps).await?;
    let accounts = store.accounts().all().await?;
    refuse_another(accounts.iter().find(|account| account.name == request.name), &user)?;
    let app = match kind {
        LoginKind::OAuth2 if document.kind() == CredentialKind::OAuth2 => {
            app::app(deps.settings).map(|app| (app.client_id.to_string(), app.is_confidential()))
        }
        _ => None,
    };
    let name = request.name.clone();
    // Scopes and end are not known: the platform's answers will tell.
    let login = Login { name, user, document, scopes: None, expiry: None, app };
    let account = keep_told(login_deps, &mut store, &vault, login).await?;
    store.close().await;
    Ok(AddedAccount::Kept(account))
}

/// Whose an access token is.
async fn ask(deps: AppDeps<'_>, request: &AddAccountRequest, access: &Secret) -> Result<Option<UserId>, CommandError> {
    let ways = Ways::new(deps.settings, deps.clock.clone(), &request.host)?;
    let base = ways.bases.at(request.platform, request.host.as_ref())?;
    let (at, credentials) = ((request.platform, &*base), Credentials::bearer(access.clone()).map_err(unusable)?);
    ways.user_of(at, &credentials).await.map_err(|reply| app::nobody(at, &reply))
}

fn another_user(told: &UserId, given: &UserId) -> CommandError {
    CommandError::new(ErrorKind::Usage, format!("the token says that its user is {told}, not {given}"))
        .hint("leave --user-id out")
}

async fn read(front: &dyn LoginFrontend, platform: Platform) -> Result<Document, CommandError> {
    let login = spec(platform).login;
    if login == LoginKind::Key {
        let key = aisa_key(front.secret("AIsa key").await?.expose());
        return key.map(|key| Document::Aisa { key }).map_err(|error| {
            CommandError::new(ErrorKind::Usage, error.to_string()).hint("give the key on stdin, one line")
        });
    }
    let token = legal(front.secret("access token").await?)?;
    if login == LoginKind::AppAtHost {
        // It does not end, and there is nothing to refresh it with.
        return Ok(Document::OAuth2 { access: token, refresh: None });
    }
    let (what, needed) =
        if login == LoginKind::OAuth1 { ("access token secret", true) } else { ("refresh token", false) };
    let second = front.another_secret(what, needed).await?.map(legal).transpose()?;
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

fn unusable(error: InvalidToken) -> CommandError {
    CommandError::new(ErrorKind::Usage, format!("stdin: {error}")).hint("one token a line, without quotes and spaces")
}
