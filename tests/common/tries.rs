//! How often a fault was tried: `tests/reliability/run` makes a table of these lines.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Says it, once for each test that tries a fault; several that try the same one are added up.
pub fn tried(fault: &str, tries: usize) {
    println!("TRIED {tries} {fault}");
}

/// Whether the long form is asked for, by `CLEANUP_FAULTS=all`.
pub fn is_long_form() -> bool {
    std::env::var("CLEANUP_FAULTS").is_ok_and(|value| value == "all")
}

/// How many tries: so many in the short form, and in the long one.
pub fn of_forms(short: usize, long: usize) -> usize {
    if is_long_form() { long } else { short }
}

fn given_seed() -> Option<u64> {
    std::env::var("CLEANUP_SEED").ok().map(|text| text.parse().unwrap())
}

/// Dice with a seed that is printed, and can be given again as `CLEANUP_SEED`.
pub fn dice() -> fastrand::Rng {
    let seed = given_seed().unwrap_or_else(|| fastrand::u64(..));
    println!("CLEANUP_SEED={seed}");
    fastrand::Rng::with_seed(seed)
}

/// Tries so often, some at once, each with a seed of its own: that of one that fails is printed, and as `CLEANUP_SEED` it repeats that one
/// alone. How often it was tried.
pub fn try_each(tries: usize, at_once: usize, attempt: impl Fn(u64) + Sync) -> usize {
    let given = given_seed();
    let first = given.unwrap_or_else(|| fastrand::u64(..));
    let tries = if given.is_some() { 1 } else { tries };
    println!("{tries} tries from CLEANUP_SEED={first} on");
    let next = AtomicUsize::new(0);
    let lane = || {
        loop {
            let number = next.fetch_add(1, Ordering::SeqCst);
            if number >= tries {
                return;
            }
            let seed = first.wrapping_add(number as u64);
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| attempt(seed))) {
                println!("CLEANUP_SEED={seed}");
                next.store(tries, Ordering::SeqCst);
                resume_unwind(panic);
            }
        }
    };
    std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..at_once).map(|_| scope.spawn(lane)).collect();
        for lane in lanes {
            lane.join().unwrap_or_else(|panic| resume_unwind(panic));
        }
    });
    tries
}
