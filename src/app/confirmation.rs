//! What a person is asked about before a run: what, by whom, how many, how long, what it costs, and what the platform permits.
//!
//! In: jobs of the queue, or files that are about to be loaded into it. Out: sentences. What does not belong here: asking.

use std::collections::{BTreeMap, HashMap};

use super::forecast::forecast_for;
use super::load_options::LoadOptions;
use super::load_plan::LoadPlan;
use super::named_accounts::Accounts;
use super::preparing::Prepared;
use super::restore_list::final_deeds;
use super::status::{estimate, length_per_endpoint};
use crate::config::Settings;
use crate::domain::{AccountId, Action, JobId, MicroUsd, Platform, Scope, WindowSpec, counted};
use crate::error::CommandError;
use crate::platforms::{Endpoint, Host, find, spec};
use crate::store::{Job, JobState, Store};
use crate::text::{escaped, span_text};

/// The most accounts that have a sentence of their own.
const MAX_SENTENCES: usize = 5;

/// So many tasks of an action for an account.
type Work = BTreeMap<(AccountId, Action), u64>;

/// What a person is asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confirmation {
    /// Where the chosen windows allow more than the platforms document for this work.
    pub warnings: Vec<String>,
    /// What will be done, by whom, how many, how long it takes and what it costs; and what the platform permits.
    pub sentences: Vec<String>,
}

/// What is left of these jobs. None of them: every one. None: nothing would be sent.
pub async fn confirm_jobs(
    store: &mut Store,
    only: Option<&[JobId]>,
    settings: &Settings,
) -> Result<Option<Confirmation>, CommandError> {
    let mut work = Work::new();
    for job in store.queue().jobs().await?.iter().filter(|job| only.is_none_or(|only| only.contains(&job.id))) {
        add_pending(&mut work, store, job).await?;
    }
    about(&work, store, settings).await
}

/// What loading these files would have sent. None: nothing would be.
///
/// # Errors
/// A file or the queue cannot be read.
pub async fn confirm_files(
    store: &mut Store,
    files: &[Prepared],
    plans: &[LoadPlan],
    (accounts, load): (&Accounts, &LoadOptions),
    settings: &Settings,
) -> Result<Option<Confirmation>, CommandError> {
    let mut work = Work::new();
    for (file, plan) in files.iter().zip(plans) {
        // What is pending is counted already, and a file of a million rows need not be read once more every night.
        if matches!(plan, LoadPlan::Unchanged { .. }) {
            if let Some(job) = store.queue().job(&file.job).await? {
                add_pending(&mut work, store, &job).await?;
            }
            continue;
        }
        let forecast = forecast_for(Some(store), file, accounts, load).await?;
        for lane in forecast.to_send.iter().filter(|_| !forecast.is_paused) {
            *work.entry((lane.id, lane.action)).or_default() += lane.targets;
        }
    }
    about(&work, store, settings).await
}

/// What sending this would be. None: nothing would be sent.
pub async fn confirm_work(
    store: &mut Store,
    to_send: &[(Action, AccountId, u64)],
    settings: &Settings,
) -> Result<Option<Confirmation>, CommandError> {
    let work = to_send.iter().map(|(action, account, count)| ((*account, *action), *count)).collect();
    about(&work, store, settings).await
}

/// Why the platforms say that these actions are closed to some, each once.
fn closed_actions(lanes: impl Iterator<Item = (Platform, Action)>) -> Vec<String> {
    let mut closed: Vec<String> = lanes.filter_map(|(platform, action)| find(platform, action)?.closed()).collect();
    closed.sort();
    closed.dedup();
    closed
}

async fn add_pending(work: &mut Work, store: &mut Store, job: &Job) -> Result<(), CommandError> {
    if job.state == JobState::Active {
        for (action, account, count) in store.read().pending_by_lane(job.round).await? {
            *work.entry((account, action)).or_default() += count;
        }
    }
    Ok(())
}

async fn about(work: &Work, store: &mut Store, settings: &Settings) -> Result<Option<Confirmation>, CommandError> {
    if work.is_empty() {
        return Ok(None);
    }
    let accounts = store.accounts().all().await?.into_iter();
    let accounts: HashMap<_, _> =
        accounts.map(|account| (account.id, (account.name.to_string(), account.platform))).collect();
    let lanes = || work.keys().filter_map(|(account, action)| Some((accounts.get(account)?.1, *action)));
    let mut by_account: BTreeMap<AccountId, Vec<(Action, u64)>> = BTreeMap::new();
    for ((account, action), count) in work {
        by_account.entry(*account).or_default().push((*action, *count));
    }
    let count = by_account.len();
    let mut sentences = Vec::new();
    for (account, work) in by_account.into_iter().take(MAX_SENTENCES) {
        let Some((name, platform)) = accounts.get(&account) else { continue };
        sentences.extend(account_sentences(name, *platform, &work, settings));
    }
    if count > MAX_SENTENCES {
        let more = counted(count - MAX_SENTENCES, "more account", "more accounts");
        sentences.push(format!("... and so on for {more}"));
    }
    if !settings.is_sandbox() {
        sentences.extend(what_is_permitted(lanes));
    }
    sentences.extend(what_becomes_of_records(lanes()).map(str::to_owned));
    sentences.extend(final_deeds(lanes()).into_iter().map(|said| said.trim_end_matches('.').to_owned()));
    Ok(Some(Confirmation { warnings: too_fast(lanes(), settings), sentences }))
}

