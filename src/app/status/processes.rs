//! The processes that work on a queue, each once: what it sends for, and what it is doing where it serves.
//!
//! In: the drains and the servers of a queue. Out: processes. What does not belong here: words that one face alone has.

use crate::domain::{Wall, counted};
use crate::store::{DrainAtWork, LockHolder, ServerAtWork, ServerState};

/// A process at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessAtWork {
    /// Which.
    pub process: LockHolder,
    /// The accounts that it has; none: it sends nothing now.
    pub accounts: Option<u64>,
    /// What it is doing beside that; none: it does not serve.
    pub server: Option<ServerState>,
}

impl ProcessAtWork {
    /// All of them, each with its drain first.
    pub(super) fn all(drains: &[DrainAtWork], servers: &[ServerAtWork]) -> Vec<ProcessAtWork> {
        let of_drain = |drain: &DrainAtWork| {
            let (process, accounts) = (drain.process.clone(), Some(drain.accounts));
            ProcessAtWork { process, accounts, server: None }
        };
        let mut all: Vec<ProcessAtWork> = drains.iter().map(of_drain).collect();
        for server in servers {
            let Some(process) = &server.process else { continue };
            let is_same = |one: &&mut ProcessAtWork| {
                (one.process.pid, &one.process.host) == (process.pid, &process.host) && one.server.is_none()
            };
            let state = Some(server.state.clone());
            match all.iter_mut().find(is_same) {
                Some(known) => known.server = state,
                None => all.push(ProcessAtWork { process: process.clone(), accounts: None, server: state }),
            }
        }
        all
    }

    /// What it is doing, in words. `clock` tells a time.
    pub fn sentence(&self, clock: impl Fn(Wall) -> String) -> String {
        let since = clock(self.process.since);
        match (self.accounts, &self.server) {
            (Some(accounts), _) => format!("{} since {since}", counted(accounts, "account", "accounts")),
            (None, Some(ServerState::Rests { until })) => {
                format!("serves since {since}, and sends again at {}", clock(*until))
            }
            (None, Some(ServerState::NeedsPerson { why })) => format!("serves since {since}, and needs you: {why}"),
            (None, _) => format!("serves since {since}, with nothing to send"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_drains_and_serves_is_one_and_those_that_rest_say_so() {
        let process = |pid, host: &str| LockHolder { pid, host: host.to_owned(), since: Wall(7) };
        let drain = |pid, accounts| DrainAtWork { process: process(pid, "a"), accounts };
        let server = |process, state| ServerAtWork { process, state };
        let rests = ServerState::Rests { until: Wall(9) };
        let servers = [
            server(Some(process(1, "a")), ServerState::Works),
            server(Some(process(1, "b")), rests),
            server(Some(process(3, "b")), ServerState::NeedsPerson { why: "log in".into() }),
            server(Some(process(4, "b")), ServerState::Works),
            server(None, ServerState::Works),
        ];
        let all = ProcessAtWork::all(&[drain(1, 5), drain(2, 1)], &servers);
        let told: Vec<String> = all.iter().map(|one| one.sentence(|at| at.0.to_string())).collect();
        assert_eq!(
            told,
            [
                "5 accounts since 7",
                "1 account since 7",
                "serves since 7, and sends again at 9",
                "serves since 7, and needs you: log in",
                "serves since 7, with nothing to send",
            ]
        );
        assert_eq!(all.iter().filter(|one| one.server.is_some()).count(), 4);
    }
}
