//! `cleanup completions`: a script for a shell. Commands and options are in it; for names of the queue it asks `cleanup __complete`, in the
//! shells that are named here.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::args::{Cli, CompletionsArgs};
use crate::cli::context::Context;
use crate::error::{CommandError, ErrorKind};

/// Behind bash's script: where names fit, they are what is offered.
const BASH_NAMES: &str = r#"
_cleanup_with_names() {
    local name names=()
    _cleanup "$@"
    while IFS= read -r name; do
        printf -v name %q "$name"
        names+=("$name")
    done < <("${COMP_WORDS[0]}" __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    if (( ${#names[@]} )); then COMPREPLY=("${names[@]}"); fi
}

complete -F _cleanup_with_names -o bashdefault -o default cleanup
"#;

/// Before zsh's script begins: what offers names, and otherwise what was there before.
const ZSH_NAMES: &str = r#"_cleanup_names() {
    local -a names
    names=("${(@f)$("$_cleanup_typed[1]" __complete -- "${(@)_cleanup_typed[2,-1]}" 2>/dev/null)}")
    names=(${names:#})
    if (( ${#names} )); then compadd -a names; else _default; fi
}

"#;
/// The words as they were typed: nested commands see a part of them.
const ZSH_TYPED: &str = "_cleanup() {\n    local -a _cleanup_typed=(\"${(@Q)words[1,CURRENT]}\")\n";

/// Behind fish's script.
const FISH_NAMES: &str = r#"
function __cleanup_names
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    $typed[1] __complete -- $typed[2..-1] "$current" 2>/dev/null
end
complete -c cleanup -f -n "count (__cleanup_names) >/dev/null" -a "(__cleanup_names)"
complete -c cleanup -l account -x -a "(__cleanup_names)"
complete -c cleanup -l job -x -a "(__cleanup_names)"
"#;

/// Prints the script.
///
/// # Errors
/// Stdout cannot be written.
pub fn run(context: &Context, args: &CompletionsArgs) -> Result<u8, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "cleanup", &mut script);
    let script = String::from_utf8(script)
        .map_err(|error| CommandError::new(ErrorKind::Fault, "the script is not text").because(error))?;
    context.printer.bytes(with_names(args.shell, &script).as_bytes())?;
    Ok(0)
}

fn with_names(shell: Shell, script: &str) -> String {
    match shell {
        Shell::Bash => format!("{script}{BASH_NAMES}"),
        Shell::Fish => format!("{script}{FISH_NAMES}"),
        Shell::Zsh => {
            let script = script.replacen("_cleanup() {\n", &format!("{ZSH_NAMES}{ZSH_TYPED}"), 1);
            script.replace(":_default'", ":_cleanup_names'")
        }
        _ => script.to_owned(),
    }
}
