//! `cleanup serve`: engine and dashboard in one process, under one end. The engine is `app::serve`; `login_link` shows the one-time
//! link, `systemd` speaks with the service manager.

mod login_link;
mod password_file;
mod systemd;

use std::sync::Arc;
use std::time::Duration;

use self::login_link::LoginLink;
use crate::app::serve::{ServeControls, ServeEngine};
use crate::app::{self, DECLINED, Notice, Signals};
use crate::cli::args::ServeArgs;
use crate::cli::context::Context;
use crate::cli::prompt;
use crate::clock::SharedClock;
use crate::config::{Environment, Settings};
use crate::engine::Signal;
use crate::error::{CommandError, ErrorKind};
use crate::store::{AuditEvent, DrainLock, ServeLock, Store};
use crate::web::access::{
    AllowedHosts, Devices, InvalidOrigin, LINK_SECONDS, Password, PasswordError, ShortToken, check_metrics_token,
};
use crate::web::{EventCounters, LoginMethod, Root, Server, ServerError, Setup, Web, router};

/// How long after a link could not be shown the next one is.
const SHOW_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// Serves until it is told to end.
///
/// # Errors
/// The address cannot be had, the queue cannot be opened or is drained by somebody else, there is nobody to ask.
pub async fn run(context: &Context, args: &ServeArgs) -> Result<u8, CommandError> {
    let entry = entry_of(context, args)?;
    context.settings.web.metrics_token.as_ref().map_or(Ok(()), check_metrics_token)?;
    let proxied = args.behind_proxy.as_deref().map(AllowedHosts::behind_proxy).transpose()?;
    let mut store = context.open_queue().await?;
    let lock = DrainLock::take(store.place()).await?;
    // Whoever wants a schedule run now leaves it to this process.
    let _serves = ServeLock::try_take(store.place()).await?;
    if !ask(&mut store, args, context).await? {
        context.printer.say("nothing was sent");
        return Ok(DECLINED);
    }
    let signals = Signals::listen()?;
    let mut server = Server::bind(args.listen).await?;
    let places = proxied.unwrap_or_else(|| AllowedHosts::loopback(server.address()));
    let address = places.address();
    let root =
        Root::new(&places).map_err(|error| CommandError::new(ErrorKind::Fault, error.to_string()).because(error))?;
    let controls = ServeControls::new(context.settings.clone());
    let hub = EventCounters::default();
    let door = LoginLink::new(store.place().local_path(), context);
    let devices = Devices::of(store.admin().login_devices().await?);
    let web = Web::new(Setup {
        places,
        root,
        entry: entry.clone(),
        metrics_token: context.settings.web.metrics_token.clone(),
        devices,
        store,
        clock: context.clock.clone(),
        zone: context.local.zone.get().clone(),
        hub: hub.clone(),
        controls: Arc::clone(&controls),
    });
    server.serve(router(Arc::clone(&web)));
    context.printer.say(&format!("the dashboard is at {address}"));
    let (deps, tap) = (context.deps(), Arc::new(hub));
    let engine = ServeEngine::new(deps, &context.overrides, Arc::clone(&controls), tap, lock).await?;
    note(&web, "start", &address, context).await?;
    systemd::ready(&address);
    let code = tokio::select! {
        code = engine.work() => code,
        code = obey(signals, &controls, &web, context) => code,
        error = attend(&web, &entry, &door, &context.clock) => Err(error),
        () = systemd::watchdog(context) => Ok(ErrorKind::Fault.exit_code()),
    };
    systemd::stopping();
    // What could not be noted is no reason to end otherwise.
    let _ = note(
        &web,
        "stop",
        &code.as_ref().map_or_else(ToString::to_string, |code| format!("exit code {code}")),
        context,
    )
    .await;
    server.shut_down().await;
    code
}

/// How somebody comes in. A server that others can reach wants a password.
fn entry_of(context: &Context, args: &ServeArgs) -> Result<LoginMethod, CommandError> {
    if args.behind_proxy.is_none() {
        if !args.listen.ip().is_loopback() {
            let message = format!("{} can be reached from other machines, which needs --behind-proxy", args.listen);
            return Err(CommandError::new(ErrorKind::Usage, message).hint(
                "listen on 127.0.0.1; or put a proxy with TLS in front, name its address with --behind-proxy https://NAME, \
                 and set a password",
            ));
        }
        return Ok(LoginMethod::Link);
    }
    let password = match &args.password_file {
        Some(path) => Some(password_file::read_password(path, context.printer)?),
        None => context.settings.web.password.clone(),
    };
    let password = password.ok_or_else(|| {
        CommandError::new(ErrorKind::Config, "behind a proxy the dashboard needs a password, and none is set")
            .hint("set CLEANUP_WEB_PASSWORD (16 characters or more), or name a file with --password-file")
    })?;
    Ok(LoginMethod::Password(Password::new(&password)?))
}

/// One sentence and a question, where rows of a real platform wait already; true: go on.
async fn ask(store: &mut Store, args: &ServeArgs, context: &Context) -> Result<bool, CommandError> {
    if context.settings.is_sandbox() || args.yes {
        return Ok(true);
    }
    let Some(about) = app::confirm_jobs(store, None, &context.settings).await? else { return Ok(true) };
    for sentence in &about.sentences {
        context.printer.say(sentence);
    }
    if !prompt::can_ask() {
        let message = "rows of a real account are queued, and there is no terminal to ask on; nothing was sent";
        let look = context.command(&["resume", "--dry-run"]);
        return Err(CommandError::new(ErrorKind::Usage, message)
            .hint(format!("add --yes if you mean it; {look} shows what would be sent")));
    }
    prompt::confirm("Continue?").map_err(|error| CommandError::io("the terminal", error))
}

