//! Whom an answer names: what names somebody else never ends a row.

use proptest::prelude::*;

use super::*;

const USER: &str = "42";
const TARGET: &str = "9";

#[test]
fn only_what_names_the_target_ends_its_row() {
    let missing = |more: &str| format!(r#"{{"errors":[{{"type":"https://x/problems/resource-not-found"{more}}}]}}"#);
    for (more, unfollow, unlike) in [
        ("", "not found not_found_unclear", "not found not_found_unclear"),
        (r#","resource_id":"9""#, "gone not_found", "gone not_found"),
        (r#","resource_id":9"#, "gone not_found", "gone not_found"),
        (r#","resource_id":"009""#, "gone not_found", "gone not_found"),
        (r#","value":"9""#, "gone not_found", "gone not_found"),
        (r#","resource_id":"42""#, "other acting_user", "other acting_user"),
        (r#","value":"42""#, "other acting_user", "other acting_user"),
        (r#","resource_id":42"#, "other acting_user", "other acting_user"),
        (r#","resource_id":"7""#, "other other_record", "other other_record"),
        (r#","resource_id":"9","value":"42""#, "other acting_user", "other acting_user"),
        (r#","resource_id":"7","value":"9""#, "other other_record", "other other_record"),
        (r#","resource_id":"19""#, "other other_record", "other other_record"),
        (r#","resource_id":"""#, "not found not_found_unclear", "not found not_found_unclear"),
        (r#","resource_id":null"#, "not found not_found_unclear", "not found not_found_unclear"),
        (r#","detail":"Could not find user with id: [9].""#, "gone not_found", "gone not_found"),
        (r#","detail":"Could not find user with id: [42].""#, "other acting_user", "other acting_user"),
        (r#","detail":"Could not find it.""#, "not found not_found_unclear", "not found not_found_unclear"),
        (r#","parameter":"target_user_id""#, "gone not_found", "gone not_found"),
        (r#","parameter":"source_user_id""#, "other acting_user", "other acting_user"),
        (r#","parameter":"source_user_id","resource_id":"9""#, "other acting_user", "other acting_user"),
        (r#","parameter":"target_user_id","resource_id":"42""#, "other acting_user", "other acting_user"),
        (r#","resource_type":"user""#, "not found not_found_unclear", "other acting_user"),
        (r#","resource_type":"user","resource_id":"9""#, "gone not_found", "other acting_user"),
        (r#","resource_type":"tweet""#, "other other_record", "gone not_found"),
        (r#","resource_type":"tweet","resource_id":"9""#, "other other_record", "gone not_found"),
    ] {
        for status in [200, 404] {
            check(X, Action::Unfollow, &[(status, &missing(more), unfollow)]);
            check(X, Action::Unlike, &[(status, &missing(more), unlike)]);
        }
    }
}

#[test]
fn of_two_that_are_missing_the_acting_user_weighs_more() {
    let both = r#"{"errors":[{"type":"https://x/resource-not-found","resource_id":"9"},
        {"type":"https://x/resource-not-found","resource_id":"42"}]}"#;
    check(X, Action::Unfollow, &[(404, both, "other acting_user")]);
}

#[test]
fn a_handle_is_named_by_itself() {
    let (user, target) = (USER.parse().unwrap(), "@Some_One".parse().unwrap());
    let subject = Subject { user: &user, target: &target };
    let missing = |id: &str| answer(404, &format!(r#"{{"type":"https://x/resource-not-found","resource_id":"{id}"}}"#));
    let said = |id: &str| short(&classify(find(V1, Action::Unfollow).unwrap(), subject, &missing(id)));
    assert_eq!(
        (said("SOME_ONE"), said("@some_one"), said("some")),
        ("gone not_found".into(), "gone not_found".into(), "other other_record".into())
    );
}

#[derive(Clone, Debug)]
struct Problem {
    kind: &'static str,
    ids: Vec<(&'static str, Value)>,
    parameter: Option<&'static str>,
    resource: Option<&'static str>,
}

impl Problem {
    fn to_json(&self) -> Value {
        let mut object = Object::new();
        object.insert("type".into(), format!("https://api.x.com/2/problems/{}", self.kind).into());
        object.extend(self.ids.iter().map(|(name, id)| ((*name).to_owned(), id.clone())));
        object.extend(self.parameter.map(|name| ("parameter".to_owned(), name.into())));
        object.extend(self.resource.map(|name| ("resource_type".to_owned(), name.into())));
        object.into()
    }

    /// Said again, without the code that is tested: it may end the row of [`TARGET`].
    fn may_end(&self, action: Action) -> bool {
        let is_target = |id: &Value| id == TARGET || id == 9;
        let post = action.target_kind() == TargetKind::Post;
        let contradicted =
            self.parameter == Some("source_user_id") || self.resource == Some(if post { "user" } else { "tweet" });
        let points =
            matches!(self.parameter, Some("target_user_id" | "tweet_id")) || (post && self.resource == Some("tweet"));
        !contradicted && self.ids.iter().all(|(_, id)| is_target(id)) && (!self.ids.is_empty() || points)
    }
}

fn problem() -> impl Strategy<Value = Problem> {
    let kinds = prop::sample::select(vec!["resource-not-found", "resource-unavailable", "not-authorized-for-resource"]);
    let id = || {
        let ids = vec![Value::from(TARGET), Value::from(9), Value::from(USER), Value::from("7"), Value::from(-9)];
        prop::sample::select(ids)
    };
    let resource_id = prop::option::of(id().prop_map(|id| ("resource_id", id)));
    let value = prop::option::of(id().prop_map(|id| ("value", id)));
    let parameter = prop::option::of(prop::sample::select(vec!["target_user_id", "source_user_id", "tweet_id", "id"]));
    let resource = prop::option::of(prop::sample::select(vec!["user", "tweet", "list"]));
    (kinds, resource_id, value, parameter, resource).prop_map(|(kind, one, two, parameter, resource)| Problem {
        kind,
        ids: one.into_iter().chain(two).collect(),
        parameter,
        resource,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]
    #[test]
    fn a_row_ends_only_by_an_answer_that_names_its_target(
        problems in prop::collection::vec(problem(), 1..3),
        on_top in any::<bool>(),
        platform in prop::sample::select(vec![X, V1, AISA, Platform::Sandbox]),
        action in prop::sample::select(vec![Action::Unfollow, Action::Unlike]),
        status in prop::sample::select(vec![200_u16, 400, 401, 403, 404, 410, 422]),
    ) {
        let list: Vec<Value> = problems.iter().map(Problem::to_json).collect();
        let root = if on_top { list[0].clone() } else { serde_json::json!({ "errors": list }) };
        let told = if on_top { &problems[..1] } else { &problems[..] };
        let finding = judged(platform, action, &answer(status, &root.to_string()));
        let ends = matches!(finding, Finding::Gone { .. } | Finding::Refused { .. });
        let one_may = told.iter().any(|problem| problem.may_end(action));
        prop_assert!(!ends || one_may, "{root} ends a row: {finding:?}");
        // And where all that is said names the target, the row does end.
        let all_may = told.iter().all(|problem| problem.may_end(action));
        prop_assert!(ends || !all_may, "{root} names the target: {finding:?}");
    }
}
