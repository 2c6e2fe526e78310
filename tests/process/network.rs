//! The network between a run and its platform, which misbehaves at requests that were chosen and behaves at all others. At the end every row is
//! done, each target was asked for once but for the answers that got lost, and no window was over its limit.

mod names;
mod reach;
mod scene;
mod tls;
mod verification;
mod wire;
