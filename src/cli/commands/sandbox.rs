//! `cleanup sandbox`: serve the sandbox on loopback until told to stop.

use crate::app::Signals;
use crate::cli::args::SandboxArgs;
use crate::cli::context::Context;
use crate::error::{CommandError, ErrorKind};
use crate::sandbox::{Faults, InvalidFaults, ListSizes, Options, Sandbox, examples, login_example};

/// Serves the sandbox. Its address is the one line on stdout.
///
/// # Errors
/// The address is not this machine's, or is taken.
pub async fn run(context: &Context, args: &SandboxArgs) -> Result<u8, CommandError> {
    let defaults = Options::default();
    let options = Options {
        listen: args.listen,
        rate: args.limit.unwrap_or(defaults.rate),
        unlike_day: args.unlike_day.or(if args.limit.is_some() { None } else { defaults.unlike_day }),
        endpoint_rate: args.endpoint_limit,
        faults: faults(args)?,
        seed: args.seed,
        latency: args.latency,
        lists: ListSizes::all(args.lists),
        read_rate: args.read_limit,
        field_names: args.field_names,
        ..defaults
    };
    let told = format!("limit {}, faults {}, seed {}", options.rate, options.faults, options.seed);
    let mut signals = Signals::listen()?;
    let sandbox = Sandbox::start(options, context.clock.clone()).await?;
    context.printer.data(&sandbox.base_url())?;
    let url = sandbox.base_url();
    context.printer.say(&format!("the sandbox is up: {told}"));
    context
        .printer
        .say("use it as one of these platforms, with a queue of its own (--db), so that yours is left alone:");
    for (platform, command) in examples(&url) {
        context.printer.say(&format!("  {platform}: {command}"));
    }
    context.printer.say(&format!("a login in the browser: {}", login_example(&url)));
    context.printer.say(&format!("what was sent to it is at {url}/sandbox/ledger; Ctrl-C ends it"));
    let signal = signals.first().await;
    sandbox.shut_down().await;
    Ok(signal.exit_code())
}

fn faults(args: &SandboxArgs) -> Result<Faults, CommandError> {
    let Some(text) = &args.faults else { return Ok(Faults::default()) };
    text.parse().map_err(|error: InvalidFaults| {
        CommandError::new(ErrorKind::Usage, error.to_string())
            .hint("write it as none, 5%, or a list such as 429=2%,gone=3%")
    })
}
