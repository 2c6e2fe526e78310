//! Reading an archive: which files a list comes in, and its entries out of all of them.

use std::collections::HashSet;
use std::path::Path;

use super::about::{Manifest, Promised, of_account, of_index, of_payload, of_user_details};
use super::bounded::Meter;
use super::container::Container;
use super::layout::{self, Role};
use super::member::{Bytes, Member};
use super::records;
use super::script::Script;
use super::{About, ArchiveError, ArchiveFault, FileTally, MAX_MANIFEST_BYTES, MAX_PARTS, MAX_TOTAL_BYTES, Tally};
use crate::domain::ListKind;
use crate::lists::Entry;

/// An open archive.
pub struct Archive {
    name: String,
    container: Container,
    about: About,
    manifest: Option<Manifest>,
    /// How many posts an archive of 2012 to 2018 says that it has.
    posts_in_all: Option<u64>,
}

impl Archive {
    /// Opens an archive and learns whose it is.
    ///
    /// # Errors
    /// It is none, or it is cut or hostile.
    pub fn open(path: &Path) -> Result<Archive, ArchiveError> {
        let name = path.to_string_lossy().into_owned();
        let opened = Container::open(path).and_then(|container| Archive::of(name.clone(), container));
        opened.map_err(|fault| ArchiveError { archive: name, fault })
    }

    /// The same out of bytes that are a zip, under a name for messages.
    ///
    /// # Errors
    /// As for [`Archive::open`].
    pub fn of_bytes(name: &str, bytes: Vec<u8>) -> Result<Archive, ArchiveError> {
        let bytes: Box<dyn Bytes> = Box::new(std::io::Cursor::new(bytes));
        let opened = Container::of_zip(bytes).and_then(|container| Archive::of(name.to_owned(), container));
        opened.map_err(|fault| ArchiveError { archive: name.to_owned(), fault })
    }

    pub(super) fn of(name: String, container: Container) -> Result<Archive, ArchiveFault> {
        if container.is_of_activities() {
            return Err(ArchiveFault::NotOfX);
        }
        let mut archive = Archive { name, container, about: About::default(), manifest: None, posts_in_all: None };
        if let Some(index) = archive.find(Role::Manifest) {
            let globals = ["window.__THAR_CONFIG", "window.YTD.manifest.part"];
            let json = archive.script(index, &globals, |script| script.only_object(MAX_MANIFEST_BYTES))?;
            let manifest = Manifest::read(&json, &archive.container.members()[index].name)?;
            archive.about = manifest.about.clone();
            archive.manifest = Some(manifest);
        }
        if archive.about.user_id.is_none()
            && let Some(index) = archive.find(Role::Account)
        {
            let json = archive.script(index, &["window.YTD.account.part"], |mut script| {
                script.open_list()?;
                Ok(script.next_entry()?.map(<[u8]>::to_vec))
            })?;
            if let Some(json) = json {
                let of_account = of_account(&json, &archive.container.members()[index].name)?;
                let (generated_at, is_partial) = (archive.about.generated_at, archive.about.is_partial);
                archive.about = About { generated_at, is_partial, ..of_account };
            }
        }
        archive.learn_months()?;
        Ok(archive)
    }

    /// What an archive of 2012 to 2018 says of itself and its months.
    fn learn_months(&mut self) -> Result<(), ArchiveFault> {
        if let Some(index) = self.find(Role::UserDetails) {
            let json = self.script(index, &["var user_details"], |script| script.only_object(MAX_MANIFEST_BYTES))?;
            self.about = of_user_details(&json, &self.container.members()[index].name)?;
        }
        if let Some(index) = self.find(Role::PayloadDetails) {
            let json = self.script(index, &["var payload_details"], |script| script.only_object(MAX_MANIFEST_BYTES))?;
            let (made, posts) = of_payload(&json, &self.container.members()[index].name)?;
            (self.about.generated_at, self.posts_in_all) = (made.or(self.about.generated_at), posts);
        }
        let Some(index) = self.find(Role::MonthIndex) else { return Ok(()) };
        let file = self.container.members()[index].name.clone();
        let months = self.script(index, &["var tweet_index"], |mut script| {
            script.open_list()?;
            let mut months = Vec::new();
            while let Some(json) = script.next_entry()? {
                months.push(of_index(json, &file)?);
                if months.len() > MAX_PARTS {
                    return Err(ArchiveFault::TooManyParts);
                }
            }
            Ok(months)
        })?;
        self.manifest = Some(Manifest::of_months(self.about.clone(), months));
        Ok(())
    }

    /// What the archive says of itself.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// How many bytes there are to read of a list, as far as the archive says.
    pub fn bytes_of(&self, list: ListKind) -> u64 {
        self.parts(list).map(|index| self.container.members()[index].size.unpacked).sum()
    }

    /// Gives every entry of a list to `each`, in the archive's order; `watch` hears how many bytes have been unpacked.
    ///
    /// # Errors
    /// The list is missing, cut or not as X writes it; nothing of what was given out should be used then. And those of `each`.
    pub fn read<E: From<ArchiveError>>(
        &mut self,
        list: ListKind,
        watch: &mut dyn FnMut(u64),
        each: &mut dyn FnMut(Entry) -> Result<(), E>,
    ) -> Result<Tally, E> {
        let read = self.read_parts(list, watch, each);
        read.map_err(|ended| match ended {
            Ended::Fault(fault) => ArchiveError { archive: self.name.clone(), fault }.into(),
            Ended::Each(error) => error,
        })
    }

