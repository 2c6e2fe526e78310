//! Processes that serve a queue on a server, as each has written itself down: it is there while a session of its name has a server's lock.
//!
//! In: a server. Out: this process is on record, those that are gone are not. What does not belong here: what they are doing
//! (`queue::server`), and the lock itself.

use std::sync::Arc;

use super::error::StoreError;
use super::lock_holder::session_name;
use super::lock_name::LockName;
use super::place::ServerPlace;
use super::server::connect;

/// Writes down that this process serves a queue on a server, and forgets those that do no more.
pub(super) async fn note_server(server: &Arc<ServerPlace>) -> Result<(), StoreError> {
    let mut db = connect(server).await?;
    db.execute(FORGET_GONE, args![LockName::Serve.number()]).await?;
    db.execute(BEGINS, args![session_name()]).await?;
    db.close().await;
    Ok(())
}

const BEGINS: &str = concat!(
    "insert into server (holder, since, doing) values ($1, ",
    server_now!(),
    ", 'works')
     on conflict (holder) do update set since = excluded.since, doing = 'works', until_at = null, why = null"
);

/// `$1` the number of the servers' lock. A session's name is cut after 63 bytes, and is told to those who may see it: where one may not be seen, it
/// may be anybody's.
macro_rules! sessions_that_serve {
    () => {
        "select coalesce(activity.application_name, '') as name
           from pg_locks lock left join pg_stat_activity activity on activity.pid = lock.pid
          where lock.locktype = 'advisory' and lock.granted and lock.objsubid = 1
            and lock.database = (select oid from pg_database where datname = current_database())
            and (lock.classid::bigint << 32) | lock.objid::bigint = $1"
    };
}

/// Who serves, since when, and what each is doing: `holder, since, doing, until_at, why`.
pub(super) const ON_SERVER: &str = concat!(
    "select holder, since, doing, until_at, why from server
      where exists (select 1 from (",
    sessions_that_serve!(),
    ") serves where serves.name in ('', left(server.holder, 63))) order by since, holder"
);

const FORGET_GONE: &str = concat!(
    "delete from server where not exists (select 1 from (",
    sessions_that_serve!(),
    ") serves where serves.name in ('', left(server.holder, 63)))"
);
