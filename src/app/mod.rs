//! Use cases: they put the rooms together. Files become queued rows, names become credentials, a drain gets what it needs, and the
//! record, the queue and an account's lists are looked at.
//!
//! In: requests, as the command line, the dashboard or a schedule mean them. Out: reports and findings, which those print, render
//! or keep; errors with a hint. What does not belong here: talking to a terminal (`cli`), SQL (`store`), deciding anything about a
//! request to a platform (`engine`).

pub mod account;
mod accounts;
mod audit;
mod bases;
mod check;
mod child;
mod command_line;
mod confirmation;
mod damaged_rows;
mod database;
mod default_account;
mod deps;
mod doctor;
mod drain_again;
mod draining;
mod endpoint_reader;
mod environment;
mod event_log;
mod expected_accounts;
mod explain;
mod find_account;
mod forecast;
mod forget;
mod host;
mod import;
mod job_activity;
mod job_facts;
mod keep_guard;
mod keep_reading;
mod known;
mod list;
mod load;
mod load_options;
mod load_plan;
mod loading;
mod login_state;
mod logins;
mod named_accounts;
mod names;
mod notice;
mod notify;
mod output_places;
mod pending_work;
mod picked_rows;
mod platform_session;
mod preflight;
mod preparing;
mod queue_access;
mod quiet_frontend;
mod receipts;
mod recheck;
mod reposts;
pub mod request;
mod restore_list;
mod row_batches;
mod row_filter;
mod row_ids;
pub mod run;
mod run_report;
mod sandbox_accounts;
pub mod saved_list;
pub mod schedules;
pub mod serve;
mod signals;
mod snapshots;
pub mod status;
mod target_facts;
mod tokens;
mod verify;
mod watched_list;
mod worklist;

pub use accounts::{Identities, RealAccounts};
pub use audit::{AccountAudit, AttemptTally, AuditReport, ReadAudit, SharedAudit, WindowAudit, audit};
pub use bases::Bases;
pub use check::{CheckedFile, FilesReport, check_files};
pub use child::command as child_command;
pub use command_line::{command, command_line, start_over, writable_config_warning, writable_remedy};
pub use confirmation::{Confirmation, confirm_files, confirm_jobs, confirm_work, what_is_permitted};
pub use damaged_rows::{Mended, Truth, damage_in_words, mend_by_cells, truth_of};
pub use database::{CopiedRows, MoveReport, migrate, move_queue};
pub use default_account::{DefaultAccount, DefaultReason, default_account};
pub use deps::{AppDeps, Frontend};
pub use doctor::{DoctorFinding, DoctorReport, DoctorRequest, Grave, Severity, doctor};
pub use draining::{DrainDeps, DrainOptions, Ended, drain, exit_code};
pub use environment::{EnvironmentAccount, environment_accounts};
pub use expected_accounts::forget_new_accounts;
pub use explain::{explain, named_target, record_note, restored_by, say_when_looked_up};
pub use find_account::{find_account, unknown_account};
pub use forecast::{Forecast, ForecastLane, forecast, forecast_for, refuse_for_new_queue};
pub use forget::{ForgetForecast, ForgetRequest, Forgettable, forgettable, keep_from};
pub use import::{ImportReport, ImportRequest, import};
pub use job_activity::Activity;
pub use job_facts::{AccountNeed, JobFacts, OtherRun, ScheduleWait};
pub use known::{account_names, known_jobs};
pub use list::{
    Delivered, FetchListener, ListAccess, ListEnd, ListOutput, ListReport, ListSink, ReadingBounds, UnfinishedReading,
    account_of, fetch_list, list_reader,
};
pub use load::{LoadReport, TicksTaken, WorkLeft, load_job_files};
pub use load_options::LoadOptions;
pub use load_plan::{LoadPlan, finished_jobs, is_elsewhere, plan_load, plan_loads};
pub use loading::{Loaded, load};
pub use login_state::{StoredLogins, login_needed};
pub use logins::{Ways, app_of, login_again, needed_app, nobody, revoke, signer};
pub use named_accounts::{Accounts, FileAccounts};
pub use notice::{BoundsOfRun, Notice, RunPlan, Stoppable};
pub use notify::{OfSchedule, notify};
pub use output_places::{file_of, refuse_existing, refuse_places};
pub use pending_work::{login_actions_of, pending_actions, pending_by_job};
pub use picked_rows::PickedRows;
pub use platform_session::{PlatformSession, embedded_sandbox};
pub use preflight::{
    CLOCK_OFF_SECONDS, clock_off, login_actions, login_to_allow, may, may_restore, misfit, missing_scopes, unfit,
    warn_of_clock,
};
pub use preparing::{FileOptions, Prepared, prepare};
pub use quiet_frontend::{QuietFrontend, SinkMaker};
pub use receipts::{ReceiptRows, no_such_round, write_receipts};
pub use recheck::{HeldBack, READ_DIFFERENTLY, named_column, recheck};
pub use restore_list::{RESTORE_COLUMNS, RestoreList, final_deeds, irreversible, restore_cells, restore_note};
pub use row_filter::{KeptNames, RowRules};
pub use row_ids::RowOwners;
pub use run_report::{AccountTrouble, DECLINED, Lookups, RunReport, RunSummary};
pub use sandbox_accounts::SandboxAccounts;
pub use signals::{Never, Signals};
pub use snapshots::{restore_queue, take_due_snapshot, unverified_text};
pub use target_facts::{FactColumns, Facts};
pub use tokens::{app, key_choice, open_tokens, open_vault, places};
pub use verify::{
    ComparedList, DoneLane, Released, VerifiedJob, VerifyDeps, VerifyReport, can_ask_by_id, done_lanes,
    verify_by_archive, verify_by_lists,
};
pub use worklist::{HandWorklist, WorklistRows, done_by_hand, rows_by_hand, worklist_cells, worklist_note};
