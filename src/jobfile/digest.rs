//! The SHA-256 of a stream. A long one is hashed on a thread of its own: it was two fifths of judging a file, and neither needs the
//! other.
//!
//! In: blocks of bytes, in order. Out: their digest. What does not belong here: where the bytes come from.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use sha2::{Digest as _, Sha256};

/// From so many bytes on a thread pays for itself: this many take about a millisecond.
const MIN_BYTES_FOR_THREAD: usize = 1 << 20;
/// As many are handed over at once: waking the thread costs some microseconds.
const BYTES_TOGETHER: usize = 1 << 18;
/// Blocks that wait for the thread, at most.
const MAX_BLOCKS_WAITING: usize = 2;

/// A digest in the making.
pub(super) struct Digest {
    hash: Sha256,
    bytes: usize,
    beside: Option<Beside>,
}

/// A thread that hashes what it is sent, and hands the digest over at the end.
struct Beside {
    blocks: SyncSender<Vec<u8>>,
    gathered: Vec<u8>,
    thread: JoinHandle<Sha256>,
}

impl Digest {
    pub(super) fn new() -> Digest {
        Digest { hash: Sha256::new(), bytes: 0, beside: None }
    }

    /// Takes the next bytes.
    pub(super) fn update(&mut self, block: &[u8]) {
        self.bytes += block.len();
        if self.beside.is_none() && self.bytes > MIN_BYTES_FOR_THREAD {
            self.beside = Beside::begin(&self.hash);
        }
        match &mut self.beside {
            Some(beside) => beside.update(block),
            None => self.hash.update(block),
        }
    }

    /// The digest of all bytes so far. More may follow.
    pub(super) fn value(&mut self) -> [u8; 32] {
        if let Some(beside) = self.beside.take() {
            self.hash = beside.end();
        }
        self.hash.clone().finalize().into()
    }
}

impl Beside {
    /// None where the machine has no thread to give.
    fn begin(hash: &Sha256) -> Option<Beside> {
        let mut hash = hash.clone();
        let (blocks, received) = sync_channel::<Vec<u8>>(MAX_BLOCKS_WAITING);
        let work = move || {
            for block in received {
                hash.update(&block);
            }
            hash
        };
        let thread = std::thread::Builder::new().name("digest".to_owned()).spawn(work).ok()?;
        Some(Beside { blocks, gathered: Vec::new(), thread })
    }

    fn update(&mut self, block: &[u8]) {
        self.gathered.extend_from_slice(block);
        if self.gathered.len() >= BYTES_TOGETHER {
            self.hand_over(Vec::with_capacity(BYTES_TOGETHER + block.len()));
        }
    }

    fn end(mut self) -> Sha256 {
        self.hand_over(Vec::new());
        drop(self.blocks);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// The thread ends only when this side does, so nothing is lost.
    fn hand_over(&mut self, next: Vec<u8>) {
        let gathered = std::mem::replace(&mut self.gathered, next);
        drop(self.blocks.send(gathered));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn the_digest_is_that_of_the_bytes_however_they_come(
            sizes in proptest::collection::vec(0..200_000_usize, 0..20), look_at in 0..20_usize,
        ) {
            let bytes: Vec<u8> = (0..sizes.iter().sum::<usize>()).map(|at| (at * 31 % 251) as u8).collect();
            let (mut digest, mut from) = (Digest::new(), 0);
            for (index, size) in sizes.iter().enumerate() {
                digest.update(&bytes[from..from + size]);
                from += size;
                if index == look_at {
                    prop_assert_eq!(digest.value(), <[u8; 32]>::from(Sha256::digest(&bytes[..from])));
                }
            }
            prop_assert_eq!(digest.value(), <[u8; 32]>::from(Sha256::digest(&bytes)));
        }
    }
}
