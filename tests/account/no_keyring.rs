//! A build without the OS keyring, where the configuration chooses it.

use crate::account::bench::{Bench, KEY};

#[test]
fn a_build_without_the_keyring_says_how_to_get_one_that_has_it() {
    let bench = Bench::new();
    let config = format!("[x]\nredirect = \"{}\"\n[credentials]\nkey = \"keyring\"\n", bench.redirect);
    bench.write("config.toml", &config);
    let header = "name,platform,user_id,access_token,refresh_token,expires_at,access_secret";
    bench.write("accounts.csv", format!("{header}\nwork,x-v1,98,98-an-access-token,,,a-secret\n"));
    let done = bench.run(&["account", "import", "accounts.csv"]).ends(78);
    done.says("this build of cleanup has no OS keyring in it").says("--features keyring").says("key = \"file\"");
    assert!(!bench.path(".local/share/cleanup/credentials.key").exists(), "no key is made where none was asked for");
    bench.run_with(&["account", "import", "accounts.csv"], &[("CLEANUP_KEY", KEY)]).ends(0);
}
