//! `cleanup config`: every setting with where it comes from, and a file to begin with.

use std::io::Write as _;

use crate::cli::args::{ConfigArgs, ConfigCommand, ConfigInitArgs, ConfigShowArgs};
use crate::cli::context::Context;
use crate::cli::output::WholeFile;
use crate::config::{CONFIG_TEMPLATE, Environment, SettingSource, ShownConfig, ShownFile, ShownSetting, config_place};
use crate::domain::counted;
use crate::error::{CommandError, ErrorKind};
use crate::store::make_private_folder;
use crate::text::{clipped, escaped};

const HEADINGS: [&str; 2] = ["Config file", "Settings"];
/// A longer value is cut, so that where it comes from stays in sight; JSON has all of it.
const MAX_VALUE_CHARS: usize = 60;

/// Does what the command says.
///
/// # Errors
/// Stdout or the file cannot be written; there is a file already (2).
pub fn run(context: &Context, args: &ConfigArgs) -> Result<u8, CommandError> {
    match &args.command {
        ConfigCommand::Show(args) => show(context, args)?,
        ConfigCommand::Init(args) => init(context, args)?,
    }
    Ok(0)
}

fn show(context: &Context, args: &ConfigShowArgs) -> Result<(), CommandError> {
    let shown = ShownConfig::of(&context.overrides, &Environment::of_process()?)?;
    if args.json { context.printer.json(&shown) } else { context.printer.table(&table(&shown), &HEADINGS) }
}

fn table(shown: &ShownConfig) -> String {
    let mut lines = vec![HEADINGS[0].to_owned(), format!("  {}", file_text(shown.config_file.as_ref()))];
    lines.push(HEADINGS[1].to_owned());
    let rows: Vec<(&str, String, String)> = shown
        .settings
        .iter()
        .map(|setting| (setting.key.as_str(), value_text(setting), source_text(setting)))
        .collect();
    let width = |widths: &mut dyn Iterator<Item = usize>| widths.max().unwrap_or_default();
    let keys = width(&mut rows.iter().map(|(key, ..)| key.chars().count()));
    let values = width(&mut rows.iter().map(|(_, value, _)| value.chars().count()));
    lines.extend(rows.iter().map(|(key, value, source)| format!("  {key:<keys$}  {value:<values$}  {source}")));
    lines.join("\n")
}

fn file_text(file: Option<&ShownFile>) -> String {
    let Some(ShownFile { path, exists, named_by }) = file else {
        return "none: neither HOME nor XDG_CONFIG_HOME is set to an absolute path".to_owned();
    };
    let named = named_by.map_or_else(String::new, |name| format!(" (named by {name})"));
    let missing = if *exists { "" } else { " (not there; `cleanup config init` writes one)" };
    format!("{}{named}{missing}", escaped(&path.to_string_lossy()))
}

fn value_text(setting: &ShownSetting) -> String {
    match &setting.value {
        _ if setting.is_hidden => "(set, not shown)".to_owned(),
        Some(value) => clipped(value, MAX_VALUE_CHARS).into_owned(),
        None => "-".to_owned(),
    }
}

fn source_text(setting: &ShownSetting) -> String {
    match &setting.source {
        SettingSource::Default => "default".to_owned(),
        SettingSource::File { lines } => {
            let numbers: Vec<String> = lines.iter().map(ToString::to_string).collect();
            format!("config file, line {}", numbers.join(", "))
        }
        SettingSource::Environment { name } | SettingSource::Option { name } => (*name).to_owned(),
    }
}

fn init(context: &Context, args: &ConfigInitArgs) -> Result<(), CommandError> {
    let path = config_place(&context.overrides, &Environment::of_process()?)?;
    let refused = || {
        CommandError::new(ErrorKind::Usage, format!("{} is there already", path.display()))
            .hint("edit it, or add --force to replace it, with what was edited in it")
    };
    if !args.force && path.symlink_metadata().is_ok() {
        return Err(refused());
    }
    let folder = path.parent().map_or(Ok(()), make_private_folder);
    let written = folder.and_then(|()| WholeFile::create(&path, args.force)).and_then(|mut file| {
        file.write_all(CONFIG_TEMPLATE.as_bytes())?;
        file.keep()
    });
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => refused(),
        _ => CommandError::io(path.display(), error),
    })?;
    let settings = CONFIG_TEMPLATE.lines().filter(|line| line.contains(" = ")).count() as u64;
    context.printer.say(&format!(
        "{} is written: {}, all commented out",
        escaped(&path.to_string_lossy()),
        counted(settings, "setting", "settings")
    ));
    context.printer.say(&format!("next: {} shows what is in effect", context.command(&["config", "show"])));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_beside_where_they_come_from() {
        let setting = |key: &str, value: Option<&str>, is_hidden, source| ShownSetting {
            key: key.into(),
            value: value.map(str::to_owned),
            is_hidden,
            source,
        };
        let shown = ShownConfig {
            config_file: Some(ShownFile { path: "/c\u{1b}.toml".into(), exists: true, named_by: Some("--config") }),
            settings: vec![
                setting("db", Some("/q.db"), false, SettingSource::Option { name: "--db" }),
                setting("run.workers", Some("2"), false, SettingSource::File { lines: vec![3] }),
                setting("windows.x", Some("50/15m"), false, SettingSource::File { lines: vec![5, 9] }),
                setting("log.file", None, false, SettingSource::Default),
                setting("CLEANUP_KEY", None, true, SettingSource::Environment { name: "CLEANUP_KEY" }),
            ],
        };
        let expected = "Config file\n  /c\\u{1b}.toml (named by --config)\nSettings\n  \
                        db           /q.db             --db\n  \
                        run.workers  2                 config file, line 3\n  \
                        windows.x    50/15m            config file, line 5, 9\n  \
                        log.file     -                 default\n  \
                        CLEANUP_KEY  (set, not shown)  CLEANUP_KEY";
        assert_eq!(table(&shown), expected);
        assert!(file_text(None).contains("XDG_CONFIG_HOME"));
    }
}
