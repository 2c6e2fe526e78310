//! Names: what the platform said they mean, and the tasks that stand in line under them.

use cleanup::domain::{AccountHost, Action, Outcome, Platform, PlatformUser, Target, TargetKind, TargetName, Wall};
use cleanup::store::{
    Job, NameLookup, NameMeaning, NameSpace, NamedTask, NamesTold, Resolution, Store, TargetMetadata,
};

use super::stores::{TestQueue, for_every_store};
use super::support::{
    NOW, account, ask, assert_whole, begin, from, grant, heads, here, job, load, outcomes, read_end, receipts, reload,
    rows, send_all, target,
};
use cleanup::domain::TaskState;

for_every_store!(
    a_name_means_what_the_platform_said_last,
    names_are_a_hosts_own_where_ids_are,
    a_failed_row_that_is_tried_again_has_its_name_asked_for_again,
    a_task_is_on_what_its_name_means,
    a_row_that_names_whom_a_vanished_row_named_is_its_task,
);

fn name(text: &str) -> TargetName {
    text.parse().unwrap()
}

async fn told(store: &mut Store, space: &NameSpace, told: &NamesTold) {
    let (account, boot) = (store.accounts().account_ids().await.unwrap()[0], here());
    let of = ask(account, &[], &boot);
    let request = grant(store, &of, NOW).await;
    store.lists().keep_names(space, TargetKind::User, told, (request.id, &read_end(NOW, 1)), &of).await.unwrap();
}

fn found(text: &str, means: &str) -> NamesTold {
    let known = TargetMetadata { name: Some("Ada".into()), ..TargetMetadata::default() };
    NamesTold { found: vec![(name(text), target(means), known)], missing: Vec::new() }
}

async fn a_name_means_what_the_platform_said_last(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let space = store.lists().name_space(ada).await.unwrap().unwrap();
    assert_eq!(store.lists().resolution(&space, &name("ada")).await.unwrap(), None);
    told(&mut store, &space, &found("ada", "7")).await;
    told(&mut store, &space, &NamesTold { missing: vec![(name("eve"), "suspended")], ..NamesTold::default() }).await;
    assert_eq!(store.lists().resolution(&space, &name("ada")).await.unwrap(), Some(Resolution::Target(target("7"))));
    let same = NameSpace::of(Platform::XV1, None);
    let nobody = Some(Resolution::Nobody("suspended".into()));
    assert_eq!(
        store.lists().resolution(&same, &name("eve")).await.unwrap(),
        nobody,
        "X's names are X's, whoever is asked"
    );
    let told_at = store.lists().resolution_told(&space, &name("eve")).await.unwrap();
    assert_eq!(told_at, Some((Resolution::Nobody("suspended".into()), NOW.wall)));
    told(&mut store, &space, &found("eve", "007")).await;
    assert_eq!(store.lists().resolution(&space, &name("eve")).await.unwrap(), Some(Resolution::Target(target("007"))));
    let known = store.lists().known_targets(Platform::XV2, TargetKind::User, &[target("7")]).await.unwrap();
    assert_eq!(known[&target("7")].name.as_deref(), Some("Ada"), "what was told beside it is known");
    assert_eq!(store.lists().name_space(cleanup::domain::AccountId(99)).await.unwrap(), None);
}

async fn names_are_a_hosts_own_where_ids_are(queue: TestQueue) {
    let mut store = queue.open().await;
    let at = |host: &str| PlatformUser {
        platform: Platform::Mastodon,
        host: host.parse::<AccountHost>().ok(),
        id: "1".parse().unwrap(),
    };
    let users = [("here".parse().unwrap(), at("a.example.org")), ("there".parse().unwrap(), at("b.example.org"))];
    let ids = store.accounts().ensure_accounts(&users).await.unwrap();
    assert_ne!(ids[0], ids[1], "the same ID is somebody else at another host");
    let (a, b) = (
        store.lists().name_space(ids[0]).await.unwrap().unwrap(),
        store.lists().name_space(ids[1]).await.unwrap().unwrap(),
    );
    told(&mut store, &a, &found("ada@c.example.org", "109")).await;
    let asked = name("ada@c.example.org");
    assert_eq!(store.lists().resolution(&a, &asked).await.unwrap(), Some(Resolution::Target(target("109"))));
    assert_eq!(store.lists().resolution(&b, &asked).await.unwrap(), None);
}

async fn a_failed_row_that_is_tried_again_has_its_name_asked_for_again(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["@eve", "@nobody"])).await;
    let space = store.lists().name_space(ada).await.unwrap().unwrap();
    let missing = vec![(name("eve"), "suspended"), (name("nobody"), "not_found")];
    told(&mut store, &space, &NamesTold { missing, ..NamesTold::default() }).await;
    let settled = settle(&queue, &mut store, &[]).await;
    assert_eq!(settled, [("@eve".into(), Outcome::Failed), ("@nobody".into(), Outcome::Gone)]);
    store.queue().retry_job(&one, Wall(5)).await.unwrap();
    assert_eq!(store.lists().resolution(&space, &name("eve")).await.unwrap(), None);
    assert!(
        store.lists().resolution(&space, &name("nobody")).await.unwrap().is_some(),
        "who is not there is not there"
    );
    assert_whole(&mut store).await;
}