    fn read_parts<E>(
        &mut self,
        list: ListKind,
        watch: &mut dyn FnMut(u64),
        each: &mut dyn FnMut(Entry) -> Result<(), E>,
    ) -> Result<Tally, Ended<E>> {
        let parts = self.checked_parts(list)?;
        let promised: Vec<Promised> = self.promised(list).map(<[Promised]>::to_vec).unwrap_or_default();
        let has_manifest = self.manifest.is_some();
        let mut meter = Meter::new(watch);
        let are_months = parts.iter().any(|index| self.container.members()[*index].role == Role::Month);
        let mut tally = Tally { promised_in_all: self.posts_in_all.filter(|_| are_months), ..Tally::default() };
        let mut edited = HashSet::new();
        for index in parts {
            let member = &self.container.members()[index];
            let (file, own) = (member.name.clone(), member.file_name().to_owned());
            let promise = promised.iter().find(|promise| promise.file_name == own);
            let globals = globals_of(member, list);
            let bytes = self.container.read(index, &mut meter)?;
            let mut script = Script::begin(bytes, &file, &globals)?;
            script.open_list()?;
            let mut number = 0;
            while let Some(json) = script.next_entry()? {
                number += 1;
                let (record, had_halves) = records::read(list, json).map_err(|error| bad(&file, number, &error))?;
                tally.with_half_characters += u64::from(had_halves);
                if let Some(entry) = tally.take(record, list, &mut edited) {
                    each(*entry).map_err(Ended::Each)?;
                }
            }
            let found = script.entries();
            let is_unlisted = has_manifest && promise.is_none();
            tally.files.push(FileTally { file, found, promised: promise.and_then(|p| p.count), is_unlisted });
        }
        match tally.files.first() {
            Some(first) if tally.without_id > 0 && tally.entries == 0 => {
                Err(ArchiveFault::NoIds { file: first.file.clone(), entries: tally.without_id }.into())
            }
            _ => Ok(tally),
        }
    }

    /// The parts of a list, none of which is missing or too big as far as can be told before reading.
    fn checked_parts(&self, list: ListKind) -> Result<Vec<usize>, ArchiveFault> {
        let parts: Vec<usize> = self.parts(list).collect();
        let members = self.container.members();
        let promised = self.promised(list).unwrap_or_default();
        let is_there = |name: &str| parts.iter().any(|index| members[*index].file_name() == name);
        if let Some(missing) = promised.iter().find(|promise| !is_there(&promise.file_name)) {
            return Err(ArchiveFault::PartMissing { file: missing.file_name.clone() });
        }
        if parts.is_empty() {
            return Err(if layout::stems(list).next().is_none() {
                ArchiveFault::NeverThere { list }
            } else {
                ArchiveFault::NoList { list, expected: layout::expected_file(list) }
            });
        }
        let mut total_bytes = 0_u64;
        for index in &parts {
            let member = &members[*index];
            member.size.check(&member.name)?;
            total_bytes = total_bytes.saturating_add(member.size.unpacked);
        }
        if total_bytes > MAX_TOTAL_BYTES {
            return Err(ArchiveFault::TooBig);
        }
        // Where a manifest names the files, it is believed, not the numbers.
        if promised.is_empty()
            && let Some(file) = layout::gap(list, parts.iter().map(|index| members[*index].file_name()))
        {
            return Err(ArchiveFault::GapInParts { file });
        }
        Ok(parts)
    }

    fn parts(&self, list: ListKind) -> impl Iterator<Item = usize> {
        let list = list.read_as();
        let is_month = move |role: Role| list == ListKind::Posts && role == Role::Month;
        let is_part = move |member: &Member| member.role == Role::List(list) || is_month(member.role);
        self.container.members().iter().enumerate().filter(move |(_, member)| is_part(member)).map(|(index, _)| index)
    }

    fn promised(&self, list: ListKind) -> Option<&[Promised]> {
        self.manifest.as_ref()?.files(layout::stems(list))
    }

    fn find(&self, role: Role) -> Option<usize> {
        self.container.members().iter().position(|member| member.role == role)
    }

    /// Reads a small file.
    fn script<T>(
        &mut self,
        index: usize,
        globals: &[&str],
        read: impl FnOnce(Script<&mut dyn std::io::Read>) -> Result<T, ArchiveFault>,
    ) -> Result<T, ArchiveFault> {
        let member = &self.container.members()[index];
        member.size.check(&member.name)?;
        let name = member.name.clone();
        let mut watch = |_| {};
        let mut meter = Meter::new(&mut watch);
        let mut bytes = self.container.read(index, &mut meter)?;
        let globals: Vec<String> = globals.iter().map(|global| (*global).to_owned()).collect();
        read(Script::begin(&mut bytes as &mut dyn std::io::Read, &name, &globals)?)
    }
}

/// What ended the reading of a list early.
pub(super) enum Ended<E> {
    Fault(ArchiveFault),
    Each(E),
}

impl<E> From<ArchiveFault> for Ended<E> {
    fn from(fault: ArchiveFault) -> Ended<E> {
        Ended::Fault(fault)
    }
}

/// How a part of a list may begin.
fn globals_of(member: &Member, list: ListKind) -> Vec<String> {
    match member.role {
        Role::Month => vec![layout::month_global(member.part)],
        _ => layout::stems(list).map(|stem| format!("window.YTD.{stem}.part")).collect(),
    }
}

fn bad(file: &str, entry: u64, error: &serde_json::Error) -> ArchiveFault {
    ArchiveFault::BadEntry { file: file.to_owned(), entry, detail: format!("not as X writes it: {error}") }
}
