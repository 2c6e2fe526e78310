//! Sealed credentials, and their table: blobs that the vault has sealed. What does not belong here: opening them.

use crate::domain::{AccountId, Wall};
use crate::store::dialect::Sql;
use crate::store::error::StoreError;

crate::domain::with_names! {
    /// What kind of credentials.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum CredentialKind {
        /// An access token, mostly with a refresh token.
        OAuth2 => "oauth2",
        /// An access token and its secret.
        OAuth1 => "oauth1",
        /// An access token and a refresh token of a session that an app password began.
        Session => "session",
        /// An access token and a refresh token that only the holder of a key can use.
        Dpop => "dpop",
        /// A key of the AIsa gateway.
        Aisa => "aisa",
    }
}

/// A set of credentials to be saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCredential {
    /// What kind.
    pub kind: CredentialKind,
    /// The sealed document.
    pub sealed: Vec<u8>,
    /// What was granted, separated by spaces.
    pub scopes: Option<String>,
    /// When the access token ends; none: never.
    pub expiry: Option<Expiry>,
    /// The app's public ID.
    pub client_id: Option<String>,
    /// Whether that app also has a secret.
    pub confidential: bool,
    /// Now.
    pub saved_at: Wall,
}

/// When an access token ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// By the wall clock.
    pub at: Wall,
    /// How long it lived when it was given, in milliseconds.
    pub lifetime_ms: i64,
}

/// A set of credentials on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Whose.
    pub account: AccountId,
    /// The set.
    pub set: NewCredential,
    /// Moves with every new set.
    pub generation: i64,
    /// When the last refresh of this generation began, and how many times its refresh token may have been sent (0 to 2).
    pub refresh_started_at: Option<Wall>,
    /// See there.
    pub refresh_tries: u8,
    /// Why it needs a person.
    pub login_needed: Option<String>,
}

/// All of one account's, in the order of [`ALL`].
pub(super) type Row = (
    i64,
    String,
    Vec<u8>,
    Option<String>,
    Option<i64>,
    Option<i64>,
    Option<String>,
    bool,
    i64,
    Option<i64>,
    i64,
    Option<String>,
    i64,
);

macro_rules! select_credentials {
    ($($which:tt)+) => {
        sql!(
            "
    select account_id, kind, sealed, scopes, expires_at, lifetime_ms, client_id, confidential, generation,
           refresh_started_at, refresh_tries, login_needed, saved_at
      from credential ",
            $($which)+
        )
    };
}

/// All accounts'.
pub(super) const ALL: Sql = select_credentials!("order by account_id");
/// `$1` the accounts' numbers, as a JSON array.
pub(super) const THESE: Sql = select_credentials!("where account_id in ", numbers("$1"), " order by account_id");
pub(super) const ONE: Sql = select_credentials!("where account_id = $1");

pub(super) fn credential_of(row: Row) -> Result<Credential, StoreError> {
    let (
        account,
        kind,
        sealed,
        scopes,
        expires,
        lifetime,
        client_id,
        confidential,
        generation,
        started,
        tries,
        needed,
        saved,
    ) = row;
    let kind = CredentialKind::named(&kind)
        .ok_or_else(|| StoreError::unknown(format!("the queue has a login of the kind {kind:?}")))?;
    let expiry = expires.zip(lifetime).map(|(at, lifetime_ms)| Expiry { at: Wall(at), lifetime_ms });
    Ok(Credential {
        account: AccountId(account),
        set: NewCredential { kind, sealed, scopes, expiry, client_id, confidential, saved_at: Wall(saved) },
        generation,
        refresh_started_at: started.map(Wall),
        refresh_tries: u8::try_from(tries).unwrap_or(u8::MAX),
        login_needed: needed,
    })
}
