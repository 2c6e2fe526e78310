//! The limit: how many requests of an account may leave now, so that the platform never counts more than it allows.
//!
//! In: what is asked (an action, so many requests), what ended (and by when the platform can have counted it), what answers
//! said about limits. Out: how many may go, or until when to wait and why. Three parts are asked for it, beside the hold
//! that a refusal left: [`Window`] (exact, the only one that authorises), what the platform's headers leave us
//! (`headers`), and [`Pacer`] (governor, which only shapes). [`Limiter`] is the three together for one account.
//!
//! Every function is given the time, so that nothing here reads a clock or waits. What does not belong here: I/O, sleeping,
//! storing slots (the store does, in the transaction of the claim), deciding what an answer means (`platform`).

mod allowance;
mod audit;
mod headers;
mod limiter;
mod pace;
mod restore;
mod values;
mod window;
mod windows;

pub use allowance::Allowance;
pub use audit::{Audit, Fullest};
pub use headers::{Answered, Hold, HoldReason, Leave, ObservedAnswer, hold_after, leaves};
pub use limiter::{HoldChange, Limiter, Reservation, Wait};
pub use pace::{Pace, Pacer};
pub use restore::{StoredHold, StoredSlot, StoredUntil, ThisBoot, WallTrust};
pub use values::Values;
pub use window::Window;
pub use windows::{ALONE, Blocked, SharedWindows, WindowUsage, Windows};
