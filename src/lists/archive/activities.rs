//! Archives of ActivityStreams: the zip, or the folder unpacked from it, that a Mastodon server gives a user.
//!
//! In: the container. Out: what it says of the account, and the items of the collection that holds a list, as JSON. What does not belong here:
//! what an item means (the platform's folder).

use serde_json::Value;

use super::bounded::Meter;
use super::collection::Collection;
use super::container::Container;
use super::distinct_value::DistinctValue;
use super::layout::{self, Role};
use super::object::read_only;
use super::read::Ended;
use super::script::Script;
use super::surrogates::without_lone_surrogates;
use super::{ArchiveError, ArchiveFault, FileTally, MAX_ENTRY_BYTES};
use crate::domain::ListKind;

/// An open archive.
pub struct ActivityArchive {
    name: String,
    container: Container,
    actor: Value,
}

impl ActivityArchive {
    /// Learns whose it is.
    ///
    /// # Errors
    /// It does not say so.
    pub(super) fn of(name: String, mut container: Container) -> Result<ActivityArchive, ArchiveFault> {
        let index = find(&container, Role::Actor).ok_or(ArchiveFault::NoActor)?;
        let file = container.members()[index].name.clone();
        container.members()[index].size.check(&file)?;
        let mut watch = |_| {};
        let mut meter = Meter::new(&mut watch);
        let bytes = container.read(index, &mut meter)?;
        let json = Script::of(bytes, &file).only_object(MAX_ENTRY_BYTES)?;
        let DistinctValue(actor) = read_only(&json, &file)?;
        Ok(ActivityArchive { name, container, actor })
    }

    /// What it says of the account. Foreign.
    pub fn actor(&self) -> &Value {
        &self.actor
    }

    /// How many bytes there are to read of a list, as far as the archive says.
    pub fn bytes_of(&self, list: ListKind) -> u64 {
        let index = layout::collection(list).and_then(|role| find(&self.container, role));
        index.map_or(0, |index| self.container.members()[index].size.unpacked)
    }

    /// Gives every item of the collection that holds a list to `each`, in the archive's order; `watch` hears how many bytes have been unpacked.
    ///
    /// # Errors
    /// The collection is missing, cut or none; nothing of what was given out should be used then. And those of `each`.
    pub fn read<E: From<ArchiveError>>(
        &mut self,
        list: ListKind,
        watch: &mut dyn FnMut(u64),
        each: &mut dyn FnMut(Value) -> Result<(), E>,
    ) -> Result<FileTally, E> {
        self.read_items(list, watch, each).map_err(|ended| match ended {
            Ended::Fault(fault) => ArchiveError { archive: self.name.clone(), fault }.into(),
            Ended::Each(error) => error,
        })
    }

    fn read_items<E>(
        &mut self,
        list: ListKind,
        watch: &mut dyn FnMut(u64),
        each: &mut dyn FnMut(Value) -> Result<(), E>,
    ) -> Result<FileTally, Ended<E>> {
        let role = layout::collection(list).ok_or(ArchiveFault::NeverThere { list })?;
        let missing = || ArchiveFault::NoList { list, expected: layout::file_of(role).to_owned() };
        let index = find(&self.container, role).ok_or_else(missing)?;
        let member = &self.container.members()[index];
        member.size.check(&member.name)?;
        let file = member.name.clone();
        let mut meter = Meter::new(watch);
        let mut collection = Collection::begin(self.container.read(index, &mut meter)?, &file)?;
        let mut number = 0;
        while let Some(json) = collection.next_item()? {
            number += 1;
            let whole = without_lone_surrogates(json);
            let item = serde_json::from_slice(whole.as_deref().unwrap_or(json)).map_err(|error| {
                let detail = if error.is_data() { error.to_string() } else { format!("it is no JSON: {error}") };
                ArchiveFault::BadEntry { file: file.clone(), entry: number, detail }
            });
            let DistinctValue(item) = item?;
            each(item).map_err(Ended::Each)?;
        }
        Ok(FileTally { file, found: number, promised: None, is_unlisted: false })
    }
}

fn find(container: &Container, role: Role) -> Option<usize> {
    container.members().iter().position(|member| member.role == role)
}
