//! Prometheus metrics, in the text format. Names are documented in docs/dashboard.md and are part of what people build on.
//!
//! In: the engine's events, counted; the queue. Out: text. What does not belong here: secrets, and labels without a bound:
//! accounts are named for the newest hundred at work, never IDs of targets.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::event_counters::{COMMIT_SECONDS, Counted};
use super::problem::Problem;
use super::state::Web;
use crate::app::serve::EngineState;
use crate::app::status::StatusQuery;
use crate::auth::list_of;
use crate::domain::Applies;
use crate::store::OutcomeCounts;

/// Accounts that are named.
const MAX_NAMED_ACCOUNTS: u32 = 100;

/// The metrics as they stand.
pub(super) async fn scrape(State(web): State<Arc<Web>>) -> Result<Response, Problem> {
    let text = exposition(&web).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}

async fn exposition(web: &Web) -> Result<String, Problem> {
    let mut page = Exposition::default();
    counted(&mut page, &web.hub.counted());
    let settings = web.settings();
    let mut store = web.read_store().await;
    let at_work = store.read().accounts_at_work(MAX_NAMED_ACCOUNTS).await?;
    let look = StatusQuery { accounts: Some(&at_work), ..StatusQuery::at_all(&settings, &web.clock) };
    let accounts = look.look_at_accounts(&mut store, web.clock.now()).await?;
    let jobs = store.read().status(None).await?;
    let (all, in_need) = store.accounts().account_counts().await?;
    let named = list_of(&mut store, &at_work).await?;
    let drains = store.queue().drains_at_work().await?;
    let servers = store.queue().work_in_progress().await?.servers;
    drop(store);
    let mut sum = OutcomeCounts::default();
    for status in &jobs {
        let OutcomeCounts { done, gone, failed, cancelled, kept, duplicate, rejected, pending } = status.counts;
        sum.done += done;
        sum.gone += gone;
        sum.failed += failed;
        sum.cancelled += cancelled;
        sum.kept += kept;
        sum.duplicate += duplicate;
        sum.rejected += rejected;
        sum.pending += pending;
    }
    page.family("cleanup_queue_rows", "gauge", "Rows of every job's newest round, by outcome.");
    for (state, rows) in [
        ("pending", sum.pending),
        ("done", sum.done),
        ("gone", sum.gone),
        ("failed", sum.failed),
        ("cancelled", sum.cancelled),
        ("kept", sum.kept),
        ("duplicate", sum.duplicate),
        ("rejected", sum.rejected),
    ] {
        page.sample("cleanup_queue_rows", &[("outcome", state)], rows as f64);
    }
    page.family("cleanup_jobs", "gauge", "Jobs, by state.");
    for state in ["pending", "paused", "cancelled", "finished"] {
        let jobs = jobs.iter().filter(|job| job.state() == state).count();
        page.sample("cleanup_jobs", &[("state", state)], jobs as f64);
    }
    page.family("cleanup_slots_used", "gauge", "Slots of an account's window that count now.");
    let mut limits = Exposition::default();
    limits.family("cleanup_slots_limit", "gauge", "Slots an account's window has.");
    for account in &accounts {
        for usage in &account.windows {
            let rate = usage.spec.rate.to_string();
            let action = action_of(usage.spec.applies);
            let labels = [("account", account.account.name.as_str()), ("window", &rate), ("action", &action)];
            page.sample("cleanup_slots_used", &labels, f64::from(usage.used));
            limits.sample("cleanup_slots_limit", &labels, f64::from(usage.spec.rate.limit()));
        }
    }
    page.0.push_str(&limits.0);
    page.family("cleanup_accounts", "gauge", "Accounts, by whether they need a person.");
    page.sample("cleanup_accounts", &[("state", "needs_person")], in_need as f64);
    page.sample("cleanup_accounts", &[("state", "good")], all.saturating_sub(in_need) as f64);
    page.family("cleanup_drain_accounts", "gauge", "Accounts of each process that sends.");
    for drain in &drains {
        let labels = [("host", drain.process.host.as_str()), ("pid", &drain.process.pid.to_string())];
        page.sample("cleanup_drain_accounts", &labels, drain.accounts as f64);
    }
    page.family("cleanup_servers", "gauge", "Processes that serve, by what they are doing.");
    for doing in ["works", "rests", "needs_person"] {
        let serve = servers.iter().filter(|server| server.state.name() == doing).count();
        page.sample("cleanup_servers", &[("doing", doing)], serve as f64);
    }
    page.family("cleanup_token_expiry_timestamp_seconds", "gauge", "When an account's access token ends.");
    for (account, record) in &named {
        if let Some(expiry) = record.as_ref().and_then(|record| record.set.expiry) {
            let labels = [("account", account.name.as_str())];
            page.sample("cleanup_token_expiry_timestamp_seconds", &labels, expiry.at.0 as f64 / 1000.0);
        }
    }
    process(&mut page, web);
    Ok(page.0)
}

