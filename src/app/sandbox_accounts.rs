//! Accounts of the pretend platform: every name is somebody, and always the same one. In: names. Out: users. What does not belong here: making
//! an account known (`accounts`).

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::domain::{AccountName, Platform, PlatformUser, TargetId, UserId, name_key};
use crate::error::{CommandError, ErrorKind};
use crate::platforms::{BaseUrl, Host, spec};
use crate::sandbox::KnownUser;

/// Accounts of the pretend platform.
#[derive(Clone, Debug)]
pub struct SandboxAccounts {
    /// Where it listens; none where nothing will be sent.
    pub base: Option<Arc<BaseUrl>>,
    /// Which platform it pretends to be for accounts whose name does not say.
    pub platform: Platform,
}

impl SandboxAccounts {
    /// The account that rows without one belong to.
    pub(super) fn default_name(&self) -> Result<AccountName, CommandError> {
        self.platform.in_sandbox().name().parse().map_err(fault)
    }

    /// The platform of an account that is not known yet. A name that begins like those which accounts of a platform get where nobody names
    /// them is one of that platform's, so that one file may have rows of several: `mastodon-ada`.
    pub(super) fn platform_of(&self, name: &AccountName) -> Platform {
        let is_named = |platform: &Platform| {
            spec(*platform).host == Host::OfAccount
                && name.as_str().starts_with(SandboxAccounts::prefix_of(*platform).as_str())
        };
        Platform::real().find(is_named).unwrap_or(self.platform).in_sandbox()
    }

    /// How the names of a platform's accounts begin that nobody has named.
    pub(super) fn prefix_of(platform: Platform) -> String {
        format!("{}-", spec(platform).account_prefix)
    }

    /// The user that an account of this name would be.
    ///
    /// # Errors
    /// As [`SandboxAccounts::user_of`].
    pub(super) fn pretended(&self, name: &AccountName) -> Result<PlatformUser, CommandError> {
        let platform = self.platform_of(name);
        let user = KnownUser::account_id(platform, SandboxAccounts::number_of(name)?);
        Ok(PlatformUser::at_one_address(platform, user.parse().map_err(fault)?))
    }

    /// The user of X that a name stands for: always the same one, so that a queue can go on in another process.
    ///
    /// # Errors
    /// None in practice: 18 digits are a user ID.
    pub fn user_of(name: &AccountName) -> Result<UserId, CommandError> {
        SandboxAccounts::number_of(name)?.to_string().parse().map_err(fault)
    }

    fn number_of(name: &AccountName) -> Result<TargetId, CommandError> {
        let digest = Sha256::digest(name_key(name.as_str()).as_bytes());
        let number = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        // 18 digits, the first never zero.
        let id = 100_000_000_000_000_000 + number % 900_000_000_000_000_000;
        id.to_string().parse().map_err(|_| fault("an account of the sandbox has no user ID".into()))
    }
}

fn fault(why: String) -> CommandError {
    CommandError::new(ErrorKind::Fault, why).hint("please report this")
}
