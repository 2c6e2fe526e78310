//! Which platforms there are: the one list beside that of their names ([`Platform`]). In: a platform. Out: what is known of it.

use super::endpoint::Endpoint;
use super::entry::PostMarks;
use super::list_endpoint::ListEndpoint;
use super::names::NameResolver;
use super::spec::{ActivitiesSpec, LoginKind, PlatformSpec, RepositorySpec};
use super::{aisa, bluesky, mastodon, x};
use crate::domain::{Action, ListKind, Platform, Target, TargetKind, TargetName};

/// What is known of a platform.
pub fn spec(platform: Platform) -> &'static PlatformSpec {
    match platform {
        Platform::XV2 => &x::V2,
        Platform::XV1 => &x::V1,
        Platform::Aisa => &aisa::SPEC,
        Platform::Sandbox => &x::SANDBOX,
        Platform::Mastodon => &mastodon::SPEC,
        Platform::MastodonSandbox => &mastodon::SANDBOX,
        Platform::Bluesky => &bluesky::SPEC,
        Platform::BlueskySandbox => &bluesky::SANDBOX,
    }
}

/// The first platform whose accounts log in so.
pub fn logging_in_by(kind: LoginKind) -> Platform {
    Platform::ALL.into_iter().find(|platform| spec(*platform).login == kind).unwrap_or_default()
}

/// The first platform that keeps a repository for each account, which can be exported, and how that is read.
pub fn with_repositories() -> Option<(Platform, &'static RepositorySpec)> {
    Platform::ALL.into_iter().find_map(|platform| Some((platform, spec(platform).repository?)))
}

/// The first platform that gives archives of activities, and how those are read.
pub fn with_activities() -> Option<(Platform, &'static ActivitiesSpec)> {
    Platform::ALL.into_iter().find_map(|platform| Some((platform, spec(platform).activities?)))
}

/// The key that a text is, where it can be nothing else and nobody says whose platform it is of: as in a list of what is to be kept.
pub fn evident_key(text: &str) -> Option<Target> {
    Platform::real().map(|platform| spec(platform).target()).find_map(|grammar| {
        let target = (grammar.read)(text)?;
        let is_evident = (grammar.is_evident)(&target.to_string());
        (matches!(target, Target::Key(_)) && is_evident).then_some(target)
    })
}

/// The keys that a text may be where nobody says whose platform it is of, nor what is acted on: [`evident_key`], and the tag or the server
/// that it would be in a row. The name of a server may be somebody's handle elsewhere, so that one text is both.
pub fn evident_keys(text: &str) -> Vec<Target> {
    let thing = Platform::real().map(|platform| spec(platform).target()).find_map(|grammar| {
        let target = (grammar.read)(text)?;
        grammar.kind_of(&target).is_some_and(TargetKind::is_told_by_text).then_some(target)
    });
    evident_key(text).into_iter().chain(thing).collect()
}

/// What a text names by a name of any platform but those of bare handles: what it means has to be looked up there.
pub fn foreign_names(text: &str) -> impl Iterator<Item = Target> + use<'_> {
    let read = Platform::real().filter_map(|platform| (spec(platform).target().read)(text));
    read.filter(|target| matches!(target, Target::Key(_)) && target.is_name())
}

/// The row for an action on a platform; none where the platform has no such endpoint.
pub fn find(platform: Platform, action: Action) -> Option<&'static Endpoint> {
    let spec = spec(platform);
    spec.endpoints.iter().chain(spec.inverse_endpoints).find(|endpoint| endpoint.action == action)
}

/// The row that takes an action back on a platform; none where nothing does, or nothing that may be done in bulk.
pub fn find_inverse(platform: Platform, action: Action) -> Option<&'static Endpoint> {
    let inverse = action.inverse()?;
    spec(platform).inverse_endpoints.iter().find(|endpoint| endpoint.action == inverse)
}

/// Every row of a platform, in the order of [`Action::UNDOING`].
pub fn table(platform: Platform) -> &'static [Endpoint] {
    spec(platform).endpoints
}

