//! A login that is being refreshed. A refresh token is good once: whoever has used what it brought has it on the disk.

use super::disk::PowerCut;
use super::recording::Recording;
use crate::common::tries::{dice, of_forms, tried};
use crate::common::{Home, RunToEnd};
use crate::faults::refresh::{ROWS, prepare, resume_in};
use crate::tokens::bench::start_sandbox;

#[test]
fn a_pair_that_has_been_used_is_on_the_disk() {
    let mut dice = dice();
    let sandbox = start_sandbox();
    let bench = prepare(&sandbox);
    let recording = Recording::of(&resume_in(bench.folder.path(), &bench), "", bench.folder.path());
    assert_eq!(recording.done.code, 0, "{}", recording.done.err);
    let cuts = PowerCut::of(&recording, of_forms(16, 200), &mut dice);
    let mut used = 0;
    for cut in &cuts {
        let home = Home::new();
        cut.lay_down(&recording, home.folder.path(), &mut dice);
        let (sent, _) = cut.sent_and_said(&recording);
        home.cleanup(["doctor"]).done().says("queue: not damaged, and every counter is right");
        if !sent.contains("/2/users/") {
            // What the server has used by now may be lost: then the account asks for a login, as after a death.
            let accounts = home.cleanup(["account", "list", "--json"]).done().ends(0).json();
            assert_eq!(accounts["accounts"][0]["name"], "anna", "{cut:?}: {accounts}");
            continue;
        }
        used += 1;
        let next = resume_in(home.folder.path(), &bench).done();
        assert_eq!(next.code, 0, "{cut:?}: {}", next.err);
        let ends = home.cleanup(["status", "--json"]).done().ends(0).json();
        assert_eq!(ends["jobs"][0]["done"], ROWS, "{cut:?}: {ends}");
        let oauth = sandbox.oauth_ledger();
        assert_eq!((oauth.most_arrivals, oauth.reused), (1, 0), "{cut:?}: {oauth:?}");
    }
    assert!(used > 1, "no cut came after the first use: the test shows nothing");
    tried("the power is cut, refresh of a login", cuts.len());
}
