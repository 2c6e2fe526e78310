//! How the IDs of a file's rows look, before anybody's account is made known: the accounts of the queue say it, the name, and for all other
//! rows the platform that the command speaks of. In: accounts and a platform. Out: what the reader of job files goes by. What does not
//! belong here: reading files.

use super::sandbox_accounts::SandboxAccounts;
use crate::domain::{AccountId, AccountName, Platform};
use crate::jobfile::{OpaqueIds, RowIds};
use crate::platforms::spec;
use crate::store::Account;

/// Whose a file's rows may be, as far as this machine knows before it reads them.
#[derive(Clone, Debug, Default)]
pub struct RowOwners {
    /// The accounts of the queue.
    pub known: Vec<Account>,
    /// The account that was asked for.
    pub account: Option<AccountName>,
    /// The platform that was asked for.
    pub platform: Option<Platform>,
    /// That of rows whose account nobody names.
    pub default: Platform,
    /// Whether every other name is somebody, as in the sandbox.
    pub is_sandbox: bool,
}

impl RowOwners {
    /// How IDs look in the file of a job that has this account already.
    pub(super) fn ids(&self, of_job: Option<AccountId>) -> RowIds {
        let by_account =
            self.known.iter().map(|account| (account.name.clone(), opaque_ids(account.platform))).collect();
        let (mut by_prefix, mut unknown) = (Vec::new(), None);
        if self.is_sandbox {
            let begins =
                |platform: Platform| opaque_ids(platform).map(|ids| (SandboxAccounts::prefix_of(platform), ids));
            by_prefix = Platform::real().filter_map(begins).collect();
            unknown = opaque_ids(self.platform.unwrap_or_default());
        }
        RowIds { default: opaque_ids(self.platform_of_unnamed(of_job)), by_account, by_prefix, unknown }
    }

    /// On which platform the rows of an account act, or those that name none, in the file of a job that has this account already.
    pub(super) fn platform_of(&self, account: Option<&AccountName>, of_job: Option<AccountId>) -> Platform {
        let Some(name) = account else { return self.platform_of_unnamed(of_job) };
        let known = self.known.iter().find(|account| account.name == *name).map(|account| account.platform);
        known.or_else(|| self.pretended(name)).unwrap_or(self.default)
    }

    /// The platform that a name says in the sandbox, where every name is somebody.
    fn pretended(&self, name: &AccountName) -> Option<Platform> {
        let platform = self.platform.unwrap_or_default();
        self.is_sandbox.then(|| SandboxAccounts { base: None, platform }.platform_of(name))
    }

    /// As a load chooses it: the account asked for; that of the job, unless another platform is asked for; else the default.
    fn platform_of_unnamed(&self, of_job: Option<AccountId>) -> Platform {
        if let Some(name) = &self.account {
            return self.platform_of(Some(name), of_job);
        }
        let of_job = self.known.iter().find(|account| Some(account.id) == of_job).map(|account| account.platform);
        of_job.filter(|_| self.platform.is_none()).unwrap_or(self.default)
    }
}

