//! `cleanup audit` counts what was read again, by the windows of each list.

use crate::common::{Home, SandboxProcess, json, stderr, stdout};
use crate::lists::fetch::{ended, list};

#[test]
fn what_was_read_is_counted_again() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--lists", "650", "--faults", "none"]);
    ended(list(&home, &sandbox, &["likes"]), 0);
    ended(list(&home, &sandbox, &["mutes"]), 0);
    let told = json(&ended(home.cleanup(["audit", "--json"]), 0));
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
    change(&home, more);
    let over = ended(home.cleanup(["audit"]), 1);
    assert!(stdout(&over).contains("fullest 21 of 15") && stdout(&over).contains("OVER 6 times"), "{}", stdout(&over));
    assert!(stdout(&over).contains("reading muting: 21 requests"), "{}", stdout(&over));

    // After the machine has booted nobody knows any more when they were taken: they are counted, and accuse nobody.
    change(&home, "update read_request set boot = 'before', reserved_at = reserved_at - 864000000");
    let told = ended(home.cleanup(["audit"]), 0);
    assert!(
        stdout(&told).contains("reading muting: 21 requests") && !stdout(&told).contains("OVER"),
        "{}",
        stdout(&told)
    );
    assert!(stderr(&told).is_empty(), "{}", stderr(&told));
}

fn change(home: &Home, sql: &'static str) {
    crate::cli::program::wait(async {
        use sqlx::Connection;
        let url = format!("sqlite://{}", home.queue().display());
        let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
        sqlx::query(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}
