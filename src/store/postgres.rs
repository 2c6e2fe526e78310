//! The queue in a PostgreSQL database: its schema made, brought up to date, or refused.
//!
//! In: a database. Out: a queue that this program knows. What does not belong here: connecting (`server`); the statements, which are those of
//! the folders.

use std::sync::Arc;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use super::db::Beneath;
use super::disk_room::folder_of;
use super::durable::make_private_folder;
use super::error::StoreError;
use super::load::ReloadSizes;
use super::open::{QueueKind, Store};
use super::place::ServerPlace;
use super::server::connect;

/// Whoever brings the schema up to date has this one.
const ONE_UPGRADE: i64 = 0x636c_6561_6e75_7002;

/// Every migration, oldest first: its number, what it is about, its statements.
const MIGRATIONS: [(i64, &str, &str); 2] = [
    (1, "queue", include_str!("../../migrations/postgres/0001_queue.sql")),
    (2, "withheld", include_str!("../../migrations/postgres/0002_withheld.sql")),
];

/// The number of the newest migration.
const NEWEST: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// The oldest server whose ways are known.
const NEEDED_VERSION: i64 = 150_000;

/// Whether anything but the library's list of migrations is in the database: that is made before everything else, and whoever is killed then
/// leaves it alone.
macro_rules! is_used {
    () => {
        "exists (select 1 from pg_class
                  where relnamespace = to_regnamespace(quote_ident(current_schema())) and relkind in ('r', 'p', 'v', 'm', 'f')
                    and relname <> '_sqlx_migrations')"
    };
}

/// What is in a database, and what server has it.
const LOOK: &str = concat!(
    "select cast(current_setting('server_version_num') as bigint), current_setting('fsync') = 'on',
       current_setting('full_page_writes') = 'on', pg_is_in_recovery(), pg_encoding_to_char(encoding),
       coalesce(current_schema(), ''), to_regclass('queue') is not null and to_regclass('_sqlx_migrations') is not null,
       ",
    is_used!(),
    "
  from pg_database where datname = current_database()"
);

impl Store {
    /// Opens the queue in a database that has been made for it, and makes its tables where it is empty.
    pub(super) async fn open_server(server: &Arc<ServerPlace>, kind: QueueKind) -> Result<Store, StoreError> {
        let mut store = Store { db: connect(server).await?, reload_sizes: ReloadSizes::default() };
        let (is_queue, is_used) = store.look_at_server().await?;
        if !is_queue && is_used {
            let detail = "it has tables of another program; make a database for the queue alone";
            return Err(store.unfit(detail));
        }
        if !is_queue || !store.has_newest_schema().await? {
            store.upgrade_server(kind).await?;
        }
        store.check_stamp(kind).await?;
        store.refuse_unknown_words().await?;
        // What is kept in files all the same: a key, uploads.
        let folder = folder_of(store.place().local_path()).to_owned();
        make_private_folder(&folder).map_err(|source| StoreError::of_io(&folder, source))?;
        Ok(store)
    }

    /// The same where somebody has made a queue there.
    pub(super) async fn open_existing_server(
        server: &Arc<ServerPlace>,
        kind: QueueKind,
    ) -> Result<Option<Store>, StoreError> {
        let mut db = connect(server).await?;
        let nothing = concat!("select not ", is_used!());
        let (is_empty,): (bool,) = db.fetch_one(nothing, args![]).await?;
        db.close().await;
        if is_empty { Ok(None) } else { Store::open_server(server, kind).await.map(Some) }
    }

    fn unfit(&self, detail: impl Into<String>) -> StoreError {
        StoreError::Unfit { queue: self.place().clone(), detail: detail.into() }
    }

    /// Refuses a server that could lose what it has said is saved, and says whether a queue, or anything at all, is in the database.
    async fn look_at_server(&mut self) -> Result<(bool, bool), StoreError> {
        type Found = (i64, bool, bool, bool, String, String, bool, bool);
        let (version, syncs, whole_pages, is_standby, encoding, schema, is_queue, is_used): Found =
            self.db.fetch_one(LOOK, args![]).await?;
        if version < NEEDED_VERSION {
            return Err(self.unfit(format!("PostgreSQL {} is too old, 15 or newer is needed", version / 10_000)));
        }
        if is_standby {
            return Err(self.unfit("it is a standby, which can only be read; give the address of its primary"));
        }
        if !syncs || !whole_pages {
            let setting = if syncs { "full_page_writes" } else { "fsync" };
            return Err(
                self.unfit(format!("its server has {setting} = off and may lose what it has saved; set it to on"))
            );
        }
        if encoding != "UTF8" {
            return Err(self.unfit(format!("its encoding is {encoding}; make a database with encoding UTF8")));
        }
        if schema.is_empty() {
            return Err(self.unfit("its search_path names no schema that is there; make one, or set search_path"));
        }
        Ok((is_queue, is_used))
    }

    /// Whether nothing is to be brought up to date: a user who may only work on the queue need not be able to.
    async fn has_newest_schema(&mut self) -> Result<bool, StoreError> {
        let sql = "select max(version) from _sqlx_migrations where success";
        let (found,): (Option<i64>,) = self.db.fetch_one(sql, args![]).await?;
        match found {
            Some(found) if found > NEWEST => {
                Err(StoreError::Newer { queue: self.place().clone(), found, known: NEWEST })
            }
            found => Ok(found == Some(NEWEST) && self.stamp().await?.is_some()),
        }
    }

    async fn check_stamp(&mut self, kind: QueueKind) -> Result<(), StoreError> {
        let found = self.stamp().await?.unwrap_or_default();
        if found == kind.name() {
            return Ok(());
        }
        let found = QueueKind::named(&found).ok_or_else(|| StoreError::impossible(format!("the stamp {found:?}")))?;
        Err(StoreError::WrongKind { queue: self.place().clone(), found: found.name(), wanted: kind.name() })
    }

    async fn upgrade_server(&mut self, kind: QueueKind) -> Result<(), StoreError> {
        let place = self.place().clone();
        let migrations = MIGRATIONS.map(|(version, about, sql)| {
            Migration::new(version, about.into(), MigrationType::Simple, sql.into_sql_str(), false)
        });
        let migrator = Migrator::with_migrations(migrations.into());
        let complain = |error| StoreError::from_sqlx(&place, error);
        if let Beneath::Postgres(connection) = self.db.beneath() {
            let lock = sqlx::query("select pg_advisory_lock($1)").bind(ONE_UPGRADE);
            lock.execute(&mut *connection).await.map_err(complain)?;
            let done = migrator.run(&mut *connection).await.map_err(|error| StoreError::from_migration(&place, error));
            let unlock = sqlx::query("select pg_advisory_unlock($1)").bind(ONE_UPGRADE);
            unlock.execute(&mut *connection).await.map_err(complain)?;
            done?;
        }
        let stamp = "insert into queue (id, kind) values (1, $1) on conflict do nothing";
        self.db.execute(stamp, args![kind.name()]).await.map(drop)
    }
}
