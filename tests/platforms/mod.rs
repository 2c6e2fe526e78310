//! Every row of the three tables against the sandbox, over real HTTP through the client that real platforms get.

mod bench;
mod proofs;
mod rows;
