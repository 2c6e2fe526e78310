//! Options, environment, file and defaults, resolved once into [`Settings`].
//!
//! In: what the command line said ([`Overrides`]), the [`Environment`], a TOML file. Out: [`Settings`], typed and checked, with
//! the precedence option, environment, file, default. What does not belong here: clap, opening anything but the config file,
//! acting on a setting.

mod environment;
mod error;
mod file;
mod file_values;
mod modes;
mod overrides;
mod paths;
mod settings;
mod windows;
mod writable;

pub use environment::Environment;
pub use error::ConfigError;
pub use file::MAX_CONFIG_BYTES;
pub use file_values::notify_command;
pub use modes::{LogFormat, ProgressMode};
pub use overrides::Overrides;
pub use settings::{AppSettings, EnvironmentCredentials, OAuth1Set, RunSettings, Settings};
pub use windows::{MAX_WINDOWS, Per, WindowRule};
pub use writable::{WritableByOthers, WritableConfig};
