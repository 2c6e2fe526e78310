//! Whose archive it is, when it was made, and what it says it holds.

use std::collections::HashMap;

use serde::Deserialize;

use super::ArchiveFault;
use super::object::read_only;
use crate::domain::{AccountHost, Handle, TargetId, UserId, Wall};
use crate::lists::parse_source_time;

/// What an archive says of itself. Everything in it is foreign text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The user's ID.
    pub user_id: Option<UserId>,
    /// Where the account is, where archives say it so.
    pub address: Option<String>,
    /// The server that the user's ID is of, where each has its own.
    pub host: Option<AccountHost>,
    /// The user's handle when it was made.
    pub handle: Option<Handle>,
    /// The display name then.
    pub name: Option<String>,
    /// When it was made.
    pub generated_at: Option<Wall>,
    /// Whether X says that this is one of several zips; none where nothing is said.
    pub is_partial: Option<bool>,
}

/// The manifest: what an archive says of itself, and its files.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    pub(super) about: About,
    /// By the manifest's names of lists (`like`, `tweets`).
    lists: HashMap<String, Vec<Promised>>,
}

/// A file the manifest names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Promised {
    /// Its own name, without folders.
    pub(super) file_name: String,
    /// How many entries it should have.
    pub(super) count: Option<u64>,
}

impl Manifest {
    /// What an archive without one says: whose it is, and the files of its posts.
    pub(super) fn of_months(about: About, months: Vec<Promised>) -> Manifest {
        Manifest { about, lists: HashMap::from([("tweets".to_owned(), months)]) }
    }

    /// Reads the JSON of a manifest.
    ///
    /// # Errors
    /// It is no JSON, or not of the form X gives it.
    pub(super) fn read(json: &[u8], file: &str) -> Result<Manifest, ArchiveFault> {
        let written: Written = read_only(json, file)?;
        let (user, made) = (written.user_info, written.archive_info);
        let about = About {
            user_id: user_of(user.account_id),
            handle: user.user_name.and_then(|handle| handle.parse().ok()),
            name: user.display_name,
            generated_at: made.generation_date.as_deref().and_then(moment),
            is_partial: made.is_partial_archive,
            ..About::default()
        };
        let lists = written.data_types.into_iter().map(|(name, list)| {
            let files = list.files.into_iter().filter_map(|file| {
                let path = file.file_name?;
                let file_name = path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
                Some(Promised { file_name, count: file.count.and_then(Count::number) })
            });
            (name, files.collect())
        });
        Ok(Manifest { about, lists: lists.collect() })
    }

    /// The files that a list under one of these names comes in; none where the manifest does not name it.
    pub(super) fn files(&self, names: impl Iterator<Item = &'static str>) -> Option<&[Promised]> {
        names.filter_map(|name| self.lists.get(name)).map(Vec::as_slice).find(|files| !files.is_empty())
    }
}

/// Reads the one entry of `account.js`.
///
/// # Errors
/// It is no JSON.
pub(super) fn of_account(json: &[u8], file: &str) -> Result<About, ArchiveFault> {
    let account = read_only::<AccountEntry>(json, file)?.account;
    Ok(About {
        user_id: user_of(account.account_id),
        handle: account.username.and_then(|handle| handle.parse().ok()),
        name: account.account_display_name,
        ..About::default()
    })
}

/// Reads `user_details.js` of an archive of 2012 to 2018.
///
/// # Errors
/// It is no JSON.
pub(super) fn of_user_details(json: &[u8], file: &str) -> Result<About, ArchiveFault> {
    let user: UserDetails = read_only(json, file)?;
    Ok(About {
        user_id: user_of(user.id),
        handle: user.screen_name.and_then(|handle| handle.parse().ok()),
        name: user.full_name,
        ..About::default()
    })
}

/// Reads `payload_details.js` of such an archive: when it was made, and how many posts it should have.
///
/// # Errors
/// It is no JSON.
pub(super) fn of_payload(json: &[u8], file: &str) -> Result<(Option<Wall>, Option<u64>), ArchiveFault> {
    let payload: PayloadDetails = read_only(json, file)?;
    let made = payload.created_at.as_deref().and_then(parse_source_time);
    Ok((made, payload.tweets.and_then(Count::number)))
}

/// Reads an entry of `tweet_index.js` of such an archive: a month's file, and how many posts it should have.
///
/// # Errors
/// It is no JSON, or names no file.
pub(super) fn of_index(json: &[u8], file: &str) -> Result<Promised, ArchiveFault> {
    let month: IndexEntry = read_only(json, file)?;
    let file_name = month.file_name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    Ok(Promised { file_name, count: month.tweet_count.and_then(Count::number) })
}

/// X's users have numbers.
fn user_of(id: Option<String>) -> Option<UserId> {
    id.filter(|id| id.parse::<TargetId>().is_ok())?.parse().ok()
}

