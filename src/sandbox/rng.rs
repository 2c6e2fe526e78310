//! Seeded dice. A roll depends on the seed and on what it is for, never on the order in which requests arrive, so that the
//! same seed gives the same run whatever the scheduler does.

use crate::domain::{Action, TargetId, TargetKind};

/// The dice of one sandbox.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dice {
    seed: u64,
}

impl Dice {
    pub(super) fn new(seed: u64) -> Dice {
        Dice { seed }
    }

    /// For the `nth` request of a user for an action on a target.
    pub(super) fn for_request(self, user: TargetId, action: Action, target: TargetId, nth: u32) -> fastrand::Rng {
        self.hashed(&[1, number(user), action as u64, number(target), u64::from(nth)])
    }

    /// For what a target is: the same at every request, whoever asks.
    pub(super) fn for_target(self, kind: TargetKind, target: TargetId) -> fastrand::Rng {
        self.hashed(&[2, kind as u64, number(target)])
    }

    /// For the `nth` request of a user for a page of a list, or for a lookup.
    pub(super) fn for_read(self, user: TargetId, what: &str, nth: u64) -> fastrand::Rng {
        self.hashed(&[4, number(user), name(what), nth])
    }

    /// For what stands at an index of a user's list.
    pub(super) fn for_entry(self, user: TargetId, list: &str, index: u32) -> fastrand::Rng {
        self.hashed(&[5, number(user), name(list), u64::from(index)])
    }

    /// For what is decided once per request of the whole sandbox, such as its transaction ID.
    pub(super) fn for_serial(self, serial: u64) -> fastrand::Rng {
        self.hashed(&[3, serial])
    }

    fn hashed(self, parts: &[u64]) -> fastrand::Rng {
        fastrand::Rng::with_seed(parts.iter().fold(mix(self.seed), |state, part| mix(state ^ mix(*part))))
    }
}

fn number(id: TargetId) -> u64 {
    // 19 digits leave no room for their count; leading zeros are rare enough to be folded in.
    id.value() ^ ((id.digits() as u64) << 59)
}

/// A number for a text, which no other text has, as good as.
pub(super) fn number_behind(text: &str) -> TargetId {
    let hashed = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (hashed % 1_000_000_000_000_000_000).to_string().parse().unwrap_or(TargetId::ZERO)
}

fn name(text: &str) -> u64 {
    text.bytes().fold(0, |state, byte| mix(state ^ u64::from(byte)))
}

/// SplitMix64's finaliser: every bit of the input changes about half of the output's.
fn mix(value: u64) -> u64 {
    let z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
