//! What one row of a platform's table says. In: nothing. Out: [`Endpoint`] and [`find`]. What does not belong here: sending.
//!
//! A new action or platform is a new row; the interpreter (`client`) and the classifier read rows and know no names.

use super::caller::{Auth, Documented, Tier};
use super::classify::Object;
use super::dialect::Dialect;
use super::list_endpoint::ListEndpoint;
use super::success::Success;
use crate::domain::{Action, MicroUsd, RepostId};

/// How one action is done on one platform.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    /// How its platform writes.
    pub dialect: &'static Dialect,
    /// What it undoes.
    pub action: Action,
    /// The HTTP method.
    pub method: Verb,
    /// The path below the base URL. `{user}` is the acting user's ID, `{target}` the target's.
    pub path: &'static str,
    /// Where else the target goes.
    pub params: Params,
    /// What is read before a task can be claimed: the records that undo it, in the order in which they are deleted; of what restores, what
    /// there is already. Empty where nothing is read.
    pub records: &'static [&'static ListEndpoint],
    /// What it takes as a proof of who asks.
    pub auth: Auth,
    /// What a confirmed effect looks like.
    pub success: Success,
    /// The OAuth 2.0 scopes a user token needs; empty where scopes do not exist (OAuth 1.0a).
    pub scopes: &'static [&'static str],
    /// The price of one successful request; none where no public price is known. The built-in number is only a default.
    pub price: Option<MicroUsd>,
    /// Which apps may call it.
    pub tier: Tier,
    /// The limits the platform documents.
    pub documented: &'static [Documented],
    /// Whether a second request after the effect is answered as if the target did not exist. Elsewhere a repeat simply succeeds, so that
    /// there "gone" means that the target has gone.
    pub repeat_looks_gone: bool,
    /// What its answer hands back of what it has deleted, the last copy; none where it hands back nothing.
    pub last_copy: Option<fn(&Object) -> Option<String>>,
    /// Where it is looked at how things stand, where a confirming answer may still tell of before; none: its answers tell of after.
    pub read_back: Option<&'static ReadBack>,
    /// By which ID it undoes a repost. With the other it may succeed and do nothing.
    pub repost_id: RepostId,
}

/// A look at what a request was about, whose answer held another state than was asked for.
#[derive(Clone, Copy, Debug)]
pub struct ReadBack {
    /// The path below the base URL, asked with GET.
    pub path: &'static str,
    /// Whether it is answered with a list of one, where the request is answered with the record itself. The fields are the same.
    pub is_list: bool,
    /// The list in whose windows it takes its slot.
    pub windows_of: &'static ListEndpoint,
}

/// The HTTP methods that undo things, and that of a look at them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `DELETE`.
    Delete,
    /// `POST`.
    Post,
    /// `GET`.
    Get,
}

/// Where the target goes, beside the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Params {
    /// Nowhere: it is in the path.
    None,
    /// Into a JSON body, as a string under this name.
    Json(&'static str),
    /// Into a form body.
    Form {
        /// The name for an ID.
        id: &'static str,
        /// The name for a handle, where the endpoint takes one.
        handle: Option<&'static str>,
    },
    /// Not at all: a JSON body names the account's own record that is deleted, and what it must still hold.
    Record,
    /// The same, for a record that is put back as it was, under its old key.
    RecordAgain,
    /// The JSON body is what was kept of the target before it was undone.
    KeptValue,
}

impl Endpoint {
    /// Why most apps are refused here, in a sentence; none where any app may call it.
    pub fn closed(&self) -> Option<String> {
        match self.tier {
            Tier::SelfServe => None,
            Tier::Enterprise(why) => Some(format!("{why} at the first requests")),
        }
    }

    /// Whether something is read before its tasks can be claimed.
    pub fn reads_first(&self) -> bool {
        !self.records.is_empty()
    }

    /// Whether what is undone has to be found first, and is kept.
    pub fn deletes_records(&self) -> bool {
        self.reads_first() && self.action.is_undoing()
    }

    /// Whether its request goes by what was found, or kept.
    pub fn needs_record(&self) -> bool {
        self.deletes_records() || self.restores_records()
    }

    /// Whether what was kept when it was undone is put back.
    pub fn restores_records(&self) -> bool {
        self.restores_as_it_was() || self.params == Params::KeptValue
    }

    /// Whether what is put back is what it was, at its old place and with its old date.
    pub fn restores_as_it_was(&self) -> bool {
        self.params == Params::RecordAgain
    }

    /// The look at what it was about, as an endpoint of its own.
    pub fn looking_back(&self) -> Option<Endpoint> {
        let ReadBack { path, is_list, .. } = *self.read_back?;
        let success = match self.success {
            Success::Resource { id, fields } if is_list => Success::ListedResource { id, fields },
            other => other,
        };
        Some(Endpoint { method: Verb::Get, path, success, last_copy: None, read_back: None, ..*self })
    }

    /// Whether a handle will do as the target.
    pub fn takes_handles(&self) -> bool {
        matches!(self.params, Params::Form { handle: Some(_), .. })
    }
}
