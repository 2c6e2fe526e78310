//! What can be known before the first request: whether there are credentials, of the right kind, with scopes enough; and
//! whether the clock is right. In: what is on record, a platform's date. Out: sentences for people. Nothing here writes at a
//! platform. What does not belong here: deciding to stop (the first answer does).

use super::accounts::Identities;
use crate::auth::{TokenSource, Why, records_of};
use crate::clock::SharedClock;
use crate::domain::{AccountId, Action, Platform};
use crate::platforms::{Auth, BaseUrl, Client, find, spec};
use crate::store::{Account, Credential, CredentialKind, NewCredential, Store, StoreError};

/// A clock that is off by more is warned of, in seconds: signatures of OAuth 1.0a fail, and times of caps are misread.
pub const CLOCK_OFF_SECONDS: u64 = 60;

/// The scopes that an action needs and a grant does not have. Empty where scopes do not exist or nobody knows them.
pub fn missing_scopes(platform: Platform, action: Action, granted: Option<&str>) -> Vec<&'static str> {
    let Some(granted) = granted else { return Vec::new() };
    let needed = find(platform, action).map_or(&[][..], |endpoint| endpoint.scopes);
    needed.iter().copied().filter(|scope| !spec(platform).covers(granted, scope)).collect()
}

/// What an account may do with credentials of a kind and scopes, as far as is known.
pub fn may(platform: Platform, kind: CredentialKind, scopes: Option<&str>) -> Vec<Action> {
    let fits = |action: &Action| find(platform, *action).is_some() && misfit(platform, *action, kind).is_none();
    let actions = Action::UNDOING.into_iter().filter(fits);
    actions.filter(|action| missing_scopes(platform, *action, scopes).is_empty()).collect()
}

/// What an account may take back beside what its undos are: a grant of a deletion alone is none of a creation.
pub fn may_restore(platform: Platform, scopes: Option<&str>) -> Vec<Action> {
    let Some(granted) = scopes else { return Vec::new() };
    let of_its_own = |action: &Action| !shares_scopes(platform, *action);
    let granted = |action: &Action| missing_scopes(platform, *action, Some(granted)).is_empty();
    spec(platform).inverse_endpoints.iter().map(|row| row.action).filter(of_its_own).filter(granted).collect()
}

/// Whether a login for an undo has what takes it back. Such a login may look as well at what is there already.
fn shares_scopes(platform: Platform, action: Action) -> bool {
    let endpoint = |action| find(platform, action);
    let Some((own, inverse)) = endpoint(action).zip(action.inverse().and_then(endpoint)) else { return false };
    let may_read = |scope: &&'static str| inverse.records.iter().any(|read| read.scopes.contains(scope));
    inverse.scopes.iter().all(|scope| own.scopes.contains(scope) || may_read(scope))
}

/// The actions that a new login has to name, so that the account may do `wanted` beside what it may do already: a login has the scopes of the
/// actions that it names, no others. What is on record of a session by app password says nothing, for such a session may do everything.
pub fn login_actions(
    account: &Account,
    record: Option<&Credential>,
    wanted: impl IntoIterator<Item = Action>,
) -> Vec<Action> {
    let says_something = |set: &&NewCredential| set.scopes.is_some() && set.kind != CredentialKind::Session;
    let mut actions = Vec::new();
    if let Some(set) = record.map(|record| &record.set).filter(says_something) {
        actions = may(account.platform, set.kind, set.scopes.as_deref());
        actions.extend(may_restore(account.platform, set.scopes.as_deref()));
    }
    for action in wanted {
        let is_own = action.is_undoing() || !shares_scopes(account.platform, action);
        let action = if is_own { action } else { action.undoing() };
        if !actions.contains(&action) {
            actions.push(action);
        }
    }
    actions
}

/// The command of [`login_actions`] for one action.
pub fn login_to_allow(account: &Account, record: &Credential, action: Action) -> String {
    let actions = login_actions(account, Some(record), [action]);
    let actions: Vec<&str> = actions.iter().map(|action| action.name()).collect();
    format!("cleanup account login {} --actions {}", account.name.shell_word(), actions.join(","))
}

/// What an action wants instead of credentials of this kind; none where they will do.
pub fn misfit(platform: Platform, action: Action, kind: CredentialKind) -> Option<&'static str> {
    let auth = find(platform, action)?.auth;
    match (auth, kind) {
        (
            Auth::OAuth1,
            CredentialKind::OAuth2 | CredentialKind::Dpop | CredentialKind::Session | CredentialKind::Aisa,
        )
        | (Auth::OAuth2, CredentialKind::OAuth1)
        | (Auth::Either, CredentialKind::Aisa)
        | (
            Auth::Key,
            CredentialKind::OAuth1 | CredentialKind::OAuth2 | CredentialKind::Dpop | CredentialKind::Session,
        ) => Some(wanted_by(auth)),
        _ => None,
    }
}

/// What kind of login an endpoint takes, for people.
const fn wanted_by(auth: Auth) -> &'static str {
    match auth {
        Auth::OAuth1 => "OAuth 1.0a",
        Auth::OAuth2 | Auth::Either => "an OAuth 2.0 login",
        Auth::Key => "a key of AIsa's",
    }
}

