//! Which names an endpoint refused to be asked in, told by the record of its requests.

use super::ListStore;
use crate::store::error::StoreError;

impl ListStore<'_> {
    /// The finding of the newest of an endpoint's requests that has one of these; none: there is none on record.
    pub(crate) async fn newest_finding(
        &mut self,
        endpoint: &str,
        findings: [&str; 2],
    ) -> Result<Option<String>, StoreError> {
        let sql =
            "select finding from read_request where endpoint = $1 and finding in ($2, $3) order by id desc limit 1";
        let found: Option<(String,)> = self.db.fetch_optional(sql, args![endpoint, findings[0], findings[1]]).await?;
        Ok(found.map(|(finding,)| finding))
    }
}
