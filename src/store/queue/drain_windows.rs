//! Within which windows each drain sent. In: the windows that a drain begins with. Out: the same, for whoever counts again. What does
//! not belong here: judging by them (`limits::Audit`).

use super::QueueStore;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::work::DrainScope;
use crate::domain::{Applies, Fence, Platform, Scope, Wall, WindowSpec};
use crate::store::db::Tx;
use crate::store::error::StoreError;
use crate::store::lock_holder::LockHolder;

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

/// Refuses to begin beside a drain that is alive and goes by other windows of a whole app: the limit of neither would hold.
pub(super) async fn refuse_other_windows(tx: &mut Tx<'_>, scope: &DrainScope) -> Result<(), StoreError> {
    let rows: Vec<(i64, String, i64, String)> = tx.fetch_all(WINDOWS_ALIVE, args![]).await?;
    for (drain, holder, since, text) in rows {
        let theirs = of_text(&text).ok_or_else(|| unread(drain, &text))?;
        for (platform, ours) in &scope.windows {
            let Some(theirs) = theirs.get(platform) else { continue };
            let (ours, theirs) = (of_apps(ours), of_apps(theirs));
            if ours != theirs {
                return Err(StoreError::OtherWindows {
                    queue: tx.place().clone(),
                    holder: LockHolder::of_session(&holder, Wall(since)),
                    platform: *platform,
                    theirs: listed(&theirs),
                    ours: listed(&ours),
                });
            }
        }
    }
    Ok(())
}

/// The windows of a whole app, as text.
fn of_apps(windows: &[WindowSpec]) -> BTreeSet<String> {
    let of_app = windows.iter().filter(|window| window.scope == Scope::App);
    let text = |window: &WindowSpec| match window.applies.name() {
        None => window.rate.to_string(),
        Some(actions) => format!("{} ({actions})", window.rate),
    };
    of_app.map(text).collect()
}

fn listed(windows: &BTreeSet<String>) -> String {
    if windows.is_empty() { "none".to_owned() } else { windows.iter().cloned().collect::<Vec<_>>().join(", ") }
}

const WINDOWS_ALIVE: &str = concat!(
    "select id, coalesce(holder, ''), started_at, windows from drain where windows is not null and ended_at is null
        and alive_until > ",
    server_now!(),
    " order by id"
);

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
