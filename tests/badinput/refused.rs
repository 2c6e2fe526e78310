//! What is refused has changed nothing.

use crate::common::{Home, RunToEnd, ids};

#[test]
fn a_refused_load_leaves_no_account_behind() {
    let home = Home::new();
    home.write("unfollow.csv", ids(3));
    let load = |user: &str| home.cleanup(["load", "unfollow.csv"]).env("CLEANUP_X_USER_ID", user).done();
    assert_eq!(load("11").code, 0);
    assert_eq!(load("22").code, 2, "the job belongs to another account");
    let status = home.cleanup(["status", "--json"]).done().json();
    let users: Vec<_> = status["accounts"].as_array().unwrap().iter().map(|a| a["user_id"].clone()).collect();
    assert_eq!(users, ["11"]);
}
