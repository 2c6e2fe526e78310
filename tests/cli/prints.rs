//! What commands print, whole: a message that changes is one diff here. What differs between runs and machines is written as TIME, N or ~.
//! A change that is meant is taken over by `cargo insta review` (`cargo install cargo-insta`), or typed in.

use cleanup::domain::TaskState;
use cleanup::store::QueueKind;
use insta::assert_snapshot;

use super::program::{queue_with_job, work};
use crate::common::{Done, Home, RunToEnd, SandboxProcess};

/// The commands of a test, and all that they printed.
struct Session {
    home: Home,
    sandbox: Option<SandboxProcess>,
    printed: String,
}

impl Session {
    fn new() -> Session {
        Session { home: Home::new(), sandbox: None, printed: String::new() }
    }

    /// One whose platform answers.
    fn with_platform() -> Session {
        let home = Home::new();
        let sandbox = SandboxProcess::start(&home, &["--faults", "none"]);
        Session { home, sandbox: Some(sandbox), printed: String::new() }
    }

    /// Types a command; it has to end with this code.
    #[track_caller]
    fn types(&mut self, line: &str, code: i32) -> &mut Session {
        let words = line.split(' ').filter(|word| !word.is_empty());
        let done = match &self.sandbox {
            Some(sandbox) => self.home.against(sandbox, words).done(),
            None => self.home.cleanup(words).done(),
        };
        let Done { out, err, .. } = done.ends(code);
        self.printed.push_str(&format!("$ cleanup {line}\n"));
        for text in [out, err] {
            self.printed.push_str(&text);
        }
        self
    }

    /// What it all printed, without what is different the next time.
    fn printed(&self) -> String {
        let mut text = self.printed.replace(&self.home.folder.path().display().to_string(), "~");
        for shape in ["0000-00-00T00:00:00Z", "0000-00-00 00:00:00 UTC"] {
            while let Some(at) = shape_of(&text).find(shape) {
                text.replace_range(at..at + shape.len(), "TIME");
            }
        }
        for unit in [" ms", " s", " MiB free"] {
            text = without_numbers_of(unit, &text);
        }
        text
    }
}

/// The text with every digit as a 0.
fn shape_of(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
}

/// Writes N for what stands before a unit.
fn without_numbers_of(unit: &str, text: &str) -> String {
    let mut pieces = text.split(unit);
    let mut whole = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let is_whole_word = !piece.starts_with(|c: char| c.is_alphanumeric());
        let before = whole.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        if is_whole_word && before < whole.len() {
            whole.replace_range(before.., "N");
        }
        whole.push_str(unit);
        whole.push_str(piece);
    }
    whole
}