/// Hears signals: SIGHUP reads the configuration again, the others end the process, each one more urgently. Never ends but by
/// the third of these.
async fn obey(
    mut signals: Signals,
    controls: &ServeControls,
    web: &Web,
    context: &Context,
) -> Result<u8, CommandError> {
    let mut before = 0;
    loop {
        match signals.first().await {
            Signal::Hangup => reload(controls, web, context).await,
            signal if before > 1 => return Ok(signal.exit_code()),
            signal => {
                context.deps().tell(Notice::Signal(signal, before));
                before += 1;
                controls.end(signal);
            }
        }
    }
}

/// A configuration that makes no sense changes nothing.
async fn reload(controls: &ServeControls, web: &Web, context: &Context) {
    systemd::reloading();
    let read = Environment::of_process().and_then(|environment| Settings::resolve(&context.overrides, &environment));
    match read {
        Ok(settings) if settings.db().ok() != context.settings.db().ok() => {
            context
                .printer
                .warn("the configuration names another queue: start cleanup again to use that; nothing was changed");
        }
        Ok(settings) => {
            app::writable_config_warning(&settings).inspect(|warning| context.printer.warn(warning));
            controls.reload(settings);
            web.note_change();
            context.printer.say("SIGHUP: the configuration was read again");
            if let Err(error) = note(web, "reload", "the configuration was read again", context).await {
                context.printer.error(&error);
            }
        }
        Err(error) => {
            context.printer.error(&CommandError::from(error));
            context.printer.say("SIGHUP: the configuration stays as it was");
        }
    }
    systemd::reloaded();
}

/// Shows links, and pages what has changed. Never ends but by an error.
async fn attend(web: &Web, entry: &LoginMethod, door: &LoginLink<'_>, clock: &SharedClock) -> CommandError {
    let links = async {
        match entry {
            LoginMethod::Link => show_links(web, door, clock).await,
            LoginMethod::Password(_) => std::future::pending().await,
        }
    };
    let watching = async {
        // A moment's trouble is told by whatever page is asked for, and by the drain.
        while let Err(error) = web.watch_queue().await {
            tracing::debug!(%error, "the queue cannot be watched");
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
    };
    tokio::select! {
        error = links => error,
        () = web.watch_engine() => CommandError::new(ErrorKind::Fault, "the engine has no state any more"),
        () = watching => CommandError::new(ErrorKind::Fault, "the queue is no longer watched"),
    }
}

/// Shows a link whenever the one before was used, and replaces one that was not used in its time. Never ends but where the first cannot be
/// shown: a disk that fills up later is no reason to end what is being sent.
async fn show_links(web: &Web, door: &LoginLink<'_>, clock: &SharedClock) -> CommandError {
    let (mut was_used, mut was_shown) = (true, false);
    loop {
        let link = match web.new_link() {
            Ok(link) => link,
            Err(error) => return CommandError::new(ErrorKind::Fault, error.to_string()).because(error),
        };
        let (now, lasts) = (clock.now(), Duration::from_secs(LINK_SECONDS));
        let shown = if was_used { door.show(&link, now.wall.after(lasts)) } else { door.replace(&link) };
        let (next_after, is_shown) = match shown {
            Ok(()) => (lasts, true),
            Err(error) if !was_shown => return error,
            Err(error) => {
                tracing::warn!(%error, "the link to the dashboard cannot be shown; it is tried again in a minute");
                (SHOW_AGAIN_AFTER, false)
            }
        };
        was_shown |= is_shown;
        was_used = tokio::select! {
            () = web.link_used() => true,
            () = clock.sleep_until(now.tick.after(next_after)) => was_used && !is_shown,
        };
    }
}

async fn note(web: &Web, deed: &str, detail: &str, context: &Context) -> Result<(), CommandError> {
    let mut store = Store::reopen(web.settings().db()?).await?;
    let entry = AuditEvent { actor: "serve", deed, job: None, detail };
    store.admin().log_audit_event(context.clock.now().wall, &entry).await?;
    store.close().await;
    Ok(())
}

impl From<ServerError> for CommandError {
    fn from(error: ServerError) -> CommandError {
        let hint = "is another one running? choose another port with --listen 127.0.0.1:PORT";
        CommandError::new(ErrorKind::Config, error.to_string()).hint(hint).because(error)
    }
}

impl From<InvalidOrigin> for CommandError {
    fn from(error: InvalidOrigin) -> CommandError {
        CommandError::new(ErrorKind::Usage, format!("--behind-proxy: {error}"))
            .hint("name the address that browsers use: --behind-proxy https://cleanup.example.org")
            .because(error)
    }
}

impl From<ShortToken> for CommandError {
    fn from(error: ShortToken) -> CommandError {
        let hint = "set a long one, such as what `openssl rand -hex 24` gives, or unset it";
        CommandError::new(ErrorKind::Config, error.to_string()).hint(hint).because(error)
    }
}

impl From<PasswordError> for CommandError {
    fn from(error: PasswordError) -> CommandError {
        let hint = "put a long one into CLEANUP_WEB_PASSWORD or the file of --password-file, such as what `openssl rand -base64 24` gives";
        CommandError::new(ErrorKind::Config, error.to_string()).hint(hint).because(error)
    }
}
