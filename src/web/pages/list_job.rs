//! What becomes of the rows that stay on a list: who does what with them, under which name.

use axum::response::Html;
use maud::html;

use super::labels::foreign;
use super::layout::{Frame, count};
use super::list_page::list_address;
use super::lists::list_title;
use crate::app::request::FilterOptions;
use crate::app::saved_list::SavedListInfo;
use crate::domain::Action;
use crate::store::Account;
use crate::web::lists::fields;

/// What the page shows.
pub(in crate::web) struct JobOfListPage {
    pub(in crate::web) id: u64,
    pub(in crate::web) info: SavedListInfo,
    pub(in crate::web) options: FilterOptions,
    pub(in crate::web) rows: u64,
    pub(in crate::web) accounts: Vec<Account>,
    pub(in crate::web) actions: Vec<Action>,
    /// A name that no job has.
    pub(in crate::web) job: String,
}

/// The page.
pub(in crate::web) fn job_of_list(frame: &Frame, page: &JobOfListPage) -> Html<String> {
    let title = list_title(&page.info);
    let back = list_address(page.id, &page.options);
    let content = html! {
        p.crumbs { a href="/lists" { "Lists" } " / " a href=(back) { (foreign(&title)) } " / Job" }
        div.head { div.stack {
            h1 { "What to do with " (count(page.rows)) " rows" }
            p.quiet { "Nothing is queued yet: the next page says what it costs, how long it takes, and what cannot be undone." }
        } }
        @if page.accounts.is_empty() || page.actions.is_empty() {
            div.note.warn role="note" {
                p { "No account that is connected here can act on them." }
                div.actions { a.button.primary href="/accounts/connect" { "Connect an account" } }
            }
        } @else {
            form.fields.card method="post" action={ "/lists/" (page.id) "/job" } {
                @for (name, text) in fields(&page.options) { input type="hidden" name=(name) value=(text); }
                div.pair {
                    div.field {
                        label for="action" { "Action" }
                        select #action name="action" { @for action in &page.actions { option value=(action.name()) { (action.name()) } } }
                    }
                    div.field {
                        label for="account" { "Account" }
                        select #account name="account" { @for account in &page.accounts { option value=(account.name.as_str()) { (foreign(account.name.as_str())) } } }
                    }
                }
                div.field {
                    label for="job" { "Name of the job" }
                    input #job type="text" name="job" value=(page.job) maxlength="100" autocomplete="off" required;
                }
                div.actions { button.primary type="submit" { "Check it" } a.button href=(back) { "Back to the list" } }
            }
        }
    };
    frame.page("Job of a list", &content)
}
