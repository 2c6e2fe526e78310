//! A look at the first entries of a list: whether they tell at all what is asked. X has renamed what it tells, and a list of which
//! nobody can pass is not worth its price.

use super::kept::{Beside, Kept};
use super::outcome::Untold;
use crate::domain::ListKind;
use crate::lists::filter::Filter;
use crate::platforms::ListEndpoint;
use crate::store::{ReadingState, Store, StoreError};

/// So many entries tell whether the platform tells something of any.
pub(super) const SAMPLE_ENTRIES: u32 = 50;

/// What none of the first entries tells, so that every entry would be spared or left out; none: go on.
pub(super) async fn untold(
    store: &mut Store,
    state: &ReadingState,
    filter: &Filter,
    list: (ListKind, &ListEndpoint),
) -> Result<Option<Untold>, StoreError> {
    let mut kept = Kept::of(list, state.id, Beside::default());
    let entries = kept.next(store).await?;
    if entries.is_empty() && kept.untold_reposts() > 0 {
        return Ok(Some(Untold::Reposts));
    }
    Ok(filter.untold(&entries, list.0.target_kind()).map(|(option, rule)| Untold::Rule(option, rule)))
}
