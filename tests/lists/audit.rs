//! `cleanup audit` counts what was read again, by the windows of each list.

use crate::common::{Home, SandboxProcess, sql};
use crate::lists::fetch::{ended, list};

#[test]
fn what_was_read_is_counted_again() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--lists", "650", "--faults", "none"]);
    ended(list(&home, &sandbox, &["likes"]), 0);
    ended(list(&home, &sandbox, &["mutes"]), 0);
    let told = ended(home.cleanup(["audit", "--json"]), 0).json();
    let reads = told["accounts"][0]["reads"].as_array().unwrap().clone();
    let of = |name: &str| reads.iter().find(|read| read["endpoint"] == name).unwrap().clone();
    let window = |name: &str| of(name)["windows"][0].clone();
    assert_eq!((&of("liked_tweets")["requests"], &window("liked_tweets")["limit"]), (&7.into(), &75.into()), "{told}");
    assert_eq!((&window("liked_tweets")["fullest"], &window("liked_tweets")["over"]), (&7.into(), &0.into()));
    assert_eq!((&window("muting")["fullest"], &window("muting")["window_s"]), (&1.into(), &900.into()), "{told}");

    // Twenty more of a list that may be asked for 15 times, which the program itself never does.
    let more =
        "insert into read_request (account_id, app, endpoint, boot, reserved_tick, reserved_at, upper_tick, ended_at)
                with recursive n (i) as (select 1 union all select i + 1 from n where i < 20)
                select account_id, app, endpoint, boot, reserved_tick + i, reserved_at + i, upper_tick + i, ended_at
                  from read_request, n where endpoint = 'muting'";
    sql::change(home.queue(), more);
    let over = ended(home.cleanup(["audit"]), 1);
    assert!(over.out.contains("fullest 21 of 15") && over.out.contains("OVER 6 times"), "{}", over.out);
    assert!(over.out.contains("reading muting: 21 requests"), "{}", over.out);

    // After the machine has booted nobody knows any more when they were taken: they are counted, and accuse nobody.
    sql::change(home.queue(), "update read_request set boot = 'before', reserved_at = reserved_at - 864000000");
    let told = ended(home.cleanup(["audit"]), 0);
    assert!(told.out.contains("reading muting: 21 requests") && !told.out.contains("OVER"), "{}", told.out);
    assert!(told.err.is_empty(), "{}", told.err);
}
