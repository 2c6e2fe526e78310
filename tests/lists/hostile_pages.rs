//! Pages that no honest platform writes: a list that would seem shorter than it is, or that has no end.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use crate::common::{Done, Home, RunToEnd};

/// A platform whose answer is made from the path asked for; and what it was asked for.
fn platform(answer: fn(&str, usize) -> String) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let path = head.next().unwrap_or_default().split(' ').nth(1).unwrap_or_default().to_owned();
            head.take_while(|line| !line.is_empty()).for_each(drop);
            let count = {
                let mut record = record.lock().unwrap();
                record.push(path.clone());
                record.len()
            };
            let body = answer(&path, count);
            let length = body.len();
            let _ = write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
        }
    });
    (url, asked)
}

fn page(ids: &[u64], next: &str) -> String {
    let data: Vec<_> = ids.iter().map(|id| serde_json::json!({"id": id.to_string()})).collect();
    serde_json::json!({"data": data, "meta": {"result_count": ids.len(), "next_token": next}}).to_string()
}

fn list(home: &Home, url: &str, words: &[&str]) -> Done {
    let mut command = home.cleanup(["list", "following", "-o", "out.csv"].iter().chain(words));
    command.env("CLEANUP_X_API", url).env("CLEANUP_X_TOKEN", "t").env("CLEANUP_X_USER_ID", "42").done()
}

/// It ends with 4, says why, and writes no list.
fn refused(answer: fn(&str, usize) -> String, words: &[&str], why: &str) -> usize {
    let (home, (url, asked)) = (Home::new(), platform(answer));
    let output = list(&home, &url, words);
    let said = output.err;
    assert_eq!(output.code, 4, "{said}");
    assert!(said.contains(why) && said.contains("nothing was written"), "{said}");
    assert!(!home.path("out.csv").exists());
    asked.lock().unwrap().len()
}

#[test]
fn a_list_that_goes_in_a_circle_has_an_end() {
    let requests = refused(|_, _| page(&[1_600_000_000_000_000_001], "again"), &[], "names itself as the next one");
    assert_eq!(requests, 2);
    let two = |_: &str, count: usize| page(&[1_600_000_000_000_000_001], ["a", "b"][count % 2]);
    assert_eq!(refused(two, &[], "20 pages in a row had no new entry"), 21);
    let empty = |_: &str, count: usize| page(&[], &format!("c{count}"));
    assert_eq!(refused(empty, &[], "20 pages in a row had no new entry"), 20);
}

#[test]
fn a_list_whose_end_cannot_be_asked_for_is_not_taken_for_the_whole() {
    let longer = |_: &str, _: usize| page(&[1_600_000_000_000_000_001], "next==");
    assert_eq!(refused(longer, &[], "the cursor of the next page"), 1);
    let numbers = |_: &str, _: usize| {
        r#"{"data":[{"id":"1600000000000000001"},{"id":1600000000000000002}],"meta":{"result_count":2}}"#.to_owned()
    };
    assert_eq!(refused(numbers, &[], "1 of 2 entries of a page have no ID"), 1);
    // The worst of it: whoever is not among the followers would be unfollowed.
    let followers = |path: &str, _: usize| match path.contains("/followers") {
        true => page(&[1_600_000_000_000_000_001], "next=="),
        false => page(&[1_600_000_000_000_000_001, 1_600_000_000_000_000_002], ""),
    };
    assert_eq!(refused(followers, &["--not-following-back"], "the cursor of the next page"), 1);
}

#[test]
fn pages_that_nobody_can_read_are_not_asked_for_many_times() {
    let many = |_: &str, _: usize| format!(r#"{{"data":[{}1]}}"#, "1,".repeat(300_000));
    assert_eq!(refused(many, &[], "the platform answers, but sends no usable page"), 5);
}

/// X bills what it hands over, and does not ask whether it could be read: a thousand users are $10.00 for each page.
#[test]
fn pages_that_nobody_can_read_count_for_what_may_be_spent() {
    let none = |_: &str, _: usize| "<html>busy</html>".to_owned();
    assert_eq!(refused(none, &["--max-spend", "25"], "another page would cost more than --max-spend $25.00 leaves"), 2);
    assert_eq!(refused(none, &["--max-spend", "100"], "the platform answers, but sends no usable page"), 5);
}
