//! Options, environment, file and defaults, resolved once into [`Settings`].
//!
//! In: what the command line said ([`Overrides`]), the [`Environment`], a TOML file. Out: [`Settings`], typed and checked, with
//! the precedence option, environment, file, default. What does not belong here: clap, opening anything but the config file,
//! acting on a setting.

mod environment;
mod error;
mod file;
mod file_values;
mod key_lines;
mod modes;
mod overrides;
mod paths;
mod settings;
mod shown;
mod template;
mod terminal;
mod windows;
mod writable;

pub use environment::Environment;
pub use error::ConfigError;
pub use file::{ConfigFile, MAX_CONFIG_BYTES};
pub use file_values::notify_command;
pub use modes::{LogFormat, ProgressMode};
pub use overrides::Overrides;
pub use settings::{AppSettings, EnvironmentCredentials, OAuth1Set, RunSettings, Settings};
pub use shown::{SettingSource, ShownConfig, ShownFile, ShownSetting};
pub use template::{CONFIG_TEMPLATE, config_place};
pub use terminal::TerminalTraits;
pub use windows::{MAX_WINDOWS, Per, WindowRule};
pub use writable::{WritableByOthers, WritableConfig};
