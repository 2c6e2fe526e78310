//! `cleanup account login`: a person says yes at the platform, and the login is kept sealed.

use super::browser::show;
use super::login_actions::actions_to_ask_for;
use super::{keep_one, other_logins, refuse_another, standard_name, stdin};
use crate::app::{self, Ways};
use crate::auth::{App, Attempt, CallbackListener, Document, LOGIN_WAIT_SECONDS, Login, Redirect, scopes_for};
use crate::cli::args::AccountLoginArgs;
use crate::cli::context::Context;
use crate::domain::{AccountHost, AccountName, Action, ListKind, Platform, PlatformUser, Secret, UserId};
use crate::error::{CommandError, ErrorKind};
use crate::platforms::{BaseUrl, Credentials, LoginKind, find_list_endpoint, spec, table};
use crate::store::Account;
use crate::text::escaped;

/// Logs in.
///
/// # Errors
/// No app is configured (78), nobody said yes (77), the platform does not answer (69).
pub(super) async fn run(context: &Context, args: &AccountLoginArgs) -> Result<u8, CommandError> {
    let known = known(context, args).await?;
    let platform = args.platform.or(known.as_ref().map(|account| account.platform)).unwrap_or_default();
    if let Some(account) = known.as_ref().filter(|account| account.platform != platform) {
        let message = format!("{} is an account of {}, not of {platform}", account.name, account.platform);
        return Err(CommandError::new(ErrorKind::Usage, message).hint("give this login another name"));
    }
    let offered = offered_by(platform);
    if let Some(action) = args.actions.iter().find(|action| !offered.contains(action)) {
        return Err(CommandError::new(ErrorKind::Usage, format!("{platform} does not offer {action}"))
            .hint("see docs/platforms.md for what each platform offers"));
    }
    match spec(platform).login {
        LoginKind::OAuth1 => other_logins::pin(context, args, platform, known.as_ref()).await,
        LoginKind::Key => other_logins::key(context, args, platform, known.as_ref()).await,
        LoginKind::OAuth2 => oauth2(context, args, platform, known.as_ref()).await,
        LoginKind::AppAtHost => Err(by_hand(args, platform, known.as_ref())),
    }
}

/// A login through a browser is not offered where each server knows other apps: its token is made by hand.
fn by_hand(args: &AccountLoginArgs, platform: Platform, known: Option<&Account>) -> CommandError {
    let name = args.name.as_ref().map_or("NAME".into(), AccountName::shell_word);
    let host = known.and_then(|account| account.host.as_ref()).map_or("example.social", AccountHost::as_str);
    let message =
        format!("accounts of {platform} take a token that you make yourself; there is no login through a browser yet");
    CommandError::new(ErrorKind::Usage, message).hint(format!(
        "make one at https://{host}/settings/applications (Preferences, Development, New application), and give it on stdin to \
         `cleanup account add {name} --platform {platform} --host {host}`"
    ))
}

/// The account that is named, if there is one already.
async fn known(context: &Context, args: &AccountLoginArgs) -> Result<Option<Account>, CommandError> {
    match &args.name {
        Some(name) => match app::find_account(context.deps(), name).await {
            Ok((store, account)) => {
                store.close().await;
                Ok(Some(account))
            }
            Err(error) if error.kind == ErrorKind::Usage => Ok(None),
            Err(error) => Err(error),
        },
        None => Ok(None),
    }
}

