//! Lists: where IDs come from, and what is left of them. One module for each source and each use.

mod activities;
mod archive;
mod archive_big;
mod archive_filtered;
mod archive_hostile;
mod archive_owner;
mod audit;
mod corpora;
mod existing;
mod fetch;
mod handles;
mod hostile_pages;
mod limited;
mod patience;
mod read_window;
mod repository;
pub(crate) mod repository_maker;
mod repost_rows;
mod reposts;
mod vocabulary;
pub(crate) mod zipper;
