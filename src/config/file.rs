//! The config file: TOML, every key known, every value checked where it stands.
//!
//! In: a file's text. Out: [`ConfigFile`], what it says and nothing more. What does not belong here: defaults, precedence.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::error::ConfigError;
use super::file_values::{Notify, Price, Text, Workers};
use super::key_lines::{KeyLines, line_of};
use super::modes::{LogFormat, ProgressMode};
use super::windows::{MAX_WINDOWS, Per, WindowRule};
use super::writable::WritableByOthers;
use crate::auth::KeyPlace;
use crate::domain::{Action, MicroUsd, Platform, Rate, Scope};
use crate::limits::Pace;
use crate::text::nearest;

/// The longest config file, in bytes.
pub const MAX_CONFIG_BYTES: u64 = 1 << 20;

/// The addresses that the file can replace: the variables that do the same, and the keys.
pub(super) const ADDRESS_KEYS: [(&str, &str); 2] = [("CLEANUP_X_API", "x.api"), ("CLEANUP_AISA_API", "aisa.api")];

/// What a config file says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConfigFile {
    pub(super) db: Option<PathBuf>,
    pub(super) run: RunSection,
    windows: Vec<WindowSection>,
    prices: BTreeMap<Text<Action>, Price>,
    pub(super) x: XSection,
    pub(super) aisa: HostSection,
    pub(super) credentials: CredentialsSection,
    pub(super) log: LogSection,
    pub(super) snapshots: SnapshotsSection,
    /// Others can write to it.
    #[serde(skip)]
    pub(super) writable: Option<WritableByOthers>,
    /// Where each key stands.
    #[serde(skip)]
    pub(super) lines: KeyLines,
}

/// `[run]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RunSection {
    pub(super) workers: Option<Workers>,
    pub(super) pace: Option<Text<Pace>>,
    pub(super) give_up_after: Option<Text<Duration>>,
    pub(super) progress: Option<Text<ProgressMode>>,
    pub(super) request_deadline: Option<Text<Duration>>,
    pub(super) notify: Option<Text<Notify>>,
}

/// `[[windows]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowSection {
    rate: Text<Rate>,
    per: Option<Text<Per>>,
    scope: Option<Text<Scope>>,
    action: Option<Text<Action>>,
    platform: Option<Text<Platform>>,
}

/// `[x]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct XSection {
    pub(super) api: Option<String>,
    pub(super) authorize: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) redirect: Option<String>,
}

/// `[aisa]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct HostSection {
    pub(super) api: Option<String>,
}

/// `[credentials]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CredentialsSection {
    pub(super) key: Option<Text<KeyPlace>>,
}

/// `[log]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LogSection {
    pub(super) format: Option<Text<LogFormat>>,
    pub(super) file: Option<PathBuf>,
}

/// `[snapshots]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SnapshotsSection {
    pub(super) keep: Option<u8>,
}

impl ConfigFile {
    /// Reads the file at `path`; none where there is none.
    pub(super) fn read(path: &Path) -> Result<Option<ConfigFile>, ConfigError> {
        let complain = |why: String| ConfigError::Unreadable { path: path.to_path_buf(), why };
        let file = match std::fs::File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(complain(error.to_string())),
        };
        let about = file.metadata().map_err(|error| complain(error.to_string()))?;
        let mut text = String::new();
        file.take(MAX_CONFIG_BYTES + 1).read_to_string(&mut text).map_err(|error| complain(error.to_string()))?;
        if text.len() as u64 > MAX_CONFIG_BYTES {
            return Err(complain(format!("it is longer than {MAX_CONFIG_BYTES} bytes")));
        }
        let read = ConfigFile::parse(&text, path)?;
        Ok(Some(ConfigFile { writable: WritableByOthers::of(path, &about), ..read }))
    }

    /// Reads its text; `path` is what an error names.
    ///
    /// # Errors
    /// [`ConfigError::File`], with the line of what makes no sense.
    pub fn parse(text: &str, path: &Path) -> Result<ConfigFile, ConfigError> {
        let file: ConfigFile = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            let (why, suggestion) = explain(error.message());
            ConfigError::File { path: path.to_path_buf(), line, why, suggestion }
        })?;
        if file.windows.len() > MAX_WINDOWS {
            let why = format!("there are more than {MAX_WINDOWS} [[windows]]");
            return Err(ConfigError::File { path: path.to_path_buf(), line: 1, why, suggestion: None });
        }
        Ok(ConfigFile { lines: KeyLines::of(text), ..file })
    }

    pub(super) fn window_rules(&self) -> Vec<WindowRule> {
        let rule = |section: &WindowSection| WindowRule {
            rate: section.rate.0,
            per: section.per.as_ref().map_or(Per::Account, |per| per.0),
            scope: section.scope.as_ref().map_or(Scope::Account, |scope| scope.0),
            action: section.action.as_ref().map(|action| action.0),
            platform: section.platform.as_ref().map(|platform| platform.0),
        };
        self.windows.iter().map(rule).collect()
    }

    /// The addresses that replace those of platforms, by the variables that do the same.
    pub(super) fn addresses(&self) -> HashMap<&'static str, String> {
        let values = [&self.x.api, &self.aisa.api];
        ADDRESS_KEYS.iter().zip(values).filter_map(|((variable, _), api)| Some((*variable, api.clone()?))).collect()
    }

    pub(super) fn prices(&self) -> BTreeMap<Action, MicroUsd> {
        self.prices.iter().map(|(action, price)| (action.0, price.0)).collect()
    }
}

