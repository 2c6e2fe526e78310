//! The form of a schedule: what it reads and undoes, when it runs, how much at most; with its next times once somebody has asked for them.

use axum::response::Html;
use maud::{Markup, html};

use super::labels::{commands, foreign};
use super::layout::Frame;
use super::list_filters::{rule_fields, rule_ticks};
use super::lists::list_name;
use crate::domain::{AccountName, Action, ListKind, Wall};
use crate::web::lists::{ORDER, RULES};
use crate::web::typed_schedule::{DAYS, TypedSchedule};

/// The form, and what is known of it.
pub(in crate::web) struct ScheduleForm {
    pub(in crate::web) accounts: Vec<AccountName>,
    /// The lists that some account of them has.
    pub(in crate::web) lists: Vec<ListKind>,
    pub(in crate::web) actions: Vec<Action>,
    pub(in crate::web) typed: TypedSchedule,
    /// It is there already, and only its times are changed.
    pub(in crate::web) is_edit: bool,
    /// By whose clock it runs.
    pub(in crate::web) zone: String,
    /// Its next times, where those were asked for.
    pub(in crate::web) starts: Vec<Wall>,
    /// What is wrong with it, and what to do.
    pub(in crate::web) refused: Option<(String, String)>,
    /// The command that adds one of a file.
    pub(in crate::web) command: String,
}

/// The page.
pub(in crate::web) fn schedule_form(frame: &Frame, form: &ScheduleForm) -> Html<String> {
    let title =
        if form.is_edit { format!("Change {}", foreign(form.typed.get("name"))) } else { "New schedule".to_owned() };
    let content = html! {
        p.crumbs { a href="/schedules" { "Schedules" } " / " (title) }
        div.head { div.stack {
            h1 { (title) }
            @if !form.is_edit {
                p.quiet { "A list is read again each time, filtered, and what stays is undone, inside the hours you give. Files are scheduled on the command line: " code.command { (form.command) } }
            }
        } }
        @if let Some((why, hint)) = &form.refused {
            div.note.bad role="alert" { p { strong { (commands(&foreign(why))) } } @if !hint.is_empty() { p { (commands(&foreign(hint))) } } }
        }
        @if !form.starts.is_empty() {
            section.card role="status" aria-labelledby="times" {
                h2 #times { "Its next times" }
                ul.starts { @for start in &form.starts { li { (frame.time(*start)) } } }
                p.quiet { "By the clock of " (form.zone) ". Nothing is kept yet." }
            }
        }
        @if form.accounts.is_empty() && !form.is_edit {
            div.empty { h2 { "No account is connected yet" } a.button.primary href="/accounts/connect" { "Connect an account" } }
        } @else {
            form.stack.card method="post" action="/schedules/new" {
                @if form.is_edit { input type="hidden" name="edit" value="1"; input type="hidden" name="name" value=(form.typed.get("name")); }
                @else { (what(form)) }
                (when(form))
                div.actions {
                    button type="submit" name="go" value="times" { "Show its next five times" }
                    button.primary type="submit" name="go" value="keep" { @if form.is_edit { "Keep the change" } @else { "Add it" } }
                }
            }
        }
    };
    frame.page(&title, &content)
}

fn what(form: &ScheduleForm) -> Markup {
    let typed = &form.typed;
    html! {
        fieldset {
            legend { "What" }
            div.rules {
                div.field {
                    label for="name" { "Name" }
                    input #name type="text" name="name" value=(foreign(typed.get("name"))) maxlength="64" autocomplete="off" autocapitalize="none";
                }
                div.field {
                    label for="account" { "Account" }
                    select #account name="account" { @for name in &form.accounts {
                        option value=(name.as_str()) selected[typed.get("account") == name.as_str()] { (foreign(name.as_str())) }
                    } }
                }
                div.field {
                    label for="list" { "List" }
                    select #list name="list" { @for list in &form.lists {
                        option value=(list.name()) selected[typed.get("list") == list.name()] { (list_name(*list)) }
                    } }
                }
                div.field {
                    label for="action" { "Action" }
                    select #action name="action" aria-describedby="action-hint" {
                        option value="" { "what takes an entry off the list" }
                        @for action in &form.actions { option value=(action.name()) selected[typed.get("action") == action.name()] { (action.name()) } }
                    }
                    span.hint #action-hint { "Posts are deleted only where you say so." }
                }
            }
        }
        details open[typed.fields().iter().any(|(name, text)| !text.is_empty() && RULES.iter().any(|rule| rule.name == name))] {
            summary { "Which of them" }
            div.stack {
                div.rules { (rule_fields(RULES.iter().chain([&ORDER]), typed.fields())) }
                fieldset.ticks { legend.unseen { "Only some" } (rule_ticks(RULES.iter(), typed.fields())) }
            }
        }
    }
}

fn when(form: &ScheduleForm) -> Markup {
    let typed = &form.typed;
    let field = |name: &str, label: &str, hint: &str| {
        html! {
            div.field {
                label for=(name) { (label) }
                input #(name) type="text" name=(name) value=(foreign(typed.get(name))) maxlength="60" autocomplete="off" aria-describedby=(format!("{name}-hint"));
                span.hint #(format!("{name}-hint")) { (hint) }
            }
        }
    };
    html! {
        fieldset {
            legend { "When, by the clock of " (form.zone) }
            div.rules {
                @if !form.is_edit {
                    div.field {
                        label for="days" { "Days" }
                        select #days name="days" { @for (name, label, _) in DAYS { option value=(name) selected[typed.get("days") == name] { (label) } } }
                    }
                    (field("at", "Starts at", "such as 02:00"))
                }
                (field("until", "Ends at", "such as 06:00; empty: when the work is done"))
                (field("jitter", "Put off by up to", "minutes, by chance; empty: never"))
                @if !form.is_edit { (field("max-requests", "Requests at most", "each time; empty: as many as it takes")) }
                (field("cron", if form.is_edit { "Pattern" } else { "Or a pattern of your own" }, "five fields: minute, hour, day, month, weekday"))
            }
        }
    }
}