/// OAuth 2.0 with PKCE.
async fn oauth2(
    context: &Context,
    args: &AccountLoginArgs,
    platform: Platform,
    known: Option<&Account>,
) -> Result<u8, CommandError> {
    let settings = &context.settings;
    let app = app::needed_app(settings)?;
    let redirect = settings.app.redirect.as_deref().unwrap_or(Redirect::DEFAULT);
    let redirect: Redirect = redirect.parse().map_err(|error: crate::auth::InvalidRedirect| {
        CommandError::new(ErrorKind::Config, error.to_string())
            .hint("set [x] redirect in the config file, and register it at X")
    })?;
    let ways = Ways::new(settings, context.clock.clone(), [])?;
    let base = ways.bases.at(platform, None)?;
    let places = app::places(settings, &base)?;
    let (mut store, vault) = super::open(context).await?;
    let actions = actions_to_ask_for(&mut store, args, known).await?;
    // The lists on which the actions' effects show are read as well: `list`, `verify`.
    let lists = actions.iter().filter_map(|action| find_list_endpoint(platform, ListKind::shows(*action)));
    let reads: Vec<&str> = lists.flat_map(|row| row.scopes.iter().copied()).collect();
    let scopes = scopes_for(platform, &actions, &reads);
    let attempt = Attempt::begin(app, places, redirect, &scopes);
    say_actions(context, args, &actions, &offered_by(platform));
    context.printer.say(&format!("the scopes for that: {}", scopes.join(" ")));
    let code = if args.headless {
        context.printer.say(
            "open this address in any browser, authorize the app, and paste here the address of the page you end at:",
        );
        context.printer.data(attempt.url())?;
        let pasted = stdin::line("address or code").await?;
        attempt.code_from_paste(pasted.expose()).map_err(crate::auth::LoginError::from)?
    } else {
        let listener = CallbackListener::bind(attempt.redirect()).await?;
        show(context, attempt.url())?;
        context.printer.say(&format!("waiting for the browser at {}", attempt.redirect().as_str()));
        listener.wait(&attempt, LOGIN_WAIT_SECONDS).await?
    };
    let asked_at = context.clock.now().wall;
    let app = attempt.app().clone();
    let pair = attempt.exchange(&ways.wire, code).await?;
    let (granted, lasting) = (pair.scopes.clone(), pair.refresh.is_some());
    let document = Document::OAuth2 { access: pair.access.clone(), refresh: pair.refresh.clone() };
    let kept = async {
        let user = PlatformUser::at_one_address(platform, user_of(&ways, (platform, &base), &pair.access).await?);
        refuse_another(known, &user)?;
        let name = args.name.clone().map_or_else(|| standard_name(&user), Ok)?;
        let login = Login::of_pair(name, user, pair, asked_at, &app);
        keep_one(context, &mut store, &vault, login).await
    };
    let account = match kept.await {
        Ok(account) => account,
        Err(error) => {
            take_back(context, &ways, &base, &app, &document).await;
            return Err(error);
        }
    };
    store.close().await;
    for action in actions {
        if !app::missing_scopes(platform, action, granted.as_deref()).is_empty() {
            let login = context.command(&["account", "login", account.name.as_str()]);
            context.printer.warn(&format!("{action} was not granted, so it will be refused; {login} asks again"));
        }
    }
    if !lasting {
        context
            .printer
            .warn("the platform gave no refresh token, so this login ends in about two hours; log in again then");
    }
    context.printer.say(&format!("logged in: {} is user {} on {}", account.name, account.user_id, account.platform));
    Ok(0)
}

/// The actions that a platform has an endpoint for.
fn offered_by(platform: Platform) -> Vec<Action> {
    table(platform).iter().map(|endpoint| endpoint.action).collect()
}

/// Says what the account will be able to do, and how it gets to do more.
fn say_actions(context: &Context, args: &AccountLoginArgs, actions: &[Action], offered: &[Action]) {
    let names = |actions: &[Action]| actions.iter().map(|action| action.name()).collect::<Vec<_>>();
    context.printer.say(&format!("this login is for {}", names(actions).join(", ")));
    let others: Vec<Action> = offered.iter().copied().filter(|action| !actions.contains(action)).collect();
    if args.actions.is_empty() && !others.is_empty() {
        let mut words = vec!["account", "login"];
        words.extend(args.name.as_ref().map(|name| name.as_str()));
        let all = names(actions).into_iter().chain(["ACTION"]).collect::<Vec<_>>().join(",");
        words.extend(["--actions", &all]);
        context.printer.say(&format!(
            "to allow more, name every action that it is to have: {}; others are {}",
            context.command(&words),
            names(&others).join(", ")
        ));
    }
}

/// Whose access token it is.
async fn user_of(ways: &Ways, at: (Platform, &BaseUrl), access: &Secret) -> Result<UserId, CommandError> {
    let credentials = Credentials::bearer(access.clone()).map_err(|error| {
        CommandError::new(ErrorKind::Unreachable, format!("the platform sent a token that cannot be used: {error}"))
            .hint("run the same command again")
    })?;
    let asked = ways.user_of(at, &credentials).await;
    let user = asked.map_err(|reply| app::nobody(at, &reply))?;
    user.ok_or_else(|| CommandError::new(ErrorKind::Fault, format!("{} cannot be asked whose a token is", at.0)))
}

/// Revokes what was granted and is not kept after all: nobody else has it, so nobody misses it.
async fn take_back(context: &Context, ways: &Ways, base: &BaseUrl, app: &App, document: &Document) {
    match app::revoke(&context.settings, ways, base, Some(app), document).await {
        Ok(()) => context.printer.say("the tokens of this login are revoked at the platform, as the login is not kept"),
        Err(why) => {
            context.printer.warn(&format!(
                "the tokens of this login are not kept, but could not be revoked at the platform: {}",
                escaped(&why)
            ));
        }
    }
}
