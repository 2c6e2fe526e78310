//! `cleanup man`: the manual. One page for the program and one for each command, all of them or the one that is asked for.

use std::io;

use clap::CommandFactory;

use crate::cli::args::{Cli, ManArgs};
use crate::cli::context::Context;
use crate::error::{CommandError, ErrorKind};

/// Where to find the pages that a page refers to.
const SEE_ALSO: &str = ".SH \"SEE ALSO\"\n\\fBcleanup man COMMAND\\fR prints the page of a command, and \\fBcleanup COMMAND \\-\\-help\\fR the \
                        same for a terminal.\n";

/// Prints the manual, or the page of a command, in roff.
///
/// # Errors
/// There is no such command (2), or stdout cannot be written.
pub fn run(context: &Context, args: &ManArgs) -> Result<u8, CommandError> {
    let mut pages = Pages::default();
    pages.collect("", root());
    let wanted = args.command.join("-");
    let wanted: Vec<&Page> = match wanted.as_str() {
        "" => pages.0.iter().collect(),
        name => pages.0.iter().filter(|page| page.name == format!("cleanup-{name}")).collect(),
    };
    if wanted.is_empty() {
        let message = format!("there is no command `{}`", args.command.join(" "));
        return Err(CommandError::new(ErrorKind::Usage, message)
            .hint("cleanup --help lists them; cleanup man prints every page"));
    }
    let mut manual = Vec::new();
    for page in wanted {
        page.render(&mut manual).map_err(|error| CommandError::io("the manual", error))?;
    }
    context.printer.bytes(&manual)?;
    Ok(0)
}

fn root() -> clap::Command {
    let mut tree = Cli::command();
    tree.build();
    tree
}

/// A page and its name: `cleanup-account-login`.
struct Page {
    name: String,
    command: clap::Command,
}

#[derive(Default)]
struct Pages(Vec<Page>);

impl Pages {
    /// A command's page, and behind it those of the commands within it.
    fn collect(&mut self, around: &str, command: clap::Command) {
        let own = command.get_name();
        let name = if around.is_empty() { own.to_owned() } else { format!("{around}-{own}") };
        let within: Vec<clap::Command> =
            command.get_subcommands().filter(|c| c.get_name() != "help" && !c.is_hide_set()).cloned().collect();
        self.0.push(Page { name: name.clone(), command });
        for command in within {
            self.collect(&name, command);
        }
    }
}

impl Page {
    fn render(&self, out: &mut Vec<u8>) -> io::Result<()> {
        let page = clap_mangen::Man::new(self.command.clone()).title(self.name.clone());
        page.source(concat!("cleanup ", env!("CARGO_PKG_VERSION"))).render(out)?;
        out.extend_from_slice(SEE_ALSO.as_bytes());
        Ok(())
    }
}
