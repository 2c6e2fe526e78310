//! A config file to begin with: every key, commented out. In: nothing. Out: its text and its place.

use std::path::PathBuf;

use super::environment::Environment;
use super::error::ConfigError;
use super::overrides::Overrides;
use super::paths;

/// The file: valid as it is, and saying nothing yet.
pub const CONFIG_TEMPLATE: &str = include_str!("template.toml");

/// Where the config file belongs: where somebody names it, or in its usual place.
///
/// # Errors
/// Nobody says where.
pub fn config_place(options: &Overrides, environment: &Environment) -> Result<PathBuf, ConfigError> {
    let missing = ConfigError::NoHome { what: "the config file", variable: "XDG_CONFIG_HOME", option: "--config FILE" };
    paths::config_file(options, environment).map(|named| named.path).ok_or(missing)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::path::Path;

    use super::super::file::ConfigFile;
    use super::super::key_lines::KeyLines;
    use super::*;

    #[test]
    fn it_says_nothing_and_has_every_key_that_the_documentation_has() {
        let file = ConfigFile::parse(CONFIG_TEMPLATE, Path::new("c.toml")).unwrap();
        assert_eq!(file.lines, KeyLines::default());
        let bare = |line: &str| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).map(str::to_owned);
        let text: Vec<String> = CONFIG_TEMPLATE.lines().map(|line| bare(line).unwrap_or_default()).collect();
        let file = ConfigFile::parse(&text.join("\n"), Path::new("c.toml")).unwrap();
        let documented = include_str!("../../docs/configuration.md");
        let example = documented.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
        let example = ConfigFile::parse(example, Path::new("docs.toml")).unwrap();
        let keys = |file: &ConfigFile| -> Vec<String> {
            let all = ["run", "prices", "x", "aisa", "credentials", "log", "snapshots"];
            let of = |section: &'static str| file.lines.within(section).map(move |(key, _)| format!("{section}.{key}"));
            all.into_iter().flat_map(of).collect()
        };
        assert_eq!(keys(&file), keys(&example));
        assert!(file.lines.get("db").is_some() && file.window_rules().len() == 1 && keys(&file).len() > 12);
    }
}
