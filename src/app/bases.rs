//! Where the platforms are: at one address each, or at the host of each account.
//!
//! In: settings, the hosts that accounts have. Out: addresses, and the client that may go there. What does not belong here: who acts.

use std::sync::Arc;

use crate::config::Settings;
use crate::domain::{AccountHost, Platform, PlatformUser};
use crate::error::{CommandError, ErrorKind};
use crate::platforms::{BaseUrl, Client, ClientSettings, Host, InvalidBaseUrl, spec};
use crate::store::Account;

/// Where the platforms are.
#[derive(Clone, Debug)]
pub struct Bases {
    /// Of each platform; none: of each account.
    fixed: [Option<Arc<BaseUrl>>; Platform::ALL.len()],
    /// The hosts of accounts that requests may go to.
    hosts: Vec<Arc<BaseUrl>>,
}

impl Bases {
    /// The addresses of the settings.
    ///
    /// # Errors
    /// One is no https address (http is accepted to loopback).
    pub fn of(settings: &Settings) -> Result<Bases, CommandError> {
        let mut fixed = Platform::ALL.map(|_| None);
        for platform in Platform::ALL {
            let Host::Fixed(host) = spec(platform).host else { continue };
            let base: Result<BaseUrl, _> = settings.address(&host).parse();
            fixed[platform as usize] = Some(Arc::new(base.map_err(|error| {
                CommandError::new(ErrorKind::Config, error.to_string())
                    .hint(format!("set {} to an https address (http only on loopback)", host.variable))
            })?));
        }
        Ok(Bases { fixed, hosts: Vec::new() })
    }

    /// The same, and the hosts of these accounts: a client is made for the addresses that are known then.
    ///
    /// # Errors
    /// None in practice: a host is an address.
    pub fn with_hosts<'a>(mut self, hosts: impl IntoIterator<Item = &'a AccountHost>) -> Result<Bases, CommandError> {
        for host in hosts {
            let base = base_of_host(host)?;
            if !self.hosts.contains(&base) {
                self.hosts.push(base);
            }
        }
        Ok(self)
    }

    /// Every platform and every host at one address, as in the sandbox.
    pub fn all_at(base: &Arc<BaseUrl>) -> Bases {
        Bases { fixed: Platform::ALL.map(|_| Some(Arc::clone(base))), hosts: Vec::new() }
    }

    /// Where a platform is that has one address; none where each account has its own.
    pub fn of_platform(&self, platform: Platform) -> Option<&Arc<BaseUrl>> {
        self.fixed[platform as usize].as_ref()
    }

    /// Where an account's requests go.
    ///
    /// # Errors
    /// Its platform has many hosts, and it is not said which (78).
    pub fn of_account(&self, account: &Account) -> Result<Arc<BaseUrl>, CommandError> {
        let name = account.name.shell_word();
        self.at(account.platform, account.host.as_ref()).map_err(|error| {
            error.hint(format!("remove the account with `cleanup account remove {name}`, and add it again with --host"))
        })
    }

    /// Where a user's requests go.
    ///
    /// # Errors
    /// As [`Bases::of_account`].
    pub fn of_user(&self, user: &PlatformUser) -> Result<Arc<BaseUrl>, CommandError> {
        self.at(user.platform, user.host.as_ref())
    }

    /// Where a platform is, or that host of it.
    ///
    /// # Errors
    /// It has many hosts, and none is named (78).
    pub fn at(&self, platform: Platform, host: Option<&AccountHost>) -> Result<Arc<BaseUrl>, CommandError> {
        match (self.of_platform(platform), host) {
            (Some(base), _) => Ok(Arc::clone(base)),
            (None, Some(host)) => base_of_host(host),
            (None, None) => {
                let message =
                    format!("an account of {platform} lives at a server of its own, and it is not said which");
                Err(CommandError::new(ErrorKind::Config, message).hint("name it with --host example.social"))
            }
        }
    }

    /// Every address.
    pub fn addresses(&self) -> Vec<&BaseUrl> {
        self.fixed.iter().flatten().chain(&self.hosts).map(|base| &**base).collect()
    }

    /// Every address of a platform, each once, with the first platform that is there; the sandbox's is none of its own.
    pub fn each(&self) -> Vec<(Platform, &Arc<BaseUrl>)> {
        let mut each: Vec<(Platform, &Arc<BaseUrl>)> = Vec::new();
        for platform in Platform::real() {
            let Some(base) = self.of_platform(platform) else { continue };
            if each.iter().all(|(_, known)| *known != base) {
                each.push((platform, base));
            }
        }
        each
    }

    /// A client for all, with as many idle connections as there are workers.
    ///
    /// # Errors
    /// The system's certificates or proxy settings cannot be used (78).
    pub fn client(&self, settings: &Settings) -> Result<Client, CommandError> {
        let connections = usize::from(settings.run.workers);
        let settings = ClientSettings { connections, ..ClientSettings::default() };
        Client::new(&self.addresses(), settings).map_err(|error| {
            CommandError::new(ErrorKind::Config, error.to_string())
                .hint("try it with `cleanup run --sandbox` meanwhile")
                .because(error)
        })
    }
}

fn base_of_host(host: &AccountHost) -> Result<Arc<BaseUrl>, CommandError> {
    let base: Result<BaseUrl, InvalidBaseUrl> = host.address().parse();
    base.map(Arc::new).map_err(|error| {
        CommandError::new(ErrorKind::Config, format!("{host}: {error}"))
            .hint("remove the account of that host, and add it again with a --host that can be reached")
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::{Environment, Overrides};
    use crate::domain::AccountId;

    #[test]
    fn a_platform_has_one_address_or_its_accounts_have_theirs() {
        let settings = Settings::resolve(&Overrides::default(), &Environment::default()).unwrap();
        let host: AccountHost = "Example.social".parse().unwrap();
        let bases = Bases::of(&settings).unwrap().with_hosts([&host, &host]).unwrap();
        assert_eq!(bases.at(Platform::Mastodon, Some(&host)).unwrap().as_str(), "https://example.social");
        assert_eq!(bases.at(Platform::XV2, None).unwrap().as_str(), "https://api.x.com");
        let error = bases.at(Platform::Mastodon, None).unwrap_err();
        assert!(error.kind == ErrorKind::Config && error.hint.unwrap().contains("--host"), "{}", error.message);
        assert_eq!(bases.addresses().iter().filter(|base| base.as_str() == "https://example.social").count(), 1);
        assert!(bases.each().iter().all(|(platform, _)| *platform != Platform::Mastodon));
        let (id, name, user_id) = (AccountId(1), "a$(x)".parse().unwrap(), "1".parse().unwrap());
        let (platform, hold, trouble) = (Platform::Mastodon, None, None);
        let lost = Account {
            id,
            name,
            platform,
            host: None,
            user_id,
            hold,
            hold_backoff_level: 0,
            trouble,
            is_default: false,
        };
        let hint = bases.of_account(&lost).unwrap_err().hint.unwrap();
        assert!(hint.contains("account remove 'a$(x)'`"), "{hint}");
        let sandbox = Bases::all_at(&Arc::new("http://127.0.0.1:9".parse().unwrap()));
        assert_eq!(sandbox.at(Platform::Mastodon, Some(&host)).unwrap().as_str(), "http://127.0.0.1:9");
        assert_eq!(sandbox.at(Platform::MastodonSandbox, None).unwrap().as_str(), "http://127.0.0.1:9");
    }
}
