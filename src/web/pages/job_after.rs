//! What can be done with a job that has done something: verified, worked off by hand, restored, forgotten.

use axum::response::Html;
use maud::{Markup, html};

use super::labels::{foreign, sentence};
use super::layout::{Frame, Pager, count};
use crate::app::run::RestoreForecast;
use crate::app::{Facts, ForgetForecast, worklist_note};
use crate::store::{Job, JobState, PickedTask, VerdictCounts};
use crate::web::lists::ReadingProgress;

fn crumbs(job: &Job, here: &str) -> Markup {
    html! { p.crumbs { a href="/jobs" { "Jobs" } " / " a href={ "/jobs/" (job.id.0) } { (foreign(&job.name)) } " / " (here) } }
}

/// The links to it, on the job's own page.
pub(super) fn afterwards(job: &Job) -> Markup {
    let to = |what: &str| format!("/jobs/{}/{what}", job.id.0);
    let is_restore = job.restores.is_some();
    html! {
        section.card aria-labelledby="afterwards" {
            h2 #afterwards { "Afterwards" }
            div.actions {
                @if !is_restore { a.button href=(to("verify")) { "Verify" } }
                a.button href=(to("by-hand")) { "Do by hand" }
                @if !is_restore { a.button href=(to("undo")) { "Restore…" } }
                @if job.pending == 0 { a.button.danger href=(to("forget")) { "Forget…" } }
            }
        }
    }
}

/// What the page of a verification shows.
pub(in crate::web) struct VerifyPage {
    pub(in crate::web) job: Job,
    pub(in crate::web) counts: VerdictCounts,
    /// Whether rows can be asked about by themselves.
    pub(in crate::web) can_ask: bool,
    pub(in crate::web) progress: Option<ReadingProgress>,
    /// Why the last reading ended before its time.
    pub(in crate::web) stopped: Option<String>,
}

/// Whether what a job has done stayed done.
pub(in crate::web) fn verification(frame: &Frame, page: &VerifyPage) -> Html<String> {
    let VerifyPage { job, counts, can_ask, progress, stopped } = page;
    let here = format!("/jobs/{}", job.id.0);
    let numbers = [
        ("confirmed", counts.confirmed),
        ("came back", counts.came_back),
        ("only look done", counts.ghosts),
        ("not decided", counts.undecided),
        ("restored since", counts.restored),
    ];
    let content = html! {
        (crumbs(job, "Verify"))
        div.head { div.stack {
            h1 { "Did it stay done?" }
            p.quiet { "The account's lists are read again, and compared with what was done. Nothing is sent but these readings." }
        } }
        @if job.state == JobState::Unverified && job.pending > 0 {
            div.note.warn role="note" { p { "The queue was restored from a snapshot: of the " (count(job.pending)) " rows that are left, those that are on the lists no more are \
                done. Where the platform shows the whole of each list, the others are sent then; otherwise the job waits on." } }
        }
        section.card #verification data-live aria-label="What was found" {
            dl.numbers { @for (what, number) in numbers { div { dt { (what) } dd { (count(number)) } } } }
            @match (progress, stopped) {
                (Some(progress), _) => {
                    p role="status" { "Reading: " (count(progress.entries)) " entries." }
                    @if let Some((until, why)) = &progress.waits { p { "It waits until " (frame.time(*until)) ": " (foreign(why)) "." } }
                },
                (None, Some(why)) => div.note.warn role="alert" { p { strong { "It was not read to its end. " } (sentence(&foreign(why))) } },
                (None, None) => {},
            }
            @if counts.undecided > 0 { p.quiet.small { "Not decided: done after the list was read, or beyond what the platform lists." } }
            div.actions {
                @if progress.is_none() { form method="post" action=(format!("{here}/verify")) { button.primary type="submit" { "Read the lists again" } } }
                @else { a.button href=(format!("{here}/verify")) { "Look again" } }
                @if *can_ask && counts.undecided > 0 && progress.is_none() {
                    form method="post" action=(format!("{here}/verify")) {
                        input type="hidden" name="by_id" value="1";
                        button type="submit" { "Ask about each that is not decided" }
                    }
                }
                @if counts.came_back > 0 && progress.is_none() {
                    form method="post" action=(format!("{here}/requeue")) { button type="submit" { "Queue again what came back" } }
                }
                @if counts.ghosts > 0 { a.button href=(format!("{here}/by-hand")) { "Do by hand what only looks done" } }
            }
        }
    };
    frame.page("Verify", &content)
}

/// What the page of work by hand shows.
pub(in crate::web) struct ByHandPage {
    pub(in crate::web) job: Job,
    pub(in crate::web) total: u64,
    pub(in crate::web) page: u64,
    pub(in crate::web) is_last: bool,
    pub(in crate::web) tasks: Vec<(PickedTask, Facts)>,
}

