//! Connections and answers that misbehave.

use super::scene::{Course, play, tell};
use crate::common::bad_wire::WireFault;
use crate::common::tries::{of_forms, try_each};

const FOUR: Course = Course { workers: 4, first: 8, every: 4, more_rows: 8, deadline: None };
/// What the deadline has to end.
const HURRIED: Course = Course { deadline: Some("1s"), ..FOUR };
/// Each request leaves by the connection that the one before has left.
const ONE_BY_ONE: Course = Course { workers: 1, first: 2, every: 3, more_rows: 6, deadline: None };

/// These faults in an order of their own, so many times each.
fn shuffled(faults: &[WireFault], times: usize, seed: u64) -> Vec<WireFault> {
    let mut all = faults.repeat(times);
    fastrand::Rng::with_seed(seed).shuffle(&mut all);
    all
}

#[test]
fn an_idle_connection_that_ends_costs_no_request_its_answer() {
    use WireFault::{ClosedIdle, ResetIdle, TimedOutIdle};
    try_each(of_forms(1, 20), 1, |seed| {
        for course in [ONE_BY_ONE, FOUR] {
            tell(&play(course, &shuffled(&[ClosedIdle, ResetIdle, TimedOutIdle], 2, seed), seed));
        }
    });
}

#[test]
fn a_dead_connection_is_left_at_the_deadline() {
    use WireFault::{AnswerVanishes, Vanishes};
    try_each(of_forms(1, 20), 1, |seed| {
        let scene = play(HURRIED, &shuffled(&[Vanishes, AnswerVanishes], 2, seed), seed);
        assert!(scene.wire.strikes().iter().any(|strike| strike.is_pooled), "no connection had been used before");
        assert!(scene.troubles["timeout"] >= 4, "{:?}", scene.troubles);
        tell(&scene);
    });
}

/// The platform counts it when it arrives, so that its place is free a window after its deadline at the earliest.
#[test]
fn a_request_that_arrives_late_has_its_place_in_the_window() {
    let course = Course { workers: 24, first: 2, every: 3, more_rows: 45, deadline: Some("3s") };
    try_each(of_forms(1, 20), 1, |seed| {
        let scene = play(course, &[WireFault::ArrivesLate; 3], seed);
        assert!(scene.troubles["timeout"] >= 3, "{:?}", scene.troubles);
        tell(&scene);
    });
}

#[test]
fn an_answer_after_the_deadline_is_nobodys() {
    try_each(of_forms(1, 20), 1, |seed| {
        let scene = play(HURRIED, &[WireFault::AnsweredLate; 3], seed);
        assert!(scene.troubles["timeout"] >= 3, "{:?}", scene.troubles);
        tell(&scene);
    });
}

#[test]
fn what_follows_an_answer_is_not_taken_for_the_next() {
    use WireFault::{AnsweredTwice, NoContentWithBody, PromisesTooLittle, TwoFramings, TwoLengths};
    let faults = [AnsweredTwice, PromisesTooLittle, TwoFramings, TwoLengths, NoContentWithBody];
    try_each(of_forms(1, 20), 1, |seed| {
        for course in [ONE_BY_ONE, FOUR] {
            let scene = play(course, &shuffled(&faults, 1, seed), seed);
            assert!(scene.wire.connections() > faults.len(), "a connection with something left on it was used again");
            tell(&scene);
        }
    });
}

#[test]
fn an_answer_that_never_ends_is_left_at_the_deadline() {
    use WireFault::{BodyTrickles, BreaksOff, PromisesTooMuch, Trickles};
    try_each(of_forms(1, 20), 1, |seed| {
        let scene = play(HURRIED, &shuffled(&[Trickles, BodyTrickles, PromisesTooMuch, BreaksOff], 1, seed), seed);
        assert!(scene.troubles["timeout"] >= 1 && scene.troubles["cut_body"] >= 3, "{:?}", scene.troubles);
        tell(&scene);
    });
}

/// What is taken of an answer without an end, with what the kernel takes for the program.
const MOST_POURED: u64 = 32 << 20;

#[test]
fn an_answer_without_an_end_is_not_read_to_it() {
    use WireFault::{EndlessBody, EndlessHead, EndlessInterim, HugeBody, PackedBomb};
    try_each(of_forms(1, 20), 1, |seed| {
        let scene = play(HURRIED, &shuffled(&[EndlessBody, HugeBody, PackedBomb, EndlessHead], 1, seed), seed);
        assert!(scene.wire.poured() < MOST_POURED, "{} bytes were taken", scene.wire.poured());
        let too_long = scene.details.iter().filter(|detail| detail.starts_with("an answer of more than ")).count();
        assert_eq!(too_long, 2, "{:?}", scene.details);
        tell(&scene);
        // It has no size, and ends at the deadline.
        let scene = play(HURRIED, &[EndlessInterim], seed);
        assert!(scene.troubles["timeout"] >= 1, "{:?}", scene.troubles);
        tell(&scene);
    });
}
