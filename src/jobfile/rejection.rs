//! Why a row cannot be used, and what to do about it.

use csv::ByteRecord;

use super::cell::bare;
use super::text::{decode, shown};
use super::{DamageForm, OpaqueIds};
use crate::domain::{Action, Handle, TargetKind};

crate::domain::with_all! {
    /// What is wrong with a row. [`Fault::code`] is stored and shown to scripts.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum Fault {
        /// No text in the target's cell, or no such cell.
        EmptyTarget,
        /// Neither an ID nor anything else that names a target.
        NotAnId,
        /// More than 19 digits.
        IdTooLong,
        /// 1.23457E+18: a spreadsheet has rounded it.
        ScientificNotation,
        /// 15 digits and then zeros, in a file with more of them than chance allows.
        RoundedZeros,
        /// The shortest digits of a double, in a file with more of them than chance allows.
        ShortestDouble,
        /// The exact value of a double, in a file with more of them than chance allows.
        ExactDouble,
        /// A number written with thousands separators: the separators have cut it into cells.
        SplitNumber,
        /// A name or a link, where only the IDs of the account's server are taken.
        NameForId,
        /// No ID as the account's server has them.
        NotAnOpaqueId,
        /// `@` and something that is no handle.
        NotAHandle,
        /// A post for an action on users, or a user for an action on posts.
        WrongKind,
        /// A link to another site.
        ForeignLink,
        /// A link of the right site to neither a user nor a post.
        NotATargetLink,
        /// The action's cell is empty and there is no default.
        MissingAction,
        /// The action's cell names no action.
        UnknownAction,
        /// The account's cell is no account name.
        InvalidAccount,
        /// The file has no column for targets of the row's action.
        NoTargetColumn,
        /// The row says itself that it is no repost, and unrepost undoes reposts.
        NotARepost,
        /// A repost under its own ID, where the platform takes that of the post which was reposted.
        RepostedPostUnknown,
        /// The post that was reposted, where the platform takes the repost's own ID.
        OwnRepostUnknown,
        /// A post of somebody else's that the account has reposted, to be deleted.
        NotOwnPost,
        /// The last row, which the end of the file seems to have cut.
        CutOff,
    }
}

