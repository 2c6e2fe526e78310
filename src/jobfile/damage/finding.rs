//! What is proven about a file's IDs, for people.

use super::DamageForm;
use crate::domain::counted;

/// IDs of one length that have one form of damage, proven by the file as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DamageFinding {
    /// The form.
    pub form: DamageForm,
    /// Digits of the IDs.
    pub digits: usize,
    /// IDs of that length in the file.
    pub ids: u64,
    /// How many of them have the form.
    pub damaged: u64,
    /// `--trust-ids`: they are taken all the same.
    pub is_trusted: bool,
}

impl DamageFinding {
    /// What was found, and what to do about it.
    pub fn sentence(&self) -> String {
        let DamageFinding { form, digits, ids, damaged, is_trusted } = *self;
        let of = counted(ids, "ID", "IDs");
        let (verb, what) = (if damaged == 1 { "is" } else { "are" }, form.describe());
        let said = format!(
            "{damaged} of {of} with {digits} digits {verb} {what}, as IDs of this file are more often than by chance"
        );
        if is_trusted {
            return format!("{said}; --trust-ids takes them as they are written");
        }
        format!(
            "{said}: they may be somebody else's, and their rows are rejected; {}; where the IDs are right as they are written, add \
             --trust-ids",
            form.remedy()
        )
    }
}
