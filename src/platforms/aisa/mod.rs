//! The AIsa gateway: it passes on to X API v2 with an app of its own.

mod envelope;
mod table;

use super::dialect::Dialect;
use super::spec::{FixedHost, Host, LoginKind, PlatformSpec};
use super::x;
use crate::domain::{Action, Applies, Platform, WindowSpec};

/// How the gateway writes: an envelope of its own around X's answers.
static DIALECT: Dialect =
    Dialect { is_gateway: true, envelope: envelope::envelope, explain: envelope::explain, ..x::DIALECT };

/// The gateway.
pub(super) static SPEC: PlatformSpec = PlatformSpec {
    platform: Platform::Aisa,
    dialect: &DIALECT,
    service: "AIsa",
    account_prefix: "aisa",
    host: Host::Fixed(FixedHost { address: "https://api.aisa.one", variable: "CLEANUP_AISA_API" }),
    login: LoginKind::Key,
    who_am_i: None,
    whole_scopes: &[],
    endpoints: &table::TABLE,
    inverse_endpoints: &[],
    lists: &[],
    names: None,
    profiles: None,
    marks: None,
    pinned: None,
    repository: None,
    activities: None,
    // X's own limits apply behind the gateway.
    windows: &[
        WindowSpec::of_account(50, 900, Applies::All),
        WindowSpec::of_account(1_000, 86_400, Applies::Only(Action::Unlike)),
    ],
    counts_per_endpoint: false,
    windows_shorter: 1,
};
