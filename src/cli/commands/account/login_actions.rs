//! Which actions a login asks for, the scopes of their lists, and how that is said.

use crate::app;
use crate::cli::args::AccountLoginArgs;
use crate::cli::context::Context;
use crate::domain::{Action, ListKind, Platform};
use crate::error::CommandError;
use crate::platforms::{ListEndpoint, find_inverse, find_list_endpoint, find_name_resolver, spec, table};
use crate::store::{Account, Store};

/// What to ask for: what was asked for; else what the account could do before and what is in line for it; else the two that
/// most people come for.
pub(super) async fn actions_to_ask_for(
    store: &mut Store,
    args: &AccountLoginArgs,
    known: Option<&Account>,
) -> Result<Vec<Action>, CommandError> {
    if !args.actions.is_empty() {
        return Ok(args.actions.clone());
    }
    let mut actions = Vec::new();
    if let Some(account) = known {
        actions = app::login_actions_of(store, [account.id]).await?.remove(&account.id).unwrap_or_default();
    }
    if actions.is_empty() { Ok(vec![Action::Unfollow, Action::Unlike]) } else { Ok(actions) }
}

/// The lists on which the actions' effects show are read as well: `list`, `verify`. Whom to unfollow is said by who follows back and who is
/// still there. Names of their targets are looked up, and what is there already is looked at before anything is restored.
pub(super) fn scopes_of_reading(platform: Platform, actions: &[Action]) -> Vec<&'static str> {
    let mut read: Vec<&ListEndpoint> =
        actions.iter().filter_map(|action| find_list_endpoint(platform, ListKind::shows(*action))).collect();
    if actions.contains(&Action::Unfollow) {
        read.extend(find_list_endpoint(platform, ListKind::Followers));
        read.extend(spec(platform).profiles);
    }
    let asked = find_name_resolver(platform).map_or(&[][..], |names| names.endpoints);
    read.extend(asked.iter().filter(|asked| actions.iter().any(|action| action.target_kind() == asked.of)));
    read.extend(
        actions
            .iter()
            .filter_map(|action| find_inverse(platform, *action))
            .flat_map(|inverse| inverse.records.iter().copied()),
    );
    read.into_iter().flat_map(|row| row.scopes.iter().copied()).collect()
}

/// The actions that a platform has an endpoint for.
fn offered_by(platform: Platform) -> Vec<Action> {
    table(platform).iter().map(|endpoint| endpoint.action).collect()
}

/// Says what the account will be able to do, and how it gets to do more.
pub(super) fn say_actions(context: &Context, args: &AccountLoginArgs, actions: &[Action], platform: Platform) {
    let offered = offered_by(platform);
    let names = |actions: &[Action]| actions.iter().map(|action| action.name()).collect::<Vec<_>>();
    context.printer.say(&format!("this login is for {}", names(actions).join(", ")));
    let others: Vec<Action> = offered.iter().copied().filter(|action| !actions.contains(action)).collect();
    if args.actions.is_empty() && !others.is_empty() {
        let mut words = vec!["account", "login"];
        words.extend(args.name.as_ref().map(|name| name.as_str()));
        // A name that is not known yet does not say where it is.
        if let Some(host) = &args.host {
            words.extend(["--platform", platform.name(), "--host", host.as_str()]);
        }
        let all = names(actions).into_iter().chain(["ACTION"]).collect::<Vec<_>>().join(",");
        words.extend(["--actions", &all]);
        context.printer.say(&format!(
            "to allow more, name every action that it is to have: {}; others are {}",
            context.command(&words),
            names(&others).join(", ")
        ));
    }
}
