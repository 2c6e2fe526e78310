//! A new job: the file, and what to do with its rows. The same form comes back, filled in, where something of it is refused.

use axum::response::Html;
use maud::{Markup, html};

use super::labels::{commands, foreign};
use super::layout::Frame;
use crate::domain::{Action, Platform};
use crate::web::uploads::Choices;

/// The form, and what is known of it.
pub(in crate::web) struct NewForm {
    /// Names to choose from.
    pub(in crate::web) accounts: Vec<String>,
    /// The one that acts where none is chosen.
    pub(in crate::web) default: Option<String>,
    pub(in crate::web) choices: Choices,
    /// The file that was sent, where it is kept.
    pub(in crate::web) kept: Option<KeptFile>,
    /// What is wrong with it, and what to do.
    pub(in crate::web) refused: Option<(String, String)>,
}

/// A file that was sent and waits for other choices.
pub(in crate::web) struct KeptFile {
    pub(in crate::web) id: u64,
    /// As its sender calls it.
    pub(in crate::web) shown: String,
    pub(in crate::web) has_keep_list: bool,
}

const ACTION: &str = "Action";
const ACCOUNT: &str = "Account";
const JOB: &str = "Name of the job";
const COLUMN: &str = "Column of the targets";
const PLATFORM: &str = "Platform";
const KEEP: &str = "Never touch these";
const STRICT: &str = "Queue nothing if any row is unusable";
const TRUST_IDS: &str = "Take IDs as they are written, also where many look rounded";
const AGAIN: &str = "Start over a job of this name that is finished or cancelled";
const MOVED: &str = "It is the same list as the job of this name, from another place";
const ALLOW_SHRINK: &str = "Let it cancel more than half of the rows still queued";

/// What the command line calls a field, and what this form does.
const FIELDS: [(&str, &str); 11] = [
    ("--action", ACTION),
    ("--account", ACCOUNT),
    ("--job", JOB),
    ("--column", COLUMN),
    ("--platform", PLATFORM),
    ("--keep", KEEP),
    ("--strict", STRICT),
    ("--trust-ids", TRUST_IDS),
    ("--again", AGAIN),
    ("--moved", MOVED),
    ("--allow-shrink", ALLOW_SHRINK),
];

/// What the command line says, in the words of this form.
pub(super) fn in_form_words(text: &str) -> Markup {
    let said = FIELDS.iter().fold(foreign(text), |said, (option, label)| said.replace(option, &format!("“{label}”")));
    commands(&said)
}

/// The page.
pub(in crate::web) fn new(frame: &Frame, form: &NewForm) -> Html<String> {
    let content = html! {
        div.head { div.stack {
            h1 { "New job" }
            p.quiet { "First the file is read and checked. Nothing is queued before you have seen what would happen." }
        } }
        @if let Some((why, hint)) = &form.refused {
            div.note.bad role="alert" { p { strong { (in_form_words(why)) } } @if !hint.is_empty() { p { (in_form_words(hint)) } } }
        }
        (fields(form, frame.is_sandbox))
        @if let Some(kept) = &form.kept {
            form method="post" action={ "/new/" (kept.id) "/drop" } { button type="submit" { "Choose another file" } }
        }
    };
    frame.page("New job", &content)
}

/// The form. A file that is kept is not chosen again.
pub(super) fn fields(form: &NewForm, is_sandbox: bool) -> Markup {
    let inner = html! {
        (file_field(form.kept.as_ref()))
        div.pair { (action_field(&form.choices)) (account_field(form)) }
        (more(form, is_sandbox))
        div.actions { button.primary type="submit" { @if form.kept.is_some() { "Check it again" } @else { "Check the file" } } }
    };
    match &form.kept {
        Some(kept) => html! { form.fields.card method="post" action={ "/new/" (kept.id) "/choices" } { (inner) } },
        None => html! { form.fields.card method="post" action="/new" enctype="multipart/form-data" { (inner) } },
    }
}

fn file_field(kept: Option<&KeptFile>) -> Markup {
    html! {
        @if let Some(kept) = kept {
            p { "The file " strong { (foreign(&kept.shown)) }
                @if kept.has_keep_list { " and the list of those never to touch are kept" } @else { " is kept" }
                ": only what is wrong has to be chosen again." }
        } @else {
            div.field {
                label for="file" { "Job file" }
                input #file type="file" name="file" accept=".csv,.tsv,.txt,text/csv" required aria-describedby="file-hint";
                span.hint #file-hint { "A CSV with a header, or one bare column of IDs. Up to 256 MiB." }
            }
        }
    }
}