/// How far this machine's clock is from a platform's, in whole seconds: positive where ours is ahead. None where it did not
/// say. The platform's is told to the second, so a second or two mean nothing.
pub async fn clock_off(client: &Client, base: &BaseUrl, clock: &SharedClock) -> Option<i64> {
    let before = clock.now().wall;
    let date = client.platform_date(base).await?;
    let after = clock.now().wall;
    // What it showed when it answered lies between the two.
    let middle = before.0 + (after.0 - before.0) / 2;
    Some((middle - date.0) / 1000)
}

/// What to say of a clock that is off; none where it will do.
pub fn warn_of_clock(off: i64, base: &BaseUrl) -> Option<String> {
    (off.unsigned_abs() > CLOCK_OFF_SECONDS).then(|| {
        let way = if off > 0 { "ahead of" } else { "behind" };
        format!(
            "this machine's clock is {} s {way} that of {base}; set it (a time service does), or requests that are signed (OAuth \
             1.0a, a login on a page) are refused and times are wrong",
            off.unsigned_abs()
        )
    })
}

/// Everything that is wrong with the accounts of this work, each in a sentence; nobody is asked.
pub async fn unfit(
    store: &mut Store,
    who: &Identities,
    tokens: &TokenSource,
    work: &[(Account, Vec<Action>)],
) -> Result<Vec<String>, StoreError> {
    let logged_in: Vec<AccountId> =
        work.iter().map(|(of, _)| of).filter(|of| !who.is_fixed(of)).map(|of| of.id).collect();
    let records = records_of(store, &logged_in).await?;
    let mut said = Vec::new();
    for (account, actions) in work {
        if who.is_fixed(account) {
            let Some(current) = tokens.cached(account.id) else { continue };
            for action in actions {
                let auth = find(account.platform, *action).map(|endpoint| endpoint.auth);
                let Some(auth) = auth.filter(|auth| !auth.takes(&current.credentials)) else { continue };
                said.push(format!(
                    "{name}: {action} needs {}, and the environment has other credentials: unset them, and run `cleanup account login \
                     {name}`",
                    wanted_by(auth),
                    name = account.name
                ));
            }
            continue;
        }
        said.extend(of_record(account, actions, records.get(&account.id)));
    }
    Ok(said)
}

/// What is wrong with one account that is logged in, or is not.
fn of_record(account: &Account, actions: &[Action], record: Option<&Credential>) -> Vec<String> {
    let name = &account.name;
    let login = format!("cleanup account login {}", name.shell_word());
    let Some(record) = record else {
        return vec![format!("{name} has no credentials, so nothing is sent for it; run `{login}`")];
    };
    if let Some(why) = record.login_needed.as_deref().map(Why::parse) {
        return vec![format!("{name} needs a login, {}; run `{login}`", why.sentence())];
    }
    let mut said = Vec::new();
    for action in actions {
        if let Some(wanted) = misfit(account.platform, *action, record.set.kind) {
            said.push(format!(
                "{name}: {action} on {} needs {wanted}, so it will be refused; run `{login}`",
                account.platform
            ));
            continue;
        }
        let missing = missing_scopes(account.platform, *action, record.set.scopes.as_deref());
        if !missing.is_empty() {
            said.push(format!(
                "{name} was not granted {}, which {action} needs; run `{}`",
                missing.join(" and "),
                login_to_allow(account, record, *action)
            ));
        }
    }
    said
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn scopes_are_compared_word_by_word() {
        let granted = Some("tweet.read users.read follows.write offline.access");
        assert!(missing_scopes(Platform::XV2, Action::Unfollow, granted).is_empty());
        assert_eq!(missing_scopes(Platform::XV2, Action::Unlike, granted), ["like.write"]);
        assert_eq!(missing_scopes(Platform::XV2, Action::Unlike, Some("like.writes")).len(), 3);
        assert!(missing_scopes(Platform::XV2, Action::Unlike, None).is_empty(), "unknown is not missing");
        assert!(missing_scopes(Platform::XV1, Action::Unlike, Some("")).is_empty());
        assert_eq!(may(Platform::XV2, CredentialKind::OAuth2, granted), [Action::Unfollow]);
        assert_eq!(may(Platform::XV1, CredentialKind::OAuth1, None).len(), 6);
        assert_eq!(may(Platform::Aisa, CredentialKind::Aisa, None), [Action::Unfollow, Action::Unlike]);
    }

    #[test]
    fn every_row_takes_the_kinds_that_it_takes() {
        use crate::domain::Secret;
        use crate::platforms::{Credentials, table};
        let secret = || Secret::new("a");
        let bearer = Credentials::bearer(secret()).unwrap();
        let oauth1 = Credentials::oauth1(secret(), secret(), secret(), secret()).unwrap();
        for (platform, row) in
            [Platform::XV2, Platform::XV1].into_iter().flat_map(|p| table(p).iter().map(move |row| (p, row)))
        {
            for (kind, credentials) in [(CredentialKind::OAuth2, &bearer), (CredentialKind::OAuth1, &oauth1)] {
                assert_eq!(misfit(platform, row.action, kind).is_none(), row.auth.takes(credentials), "{row:?}");
            }
        }
    }

    #[test]
    fn a_minute_is_tolerated() {
        let base: BaseUrl = "https://api.example".parse().unwrap();
        assert!([-60, 0, 60].into_iter().all(|off| warn_of_clock(off, &base).is_none()));
        assert!(warn_of_clock(61, &base).unwrap().contains("61 s ahead of"));
        assert!(warn_of_clock(-7200, &base).unwrap().contains("7200 s behind"));
    }
}
