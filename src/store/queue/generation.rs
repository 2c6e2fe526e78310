//! The number by which a drain sees that somebody has changed what it works on.

use crate::store::db::Tx;
use crate::store::error::StoreError;

/// Tells a drain that there is news.
pub(in crate::store) async fn bump_generation(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.execute("update queue set generation = generation + 1 where id = 1", args![]).await?;
    Ok(())
}