/// Serde's message for an unknown key is ``unknown field `x`, expected one of `a`, `b` ``: all that a suggestion needs.
fn explain(message: &str) -> (String, Option<String>) {
    let mut quoted = message.split('`').skip(1).step_by(2);
    match quoted.next().filter(|_| message.starts_with("unknown field `")) {
        None => (message.to_owned(), None),
        Some(unknown) => {
            let known: Vec<&str> = quoted.collect();
            let suggestion = match nearest(unknown, &known) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("known here: {}", known.join(", ")),
            };
            (format!("unknown key {unknown}"), Some(suggestion))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parse(text: &str) -> Result<ConfigFile, ConfigError> {
        ConfigFile::parse(text, Path::new("c.toml"))
    }

    #[test]
    fn everything_there_is() {
        let file = parse(
            r#"
            db = "/srv/queue.db"
            [run]
            workers = 8
            pace = "front-load"
            give_up_after = "5m"
            progress = "plain"
            request_deadline = "20s"
            notify = "mail -s cleanup me"
            [[windows]]
            rate = "500/24h"
            scope = "app"
            action = "unfollow"
            platform = "x-v2"
            [[windows]]
            rate = "50/15m"
            per = "endpoint"
            [prices]
            unfollow = "0.010"
            delete = 0.005
            unmute = 1
            [x]
            api = "https://gateway.example"
            [aisa]
            api = "https://aisa.example"
            [credentials]
            key = "keyring"
            [log]
            format = "json"
            file = "/var/log/cleanup.log"
            "#,
        )
        .unwrap();
        let rules = file.window_rules();
        assert_eq!((rules[0].scope, rules[0].action), (Scope::App, Some(Action::Unfollow)));
        assert_eq!((rules[1].per, rules[1].platform), (Per::Endpoint, None));
        let prices = file.prices();
        assert_eq!(prices[&Action::DeletePost], MicroUsd(5_000));
        assert_eq!(prices[&Action::Unmute], MicroUsd(1_000_000));
        assert_eq!(file.run.workers.unwrap().0, 8);
        assert_eq!(file.credentials.key, Some(Text(KeyPlace::Keyring)));
        assert!(parse("").unwrap().window_rules().is_empty());
    }

    #[test]
    fn an_unknown_key_has_a_line_and_a_suggestion() {
        let error = parse("[run]\npace = \"even\"\nworkrs = 3\n").unwrap_err();
        assert_eq!(error.to_string(), "c.toml:3: unknown key workrs");
        assert_eq!(error.hint().unwrap(), "did you mean workers?");
        let error = parse("\n[windws]\n").unwrap_err();
        assert_eq!(
            (error.to_string().as_str(), error.hint().unwrap().as_str()),
            ("c.toml:2: unknown key windws", "did you mean windows?")
        );
        let error = parse("[x]\nconsumer_secret_file = \"\"\n").unwrap_err();
        assert!(error.hint().unwrap().contains("api"), "{error}");
    }

    #[test]
    fn bad_values_are_found_where_they_stand() {
        for (text, line, why) in [
            ("[run]\nworkers = 0", 2, "1 to 1024"),
            ("[run]\n\npace = \"fast\"", 3, "even, front-load"),
            ("[[windows]]\nrate = \"50\"", 2, "50/15m"),
            ("[[windows]]\nper = \"account\"", 1, "rate"),
            ("[prices]\nunfolow = \"1\"", 2, "unfollow"),
            ("[prices]\nunlike = \"-1\"", 2, "5.00"),
            ("[run]\ngive_up_after = \"soon\"", 2, "10m"),
            ("[run]\nnotify = \"\"", 2, "command"),
            ("[credentials]\nkey = \"keyrng\"", 2, "not one of file, keyring; did you mean keyring?"),
            ("[run", 1, ""),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("c.toml:{line}: ")) && error.contains(why), "{text}: {error}");
        }
    }
}
