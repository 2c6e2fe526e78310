//! Options that say which entries of a list or rows of a job file go on: the same for archives, the platform's lists and CSV.

use std::path::PathBuf;

use clap::Args;

use super::values;
use crate::app::request::FilterOptions;
use crate::domain::Visibility;
use crate::lists::filter::{Age, Day, FilterRules, Order, PlainRules, Since, Take};

const WHICH: &str = "Which ones";

/// Which entries go on. Everything an option does not let pass is spared, and so is everything it asks about and does not know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct FilterArgs {
    /// Never touch these: a file of IDs, handles and links
    #[arg(long, value_name = "FILE", help_heading = WHICH)]
    pub keep: Option<PathBuf>,
    /// Touch nothing but these: a file of IDs, handles and links
    #[arg(long, value_name = "FILE", help_heading = WHICH)]
    pub only: Option<PathBuf>,
    /// Only posts and accounts older than this, such as 1y, 6mo or 30d; by the ID where that tells
    #[arg(long, value_name = "AGE", help_heading = WHICH)]
    pub older_than: Option<Age>,
    /// Only posts and accounts newer than this
    #[arg(long, value_name = "AGE", help_heading = WHICH)]
    pub newer_than: Option<Age>,
    /// Only posts and accounts from before this date, such as 2020-01-01
    #[arg(long, value_name = "DATE", help_heading = WHICH)]
    pub before: Option<Day>,
    /// Only posts and accounts from this date on
    #[arg(long, value_name = "DATE", help_heading = WHICH)]
    pub after: Option<Day>,
    /// Only users who do not follow the account back
    #[arg(long, help_heading = WHICH)]
    pub not_following_back: bool,
    /// Only users who are not there any more: deleted, deactivated, suspended, or they have blocked the account (bluesky)
    #[arg(long, help_heading = WHICH)]
    pub ghosts: bool,
    /// Only users who have not posted since this date, or for this long
    #[arg(long, value_name = "DATE|AGE", help_heading = WHICH)]
    pub inactive_since: Option<Since>,
    /// Only posts with at most so many likes
    #[arg(long, value_name = "N", help_heading = WHICH)]
    pub max_likes: Option<u64>,
    /// Only posts with at most so many reposts
    #[arg(long, value_name = "N", help_heading = WHICH)]
    pub max_reposts: Option<u64>,
    /// Only posts that these may see: public, unlisted, private (followers) or direct; several with commas
    #[arg(long, value_name = "WHO", value_delimiter = ',', value_parser = values::visibility(), help_heading = WHICH)]
    pub visibility: Vec<Visibility>,
    /// Only reposts
    #[arg(long, help_heading = WHICH)]
    pub only_reposts: bool,
    /// Only replies
    #[arg(long, help_heading = WHICH)]
    pub only_replies: bool,
    /// Only posts with pictures, videos or sounds
    #[arg(long, conflicts_with = "without_media", help_heading = WHICH)]
    pub with_media: bool,
    /// Only posts without them
    #[arg(long, help_heading = WHICH)]
    pub without_media: bool,
    /// Never touch posts that are pinned to the profile
    #[arg(long, help_heading = WHICH)]
    pub keep_pinned: bool,
    /// What `--max-likes` was called while it meant one like more. Always an error that names the new word.
    #[arg(long, value_name = "N", value_parser = values::min_likes, hide = true)]
    pub min_likes: Option<std::convert::Infallible>,
    /// Only those with this text in their text, name or handle, in capitals or not
    #[arg(long, value_name = "TEXT", value_parser = values::wanted_text, help_heading = WHICH)]
    pub matching: Option<String>,
    /// Only those without this text in text, name and handle, in capitals or not
    #[arg(long, value_name = "TEXT", value_parser = values::wanted_text, help_heading = WHICH)]
    pub not_matching: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", value_parser = values::limit, help_heading = WHICH)]
    pub limit: Option<usize>,
    /// Which come first
    #[arg(long, value_name = "ORDER", value_parser = values::order(), help_heading = WHICH)]
    pub order: Option<Order>,
}

impl FilterArgs {
    /// What is asked for.
    pub fn options(&self) -> FilterOptions {
        let wanted = FilterRules {
            keep: self.keep.clone(),
            only: self.only.clone(),
            older_than: self.older_than,
            newer_than: self.newer_than,
            before: self.before,
            after: self.after,
            inactive_since: self.inactive_since,
            plain: PlainRules {
                not_following_back: self.not_following_back,
                ghosts: self.ghosts,
                max_likes: self.max_likes,
                max_reposts: self.max_reposts,
                visibility: self.visibility.clone(),
                only_reposts: self.only_reposts,
                only_replies: self.only_replies,
                with_media: self.with_media,
                without_media: self.without_media,
                keep_pinned: self.keep_pinned,
                matching: self.matching.clone(),
                not_matching: self.not_matching.clone(),
            },
        };
        FilterOptions { wanted, take: Take { limit: self.limit, order: self.order } }
    }
}

/// The same for a list that is written: those it spares can be written as well.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct ListFilterArgs {
    /// Which entries are written.
    #[command(flatten)]
    pub which: FilterArgs,
    /// Write the spared ones to this file, each with the rule that spared it in a last column spared_by
    #[arg(long, value_name = "FILE", help_heading = WHICH)]
    pub spared: Option<PathBuf>,
}
