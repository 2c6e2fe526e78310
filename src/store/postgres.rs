//! The queue in a PostgreSQL database: its schema made, brought up to date, or refused.
//!
//! In: a database. Out: a queue that this program knows. What does not belong here: connecting (`server`); the statements, which are those of
//! the folders.

use std::sync::Arc;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use super::db::Beneath;
use super::error::StoreError;
use super::load::ReloadSizes;
use super::open::{QueueKind, Store};
use super::place::ServerPlace;
use super::server::connect;

/// Whoever brings the schema up to date has this one.
const ONE_UPGRADE: i64 = 0x636c_6561_6e75_7002;

const SCHEMA: &str = include_str!("../../migrations/postgres/0001_queue.sql");

impl Store {
    /// Opens the queue in a database that has been made for it.
    pub(super) async fn open_server(server: &Arc<ServerPlace>, kind: QueueKind) -> Result<Store, StoreError> {
        let mut store = Store { db: connect(server).await?, reload_sizes: ReloadSizes::default() };
        store.upgrade_server().await?;
        let stamp = "insert into queue (id, kind) values (1, $1) on conflict do nothing";
        store.db.execute(stamp, args![kind.name()]).await?;
        let (found,): (String,) = store.db.fetch_one("select kind from queue where id = 1", args![]).await?;
        if found != kind.name() {
            let found =
                QueueKind::named(&found).ok_or_else(|| StoreError::impossible(format!("the stamp {found:?}")))?;
            let queue = store.place().clone();
            return Err(StoreError::WrongKind { queue, found: found.name(), wanted: kind.name() });
        }
        store.refuse_unknown_words().await?;
        Ok(store)
    }

    /// The same where somebody has made a queue there.
    pub(super) async fn open_existing_server(
        server: &Arc<ServerPlace>,
        kind: QueueKind,
    ) -> Result<Option<Store>, StoreError> {
        let mut db = connect(server).await?;
        let (is_there,): (bool,) = db.fetch_one("select to_regclass('queue') is not null", args![]).await?;
        db.close().await;
        if is_there { Store::open_server(server, kind).await.map(Some) } else { Ok(None) }
    }

    async fn upgrade_server(&mut self) -> Result<(), StoreError> {
        let place = self.place().clone();
        let Beneath::Postgres(connection) = self.db.beneath() else { return Ok(()) };
        let schema = Migration::new(1, "queue".into(), MigrationType::Simple, SCHEMA.into_sql_str(), false);
        let migrator = Migrator::with_migrations(vec![schema]);
        let complain = |error| StoreError::from_sqlx(&place, error);
        let lock = sqlx::query("select pg_advisory_lock($1)").bind(ONE_UPGRADE);
        lock.execute(&mut *connection).await.map_err(complain)?;
        let done = migrator.run(&mut *connection).await.map_err(|error| StoreError::from_migration(&place, error));
        let unlock = sqlx::query("select pg_advisory_unlock($1)").bind(ONE_UPGRADE);
        unlock.execute(&mut *connection).await.map_err(complain)?;
        done
    }
}