/// `2024-03-01T12:00:00.000Z`
fn moment(text: &str) -> Option<Wall> {
    text.parse::<jiff::Timestamp>().ok().map(|at| Wall(at.as_millisecond()))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    #[serde(default)]
    user_info: UserInfo,
    #[serde(default)]
    archive_info: ArchiveInfo,
    #[serde(default)]
    data_types: HashMap<String, DataType>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct UserInfo {
    account_id: Option<String>,
    user_name: Option<String>,
    display_name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ArchiveInfo {
    generation_date: Option<String>,
    is_partial_archive: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct DataType {
    files: Vec<DataFile>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DataFile {
    file_name: Option<String>,
    count: Option<Count>,
}

/// X writes counts as text.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Count {
    Text(String),
    Number(u64),
}

impl Count {
    pub(super) fn number(self) -> Option<u64> {
        match self {
            Count::Text(text) => text.parse().ok(),
            Count::Number(number) => Some(number),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct UserDetails {
    id: Option<String>,
    screen_name: Option<String>,
    full_name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PayloadDetails {
    created_at: Option<String>,
    tweets: Option<Count>,
}

#[derive(Deserialize)]
struct IndexEntry {
    file_name: String,
    tweet_count: Option<Count>,
}

#[derive(Deserialize)]
struct AccountEntry {
    #[serde(default)]
    account: AccountInfo,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AccountInfo {
    account_id: Option<String>,
    username: Option<String>,
    account_display_name: Option<String>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_manifest_says_whose_and_how_much() {
        let json = br#"{
            "userInfo": {"accountId": "2244994945", "userName": "Ada_Example", "displayName": "Ada"},
            "archiveInfo": {"sizeBytes": "1", "generationDate": "2024-03-01T12:00:00.000Z", "isPartialArchive": false,
                            "maxPartSizeBytes": "53687091200"},
            "readmeInfo": {"fileName": "data/README.txt"},
            "dataTypes": {
                "like": {"files": [{"fileName": "data/like.js", "globalName": "YTD.like.part0", "count": "12"},
                                   {"fileName": "data/like-part1.js", "globalName": "YTD.like.part1", "count": 3}]},
                "mute": {"mediaDirectory": "data/x"}
            }}"#;
        let manifest = Manifest::read(json, "data/manifest.js").unwrap();
        assert_eq!(manifest.about.user_id.as_ref().unwrap().to_string(), "2244994945");
        assert_eq!(manifest.about.handle.as_ref().unwrap().as_str(), "ada_example");
        assert_eq!(manifest.about.generated_at.unwrap().rfc3339(), "2024-03-01T12:00:00Z");
        assert_eq!(manifest.about.is_partial, Some(false));
        let files = manifest.files(["likes", "like"].into_iter()).unwrap();
        assert_eq!(files[1], Promised { file_name: "like-part1.js".into(), count: Some(3) });
        assert_eq!(files[0].count, Some(12));
        assert!(manifest.files(["mute"].into_iter()).is_none());
    }

    #[test]
    fn a_manifest_may_say_little_but_not_nonsense() {
        assert_eq!(Manifest::read(b"{}", "m").unwrap().about, About::default());
        for bad in [&b"[]"[..], b"{\"userInfo\":5}", b"{\"dataTypes\":[]}", b"{"] {
            assert!(matches!(Manifest::read(bad, "m"), Err(ArchiveFault::BadEntry { .. })));
        }
        let about = of_account(br#"{"account":{"accountId":"7","username":"ada","email":"-"}}"#, "a").unwrap();
        assert_eq!(about.user_id, Some("7".parse().unwrap()));
        let half = br#"{"account":{"accountId":"7","accountDisplayName":"Ada \ud83d"}}"#;
        assert_eq!(of_account(half, "a").unwrap().name.as_deref(), Some("Ada \u{fffd}"));
    }

    #[test]
    fn archives_of_2012_to_2018_say_whose_and_how_much() {
        let json = br#"{"screen_name":"Ada_Example","location":"","full_name":"Ada","bio":"","id":"2244994945",
            "created_at":"2009-03-20 00:00:00 +0000"}"#;
        let about = of_user_details(json, "u").unwrap();
        assert_eq!((about.user_id, about.handle), ("2244994945".parse().ok(), "ada_example".parse().ok()));
        let (made, posts) =
            of_payload(br#"{"tweets":26,"created_at":"2018-07-04 09:30:00 +0000","lang":"en"}"#, "p").unwrap();
        assert_eq!((made.unwrap().rfc3339(), posts), ("2018-07-04T09:30:00Z".to_owned(), Some(26)));
        assert_eq!(of_payload(b"{}", "p").unwrap(), (None, None));
        let json = br#"{"file_name":"data\/js\/tweets\/2012_12.js","year":2012,"var_name":"tweets_2012_12","tweet_count":26,"month":12}"#;
        assert_eq!(of_index(json, "i").unwrap(), Promised { file_name: "2012_12.js".into(), count: Some(26) });
    }
}
