//! A new job: the file, and what to do with its rows.

use axum::response::Html;
use maud::html;

use super::layout::Frame;
use super::words::foreign;
use crate::domain::{Action, Platform};

/// The page. `accounts` are the names to choose from, `default` is the one that acts where none is chosen.
pub(in crate::web) fn new(frame: &Frame, accounts: &[String], default: Option<&str>) -> Html<String> {
    let others = accounts.iter().any(|name| Some(name.as_str()) != default);
    let content = html! {
        div.head { div.stack {
            h1 { "New job" }
            p.quiet { "First the file is read and judged. Nothing is queued before you have seen what would happen." }
        } }
        form.fields.card method="post" action="/new" enctype="multipart/form-data" {
            div.field {
                label for="file" { "Job file" }
                input #file type="file" name="file" accept=".csv,.tsv,.txt,text/csv" required aria-describedby="file-hint";
                span.hint #file-hint { "A CSV with a header, or one bare column of IDs. Up to 256 MiB." }
            }
            div.pair {
                div.field {
                    label for="action" { "Action" }
                    select #action name="action" aria-describedby="action-hint" {
                        option value="" { "as the file says" }
                        @for action in Action::ALL { option value=(action.name()) { (action.name()) } }
                    }
                    span.hint #action-hint { "Where neither this nor a column says, the file's name decides: unfollow.csv." }
                }
                div.field {
                    label for="account" { "Account" }
                    select #account name="account" aria-describedby="account-hint" {
                        @match (default, accounts) {
                            (Some(name), _) => option value="" { "as the file or its job says, else " (foreign(name)) },
                            (None, []) => option value="" { "nobody is known yet" },
                            (None, _) => option value="" { "as the file or its job says" },
                        }
                        @if others { @for name in accounts { option value=(name) { (foreign(name)) } } }
                    }
                    span.hint #account-hint { "Who acts where a row of the file names no account. " code { "cleanup account login" } " makes one known, "
                        code { "cleanup account default NAME" } " chooses the one that acts where none is named." }
                }
            }
            details {
                summary { "More choices" }
                div.stack {
                    div.pair {
                        div.field {
                            label for="job" { "Name of the job" }
                            input #job type="text" name="job" autocomplete="off" maxlength="100" aria-describedby="job-hint";
                            span.hint #job-hint { "Empty: the file's name. The same name again compares with what was loaded before." }
                        }
                        div.field {
                            label for="column" { "Column of the targets" }
                            input #column type="text" name="column" autocomplete="off" maxlength="200";
                        }
                    }
                    @if !frame.is_sandbox {
                        div.field {
                            label for="platform" { "Platform" }
                            select #platform name="platform" {
                                option value="" { "the account's" }
                                @for platform in Platform::ALL.into_iter().filter(|platform| *platform != Platform::Sandbox) {
                                    option value=(platform.name()) { (platform.name()) }
                                }
                            }
                        }
                    }
                    div.field {
                        label for="keep" { "Never touch these" }
                        input #keep type="file" name="keep" accept=".csv,.tsv,.txt,text/csv" aria-describedby="keep-hint";
                        span.hint #keep-hint { "A list of IDs to spare, whatever the job file says." }
                    }
                    fieldset {
                        legend { "Loading" }
                        label.check { input type="checkbox" name="strict" value="1"; span { "Queue nothing if any row is unusable" } }
                        label.check { input type="checkbox" name="trust_ids" value="1"; span { "Take IDs as they are written, also where many look rounded" } }
                        label.check { input type="checkbox" name="again" value="1"; span { "Start over a job of this name that is finished or cancelled" } }
                        label.check { input type="checkbox" name="moved" value="1"; span { "It is the list of the job of this name, from another place" } }
                        label.check { input type="checkbox" name="allow_shrink" value="1"; span { "Let it cancel more than half of the rows still queued" } }
                    }
                }
            }
            div.actions { button.primary type="submit" { "Check the file" } }
        }
    };
    frame.page("New job", &content)
}
