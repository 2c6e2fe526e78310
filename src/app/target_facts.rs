//! What is known of a task's target, for people: the row's own cells, and what lists and resolved handles told before it was
//! sent. All of it was on disk before the request left.

use std::collections::HashMap;

use crate::domain::{Action, Handle, Platform, Target, TargetKind};
use crate::error::CommandError;
use crate::jobfile::{NAME_COLUMNS, cells_from_stored};
use crate::lists::{Entry, RowReader};
use crate::platforms::spec;
use crate::store::{Job, PickedTask, Store, TargetMetadata};

const NAMES: [&str; 2] = ["name", "display_name"];
const TEXTS: [&str; 2] = ["text", "full_text"];

/// Which columns of a job's file tell people whom a row means.
#[derive(Clone, Debug, Default)]
pub struct FactColumns {
    handle: Option<usize>,
    name: Option<usize>,
    text: Option<usize>,
    list: RowReader,
}

/// A target as people know it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Where a person sees it, by ID wherever there is one: a handle can change hands. None: its platform has no such page that we know.
    pub url: Option<String>,
    /// The handle, with its `@`. Of a post, its author's.
    pub handle: Option<String>,
    /// The display name. Foreign text.
    pub name: Option<String>,
    /// A post's text or a user's description. Foreign text.
    pub text: Option<String>,
}

impl FactColumns {
    /// The columns of a round's file.
    pub async fn of(store: &mut Store, job: &Job, round: u32) -> Result<FactColumns, CommandError> {
        let names = store.read().columns(job, round).await?.unwrap_or_default();
        Ok(FactColumns::named(&names))
    }

    fn named(names: &[String]) -> FactColumns {
        let at = |wanted: &[&str]| names.iter().position(|name| wanted.contains(&name.trim().to_lowercase().as_str()));
        let list = RowReader::new(names);
        FactColumns { handle: at(&NAME_COLUMNS), name: at(&NAMES), text: at(&TEXTS), list }
    }

    /// The facts of picked tasks, in their order.
    pub async fn facts(&self, store: &mut Store, tasks: &[PickedTask]) -> Result<Vec<Facts>, CommandError> {
        let mut asked: HashMap<(Platform, TargetKind), Vec<Target>> = HashMap::new();
        for task in tasks {
            if !matches!(task.target, Target::Handle(_)) {
                asked.entry((task.platform, task.action.target_kind())).or_default().push(task.target.clone());
            }
        }
        let mut known = HashMap::new();
        for ((platform, kind), ids) in asked {
            known.insert((platform, kind), store.lists().known_targets(platform, kind, &ids).await?);
        }
        let of = |task: &PickedTask| known.get(&(task.platform, task.action.target_kind()))?.get(&task.target);
        let servers = servers_of(store, tasks).await?;
        let at = |task: &PickedTask| servers.get(&task.account).map(String::as_str);
        Ok(tasks.iter().map(|task| self.facts_of(task, of(task), at(task))).collect())
    }

