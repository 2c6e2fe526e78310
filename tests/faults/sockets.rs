//! A run whose connections fail at one call after the other.

use std::ops::ControlFlow;

use crate::common::strace::{Fault, Injection, Search, inject};
use crate::common::tries::tried;
use crate::common::{Home, SandboxProcess};
use crate::faults::support::{First, ROWS, fresh};

/// Calls of connections alone. A request leaves by the last one.
const CALLS: [&str; 6] = ["socket", "connect", "sendto", "recvfrom", "getsockopt", SENDING];
const SENDING: &str = "writev";
/// Short form: one call in so many is tried.
const STEP: usize = 8;

#[test]
fn a_run_whose_connection_fails_at_any_call_sends_what_was_not_answered_again() {
    let scratch = tempfile::tempdir().unwrap();
    let (mut search, mut faults) = (Search::new(), 0);
    for fault in [Fault::Reset, Fault::Kill] {
        for call in CALLS {
            let step = if call == SENDING { 2 } else { STEP };
            let hit = search.until_none_is_hit(step, |nth| {
                let home = fresh();
                let sandbox = SandboxProcess::start(&Home::new(), &["--limit", "10000/1s", "--faults", "none"]);
                let run = First::Run.command(&home, &sandbox);
                let faulted = inject(&run, "", &Injection { call, nth, fault, only: &[] }, scratch.path());
                let what = format!("{fault:?} at {call} number {nth}: {:?}: {}", faulted.hit, faulted.output.err);
                // A connection that fails is tried again within the run.
                let ends = if fault == Fault::Kill && !faulted.hit.is_empty() { None } else { Some(0) };
                assert_eq!(faulted.output.exited(), ends, "{what}");
                First::Run.others(&home, &what);
                First::Run.again(&home, &sandbox, &what);
                let ledger = sandbox.ledger();
                assert_eq!((sandbox.effects().len() as u64, ledger.earned_429), (ROWS, 0), "{what}: {ledger:?}");
                // Whoever dies has all that was out on record; an answer that fails is one request.
                let hit = if fault == Fault::Kill { ROWS } else { faulted.hit.len() as u64 };
                assert!(ledger.repeats <= hit, "{what}: {ledger:?}");
                if faulted.hit.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            // Which call that is depends on the HTTP client, and without it the middle of sending is never tried.
            assert!(hit > 0 || call != SENDING, "no request left by {call}");
            faults += hit;
        }
    }
    assert!(faults > 0, "no call was hit, and the test shows nothing");
    tried("a connection that fails, or a death, at the n-th call of a socket", faults);
}
