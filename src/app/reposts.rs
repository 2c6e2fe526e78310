//! A repost by the ID that the row's own platform takes. A file is read for one platform; where its rows belong to accounts of several,
//! each is looked at again when it is loaded.

use crate::domain::{Action, Platform, RepostId, Target};
use crate::jobfile::{Fault, RepostIds};
use crate::platforms::find;

/// By which ID a platform undoes reposts.
pub(super) fn repost_id_of(platform: Platform) -> RepostId {
    find(platform, Action::Unrepost).map_or(RepostId::Original, |endpoint| endpoint.repost_id)
}

/// The target of a row that may be a repost.
///
/// # Errors
/// The row does not name the ID that the platform takes: the reason for the receipt.
pub(super) fn repost_target(
    platform: Option<Platform>,
    target: Target,
    repost: Option<RepostIds>,
) -> Result<Target, &'static str> {
    let (Some(ids), Some(platform)) = (repost, platform) else { return Ok(target) };
    let which = repost_id_of(platform);
    let fault = match which {
        RepostId::Original => Fault::RepostedPostUnknown,
        RepostId::Own => Fault::OwnRepostUnknown,
    };
    ids.by(which).map(Target::Id).ok_or(fault.code())
}
