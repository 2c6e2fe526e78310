//! The sentence before a run: what, by whom, how many, how long, what it costs, and what the platform permits.

use std::collections::{BTreeMap, HashMap};

use crate::app::status::{estimate, length_per_endpoint};
use crate::config::Settings;
use crate::domain::{AccountId, Action, JobId, MicroUsd, Platform, Scope, WindowSpec, counted};
use crate::error::CommandError;
use crate::platform::find;
use crate::store::{JobState, Store};
use crate::text::{escaped, span_text};

/// So many tasks of an action for an account.
pub(crate) type Work = BTreeMap<(AccountId, Action), u64>;

pub(crate) async fn add_pending(work: &mut Work, store: &mut Store, job: JobId) -> Result<(), CommandError> {
    let found = store.queue().jobs().await?.into_iter().find(|known| known.id == job);
    let Some(job) = found.filter(|job| job.state == JobState::Active) else { return Ok(()) };
    for (action, account, count) in store.read().pending_by_lane(job.round).await? {
        *work.entry((account, action)).or_default() += count;
    }
    Ok(())
}

/// The accounts' short names and platforms.
pub(crate) async fn names(store: &mut Store) -> Result<HashMap<AccountId, (String, Platform)>, CommandError> {
    let accounts = store.accounts().all().await?.into_iter();
    Ok(accounts.map(|account| (account.id, (account.name.to_string(), account.platform))).collect())
}

/// Where the chosen windows allow more than the platforms document for this work.
pub(crate) fn too_fast(
    work: &Work,
    names: &HashMap<AccountId, (String, Platform)>,
    settings: &Settings,
) -> Vec<String> {
    let mut by_platform: BTreeMap<Platform, Vec<Action>> = BTreeMap::new();
    for (account, action) in work.keys() {
        if let Some((_, platform)) = names.get(account) {
            by_platform.entry(*platform).or_default().push(*action);
        }
    }
    by_platform.iter().flat_map(|(platform, actions)| settings.window_warnings(*platform, actions)).collect()
}

/// What will be done, by whom, how many, how long it takes and what it costs; and what the platform permits.
pub(crate) fn sentences(
    work: &Work,
    names: &HashMap<AccountId, (String, Platform)>,
    settings: &Settings,
) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut by_account: BTreeMap<AccountId, Vec<(Action, u64)>> = BTreeMap::new();
    for ((account, action), count) in work {
        by_account.entry(*account).or_default().push((*action, *count));
    }
    const MOST_SENTENCES: usize = 5;
    let accounts = by_account.len();
    for (account, work) in by_account.into_iter().take(MOST_SENTENCES) {
        let Some((name, platform)) = names.get(&account) else { continue };
        let windows = settings.windows(*platform);
        let phrase: Vec<String> = work.iter().map(|(action, count)| action.phrase(*count)).collect();
        let length = estimate::from_empty(&work, &windows, settings.run.pace);
        let price = |action| settings.price(*platform, action);
        let cost = work.iter().try_fold(MicroUsd(0), |sum, (action, n)| Some(sum.plus(price(*action)?.times(*n))));
        let cost = cost.map_or("price not known".to_owned(), |cost| format!("{cost} at listed prices"));
        let limits: Vec<String> = windows.iter().filter(|w| applies(w, &work)).map(|w| w.rate.to_string()).collect();
        sentences.push(format!(
            "{} as {} on {}, at most {}: about {}, {cost}",
            phrase.join(", "),
            escaped(name),
            if *platform == Platform::Sandbox { "the pretend platform" } else { platform.name() },
            limits.join(" and "),
            span_text(length)
        ));
        if let Some(length) = length_per_endpoint(&work, *platform, settings) {
            let length = span_text(length);
            sentences.push(format!("X counts each action by itself: with --per endpoint that takes about {length}"));
        }
    }
    if accounts > MOST_SENTENCES {
        let more = counted(accounts - MOST_SENTENCES, "more account", "more accounts");
        sentences.push(format!("... and so on for {more}"));
    }
    if !settings.is_sandbox() {
        sentences.extend(what_is_permitted(work, names));
    }
    sentences
}

fn applies(window: &WindowSpec, work: &[(Action, u64)]) -> bool {
    work.iter().any(|(action, _)| window.applies.counts(*action))
}

/// A cap that all users of an app share, which is kept only where the configuration says so.
fn app_cap(platform: Platform, action: Action) -> Option<String> {
    let endpoint = find(platform, action)?;
    let cap = endpoint.documented.iter().find(|documented| documented.scope == Scope::App)?;
    let (rate, whose) = (cap.rate, if platform == Platform::Aisa { "AIsa" } else { "X" });
    Some(format!(
        "{whose} also documents {rate} of {action} for all users of an app together; to keep to it, put a [[windows]] with \
         scope = \"app\" into the configuration"
    ))
}

/// Said before the first request, because the first answer may come too late for an account.
fn what_is_permitted(work: &Work, names: &HashMap<AccountId, (String, Platform)>) -> Vec<String> {
    let mut said = vec![
        "X forbids bulk and aggressive actions, and any action without the account owner's express consent; \
         whether your use is allowed is yours to judge"
            .to_owned(),
    ];
    let closed = |(account, action): &(AccountId, Action)| find(names.get(account)?.1, *action)?.closed();
    let mut closed: Vec<String> = work.keys().filter_map(closed).collect();
    closed.sort();
    closed.dedup();
    said.extend(work.keys().filter_map(|(account, action)| app_cap(names.get(account)?.1, *action)));
    said.dedup();
    said.extend(closed);
    said
}
