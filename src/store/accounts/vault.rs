//! How the queue's credentials are sealed: where the key comes from, and a text that opens under the right one only.
//! In: a stamp that the vault has made. Out: the same. What does not belong here: keys, and opening anything.

use super::AccountStore;
use crate::store::error::StoreError;

/// Where the vault's key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// `CLEANUP_KEY`, stretched.
    Passphrase {
        /// Argon2id's salt.
        salt: [u8; 16],
        /// Its memory, in KiB.
        memory_kib: u32,
        /// Its passes over that memory.
        passes: u32,
    },
    /// 32 random bytes, in a key file or the OS keyring: the configuration says which. (The word in the database is
    /// `key_file`, from when there was no other place.)
    Random,
}

/// How a queue's credentials are sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultStamp {
    /// Where the key comes from.
    pub source: KeySource,
    /// A known text, sealed.
    pub check_text: Vec<u8>,
}

impl AccountStore<'_> {
    /// How the credentials are sealed; none: there have never been any.
    pub async fn vault_stamp(&mut self) -> Result<Option<VaultStamp>, StoreError> {
        let row = self.db.fetch_optional(STAMP, args![]).await?;
        row.map(stamp_of).transpose()
    }

    /// Says how the credentials are sealed from now on, unless there are credentials under another key: then what holds is
    /// given back and nothing has changed.
    pub async fn stamp_vault(&mut self, stamp: &VaultStamp) -> Result<VaultStamp, StoreError> {
        let (word, salt, memory, passes) = match stamp.source {
            KeySource::Passphrase { salt, memory_kib, passes } => {
                ("passphrase", Some(salt.to_vec()), Some(i64::from(memory_kib)), Some(i64::from(passes)))
            }
            KeySource::Random => ("key_file", None, None, None),
        };
        let mut tx = self.db.begin().await?;
        let unused = "delete from vault where not exists (select 1 from credential)";
        tx.execute(unused, args![]).await?;
        let sql = "insert into vault (id, key_source, salt, memory_kib, passes, check_text)
                   values (1, $1, $2, $3, $4, $5) on conflict do nothing";
        tx.execute(sql, args![word, salt, memory, passes, &stamp.check_text]).await?;
        let holds: Option<StampRow> = tx.fetch_optional(STAMP, args![]).await?;
        tx.commit().await?;
        stamp_of(holds.ok_or_else(|| StoreError::impossible("a vault that was not written"))?)
    }
}

type StampRow = (String, Option<Vec<u8>>, Option<i64>, Option<i64>, Vec<u8>);

const STAMP: &str = "select key_source, salt, memory_kib, passes, check_text from vault where id = 1";

fn stamp_of((word, salt, memory, passes, check_text): StampRow) -> Result<VaultStamp, StoreError> {
    let odd = || StoreError::impossible(format!("a vault of the kind {word:?}"));
    let number = |number: Option<i64>| number.and_then(|number| u32::try_from(number).ok()).ok_or_else(odd);
    let source = match word.as_str() {
        "key_file" => KeySource::Random,
        "passphrase" => KeySource::Passphrase {
            salt: salt.and_then(|salt| salt.try_into().ok()).ok_or_else(odd)?,
            memory_kib: number(memory)?,
            passes: number(passes)?,
        },
        _ => return Err(odd()),
    };
    Ok(VaultStamp { source, check_text })
}
