//! What is known of a target is on disk before its request leaves: whoever dies then still has the list to restore.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use cleanup::domain::TaskState;
use cleanup::store::{PickOrder, PickedTask, QueueKind, QueuePlace, Store, TaskFilter};

use crate::common::{Home, RunToEnd, wait};

/// The tasks that are being sent, as another process sees them.
fn being_sent(queue: &QueuePlace) -> Vec<PickedTask> {
    wait(async {
        let mut store = Store::open(queue, QueueKind::Real).await.unwrap();
        let job = store.queue().job("unfollow").await.unwrap().unwrap();
        let wanted = TaskFilter { states: vec![TaskState::Sending], ghosts: false };
        store.read().select_tasks(&job, 1, &wanted, PickOrder::File).await.unwrap();
        let tasks = store.read().picked(0, 100).await.unwrap();
        store.read().end_picking().await.unwrap();
        store.close().await;
        tasks
    })
}

#[test]
fn the_row_is_on_disk_when_its_request_arrives() {
    let home = Home::new();
    home.write("unfollow.csv", "target_id,handle,name\n1212161512043446272,@synthetic_one,Zoë\n");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let queue = home.queue();
    let platform = std::thread::spawn(move || {
        // Before its first row a run looks at the platform's clock; that is answered and passed over.
        for _ in 0..20 {
            let (mut stream, _) = listener.accept().unwrap();
            let mut line = String::new();
            BufReader::new(stream.try_clone().unwrap()).read_line(&mut line).unwrap();
            let is_row = line.starts_with("DELETE ");
            let seen = if is_row { being_sent(&queue) } else { Vec::new() };
            let body = if is_row { r#"{"data":{"following":false}}"# } else { "{}" };
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
            write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
            if is_row {
                return (line, seen);
            }
        }
        panic!("the row never came");
    });
    let mut run = home.cleanup(["run", "unfollow.csv", "--yes", "--give-up-after", "20s"]);
    run.env("CLEANUP_X_API", url).env("CLEANUP_X_TOKEN", "synthetic").env("CLEANUP_X_USER_ID", "2244994945");
    run.done().ends(0);
    let (line, seen) = platform.join().unwrap();
    assert!(line.starts_with("DELETE /2/users/2244994945/following/1212161512043446272 "), "{line}");
    let [task] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!(task.target.to_string(), "1212161512043446272");
    assert_eq!(task.record.as_deref(), Some("1212161512043446272,@synthetic_one,Zoë"));
}
