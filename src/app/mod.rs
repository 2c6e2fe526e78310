//! Puts the rooms together: files into the queue, accounts to credentials, a drain with everything it stands on.
//!
//! In: options as the command line meant them. Out: what was loaded, how a drain ended, errors with words for people.
//! What does not belong here: talking to a terminal (`cli`), SQL (`store`), deciding anything about a request (`engine`).

mod accounts;
mod command_line;
mod damage;
mod default_account;
mod draining;
mod environment;
mod expected_accounts;
mod facts;
mod forecast;
mod guard;
mod handles;
mod host;
mod job_activity;
mod known;
mod loading;
mod login_state;
mod logins;
mod preflight;
mod preparing;
mod receipts;
mod recheck;
mod reposts;
pub mod request;
mod run_report;
pub mod schedules;
mod sifting;
mod standing;
pub mod status;
mod tokens;

pub use accounts::{Accounts, Bases, FileAccounts, RealAccounts, SandboxAccounts, Who};
pub use command_line::command_line;
pub use damage::{Mended, Truth, damage_in_words, mend_by_cells, truth_of};
pub use default_account::{DefaultAccount, DefaultReason, default_account};
pub use draining::{DrainOptions, Ended, Footing, drain, exit_code};
pub use environment::{EnvironmentAccount, environment_accounts};
pub use facts::{FactColumns, Facts};
pub use forecast::{Forecast, ForecastLane, forecast, forecast_for, refuse_for_new_queue};
pub use handles::{HANDLE_NOT_RESOLVED, Resolved, resolve, resolving_account};
pub use job_activity::{AccountNeed, Activity, JobFacts, OtherRun, ScheduleWait};
pub use known::known_jobs;
pub use loading::{LoadOptions, Loaded, load};
pub use login_state::login_needed;
pub use logins::{Ways, app_of, needed_app, nobody, revoke, signer, x_places};
pub use preflight::{CLOCK_OFF_SECONDS, clock_off, may, misfit, missing_scopes, unfit, warn_of_clock};
pub use preparing::{FileOptions, Prepared, prepare};
pub use receipts::{Wanted, write_receipts};
pub use recheck::{HeldBack, READ_DIFFERENTLY, named_column, recheck};
pub use run_report::{DECLINED, RunReport, RunSummary};
pub use sifting::RowRules;
pub use standing::{Standing, finished_jobs, is_elsewhere, stand, stand_all};
pub use tokens::{app, key_choice, open_tokens, open_vault, places};
