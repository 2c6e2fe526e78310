//! Errors of logins and tokens as a person reads them: an exit code and what to do next.

use super::{
    DiscoveryError, DocumentError, GrantError, KeepError, LoginError, NoCode, NoToken, RegisterError, VaultError,
    WireSetup,
};
use crate::error::{CommandError, ErrorKind};
use crate::platforms::is_certificate_trouble;

impl From<VaultError> for CommandError {
    fn from(error: VaultError) -> CommandError {
        match error {
            VaultError::Store(error) => error.into(),
            VaultError::Keyring(error) => {
                let kind = if error.needs_person() { ErrorKind::Person } else { ErrorKind::Config };
                CommandError::new(kind, error.to_string()).hint(error.hint()).because(error)
            }
            VaultError::KeyFileIo { path, source } => {
                CommandError::io(format!("the key file {}", path.display()), source)
            }
            other => CommandError::new(ErrorKind::Config, other.to_string()).because(other),
        }
    }
}

impl From<WireSetup> for CommandError {
    fn from(error: WireSetup) -> CommandError {
        CommandError::new(ErrorKind::Config, error.to_string()).because(error)
    }
}

impl From<DocumentError> for CommandError {
    fn from(error: DocumentError) -> CommandError {
        CommandError::new(ErrorKind::Config, error.to_string()).because(error)
    }
}

impl From<KeepError> for CommandError {
    fn from(error: KeepError) -> CommandError {
        match error {
            KeepError::Vault(error) => error.into(),
            KeepError::Store(error) => error.into(),
            KeepError::Document(error) => error.into(),
        }
    }
}

impl From<NoToken> for CommandError {
    fn from(error: NoToken) -> CommandError {
        match error {
            NoToken::NeedLogin { ref name, .. } => {
                let hint = format!("run `cleanup account login {}`", name.shell_word());
                CommandError::new(ErrorKind::Person, error.to_string()).hint(hint)
            }
            NoToken::Later { .. } => {
                CommandError::new(ErrorKind::Unreachable, error.to_string()).hint("try again later")
            }
            NoToken::App { .. } => CommandError::new(ErrorKind::Config, error.to_string()),
            NoToken::Vault(error) => error.into(),
            NoToken::Store(error) => error.into(),
        }
    }
}

impl From<GrantError> for CommandError {
    fn from(error: GrantError) -> CommandError {
        let (kind, hint) = match &error {
            GrantError::Refused(_) => {
                (ErrorKind::Person, "begin the login again; a code or PIN works once, and not for long")
            }
            GrantError::App(_) => {
                (ErrorKind::Config, "compare with the app's page in the platform's developer console")
            }
            GrantError::TooMany => (
                ErrorKind::Unreachable,
                "wait some minutes, or until tomorrow after hundreds of them, and begin the login again",
            ),
            GrantError::World(said) | GrantError::Unsure(said) if is_certificate_trouble(said) => {
                (ErrorKind::Unreachable, "mend that, and begin the login again")
            }
            GrantError::World(_) | GrantError::Unsure(_) => {
                (ErrorKind::Unreachable, "check the network, and begin the login again")
            }
        };
        CommandError::new(kind, error.to_string()).hint(hint).because(error)
    }
}

impl From<RegisterError> for CommandError {
    fn from(error: RegisterError) -> CommandError {
        match error {
            RegisterError::World(error) => error.into(),
            RegisterError::Elsewhere { ref to, .. } => {
                let hint = format!("if that is the server whose pages you log in to, name it: --host {to}");
                CommandError::new(ErrorKind::Usage, error.to_string()).hint(hint)
            }
            RegisterError::NotOffered { .. } => CommandError::new(ErrorKind::Usage, error.to_string())
                .hint("name the server whose pages you log in to with --host, which need not be what stands behind the @ of your address"),
            RegisterError::Refused(_) => CommandError::new(ErrorKind::Person, error.to_string()).hint(
                "make a token there by hand (Preferences, Development, New application), and keep it with `cleanup account add`",
            ),
        }
    }
}

impl From<DiscoveryError> for CommandError {
    fn from(error: DiscoveryError) -> CommandError {
        match error {
            DiscoveryError::World(error) => error.into(),
            DiscoveryError::NotOffered { .. } => CommandError::new(ErrorKind::Usage, error.to_string())
                .hint("log in with an app password: leave --browser, --headless and --actions out"),
            DiscoveryError::Disagree(_) => CommandError::new(ErrorKind::Person, error.to_string())
                .hint("nothing was kept; if the account has just moved, try again in some minutes, or log in with an app password"),
        }
    }
}

impl From<LoginError> for CommandError {
    fn from(error: LoginError) -> CommandError {
        match error {
            LoginError::Grant(error) => error.into(),
            LoginError::NoCode(NoCode::Denied(_)) => CommandError::new(ErrorKind::Person, error.to_string())
                .hint("nothing was kept; log in again and authorize the app"),
            LoginError::NoCode(_) => {
                CommandError::new(ErrorKind::Person, error.to_string()).hint("nothing was kept; begin the login again")
            }
            LoginError::TimedOut(_) => CommandError::new(ErrorKind::Person, error.to_string())
                .hint("is the redirect address registered at X to the letter? with --headless it is pasted instead"),
            LoginError::Listen { .. } => CommandError::new(ErrorKind::Config, error.to_string())
                .hint("end the program that listens there, or set [x] redirect in the config file (and at X)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_logged_in_too_often_is_told_to_wait_and_not_to_look_at_the_network() {
        let told = CommandError::from(GrantError::TooMany);
        assert_eq!((told.kind, told.kind.exit_code()), (ErrorKind::Unreachable, 69));
        assert!(told.hint.is_some_and(|hint| hint.starts_with("wait some minutes") && !hint.contains("network")));
    }
}
