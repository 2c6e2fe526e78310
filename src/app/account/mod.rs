//! Accounts that cleanup may act for: added, logged in, checked, listed, chosen, logged out, dropped.
//!
//! In: requests, and whoever logs in. Out: reports. Secrets go into the vault; none is ever told. What does not belong here: words, and how
//! a platform is asked for tokens (`auth`).

mod add;
mod check;
mod check_login;
mod check_report;
mod connect;
mod default;
mod import;
mod keep_login;
mod list;
mod login;
mod logout;
mod remove;

pub use add::{AddAccountRequest, AddedAccount, add_account};
pub use check::{AccountCheckRequest, check_accounts};
pub use check_report::{AccountCheckReport, CheckedAccount, LoginState};
pub use connect::{ConnectKind, ConnectWay, connect_stand_in, connect_ways, stand_ins};
pub use default::{ChosenDefault, DefaultReport, choose_default, choose_no_default, tell_default};
pub use import::{ImportedAccounts, import_accounts};
pub use list::{AccountList, ListedAccount, account_list, list_accounts};
pub use login::{
    AskedActions, LoggedInBy, LoginFrontend, LoginNotice, LoginPage, LoginReport, LoginRequest, MAKE_APP_PASSWORD,
    PageReturn, PromptFuture, log_in, undoing_actions,
};
pub use logout::{LogoutReport, LogoutRequest, WaitingRows, log_out};
pub use remove::{RemoveAccountRequest, remove_account, remove_idle_account};