fn counted(page: &mut Exposition, counted: &Counted) {
    page.family("cleanup_attempts_total", "counter", "Requests that have ended, by what the answer meant.");
    for (finding, attempts) in &counted.attempts {
        page.sample("cleanup_attempts_total", &[("finding", finding)], *attempts as f64);
    }
    page.family("cleanup_settled_total", "counter", "Rows settled, by outcome.");
    for (outcome, rows) in &counted.settled {
        page.sample("cleanup_settled_total", &[("outcome", outcome)], *rows as f64);
    }
    page.family("cleanup_requests_in_flight", "gauge", "Requests on their way.");
    page.sample("cleanup_requests_in_flight", &[], counted.in_flight as f64);
    page.family("cleanup_spent_usd_total", "counter", "What successful requests cost, at listed prices.");
    page.sample("cleanup_spent_usd_total", &[], counted.spent().dollars());
    page.family("cleanup_window_used_max", "gauge", "The most slots any account had in use of a window at once.");
    for (spec, most) in &counted.fullest {
        let labels = [("window", spec.rate.to_string()), ("action", action_of(spec.applies))];
        let labels: Vec<(&str, &str)> = labels.iter().map(|(name, value)| (*name, value.as_str())).collect();
        page.sample("cleanup_window_used_max", &labels, f64::from(*most));
    }
    page.family("cleanup_commit_seconds", "histogram", "How long turns of the queue take to be on disk.");
    let mut below = 0;
    for (bound, commits) in COMMIT_SECONDS.iter().zip(&counted.commits) {
        below += commits;
        page.sample("cleanup_commit_seconds_bucket", &[("le", &bound.to_string())], below as f64);
    }
    let all: u64 = counted.commits.iter().sum();
    page.sample("cleanup_commit_seconds_bucket", &[("le", "+Inf")], all as f64);
    page.sample("cleanup_commit_seconds_sum", &[], counted.commit_seconds);
    page.sample("cleanup_commit_seconds_count", &[], all as f64);
}

fn process(page: &mut Exposition, web: &Web) {
    page.family("cleanup_engine_state", "gauge", "1 for what the engine is doing, 0 for the rest.");
    let state = web.engine.borrow().state.name();
    for name in EngineState::NAMES {
        page.sample("cleanup_engine_state", &[("state", name)], f64::from(u8::from(name == state)));
    }
    page.family("cleanup_build_info", "gauge", "The version of the program.");
    page.sample("cleanup_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1.0);
    page.family("process_start_time_seconds", "gauge", "When the process began.");
    page.sample("process_start_time_seconds", &[], web.started.0 as f64 / 1000.0);
}

fn action_of(applies: Applies) -> String {
    applies.name().unwrap_or_else(|| "all".to_owned())
}

/// Text in Prometheus' format 0.0.4.
#[derive(Debug, Default)]
struct Exposition(String);

impl Exposition {
    /// Begins a family of samples.
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String cannot fail, here and below.
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.0.push_str(name);
        for (index, (label, text)) in labels.iter().enumerate() {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.0, "{}{label}=\"{text}\"", if index == 0 { '{' } else { ',' });
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        let _ = writeln!(self.0, " {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_written_as_the_format_wants() {
        let mut page = Exposition::default();
        page.family("x", "gauge", "An x.");
        page.sample("x", &[("a", "q\"\\\n"), ("b", "é")], 1.5);
        page.sample("x", &[], 3.0);
        assert_eq!(page.0, "# HELP x An x.\n# TYPE x gauge\nx{a=\"q\\\"\\\\\\n\",b=\"é\"} 1.5\nx 3\n");
    }
}
