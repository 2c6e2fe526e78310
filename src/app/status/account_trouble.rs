//! Why an account needs a person, and the way out: one table for every command and page.
//!
//! In: the word an account stopped with, or the line that the queue keeps of it. Out: what to do, as a sentence with commands for this very
//! queue. What does not belong here: when an account stops (`engine`).

use crate::app::command_line;
use crate::config::Settings;
use crate::domain::Action;
use crate::store::Job;

/// What a way out is told for.
#[derive(Clone, Copy, Debug)]
pub struct TroubledAccount<'a> {
    /// The windows, paths and prices of this queue.
    pub settings: &'a Settings,
    /// The account's short name.
    pub name: &'a str,
    /// The only job that has rows left, where there is one.
    pub job: Option<&'a str>,
    /// What a new login of it has to name ([`crate::app::login_actions`]).
    pub login_actions: &'a [Action],
}

/// The job that a command has to name, where there is no choice.
pub fn only_unfinished(jobs: &[Job]) -> Option<&str> {
    only(jobs.iter().filter(|job| job.pending > 0).map(|job| job.name.as_str()))
}

/// The only one of them.
pub fn only<'a>(mut names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names.next().filter(|_| names.next().is_none())
}

/// The word of a trouble as the queue keeps it (`word: what was said`).
pub fn reason_of(trouble: &str) -> &str {
    trouble.split_once(": ").map_or(trouble, |(reason, _)| reason)
}

impl TroubledAccount<'_> {
    /// What a person does about it.
    pub fn remedy(&self, reason: &str) -> String {
        self.remedy_shown_by(reason, "")
    }

    /// The same where the command that would tell more is the one that shows it: `doctor` or `account check`.
    pub fn remedy_shown_by(&self, reason: &str, shown_by: &str) -> String {
        let check = if shown_by == "account check" { "this check".to_owned() } else { self.check() };
        let doctor = if shown_by == "doctor" { "this list".to_owned() } else { self.command(&["doctor"]) };
        let resume = self.command(&["resume"]);
        let accept = self.command(&["resume", self.job.unwrap_or("JOB"), "--accept-not-found"]);
        let rows_alone = format!("If it is these rows alone, {accept} lets them fail and continues with the others.");
        match reason {
            "endpoint_not_found" => format!(
                "The address may be wrong or retired, so no row is reported as gone. If these targets are really gone, {} takes the \
                 answers at their word; else see what has changed at the platform, then {resume}.",
                accept,
            ),
            "request_refused" => format!(
                "The platform refuses the request, whatever its target: see whether there is a newer version of cleanup, then {resume}. {} \
                 shows the answers. {rows_alone}",
                self.command(&["explain", "ID"]),
            ),
            "forbidden" => format!(
                "The app's plan or the account may not allow it: {check} says what is known. Mend it, then {resume}. {rows_alone}"
            ),
            "acting_user" => {
                format!(
                    "The platform may not know the user who acts: {check} asks it. Mend it, then {resume}. {rows_alone}"
                )
            }
            "no_credentials" => {
                format!("{} logs it in; or set its variables. Then {resume}.", self.login())
            }
            "login_needed" => format!("Then {resume}."),
            "scope_missing" => {
                format!(
                    "{} asks for the scopes of these actions, and of no others. A token that was made by hand is made anew with the scope \
                     that is missing, at the server. Then {resume}.",
                    self.login_for_actions()
                )
            }
            "login_disabled" => {
                format!("Log in with a browser at the server of {} and do what it asks, then {resume}.", self.name)
            }
            "oauth2_only" | "oauth1_only" | "key_only" => {
                format!(
                    "{} logs in as the action needs it (first unset the variables of credentials in the environment). Then {resume}.",
                    self.login()
                )
            }
            "app_configuration" | "vault" | "queue" => {
                format!("{doctor} says what to mend; then {resume}.")
            }
            "kept_names_untold" => format!(
                "A row of theirs may be in line, so none that has an ID alone is sent: write their IDs into the keep list in the place of \
                 these names, then {resume}."
            ),
            "credits_depleted" => format!("Buy credits in the developer console, then {resume}."),
            "user_not_enrolled" => format!(
                "Requests are billed to this user: log in at console.x.com as this user and enrol in pay-per-use, then {resume}."
            ),
            "client_not_enrolled" => format!(
                "In console.x.com, Apps, Manage apps, move the app to the package Pay-per-use and the environment Production, then \
                 {resume}."
            ),
            "account_locked" | "account_suspended" | "looks_automated" => {
                format!("Log in at x.com and do what it asks, then {resume}.")
            }
            // What a variable holds is mended there.
            "unauthorized" | "invalid_token" | "invalid_key" if self.settings.credentials.has_any() => {
                format!("Set the variable to a fresh token, or log in again, then {resume}.")
            }
            "unauthorized" | "invalid_token" | "invalid_key" => {
                format!("{} logs in again. Then {resume}.", self.login())
            }
            "action_not_offered" => format!(
                "The platform of this account does not offer the action: docs/platforms.md says which do. {} on one of them, and load the file \
                 with that account.",
                self.command(&["account", "login", "NAME", "--platform", "PLATFORM"])
            ),
            _ => {
                format!("See what the platform said with {}; mend it, then {resume}.", self.command(&["explain", "ID"]))
            }
        }
    }

    fn login(&self) -> String {
        self.command(&["account", "login", self.name])
    }

    /// A login is for what it names. Where nothing is queued and nothing is on record, the login itself says what it is for.
    fn login_for_actions(&self) -> String {
        if self.login_actions.is_empty() {
            return self.login();
        }
        let actions: Vec<&str> = self.login_actions.iter().map(|action| action.name()).collect();
        self.command(&["account", "login", self.name, "--actions", &actions.join(",")])
    }

    fn check(&self) -> String {
        self.command(&["account", "check", self.name])
    }

    fn command(&self, words: &[&str]) -> String {
        format!("`{}`", command_line(self.settings, words))
    }
}

/// Why an account waits, in words.
pub fn hold_text(reason: &str) -> &str {
    match reason {
        "rate_limit" => "the platform asked for it (rate limit)",
        "hidden_cap" => "the platform keeps a longer limit that it does not name",
        "usage_cap" => "the app's usage cap is reached",
        "spend_cap" => "the spend cap of the billing cycle is reached",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Overrides};

    #[test]
    fn no_command_sends_to_itself() {
        let settings =
            Settings::resolve(&Overrides::default(), &Environment::default()).unwrap_or_else(|e| panic!("{e}"));
        let troubled = TroubledAccount { settings: &settings, name: "work", job: None, login_actions: &[] };
        for (reason, command) in [("forbidden", "account check"), ("acting_user", "account check"), ("vault", "doctor")]
        {
            let named = format!("`cleanup {command}");
            assert!(troubled.remedy(reason).contains(&named), "{reason}");
            assert!(!troubled.remedy_shown_by(reason, command).contains(&named), "{reason}");
        }
    }

    #[test]
    fn a_scope_that_is_missing_is_asked_for_with_what_the_account_may_do_already() {
        let settings =
            Settings::resolve(&Overrides::default(), &Environment::default()).unwrap_or_else(|e| panic!("{e}"));
        let remedy = |login_actions: &[Action]| {
            TroubledAccount { settings: &settings, name: "fedi", job: None, login_actions }.remedy("scope_missing")
        };
        let told = remedy(&[Action::Unfollow, Action::Unmute]);
        assert!(told.starts_with("`cleanup account login fedi --actions unfollow,unmute` asks"), "{told}");
        assert!(remedy(&[]).starts_with("`cleanup account login fedi` asks"));
    }
}
