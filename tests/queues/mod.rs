//! Queues that programs of the past made, opened with this one: nothing is lost, nothing is sent that must not be, and the outcomes
//! add up. `make.py` says how they were made; they stand in `old/`.

mod damaged;
mod every;
mod loads;
mod logins;
pub(crate) mod old_queue;
mod readers;
mod schedules;
mod slots;
mod upgrade;
