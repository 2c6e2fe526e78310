//! The engine: one dispatcher that turns answers and due accounts into turns of the queue, and workers that carry requests.

mod event;

pub use event::{Event, Finish, Listener, Progress, Signal, Stopped, WindowLevel};
