//! The settings with where each has come from: what `cleanup config show` prints.
//!
//! In: the same as [`Settings::resolve`]. Out: keys, values as the config file would have them, sources. Secrets are told as set or not.
//! What does not belong here: deciding; every value is that of the settings.

use std::path::PathBuf;

use serde::Serialize;

use super::environment::Environment;
use super::error::ConfigError;
use super::file::{ADDRESS_KEYS, ConfigFile};
use super::modes::LogFormat;
use super::overrides::Overrides;
use super::paths::NamedConfig;
use super::settings::{Settings, config_file};
use crate::domain::{Action, MicroUsd, Platform, Scope, WindowSpec, duration_text};
use crate::limits::Pace;
use crate::platforms::FixedHost;

/// Every setting, with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShownConfig {
    /// The config file; none where there is no folder for it and nobody names one.
    pub config_file: Option<ShownFile>,
    /// The settings, in the order of the documentation.
    pub settings: Vec<ShownSetting>,
}

/// The config file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShownFile {
    /// Where it is, or would be.
    pub path: PathBuf,
    /// Whether it is there.
    pub exists: bool,
    /// What names it: `--config`, `CLEANUP_CONFIG`; none: it is in its usual place.
    pub named_by: Option<&'static str>,
}

/// A setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShownSetting {
    /// Its key in the config file (`run.workers`), or the variable where only the environment has it.
    pub key: String,
    /// Its value; none where it is not set, and where it is a secret.
    pub value: Option<String>,
    /// Whether it is set, but is not shown: a secret, or a command that may hold one.
    pub is_hidden: bool,
    /// Where it comes from.
    pub source: SettingSource,
}

/// Where a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SettingSource {
    /// Nobody says otherwise.
    Default,
    /// The config file.
    File {
        /// Its lines that say so.
        lines: Vec<usize>,
    },
    /// A variable of the environment.
    Environment {
        /// Its name.
        name: &'static str,
    },
    /// An option of this command.
    Option {
        /// Its name.
        name: &'static str,
    },
}

impl ShownConfig {
    /// Resolves the settings and says where each comes from.
    ///
    /// # Errors
    /// As [`Settings::resolve`].
    pub fn of(options: &Overrides, environment: &Environment) -> Result<ShownConfig, ConfigError> {
        let (named, file) = config_file(options, environment)?;
        let settings = Settings::from_file(options, environment, file.clone().unwrap_or_default())?;
        let shown = |NamedConfig { path, by }| ShownFile { path, exists: file.is_some(), named_by: by };
        let config_file = named.map(shown);
        let listing = Listing { options, environment, file: &file.unwrap_or_default(), settings: &settings };
        Ok(ShownConfig { config_file, settings: listing.all() })
    }
}

/// What the settings were resolved from, beside them.
struct Listing<'a> {
    options: &'a Overrides,
    environment: &'a Environment,
    file: &'a ConfigFile,
    settings: &'a Settings,
}

/// What may have said a setting, the first of them wins.
#[derive(Default)]
struct Said {
    option: Option<&'static str>,
    variable: Option<&'static str>,
    line: Option<usize>,
}

impl Said {
    fn source(self) -> SettingSource {
        match self {
            Said { option: Some(name), .. } => SettingSource::Option { name },
            Said { variable: Some(name), .. } => SettingSource::Environment { name },
            Said { line: Some(line), .. } => SettingSource::File { lines: vec![line] },
            Said { .. } => SettingSource::Default,
        }
    }
}

/// A setting whose value may be read by everybody who looks over a shoulder.
fn plain(key: impl Into<String>, value: Option<String>, source: SettingSource) -> ShownSetting {
    ShownSetting { key: key.into(), value, is_hidden: false, source }
}

/// An address; one with a user and a password in it, which no platform's may have, is not shown.
fn address(key: impl Into<String>, value: &str, source: SettingSource) -> ShownSetting {
    let is_hidden = value.contains('@');
    ShownSetting { is_hidden, ..plain(key, (!is_hidden).then(|| value.to_owned()), source) }
}