#[test]
fn the_help() {
    assert_snapshot!(Session::new().types("--help", 0).printed(), @r#"
    $ cleanup --help
    Bulk unfollow, unlike and other undo jobs from a CSV, inside the platform's rate limits, however
    often interrupted

    Usage: cleanup [OPTIONS] <COMMAND>

    Commands:
      run          Load job files, or pick up where they stopped, and work on them until done or told to
                   stop
      resume       Resume every unfinished job, or those named, of every account
      load         Queue job files without running them
      check        Read, judge and estimate job files; change nothing
      status       Show progress, slots left and when jobs will be done
      report       Write receipts: every row of a job and what became of it; or a page, or a list to do
                   by hand
      undo         List what a job has done, to restore it by hand: a CSV and a page of links
      verify       Read the account's list again, or a newer archive: what is confirmed, what came back,
                   what was never off
      retry        Queue the failed rows of a job again
      pause        Pause a job: nothing more of it is sent until `unpause`
      unpause      Let a paused job continue
      cancel       Cancel a job: nothing more of it is sent
      explain      Show every attempt at a target and what the platform answered
      audit        Recount the attempts on record: the fullest window of every account, and any over its
                   limit
      forget       Drop a settled job and its receipts; slots that still count stay
      import       Read a list out of an export of X, Bluesky or Mastodon: a CSV to edit and run
      list         Read a list of the account from the platform, as a CSV to look at, edit and run
      account      Log in and out, list, check, import: who cleanup may act for
      schedule     Run files every night: add, list, next, run, skip, remove, install
      doctor       Look for everything that can be wrong: configuration, queue, permissions, disk,
                   logins
      db           The queue's database: bring its schema up to date, move the queue into another
      config       The settings: every value and where it comes from, and a config file to begin with
      serve        Work on the queue all the time, with a dashboard in the browser
      sandbox      Serve the sandbox, a platform to try things on, on this machine
      completions  Print a completion script for a shell
      man          Print the manual: all of it, or the page of one command
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Global options:
          --db <QUEUE>
              The queue: a file, or postgres://USER@HOST/DATABASE [env: CLEANUP_DB]

          --config <FILE>
              The config file [env: CLEANUP_CONFIG]

      -v, --verbose...
              Say more; twice: debug, three times: trace

      -q, --quiet
              Say only what went wrong

          --color <WHEN>
              Colour what is said

              Possible values:
              - auto:   On a terminal, unless NO_COLOR is set
              - always: Always
              - never:  Never
              
              [default: auto]

          --log-format <FORMAT>
              How log lines look

              Possible values:
              - text: For people
              - json: An object a line

          --log-file <FILE>
              Append log lines to this file instead of stderr

    Examples:
      cleanup check unfollow.csv            read the file and say what would happen
      cleanup run unfollow.csv              load it and work on it until done
      cleanup run unfollow.csv --sandbox    the same in the sandbox: nothing is sent to X
      cleanup status                        progress, slots left, expected end
      cleanup report unfollow -o out.csv    what became of every row
      cleanup import twitter.zip --what likes -o unlike.csv
                                            your likes, from the data archive X sends
      cleanup list following -o unfollow.csv
                                            whom you follow, from the platform
      cleanup account login                 log in once; the login is stored encrypted, and refreshed

    Exit codes:
       0 done                           69 no answer from the platform
       2 usage                          74 disk or database
       3 done, with failed or           75 another process drains the queue
         rejected rows                  77 an account needs you
       4 stopped early, work left       78 configuration
      65 bad input, nothing queued   128+N stopped by signal N
    "#);
}

#[test]
fn a_queue_that_is_not_there() {
    let mut session = Session::new();
    session.types("status", 0).types("status --json", 0).types("report likes", 2).types("resume --yes", 0);
    session.types("run unfollow.csv", 65);
    assert_snapshot!(session.printed(), @r#"
    $ cleanup status
    there is no queue at ~/.local/share/cleanup/queue.db; `cleanup load FILE.csv` makes one
    $ cleanup status --json
    {"jobs":[],"accounts":[],"drains":[],"servers":[],"snapshot":null}
    $ cleanup report likes
    error: there is no queue at ~/.local/share/cleanup/queue.db
    hint: `cleanup load FILE.csv` makes one
    $ cleanup resume --yes
    there is no queue at ~/.local/share/cleanup/queue.db; `cleanup load FILE.csv` makes one
    $ cleanup run unfollow.csv
    error: unfollow.csv: there is no such file
    hint: check the path (- is standard input), or make the file: `cleanup list` and `cleanup import` do
    "#);
}

#[test]
fn a_file_is_checked_run_and_reported() {
    let mut session = Session::with_platform();
    let rows = "user_id\n1629556410996121225\n1629556410996121226\nabc\n1629556410996121225\n";
    session.home.write("unfollow.csv", rows);
    session.types("check unfollow.csv", 3).types("run unfollow.csv --yes --progress none", 3);
    session.types("status", 0).types("report unfollow", 0).types("explain 1629556410996121225", 0);
    session.types("audit", 0).types("run unfollow.csv --yes --progress none", 3);
    assert_snapshot!(session.printed(), @r#"
    $ cleanup check unfollow.csv
    unfollow.csv: 4 rows (UTF-8, comma-separated)
      unfollow.csv:4: user_id "abc": not an ID: a handle is written @abc, or stands in a column called handle or username
      rejected, not_an_id: 1
      would unfollow 2 users as x-2244994945
      unfollow is open to Enterprise apps only since 20 April 2026: expect a self-serve app to be refused at the first requests
      1 row repeats an earlier one, not sent again
      takes about N s within the limits, costs $0.02 at listed prices
    $ cleanup run unfollow.csv --yes --progress none
    unfollow 2 users as x-2244994945 on x-v2, at most 50/15m: about N s, $0.02 at listed prices
    X forbids bulk and aggressive actions, and any action without the account owner's express consent; whether your use is allowed is yours to judge
    X also documents 500/24h of unfollow for all users of an app together; to keep to it, put a [[windows]] with scope = "app" into the configuration
    unfollow is open to Enterprise apps only since 20 April 2026: expect a self-serve app to be refused at the first requests
    unfollow.csv:4: user_id "abc": not an ID: a handle is written @abc, or stands in a column called handle or username
    unfollow: 4 rows: 2 to do, 1 duplicate, 1 rejected
    unfollow: 2 done, 1 duplicate, 1 rejected (4 rows)
    2 requests in N s, $0.02
    row by row: `cleanup report unfollow`
    $ cleanup status
    Jobs
      unfollow  finished  4/4 settled (2 done, 1 duplicate, 1 rejected)
    Accounts
      x-2244994945  x-v2 user 2244994945
        50/15m: 48 slots left
    $ cleanup report unfollow
    user_id,line,outcome,reason,http_status,attempts,finished_at
    1629556410996121225,2,done,,200,1,TIME
    1629556410996121226,3,done,,200,1,TIME
    abc,4,rejected,not_an_id,,0,
    1629556410996121225,5,duplicate,duplicate,,0,
    $ cleanup explain 1629556410996121225
    unfollow, line 2
      unfollow by account x-2244994945: done
      1. TIME  HTTP 200 after N ms: done
    $ cleanup audit
    x-2244994945  x-v2 user 2244994945: 2 attempts
      50/15m: fullest 2 of 50 at TIME
      1000/24h unlike: never used
    $ cleanup run unfollow.csv --yes --progress none
    unfollow: the file is unchanged since it was last loaded
    unfollow: 2 done, 1 duplicate, 1 rejected (4 rows)
    0 requests in N s, $0.00
    nothing was left to do, nothing was sent; `cleanup run ~/unfollow.csv --again` starts a finished file over
    row by row: `cleanup report unfollow`
    "#);
}

#[test]
fn a_job_is_steered() {
    let mut session = Session::new();
    queue_with_job(session.home.queue(), QueueKind::Real, "likes");
    work(session.home.queue(), QueueKind::Real, 1, TaskState::Failed);
    session.types("status", 0).types("resume --dry-run", 3).types("pause likes", 0).types("status likes", 0);
    session.types("unpause likes", 0).types("retry likes", 0).types("cancel likes", 0).types("forget likes --yes", 0);
    session.types("status", 0);
    assert_snapshot!(session.printed(), @r#"
    $ cleanup status
    Jobs
      likes  pending  3/5 settled (1 failed, 1 duplicate, 1 rejected, 2 pending)
        needs you: ada: there are no credentials for it. `cleanup account login ada` logs it in; or set its variables. Then `cleanup resume`
    Accounts
      ada  x-v2 user 42
        50/15m: 49 slots left
        1000/24h unlike: 999 slots left
    $ cleanup resume --dry-run
    likes: would send at most 2 of 5 rows; an older version queued them, and the run judges them once more first
    unlike 2 posts as ada on x-v2, at most 50/15m and 1000/24h: about N s, $0.02 at listed prices
    X forbids bulk and aggressive actions, and any action without the account owner's express consent; whether your use is allowed is yours to judge
    unlike is open to Enterprise apps only since 20 April 2026: expect a self-serve app to be refused at the first requests
    $ cleanup pause likes
    likes is paused with 2 rows left; requests in flight are completed
    next: `cleanup unpause likes`
    $ cleanup status likes
    Jobs
      likes  paused  3/5 settled (1 failed, 1 duplicate, 1 rejected, 2 pending)
        paused: `cleanup unpause likes` lifts it
    Accounts
      ada  x-v2 user 42
        50/15m: 49 slots left
        1000/24h unlike: 999 slots left
    $ cleanup unpause likes
    likes is no longer paused: 2 rows left
    next: `cleanup resume likes` (a run in progress picks it up by itself)
    $ cleanup retry likes
    likes: 1 failed row is queued again
    it was refused for its target, and the platform refuses that again unless it has changed there
    next: `cleanup resume likes`
    $ cleanup cancel likes
    likes is cancelled: 3 rows will not be sent
    next: `cleanup report likes`
    $ cleanup forget likes --yes
    likes is forgotten: 3 tasks and 0 attempts; 1 attempt is kept while it may count towards a rate limit
    $ cleanup status
    this queue has no jobs; `cleanup load FILE.csv` makes one
    Accounts
      ada  x-v2 user 42
        50/15m: 49 slots left
        1000/24h unlike: 999 slots left
    "#);
}

#[test]
fn a_name_that_is_mistyped() {
    let mut session = Session::new();
    queue_with_job(session.home.queue(), QueueKind::Real, "likes");
    session.types("statsu", 2).types("report liks", 2).types("explain ada", 2).types("run likes.csv --rate 50", 2);
    assert_snapshot!(session.printed(), @r#"
    $ cleanup statsu
    error: unrecognized subcommand 'statsu'

      tip: a similar subcommand exists: 'status'

    Usage: cleanup [OPTIONS] <COMMAND>

    For more information, try '--help'.
    $ cleanup report liks
    error: there is no job named liks
    hint: did you mean likes? jobs: likes
    $ cleanup explain ada
    error: invalid value 'ada' for '<ID>': give an ID, a handle as @name, a link to a profile or post, a DID or the at:// address of a post

    For more information, try '--help'.
    $ cleanup run likes.csv --rate 50
    error: invalid value '50' for '--rate <N/TIME>': "50" is not a rate: there is no slash; write it as 50/15m (a number from 1 to 1000000 per 1s to 31d)

    For more information, try '--help'.
    "#);
}
