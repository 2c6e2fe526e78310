//! Options of `cleanup import`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::{ListFilterArgs, SandboxFlag};
use crate::domain::{AccountName, ListKind};

/// `cleanup import`
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  cleanup import twitter-2026-01-31.zip --what likes -o unlike.csv
  cleanup import twitter-2026-01-31.zip --what posts --before 2020-01-01 --keep keep.txt -o delete-post.csv
  cleanup import Downloads/twitter --what following --not-following-back --account work >unfollow.csv
  cleanup import ada.bsky.social.car --what likes --older-than 1y -o unlike.csv
  cleanup import archive-2026.zip --what posts --before 2024-01-01 -o delete-post.csv

X makes the archive: Settings > Your account > Download an archive of your data. Bluesky's app gives the CAR file: Settings > Account >
Export my data. Mastodon makes an archive: Preferences > Import and export > Data export. Nothing is unpacked to disk, and nothing is sent.")]
pub struct ImportArgs {
    /// The zip or .tar.gz that X or Mastodon made, the folder unpacked from it, or the CAR file of a Bluesky account
    #[arg(value_name = "ARCHIVE")]
    pub archive: PathBuf,
    /// Which list
    #[arg(long, value_name = "LIST", value_parser = archived())]
    pub what: ListKind,
    /// Refuse the archive unless it is this account's
    #[arg(long, value_name = "NAME")]
    pub account: Option<AccountName>,
    /// In which queue the account is looked up.
    #[command(flatten)]
    pub sandbox: SandboxFlag,
    /// Which entries.
    #[command(flatten)]
    pub filter: ListFilterArgs,
    /// Write to this file instead of stdout; it appears whole or not at all
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace the files of --output and --spared where they are there already
    #[arg(long)]
    pub force: bool,
    /// Leave cells alone that a spreadsheet would run as formulas
    #[arg(long)]
    pub raw: bool,
}

/// The lists an export has.
fn archived() -> impl TypedValueParser<Value = ListKind> {
    PossibleValuesParser::new(["following", "followers", "likes", "posts", "reposts", "mutes", "blocks", "bookmarks"])
        .try_map(|text| ListKind::named(&text).ok_or("no list"))
}