fn action_field(choices: &Choices) -> Markup {
    html! {
        div.field {
            label for="action" { (ACTION) }
            select #action name="action" aria-describedby="action-hint" {
                option value="" { "as the file says" }
                @for action in Action::UNDOING { option value=(action.name()) selected[choices.rows.action == Some(action)] { (action.name()) } }
            }
            span.hint #action-hint { "Where neither this nor a column says, the file's name decides: unfollow.csv." }
        }
    }
}

fn account_field(form: &NewForm) -> Markup {
    let chosen = form.choices.rows.account.as_ref().map(|name| name.as_str());
    let is_listed = chosen.is_none_or(|name| form.accounts.iter().any(|known| known == name));
    let others = chosen.is_some() || form.accounts.iter().any(|name| Some(name) != form.default.as_ref());
    html! {
        div.field {
            label for="account" { (ACCOUNT) }
            select #account name="account" aria-describedby="account-hint" {
                @match (&form.default, form.accounts.as_slice()) {
                    (Some(name), _) => option value="" { "as the file or its job says, else " (foreign(name)) },
                    (None, []) => option value="" { "there is no account yet" },
                    (None, _) => option value="" { "as the file or its job says" },
                }
                @if let Some(name) = chosen.filter(|_| !is_listed) { option value=(name) selected { (foreign(name)) } }
                @if others { @for name in &form.accounts { option value=(name) selected[chosen == Some(name.as_str())] { (foreign(name)) } } }
            }
            span.hint #account-hint { "Who acts where a row of the file names no account. " code { "cleanup account login" } " adds one, "
                code { "cleanup account default NAME" } " chooses the one that acts where none is named." }
        }
    }
}

fn more(form: &NewForm, is_sandbox: bool) -> Markup {
    let choices = &form.choices;
    let tick = |name: &str, label: &str, is_chosen: bool| {
        html! { label.check { input type="checkbox" name=(name) value="1" checked[is_chosen]; span { (label) } } }
    };
    html! {
        details open[form.kept.is_some()] {
            summary { "More choices" }
            div.stack {
                div.pair {
                    div.field {
                        label for="job" { (JOB) }
                        input #job type="text" name="job" value=(choices.job) autocomplete="off" maxlength="100" aria-describedby="job-hint";
                        span.hint #job-hint { "Empty: the file's name. The same name again compares with what was loaded before." }
                    }
                    div.field {
                        label for="column" { (COLUMN) }
                        input #column type="text" name="column" value=(choices.rows.column.as_deref().unwrap_or_default()) autocomplete="off" maxlength="200";
                    }
                }
                @if !is_sandbox {
                    div.field {
                        label for="platform" { (PLATFORM) }
                        select #platform name="platform" {
                            option value="" { "the account's" }
                            @for platform in Platform::real() {
                                option value=(platform.name()) selected[choices.rows.platform == Some(platform)] { (platform.name()) }
                            }
                        }
                    }
                }
                @if form.kept.is_none() {
                    div.field {
                        label for="keep" { (KEEP) }
                        input #keep type="file" name="keep" accept=".csv,.tsv,.txt,text/csv" aria-describedby="keep-hint";
                        span.hint #keep-hint { "A list of IDs to spare, whatever the job file says." }
                    }
                }
                fieldset {
                    legend { "Loading" }
                    (tick("strict", STRICT, choices.rows.strict))
                    (tick("trust_ids", TRUST_IDS, choices.rows.trust_ids))
                    (tick("again", AGAIN, choices.reload.again))
                    (tick("moved", MOVED, choices.reload.moved))
                    (tick("allow_shrink", ALLOW_SHRINK, choices.reload.allow_shrink))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_change_is_said_in_the_forms_own_words() {
        let said = in_form_words("choose one with --column, for example --column user_id").into_string();
        assert_eq!(said, "choose one with “Column of the targets”, for example “Column of the targets” user_id");
        let said = in_form_words("load it with `cleanup load <FILE.csv>`").into_string();
        assert_eq!(said, "load it with <code class=\"command\">cleanup load &lt;FILE.csv&gt;</code>");
    }
}
