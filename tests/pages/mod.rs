//! Pages for people, opened and clicked in Chromium, and what comes back from them: worklists and their ticks, the list to
//! restore, the report.

mod browser;
mod known;
mod report;
mod restore;
mod ticks;
mod undo;
mod verify;
mod worklist;
