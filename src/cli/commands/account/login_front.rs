//! The terminal as a login sees it: notices in words, pages in the browser or by their address, lines from stdin.

use std::io::IsTerminal;

use super::{browser, stdin};
use crate::app::AppDeps;
use crate::app::account::{
    AskedActions, LoginFrontend, LoginNotice, LoginPage, MAKE_APP_PASSWORD, PageReturn, PromptFuture,
};
use crate::cli::printer::Printer;
use crate::domain::{Action, Secret};
use crate::error::CommandError;
use crate::text::escaped;

impl LoginFrontend for Printer {
    fn tell(&self, deps: AppDeps<'_>, notice: LoginNotice<'_>) {
        match notice {
            LoginNotice::Asking(asked) => say_asked(*self, deps, asked),
            LoginNotice::Scopes(at, scopes) => {
                let at = at.map_or_else(String::new, |at| format!(" at {}", escaped(at)));
                self.say(&format!("the scopes for that{at}: {}", scopes.join(" ")));
            }
            LoginNotice::AppPassword(host) => {
                self.say(&format!("logging in at {host}: the account's handle, DID or e-mail, then an app password"));
                self.say(&format!(
                    "{MAKE_APP_PASSWORD}; --browser logs in on the server's page instead, for a few actions alone"
                ));
            }
            LoginNotice::OwnPassword => self.warn(&format!(
                "that is the account's own password, and whoever gets this login can do everything with the account: \
                 {MAKE_APP_PASSWORD}, and `cleanup account login` takes it instead"
            )),
            LoginNotice::NameStays(account) => self.say(&format!(
                "user {} is in this queue already, as {}, and keeps that name",
                account.user_id, account.name
            )),
            LoginNotice::Moved { account, from, to } => self.say(&format!("{account} has moved from {from} to {to}")),
            LoginNotice::NotGranted(action, account) => {
                let login = deps.command(&["account", "login", account.as_str()]);
                self.warn(&format!("{action} was not granted, so it will be refused; {login} asks again"));
            }
            LoginNotice::MissingScopes(action, missing) => {
                self.warn(&format!("{} was not granted, so {action} will be refused", missing.join(" and ")));
            }
            LoginNotice::TakenBack(Ok(())) => {
                self.say("the tokens of this login are revoked at the platform, as the login is not kept");
            }
            LoginNotice::TakenBack(Err(why)) => self.warn(&format!(
                "the tokens of this login are not kept, but could not be revoked at the platform: {}",
                escaped(why)
            )),
            LoginNotice::EarlierEnded(account, ended) => {
                let (name, host) = (&account.name, account.host.as_ref().map_or("the platform", |host| host.as_str()));
                match ended {
                    Ok(()) => self.say(&format!("the earlier login of {name} is revoked at {host}")),
                    Err(why) => {
                        self.warn(&format!("the earlier token of {name} stays valid at {host}: {}", escaped(why)));
                    }
                }
            }
        }
    }

    fn show_page(&self, LoginPage { url, back }: LoginPage<'_>) -> Result<(), CommandError> {
        match back {
            PageReturn::ByBrowser(address) => {
                browser::show(*self, url)?;
                self.say(&format!("waiting for the browser at {address}"));
            }
            PageReturn::Address => {
                self.say(
                    "open this address in any browser, authorize the app, and paste here the address of the page you end at:",
                );
                self.data(url)?;
            }
            PageReturn::AddressSoon => {
                self.say("open this address in any browser, within five minutes:");
                self.data(url)?;
                self.say("allow it there, and paste here the address of the page you end at, which need not load:");
            }
            PageReturn::Code => {
                self.say("open this address in any browser:");
                self.data(url)?;
                self.say("authorize the app there, then type or paste the code that you are shown:");
            }
            PageReturn::Pin { in_browser } => {
                if in_browser {
                    browser::show(*self, url)?;
                } else {
                    self.say("open this address in any browser:");
                    self.data(url)?;
                }
                self.say("authorize the app there, then type the PIN that you are shown:");
            }
        }
        Ok(())
    }

    fn line(&self, what: &'static str) -> PromptFuture<'_, Secret> {
        Box::pin(stdin::line(what))
    }

    fn secret(&self, what: &'static str) -> PromptFuture<'_, Secret> {
        Box::pin(stdin::secret(*self, what))
    }

    fn another_secret(&self, what: &'static str, needed: bool) -> PromptFuture<'_, Option<Secret>> {
        Box::pin(stdin::another_secret(*self, what, needed))
    }

    fn is_at_terminal(&self) -> bool {
        std::io::stdin().is_terminal()
    }
}

/// What the account will be able to do, and how it gets to do more.
fn say_asked(printer: Printer, deps: AppDeps<'_>, asked: &AskedActions) {
    let AskedActions { actions, others, platform, name, host } = asked;
    let names = |actions: &[Action]| actions.iter().map(|action| action.name()).collect::<Vec<_>>();
    printer.say(&format!("this login is for {}", names(actions).join(", ")));
    if others.is_empty() {
        return;
    }
    let mut words = vec!["account", "login"];
    words.extend(name.as_ref().map(|name| name.as_str()));
    // A name that is not known yet does not say where it is.
    if let Some(host) = host {
        words.extend(["--platform", platform.name(), "--host", host.as_str()]);
    }
    let all = names(actions).into_iter().chain(["ACTION"]).collect::<Vec<_>>().join(",");
    words.extend(["--actions", &all]);
    printer.say(&format!(
        "to allow more, name every action that it is to have: {}; others are {}",
        deps.command(&words),
        names(others).join(", ")
    ));
}
