//! Where files belong, by the XDG base directory specification.
//!
//! In: the environment. Out: paths. Nothing is looked up or made here.

use std::path::PathBuf;

use super::environment::Environment;
use super::error::ConfigError;
use super::overrides::Overrides;

/// The config file, and what names it; none: it is in its usual place, and may be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NamedConfig {
    pub(super) path: PathBuf,
    pub(super) by: Option<&'static str>,
}

/// The config file that somebody names, or the usual one; none where there is no folder for it.
pub(super) fn config_file(options: &Overrides, environment: &Environment) -> Option<NamedConfig> {
    let named = |path: &PathBuf, by| NamedConfig { path: path.clone(), by: Some(by) };
    let by_option = options.config.as_ref().map(|path| named(path, "--config"));
    let by_variable = || environment.config.as_ref().map(|path| named(path, "CLEANUP_CONFIG"));
    let usual = || Some(NamedConfig { path: usual_config_file(environment)?, by: None });
    by_option.or_else(by_variable).or_else(usual)
}

fn usual_config_file(environment: &Environment) -> Option<PathBuf> {
    let home = || environment.home.as_ref().map(|home| home.join(".config"));
    let folder = environment.config_home.clone().or_else(home)?;
    Some(folder.join("cleanup").join("config.toml"))
}

/// The queue that is used where nobody names one.
pub(super) fn queue(environment: &Environment, is_sandbox: bool) -> Result<PathBuf, ConfigError> {
    let home = || environment.home.as_ref().map(|home| home.join(".local").join("share"));
    let folder = environment.data_home.clone().or_else(home);
    let missing = ConfigError::NoHome { what: "the queue", variable: "XDG_DATA_HOME", option: "--db PATH" };
    let file = if is_sandbox { "sandbox.db" } else { "queue.db" };
    Ok(folder.ok_or(missing)?.join("cleanup").join(file))
}

/// The variables that the timer's service hands on. systemd's `%h` is the home, whatever XDG says.
pub(super) fn timer_variables(environment: &Environment) -> Option<PathBuf> {
    environment.home.as_ref().map(|home| home.join(".config").join("cleanup").join("environment"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn xdg_folders_come_before_home() {
        let home = Environment { home: Some("/home/ada".into()), ..Environment::default() };
        assert_eq!(queue(&home, false).unwrap(), PathBuf::from("/home/ada/.local/share/cleanup/queue.db"));
        let config_file = |environment: &Environment| config_file(&Overrides::default(), environment).unwrap().path;
        assert_eq!(config_file(&home), PathBuf::from("/home/ada/.config/cleanup/config.toml"));
        let xdg = Environment { data_home: Some("/data".into()), config_home: Some("/etc/ada".into()), ..home };
        assert_eq!(queue(&xdg, true).unwrap(), PathBuf::from("/data/cleanup/sandbox.db"));
        assert_eq!(config_file(&xdg), PathBuf::from("/etc/ada/cleanup/config.toml"));
    }

    #[test]
    fn without_a_home_only_the_queue_is_missed() {
        assert_eq!(config_file(&Overrides::default(), &Environment::default()), None);
        let error = queue(&Environment::default(), false).unwrap_err();
        assert!(error.hint().unwrap().contains("--db"), "{error}");
    }
}
