//! How long somebody goes on asking without any answer. Undo requests and list readings go by it alike.

use std::time::Duration;

use crate::domain::Tick;

/// Patience with a silence: it begins when the first request in a row has ended without an answer, so that a long wait for a slot is none.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    give_up_after: Duration,
    silent_since: Option<Tick>,
}

impl Patience {
    /// So much of it.
    pub const fn new(give_up_after: Duration) -> Patience {
        Patience { give_up_after, silent_since: None }
    }

    /// An answer came, whatever it says: a 5xx is one.
    pub fn note_answer(&mut self) {
        self.silent_since = None;
    }

    /// No answer came to a request that has ended now. Since when there has been none.
    pub fn note_silence(&mut self, now: Tick) -> Tick {
        *self.silent_since.get_or_insert(now)
    }

    /// Whether nobody has answered since the last answer, or since the beginning.
    pub fn is_tried(&self) -> bool {
        self.silent_since.is_some()
    }

    /// Whether it is at its end.
    pub fn is_over(&self, now: Tick) -> bool {
        self.silent_since.is_some_and(|since| now.since(since) >= self.give_up_after)
    }

    /// What is left of it in a silence; none where there is no silence, or nothing left.
    pub fn left(&self, now: Tick) -> Option<Duration> {
        let left = self.silent_since?.after(self.give_up_after).since(now);
        (!left.is_zero()).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_with_the_first_request_that_nobody_answers() {
        let at = |seconds: u64| Tick(0).after(Duration::from_secs(seconds));
        let mut patience = Patience::new(Duration::from_secs(600));
        assert!(!patience.is_over(at(9_000)), "nobody was asked for a long time, and nobody was silent");
        assert_eq!(patience.note_silence(at(9_000)), at(9_000));
        assert_eq!(patience.note_silence(at(9_400)), at(9_000));
        assert_eq!((patience.is_over(at(9_599)), patience.left(at(9_400))), (false, Some(Duration::from_secs(200))));
        assert_eq!((patience.is_over(at(9_600)), patience.left(at(9_600))), (true, None));
        patience.note_answer();
        assert!(!patience.is_over(at(9_600)) && !patience.is_tried());
        assert_eq!(patience.note_silence(at(9_700)), at(9_700));
    }
}
