//! What is uploaded is queued whole, or not at all: an answer that speaks of trouble is never followed by requests.

use super::served::{Answer, Served};

pub(super) const KIND: &str = "multipart/form-data; boundary=line";

/// Fields of the form: name, file name (empty: no file), content.
pub(super) type Field<'a> = (&'a str, &'a str, &'a str);

pub(super) fn receive(served: &Served, cookie: &str, fields: &[Field<'_>]) -> Answer {
    let mut body = String::new();
    for (name, file, content) in fields {
        let file = if file.is_empty() { String::new() } else { format!("; filename=\"{file}\"") };
        body.push_str(&format!("--line\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n"));
    }
    let origin = format!("http://{}", served.address);
    let headers = [("cookie", cookie), ("origin", &origin), ("content-type", KIND)];
    served.ask("POST", "/new", &headers, &format!("{body}--line--\r\n"))
}

/// Receives a file and gives the page that asks about it.
pub(super) fn received(served: &Served, cookie: &str, fields: &[Field<'_>]) -> String {
    let answer = receive(served, cookie, fields);
    assert_eq!(answer.status, 303, "{answer:?}");
    answer.head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap().to_owned()
}

#[test]
fn a_form_with_several_files_is_refused_and_nothing_of_it_stays() {
    let served = Served::start();
    let cookie = served.cookie();
    let file = rows(0..3);
    for name in ["file", "keep"] {
        let many = vec![(name, "unfollow.csv", &*file); 20];
        let answer = receive(&served, &cookie, &many);
        assert!(answer.status == 422 && answer.body.contains("more than once"), "{answer:?}");
        assert_eq!(listed(&served), [""; 0], "{name}");
    }
    let twice = [("file", "unfollow.csv", &*file), ("job", "", "a"), ("job", "", "b")];
    assert_eq!(receive(&served, &cookie, &twice).status, 422);
    // A form whose file comes last, or without a name, leaves nothing behind either.
    assert_eq!(receive(&served, &cookie, &[("keep", "friends.csv", &*file)]).status, 422);
    assert_eq!(receive(&served, &cookie, &[("file", "unfollow.csv", &*file), ("action", "", "fly")]).status, 422);
    assert_eq!(listed(&served), [""; 0]);
}

#[test]
fn a_folder_that_others_can_write_takes_no_upload_and_the_page_says_what_to_do() {
    use std::os::unix::fs::PermissionsExt;
    let served = Served::start();
    let cookie = served.cookie();
    std::fs::create_dir(uploads(&served)).unwrap();
    std::fs::set_permissions(uploads(&served), std::fs::Permissions::from_mode(0o777)).unwrap();
    let file = rows(0..3);
    let answer = receive(&served, &cookie, &[("file", "unfollow.csv", &*file)]);
    assert_eq!(answer.status, 422, "{answer:?}");
    for told in ["uploads was made by somebody else, or can be written by others", "remove it, or keep the queue in"] {
        assert!(answer.body.contains(told), "{told}? {answer:?}");
    }
    assert_eq!(listed(&served), [""; 0]);
}

#[test]
fn an_upload_that_breaks_off_or_is_too_long_leaves_nothing_behind() {
    use std::io::Write;
    let served = Served::start();
    let cookie = served.cookie();
    let path = served.page("/new");
    let begin = |length: u64| {
        let mut stream = std::net::TcpStream::connect(served.connect_to()).unwrap();
        let address = &served.address;
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\ncookie: {cookie}\r\nconnection: close\r\n\
             content-type: {KIND}\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    let part = "--line\r\ncontent-disposition: form-data; name=\"file\"; filename=\"unfollow.csv\"\r\n\r\n1\n";
    let mut stream = begin(50_000);
    stream.write_all(part.as_bytes()).unwrap();
    let is_there = |served: &Served| {
        let folder = std::fs::read_dir(uploads(served)).ok()?;
        Some(folder.count())
    };
    served.until("it is being received", |served| is_there(served).filter(|files| *files == 1));
    drop(stream);
    served.until("it is gone", |served| is_there(served).filter(|files| *files == 0));
    // Said before the first byte of it is read.
    let answer = Answer::read(&mut begin(600 * 1024 * 1024));
    assert!(answer.status == 413 && answer.body.contains("cleanup load"), "{answer:?}");
}

#[test]
fn what_stands_outside_the_fields_of_a_form_is_bounded_and_long_files_are_not_taken_for_it() {
    use std::io::Write;
    let served = Served::start();
    let cookie = served.cookie();
    let path = served.page("/new");
    let head = "--line\r\ncontent-disposition: form-data; name=\"file\"; filename=\"unfollow.csv\"\r\nx-long: ";
    for begin in ["", head] {
        let mut stream = std::net::TcpStream::connect(served.connect_to()).unwrap();
        let address = &served.address;
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\ncookie: {cookie}\r\nconnection: close\r\n\
             content-type: {KIND}\r\ncontent-length: {}\r\n\r\n{begin}{}",
            64 << 20,
            "x".repeat(5 << 20)
        );
        // It may be cut off before all of it has left.
        let _ = stream.write_all(request.as_bytes());
        let answer = Answer::read(&mut stream);
        assert!(answer.status == 413 && answer.body.contains("outside its fields"), "{begin:?} {answer:?}");
    }
    let file = format!("target_id,note\n5,{}\n", "x".repeat(6 << 20));
    let mut fields: Vec<Field<'_>> =
        ["job", "action", "account", "platform", "column"].map(|name| (name, "", "")).into();
    fields.extend([("file", "unfollow.csv", &*file), ("keep", "friends.csv", &*file), ("strict", "", "on")]);
    received(&served, &cookie, &fields);
}

pub(super) fn rows(numbers: std::ops::Range<u64>) -> String {
    numbers.map(|n| format!("{}\n", 1_629_556_410_996_121_225 + n)).collect()
}

pub(super) fn status(served: &Served) -> serde_json::Value {
    serde_json::from_slice(&served.cleanup(&["status", "--json"]).stdout).unwrap()
}

pub(super) fn uploads(served: &Served) -> std::path::PathBuf {
    served.path(".local/share/cleanup/uploads")
}

pub(super) fn listed(served: &Served) -> Vec<String> {
    let files = std::fs::read_dir(uploads(served)).unwrap();
    let mut names: Vec<String> = files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_name_that_no_file_can_have_is_refused_before_anything_is_queued() {
    let served = Served::start();
    let cookie = served.cookie();
    let name = "名".repeat(100);
    let answer = receive(&served, &cookie, &[("file", "unfollow.csv", &rows(0..3)), ("job", "", &name)]);
    assert_eq!(answer.status, 422, "{answer:?}");
    assert!(answer.body.contains("200 bytes"), "{}", answer.body);
    // The longest that is taken is queued, with a keep list.
    let name = "名".repeat(66);
    let fields = [("file", "unfollow.csv", &*rows(0..3)), ("keep", "keep.csv", &*rows(1..2)), ("job", "", &name)];
    let place = received(&served, &cookie, &fields);
    let answer = served.post(&place, &cookie, "");
    assert!(answer.status == 303 && answer.head.contains("said=loaded"), "{answer:?}");
    assert_eq!(status(&served)["jobs"][0]["kept"], 1);
    // One without entries, as an export leaves it that broke off, is none.
    let fields = [("file", "unfollow.csv", &*rows(0..3)), ("keep", "keep.csv", "# nobody\n"), ("job", "", "other")];
    let said = served.get(&received(&served, &cookie, &fields), &cookie).body;
    assert!(said.contains("the list has no entries; nothing was changed"), "{said}");
}

/// Chooses otherwise for a file that was refused, and says where that leads.
pub(super) fn choose(served: &Served, cookie: &str, place: &str, form: &str) -> Answer {
    served.post(&format!("{place}/choices"), cookie, form)
}

#[test]
fn a_file_that_is_refused_is_kept_with_what_was_chosen_and_the_form_says_what_to_change() {
    let served = Served::start();
    let cookie = served.cookie();
    let rows = "user_id,account_id\n1629556410996121225,1629556410996121226\n1629556410996121227,1629556410996121228\n";
    let fields = [
        ("file", "people.csv", rows),
        ("keep", "friends.csv", "1629556410996121227\n"),
        ("action", "", "unfollow"),
        ("job", "", "old <friends>"),
        ("strict", "", "1"),
    ];
    // A name that cannot be one, and two columns that may hold the targets.
    let named = receive(&served, &cookie, &fields);
    let form = &named.body;
    assert!(named.status == 422 && form.contains("cannot be the name of a job"), "{named:?}");
    let place = form.split("action=\"").filter_map(|rest| rest.split_once("/choices\"")).map(|(place, _)| place).last();
    let place = place.unwrap_or_else(|| panic!("{form}")).to_owned();
    for kept in [
        "<strong>people.csv</strong> and the list of those never to touch are kept",
        "<option value=\"unfollow\" selected>",
        "value=\"old &lt;friends&gt;\"",
        "name=\"strict\" value=\"1\" checked",
    ] {
        assert!(form.contains(kept), "{kept}? {form}");
    }
    assert_eq!(served.post(&place, &cookie, "").status, 422, "it cannot be queued so");
    let again = choose(&served, &cookie, &place, "job=a%2Fb&action=unfollow");
    assert!(again.status == 422 && again.body.contains("value=\"a/b\""), "{again:?}");
    assert_eq!(choose(&served, &cookie, &place, "job=friends&action=unfollow").status, 303);
    let two = served.get(&place, &cookie);
    assert!(two.status == 422 && two.body.contains("“Column of the targets”"), "{two:?}");
    assert!(!two.body.contains("--column") && two.body.contains("value=\"friends\""), "{}", two.body);
    assert_eq!(choose(&served, &cookie, &place, "job=friends&action=unfollow&column=user_id").status, 303);
    let fine = served.get(&place, &cookie);
    assert!(fine.status == 200 && fine.body.contains("What would happen"), "{fine:?}");
    assert_eq!(status(&served)["jobs"], serde_json::json!([]), "nothing has been queued");
    let answer = served.post(&place, &cookie, "");
    assert!(answer.status == 303 && answer.head.contains("said=loaded"), "{answer:?}");
    let job = &status(&served)["jobs"][0];
    assert_eq!((&job["job"], &job["rows"], &job["kept"]), (&"friends".into(), &2.into(), &1.into()), "{job}");
    assert!(!listed(&served).iter().any(|name| name.contains("incoming")), "{:?}", listed(&served));
    // Without a file there is nothing to keep but what was chosen.
    let none = receive(&served, &cookie, &[("file", "", ""), ("action", "", "unmute"), ("again", "", "1")]);
    assert!(none.status == 422 && none.body.contains("No file was chosen"), "{none:?}");
    assert!(
        none.body.contains("<option value=\"unmute\" selected>")
            && none.body.contains("name=\"again\" value=\"1\" checked")
    );
    assert_eq!(choose(&served, &cookie, "/new/99", "job=x").status, 404);
}
