//! The durations that make the limit exact, and why they are as long as they are.
//!
//! In: the account's shortest window, a deadline. Out: durations and the one formula for an end that nobody saw.

use std::time::Duration;

use crate::domain::Tick;

/// The durations of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Values {
    /// How long a request may take, from its reservation: with `grace` what others call the lease of a task in flight. Not scaled with the window: networks do not get faster.
    pub deadline: Duration,
    /// How long after the deadline the platform can still count a request whose end nobody saw: a kernel goes on sending
    /// what a closed socket left behind for about 100 s.
    pub grace: Duration,
    /// How long after its reservation a request may still be written to a socket. Later it is not sent, and its slot stays.
    pub send_by: Duration,
}

impl Values {
    /// The deadline unless told otherwise.
    pub const DEADLINE: Duration = Duration::from_secs(30);
    /// Deadlines outside of this are clamped: an hour still leaves the windows' 32-bit ticks room beside 31 days.
    pub const DEADLINE_RANGE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(3600));
    const GRACE: Duration = Duration::from_secs(120);
    const GRACE_IS_FULL_FROM: Duration = Duration::from_secs(900);
    const SEND_BY: Duration = Duration::from_secs(5);

    /// The durations of an account whose shortest window is `shortest`. Under 15 minutes the grace shrinks in proportion,
    /// as 120 s of 15 s would leave nothing to send in; such windows are the sandbox's, on loopback, where nothing lingers.
    pub fn new(shortest: Duration, deadline: Duration) -> Values {
        let (least, most) = Values::DEADLINE_RANGE;
        let deadline = deadline.clamp(least, most);
        let share = shortest.as_secs_f64() / Values::GRACE_IS_FULL_FROM.as_secs_f64();
        let grace = Values::GRACE.mul_f64(share.min(1.0)).max(Values::margin(shortest));
        Values { deadline, grace, send_by: Values::SEND_BY.min(deadline) }
    }

    /// What a window waits beyond its length before a slot is free again: 1/1000 of it, 20 ms to 1 s. It swallows that
    /// ticks are whole milliseconds and that the platform's clock does not run exactly like ours.
    pub fn margin(window: Duration) -> Duration {
        (window / 1000).clamp(Duration::from_millis(20), Duration::from_secs(1))
    }

    /// The latest tick at which the platform can have counted a request whose end was not seen. `given_up` is when this
    /// process closed its connection, or when it was found dead: a machine that was suspended with the request in its
    /// socket sends it on waking, long after the deadline.
    pub fn unknown_end(&self, reserved: Tick, given_up: Tick) -> Tick {
        reserved.after(self.deadline).max(given_up).after(self.grace)
    }

    /// The upper of every request whose upper had not passed when the machine fell asleep and whose end nobody saw, once it
    /// is awake `now`: the kernel's timers slept as well, so the grace begins anew.
    pub fn woken(&self, now: Tick) -> Tick {
        now.after(self.grace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_durations_of_the_defaults_the_sandbox_and_the_shortest_window() {
        let of = |window| Values::new(window, Values::DEADLINE);
        assert_eq!(of(s(900)), Values { deadline: s(30), grace: s(120), send_by: s(5) });
        assert_eq!(of(s(86_400)).grace, s(120));
        assert_eq!(of(s(15)).grace, s(2));
        assert_eq!(of(s(15)).deadline, s(30));
        assert!(of(s(1)).grace >= Values::margin(s(1)));
        assert_eq!(Values::margin(s(900)), Duration::from_millis(900));
        assert_eq!(Values::margin(s(86_400)), s(1));
        assert_eq!(Values::margin(s(1)), Duration::from_millis(20));
        assert_eq!(Values::new(s(900), Duration::ZERO).deadline, Duration::from_millis(100));
    }

    #[test]
    fn an_unseen_end_counts_from_the_deadline_or_from_giving_up_whichever_is_later() {
        let values = Values::new(s(900), s(30));
        assert_eq!(values.unknown_end(Tick(1_000), Tick(2_000)), Tick(151_000));
        assert_eq!(values.unknown_end(Tick(1_000), Tick(3_600_000)), Tick(3_720_000), "woken after an hour");
    }
}
