//! Which actions a login asks for, and the scopes of their lists.

use super::front::AskedActions;
use super::request::LoginRequest;
use crate::app;
use crate::domain::{Action, ListKind, Platform};
use crate::error::CommandError;
use crate::platforms::{ListEndpoint, find_inverse, find_list_endpoint, find_name_resolver, spec, table};
use crate::store::{Account, Store};

/// What to ask for: what was asked for; else what the account could do before and what is in line for it; else the two that
/// most people come for.
pub(super) async fn actions_to_ask_for(
    store: &mut Store,
    request: &LoginRequest,
    known: Option<&Account>,
) -> Result<Vec<Action>, CommandError> {
    if !request.actions.is_empty() {
        return Ok(request.actions.clone());
    }
    let mut actions = Vec::new();
    if let Some(account) = known {
        actions = app::login_actions_of(store, [account.id]).await?.remove(&account.id).unwrap_or_default();
    }
    if actions.is_empty() { Ok(vec![Action::Unfollow, Action::Unlike]) } else { Ok(actions) }
}

/// All that can be undone at a platform.
pub fn undoing_actions(platform: Platform) -> Vec<Action> {
    let mut actions: Vec<Action> = Vec::new();
    for action in table(platform).iter().map(|endpoint| endpoint.action).filter(|action| action.is_undoing()) {
        if !actions.contains(&action) {
            actions.push(action);
        }
    }
    actions
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

impl AskedActions {
    /// What a request comes to at a platform.
    pub(super) fn of(request: &LoginRequest, actions: &[Action], platform: Platform) -> AskedActions {
        let offered = table(platform).iter().map(|endpoint| endpoint.action);
        let others = offered.filter(|action| request.actions.is_empty() && !actions.contains(action)).collect();
        let (name, host) = (request.name.clone(), request.host.clone());
        AskedActions { actions: actions.to_vec(), others, platform, name, host }
    }
}