/// How a list is read on a platform; none where it has no such endpoint that an app of today can call.
pub fn find_list_endpoint(platform: Platform, list: ListKind) -> Option<&'static ListEndpoint> {
    let of = |list: ListKind| spec(platform).lists.iter().find(|endpoint| endpoint.list == Some(list));
    of(list).or_else(|| of(list.read_as()))
}

/// How a platform is asked whether what an action undoes is still there, of one target; none where it does not say.
pub fn find_marks(platform: Platform, action: Action) -> Option<&'static ListEndpoint> {
    spec(platform).marks.filter(|_| PostMarks::tells_of(action))
}

/// How a platform is asked which user or post a name means; none where it cannot be.
pub fn find_name_resolver(platform: Platform) -> Option<&'static NameResolver> {
    spec(platform).names
}

/// The name that a target is on a platform which can be asked whom of that kind it means; none: it is none, or nobody can be asked.
pub fn resolvable_name(platform: Platform, kind: TargetKind, target: &Target) -> Option<TargetName> {
    let (spec, name) = (spec(platform), target.name()?);
    let (grammar, endpoint) = (spec.target(), spec.names?.question(&name)?.endpoint);
    let is_name = grammar.read(&target.to_string()).as_ref() == Ok(target);
    (is_name && grammar.kind_of(target).unwrap_or(endpoint.of) == kind).then_some(name)
}

/// The name on a keep list whose meaning says whether rows of that kind are kept: one of their kind, and of posts whose text tells their
/// author one of the author as well.
pub fn kept_name(platform: Platform, kind: TargetKind, target: &Target) -> Option<TargetName> {
    let is_told = kind == TargetKind::Post && spec(platform).target().tells_authors();
    let of_author = || if is_told { resolvable_name(platform, TargetKind::User, target) } else { None };
    resolvable_name(platform, kind, target).or_else(of_author)
}

/// Whose post a target is on whatever platform, where its text tells.
pub fn author_of(target: &Target) -> Option<Target> {
    if !matches!(target, Target::Key(_)) {
        return None;
    }
    Platform::real().find_map(|platform| spec(platform).target().author_of(target))
}

