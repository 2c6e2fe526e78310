//! Accounts: who they are, and what holds them.

use super::AccountStore;
use crate::domain::{
    AccountHost, AccountId, AccountName, Fence, Platform, PlatformUser, Tick, UserId, Wall, name_forms,
};
use crate::store::codes::platform_of;
use crate::store::db::Tx;
use crate::store::dialect::Sql;
use crate::store::error::StoreError;
use crate::store::queue::bump_generation;

/// A user of a platform, under a short name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// Its short name.
    pub name: AccountName,
    /// Where it lives.
    pub platform: Platform,
    /// At which of the platform's hosts; none: the platform has one address.
    pub host: Option<AccountHost>,
    /// Who it is there.
    pub user_id: UserId,
    /// Until when nothing is sent for it; may have passed.
    pub hold: Option<AccountHold>,
    /// How many hidden caps in a row it has met, 0 to 4.
    pub hold_backoff_level: u8,
    /// Why it needs a person, since its last drain.
    pub trouble: Option<String>,
    /// Whether it acts where nobody is named.
    pub is_default: bool,
}

impl Account {
    /// Whom it stands for.
    pub fn user(&self) -> PlatformUser {
        PlatformUser { platform: self.platform, host: self.host.clone(), id: self.user_id.clone() }
    }
}

/// Nothing is sent for an account before this ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountHold {
    /// Its end on the line of the boot of `drain`.
    pub until: Tick,
    /// Its end by the wall clock.
    pub until_at: Wall,
    /// How long it was when it began, in milliseconds.
    pub length_ms: i64,
    /// The drain that wrote it.
    pub drain: Fence,
    /// The boot of that drain.
    pub boot: String,
    /// Whether that drain's wall clock agreed with the platform's.
    pub clock_checked: bool,
    /// Why.
    pub reason: String,
}

type AccountRow = (
    i64,
    String,
    String,
    String,
    String,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<String>,
    i64,
    Option<String>,
    Option<String>,
    Option<i64>,
    bool,
);

macro_rules! select_accounts {
    ($($which:tt)+) => {
        sql!(
            "
    select a.id, a.name, a.platform, a.host, a.user_id, a.hold_until_tick, a.hold_until_at, a.hold_length_ms, a.hold_drain_id,
           a.hold_reason, a.hold_rung, a.trouble, d.boot, d.clock_checked, a.is_default
      from account a left join drain d on d.id = a.hold_drain_id ",
            $($which)+,
            " order by a.id"
        )
    };
}

/// What stands for the host on platforms that have one address.
const NO_HOST: &str = "";

const ALL_ACCOUNTS: Sql = select_accounts!("");
/// `$1` their numbers, as a JSON array.
const THESE_ACCOUNTS: Sql = select_accounts!("where a.id in ", numbers("$1"));

