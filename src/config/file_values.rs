//! Values of the config file: each is read where it stands, so that a bad one is told with its line.
//!
//! In: TOML values. Out: types of the domain. What does not belong here: keys and sections.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, Visitor};

use super::modes::{LogFormat, ProgressMode};
use super::windows::Per;
use crate::auth::KeyPlace;
use crate::domain::{Action, MicroUsd, Platform, Rate, Scope, parse_duration};
use crate::limits::Pace;
use crate::text::nearest;

/// A value that is written as text, read by [`Word`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Text<T>(pub(super) T);

/// What a text in the config file can mean.
pub(super) trait Word: Sized {
    fn read(text: &str) -> Result<Self, String>;
}

fn one_of<T: Copy>(text: &str, known: &[(&str, T)]) -> Result<T, String> {
    let found = known.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    let near = nearest(text, &names).map_or(String::new(), |near| format!("; did you mean {near}?"));
    found.ok_or_else(|| format!("{text:?} is not one of {}{near}", names.join(", ")))
}

impl Word for Action {
    fn read(text: &str) -> Result<Action, String> {
        let names = Action::UNDOING.map(Action::name).join(", ");
        Action::parse(text).ok_or_else(|| format!("{text:?} is not an action; actions are {names}"))
    }
}

impl Word for Platform {
    fn read(text: &str) -> Result<Platform, String> {
        one_of(text, &Platform::ALL.map(|platform| (platform.name(), platform)))
    }
}

impl Word for Rate {
    fn read(text: &str) -> Result<Rate, String> {
        Rate::from_str(text).map_err(|error| error.to_string())
    }
}

impl Word for Pace {
    fn read(text: &str) -> Result<Pace, String> {
        one_of(text, &[("even", Pace::Even), ("front-load", Pace::FrontLoad)])
    }
}

impl Word for Per {
    fn read(text: &str) -> Result<Per, String> {
        one_of(text, &[("account", Per::Account), ("endpoint", Per::Endpoint)])
    }
}

impl Word for Scope {
    fn read(text: &str) -> Result<Scope, String> {
        one_of(text, &[("account", Scope::Account), ("app", Scope::App), ("host", Scope::Host)])
    }
}

impl Word for ProgressMode {
    fn read(text: &str) -> Result<ProgressMode, String> {
        one_of(text, &ProgressMode::ALL.map(|mode| (mode.name(), mode)))
    }
}

impl Word for KeyPlace {
    fn read(text: &str) -> Result<KeyPlace, String> {
        one_of(text, &KeyPlace::ALL.map(|place| (place.name(), place)))
    }
}

impl Word for LogFormat {
    fn read(text: &str) -> Result<LogFormat, String> {
        one_of(text, &[("text", LogFormat::Text), ("json", LogFormat::Json)])
    }
}

impl Word for Duration {
    fn read(text: &str) -> Result<Duration, String> {
        let duration = parse_duration(text).filter(|duration| !duration.is_zero() && *duration <= Rate::MAX_WINDOW);
        duration.ok_or_else(|| format!("{text:?} is not a duration such as 30s, 10m or 1h30m (at most 31d)"))
    }
}

impl<'de, T: Word> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        T::read(&text).map(Text).map_err(D::Error::custom)
    }
}

/// A command for the shell.
#[derive(Clone, Debug)]
pub(super) struct Notify(pub(super) String);

impl Word for Notify {
    fn read(text: &str) -> Result<Notify, String> {
        notify_command(text).map(Notify)
    }
}

/// A command for the shell, as a person typed it.
///
/// # Errors
/// It is empty, too long, or holds what no command line can.
pub fn notify_command(text: &str) -> Result<String, String> {
    const MAX_COMMAND_BYTES: usize = 16 * 1024;
    if text.trim().is_empty() {
        return Err("give a command to run, such as 'mail -s cleanup me'".into());
    }
    if text.len() > MAX_COMMAND_BYTES || text.contains('\0') {
        return Err(format!(
            "a command has at most {MAX_COMMAND_BYTES} bytes, none of them zero; put it into a script"
        ));
    }
    Ok(text.to_owned())
}

/// The workers of a run, 1 to 1,024.
#[derive(Clone, Copy, Debug)]
pub(super) struct Workers(pub(super) u16);

impl<'de> Deserialize<'de> for Workers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        let range = super::modes::WORKERS;
        let number = u16::try_from(number).ok().filter(|number| range.contains(number));
        number
            .map(Workers)
            .ok_or_else(|| D::Error::custom(format!("workers is a number from {} to {}", range.start(), range.end())))
    }
}

/// A price, `"0.010"` or `0.010`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Price(pub(super) MicroUsd);

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Amount;
        impl Visitor<'_> for Amount {
            type Value = Price;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount in dollars such as 0.010")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Price, E> {
                text.parse().map(Price).map_err(E::custom)
            }
            fn visit_f64<E: serde::de::Error>(self, amount: f64) -> Result<Price, E> {
                // The shortest decimal that reads back as this number: what was written.
                self.visit_str(&amount.to_string())
            }
            fn visit_i64<E: serde::de::Error>(self, amount: i64) -> Result<Price, E> {
                self.visit_str(&amount.to_string())
            }
        }
        deserializer.deserialize_any(Amount)
    }
}
