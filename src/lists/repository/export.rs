//! An exported repository: whose it is, and its records.

use std::fs::File;
use std::io::Cursor;
use std::path::Path;

use serde_json::{Value, json};

use super::blocks::{Blocks, Source};
use super::cbor::Item;
use super::cid::Cid;
use super::tree::walk;
use super::{RepositoryError, RepositoryFault};
use crate::domain::is_did;

/// The versions of repositories: 3 since 2023, and 2 before, with the same tree.
const VERSIONS: [u64; 2] = [2, 3];

/// An open export, every block of which is what its name says.
pub struct Repository {
    name: String,
    blocks: Blocks,
    did: String,
    tree: Cid,
}

impl Repository {
    /// Whether a file that begins so can be nothing but a CAR file: a length of a byte or two, and a map of two that has roots or a version.
    pub fn is_begun_by(bytes: &[u8]) -> bool {
        let keys: [&[u8]; 2] = [b"\xa2\x65roots", b"\xa2\x67version"];
        (1..=2).any(|length| keys.iter().any(|key| bytes.get(length..).is_some_and(|rest| rest.starts_with(key))))
    }

    /// Opens an export and looks through all of it.
    ///
    /// # Errors
    /// It is none, or it is cut, changed or hostile.
    pub fn open(path: &Path) -> Result<Repository, RepositoryError> {
        let name = path.to_string_lossy().into_owned();
        match File::open(path) {
            Ok(file) => Repository::of(name, Box::new(file)),
            Err(error) => Err(RepositoryError { file: name, fault: RepositoryFault::Unreadable(error) }),
        }
    }

    /// The same out of bytes, under a name for messages.
    ///
    /// # Errors
    /// As for [`Repository::open`].
    pub fn of_bytes(name: &str, bytes: Vec<u8>) -> Result<Repository, RepositoryError> {
        Repository::of(name.to_owned(), Box::new(Cursor::new(bytes)))
    }

    fn of(name: String, from: Box<dyn Source>) -> Result<Repository, RepositoryError> {
        let opened = Blocks::index(from).and_then(|mut blocks| {
            let (did, tree) = commit(&mut blocks)?;
            Ok((blocks, did, tree))
        });
        match opened {
            Ok((blocks, did, tree)) => Ok(Repository { name, blocks, did, tree }),
            Err(fault) => Err(RepositoryError { file: name, fault }),
        }
    }

    /// Whose it is.
    pub fn did(&self) -> &str {
        &self.did
    }

    /// Gives every record of a collection to `each`, the newest first, as a server's list has it: an object of its `uri`, its `cid` and its
    /// `value`.
    ///
    /// # Errors
    /// The repository is broken or lacks something, be it in another collection; nothing of what was given out should be used then. And those
    /// of `each`.
    pub fn read<E: From<RepositoryError>>(
        &mut self,
        collection: &str,
        each: &mut dyn FnMut(Value) -> Result<(), E>,
    ) -> Result<(), E> {
        let did = &self.did;
        let read = walk(&mut self.blocks, self.tree, &mut |blocks, key, cid| {
            if key.strip_prefix(collection).is_some_and(|rest| rest.starts_with('/')) {
                let value = record(blocks, key, &cid)?;
                let uri = format!("at://{did}/{key}");
                return each(json!({ "uri": uri, "cid": cid.to_string(), "value": value })).map_err(Ended::Each);
            }
            if blocks.has(&cid) { Ok(()) } else { Err(RECORD_MISSING.into()) }
        });
        read.map_err(|ended| match ended {
            Ended::Fault(fault) => RepositoryError { file: self.name.clone(), fault }.into(),
            Ended::Each(error) => error,
        })
    }
}

const RECORD_MISSING: RepositoryFault = RepositoryFault::BlockMissing { missing: "a record of its tree" };

/// Whose the repository is, and its tree.
fn commit(blocks: &mut Blocks) -> Result<(String, Cid), RepositoryFault> {
    let bad = |detail| RepositoryFault::BadCommit { detail };
    let root = blocks.root();
    let block = blocks.get(&root)?.ok_or(RepositoryFault::BlockMissing { missing: "its commit" })?;
    let commit = Item::decode(&block).map_err(bad)?;
    if !commit.get("version").and_then(Item::number).is_some_and(|version| VERSIONS.contains(&version)) {
        return Err(bad("its root is no commit of version 2 or 3"));
    }
    let did = match commit.get("did") {
        Some(Item::Text(did)) if is_did(did) => did.clone(),
        _ => return Err(bad("its commit names no DID")),
    };
    let tree = commit.get("data").and_then(Item::link).ok_or(bad("its commit names no tree"))?;
    Ok((did, tree))
}

fn record(blocks: &mut Blocks, key: &str, cid: &Cid) -> Result<Value, RepositoryFault> {
    let block = blocks.get(cid)?.ok_or(RECORD_MISSING)?;
    let read = Item::decode(&block).map(Item::into_json);
    read.map_err(|detail| RepositoryFault::BadRecord { key: key.to_owned(), detail })
}

/// What ended the reading early.
enum Ended<E> {
    Fault(RepositoryFault),
    Each(E),
}

impl<E> From<RepositoryFault> for Ended<E> {
    fn from(fault: RepositoryFault) -> Ended<E> {
        Ended::Fault(fault)
    }
}
