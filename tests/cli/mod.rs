//! The program from outside: what it prints, and the exit code it ends with.

mod activity;
mod activity_served;
mod architecture;
mod arguments;
mod check_queue;
mod children;
mod configuration;
mod documents;
mod dry_runs;
mod files;
mod filters;
mod first_steps;
mod jobs;
mod json_ends;
mod message_list;
mod messages;
mod moved;
mod names;
mod next_steps;
mod packaging;
mod prints;
pub(crate) mod program;
mod sandbox_examples;
mod spellings;
mod terminal;
mod typed;
mod words;
