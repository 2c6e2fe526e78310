//! What is refused has changed nothing.

use crate::common::{Home, code, ids, json};

#[test]
fn a_refused_load_leaves_no_account_behind() {
    let home = Home::new();
    home.write("unfollow.csv", ids(3));
    let load = |user: &str| home.cleanup(["load", "unfollow.csv"]).env("CLEANUP_X_USER_ID", user).output().unwrap();
    assert_eq!(code(&load("11")), 0);
    assert_eq!(code(&load("22")), 2, "the job belongs to another account");
    let status = json(&home.cleanup(["status", "--json"]).output().unwrap());
    let users: Vec<_> = status["accounts"].as_array().unwrap().iter().map(|a| a["user_id"].clone()).collect();
    assert_eq!(users, ["11"]);
}
