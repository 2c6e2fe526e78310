//! Now: what every account is doing, how much of its window is used, and when the next request leaves.

use axum::response::Html;
use maud::{Markup, html};

use super::accounts::beside_server;
use super::chart::job_meter;
use super::jobs::{JobLine, job_title};
use super::labels::{commands, foreign, sentence};
use super::layout::{Frame, count, meter};
use crate::app::serve::EngineState;
use crate::app::status::{AccountStatus, ProcessAtWork, hold_text, next_slot};
use crate::domain::{MicroUsd, Moment};
use crate::limits::WindowUsage;

/// An account at work.
pub(in crate::web) struct AccountNow {
    pub(in crate::web) standing: AccountStatus,
    pub(in crate::web) requests_last_hour: u64,
    pub(in crate::web) requests_today: u64,
    /// At listed prices; none where one of them is not known.
    pub(in crate::web) cost_today: Option<MicroUsd>,
    /// What to do about its trouble.
    pub(in crate::web) remedy: Option<String>,
}

/// What the page shows.
pub(in crate::web) struct NowPage {
    pub(in crate::web) accounts: Vec<AccountNow>,
    /// Accounts there are that have not been at work lately.
    pub(in crate::web) others: usize,
    /// The processes that work on the queue.
    pub(in crate::web) processes: Vec<ProcessAtWork>,
    pub(in crate::web) jobs: Vec<JobLine>,
    pub(in crate::web) finished: usize,
    pub(in crate::web) now: Moment,
}

/// The page.
pub(in crate::web) fn now(frame: &Frame, page: &NowPage) -> Html<String> {
    let content = html! {
        div.head {
            div.stack { h1 { "Now" } }
            div.actions { a.button.primary href="/new" { "New job" } }
        }
        div.stack #now data-live {
            (engine(frame))
            @if page.jobs.is_empty() && page.accounts.is_empty() {
                (nothing())
            } @else {
                section.stack aria-labelledby="jobs-now" {
                    h2 #jobs-now { "Unfinished jobs" }
                    @if page.jobs.is_empty() {
                        p.quiet { "No job has rows left to send. "
                            @if page.finished > 0 { a href="/jobs" { (count(page.finished as u64)) " finished" } "." } }
                    }
                    div.grid { @for job in &page.jobs { (job_card(job)) } }
                }
                @if !page.processes.is_empty() {
                    section.stack aria-labelledby="processes-now" {
                        h2 #processes-now { "Processes" }
                        ul {
                            @for one in &page.processes {
                                li {
                                    (foreign(&one.process.host)) " PID " (one.process.pid) ": "
                                    (commands(&foreign(&one.sentence(|at| frame.clock(at)))))
                                }
                            }
                        }
                    }
                }
                section.stack aria-labelledby="accounts-now" {
                    h2 #accounts-now { "Accounts at work" }
                    @if page.accounts.is_empty() { p.quiet { "No account has sent anything yet." } }
                    div.grid { @for account in &page.accounts { (account_card(frame, account, page.now)) } }
                    @if page.others > 0 {
                        p.quiet { a href="/accounts" { (count(page.others as u64)) " more accounts" } " have not been at work lately." }
                    }
                }
            }
        }
    };
    frame.page("Now", &content)
}

fn nothing() -> Markup {
    html! {
        div.empty {
            h2 { "Nothing is queued" }
            p { "Connect an account, look at what it follows, likes or has posted, and choose what to undo. You see what would happen before \
                 anything is queued. Who has a CSV of IDs can upload that instead." }
            div.actions {
                a.button.primary href="/accounts/connect" { "Connect an account" }
                a.button href="/lists" { "Look at a list" }
                a.button href="/new" { "Choose a file" }
            }
        }
    }
}

fn engine(frame: &Frame) -> Markup {
    let wake = html! {
        div.actions { form method="post" action="/engine/wake" { button type="submit" { "Try again now" } } }
    };
    html! {
        @match &frame.engine {
            EngineState::Waiting { until, why } => div.note.warn {
                p { (foreign(why)) ". It resumes at " (frame.time(*until)) "." }
                (wake)
            },
            EngineState::NeedsPerson { why } => div.note.bad {
                p { strong { "An account needs you. " } (commands(&foreign(why))) }
                p.quiet { "Mend it (" a href="/accounts" { "Accounts" } " says how), then let it try again." }
                (wake)
            },
            EngineState::Stuck { why } => div.note.bad { p { strong { "The engine cannot continue. " } (commands(&foreign(why))) } (wake) },
            EngineState::Starting | EngineState::Idle | EngineState::Working | EngineState::Stopping => {},
        }
    }
}

fn job_card(line: &JobLine) -> Markup {
    let status = &line.standing.status;
    html! {
        article.card {
            (job_title(&line.standing))
            (job_meter(&status.counts))
            p.number { (count(status.counts.settled())) " of " (count(status.counts.rows())) " rows settled" }
            @if let Some(doing) = &line.doing { p.quiet { (sentence(doing)) } }
        }
    }
}

fn account_card(frame: &Frame, account: &AccountNow, now: Moment) -> Markup {
    let standing = &account.standing;
    let (kind, word) = match (&standing.account.trouble, &standing.hold) {
        (Some(_), _) => ("bad", "needs you"),
        (None, Some(_)) => ("warn", "held"),
        (None, None) => ("good", "good"),
    };
    html! {
        article.card {
            div.title {
                h3 { (foreign(standing.account.name.as_str())) }
                span class={ "chip " (kind) } { (word) }
            }
            p.quiet.small { (standing.account.platform) " · user " (standing.account.user_id) }
            @for usage in standing.windows_that_matter() { (window(frame, usage, now)) }
            @if let Some((until, reason)) = &standing.hold {
                p { "Waits until " (frame.time(*until)) ": " (foreign(hold_text(reason))) "." }
            }
            @for told in &standing.endpoints.allowances {
                p { @if told.action.is_none() { "Reading " } (foreign(&told.endpoint)) ": the platform allows " (told.remaining) " until " (frame.time(told.until)) "." }
            }
            @for outage in &standing.endpoints.outages {
                p { (outage.action.name()) ": no usable answer from the platform since " (frame.time(outage.since)) "; next try " (frame.time(outage.next_try)) "." }
            }
            @if let Some(trouble) = &standing.account.trouble {
                p { (foreign(trouble)) }
                @if let Some(remedy) = &account.remedy { p { (commands(&foreign(remedy))) " " (beside_server(trouble)) } }
            }
            dl.facts {
                dt { "Last hour" } dd { (count(account.requests_last_hour)) " requests" }
                dt { "Today" }
                dd {
                    (count(account.requests_today)) " requests"
                    @match account.cost_today {
                        Some(cost) => { ", " (cost) " at listed prices" },
                        None => { ", price not known" },
                    }
                }
            }
        }
    }
}

fn window(frame: &Frame, usage: &WindowUsage, now: Moment) -> Markup {
    let rate = usage.spec.rate;
    let limit = u64::from(rate.limit());
    let what = usage.spec.applies.name().map_or_else(String::new, |word| format!(" {word}"));
    let class = if usage.used >= rate.limit() { "full" } else { "used" };
    html! {
        div {
            div.title {
                span { span.number { (usage.used) } " of " (rate.limit()) " slots used" }
                span.quiet.small { (rate) (what) }
            }
            (meter(&[(u64::from(usage.used), class)], limit, &format!("{} of {limit} slots of {rate}{what} used", usage.used)))
            @if let Some(at) = next_slot(usage, now) { p.quiet.small { "next slot " (frame.time(at)) } }
        }
    }
}
