//! Within which windows each drain sent. In: the windows that a drain begins with. Out: the same, for whoever counts again. What does
//! not belong here: judging by them (`limits::Audit`).

use super::QueueStore;
use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::domain::{Applies, Fence, Platform, Scope, WindowSpec};
use crate::store::error::StoreError;

/// The windows of every drain that wrote them down. Most drains have the same, which are kept once.
#[derive(Debug, Default)]
pub struct DrainWindows {
    sets: Vec<HashMap<Platform, Vec<WindowSpec>>>,
    of_drain: HashMap<Fence, usize>,
}

impl DrainWindows {
    /// Each different set of windows of a platform, by its number.
    pub fn sets_of(&self, platform: Platform) -> impl Iterator<Item = (usize, &[WindowSpec])> {
        self.sets.iter().enumerate().filter_map(move |(at, set)| Some((at, set.get(&platform)?.as_slice())))
    }

    /// The number of a drain's set; none where it was not written down.
    pub fn set_of(&self, drain: Fence) -> Option<usize> {
        self.of_drain.get(&drain).copied()
    }
}

impl QueueStore<'_> {
    /// The windows of every drain on record.
    pub async fn windows_of_drains(&mut self) -> Result<DrainWindows, StoreError> {
        let sql = "select id, windows from drain where windows is not null";
        let rows: Vec<(i64, String)> = self.db.fetch_all(sql, args![]).await?;
        let mut found = DrainWindows::default();
        let mut numbers: HashMap<String, usize> = HashMap::new();
        for (drain, text) in rows {
            let number = match numbers.get(&text) {
                Some(number) => *number,
                None => {
                    let set = of_text(&text).ok_or_else(|| unread(drain, &text))?;
                    found.sets.push(set);
                    numbers.insert(text, found.sets.len() - 1);
                    found.sets.len() - 1
                }
            };
            found.of_drain.insert(Fence(drain), number);
        }
        Ok(found)
    }
}

/// Windows of a platform, an action or a kind that a newer version knows; or no windows at all.
fn unread(drain: i64, text: &str) -> StoreError {
    let what = format!("the windows of drain {drain}: {text:?}");
    match serde_json::from_str::<HashMap<String, Value>>(text) {
        Ok(_) => StoreError::unknown(format!("the queue has {what}")),
        Err(_) => StoreError::impossible(what),
    }
}

/// The windows as the database has them; none where there are none. They are written with the drain itself, so that no attempt is without.
pub(super) fn to_text(windows: &[(Platform, Arc<[WindowSpec]>)]) -> Option<String> {
    let spec = |spec: &WindowSpec| json!([scope_name(spec.scope), spec.rate.to_string(), spec.applies.name()]);
    let of_platform = |specs: &[WindowSpec]| Value::Array(specs.iter().map(spec).collect());
    let all: Map<String, Value> =
        windows.iter().map(|(platform, specs)| (platform.name().to_owned(), of_platform(specs))).collect();
    (!all.is_empty()).then(|| Value::Object(all).to_string())
}

fn of_text(text: &str) -> Option<HashMap<Platform, Vec<WindowSpec>>> {
    let spec = |(scope, rate, counted): (String, String, Option<String>)| {
        let scope = [Scope::Account, Scope::App, Scope::Host].into_iter().find(|known| scope_name(*known) == scope)?;
        let applies = match counted {
            Some(word) => Applies::named(&word)?,
            None => Applies::All,
        };
        Some(WindowSpec { scope, rate: rate.parse().ok()?, applies })
    };
    let all: HashMap<String, Vec<(String, String, Option<String>)>> = serde_json::from_str(text).ok()?;
    let set = all.into_iter().map(|(platform, specs)| {
        Some((Platform::named(&platform)?, specs.into_iter().map(spec).collect::<Option<Vec<_>>>()?))
    });
    set.collect()
}

const fn scope_name(scope: Scope) -> &'static str {
    match scope {
        Scope::Account => "account",
        Scope::App => "app",
        Scope::Host => "host",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::{Action, Actions};

    #[test]
    fn every_window_comes_back_as_it_was_written() {
        for platform in Platform::ALL {
            let mut specs = vec![WindowSpec::of_account(50, 900, Applies::All)];
            for action in Action::UNDOING {
                let rate = "1000000/1500ms".parse().unwrap();
                specs.push(WindowSpec { scope: Scope::App, rate, applies: Applies::Only(action) });
            }
            specs.push(WindowSpec::of_host(3_000, 300));
            let rare = Actions::of(&[Action::Unrepost, Action::DeletePost]);
            specs.push(WindowSpec::of_account(30, 1_800, Applies::Together(rare)));
            let text = to_text(&[(platform, specs.clone().into())]).unwrap();
            assert_eq!(of_text(&text).unwrap()[&platform], specs, "{text}");
        }
        assert!(of_text(r#"{"x-v2":[["moon","50/15m",null]]}"#).is_none());
    }
}
