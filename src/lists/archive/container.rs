//! What holds the files: a zip, a tar in gzip, or a folder. In: a path. Out: those of X's files that this program reads, each of which can be
//! opened as a bounded stream. What does not belong here: what is in them.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use zip::read::{OwnedZipFileEntry, ZipReadOptions};

use super::bounded::{Bounded, Meter};
use super::layout::{self, Role};
use super::member::{Bytes, Member, Place};
use super::{ArchiveFault, MAX_PARTS, folder, tarred, zipped};

/// A zip, a tar or a folder, and the files of X's or Mastodon's in it.
pub(super) struct Container {
    /// None where it is a folder.
    packed: Option<Box<dyn Bytes>>,
    members: Vec<Member>,
}

impl Container {
    /// Opens a zip, a tar or a folder and finds X's or Mastodon's files in it.
    ///
    /// # Errors
    /// It is none of them, or no archive of X's, or hostile.
    pub(super) fn open(path: &Path) -> Result<Container, ArchiveFault> {
        let facts = std::fs::metadata(path).map_err(ArchiveFault::of_open)?;
        if facts.is_dir() {
            return Container::of(None, folder::members(path)?);
        }
        let file = File::open(path).map_err(ArchiveFault::of_open)?;
        let mut packed: Box<dyn Bytes> = Box::new(io::BufReader::new(file));
        let mut magic = Vec::with_capacity(tarred::MAGIC.len());
        packed.by_ref().take(tarred::MAGIC.len() as u64).read_to_end(&mut magic).map_err(ArchiveFault::of_open)?;
        packed.rewind().map_err(ArchiveFault::of_open)?;
        if magic == tarred::MAGIC {
            let members = tarred::members(&mut packed)?;
            return Container::of(Some(packed), members);
        }
        Container::of_zip(packed)
    }

    /// Finds X's files in a zip.
    ///
    /// # Errors
    /// As for [`Container::open`].
    pub(super) fn of_zip(mut zip: Box<dyn Bytes>) -> Result<Container, ArchiveFault> {
        let members = zipped::members(&mut zip)?;
        Container::of(Some(zip), members)
    }

    fn of(packed: Option<Box<dyn Bytes>>, mut members: Vec<Member>) -> Result<Container, ArchiveFault> {
        // The table has nothing that the months beside it lack.
        let table = members.iter().find(|member| member.role == Role::Table).map(|member| member.name.clone());
        members.retain(|member| member.role != Role::Table);
        let mut folders: BTreeSet<&str> = members.iter().map(|member| member.home.as_str()).collect();
        if folders.iter().any(|folder| layout::is_data(folder)) {
            let is_of_months = |folder: &str| members.iter().any(|m| m.home == folder && m.role.is_of_months());
            folders.retain(|folder| layout::is_data(folder) || is_of_months(folder));
        }
        let mut names = folders.iter().map(|folder| (*folder).to_owned());
        let home =
            names.next().ok_or_else(|| table.map_or(ArchiveFault::Foreign, |file| ArchiveFault::TableOnly { file }))?;
        if let Some(second) = names.next() {
            let first = if home.is_empty() { ".".to_owned() } else { home };
            return Err(ArchiveFault::Several { first, second });
        }
        drop(names);
        let mut members: Vec<Member> = members.into_iter().filter(|member| member.home == home).collect();
        members.sort_by(|a, b| (a.role, a.part, &a.name).cmp(&(b.role, b.part, &b.name)));
        if members.len() > MAX_PARTS {
            return Err(ArchiveFault::TooManyParts);
        }
        Ok(Container { packed, members })
    }

    /// Whether it is an archive of activities, and none of X's.
    pub(super) fn is_of_activities(&self) -> bool {
        self.members.iter().all(|member| member.role.is_of_activities())
    }

    /// X's files, by what they are and part by part.
    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    /// A file's bytes, unpacked as they are read and counted on the way.
    ///
    /// # Errors
    /// It is encrypted, or packed in another way than zips are.
    pub(super) fn read<'a>(
        &'a mut self,
        index: usize,
        meter: &'a mut Meter<'_>,
    ) -> Result<Bounded<'a, Box<dyn Read + 'a>>, ArchiveFault> {
        let Some(member) = self.members.get(index) else { return Err(ArchiveFault::Missing) };
        let from: Box<dyn Read + 'a> = match (&member.place, &mut self.packed) {
            (Place::Zipped(entry), Some(zip)) => {
                let unpacked = OwnedZipFileEntry::as_ref(entry).with_reader(zip, ZipReadOptions::new());
                Box::new(unpacked.map_err(|error| zipped::fault_of(error, &member.name))?)
            }
            (Place::File(path), _) => Box::new(folder::open(path, &member.name)?),
            (Place::Tarred(number), Some(tar)) => tarred::open(tar, *number)?,
            (Place::Zipped(_) | Place::Tarred(_), None) => return Err(ArchiveFault::Missing),
        };
        Ok(Bounded::new(from, member.name.clone(), member.size, meter))
    }
}