/// What has to be done by hand.
pub(in crate::web) fn by_hand(frame: &Frame, page: &ByHandPage) -> Html<String> {
    let ByHandPage { job, total, page: number, is_last, tasks } = page;
    let here = format!("/jobs/{}/by-hand", job.id.0);
    let at = |number: u64| if number == 0 { here.clone() } else { format!("{here}?page={number}") };
    let pager = Pager {
        first: None,
        previous: number.checked_sub(1).map(at),
        next: (!is_last).then(|| (at(number + 1), "Next page")),
    };
    let content = html! {
        (crumbs(job, "By hand"))
        div.head { div.stack {
            h1 { "To do by hand" }
            p.quiet { (count(*total)) " rows that failed, or that only look done. Open each at the platform, undo it there, and tick it here." }
        } }
        @if tasks.is_empty() {
            div.empty { h2 { "Nothing to do by hand" } p { "No row has failed." } }
        } @else {
            form.stack method="post" action=(here) {
                div.card.flush { div.scroll tabindex="0" role="region" aria-label="Rows" { table.listed {
                    thead { tr { th scope="col" { span.unseen { "Done by hand" } } th scope="col" { "What" } th scope="col" { "Why" } th scope="col" { "At the platform" } } }
                    tbody { @for (task, facts) in tasks { (line(task, facts)) } }
                } } }
                div.actions { button.primary type="submit" { "I have done these" } (pager.links()) }
            }
        }
    };
    frame.page("By hand", &content)
}

fn line(task: &PickedTask, facts: &Facts) -> Markup {
    let (id, target) = (format!("task-{}", task.task.0), task.target.to_string());
    let name = facts.name.clone().or_else(|| facts.handle.clone()).or_else(|| facts.text.clone());
    let name = name.unwrap_or_else(|| target.clone());
    html! {
        tr {
            td.tick { input #(id) type="checkbox" name="done" value={ (task.task.0) " " (target) }; }
            th scope="row" { label for=(id) { (task.action.name()) " " (foreign(&name)) } }
            td.cells { (foreign(&worklist_note(task))) }
            td {
                @if let Some(url) = facts.url.as_ref().filter(|url| url.starts_with("https://")) {
                    a href=(url) target="_blank" rel="noopener noreferrer" { "open" span.unseen { " " (foreign(&name)) " in a new tab" } }
                }
            }
        }
    }
}

/// What the page of a restore shows.
pub(in crate::web) struct UndoPage {
    pub(in crate::web) job: Job,
    /// Rows that are done.
    pub(in crate::web) done: u64,
    /// What does not come back.
    pub(in crate::web) lasting: Vec<&'static str>,
    /// What restoring would send, or why nothing can be sent.
    pub(in crate::web) forecast: Result<RestoreForecast, String>,
}

/// What a job has done, and what of it can be restored.
pub(in crate::web) fn undo(frame: &Frame, page: &UndoPage) -> Html<String> {
    let UndoPage { job, done, lasting, forecast } = page;
    let here = format!("/jobs/{}", job.id.0);
    let content = html! {
        (crumbs(job, "Restore"))
        div.card {
            h1 { "Restore what " (foreign(&job.name)) " has done?" }
            p { (count(*done)) " rows are done." }
            @if !lasting.is_empty() { div.note.warn { p { strong { "What does not come back: " } } ul { @for sentence in lasting { li { (sentence) } } } } }
            @match forecast {
                Ok(forecast) if forecast.rows > 0 => {
                    p { strong { (count(forecast.rows)) " rows can be restored through the platform" } ", by a job called " (foreign(&forecast.job)) ", inside the same limits and with receipts of its own." }
                    ul { @for said in &forecast.sentences { li { (sentence(&foreign(said))) } } }
                    div.actions {
                        form method="post" action=(format!("{here}/restore")) { button.danger type="submit" { "Restore them" } }
                        a.button href=(here) { "Leave them" }
                    }
                },
                Ok(forecast) => {
                    p { "Nothing of it is left to be restored through the platform." }
                    ul { @for said in &forecast.sentences { li { (sentence(&foreign(said))) } } }
                },
                Err(why) => p { "Nothing of it can be restored through the platform: " (foreign(why)) "." },
            }
        }
        section.card aria-labelledby="list" {
            h2 #list { "By hand" }
            p { "The list of what was done, newest first, with a link to each." }
            div.actions { a.button href=(format!("{here}/undo.csv")) download { "Download the list as CSV" } }
        }
    };
    frame.page("Restore", &content)
}

/// Asks before a job is forgotten.
pub(in crate::web) fn forget(frame: &Frame, job: &Job, forecast: &ForgetForecast) -> Html<String> {
    let content = html! {
        (crumbs(job, "Forget"))
        div.card {
            h1 { "Forget " (foreign(&job.name)) "?" }
            p { (count(forecast.tasks)) " tasks" @if forecast.rounds > 1 { " in " (forecast.rounds) " rounds" } " and their receipts are deleted for good. What was done at the \
                 platform stays done. Requests that may still count towards a rate limit stay on record." }
            p.quiet { "Download the receipts first, if you may need them." }
            div.actions {
                form method="post" action={ "/jobs/" (job.id.0) "/forget" } { button.danger type="submit" { "Forget the job" } }
                a.button href={ "/jobs/" (job.id.0) "/report.csv" } download { "Download the receipts" }
                a.button href={ "/jobs/" (job.id.0) } { "Keep it" }
            }
        }
    };
    frame.page("Forget", &content)
}
