//! Every row of the tables against the sandbox, over real HTTP through the client that real platforms get.

mod bench;
mod bluesky;
mod bluesky_program;
mod kept_things;
mod lists_program;
mod mastodon;
mod mastodon_names;
mod mastodon_program;
mod post_filters;
mod proofs;
mod rows;
mod told_things;