/// The endpoint of that name in the queue.
pub fn find_list_endpoint_named(platform: Platform, name: &str) -> Option<&'static ListEndpoint> {
    let spec = spec(platform);
    let names = spec.names.map_or(&[][..], |names| names.endpoints);
    let all = || spec.endpoints.iter().chain(spec.inverse_endpoints);
    let looks = all().filter_map(|endpoint| Some(endpoint.read_back?.windows_of));
    let looks = looks.chain(all().flat_map(|endpoint| endpoint.records.iter().copied()));
    spec.lists
        .iter()
        .chain(names)
        .chain(spec.profiles)
        .chain(spec.marks)
        .chain(looks)
        .find(|endpoint| endpoint.name == name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::{Rate, Scope, WindowSpec};
    use crate::platforms::endpoint::*;
    use crate::platforms::page_question::EntryFields;

    #[test]
    fn every_row_sends_its_target_somewhere_exactly_once() {
        for platform in Platform::ALL {
            for row in table(platform) {
                let in_path = row.path.matches("{target}").count() + row.path.matches("{tag}").count();
                let in_params = usize::from(row.params != Params::None);
                assert_eq!(in_path + in_params, 1, "{platform} {}", row.action);
                assert!(row.path.starts_with('/'), "{}", row.path);
                let plain = row.path.replace("{user}", "1").replace("{target}", "2").replace("{tag}", "3");
                assert!(plain.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_.?=".contains(&b)), "{plain}");
            }
        }
    }

    #[test]
    fn a_key_is_evident_where_it_could_be_nothing_else() {
        for text in ["01F6KXCP71V24GR0SJGAHRXSQ2", "AdvWH4zzvRcuVGkJ4S", "did:plc:ewvi7nxzyoun6zhxrhs64oiz"] {
            assert_eq!(evident_key(text).unwrap().to_string(), text);
        }
        // Names as they stand in files of their networks, and as people write them.
        for (text, name) in [
            ("ada@example.org", "@ada@example.org"),
            ("@Ada@Example.org", "@ada@example.org"),
            ("https://example.org/@ada", "@ada@example.org"),
            ("https://example.org/@ada/7", "@https://example.org/@ada/7"),
            ("ada.bsky.social", "@ada.bsky.social"),
            ("at://ada.bsky.social", "@ada.bsky.social"),
            ("https://bsky.app/profile/ada.bsky.social", "@ada.bsky.social"),
        ] {
            assert_eq!(evident_key(text).unwrap().to_string(), name, "{text}");
        }
        for text in [
            "",
            "jack",
            "jack1987",
            "somebody_else_1987",
            "antidisestablishment",
            "109302436954721982",
            "@ada",
            "1.2E+18",
            "123.0",
            "ada.",
        ] {
            assert_eq!(evident_key(text), None, "{text}");
        }
    }

    #[test]
    fn tags_and_servers_are_read_beside_what_the_text_may_be_elsewhere() {
        let texts = |text: &str| evident_keys(text).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(texts("#Rust"), ["#rust"]);
        assert_eq!(texts("Bad.example"), ["@bad.example", "bad.example"]);
        assert_eq!(texts("did:plc:ewvi7nxzyoun6zhxrhs64oiz"), ["did:plc:ewvi7nxzyoun6zhxrhs64oiz"]);
        for text in ["", "jack", "rust", "# rust", "#12", "@ada", "7", "123.0"] {
            assert!(evident_keys(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_table_has_one_row_per_action_and_belongs_to_its_platform() {
        for (platform, rows) in [
            (Platform::XV2, 10),
            (Platform::XV1, 6),
            (Platform::Aisa, 2),
            (Platform::Sandbox, 10),
            (Platform::Mastodon, 11),
            (Platform::Bluesky, 8),
        ] {
            assert_eq!(table(platform).len(), rows, "{platform}");
            assert_eq!(Action::UNDOING.iter().filter(|action| find(platform, **action).is_some()).count(), rows);
            assert_eq!(spec(platform).platform, platform);
            assert!(table(platform).iter().all(|row| std::ptr::eq(row.dialect, spec(platform).dialect)));
        }
        assert!(find(Platform::Aisa, Action::DeletePost).is_none());
        assert!(find(Platform::XV1, Action::Unbookmark).is_none());
    }

    #[test]
    fn closed_endpoints_say_since_when() {
        let closed = |platform, action| find(platform, action).and_then(Endpoint::closed);
        for action in Action::UNDOING.into_iter().filter(|action| find(Platform::XV1, *action).is_some()) {
            let why = closed(Platform::XV1, action).unwrap();
            assert!(why.contains("2023") && why.contains("453") && !why.contains("2026"), "{why}");
        }
        for action in [Action::Unfollow, Action::Unlike] {
            assert!(closed(Platform::XV2, action).unwrap().contains("20 April 2026"));
            assert_eq!(closed(Platform::Aisa, action), None, "AIsa has an app of its own");
        }
        assert!(closed(Platform::XV2, Action::Unblock).unwrap().contains("June 2023"));
        assert_eq!(closed(Platform::XV2, Action::Unmute), None);
    }

    fn documents(platform: Platform, action: Action, rate: Rate) -> bool {
        find(platform, action).is_some_and(|row| row.documented.iter().any(|limit| limit.rate == rate))
    }

    #[test]
    fn what_the_domain_limits_is_what_the_tables_document() {
        let elsewhere = [
            Action::Unblock,
            Action::RemoveFollower,
            Action::Unpin,
            Action::ListUnblock,
            Action::UnfollowTag,
            Action::UnblockDomain,
        ];
        // What is documented more loosely is kept like the others.
        let looser = [Action::DeleteList];
        let is_usual = |action: &Action| documents(Platform::XV2, *action, WindowSpec::DEFAULT);
        assert!(Action::UNDOING.iter().all(|a| elsewhere.contains(a) || looser.contains(a) || is_usual(a)));
        assert!(documents(Platform::XV2, Action::Unlike, Rate::fixed(1_000, 86_400)));
        assert!(documents(Platform::XV1, Action::Unfollow, Rate::fixed(15, 900)));
    }

    /// What a table documents is shown to people, and what `windows` says is kept: no change of one may forget the other.
    #[test]
    fn nothing_is_kept_more_loosely_than_its_row_documents() {
        let all = Platform::ALL.into_iter().map(spec);
        for spec in all.filter(|spec| spec.windows_shorter == 1 && !spec.windows.is_empty()) {
            for row in spec.endpoints.iter().chain(spec.inverse_endpoints) {
                // Limits of a whole app are only known to who owns it.
                for told in row.documented.iter().filter(|told| told.scope != Scope::App).map(|told| told.rate) {
                    let kept = spec.windows.iter().filter(|kept| kept.applies.counts(row.action)).map(|kept| kept.rate);
                    let mut as_long = kept.filter(|kept| kept.window() == told.window());
                    assert!(
                        as_long.any(|kept| kept.limit() <= told.limit()),
                        "{} {}: {told}",
                        spec.service,
                        row.action
                    );
                }
            }
        }
    }

    #[test]
    fn every_list_has_a_row_with_windows_and_a_price() {
        // Pinned posts, tags and servers only Mastodon lists, and blocked lists only Bluesky.
        let elsewhere = [ListKind::Pins, ListKind::FollowedTags, ListKind::BlockedDomains, ListKind::BlockedLists];
        let on_x = ListKind::ALL.into_iter().filter(|list| !elsewhere.contains(list));
        let lists = on_x.map(|list| (Some(list.read_as()), find_list_endpoint(Platform::Sandbox, list)));
        assert!(find_list_endpoint(Platform::Mastodon, ListKind::Pins).is_some());
        assert!(find_list_endpoint(Platform::Bluesky, ListKind::BlockedLists).is_some());
        for (list, row) in lists.chain([(None, find_name_resolver(Platform::Sandbox).map(|names| &names.endpoints[0]))])
        {
            let row = row.unwrap();
            assert_eq!(row.list, list);
            assert!(!row.documented.is_empty() && row.page.0 <= row.page.1 && row.price.0 <= row.price.1);
            assert!(row.scopes.contains(&"users.read"), "{}", row.path);
            assert_eq!(row.path.contains("{user}"), list.is_some());
            assert_eq!(row.fields == EntryFields::Names, list.is_none());
            assert_eq!(row.fields == EntryFields::Posts, row.of == TargetKind::Post);
            assert!(list.is_none_or(|list| list.target_kind() == row.of));
            assert_eq!(find_list_endpoint_named(Platform::Sandbox, row.name).map(|found| found.path), Some(row.path));
            assert!(find_list_endpoint_named(Platform::Aisa, row.name).is_none());
        }
        assert!(ListKind::ALL.into_iter().all(|list| find_list_endpoint(Platform::Aisa, list).is_none()));
    }

    #[test]
    fn a_name_is_looked_up_where_it_is_one_of_the_kind_that_is_meant() {
        use Platform::{Aisa, Bluesky, Mastodon, XV2};
        use TargetKind::{Post, User};
        for (text, platform, kind) in [
            ("@ada", XV2, User),
            ("@ada@example.org", Mastodon, User),
            ("@https://example.org/@ada/7", Mastodon, Post),
            ("@ada.bsky.social", Bluesky, User),
            ("@at://ada.bsky.social/app.bsky.feed.post/3l6oveex3ii2l", Bluesky, Post),
        ] {
            let target: Target = text.parse().unwrap();
            for other in [XV2, Mastodon, Bluesky, Aisa] {
                for of in [User, Post] {
                    let found = resolvable_name(other, of, &target);
                    assert_eq!(found.is_some(), (other, of) == (platform, kind), "{text} {other} {of:?}");
                    assert!(found.is_none_or(|name| name.to_string() == text));
                    // A post of Bluesky's tells its author, and a user's name on a keep list means that one as well.
                    let is_author = (platform, kind, other, of) == (Bluesky, User, Bluesky, Post);
                    let is_kept = (other, of) == (platform, kind) || is_author;
                    assert_eq!(kept_name(other, of, &target).is_some(), is_kept, "{text} {other} {of:?}");
                }
            }
        }
        assert_eq!(resolvable_name(XV2, User, &"42".parse().unwrap()), None);
    }
}
