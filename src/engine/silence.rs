//! Times in which nobody answers at all, and when a run gives up on them. In: what came of each request, and of each question for a
//! token. Out: a notice, and the end of a run. What does not belong here: bad answers, which are answers (`outage_hold`).

use super::consequences::{Blame, consequences_of};
use super::dispatcher::Dispatcher;
use super::event::{Event, Stopped};
use crate::domain::Tick;
use crate::platform::Reply;

/// Nobody has answered for a while.
#[derive(Debug)]
pub(super) struct Silence {
    /// When the first request of it ended.
    pub(super) since: Tick,
    /// The newest one failed because of the server's certificate.
    pub(super) is_certificate: bool,
    /// What it met.
    pub(super) detail: String,
}

impl Dispatcher {
    /// Whether anybody answers at all. A 5xx is an answer.
    pub(super) fn hear_the_world(&mut self, reply: &Reply, now: Tick) {
        if reply.http_status.is_some() {
            self.silence = None;
            return;
        }
        let row = consequences_of(&reply.finding);
        if row.blame != Blame::Network {
            return;
        }
        let reason = row.reason.map_or_else(String::new, ToString::to_string);
        let detail = if reply.detail.is_empty() { reason } else { reply.detail.clone() };
        self.note_silence(reply.finding.is_bad_certificate(), detail, now);
    }

    /// Nobody answered.
    pub(super) fn note_silence(&mut self, is_certificate: bool, detail: String, now: Tick) {
        // One lost connection is no silence; the second in a row is worth a word.
        let since = match &self.silence {
            Some(silence) => silence.since,
            None => now,
        };
        if now > since {
            self.put_back.push(Event::Unreachable { since: now.since(since), detail: detail.clone() });
        }
        self.silence = Some(Silence { since, is_certificate, detail });
        if now.since(since) >= self.settings.give_up_after && self.stopping.is_none() {
            self.stopping = Some(Stopped::Unreachable);
        }
    }
}
