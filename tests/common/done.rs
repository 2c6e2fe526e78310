//! What a program did: one way to run a command to its end and to say what is expected of it.

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// What a program did.
#[derive(Debug)]
pub struct Done {
    /// Its exit code; -1 where a signal ended it.
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// Commands that are run to their end.
pub trait RunToEnd {
    /// Runs it with the stdin that it has.
    fn done(&mut self) -> Done;

    /// Runs it with a text on its stdin.
    fn fed(&mut self, text: &str) -> Done;
}

impl RunToEnd for Command {
    #[track_caller]
    fn done(&mut self) -> Done {
        Done::of(&self.output().unwrap())
    }

    #[track_caller]
    fn fed(&mut self, text: &str) -> Done {
        let mut child = self.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // It may end without reading.
        let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
        Done::of(&child.wait_with_output().unwrap())
    }
}

impl Done {
    pub fn of(output: &Output) -> Done {
        let code = output.status.code().unwrap_or(-1);
        // Who is killed may be in the middle of a character.
        let whole = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let cut = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let text = if code < 0 { cut } else { whole };
        Done { code, out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Its exit code; none where a signal ended it.
    pub fn exited(&self) -> Option<i32> {
        (self.code >= 0).then_some(self.code)
    }

    /// It ended with this exit code.
    #[track_caller]
    pub fn ends(self, code: i32) -> Done {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.out, self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self
    }

    /// This stands on stdout or stderr.
    #[track_caller]
    pub fn says(self, text: &str) -> Done {
        assert!(self.out.contains(text) || self.err.contains(text), "{text}? {}{}", self.out, self.err);
        self
    }

    /// The JSON on stdout.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }

    /// The JSON of `run --json`, which has to be that of the contract and to agree with the exit code.
    #[track_caller]
    pub fn summary(&self) -> serde_json::Value {
        let end = self.json();
        super::contract::judge(&end, self.code);
        end
    }
}
