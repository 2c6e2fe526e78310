//! What is run again and again: the page, and what a person tells a schedule, through `schedule::control` as the command line does.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Form, Query, State};
use axum::response::{Html, Redirect};
use serde::Deserialize;

use super::middleware::Visitor;
use super::pages::{self, Frame, Pager, ScheduleCard, ScheduleState, SchedulesPage, Understood};
use super::paging::page_before;
use super::problem::Problem;
use super::state::Web;
use crate::app::command_line;
use crate::app::request::ScheduledRun;
use crate::app::schedules::{self, describe};
use crate::domain::Wall;
use crate::schedule::control::{self, RunNowOutcome, Skipped, Unskipped};
use crate::schedule::messages;
use crate::schedule::plan::Schedule;
use crate::store::{AuditEvent, Store, StoredFiring, StoredSchedule};

/// Schedules on a page.
const SCHEDULES_A_PAGE: usize = 12;
/// The last firings that are shown of each; some more are read, for the newest may be to come.
const FIRINGS_SHOWN: usize = 5;
const MAX_FIRINGS_READ: u32 = 20;

#[derive(Debug, Default, Deserialize)]
pub(super) struct SchedulesQuery {
    said: Option<String>,
    /// The name behind which the page begins.
    #[serde(default)]
    after: String,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Named {
    #[serde(default)]
    name: String,
}

pub(super) async fn schedules(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    Query(wanted): Query<SchedulesQuery>,
) -> Result<Html<String>, Problem> {
    let now = web.clock.now().wall;
    let at_work = web.engine.borrow().firings.clone();
    let mut store = web.read_store().await;
    let running = store.schedules().running_firings().await?;
    // Those of this process, and those of others on a server.
    let elsewhere = store.schedules().held_firings(&running).await?;
    let all = store.schedules().all().await?;
    let total = all.len();
    let earlier: Vec<String> =
        all.iter().map(|stored| stored.name.clone()).filter(|name| *name <= wanted.after).collect();
    let mut rest = all.into_iter().skip(earlier.len());
    let mut cards = Vec::new();
    for stored in rest.by_ref().take(SCHEDULES_A_PAGE) {
        let own = running.iter().find(|firing| firing.schedule == stored.id);
        let standing = match own {
            None => ScheduleState::Resting,
            Some(firing) if firing.runs == 0 => ScheduleState::Asked(firing.clone()),
            Some(firing) if at_work.contains(&firing.id) || elsewhere.contains(&firing.id) => {
                ScheduleState::Running(firing.clone())
            }
            Some(firing) => ScheduleState::Interrupted(firing.clone()),
        };
        cards.push(card(&mut store, stored, standing, now).await?);
    }
    let to = |after: &String| format!("/schedules?after={}", pages::encoded(after));
    let next = rest.next().and_then(|_| cards.last().map(|card| (to(&card.stored.name), "Next page")));
    let previous =
        page_before(&earlier, SCHEDULES_A_PAGE).map(|after| after.map_or_else(|| "/schedules".to_owned(), to));
    let pager = Pager { previous, next, ..Pager::default() };
    drop(store);
    let add = command_line(&web.settings(), &["schedule", "add", "NAME", "--cron", "0 2 * * *", "FILE.csv"]);
    let frame = Frame { said: wanted.said, ..web.frame(visitor, "/schedules") };
    Ok(pages::schedules(&frame, &SchedulesPage { cards, total, pager, add }))
}

async fn card(
    store: &mut Store,
    stored: StoredSchedule,
    standing: ScheduleState,
    now: Wall,
) -> Result<ScheduleCard, Problem> {
    let has_come = |firing: &StoredFiring| firing.asked_for || firing.slot_at <= stored.settled_to;
    let mut firings = store.schedules().firings(stored.id, MAX_FIRINGS_READ).await?;
    firings.retain(has_come);
    firings.truncate(FIRINGS_SHOWN);
    let understood = schedules::understood(&stored).map(|schedule| Understood {
        starts: schedule.to_come(now).take(schedules::STARTS_SHOWN).collect(),
        zone: schedule.recurrence.zone().clone(),
    });
    let request = ScheduledRun::from_json(&stored.request);
    let words = |request: &ScheduledRun| {
        let list = request.list_words().map(|words| ("list", words));
        let all = list.into_iter().chain([("run", request.run_words())]);
        all.map(|(command, words)| format!("cleanup {command} {}", schedules::shell_words(&words))).collect()
    };
    Ok(ScheduleCard {
        understood: understood.map_err(|error| error.message),
        words: request.as_ref().map(words).unwrap_or_default(),
        sentence: request.as_ref().map(describe).map_err(|error| error.message.clone()),
        hours: schedules::hours_text(&stored),
        stored,
        standing,
        firings,
    })
}

/// A command under way: the queue on a connection of its own, and the schedule.
async fn find(web: &Web, name: &str) -> Result<(Store, StoredSchedule), Problem> {
    let mut store = web.write_store().await?;
    let found = control::find(&mut store, name).await?;
    Ok((store, found.ok_or_else(no_such_schedule)?))
}

fn no_such_schedule() -> Problem {
    Problem::not_found("There is no such schedule.")
}

/// Writes it down, tells the engine, and goes back to the page, which then says what was done.
async fn done(
    web: &Web,
    visitor: Visitor,
    mut store: Store,
    deed: &str,
    detail: &str,
    said: &str,
) -> Result<Redirect, Problem> {
    web.log_audit_event(&mut store, &AuditEvent { actor: &visitor.actor(), deed, job: None, detail }).await;
    store.close().await;
    web.tell_schedules();
    web.note_change();
    Ok(Redirect::to(&format!("/schedules?said={said}")))
}

pub(super) async fn run_now(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    Form(named): Form<Named>,
) -> Result<Redirect, Problem> {
    let (mut store, stored) = find(&web, &named.name).await?;
    let schedule = schedules::understood(&stored)?;
    match control::ask(&mut store, &schedule, web.clock.now().wall).await? {
        RunNowOutcome::Noted => {
            let detail = format!("{}: to be run now", stored.name);
            done(&web, visitor, store, schedules::RUN, &detail, "asked").await
        }
        RunNowOutcome::Running => Ok(Redirect::to("/schedules?said=asked-already")),
        RunNowOutcome::Gone => Err(no_such_schedule()),
    }
}

pub(super) async fn skip(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    Form(named): Form<Named>,
) -> Result<Redirect, Problem> {
    let (mut store, stored) = find(&web, &named.name).await?;
    let schedule: Schedule = schedules::understood(&stored)?;
    let skipped = control::skip(&mut store, &schedule, web.clock.now().wall).await?;
    let said = match skipped {
        Skipped::Next(_) => "skipped",
        Skipped::Rest(_) => "rest-skipped",
        Skipped::Asked(_) => "called-off",
        Skipped::Already(_) => return Ok(Redirect::to("/schedules?said=skipped-already")),
        Skipped::Nothing => return Ok(Redirect::to("/schedules?said=never")),
    };
    done(&web, visitor, store, schedules::SKIP, &messages::skipped(&schedule, skipped), said).await
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct NamedSlot {
    #[serde(default)]
    name: String,
    /// Which slot, in milliseconds since 1970.
    slot: Option<i64>,
}

pub(super) async fn unskip(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    Form(named): Form<NamedSlot>,
) -> Result<Redirect, Problem> {
    let (mut store, stored) = find(&web, &named.name).await?;
    let schedule: Schedule = schedules::understood(&stored)?;
    let unskipped = control::unskip(&mut store, &schedule, named.slot.map(Wall), web.clock.now().wall).await?;
    if unskipped == Unskipped::Nothing {
        return Ok(Redirect::to("/schedules?said=not-skipped"));
    }
    let detail = messages::unskipped(&schedule, unskipped);
    done(&web, visitor, store, schedules::UNSKIP, &detail, "unskipped").await
}

/// Asks before a schedule is removed.
pub(super) async fn ask_to_remove(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    Query(named): Query<Named>,
) -> Result<Html<String>, Problem> {
    let mut store = web.read_store().await;
    let stored = control::find(&mut store, &named.name).await?.ok_or_else(no_such_schedule)?;
    let left = schedules::jobs_held_by(&mut store, &stored).await?;
    drop(store);
    Ok(pages::remove_schedule(&web.frame(visitor, "/schedules"), &stored, &left))
}

pub(super) async fn remove(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    Form(named): Form<Named>,
) -> Result<Redirect, Problem> {
    let (mut store, stored) = find(&web, &named.name).await?;
    if !control::remove(&mut store, &stored.name).await? {
        return Err(no_such_schedule());
    }
    let detail = format!("{} is removed; its jobs and their receipts stay", stored.name);
    done(&web, visitor, store, schedules::REMOVE, &detail, "removed").await
}
