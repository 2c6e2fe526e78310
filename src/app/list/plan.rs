//! What has to be asked for a list, decided before anything is: which endpoints, in which order, and whether its rules can be answered.
//!
//! In: a platform, a list, rules. Out: a plan, or why there is none; a schedule that is kept hears it at once.

use crate::app::request::ListRequest;
use crate::clock::LocalZone;
use crate::domain::{EntryFact, ListKind, Platform, TargetKind, Wall};
use crate::error::{CommandError, ErrorKind};
use crate::lists::filter::Filter;
use crate::platforms::{ListEndpoint, find_list_endpoint, spec};

/// What has to be asked for a list.
pub(in crate::app) struct ListPlan {
    /// What has to be read: whether somebody follows back is told by the followers, which come first.
    pub(in crate::app) lists: Vec<(ListKind, &'static ListEndpoint)>,
    /// How it is asked which users of the list are still there, where that is wanted.
    pub(in crate::app) profiles: Option<&'static ListEndpoint>,
    /// How it is asked which posts are pinned, where that is wanted and the list does not say.
    pub(in crate::app) pinned: Option<&'static ListEndpoint>,
}

impl ListPlan {
    /// How a list is read there, so that these rules can be judged.
    ///
    /// # Errors
    /// The platform has no such list; the list does not tell what a rule asks (2).
    pub(in crate::app) fn of(platform: Platform, list: ListKind, filter: &Filter) -> Result<ListPlan, CommandError> {
        let mut lists = vec![(list, endpoint_of(platform, list)?)];
        let asks_beside = spec(platform).pinned.filter(|_| list == ListKind::Posts);
        let pinned = asks_beside.filter(|_| filter.plain.keep_pinned);
        let tells = |fact| lists[0].1.tells_of(list, fact) || fact == EntryFact::IsPinned && pinned.is_some();
        refuse_untold(platform, list, filter, tells)?;
        let profiles = if filter.plain.ghosts { Some(profiles_of(platform)?) } else { None };
        if filter.plain.not_following_back {
            lists.insert(0, (ListKind::Followers, endpoint_of(platform, ListKind::Followers)?));
        }
        Ok(ListPlan { lists, profiles, pinned })
    }
}

/// The rules of a request for a list, wherever it is read.
///
/// # Errors
/// A list of the rules cannot be read, an age lies beyond the calendar, or a rule is not about the entries of this list.
pub(in crate::app) fn list_filter(request: &ListRequest, now: Wall, zone: &LocalZone) -> Result<Filter, CommandError> {
    let filter = request.which.wanted.resolve(Some(request.list.target_kind()), now, zone)?;
    if filter.plain.not_following_back && request.list == ListKind::Followers {
        let message = "--not-following-back asks whether somebody follows, and followers do";
        return Err(CommandError::new(ErrorKind::Usage, message).hint("use it with `cleanup list following`"));
    }
    Ok(filter)
}

fn endpoint_of(platform: Platform, list: ListKind) -> Result<&'static ListEndpoint, CommandError> {
    find_list_endpoint(platform, list).ok_or_else(|| {
        CommandError::new(ErrorKind::Usage, format!("{platform} has no list of {list} that can be read"))
            .hint(where_to_read(list))
    })
}

/// Where a list is that a platform does not give out: archives have users and posts alone.
fn where_to_read(list: ListKind) -> &'static str {
    match list.target_kind() {
        TargetKind::User | TargetKind::Post => {
            "take it from your data archive with `cleanup import`, or use an account of x-v2"
        }
        TargetKind::List | TargetKind::Tag | TargetKind::Domain => {
            "name an account of another platform with --account; docs/platforms.md says which platform has which list"
        }
    }
}

fn profiles_of(platform: Platform) -> Result<&'static ListEndpoint, CommandError> {
    spec(platform).profiles.ok_or_else(|| {
        let message = format!("{platform} cannot be asked which users are still there");
        CommandError::new(ErrorKind::Usage, message).hint("leave out --ghosts")
    })
}

/// A rule about what the list does not tell would spare every entry.
fn refuse_untold(
    platform: Platform,
    list: ListKind,
    filter: &Filter,
    tells: impl Fn(EntryFact) -> bool,
) -> Result<(), CommandError> {
    let Some((option, rule)) = filter.unanswered(tells) else { return Ok(()) };
    let message = format!(
        "{option} cannot be applied to {list} of {platform}: {}, so every entry would be left out; nothing was read",
        rule.sentence()
    );
    Err(CommandError::new(ErrorKind::Usage, message).hint(format!("leave out {option}")))
}
