//! What is known of users and posts: whom a target was, for people. In: what lists and resolved names told. Out: the same, by target.

use super::ListStore;
use std::collections::HashMap;

use crate::domain::{Handle, Platform, Target, TargetKind, Wall};
use crate::store::codes::{quoted_target, target_value, targets_json};
use crate::store::dialect::Sql;
use crate::store::error::StoreError;
use crate::store::value::Value;

/// The most targets asked about at once.
pub const MAX_KNOWN_ASKED: usize = 10_000;
/// So many characters of a text are kept.
pub const MAX_KNOWN_TEXT_CHARS: usize = 1_000;

/// What is known of a user or a post.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetMetadata {
    /// A user's handle; of a post, its author's.
    pub handle: Option<Handle>,
    /// A user's display name; of a post, its author's. Foreign text.
    pub name: Option<String>,
    /// A user's description, or a post's text, at most [`MAX_KNOWN_TEXT_CHARS`] of it. Foreign text.
    pub text: Option<String>,
    /// When it was last seen. Ignored on the way in.
    pub seen_at: Wall,
}

const fn kind_name(kind: TargetKind) -> &'static str {
    match kind {
        TargetKind::User => "user",
        TargetKind::Post => "post",
        TargetKind::List => "list",
        TargetKind::Tag => "tag",
        TargetKind::Domain => "domain",
    }
}

/// What a later look does not tell stays as it was.
pub(super) const REMEMBER: Sql = sql!(
    "
    insert into known_target (platform, kind, target, handle, name, text, seen_at)
    select $2, $3, seen.target, seen.handle, seen.name, seen.text, $4
      from ",
    rows("$1", target "target" 0, text "handle" 1, text "name" 2, text "text" 3),
    " seen where true
        on conflict (platform, kind, target) do update
       set handle = coalesce(excluded.handle, known_target.handle), name = coalesce(excluded.name, known_target.name),
           text = coalesce(excluded.text, known_target.text), seen_at = ",
    greatest("known_target.seen_at", "excluded.seen_at")
);

/// The values of [`REMEMBER`] for what was seen.
pub(super) fn to_remember<'a>(
    (platform, kind): (Platform, TargetKind),
    seen: impl Iterator<Item = (&'a Target, &'a TargetMetadata)>,
    now: Wall,
) -> Vec<Value> {
    // A page that has somebody twice says it once: PostgreSQL refuses a statement that would write a row twice.
    let mut place_of: HashMap<&Target, usize> = HashMap::new();
    let mut rows: Vec<serde_json::Value> = Vec::new();
    for (target, known) in seen {
        let text: Option<String> = known.text.as_ref().map(|text| text.chars().take(MAX_KNOWN_TEXT_CHARS).collect());
        let handle = known.handle.as_ref().map(Handle::as_str);
        let place = *place_of.entry(target).or_insert_with(|| {
            rows.push(serde_json::json!([target_value(target), null, null, null]));
            rows.len() - 1
        });
        for (at, told) in [(1, handle), (2, known.name.as_deref()), (3, text.as_deref())] {
            if let Some(told) = told {
                rows[place][at] = told.into();
            }
        }
    }
    let rows = if platform.has_the_same_ids_everywhere() { rows } else { Vec::new() };
    let rows = serde_json::Value::Array(rows).to_string();
    args![rows, platform.id_space(), kind_name(kind), now.0]
}

type KnownRow = (String, Option<String>, Option<String>, Option<String>, i64);

impl ListStore<'_> {
    /// What is known of these users or posts; those of which nothing is known are left out. At most [`MAX_KNOWN_ASKED`] are
    /// looked up: ask in batches.
    pub async fn known_targets(
        &mut self,
        platform: Platform,
        kind: TargetKind,
        targets: &[Target],
    ) -> Result<HashMap<Target, TargetMetadata>, StoreError> {
        if !platform.has_the_same_ids_everywhere() {
            return Ok(HashMap::new());
        }
        let sql = sql!(
            "select ",
            quoted("k.target"),
            ", k.handle, k.name, k.text, k.seen_at from ",
            targets("$1"),
            " asked join known_target k on k.platform = $2 and k.kind = $3 and k.target = asked.value"
        );
        let rows: Vec<KnownRow> = self
            .db
            .fetch_all(
                sql,
                args![targets_json(targets.iter().take(MAX_KNOWN_ASKED)), platform.id_space(), kind_name(kind)],
            )
            .await?;
        rows.into_iter().map(known_of).collect()
    }
}

fn known_of((target, handle, name, text, seen_at): KnownRow) -> Result<(Target, TargetMetadata), StoreError> {
    let handle = handle.map(|handle| handle.parse::<Handle>()).transpose();
    let handle = handle.map_err(|_| StoreError::impossible("a handle that is none"))?;
    Ok((quoted_target(&target)?, TargetMetadata { handle, name, text, seen_at: Wall(seen_at) }))
}
