//! The law of the store: over random stories (files that are loaded again and again, drains that die, people who pause, retry and forget),
//! every reading says after every step what a model says that is a few plain lists. On a server drains take their accounts look by look.
//!
//! `story` makes stories up, `world` tells them to both, `model` is what should be, `judge` compares. The seed of a story that fails is printed,
//! and the story is shrunk.

mod judge;
mod judge_rows;
mod lie;
mod model;
mod model_drain;
mod model_load;
mod model_orders;
mod story;
mod world;
mod world_drain;
mod world_orders;

use std::collections::BTreeSet;
use std::sync::Mutex;

use cleanup::domain::Transition;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use self::lie::Lie;
use self::story::{Step, stories};
use self::world::World;
use super::stores::{StoreKind, TestQueue, for_every_store};
use crate::common::wait;

for_every_store!(every_reading_says_what_the_model_says, stories_make_every_transition, every_lie_is_found);

/// Tells a story; the transitions that were made in it.
fn live_through(kind: StoreKind, story: &[Step], lie: Option<Lie>) -> Result<BTreeSet<String>, TestCaseError> {
    let queue = TestQueue::new(kind);
    wait(async {
        let mut world = World::new(queue, lie).await;
        for (number, step) in story.iter().enumerate() {
            let told = async {
                world.step(step).await?;
                world.judge(number % 4 == 3 || number + 1 == story.len()).await
            };
            told.await.map_err(|error| TestCaseError::fail(format!("step {number}, {step:?}: {error}")))?;
        }
        Ok(world.model.made.clone())
    })
}

/// As many stories of this seed, or until one tells the store and its model apart.
fn told_apart(
    kind: StoreKind,
    seed: u8,
    cases: u32,
    lie: Option<Lie>,
) -> Result<BTreeSet<String>, TestError<Vec<Step>>> {
    let max_shrink_iters = if lie.is_some() { 0 } else { 200 };
    let config = Config { cases, max_shrink_iters, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]));
    let made = Mutex::new(BTreeSet::new());
    runner.run(&stories(), |story| {
        made.lock().unwrap().extend(live_through(kind, &story, lie)?);
        Ok(())
    })?;
    Ok(made.into_inner().unwrap())
}

/// `PROPTEST_CASES` asks for more.
async fn every_reading_says_what_the_model_says(queue: TestQueue) {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(12);
    // Another one each time; it is told where a story fails.
    let seed = std::process::id() as u8;
    if let Err(error) = apart(move || told_apart(queue.kind, seed, cases, None)).await {
        panic!("seed {seed}: {error}");
    }
}

async fn stories_make_every_transition(queue: TestQueue) {
    let made = apart(move || told_apart(queue.kind, 1, 50, None)).await.unwrap();
    let all: BTreeSet<String> = Transition::ALL.iter().map(|transition| format!("{transition:?}")).collect();
    assert_eq!(made, all);
}

/// The law is not blind: whatever a model says wrongly is found.
async fn every_lie_is_found(queue: TestQueue) {
    for lie in Lie::ALL {
        let told = apart(move || told_apart(queue.kind, 1, 80, Some(lie))).await;
        assert!(matches!(told, Err(TestError::Fail(..))), "{lie:?} was not found");
    }
}

/// On a thread of its own: each story has a runtime.
async fn apart<T: Send + 'static>(tell: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(tell).await.unwrap()
}
