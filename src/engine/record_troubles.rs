//! What readings of records came to: endpoints that may claim, accounts that need a person, outages.
//!
//! In: readings that have ended. Out: events, accounts that stop, and when a reading is tried again. What does not belong here: what a
//! reading covers (`own_records`).

use std::time::Duration;

use super::account::EndpointKey;
use super::account_troubles::AccountTroubles;
use super::event::Event;
use super::outage::GIVE_UP_AFTER;
use super::own_records::{Failing, OwnRecords};
use super::record_reader::RecordsRead;
use super::roster::Roster;
use super::run_end::RunEnd;
use super::silence::{NoAnswer, Reachability};
use super::tokens::TokenRequests;
use super::turn_draft::TurnDraft;
use crate::clock::Backoff;
use crate::domain::{Moment, Reason, Tick};
use crate::platforms::is_certificate_trouble;
use crate::store::StoreError;

/// The reason of an account whose records' list the platform does not give out.
const RECORDS_REFUSED: &str = "records_refused";
/// A run that was asked to end has ended by then.
const UNTIL_THE_END: Duration = Duration::from_secs(60);

/// What settling readings may touch.
pub(super) struct RecordTroubles<'a> {
    pub(super) records: &'a mut OwnRecords,
    pub(super) roster: &'a mut Roster,
    pub(super) troubles: &'a mut AccountTroubles,
    pub(super) tokens: &'a mut TokenRequests,
    pub(super) reachability: &'a mut Reachability,
    pub(super) end: &'a mut RunEnd,
    /// Nothing at all is sent after this.
    pub(super) until: Option<Tick>,
    pub(super) now: Moment,
}

impl RecordTroubles<'_> {
    /// Hears what readings came to. The error: the queue could not be read or written for one.
    pub(super) fn settle(&mut self, draft: &mut TurnDraft) -> Option<StoreError> {
        let mut queue_error = None;
        for (key, outcome) in self.records.take_ended() {
            let is_answered = !matches!(
                outcome,
                RecordsRead::Ended | RecordsRead::Silent(_) | RecordsRead::NoToken(_) | RecordsRead::Queue(_)
            );
            if is_answered {
                self.reachability.note_answered(draft);
            }
            if !matches!(outcome, RecordsRead::Failing(_) | RecordsRead::Silent(_)) {
                self.recovered(key, draft);
            }
            match outcome {
                RecordsRead::Whole(entries) => self.found(key, entries, draft),
                // At a signal the run ends; where the next page can only be asked for after its deadline, so can everything.
                RecordsRead::Ended => self.records.rest(key, self.until.unwrap_or(self.now.tick.after(UNTIL_THE_END))),
                RecordsRead::Person(reason, detail) => {
                    self.troubles.stop_account(self.roster, key.0, reason, detail, draft);
                }
                RecordsRead::NotTaken(detail) => {
                    let reason = Reason::Borrowed(RECORDS_REFUSED);
                    self.troubles.refuse_action(self.roster, key, reason, detail, draft);
                }
                RecordsRead::Failing(detail) => self.fails(key, detail, draft),
                RecordsRead::Silent(detail) => self.is_silent(key, detail, draft),
                RecordsRead::Held(until) => {
                    let account = self.roster.accounts[key.0].id;
                    let rest = Tick(self.now.tick.0.saturating_add(until.0.saturating_sub(self.now.wall.0)));
                    self.records.rest(key, rest);
                    draft.tell(Event::Held { account, reason: "usage_cap", until });
                }
                RecordsRead::NoToken(error) => self.tokens.note_failed(key.0, error),
                RecordsRead::Queue(error) => queue_error = Some(error),
            }
            self.roster.schedule_rested(key.0, self.now.tick);
        }
        queue_error
    }

    /// Lanes may be claimed from again that this reading covers.
    fn found(&mut self, key: EndpointKey, entries: u64, draft: &mut TurnDraft) {
        self.roster.cover_lanes(key);
        let account = self.roster.accounts[key.0].id;
        draft.tell(Event::RecordsFound { account, action: key.1, entries });
    }

    fn recovered(&mut self, key: EndpointKey, draft: &mut TurnDraft) {
        if let Some(failing) = self.records.failing.remove(&key) {
            let account = self.roster.accounts[key.0].id;
            draft.tell(Event::OutageEnded { account, action: key.1, since: failing.since.wall });
        }
    }

    /// As an endpoint that serves nobody: it pauses, and a run without a deadline waits a day for it.
    fn fails(&mut self, key: EndpointKey, detail: String, draft: &mut TurnDraft) {
        let until = self.pause(key);
        let Some(failing) = self.records.failing.get(&key) else { return };
        let (account, since) = (self.roster.accounts[key.0].id, failing.since.wall);
        draft.tell(Event::Outage { account, action: key.1, since, next_at: self.now.wall_at(until), detail });
    }

    fn is_silent(&mut self, key: EndpointKey, detail: String, draft: &mut TurnDraft) {
        self.pause(key);
        let is_certificate = is_certificate_trouble(&detail);
        let silence = NoAnswer { ended: self.now.tick, is_certificate, detail };
        self.reachability.note_silence(silence, self.end, draft);
    }

    /// When the reading is tried again.
    fn pause(&mut self, key: EndpointKey) -> Tick {
        let now = self.now;
        let failing = self.records.failing.entry(key).or_insert(Failing { since: now, times: 0 });
        failing.times = failing.times.saturating_add(1);
        let (since, times) = (failing.since, failing.times);
        let run = &mut self.roster.accounts[key.0];
        if self.until.is_none() && now.tick.since(since.tick) >= GIVE_UP_AFTER && !run.given_up.contains(&key.1) {
            run.given_up.push(key.1);
            self.end.give_up(since.wall);
        }
        // Where nobody answers at all, the run decides at the end of its patience by a request of then.
        let left = self.reachability.patience().left(now.tick);
        let until = now.tick.after(Backoff::ENDPOINT.wait(times).min(left.unwrap_or(Backoff::ENDPOINT.longest())));
        self.records.rest(key, until);
        until
    }
}
