//! What answers to readings said is left of the platform's windows: written with the answer, asked before the next slot is taken, by
//! whichever process takes it.

use super::ListStore;

use super::read_request::{ReadAsk, ReadEnd, ReadId, end_here};
use crate::domain::{AccountId, BootId, Moment, Tick, Wall};
use crate::store::db::Tx;
use crate::store::dialect::Sql;
use crate::store::error::StoreError;

/// An endpoint's allowance, for whoever only looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadAllowance {
    /// Whose.
    pub account: AccountId,
    /// The endpoint's name.
    pub endpoint: String,
    /// Requests that may still be sent.
    pub remaining: u32,
    /// When it ends.
    pub until_at: Wall,
}

const KNOWN: &str = "
    select k.remaining - (select count(*) from read_request r
                           where r.account_id = k.account_id and r.endpoint = k.endpoint and r.id > k.after_request_id),
           k.boot = $3, k.until_tick, k.until_at, k.length_ms
      from read_allowance k where k.account_id = $1 and k.endpoint = $2";

type KnownRow = (i64, bool, i64, i64, i64);

/// When a slot may be taken again, where an allowance is used up.
pub(super) async fn allowance_used_up(
    db: &mut Tx<'_>,
    ask: &ReadAsk<'_>,
    now: Moment,
) -> Result<Option<Tick>, StoreError> {
    let known: Vec<KnownRow> = db.fetch_all(KNOWN, args![ask.account.0, ask.endpoint, &ask.boot.0]).await?;
    let ends = known.into_iter().filter(|known| known.0 <= 0);
    let ends = ends.map(|(_, same_boot, tick, at, ms)| end_here(same_boot, Tick(tick), Wall(at), ms, now));
    Ok(ends.filter(|end| now.tick < *end).max())
}

/// Answers overtake each other, so an allowance in force only shrinks, by what is told and by what has been sent since.
pub(super) async fn write_left(db: &mut Tx<'_>, id: ReadId, end: &ReadEnd) -> Result<(), StoreError> {
    const WRITE: Sql = sql!(
        "
        insert into read_allowance
               (account_id, endpoint, day, remaining, after_request_id, boot, until_tick, until_at, length_ms)
        select r.account_id, r.endpoint, $2,
               ",
        greatest(
            "$3 - (select count(*) from read_request l
                          where l.account_id = r.account_id and l.endpoint = r.endpoint and l.id > r.id)",
            "0"
        ),
        ",
               (select max(l.id) from read_request l where l.account_id = r.account_id and l.endpoint = r.endpoint),
               r.boot, $4, $5, $6
          from read_request r where r.id = $1
            on conflict (account_id, endpoint, day) do update
           set remaining = case when read_allowance.boot <> excluded.boot or read_allowance.until_tick <= $7
                                then excluded.remaining else ",
        greatest(
            (least
                "excluded.remaining",
                "read_allowance.remaining - (select count(*) from read_request l
                                              where l.account_id = read_allowance.account_id
                                                and l.endpoint = read_allowance.endpoint
                                                and l.id > read_allowance.after_request_id)"
            ),
            "0"
        ),
        "                  end,
               after_request_id = excluded.after_request_id, boot = excluded.boot,
               until_tick = case when read_allowance.boot = excluded.boot and read_allowance.until_tick > excluded.until_tick
                                 then read_allowance.until_tick else excluded.until_tick end,
               until_at = case when read_allowance.boot = excluded.boot and read_allowance.until_at > excluded.until_at
                               then read_allowance.until_at else excluded.until_at end,
               length_ms = excluded.length_ms"
    );
    for left in &end.left {
        let args = args![
            id.0,
            left.day,
            left.more,
            left.until.0,
            left.until_at.0,
            i64::try_from(left.length.as_millis()).unwrap_or(i64::MAX),
            end.counted_until.0
        ];
        db.execute(WRITE, args).await?;
    }
    Ok(())
}

impl ListStore<'_> {
    /// The allowances of endpoints that read which are in force, by account.
    pub async fn read_allowances(&mut self, boot: &BootId, now: Moment) -> Result<Vec<ReadAllowance>, StoreError> {
        let sql = "
            select k.account_id, k.endpoint,
                   k.remaining - (select count(*) from read_request r
                                   where r.account_id = k.account_id and r.endpoint = k.endpoint and r.id > k.after_request_id),
                   k.boot = $1, k.until_tick, k.until_at, k.length_ms
              from read_allowance k order by k.account_id, k.endpoint, k.day";
        let rows: Vec<(i64, String, i64, bool, i64, i64, i64)> = self.db.fetch_all(sql, args![&boot.0]).await?;
        let in_force = rows.into_iter().filter_map(|(account, endpoint, remaining, same_boot, tick, at, ms)| {
            let until = end_here(same_boot, Tick(tick), Wall(at), ms, now);
            let remaining = u32::try_from(remaining).unwrap_or(0);
            (now.tick < until).then(|| ReadAllowance {
                account: AccountId(account),
                endpoint,
                remaining,
                until_at: now.wall_at(until),
            })
        });
        Ok(in_force.collect())
    }
}