/// Has a drain settle all names in line by what they mean: `suspended` where that is asked, else nobody.
async fn settle(queue: &TestQueue, store: &mut Store, means: &[(&str, &str)]) -> Vec<(String, Outcome)> {
    let mut drain = begin(queue).await;
    let lanes = drain.lanes(None).await.unwrap();
    drop(drain);
    let named = store.lists().named_tasks(&heads(&lanes), 99).await.unwrap();
    assert_eq!(store.lists().named_tasks(&heads(&lanes), 1).await.unwrap()[..], named[..named.len().min(1)]);
    let resolve = |task: NamedTask| {
        let found = means.iter().find(|(name, _)| *name == task.name.as_str());
        let resolution = match (found, task.name.as_str()) {
            (Some((_, target)), _) => Resolution::Target(target.parse().unwrap()),
            (None, "eve") => Resolution::Nobody("suspended".into()),
            (None, _) => Resolution::Nobody("not_found".into()),
        };
        (task, NameMeaning { resolution, told_at: Wall(5) })
    };
    let named: Vec<_> = named.into_iter().map(resolve).collect();
    let settled = store.lists().settle_names(&named, Wall(5)).await.unwrap().settled;
    settled.into_iter().map(|settled| (settled.target.to_string(), settled.outcome)).collect()
}

async fn targets_of(store: &mut Store, job: &Job) -> Vec<(Option<Target>, Outcome)> {
    receipts(store, job, 1).await.into_iter().map(|row| (row.target, row.outcome)).collect()
}

async fn a_task_is_on_what_its_name_means(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["@ada", "7", "@bob", "@gone"])).await;
    let awaited = store.read().explain(&target("@ada")).await.unwrap();
    assert_eq!(awaited[0].lookup, Some(NameLookup::Awaited { next_at: None }));
    let settled = settle(&queue, &mut store, &[("ada", "70"), ("bob", "7")]).await;
    assert_eq!(settled, [("@bob".into(), Outcome::Duplicate), ("@gone".into(), Outcome::Gone)]);
    let expected = [
        (Some(target("70")), Outcome::Pending),
        (Some(target("7")), Outcome::Pending),
        (None, Outcome::Duplicate),
        (Some(target("@gone")), Outcome::Gone),
    ];
    assert_eq!(targets_of(&mut store, &one).await, expected);
    let found = store.read().explain(&target("@ada")).await.unwrap();
    assert_eq!(found[0].lookup, Some(NameLookup::Found { name: "@ada".into(), at: Wall(5) }));
    assert_eq!(found, store.read().explain(&target("70")).await.unwrap(), "the name leads to the task");
    assert_eq!(settle(&queue, &mut store, &[]).await, [], "nobody is left under a name");
    // The file once more, as a load reads it that knows what the names mean.
    let again = reload(&mut store, &one, rows(Action::Unfollow, ada, &["70", "7", "7", "@gone"])).await;
    use Outcome::{Duplicate, Gone, Pending};
    let found: Vec<_> = outcomes(&mut store, &again).await.into_iter().map(|(_, outcome)| outcome).collect();
    assert_eq!(found, [Pending, Pending, Duplicate, Gone]);
    assert_eq!(again.loaded_from, from("again"));
    assert_whole(&mut store).await;
}

async fn a_row_that_names_whom_a_vanished_row_named_is_its_task(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["7", "8", "9"])).await;
    send_all(&queue, NOW, |of| match of.to_string().as_str() {
        "7" => TaskState::Done,
        "8" => TaskState::Waiting,
        _ => TaskState::Failed,
    })
    .await;
    let one = reload(&mut store, &one, rows(Action::Unfollow, ada, &["@bob", "@eve", "@cid"])).await;
    let settled = settle(&queue, &mut store, &[("bob", "7"), ("eve", "8"), ("cid", "10")]).await;
    assert_eq!(settled, [("@bob".into(), Outcome::Done)], "what was done for the vanished row is the named row's");
    let expected = [
        (Some(target("7")), Outcome::Done),
        (Some(target("8")), Outcome::Pending),
        (Some(target("10")), Outcome::Pending),
        (Some(target("9")), Outcome::Failed),
    ];
    assert_eq!(targets_of(&mut store, &one).await, expected);
    for text in ["7", "8"] {
        let told = store.read().explain(&target(text)).await.unwrap();
        assert_eq!((told.len(), told[0].attempts.len()), (1, 1), "{text}: what was sent for it is known");
    }
    assert_whole(&mut store).await;
}