impl Fault {
    /// The reason in receipts.
    pub const fn code(self) -> &'static str {
        match self {
            Fault::EmptyTarget => "empty_target",
            Fault::NotAnId => "not_an_id",
            Fault::IdTooLong => "id_too_long",
            Fault::ScientificNotation => "scientific_notation",
            Fault::RoundedZeros => DamageForm::Zeros.name(),
            Fault::ShortestDouble => DamageForm::Shortest.name(),
            Fault::ExactDouble => DamageForm::Exact.name(),
            Fault::SplitNumber => "split_number",
            Fault::NameForId => "name_for_id",
            Fault::NotAnOpaqueId => "not_an_id_there",
            Fault::NotAHandle => "not_a_handle",
            Fault::WrongKind => "wrong_kind",
            Fault::ForeignLink => "foreign_link",
            Fault::NotATargetLink => "not_a_target_link",
            Fault::MissingAction => "missing_action",
            Fault::UnknownAction => "unknown_action",
            Fault::InvalidAccount => "invalid_account",
            Fault::NoTargetColumn => "no_target_column",
            Fault::NotARepost => "not_a_repost",
            Fault::RepostedPostUnknown => "reposted_post_unknown",
            Fault::OwnRepostUnknown => "own_repost_unknown",
            Fault::NotOwnPost => "not_own_post",
            Fault::CutOff => "cut_off",
        }
    }

    /// Whether it is about what the target's cell says.
    const fn is_about_target(self) -> bool {
        use Fault::{
            EmptyTarget, ForeignLink, IdTooLong, NameForId, NotAHandle, NotATargetLink, NotAnId, NotAnOpaqueId,
            WrongKind,
        };
        matches!(
            self,
            EmptyTarget
                | NotAnId
                | IdTooLong
                | NameForId
                | NotAnOpaqueId
                | NotAHandle
                | WrongKind
                | ForeignLink
                | NotATargetLink
        )
    }

    /// What is wrong and what to do, as a clause that follows the cell's text.
    pub(super) fn message(self, action: Option<Action>) -> String {
        let thing = match action.map(Action::target_kind) {
            Some(TargetKind::User) => "user",
            Some(TargetKind::Post) => "post",
            Some(TargetKind::List) => "list",
            Some(TargetKind::Tag) => "tag",
            Some(TargetKind::Domain) => "server",
            None => "user or post",
        };
        let verb = action.map_or("this action", Action::name);
        match self {
            Fault::EmptyTarget => format!("there is no target: write the numeric ID of the {thing}"),
            Fault::NotAnId => {
                format!("not an ID: write the numeric ID of the {thing}, 1 to 19 digits, or a link to it")
            }
            Fault::IdTooLong => "more than 19 digits: no ID is that long, copy it again".into(),
            Fault::ScientificNotation => {
                "a spreadsheet has rounded this ID and its digits are lost: export again and format the column as text \
                 before opening the file"
                    .into()
            }
            Fault::SplitNumber => {
                "the row has more cells than the header, and they read like one number cut at its thousands separators; this \
                 cell alone would be somebody else's ID: export again without separators"
                    .into()
            }
            Fault::RoundedZeros => damaged(DamageForm::Zeros),
            Fault::ShortestDouble => damaged(DamageForm::Shortest),
            Fault::ExactDouble => damaged(DamageForm::Exact),
            Fault::NameForId => {
                format!(
                    "neither a name nor a link that the account's platform knows: write the {thing} as its pages do, or the ID at the \
                     account's server, which `cleanup list` gives"
                )
            }
            Fault::NotAnOpaqueId => {
                format!("not an ID of the account's server: write the ID of the {thing} there, which `cleanup list` gives")
            }
            Fault::NotAHandle => "not a handle, which is 1 to 15 letters, digits and underscores: write it as the platform shows it".into(),
            Fault::WrongKind => format!("this names no {thing}, and {verb} is for {thing}s"),
            Fault::ForeignLink => "a link to another site: only links of x.com and twitter.com name targets".into(),
            Fault::NotATargetLink => format!("a link that names no {thing}: write the numeric ID instead"),
            Fault::MissingAction => "there is no action: write one such as unfollow, or give --action".into(),
            Fault::UnknownAction => {
                let names: Vec<&str> = Action::UNDOING.into_iter().map(Action::name).collect();
                format!("not an action: write one of {}", names.join(", "))
            }
            Fault::InvalidAccount => "not an account name: 1 to 64 characters without spaces, quotes and commas".into(),
            Fault::NoTargetColumn => {
                format!("no column of this file names the {thing} to {verb}: add target_id, or give --column")
            }
            Fault::NotARepost => {
                "the row says that it is no repost, and unrepost undoes reposts only: use delete-post for a post of your own".into()
            }
            Fault::RepostedPostUnknown => {
                "this is the ID of the repost itself, and the platform undoes a repost by the ID of the post that was reposted, \
                 which the row does not name: `cleanup list reposts` asks the platform (archives since about 2018 do not say)"
                    .into()
            }
            Fault::OwnRepostUnknown => {
                "API v1.1 undoes a repost by its own ID, and the row names only the post that was reposted: fill in repost_id"
                    .into()
            }
            Fault::NotOwnPost => {
                "this is the post of somebody else that the account has reposted: use unrepost, or --column repost_id to delete \
                 the repost"
                    .into()
            }
            Fault::CutOff => {
                "the file ends here without a line end, and this row looks cut off, so its ID may be somebody else's: export the file \
                 again, or add a line end after the row if it is whole"
                    .into()
            }
        }
    }
}

impl From<DamageForm> for Fault {
    fn from(form: DamageForm) -> Fault {
        match form {
            DamageForm::Zeros => Fault::RoundedZeros,
            DamageForm::Shortest => Fault::ShortestDouble,
            DamageForm::Exact => Fault::ExactDouble,
        }
    }
}

/// Tags and servers are known at some platforms alone, and nothing that is written in their place would be right.
fn is_unknown_kind(action: Option<Action>, written: Option<&str>) -> bool {
    action.is_some_and(|action| action.target_kind().is_told_by_text()) && written.is_none()
}

fn no_such_things(action: Option<Action>) -> String {
    let verb = action.map_or("this action", Action::name);
    format!(
        "{verb} is nothing that the account's platform offers: name an account of one that does, with --account or --platform"
    )
}