impl AccountStore<'_> {
    /// Every account.
    pub async fn all(&mut self) -> Result<Vec<Account>, StoreError> {
        let rows: Vec<AccountRow> = self.db.fetch_all(ALL_ACCOUNTS, args![]).await?;
        rows.into_iter().map(account_of).collect()
    }

    /// These accounts, in the order of their numbers.
    pub async fn accounts_of(&mut self, only: &[AccountId]) -> Result<Vec<Account>, StoreError> {
        let rows: Vec<AccountRow> = self.db.fetch_all(THESE_ACCOUNTS, args![ids_json(only)]).await?;
        rows.into_iter().map(account_of).collect()
    }

    /// The numbers of all accounts, in order.
    pub async fn account_ids(&mut self) -> Result<Vec<AccountId>, StoreError> {
        let rows: Vec<(i64,)> = self.db.fetch_all("select id from account order by id", args![]).await?;
        Ok(rows.into_iter().map(|(id,)| AccountId(id)).collect())
    }

    /// How many accounts there are, and how many of them stopped for a person or wait for a login.
    pub async fn account_counts(&mut self) -> Result<(u64, u64), StoreError> {
        let sql =
            "select count(*), count(*) filter (where account.trouble is not null or credential.login_needed is not null)
                     from account left join credential on credential.account_id = account.id";
        let (all, in_need): (i64, i64) = self.db.fetch_one(sql, args![]).await?;
        Ok((u64::try_from(all).unwrap_or(0), u64::try_from(in_need).unwrap_or(0)))
    }

    /// The account of a user of a platform with one address, made under `name` where it is new.
    ///
    /// # Errors
    /// [`StoreError::AccountNameTaken`] where the name belongs to somebody else.
    pub async fn ensure_account(
        &mut self,
        name: &AccountName,
        platform: Platform,
        user_id: &UserId,
    ) -> Result<AccountId, StoreError> {
        let ids =
            self.ensure_accounts(&[(name.clone(), PlatformUser::at_one_address(platform, user_id.clone()))]).await?;
        ids.first().copied().ok_or_else(|| StoreError::impossible("an account that was not made"))
    }

    /// The accounts of users of platforms, made under their names where they are new: all of them or none, in one commit.
    ///
    /// # Errors
    /// [`StoreError::AccountNameTaken`] where a name belongs to somebody else.
    pub async fn ensure_accounts(
        &mut self,
        users: &[(AccountName, PlatformUser)],
    ) -> Result<Vec<AccountId>, StoreError> {
        let mut tx = self.db.begin().await?;
        let mut ids = Vec::with_capacity(users.len());
        for (name, user) in users {
            ids.push(make_account(&mut tx, name, user).await??);
        }
        tx.commit().await?;
        Ok(ids)
    }
}

/// The account of a user, made where it is new. The inner error: its name is somebody else's.
pub(super) async fn make_account(
    tx: &mut Tx<'_>,
    name: &AccountName,
    user: &PlatformUser,
) -> Result<Result<AccountId, StoreError>, StoreError> {
    let [typed, composed, decomposed] = name_forms(name.as_str());
    let sql = "insert into account (name, platform, host, user_id) select $1, $2, $3, $4
                where not exists (select 1 from account where name in ($1, $5, $6)) on conflict do nothing";
    let (platform, id) = (user.platform.name(), user.id.as_str());
    let host = user.host.as_ref().map_or(NO_HOST, AccountHost::as_str);
    tx.execute(sql, args![&typed, platform, host, id, &composed, &decomposed]).await?;
    let sql = "select id from account where platform = $1 and host = $2 and user_id = $3";
    let found: Option<(i64,)> = tx.fetch_optional(sql, args![platform, host, id]).await?;
    if let Some((id,)) = found {
        return Ok(Ok(AccountId(id)));
    }
    let sql = "select platform, user_id from account where name in ($1, $2, $3)";
    let (platform, user_id): (String, String) = tx.fetch_one(sql, args![typed, composed, decomposed]).await?;
    Ok(Err(StoreError::AccountNameTaken { name: name.to_string(), platform, user_id }))
}

impl AccountStore<'_> {
    /// Makes an account the one that acts where nobody is named, or with none no account.
    ///
    /// # Errors
    /// The database cannot be written; then nothing has changed.
    pub async fn set_default_account(&mut self, account: Option<AccountId>) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        // Two statements: the index that allows one default only is checked row by row.
        for sql in [
            "update account set is_default = 0 where is_default = 1 and id is distinct from $1",
            "update account set is_default = 1 where id = $1",
        ] {
            tx.execute(sql, args![account.map(|id| id.0)]).await?;
        }
        tx.commit().await
    }

    /// The account's user has moved to another host.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn move_to_host(&mut self, account: AccountId, host: Option<&AccountHost>) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let host = host.map_or(NO_HOST, AccountHost::as_str);
        tx.execute("update account set host = $2 where id = $1", args![account.0, host]).await?;
        // Whoever sends for the account notices.
        bump_generation(&mut tx).await?;
        tx.commit().await
    }

    /// Takes back accounts that nothing belongs to yet: those made known for a load that was then refused. One that has
    /// credentials, lanes or attempts stays.
    pub async fn forget_unused_accounts(&mut self, accounts: &[AccountId]) -> Result<(), StoreError> {
        let sql = sql!(
            "delete from account where id in ",
            numbers("$1"),
            "         and not exists (select 1 from lane where lane.account_id = account.id)
                      and not exists (select 1 from attempt where attempt.account_id = account.id)
                      and not exists (select 1 from job where job.account_id = account.id)
                      and not exists (select 1 from credential where credential.account_id = account.id)"
        );
        let ids = serde_json::json!(accounts).to_string();
        self.db.execute(sql, args![ids]).await.map(drop)
    }
}