/// The IDs of a platform where they are opaque: those of each host mean something there alone. None: X's.
pub(super) fn opaque_ids(platform: Platform) -> Option<OpaqueIds> {
    let grammar = spec(platform).target();
    let (read, kind_of, is_evident) = (grammar.reader(), grammar.kinds(), grammar.evidence());
    let (written_as, things_written_as) = (grammar.written_as, grammar.things_written_as);
    let ids = OpaqueIds { read, kind_of, is_evident, written_as, things_written_as };
    spec(platform).has_opaque_ids().then_some(ids)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::jobfile::{Fault, ReadOptions, RowVerdict, Source, Survey};

    fn account(id: i64, name: &str, platform: Platform) -> Account {
        let (name, user_id) = (name.parse().unwrap(), id.to_string().parse().unwrap());
        let host = (platform == Platform::Mastodon).then(|| "example.social".parse().unwrap());
        let (hold, trouble) = (None, None);
        let id = AccountId(id);
        Account { id, name, platform, host, user_id, hold, hold_backoff_level: 0, trouble, is_default: false }
    }

    fn survey(csv: &str, owners: &RowOwners, of_job: Option<AccountId>) -> (Source, Survey) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("unfollow.csv");
        std::fs::write(&path, csv).unwrap();
        let source = Source::open(&path).unwrap();
        let options = ReadOptions { ids: owners.ids(of_job), ..ReadOptions::default() };
        let survey = Survey::of(&source, &options).unwrap();
        (source, survey)
    }

    /// The targets of the rows, or the faults.
    fn read(csv: &str, owners: &RowOwners, of_job: Option<AccountId>) -> Vec<Result<String, Fault>> {
        let (source, survey) = survey(csv, owners, of_job);
        assert!(survey.damage.is_empty());
        let mut rows = survey.rows(&source).unwrap();
        let mut found = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            found.push(match row.verdict {
                RowVerdict::Task { target, .. } => Ok(target.to_string()),
                RowVerdict::Rejected { rejection, .. } => Err(rejection.fault),
            });
        }
        found
    }

    #[test]
    fn the_account_of_a_row_says_what_its_cells_mean() {
        let known = vec![account(1, "ada", Platform::XV2), account(2, "fedi", Platform::Mastodon)];
        let owners = RowOwners { known, ..RowOwners::default() };
        let csv = "account,target_id\n\
                   ada,20\nfedi,20\nada,01F6KXCP71V24GR0SJGAHRXSQ2\nfedi,01F6KXCP71V24GR0SJGAHRXSQ2\n\
                   ada,@jack\nfedi,@jack\nfedi,ada@example.org\nfedi,https://example.social/@a/1\n\
                   fedi,1.23457E+18\nfedi,109302.0\nfedi,\n,AdvWH4zzvRcuVGkJ4S\nnobody,7\n";
        let ok = |text: &str| Ok(text.to_owned());
        let want = [
            ok("20"),
            ok("20"),
            Err(Fault::NotAnId),
            ok("01F6KXCP71V24GR0SJGAHRXSQ2"),
            ok("@jack"),
            Err(Fault::NameForId),
            ok("@ada@example.org"),
            Err(Fault::WrongKind),
            Err(Fault::ScientificNotation),
            Err(Fault::NotAnOpaqueId),
            Err(Fault::EmptyTarget),
            Err(Fault::NotAnId),
            ok("7"),
        ];
        assert_eq!(read(csv, &owners, None), want);
        // The job's account is that of rows that name none.
        assert_eq!(read("target_id\nAdvWH4zzvRcuVGkJ4S\n", &owners, Some(AccountId(2))), [ok("AdvWH4zzvRcuVGkJ4S")]);
        let asked = RowOwners { account: Some("ada".parse().unwrap()), ..owners };
        let refused = read("target_id\nAdvWH4zzvRcuVGkJ4S\n", &asked, Some(AccountId(2)));
        assert_eq!(refused, [Err(Fault::NotAnId)]);
    }

    #[test]
    fn at_bluesky_a_text_says_whether_it_is_a_user_or_a_post() {
        let owners = RowOwners {
            known: vec![account(1, "sky", Platform::Bluesky)],
            default: Platform::Bluesky,
            ..RowOwners::default()
        };
        let did = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
        let post = format!("at://{did}/app.bsky.feed.post/3l6oveex3ii2l");
        let link = format!("https://bsky.app/profile/{did}");
        let csv = format!(
            "action,did,uri\nunfollow,{did},\nunfollow,{link},\nunfollow,{post},\nunlike,,{post}\nunlike,,{link}/post/3l6oveex3ii2l\n\
             delete-post,,{did}\nunblock,@Ada.example,\nunblock,ada.example,\nunlike,,ada.example\nunblock,ada,\nunblock,1.23E+18,\nunmute,{},\n",
            &did[..31]
        );
        let want = [
            Ok(did.to_owned()),
            Ok(did.to_owned()),
            Err(Fault::WrongKind),
            Ok(post.clone()),
            Ok(post),
            Err(Fault::WrongKind),
            Ok("@ada.example".to_owned()),
            Ok("@ada.example".to_owned()),
            Err(Fault::WrongKind),
            Err(Fault::NotAnOpaqueId),
            Err(Fault::ScientificNotation),
            Err(Fault::NameForId),
        ];
        assert_eq!(read(&csv, &owners, None), want);
        // One column needs no header, and its first line is a row.
        assert_eq!(read(&format!("{did}\n"), &owners, None), [Ok(did.to_owned())]);
    }

    /// A name under `target_id` has the form of an ID there, and is not refused: some server's IDs may look so.
    #[test]
    fn what_may_be_the_name_of_a_user_is_counted() {
        let known = vec![account(1, "ada", Platform::XV2), account(2, "fedi", Platform::Mastodon)];
        let owners = RowOwners { known, ..RowOwners::default() };
        let ids = "fedi,109302\nfedi,99999999999999999999\nfedi,01F6KXCP71V24GR0SJGAHRXSQ2\nfedi,AdvWH4zzvRcuVGkJ4S\n\
                   fedi,ada@example.org\nada,20\n";
        let (_, survey_of_ids) = survey(&format!("account,target_id\n{ids}"), &owners, None);
        assert_eq!((survey_of_ids.usable, survey_of_ids.doubtful), (6, None));
        let (_, found) = survey(&format!("account,target_id\n{ids}fedi,ada\nfedi,bob_1987\n"), &owners, None);
        let doubtful = found.doubtful.unwrap();
        assert_eq!((found.usable, doubtful.rows, doubtful.line, doubtful.text.as_str()), (8, 2, 8, "ada"));
    }

    #[test]
    fn a_rejected_row_is_told_what_its_own_platform_takes() {
        let known = vec![
            account(1, "ada", Platform::XV2),
            account(2, "fedi", Platform::Mastodon),
            account(3, "sky", Platform::Bluesky),
        ];
        let owners = RowOwners { known, ..RowOwners::default() };
        let csv =
            "account,target_id\nada,x-y\nada,\nfedi,@ada\nfedi,12.0\nfedi,\nsky,ada\nsky,@ada\nsky,\nsky,at://ada/x\n";
        let (_, survey) = survey(csv, &owners, None);
        assert_eq!(survey.rejected, 9);
        for example in &survey.examples {
            let said = &example.rejection.message;
            let (is_of_x, words) = match example.line {
                ..=3 => (true, "numeric ID"),
                4..=6 => (false, "@ada@example.org"),
                _ => (false, "did:plc:"),
            };
            assert!(said.contains(words) && said.contains("numeric ID") == is_of_x, "{}: {said}", example.line);
        }
    }

    /// In the sandbox every name is somebody, and names that begin so are Mastodon's.
    #[test]
    fn a_name_in_the_sandbox_says_its_platform() {
        let owners = RowOwners { is_sandbox: true, default: Platform::Sandbox, ..RowOwners::default() };
        let csv = "account,target_id\nmastodon-ada,01F6KX\nmastodonada,01F6KX\n,01F6KX\n";
        let not_an_id = || Err(Fault::NotAnId);
        assert_eq!(read(csv, &owners, None), [Ok("01F6KX".to_owned()), not_an_id(), not_an_id()]);
        let asked = RowOwners { platform: Some(Platform::Mastodon), default: Platform::MastodonSandbox, ..owners };
        assert!(read(csv, &asked, None).iter().all(Result::is_ok));
    }

    /// A file full of what would be rounded IDs at X: they are another platform's, and nobody knows better.
    #[test]
    fn ids_of_other_platforms_are_not_judged_by_how_x_counts() {
        let known = vec![account(2, "fedi", Platform::Mastodon)];
        let owners = RowOwners { known, default: Platform::Mastodon, ..RowOwners::default() };
        let rows: String = (0..200).map(|n| format!("{}00000\n", 10_000_000_000_000_u64 + n * 7_919)).collect();
        assert!(read(&format!("target_id\n{rows}"), &owners, None).iter().all(Result::is_ok));
    }
}