    /// What a list told comes before what the file says, which somebody may have edited. `server` is the account's own.
    fn facts_of(&self, task: &PickedTask, known: Option<&TargetMetadata>, server: Option<&str>) -> Facts {
        let cells = task.record.as_deref().map(cells_from_stored).unwrap_or_default();
        let cell = |column: Option<usize>| {
            let text = cells.get(column?)?.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let handle = known.and_then(|known| known.handle.clone());
        // In a list of the account's posts the author of a repost is the account; whose post it repeats is told by its text.
        let repost = (task.action == Action::Unrepost)
            .then(|| self.list.entry(&task.target, None, task.record.as_deref()).entry)
            .filter(|entry| entry.repost_id.is_some());
        let handle = handle.or_else(|| match &repost {
            Some(repost) => repost.handle.clone(),
            None => cell(self.handle)?.trim_start_matches('\'').parse::<Handle>().ok(),
        });
        let known_text = |of: fn(&TargetMetadata) -> &Option<String>| known.and_then(|known| of(known).clone());
        let handle = match &task.target {
            Target::Handle(handle) => Some(handle.clone()),
            Target::Id(_) | Target::Key(_) => handle,
        };
        let (grammar, kind) = (spec(task.platform).target(), task.action.target_kind());
        let own_page = || {
            let address = self.list.entry(&task.target, None, task.record.as_deref()).entry.address;
            grammar.page_at(server?, kind, &task.target, address.as_ref())
        };
        Facts {
            url: Entry {
                is_opaque: spec(task.platform).has_opaque_ids(),
                link: grammar.page_of(&task.target).or_else(own_page),
                ..Entry::bare(task.target.clone())
            }
            .url(kind),
            handle: handle.map(|handle| handle.to_string()),
            name: known_text(|known| &known.name).or_else(|| cell(self.name).filter(|_| repost.is_none())),
            text: task.last_copy.clone().or_else(|| known_text(|known| &known.text)).or_else(|| cell(self.text)),
        }
    }
}

/// The servers of the tasks' accounts, where each account has one.
async fn servers_of(store: &mut Store, tasks: &[PickedTask]) -> Result<HashMap<String, String>, CommandError> {
    if !tasks.iter().any(|task| spec(task.platform).has_opaque_ids()) {
        return Ok(HashMap::new());
    }
    let accounts = store.accounts().all().await?.into_iter();
    Ok(accounts.filter_map(|account| Some((account.name.to_string(), account.host?.address()))).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::{TaskId, TaskState, Wall};

    fn task(record: &str) -> PickedTask {
        PickedTask {
            task: TaskId(1),
            line: Some(2),
            target: "1212161512043446272".parse().unwrap(),
            action: Action::Unfollow,
            account: "ada".into(),
            platform: Platform::XV2,
            state: TaskState::Done,
            reason: None,
            http_status: Some(200),
            attempts: 1,
            finished_at: Some(Wall(0)),
            record: Some(record.into()),
            last_copy: None,
            verdict: None,
            read_at: None,
        }
    }

    #[test]
    fn a_link_goes_by_id_for_a_handle_changes_hands() {
        let columns = FactColumns::named(&["target_id".into(), " Handle".into(), "name".into()]);
        let facts = columns.facts_of(&task("1212161512043446272,'@Some_One,\"Zoë, \"\"x\"\"\""), None, None);
        assert_eq!(facts.url.as_deref(), Some("https://x.com/i/user/1212161512043446272"));
        assert_eq!((facts.handle.as_deref(), facts.name.as_deref()), (Some("@some_one"), Some("Zoë, \"x\"")));
        let known = TargetMetadata { handle: Some("newer".parse().unwrap()), ..TargetMetadata::default() };
        let facts = columns.facts_of(&task("1212161512043446272,@old,Zoë"), Some(&known), None);
        assert_eq!((facts.handle.as_deref(), facts.name.as_deref()), (Some("@newer"), Some("Zoë")));
    }

    #[test]
    fn the_author_of_a_repost_is_not_the_author_of_the_post() {
        let columns = ["target_id", "handle", "name", "is_repost", "repost_of", "text"].map(str::to_owned);
        let columns = FactColumns::named(&columns);
        let record = "1212161512043446299,@me,Me,true,1212161512043446272,\"RT @Ada: so it is\"";
        let undone = PickedTask { action: Action::Unrepost, ..task(record) };
        let facts = columns.facts_of(&undone, None, None);
        assert_eq!((facts.handle.as_deref(), facts.name), (Some("@ada"), None));
        assert_eq!(facts.url.as_deref(), Some("https://x.com/i/web/status/1212161512043446272"));
        // Deleted, it is the account's own.
        let own = "1212161512043446272,@me,Me,true,1212161512043446200,\"RT @Ada: so it is\"";
        let facts = columns.facts_of(&PickedTask { action: Action::DeletePost, ..task(own) }, None, None);
        assert_eq!((facts.handle.as_deref(), facts.name.as_deref()), (Some("@me"), Some("Me")));
    }

    #[test]
    fn at_a_platform_of_many_servers_a_page_is_that_of_the_accounts_own() {
        let columns = FactColumns::named(&["target_id".into(), "handle".into(), "link".into()]);
        let record = "109302,ada@b.example,https://evil.example/";
        let undone = PickedTask { target: "109302".parse().unwrap(), platform: Platform::Mastodon, ..task(record) };
        let facts = columns.facts_of(&undone, None, Some("https://example.social"));
        assert_eq!(facts.url.as_deref(), Some("https://example.social/@ada@b.example"));
        let tag = PickedTask { target: "#rust".parse().unwrap(), action: Action::UnfollowTag, ..undone };
        let facts = columns.facts_of(&tag, None, Some("https://example.social"));
        assert_eq!(facts.url.as_deref(), Some("https://example.social/tags/rust"));
    }

    #[test]
    fn a_cell_that_is_no_handle_is_none() {
        let columns = FactColumns::named(&["target_id".into(), "handle".into()]);
        let facts = columns.facts_of(&task("1212161512043446272,<script>"), None, None);
        assert_eq!((facts.handle, facts.name), (None, None));
    }
}
