//! What commands that read a list share: whose list it is, the reader, what is said meanwhile.

use std::sync::Arc;
use std::time::Duration;

use crate::app::{self, Identities};
use crate::cli::context::Context;
use crate::cli::printer::Printer;
use crate::clock::SharedClock;
use crate::domain::{AccountId, Tick, counted};
use crate::engine::Shutdown;
use crate::error::{CommandError, ErrorKind};
use crate::lists::fetch::{Budget, FetchDeps, FetchEvent, Reader, Way};
use crate::platform::Client;
use crate::store::{Account, Store};
use crate::text::{LocalClock, escaped};

/// Between two lines about pages.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// The account a command is about: the one named, or the one that acts where nobody is named (`app::default_account`).
pub(super) async fn account_of(store: &mut Store, id: Option<AccountId>) -> Result<Account, CommandError> {
    let accounts = store.accounts().all().await?;
    let names: Vec<&str> = accounts.iter().map(|account| account.name.as_str()).collect();
    let hint = if names.is_empty() {
        "log in with `cleanup account login`, or set CLEANUP_X_TOKEN".to_owned()
    } else {
        format!(
            "name it with --account, or make one the default with `cleanup account default NAME`; accounts: {}",
            names.join(", ")
        )
    };
    let found = id.and_then(|id| accounts.iter().find(|account| account.id == id).cloned());
    found.ok_or_else(|| {
        CommandError::new(ErrorKind::Usage, "no account is named, and there is no default account").hint(hint)
    })
}

/// What bounds reading.
pub(super) struct Bounds {
    pub(super) budget: Budget,
    pub(super) until: Option<Tick>,
    pub(super) give_up_after: Duration,
}

/// A reader for an account.
pub(super) async fn reader(
    context: &Context,
    (who, client): (&Identities, &Arc<Client>),
    store: Store,
    account: &Account,
    bounds: Bounds,
    shutdown: Shutdown,
) -> Result<Reader, CommandError> {
    let settings = &context.settings;
    let accounts = [account.clone()];
    let tokens = app::open_tokens(settings, who, &accounts, context.clock.clone()).await?;
    let mut access = who.access(&accounts, |_| Some(Arc::from([])));
    let access = access.remove(&account.id).ok_or_else(|| {
        CommandError::new(ErrorKind::Fault, format!("the address of the platform of {} is not known", account.name))
            .hint("please report this")
    })?;
    let way =
        Way { account: account.id, platform: account.platform, user: access.user, base: access.base, app: access.app };
    let deps = FetchDeps {
        store,
        client: Arc::clone(client),
        tokens,
        clock: context.clock.clone(),
        shutdown,
        request_deadline: settings.run.request_deadline,
        give_up_after: bounds.give_up_after,
        until: bounds.until,
    };
    let teller = teller(context.printer, context.clock.clone(), context.local_clock());
    Ok(Reader::new(deps, way, bounds.budget, teller))
}

/// Says what happens meanwhile: a line each few seconds at most, waits always.
fn teller(printer: Printer, clock: SharedClock, local: LocalClock) -> Box<dyn FnMut(FetchEvent) + Send> {
    let mut next_line = clock.now().tick.after(LINE_EVERY);
    Box::new(move |news| {
        let now = clock.now();
        match news {
            FetchEvent::Waiting { until, why } => {
                let at = local.text(until, now.wall);
                printer.say(&format!("waiting until {at}: {}", escaped(&why)));
            }
            FetchEvent::Trouble(what) => printer.detail(&format!("trying again: {}", escaped(&what))),
            FetchEvent::Page { entries, pages } if now.tick >= next_line => {
                next_line = now.tick.after(LINE_EVERY);
                let entries = counted(entries, "entry", "entries");
                printer.say(&format!("{entries} read, {}", counted(pages, "page", "pages")));
            }
            FetchEvent::Page { .. } => {}
        }
    })
}
