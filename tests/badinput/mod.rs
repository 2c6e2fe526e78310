//! Bad files, missing accounts, wrong tokens, nobody there: each with its exit code, and a message that says what to do.

mod accounts;
mod damage;
mod files;
mod refused;
mod rows;
mod support;