pub(super) fn ids_json(ids: &[AccountId]) -> String {
    serde_json::json!(ids.iter().map(|id| id.0).collect::<Vec<_>>()).to_string()
}

fn account_of(row: AccountRow) -> Result<Account, StoreError> {
    let (id, name, platform, host, user_id, tick, at, length, drain, reason, rung, trouble, boot, checked, is_default) =
        row;
    let host =
        (host != NO_HOST).then(|| host.parse().map_err(|_| StoreError::impossible(format!("the host {host:?}"))));
    let hold = match (tick, at, drain, reason) {
        (Some(tick), Some(at), Some(drain), Some(reason)) => Some(AccountHold {
            until: Tick(tick),
            until_at: Wall(at),
            length_ms: length.unwrap_or(0),
            drain: Fence(drain),
            boot: boot.unwrap_or_default(),
            clock_checked: checked == Some(1),
            reason,
        }),
        _ => None,
    };
    Ok(Account {
        id: AccountId(id),
        name: name.parse().map_err(|_| StoreError::impossible(format!("the account name {name:?}")))?,
        platform: platform_of(&platform)?,
        host: host.transpose()?,
        user_id: user_id.parse().map_err(|_| StoreError::impossible(format!("the user ID {user_id:?}")))?,
        hold,
        hold_backoff_level: u8::try_from(rung).unwrap_or(0),
        trouble,
        is_default,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::store::accounts::credential::THESE;
    use crate::store::{QueueKind, Store};

    /// Pages ask for the accounts that they show, every second: those of everybody else are not read for it.
    #[tokio::test]
    async fn some_accounts_are_found_without_reading_all() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("q.db"), QueueKind::Real).await.unwrap();
        for sql in [THESE_ACCOUNTS, THESE] {
            let plan: Vec<(i64, i64, i64, String)> = store
                .db
                .fetch_all(sqlx::AssertSqlSafe(format!("explain query plan {}", sql.sqlite)), args![])
                .await
                .unwrap();
            let steps: Vec<&str> = plan.iter().map(|(.., step)| step.as_str()).collect();
            assert!(steps.iter().any(|step| step.contains("USING INTEGER PRIMARY KEY (rowid=?)")), "{steps:?}");
            assert!(!steps.iter().any(|step| *step == "SCAN a" || *step == "SCAN credential"), "{steps:?}");
        }
        let users = ["ada", "bea", "cid"]
            .map(|name| (name.parse().unwrap(), PlatformUser::at_one_address(Platform::XV2, name.parse().unwrap())));
        let ids = store.accounts().ensure_accounts(&users).await.unwrap();
        let names = |found: Vec<Account>| found.into_iter().map(|account| account.name.to_string()).collect::<Vec<_>>();
        assert_eq!(names(store.accounts().accounts_of(&[ids[2], ids[0]]).await.unwrap()), ["ada", "cid"]);
        assert_eq!(store.accounts().account_ids().await.unwrap(), ids);
        assert_eq!(names(store.accounts().accounts_of(&[]).await.unwrap()), Vec::<String>::new());
        let sql = "update account set trouble = 'forbidden' where name = 'bea'";
        store.db.execute(sql, args![]).await.unwrap();
        assert_eq!(store.accounts().account_counts().await.unwrap(), (3, 1));
    }
}
