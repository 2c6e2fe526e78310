//! Which platform has which endpoints.

use super::endpoint::Endpoint;
use super::{aisa, x_v1, x_v2};
use crate::domain::{Action, Platform};

/// The row for an action on a platform; none where the platform has no such endpoint. The sandbox has X API v2's.
pub fn find(platform: Platform, action: Action) -> Option<&'static Endpoint> {
    table(platform).iter().find(|endpoint| endpoint.action == action)
}

/// Every row of a platform, in the order of [`Action::ALL`].
pub fn table(platform: Platform) -> &'static [Endpoint] {
    match platform {
        Platform::XV2 | Platform::Sandbox => &x_v2::TABLE,
        Platform::XV1 => &x_v1::TABLE,
        Platform::Aisa => &aisa::TABLE,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::platform::endpoint::*;

    #[test]
    fn every_row_sends_its_target_somewhere_exactly_once() {
        for platform in Platform::ALL {
            for row in table(platform) {
                let in_path = row.path.matches("{target}").count();
                let in_params = usize::from(row.params != Params::None);
                assert_eq!(in_path + in_params, 1, "{platform} {}", row.action);
                assert!(row.path.starts_with('/'), "{}", row.path);
                let plain = row.path.replace("{user}", "1").replace("{target}", "2");
                assert!(plain.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_.".contains(&b)), "{plain}");
            }
        }
    }

    #[test]
    fn a_table_has_one_row_per_action_and_belongs_to_its_platform() {
        for (platform, rows) in [(Platform::XV2, 7), (Platform::XV1, 6), (Platform::Aisa, 2), (Platform::Sandbox, 7)] {
            assert_eq!(table(platform).len(), rows, "{platform}");
            assert_eq!(Action::ALL.iter().filter(|action| find(platform, **action).is_some()).count(), rows);
            let owner = if platform == Platform::Sandbox { Platform::XV2 } else { platform };
            assert!(table(platform).iter().all(|row| row.platform == owner));
        }
        assert!(find(Platform::Aisa, Action::DeletePost).is_none());
        assert!(find(Platform::XV1, Action::Unbookmark).is_none());
    }

    #[test]
    fn closed_endpoints_say_since_when() {
        let closed = |platform, action| find(platform, action).and_then(Endpoint::closed);
        for action in Action::ALL.into_iter().filter(|action| find(Platform::XV1, *action).is_some()) {
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

    #[test]
    fn what_the_domain_limits_is_what_the_tables_document() {
        use crate::domain::WindowSpec;
        let has = |platform, action, rate| {
            find(platform, action).is_some_and(|row: &Endpoint| row.documented.iter().any(|limit| limit.rate == rate))
        };
        assert!(Action::ALL.iter().all(|a| *a == Action::Unblock || has(Platform::XV2, *a, WindowSpec::DEFAULT)));
        assert!(has(Platform::XV2, Action::Unlike, WindowSpec::UNLIKE_DAY));
        assert!(has(Platform::XV1, Action::Unfollow, WindowSpec::V1_UNFOLLOW));
    }
}
