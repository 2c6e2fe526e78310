//! Who we are to a platform.
//!
//! In: secrets, and the time they are used at. Out: proofs for single requests. What does not belong here: sending requests,
//! and what an answer to one means (`platform`).
//!
//! `oauth1` signs requests as OAuth 1.0a wants it (pure).

pub mod oauth1;