/// What a cell that names nobody probably is, and how to write it.
fn not_an_id(text: &str, action: Option<Action>) -> String {
    let text = bare(text);
    let takes_users = action.is_none_or(|action| action.target_kind() == TargetKind::User);
    if let Some(whole) = whole_of_decimal(text) {
        // A double is exact up to 2^53, which has 16 digits.
        return if whole.len() < 16 {
            format!("a number with a decimal point: write {whole}")
        } else {
            "a number with a decimal point: a program has read this ID as a number and may have rounded it, so it may be somebody \
             else's; export again with the column as text"
                .to_owned()
        };
    }
    if takes_users && text.parse::<Handle>().is_ok() {
        return format!("not an ID: a handle is written @{text}, or stands in a column called handle or username");
    }
    Fault::NotAnId.message(action)
}

/// `791557233689870338` of `791557233689870338.0`
fn whole_of_decimal(text: &str) -> Option<&str> {
    let (whole, part) = text.split_once(['.', ','])?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(whole) && digits(part) && part.bytes().all(|byte| byte == b'0')).then_some(whole)
}

fn damaged(form: DamageForm) -> String {
    format!(
        "{}, more often in this file than by chance: the ID was rounded, and may now be somebody else's; {}",
        form.describe(),
        form.remedy()
    )
}

/// A row that cannot be used. The others go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The column with the fault.
    pub column: String,
    /// The cell's text, at most [`MAX_SHOWN_CHARS`](super::MAX_SHOWN_CHARS) characters. Foreign: escape it before a terminal sees it.
    pub text: String,
    /// What kind of fault; its code is the receipt's reason.
    pub fault: Fault,
    /// What is wrong and what to do.
    pub message: String,
}

impl Rejection {
    /// `ids`: how targets look where they are not X's.
    pub(super) fn of(
        fault: Fault,
        (action, ids): (Option<Action>, Option<OpaqueIds>),
        column: &str,
        cell: &[u8],
    ) -> Rejection {
        let text = shown(&decode(cell));
        let written = ids.zip(action).and_then(|(ids, action)| ids.written(action.target_kind()));
        let message = match (fault, written) {
            _ if is_unknown_kind(action, written) && fault.is_about_target() => no_such_things(action),
            (Fault::EmptyTarget, Some(written)) => format!("there is no target: write {written}"),
            (Fault::NameForId, Some(written)) => {
                format!("neither an ID nor a name nor a link of the account's platform: write {written}")
            }
            (Fault::NotAnOpaqueId, Some(written)) => format!("not an ID of the account's platform: write {written}"),
            (Fault::NotAnId, _) => not_an_id(&decode(cell), action),
            _ => fault.message(action),
        };
        Rejection { column: shown(column), text, fault, message }
    }

    /// The short, stable reason: `empty_target` and so on.
    pub fn reason(&self) -> &'static str {
        self.fault.code()
    }

    /// File, line, column, text and what to do, in one line.
    pub fn describe(&self, path: &str, line: u64) -> String {
        format!("{path}:{line}: {} {:?}: {}", self.column, self.text, self.message)
    }
}

/// The cell, or nothing where the row is too short.
pub(super) fn cell(record: &ByteRecord, index: usize) -> &[u8] {
    record.get(index).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_is_no_id_says_what_to_write_instead() {
        let message =
            |cell: &str, action| Rejection::of(Fault::NotAnId, (Some(action), None), "user", cell.as_bytes()).message;
        let handle = message("jack", Action::Unfollow);
        assert!(handle.contains("@jack") && handle.contains("a column called handle or username"), "{handle}");
        assert!(!message("jack", Action::Unlike).contains("@jack"), "posts have no handles");
        assert!(message("a b", Action::Unfollow).contains("write the numeric ID of the user"));
        let rounded = message("791557233689870338.0", Action::Unfollow);
        assert!(rounded.contains("may have rounded") && rounded.contains("as text"), "{rounded}");
        assert_eq!(message("'2244994945.00'", Action::Unfollow), "a number with a decimal point: write 2244994945");
        assert!(message("1.5", Action::Unfollow).contains("write the numeric ID"), "no ID was a fraction");
    }
}
