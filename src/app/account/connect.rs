//! The ways in which an account can be connected by somebody with a form before them, and the pretend platform's accounts, which are there
//! for the asking.
//!
//! In: settings. Out: what has to be asked for at each platform. What does not belong here: the login itself (`login`).

use crate::app::app;
use crate::app::sandbox_accounts::SandboxAccounts;
use crate::config::Settings;
use crate::domain::{AccountName, Platform};
use crate::error::{CommandError, ErrorKind};
use crate::platforms::{LoginKind, spec};
use crate::store::Store;

/// What has to be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectKind {
    /// A name and an app password; or the page of the account's server.
    AppPassword,
    /// The server's name; then its page.
    ServerPage,
    /// The service's page, by an app of one's own, whose client ID is known already or not.
    OwnApp {
        /// Whether the configuration has it.
        is_configured: bool,
    },
    /// A page that shows a PIN, by the keys of an app of one's own.
    Pin,
    /// A key.
    Key,
}

/// A way in which an account can be connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectWay {
    /// Whose accounts.
    pub platform: Platform,
    /// What people call the service.
    pub service: &'static str,
    /// What has to be asked for.
    pub kind: ConnectKind,
}

/// Every way; those that lack what only a configuration can hold are left out. In the sandbox there is nothing to be asked for.
pub fn connect_ways(settings: &Settings) -> Vec<ConnectWay> {
    let way = |platform: Platform| {
        let spec = spec(platform);
        let kind = match spec.login {
            LoginKind::AppPassword { .. } => ConnectKind::AppPassword,
            LoginKind::AppAtHost => ConnectKind::ServerPage,
            LoginKind::OAuth2 => ConnectKind::OwnApp { is_configured: app(settings).is_some() },
            LoginKind::OAuth1 => settings.app.consumer.as_ref().map(|_| ConnectKind::Pin)?,
            LoginKind::Key => ConnectKind::Key,
        };
        Some(ConnectWay { platform, service: spec.service, kind })
    };
    if settings.is_sandbox() { Vec::new() } else { Platform::real().filter_map(way).collect() }
}

/// The services that the sandbox stands in for, each with the first platform of that service.
pub fn stand_ins() -> Vec<(Platform, &'static str)> {
    let mut found: Vec<(Platform, &'static str)> = Vec::new();
    for platform in Platform::real() {
        if !found.iter().any(|(known, _)| known.in_sandbox() == platform.in_sandbox()) {
            found.push((platform, spec(platform).service));
        }
    }
    found
}

/// Makes the stand-in's account of a platform known.
///
/// # Errors
/// This is no sandbox (2); the queue cannot be written.
pub async fn connect_stand_in(settings: &Settings, platform: Platform) -> Result<AccountName, CommandError> {
    if !settings.is_sandbox() {
        let message = "a stand-in is there in the sandbox alone";
        return Err(CommandError::new(ErrorKind::Usage, message).hint("start `cleanup serve --sandbox` for it"));
    }
    let sandbox = SandboxAccounts { base: None, platform };
    let name = sandbox.default_name()?;
    let mut store = Store::open(settings.db()?, settings.kind).await?;
    let user = sandbox.pretended(&name)?;
    store.accounts().ensure_account(&name, user.platform, &user.id).await?;
    store.close().await;
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_has_one_stand_in() {
        let stand_ins = stand_ins();
        assert_eq!(
            stand_ins.iter().map(|(platform, _)| platform.in_sandbox()).collect::<std::collections::HashSet<_>>().len(),
            stand_ins.len()
        );
        assert!(stand_ins.len() >= 3 && stand_ins.iter().all(|(_, service)| *service != "the sandbox"));
    }
}
