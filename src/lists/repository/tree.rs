//! The tree that names a repository's records: every key with its record, the last key first, which is the newest. Every node is visited, and
//! of every record it is looked whether it is there: a file that lacks anything is not taken for a short one.

use super::blocks::Blocks;
use super::cbor::Item;
use super::cid::Cid;
use super::{MAX_KEY_BYTES, MAX_NODE_BYTES, MAX_REPOSITORY_BYTES, MAX_TREE_DEPTH, RepositoryFault};

/// Gives the keys of a tree with what they name to `each`.
///
/// # Errors
/// The tree is broken, or the file lacks something of it; and those of `each`.
pub(super) fn walk<E: From<RepositoryFault>>(
    blocks: &mut Blocks,
    root: Cid,
    each: &mut dyn FnMut(&mut Blocks, &str, Cid) -> Result<(), E>,
) -> Result<(), E> {
    blocks.allow(MAX_REPOSITORY_BYTES);
    Walk { blocks, each, visited: 0 }.subtree(root, Within { after: None, before: None }, 0)
}

struct Walk<'w, E> {
    blocks: &'w mut Blocks,
    each: &'w mut dyn FnMut(&mut Blocks, &str, Cid) -> Result<(), E>,
    visited: usize,
}

/// The keys that a subtree lies between.
#[derive(Clone, Copy)]
struct Within<'k> {
    after: Option<&'k str>,
    before: Option<&'k str>,
}

impl<E: From<RepositoryFault>> Walk<'_, E> {
    fn subtree(&mut self, cid: Cid, within: Within<'_>, depth: usize) -> Result<(), E> {
        self.visited += 1;
        // In a tree no node has two parents. A hash that names what holds it cannot be made, but two links to one node can.
        if self.visited > self.blocks.count() {
            return Err(broken("it has a node twice").into());
        }
        if depth > MAX_TREE_DEPTH {
            return Err(broken("it is too deep").into());
        }
        let block = self.blocks.get(&cid)?.ok_or(RepositoryFault::BlockMissing { missing: "a node of its tree" })?;
        let node = Node::decode(&block)?;
        drop(block);
        if node.left.is_none() && node.entries.is_empty() && depth > 0 {
            return Err(broken("it has an empty node").into());
        }
        node.check_order(within)?;
        let mut before = within.before;
        for entry in node.entries.iter().rev() {
            if let Some(right) = entry.right {
                self.subtree(right, Within { after: Some(&entry.key), before }, depth + 1)?;
            }
            (self.each)(self.blocks, &entry.key, entry.record)?;
            before = Some(&entry.key);
        }
        match node.left {
            Some(left) => self.subtree(left, Within { after: within.after, before }, depth + 1),
            None => Ok(()),
        }
    }
}

fn broken(detail: &'static str) -> RepositoryFault {
    RepositoryFault::BadTree { detail }
}

/// A node: entries with subtrees before, between and behind them.
struct Node {
    left: Option<Cid>,
    entries: Vec<NodeEntry>,
}

struct NodeEntry {
    key: String,
    record: Cid,
    right: Option<Cid>,
}

impl Node {
    fn decode(block: &[u8]) -> Result<Node, RepositoryFault> {
        if block.len() > MAX_NODE_BYTES {
            return Err(broken("it has a node that is too long"));
        }
        let no_node = || broken("it has a node that is none");
        let node = Item::decode(block).map_err(|_| no_node())?;
        let Some(Item::List(items)) = node.get("e") else { return Err(no_node()) };
        let mut entries: Vec<NodeEntry> = Vec::with_capacity(items.len());
        for item in items {
            let before = entries.last().map_or("", |entry| entry.key.as_str());
            entries.push(NodeEntry {
                key: key(item, before)?,
                record: item.get("v").and_then(Item::link).ok_or_else(no_node)?,
                right: subtree(item.get("t"))?,
            });
        }
        Ok(Node { left: subtree(node.get("l"))?, entries })
    }

    /// Keys grow, within a node and from one to the next: nothing is in a tree twice.
    fn check_order(&self, within: Within<'_>) -> Result<(), RepositoryFault> {
        let keys = self.entries.iter().map(|entry| entry.key.as_str());
        let all = within.after.into_iter().chain(keys).chain(within.before);
        if all.is_sorted_by(|a, b| a < b) { Ok(()) } else { Err(broken("its keys are not in order")) }
    }
}

/// A key is what it has in common with the one before it, and the rest.
fn key(item: &Item, before: &str) -> Result<String, RepositoryFault> {
    let rest = match item.get("k") {
        Some(Item::Bytes(rest)) => std::str::from_utf8(rest).ok(),
        _ => None,
    };
    let common = item.get("p").and_then(Item::number).and_then(|count| before.get(..usize::try_from(count).ok()?));
    let key = format!("{}{}", common.ok_or(broken(NO_KEY))?, rest.ok_or(broken(NO_KEY))?);
    if (1..=MAX_KEY_BYTES).contains(&key.len()) { Ok(key) } else { Err(broken(NO_KEY)) }
}

const NO_KEY: &str = "it has a key that is none";

fn subtree(link: Option<&Item>) -> Result<Option<Cid>, RepositoryFault> {
    match link {
        None | Some(Item::Null) => Ok(None),
        Some(link) => link.link().map(Some).ok_or(broken("it has a link that is none")),
    }
}
