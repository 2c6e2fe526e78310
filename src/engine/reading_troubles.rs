//! What readings came to: endpoints that may claim, rows that have an outcome, accounts that need a person, outages.
//!
//! In: readings that have ended. Out: events, accounts that stop, and when a reading is tried again. What does not belong here: what a
//! reading is good for (`names`, `own_records`).

use std::time::Duration;

use super::account::EndpointKey;
use super::account_troubles::{AccountTroubles, refusal_of_action};
use super::endpoint_reader::{NamesRead, ReadingEnd, ReadingKey, ReadingOf, ReadingReport};
use super::event::Event;
use super::job_groups::JobGroups;
use super::names::NameLookups;
use super::outage::GIVE_UP_AFTER;
use super::readings::{Failing, Readings};
use super::roster::Roster;
use super::run_end::RunEnd;
use super::send_guard::SendGuard;
use super::silence::{NoAnswer, Reachability};
use super::tokens::TokenRequests;
use super::turn_draft::TurnDraft;
use crate::clock::Backoff;
use crate::domain::{Moment, Reason, TargetName, Tick, Wall};
use crate::platforms::{find, is_certificate_trouble};
use crate::store::{Resolution, StoreError};

/// The reason of an account whose records' list the platform does not give out.
const RECORDS_REFUSED: &str = "records_refused";
/// The reason of an account that the platform does not tell what names mean.
const NAMES_REFUSED: &str = "names_refused";
/// The reason of a login that may not read what has to be read.
const SCOPE_MISSING: &str = "scope_missing";
/// The reason of an account whose keep list names somebody whom the platform does not tell: no row that may be theirs is sent.
const KEPT_NAMES_UNTOLD: &str = "kept_names_untold";
/// A run that was asked to end has ended by then.
const UNTIL_THE_END: Duration = Duration::from_secs(60);
/// A lookup that found nothing to look up was overtaken by another process: the next one comes after it.
const BETWEEN_EMPTY_LOOKUPS: Duration = Duration::from_secs(1);

/// What settling readings may touch.
pub(super) struct ReadingTroubles<'a> {
    pub(super) readings: &'a mut Readings,
    pub(super) names: &'a mut NameLookups,
    pub(super) guard: &'a mut SendGuard,
    pub(super) groups: &'a mut JobGroups,
    pub(super) roster: &'a mut Roster,
    pub(super) troubles: &'a mut AccountTroubles,
    pub(super) tokens: &'a mut TokenRequests,
    pub(super) reachability: &'a mut Reachability,
    pub(super) end: &'a mut RunEnd,
    /// Nothing at all is sent after this.
    pub(super) until: Option<Tick>,
    pub(super) now: Moment,
}

