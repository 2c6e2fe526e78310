//! A look at the first entries of a list: whether they tell at all what a filter asks. X has renamed what it tells, and a list of
//! which nobody can pass is not worth its price.

use super::kept::Kept;
use crate::domain::TargetKind;
use crate::lists::filter::{Filter, Rule};
use crate::store::{ReadingState, Store, StoreError};

/// So many entries tell whether the platform tells something of any.
pub(super) const SAMPLE_ENTRIES: u32 = 50;

/// The rule that would spare every entry because none of the first tells what it asks; none: go on.
pub(super) async fn untold(
    store: &mut Store,
    state: &ReadingState,
    filter: &Filter,
    kind: TargetKind,
) -> Result<Option<Rule>, StoreError> {
    let entries = Kept::of(state.id, None).next(store).await?;
    Ok(filter.untold(&entries, kind))
}
