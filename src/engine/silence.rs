//! Whether anybody answers at all, in a drain. In: what came of each request, and of each question for a token. Out: a notice, and the end of
//! a run. What does not belong here: bad answers, which are answers (`outages`), and how long a run goes on ([`Patience`]).

use super::consequences::{Blame, consequences_of};
use super::event::Event;
use super::finish::Stopped;
use super::patience::Patience;
use super::run_end::RunEnd;
use super::turn_draft::TurnDraft;
use crate::domain::Tick;
use crate::platforms::Reply;

/// A request, or a question for a token, to which no answer came.
#[derive(Debug)]
pub(super) struct NoAnswer {
    pub(super) ended: Tick,
    /// It failed because of the server's certificate.
    pub(super) is_certificate: bool,
    pub(super) detail: String,
}

/// Whether anybody answers.
#[derive(Debug)]
pub(super) struct Reachability {
    /// The platform has answered in this run.
    answered: bool,
    patience: Patience,
    /// What went wrong last; none where the last request was answered.
    newest: Option<NoAnswer>,
}

impl Reachability {
    pub(super) fn new(patience: Patience) -> Reachability {
        Reachability { answered: false, patience, newest: None }
    }

    /// The first answer of this run is there. True: it is new.
    pub(super) fn note_answer(&mut self) -> bool {
        !std::mem::replace(&mut self.answered, true)
    }

    /// How much longer a run goes on where nobody answers.
    pub(super) fn patience(&self) -> &Patience {
        &self.patience
    }

    /// What is wrong with the server's certificate, where that is why nobody answers.
    pub(super) fn bad_certificate(&self) -> Option<String> {
        self.newest.as_ref().filter(|newest| newest.is_certificate).map(|newest| newest.detail.clone())
    }

    /// Somebody has answered, whatever it was.
    pub(super) fn note_answered(&mut self, draft: &mut TurnDraft) {
        draft.writes.first_answer |= self.note_answer();
        self.patience.note_answer();
        self.newest = None;
    }

    /// Hears what came of a request.
    pub(super) fn hear(&mut self, reply: &Reply, ended: Tick, end: &mut RunEnd, draft: &mut TurnDraft) {
        if reply.http_status.is_some() {
            self.note_answered(draft);
            return;
        }
        let row = consequences_of(&reply.finding);
        if row.blame == Blame::Network {
            let reason = row.reason.map_or_else(String::new, ToString::to_string);
            let detail = if reply.detail.is_empty() { reason } else { reply.detail.clone() };
            let is_certificate = reply.finding.is_bad_certificate();
            self.note_silence(NoAnswer { ended, is_certificate, detail }, end, draft);
        }
    }

    /// Nobody answered.
    pub(super) fn note_silence(&mut self, newest: NoAnswer, end: &mut RunEnd, draft: &mut TurnDraft) {
        let now = newest.ended;
        let since = self.patience.note_silence(now);
        // One lost connection is no silence; the second in a row is worth a word.
        if now > since {
            draft.tell(Event::Unreachable { since: now.since(since), detail: newest.detail.clone() });
        }
        self.newest = Some(newest);
        if self.patience.is_over(now) {
            end.stop(Stopped::Unreachable);
        }
    }
}
