//! A login by a key: the key is the account, and the platform is linked to it on a page of the service.

use super::actions::actions_to_ask_for;
use super::front::LoginDeps;
use super::keep_told;
use super::request::{LoggedInBy, LoginReport, LoginRequest};
use crate::app::Ways;
use crate::app::account::keep_login::{open_vault, refuse_another, standard_name};
use crate::auth::{Document, InvalidKey, Login, aisa_key, aisa_link, aisa_user};
use crate::domain::{Platform, PlatformUser};
use crate::error::{CommandError, ErrorKind};
use crate::platforms::find;
use crate::store::Account;

pub(super) async fn log_in_by_key(
    login_deps: LoginDeps<'_>,
    request: &LoginRequest,
    platform: Platform,
    known: Option<&Account>,
) -> Result<LoginReport, CommandError> {
    let LoginDeps { deps, front } = login_deps;
    let ways = Ways::new(deps.settings, deps.clock.clone(), [])?;
    let (mut store, vault) = open_vault(deps).await?;
    let unusable = |error: InvalidKey| CommandError::new(ErrorKind::Usage, error.to_string()).hint("see aisa.one");
    let key = aisa_key(front.secret("AIsa key").await?.expose()).map_err(unusable)?;
    let user = PlatformUser::at_one_address(platform, aisa_user(&key).map_err(unusable)?);
    refuse_another(known, &user)?;
    let actions = actions_to_ask_for(&mut store, request, known).await?;
    let mut scopes: Vec<&str> = Vec::new();
    for scope in actions.iter().filter_map(|action| find(platform, *action)).flat_map(|row| row.scopes) {
        if !scopes.contains(scope) {
            scopes.push(scope);
        }
    }
    let link = aisa_link(&ways.wire, &*ways.bases.at(platform, None)?, &key, &scopes).await?;
    let name = request.name.clone().map_or_else(|| standard_name(&user), Ok)?;
    let login = Login { name, user, document: Document::Aisa { key }, scopes: None, expiry: None, app: None };
    let account = keep_told(login_deps, &mut store, &vault, login).await?;
    store.close().await;
    Ok(LoginReport { account, by: LoggedInBy::Key { link: link.url } })
}
