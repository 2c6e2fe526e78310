//! Browsers that have logged in to the dashboard with its password, by digests of what they hold.

use super::AdminStore;
use crate::domain::Wall;
use crate::store::error::StoreError;

/// A browser that has logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginDevice {
    /// SHA-256 of its cookie.
    pub digest: [u8; 32],
    /// When it logged in last.
    pub issued_at: Wall,
}

impl AdminStore<'_> {
    /// Every one, the oldest first.
    pub async fn login_devices(&mut self) -> Result<Vec<LoginDevice>, StoreError> {
        let sql = "select digest, issued_at from login_device order by issued_at, digest";
        let rows: Vec<(Vec<u8>, i64)> = self.db.fetch_all(sql, args![]).await?;
        // The table takes no other length.
        let device =
            |(digest, at): (Vec<u8>, i64)| Some(LoginDevice { digest: digest.try_into().ok()?, issued_at: Wall(at) });
        Ok(rows.into_iter().filter_map(device).collect())
    }

    /// Writes down these and forgets all others.
    ///
    /// # Errors
    /// The database cannot be written; then nothing has changed.
    pub async fn set_login_devices(&mut self, devices: &[LoginDevice]) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute("delete from login_device", args![]).await?;
        for device in devices {
            let sql = "insert into login_device (digest, issued_at) values ($1, $2)";
            tx.execute(sql, args![device.digest.to_vec(), device.issued_at.0]).await?;
        }
        tx.commit().await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::store::{QueueKind, Store};

    #[tokio::test]
    async fn they_are_what_was_written_last() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("q.db"), QueueKind::Sandbox).await.unwrap();
        assert_eq!(store.admin().login_devices().await.unwrap(), []);
        let device = |byte: u8, at: i64| LoginDevice { digest: [byte; 32], issued_at: Wall(at) };
        store.admin().set_login_devices(&[device(2, 9), device(1, 10)]).await.unwrap();
        assert_eq!(store.admin().login_devices().await.unwrap(), [device(2, 9), device(1, 10)]);
        store.admin().set_login_devices(&[device(1, 10), device(3, 11)]).await.unwrap();
        assert_eq!(store.admin().login_devices().await.unwrap(), [device(1, 10), device(3, 11)]);
        assert!(store.admin().set_login_devices(&[device(4, 1), device(4, 2)]).await.is_err());
        assert_eq!(store.admin().login_devices().await.unwrap(), [device(1, 10), device(3, 11)], "all or nothing");
    }
}
