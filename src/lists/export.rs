//! What a platform gives a user of all that is theirs, whichever it is: one way to open it and to read a list out of it.
//!
//! In: a path. Out: whose it is ([`About`]), and [`Entry`]s. What does not belong here: the forms (`archive`, `repository`), and what a record
//! means (the platform's folder).

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::Entry;
use super::archive::{About, ActivityArchive, Archive, OpenedArchive, Tally};
use super::fetch::entry_of_listed;
use super::repository::Repository;
use crate::domain::{ListKind, Platform, Target};
use crate::error::{CommandError, ErrorKind};
use crate::platforms::{ActivitiesSpec, ExportOwner, ListItem, RepositorySpec, with_activities, with_repositories};

/// How many bytes of a file are looked at to tell which of them it is.
const LOOKED_AT_BYTES: u64 = 16;
/// What the names of exported repositories end in.
const REPOSITORY_ENDING: &str = "car";

/// An open export.
pub struct Export {
    about: About,
    form: Form,
}

enum Form {
    Archive(Box<Archive>),
    Activities { archive: Box<ActivityArchive>, owner: ExportOwner, platform: Platform, spec: &'static ActivitiesSpec },
    Repository { file: Box<Repository>, platform: Platform, spec: &'static RepositorySpec },
}

impl Export {
    /// Opens an export and learns whose it is.
    ///
    /// # Errors
    /// It is none, or it is cut or hostile (65).
    pub fn open(path: &Path) -> Result<Export, CommandError> {
        match with_repositories().filter(|_| is_repository(path)) {
            Some((platform, spec)) => {
                let file = Box::new(Repository::open(path)?);
                let about = About { user_id: file.did().parse().ok(), ..About::default() };
                Ok(Export { about, form: Form::Repository { file, platform, spec } })
            }
            None => match (OpenedArchive::open(path)?, with_activities()) {
                (OpenedArchive::X(archive), _) => {
                    Ok(Export { about: archive.about().clone(), form: Form::Archive(archive) })
                }
                (OpenedArchive::Activities(archive), Some((platform, spec))) => {
                    let owner = (spec.owner)(archive.actor()).ok_or_else(|| nobody(path))?;
                    let about = about_owner(&owner);
                    Ok(Export { about, form: Form::Activities { archive, owner, platform, spec } })
                }
                (OpenedArchive::Activities(_), None) => Err(nobody(path)),
            },
        }
    }

    /// What it says of itself.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// The platform whose rows it has, where an account of another one would be taken unless it is named.
    pub fn platform(&self) -> Option<Platform> {
        match &self.form {
            Form::Archive(_) => None,
            Form::Activities { platform, .. } | Form::Repository { platform, .. } => Some(*platform),
        }
    }

    /// How many bytes there are to read of a list, as far as that is known before.
    pub fn bytes_of(&self, list: ListKind) -> u64 {
        match &self.form {
            Form::Archive(archive) => archive.bytes_of(list),
            Form::Activities { archive, .. } => archive.bytes_of(list),
            // It has been looked through already, and the list is the smaller part of it.
            Form::Repository { .. } => 0,
        }
    }

    /// The posts that the account has pinned; none where the export does not say.
    ///
    /// # Errors
    /// As for [`Export::read`].
    pub fn pinned(&mut self) -> Result<Option<HashSet<Target>>, CommandError> {
        match &mut self.form {
            Form::Archive(_) | Form::Activities { .. } => Ok(None),
            Form::Repository { file, spec, .. } => read_pinned(file, spec),
        }
    }

    /// Gives every entry of a list to `each`, in the order of the export; `watch` hears how many bytes have been read.
    ///
    /// # Errors
    /// The list is missing, cut or of another form (65); nothing of what was given out should be used then. And those of `each`.
    pub fn read(
        &mut self,
        list: ListKind,
        watch: &mut dyn FnMut(u64),
        each: &mut dyn FnMut(Entry) -> Result<(), CommandError>,
    ) -> Result<Tally, CommandError> {
        match &mut self.form {
            Form::Archive(archive) => archive.read(list, watch, each),
            Form::Activities { archive, owner, spec, .. } => read_items((archive, owner, spec), list, watch, each),
            Form::Repository { file, spec, .. } => read_records(file, spec, list, each),
        }
    }
}

/// The targets of the posts that are pinned.
fn read_pinned(file: &mut Repository, spec: &RepositorySpec) -> Result<Option<HashSet<Target>>, CommandError> {
    let Some(collection) = (spec.pinned)() else { return Ok(None) };
    let mut pinned = HashSet::new();
    file.read::<CommandError>(collection, &mut |record| {
        if let ListItem::Listed(listed) = (spec.read)(&record) {
            pinned.insert(listed.id);
        }
        Ok(())
    })?;
    Ok(Some(pinned))
}

/// Whether a file is a repository: by how it begins, and where it is none at all, by what it is called.
fn is_repository(path: &Path) -> bool {
    let mut begin = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LOOKED_AT_BYTES).read_to_end(&mut begin));
    let is_called_so = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case(REPOSITORY_ENDING));
    read.is_ok() && (Repository::is_begun_by(&begin) || is_called_so)
}

