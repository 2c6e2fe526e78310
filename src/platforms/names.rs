//! How a platform is asked which user or post a name means. In: a name. Out: where it is asked, and what the answer makes of the name. What
//! does not belong here: which texts are names there (the platform's grammar), asking.

use super::list_endpoint::ListEndpoint;
use crate::domain::{Target, TargetName};

/// How a platform is asked which user or post a name means.
#[derive(Debug)]
pub struct NameResolver {
    /// The endpoints that are asked. The most entries of a page are the most names of one request.
    pub endpoints: &'static [ListEndpoint],
    /// Which of them is asked about a name, and for what; none: it is no name there.
    pub(super) question: fn(&TargetName) -> Option<(usize, TargetName)>,
    /// What a name means, by what was told of what was asked about.
    pub(super) target: fn(&TargetName, &Target) -> Option<Target>,
    /// Nobody has two names: a row that names its target by one is about nobody whom another name means.
    pub has_one_name_each: bool,
}

/// A question about a name.
#[derive(Clone, Debug)]
pub struct NameQuestion {
    /// Where it is asked.
    pub endpoint: &'static ListEndpoint,
    /// What is asked about: the name, or the part of it that changes hands. Several names may have one question.
    pub asked: TargetName,
}

impl NameResolver {
    /// The question about a name; none: it is no name there.
    pub fn question(&self, name: &TargetName) -> Option<NameQuestion> {
        let (place, asked) = (self.question)(name)?;
        Some(NameQuestion { endpoint: self.endpoints.get(place)?, asked })
    }

    /// What a name means, where what was asked about means `told`.
    pub fn target(&self, name: &TargetName, told: &Target) -> Option<Target> {
        (self.target)(name, told)
    }
}