impl Listing<'_> {
    fn all(&self) -> Vec<ShownSetting> {
        let mut all = vec![self.db()];
        all.extend(self.run());
        all.extend(Platform::ALL.map(|platform| self.windows(platform)));
        all.extend(Action::UNDOING.iter().filter_map(|action| self.price(*action)));
        all.extend(self.platforms());
        all.extend(self.logs());
        all.push(self.snapshots());
        all.extend(self.variables());
        all
    }

    fn line(&self, key: &str) -> Option<usize> {
        self.file.lines.get(key)
    }

    fn db(&self) -> ShownSetting {
        // The sandbox has a queue of its own, whatever names the real one.
        let is_real = !self.settings.is_sandbox();
        let said = Said {
            option: self.options.db.as_ref().map(|_| "--db"),
            variable: self.environment.db.as_ref().filter(|_| is_real).map(|_| "CLEANUP_DB"),
            line: self.line("db").filter(|_| is_real),
        };
        plain("db", self.settings.db().ok().map(ToString::to_string), said.source())
    }

    fn run(&self) -> Vec<ShownSetting> {
        let run = &self.settings.run;
        let of_file = |key: &str| Said { line: self.line(&format!("run.{key}")), ..Said::default() }.source();
        let pace = if run.pace == Pace::FrontLoad { "front-load" } else { "even" };
        let mut all: Vec<ShownSetting> = [
            ("workers", run.workers.to_string()),
            ("pace", pace.to_owned()),
            ("give_up_after", duration_text(run.give_up_after)),
            ("progress", run.progress.name().to_owned()),
            ("request_deadline", duration_text(run.request_deadline)),
        ]
        .into_iter()
        .map(|(key, value)| plain(format!("run.{key}"), Some(value), of_file(key)))
        .collect();
        // A command may have a token in it.
        all.push(ShownSetting { is_hidden: run.notify.is_some(), ..plain("run.notify", None, of_file("notify")) });
        all
    }

    fn windows(&self, platform: Platform) -> ShownSetting {
        let rules = self.file.window_rules().into_iter().enumerate();
        let concerned = rules.filter(|(_, rule)| rule.concerns(platform));
        let lines: Vec<usize> = concerned.filter_map(|(index, _)| self.line(&format!("windows.{index}"))).collect();
        let source = if lines.is_empty() { SettingSource::Default } else { SettingSource::File { lines } };
        let windows: Vec<String> = self.settings.windows(platform).iter().map(window_text).collect();
        plain(format!("windows.{platform}"), Some(windows.join(", ")), source)
    }

    /// What a request costs: one price where the file has it, else that of every platform that has one.
    fn price(&self, action: Action) -> Option<ShownSetting> {
        let key = format!("prices.{action}");
        let written = self.file.lines.within("prices").find(|(name, _)| Action::parse(name) == Some(action));
        if let (Some((_, line)), Some(price)) = (written, self.settings.prices.get(&action)) {
            return Some(plain(key, Some(price.to_string()), SettingSource::File { lines: vec![line] }));
        }
        let price = |platform: Platform| -> Option<(Platform, MicroUsd)> {
            Some((platform, self.settings.price(platform, action).filter(|price| *price > MicroUsd(0))?))
        };
        let prices = Platform::real().filter_map(price).map(|(platform, price)| format!("{platform} {price}"));
        let prices = prices.collect::<Vec<_>>().join(", ");
        (!prices.is_empty()).then(|| plain(key, Some(prices), SettingSource::Default))
    }

    /// Where the platforms are, and the app that people log in through.
    fn platforms(&self) -> Vec<ShownSetting> {
        let mut all: Vec<ShownSetting> = Environment::replaceable_hosts().map(|host| self.host(host)).collect();
        let variable = |is_set: bool, name: &'static str| is_set.then_some(name);
        let app = &self.settings.app;
        let said = Said {
            variable: variable(self.environment.x_authorize.is_some(), "CLEANUP_X_AUTHORIZE"),
            line: self.line("x.authorize"),
            ..Said::default()
        };
        all.push(address("x.authorize", &app.authorize, said.source()));
        let said = Said {
            variable: variable(self.environment.x_client_id.is_some(), "CLEANUP_X_CLIENT_ID"),
            line: self.line("x.client_id"),
            ..Said::default()
        };
        all.push(plain("x.client_id", app.client_id.clone(), said.source()));
        let said = Said { line: self.line("x.redirect"), ..Said::default() };
        all.push(plain("x.redirect", app.redirect.clone(), said.source()));
        let said = Said { line: self.line("credentials.key"), ..Said::default() };
        let place = self.settings.credentials.key_place.name().to_owned();
        all.push(plain("credentials.key", Some(place), said.source()));
        all
    }

    fn host(&self, host: FixedHost) -> ShownSetting {
        let key = ADDRESS_KEYS.iter().find(|(variable, _)| *variable == host.variable).map(|(_, key)| *key);
        let said = Said {
            variable: self.environment.addresses.contains_key(host.variable).then_some(host.variable),
            line: key.and_then(|key| self.line(key)),
            ..Said::default()
        };
        address(key.unwrap_or(host.variable), self.settings.address(&host), said.source())
    }

    fn logs(&self) -> [ShownSetting; 2] {
        let format = match self.settings.log_format {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        };
        let of_format = Said {
            option: self.options.log_format.map(|_| "--log-format"),
            line: self.line("log.format"),
            ..Said::default()
        };
        let of_file = Said {
            option: self.options.log_file.as_ref().map(|_| "--log-file"),
            line: self.line("log.file"),
            ..Said::default()
        };
        let file = self.settings.log_file.as_ref().map(|file| file.display().to_string());
        [plain("log.format", Some(format.to_owned()), of_format.source()), plain("log.file", file, of_file.source())]
    }

    fn snapshots(&self) -> ShownSetting {
        let said = Said { line: self.line("snapshots.keep"), ..Said::default() };
        plain("snapshots.keep", Some(self.settings.snapshots_kept.to_string()), said.source())
    }

    /// What only the environment has.
    fn variables(&self) -> Vec<ShownSetting> {
        let environment = self.environment;
        let secret = |name: &'static str, is_set: bool| ShownSetting {
            is_hidden: is_set,
            ..plain(name, None, Said { variable: is_set.then_some(name), ..Said::default() }.source())
        };
        let user = environment.x_user_id.as_ref().map(ToString::to_string);
        let said = Said { variable: user.as_ref().map(|_| "CLEANUP_X_USER_ID"), ..Said::default() };
        let mut all: Vec<ShownSetting> = [
            ("CLEANUP_KEY", environment.key.is_some()),
            ("CLEANUP_X_CLIENT_SECRET", environment.x_client_secret.is_some()),
            ("CLEANUP_X_CONSUMER_KEY", environment.x_consumer_key.is_some()),
            ("CLEANUP_X_CONSUMER_SECRET", environment.x_consumer_secret.is_some()),
            ("CLEANUP_X_TOKEN", environment.x_token.is_some()),
            ("CLEANUP_X_ACCESS_TOKEN", environment.x_access_token.is_some()),
            ("CLEANUP_X_ACCESS_SECRET", environment.x_access_secret.is_some()),
            ("CLEANUP_AISA_KEY", environment.aisa_key.is_some()),
            ("CLEANUP_WEB_PASSWORD", environment.web_password.is_some()),
            ("CLEANUP_METRICS_TOKEN", environment.metrics_token.is_some()),
        ]
        .into_iter()
        .map(|(name, is_set)| secret(name, is_set))
        .collect();
        all.push(plain("CLEANUP_X_USER_ID", user, said.source()));
        all
    }
}

/// A window as `[[windows]]` has it: `50/15m`, `1000/24h of unlike`, `500/24h of unfollow for the app`.
fn window_text(spec: &WindowSpec) -> String {
    let of = spec.applies.name().map_or_else(String::new, |actions| format!(" of {actions}"));
    let whose = match spec.scope {
        Scope::Account => "",
        Scope::App => " for the app",
        Scope::Host => " for the host",
    };
    format!("{}{of}{whose}", spec.rate)
}

#[cfg(test)]
#[path = "shown_tests.rs"]
mod tests;
