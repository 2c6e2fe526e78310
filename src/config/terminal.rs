//! What the environment says of the terminal. In: a look-up of variables. Out: [`TerminalTraits`].

use std::ffi::OsString;

/// The first version of VTE (GNOME's terminals) that shows progress.
const VTE_WITH_PROGRESS: u32 = 7_900;

/// What the terminal can do, as far as the environment says so. Whether there is one at all is another question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TerminalTraits {
    /// It knows lines and nothing else (`TERM=dumb`).
    pub is_dumb: bool,
    /// It shows progress that it is told by OSC 9;4, in its tab or in the task bar. Others would take it for a notification.
    pub shows_progress: bool,
}

impl TerminalTraits {
    /// What these variables say.
    pub(super) fn read(get: impl Fn(&str) -> Option<OsString>) -> TerminalTraits {
        let text = |name: &str| get(name).and_then(|value| value.into_string().ok()).unwrap_or_default();
        let is_dumb = text("TERM") == "dumb";
        let program = text("TERM_PROGRAM");
        let vte = text("VTE_VERSION").parse().unwrap_or(0_u32);
        let shows_progress = !text("WT_SESSION").is_empty()
            || text("ConEmuANSI") == "ON"
            || ["WezTerm", "ghostty"].contains(&program.as_str())
            // iTerm names what it can do in letters and numbers: P is progress.
            || program == "iTerm.app" && text("TERM_FEATURES").contains('P')
            || vte >= VTE_WITH_PROGRESS;
        TerminalTraits { is_dumb, shows_progress: shows_progress && !is_dumb }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_terminals_that_are_known_to_show_progress_are_told() {
        let read = |variables: &[(&str, &str)]| {
            TerminalTraits::read(|name| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
            })
        };
        for (variables, shows_progress) in [
            (&[("TERM", "xterm-256color")][..], false),
            (&[("WT_SESSION", "5c0e")], true),
            (&[("ConEmuANSI", "ON")], true),
            (&[("ConEmuANSI", "OFF")], false),
            (&[("TERM_PROGRAM", "WezTerm")], true),
            (&[("TERM_PROGRAM", "ghostty")], true),
            (&[("TERM_PROGRAM", "ghostty"), ("TERM", "dumb")], false),
            (&[("TERM_PROGRAM", "iTerm.app")], false),
            (&[("TERM_PROGRAM", "iTerm.app"), ("TERM_FEATURES", "T3CwLrMSc7UUw9Ts3BFGsSyHNoSxFP")], true),
            (&[("VTE_VERSION", "7802")], false),
            (&[("VTE_VERSION", "7900")], true),
        ] {
            assert_eq!(read(variables).shows_progress, shows_progress, "{variables:?}");
        }
        assert!(read(&[("TERM", "dumb")]).is_dumb && !read(&[]).is_dumb);
    }
}