/// What is kept of records that are deleted, and what those are that are put back.
fn what_becomes_of_records(lanes: impl Iterator<Item = (Platform, Action)>) -> impl Iterator<Item = &'static str> {
    let endpoints: Vec<&Endpoint> = lanes.filter_map(|(platform, action)| find(platform, action)).collect();
    let deleted = endpoints.iter().any(|endpoint| endpoint.deletes_records()).then_some(
        "what is deleted is kept in the queue, texts of posts too, so that `cleanup undo` can put it back; `cleanup forget` erases it for good",
    );
    let handed_back = endpoints.iter().any(|endpoint| endpoint.last_copy.is_some()).then_some(
        "deleted posts do not come back as they were; the server hands back the text of each, which is kept in the queue: `cleanup undo` \
         prints it, `cleanup forget` erases it for good",
    );
    let put_back = endpoints.iter().any(|endpoint| endpoint.restores_as_it_was()).then_some(
        "records come back as they were, at their old places and with their old dates; whom they concern may be notified",
    );
    deleted.into_iter().chain(handed_back).chain(put_back)
}

fn too_fast(lanes: impl Iterator<Item = (Platform, Action)>, settings: &Settings) -> Vec<String> {
    let mut by_platform: BTreeMap<Platform, Vec<Action>> = BTreeMap::new();
    for (platform, action) in lanes {
        by_platform.entry(platform).or_default().push(action);
    }
    by_platform.iter().flat_map(|(platform, actions)| settings.window_warnings(*platform, actions)).collect()
}

fn account_sentences(name: &str, platform: Platform, work: &[(Action, u64)], settings: &Settings) -> Vec<String> {
    let windows = settings.windows(platform);
    let phrase: Vec<String> = work.iter().map(|(action, count)| action.phrase(*count)).collect();
    let length = estimate::from_empty(work, &windows, settings.run.pace);
    let price = |action| settings.price(platform, action);
    let cost = work.iter().try_fold(MicroUsd(0), |sum, (action, n)| Some(sum.plus(price(*action)?.times(*n))));
    let cost = cost.map_or("price not known".to_owned(), |cost| format!("{cost} at listed prices"));
    let mut limits: Vec<String> = Vec::new();
    for limit in windows.iter().filter(|w| applies(w, work)).map(|w| w.rate.to_string()) {
        // A host's may be the account's own once more.
        if !limits.contains(&limit) {
            limits.push(limit);
        }
    }
    let sentence = format!(
        "{} as {} {}, at most {}: about {}, {cost}",
        phrase.join(", "),
        escaped(name),
        where_text(platform),
        limits.join(" and "),
        span_text(length)
    );
    let per_endpoint = length_per_endpoint(work, platform, settings).map(|length| {
        let length = span_text(length);
        format!("X counts each action by itself: with --per endpoint that takes about {length}")
    });
    [sentence].into_iter().chain(per_endpoint).collect()
}

/// Where requests go, as a sentence has it.
fn where_text(platform: Platform) -> String {
    if platform.is_sandbox() { "in the sandbox".to_owned() } else { format!("on {platform}") }
}

fn applies(window: &WindowSpec, work: &[(Action, u64)]) -> bool {
    work.iter().any(|(action, _)| window.applies.counts(*action))
}

/// A cap that all users of an app share, which is kept only where the configuration says so.
fn app_cap(platform: Platform, action: Action) -> Option<String> {
    let endpoint = find(platform, action)?;
    let cap = endpoint.documented.iter().find(|documented| documented.scope == Scope::App)?;
    let (rate, whose) = (cap.rate, spec(platform).service);
    Some(format!(
        "{whose} also documents {rate} of {action} for all users of an app together; to keep to it, put a [[windows]] with \
         scope = \"app\" into the configuration"
    ))
}

/// Said before the first request, because the first answer may come too late for an account.
pub fn what_is_permitted<L: Iterator<Item = (Platform, Action)>>(lanes: impl Fn() -> L) -> Vec<String> {
    let mut said = Vec::new();
    let is_of_hosts = |platform: Platform| spec(platform).host == Host::OfAccount;
    if lanes().any(|(platform, _)| !is_of_hosts(platform)) {
        said.push(
            "X forbids bulk and aggressive actions, and any action without the account owner's express consent; \
             whether your use is allowed is yours to judge"
                .to_owned(),
        );
    }
    if lanes().any(|(platform, _)| is_of_hosts(platform)) {
        said.push(
            "every server has rules of its own, which hold for your account there; cleanup keeps the limits, and is for your own account \
             only"
                .to_owned(),
        );
    }
    said.extend(lanes().filter_map(|(platform, action)| app_cap(platform, action)));
    said.dedup();
    said.extend(closed_actions(lanes()));
    said
}