impl ReadingTroubles<'_> {
    /// Hears what readings came to. The error: the queue could not be read or written for one.
    pub(super) fn settle(&mut self, draft: &mut TurnDraft) -> Option<StoreError> {
        let mut queue_error = None;
        for (key, ReadingReport { end, names }) in self.readings.take_ended() {
            let is_answered = names.requests > 0 && !matches!(end, ReadingEnd::Silent(_))
                || matches!(
                    end,
                    ReadingEnd::Person(..) | ReadingEnd::NotTaken(_) | ReadingEnd::Failing(_) | ReadingEnd::Held(_)
                )
                || matches!((key.1, &end), (ReadingOf::Records, ReadingEnd::Whole(_)));
            if is_answered {
                self.reachability.note_answered(draft);
            }
            if !matches!(end, ReadingEnd::Failing(_) | ReadingEnd::Silent(_)) {
                self.recovered(key, draft);
            }
            let NamesRead { found, settled, kept, requests, .. } = &names;
            let has_looked_up = *requests > 0 || *found > 0 || !settled.is_empty() || !kept.is_empty();
            if key.1 == ReadingOf::Names {
                self.settle_names(key.0, names, draft);
            }
            match end {
                ReadingEnd::Whole(0) | ReadingEnd::UsedUp if key.1 == ReadingOf::Names && !has_looked_up => {
                    self.readings.rest(key, self.now.tick.after(BETWEEN_EMPTY_LOOKUPS));
                }
                ReadingEnd::Whole(entries) => self.found(key, entries, draft),
                ReadingEnd::UsedUp => {}
                // At a signal the run ends; where the next page can only be asked for after its deadline, so can everything.
                ReadingEnd::Ended => self.readings.rest(key, self.until.unwrap_or(self.now.tick.after(UNTIL_THE_END))),
                ReadingEnd::Later(until, why) => {
                    self.readings.rest(key, self.tick_of(until));
                    draft.tell(self.waits(key, until, why));
                }
                // As where it is an action's request that lacks it: the account's other actions continue.
                ReadingEnd::Person(reason, detail) if reason == SCOPE_MISSING => {
                    let detail = refusal_of_action(key.0.1, &format!("{detail}{}", self.needed(key.0)));
                    self.troubles.record(self.roster.accounts[key.0.0].id, &reason, &detail, draft);
                    self.troubles.refuse_action(self.roster, key.0, reason, detail, draft);
                }
                ReadingEnd::Person(reason, detail) => {
                    self.troubles.stop_account(self.roster, key.0.0, reason, detail, draft);
                }
                ReadingEnd::NotTaken(detail) => {
                    let reason = match key.1 {
                        ReadingOf::Names => NAMES_REFUSED,
                        ReadingOf::Records => RECORDS_REFUSED,
                    };
                    self.troubles.refuse_action(self.roster, key.0, Reason::Borrowed(reason), detail, draft);
                }
                ReadingEnd::KeptUntold(detail) => {
                    let reason = Reason::Borrowed(KEPT_NAMES_UNTOLD);
                    self.troubles.record(self.roster.accounts[key.0.0].id, &reason, &detail, draft);
                    self.troubles.refuse_action(self.roster, key.0, reason, detail, draft);
                }
                ReadingEnd::Failing(detail) => self.fails(key, detail, draft),
                ReadingEnd::Silent(detail) => self.is_silent(key, detail, draft),
                ReadingEnd::Held(until) => {
                    let account = self.roster.accounts[key.0.0].id;
                    self.readings.rest(key, self.tick_of(until));
                    draft.tell(Event::Held { account, reason: "usage_cap", until });
                }
                ReadingEnd::NoToken(error) => self.tokens.note_failed(key.0.0, error),
                ReadingEnd::Queue(error) => queue_error = Some(error),
            }
            self.roster.schedule_rested(key.0.0, self.now.tick);
        }
        queue_error
    }

    /// The scopes that an endpoint needs, to be told behind what the platform said.
    fn needed(&self, (index, action): EndpointKey) -> String {
        let platform = self.roster.accounts[index].access.as_ref().map(|access| access.platform);
        let scopes = platform.and_then(|platform| find(platform, action)).map_or(&[][..], |endpoint| endpoint.scopes);
        if scopes.is_empty() { String::new() } else { format!("; it needs the scope {}", scopes.join(" and ")) }
    }

    fn tick_of(&self, until: Wall) -> Tick {
        Tick(self.now.tick.0.saturating_add(until.0.saturating_sub(self.now.wall.0)))
    }

    /// Who reads waits until then.
    pub(super) fn waits(&self, (key, of): ReadingKey, until: Wall, why: String) -> Event {
        let (account, action) = (self.roster.accounts[key.0].id, key.1);
        match of {
            ReadingOf::Names => Event::NamesWait { account, action, until, why },
            ReadingOf::Records => Event::RecordsWait { account, action, until, why },
        }
    }

    /// What was found of names, whatever ended it: rows that have an outcome by it are told, and what was not used is the jobs' again.
    fn settle_names(&mut self, key: EndpointKey, names: NamesRead, draft: &mut TurnDraft) {
        self.names.settle(key, &names, self.groups);
        let NamesRead { found, settled, kept, requests, spent } = names;
        let account = self.roster.accounts[key.0].id;
        self.guard.learn(account, &kept);
        if requests > 0 || found > 0 || !settled.is_empty() {
            let (unfound, kept) = (settled.len() as u64, kept.len() as u64);
            draft.tell(Event::NamesFound { account, action: key.1, found, settled: unfound, kept, requests, spent });
        }
        let nobody = kept.into_iter().filter_map(|(name, told)| match told {
            Resolution::Nobody(reason) => Some((name, reason)),
            Resolution::Target(_) => None,
        });
        let names: Vec<(TargetName, String)> = nobody.collect();
        if !names.is_empty() {
            draft.tell(Event::KeptNobody { account, names });
        }
        for settled in settled {
            let (round, account, action, target) = (settled.round, settled.account, settled.action, settled.target);
            let (outcome, reason) = (settled.outcome, Some(Reason::Owned(settled.reason)));
            draft.tell_settled(Event::Settled { round, account, action, target, outcome, reason });
        }
        self.roster.end_lookup(key);
    }

    /// Lanes may be claimed from again that this reading covers.
    fn found(&mut self, (key, of): ReadingKey, entries: u64, draft: &mut TurnDraft) {
        if of == ReadingOf::Records {
            self.roster.cover_lanes(key);
            let account = self.roster.accounts[key.0].id;
            draft.tell(Event::RecordsFound { account, action: key.1, entries });
        }
    }

    fn recovered(&mut self, key: ReadingKey, draft: &mut TurnDraft) {
        if let Some(failing) = self.readings.failing.remove(&key) {
            let account = self.roster.accounts[key.0.0].id;
            draft.tell(Event::OutageEnded { account, action: key.0.1, since: failing.since.wall });
        }
    }

    /// As an endpoint that serves nobody: it pauses, and a run without a deadline waits a day for it.
    fn fails(&mut self, key: ReadingKey, detail: String, draft: &mut TurnDraft) {
        let until = self.pause(key);
        let Some(failing) = self.readings.failing.get(&key) else { return };
        let (account, since) = (self.roster.accounts[key.0.0].id, failing.since.wall);
        draft.tell(Event::Outage { account, action: key.0.1, since, next_at: self.now.wall_at(until), detail });
    }

    fn is_silent(&mut self, key: ReadingKey, detail: String, draft: &mut TurnDraft) {
        self.pause(key);
        let is_certificate = is_certificate_trouble(&detail);
        let silence = NoAnswer { ended: self.now.tick, is_certificate, detail };
        self.reachability.note_silence(silence, self.end, draft);
    }

    /// When the reading is tried again.
    fn pause(&mut self, key: ReadingKey) -> Tick {
        let now = self.now;
        let failing = self.readings.failing.entry(key).or_insert(Failing { since: now, times: 0 });
        failing.times = failing.times.saturating_add(1);
        let (since, times) = (failing.since, failing.times);
        let run = &mut self.roster.accounts[key.0.0];
        if self.until.is_none() && now.tick.since(since.tick) >= GIVE_UP_AFTER && !run.given_up.contains(&key.0.1) {
            run.given_up.push(key.0.1);
            self.end.give_up(since.wall);
        }
        // Where nobody answers at all, the run decides at the end of its patience by a request of then.
        let left = self.reachability.patience().left(now.tick);
        let until = now.tick.after(Backoff::ENDPOINT.wait(times).min(left.unwrap_or(Backoff::ENDPOINT.longest())));
        self.readings.rest(key, until);
        until
    }
}
