//! Every row of the three tables against the sandbox, over real HTTP through the client that real platforms get.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod bench;
mod proofs;
mod rows;