fn about_owner(owner: &ExportOwner) -> About {
    About {
        user_id: owner.user.clone(),
        address: Some(owner.address.clone()),
        host: Some(owner.host.clone()),
        name: owner.name.clone(),
        ..About::default()
    }
}

/// An archive that does not say whose it is.
fn nobody(path: &Path) -> CommandError {
    let message = format!("{}: its actor.json does not say where the account is", path.display());
    CommandError::new(ErrorKind::InputData, message).hint("download it again; if that does not help, report it")
}

fn read_items(
    (archive, owner, spec): (&mut ActivityArchive, &ExportOwner, &ActivitiesSpec),
    list: ListKind,
    watch: &mut dyn FnMut(u64),
    each: &mut dyn FnMut(Entry) -> Result<(), CommandError>,
) -> Result<Tally, CommandError> {
    if !spec.lists.contains(&list) {
        let message = format!("{list} are not read out of an archive of this kind");
        return Err(CommandError::new(ErrorKind::InputData, message).hint("`cleanup list` reads them from the server"));
    }
    let mut tally = Tally::default();
    let file = archive.read::<CommandError>(list, watch, &mut |item| match (spec.read)(list, &item, owner) {
        Some(ListItem::Listed(listed)) => {
            tally.entries += 1;
            each(entry_of_listed(&listed)?)
        }
        Some(ListItem::OfAnother) => {
            tally.of_others += 1;
            Ok(())
        }
        Some(ListItem::NoTarget | ListItem::Unreadable) => {
            tally.without_id += 1;
            Ok(())
        }
        None => Ok(()),
    })?;
    if tally.entries == 0 && tally.of_others > 0 {
        let message = format!("not one post of {} is of {}, whose archive it is", file.file, owner.address);
        return Err(CommandError::new(ErrorKind::InputData, message).hint("download the archive again"));
    }
    if tally.entries == 0 && tally.without_id > 0 {
        let message = format!("not one post of {} has an ID at {}", file.file, owner.host);
        return Err(CommandError::new(ErrorKind::InputData, message).hint("`cleanup list` reads them from the server"));
    }
    tally.files.push(file);
    Ok(tally)
}

fn read_records(
    file: &mut Repository,
    spec: &RepositorySpec,
    list: ListKind,
    each: &mut dyn FnMut(Entry) -> Result<(), CommandError>,
) -> Result<Tally, CommandError> {
    let Some(collection) = (spec.collection)(list) else { return Err(not_exported(list)) };
    let mut tally = Tally::default();
    file.read::<CommandError>(collection, &mut |record| match (spec.read)(&record) {
        ListItem::Listed(listed) => {
            tally.entries += 1;
            each(entry_of_listed(&listed)?)
        }
        ListItem::NoTarget | ListItem::OfAnother => {
            tally.without_target += 1;
            Ok(())
        }
        ListItem::Unreadable => {
            let record = record.get("uri").and_then(|uri| uri.as_str()).unwrap_or_default();
            Err(CommandError::new(ErrorKind::InputData, format!("{record} is no address of a record"))
                .hint("`cleanup list` reads the same from the server"))
        }
    })?;
    Ok(tally)
}

fn not_exported(list: ListKind) -> CommandError {
    let message = format!("a repository has no list of {list}: the server keeps that apart from it");
    CommandError::new(ErrorKind::InputData, message).hint("`cleanup list` reads it from the server")
}
