//! What is done to the processes and their server, at random.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::cluster::{Cluster, Stop};
use super::fleet::Fleet;

#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// kill -9.
    Kill,
    /// SIGSTOP, for longer than any right lasts that a process does not renew.
    Stall,
    /// `pg_terminate_backend`.
    EndSession,
    Restart(Stop),
    FailOver,
}

/// Longer than a lease, and than what has been claimed may still be sent.
const STALL: Duration = Duration::from_secs(17);

const ALL: [Fault; 6] = [
    Fault::Kill,
    Fault::Stall,
    Fault::EndSession,
    Fault::Restart(Stop::Fast),
    Fault::Restart(Stop::Immediate),
    Fault::FailOver,
];

/// So many faults in a random order that each comes at least once if there are enough; small ones come more often.
pub fn plan(dice: &mut fastrand::Rng, count: usize) -> Vec<Fault> {
    let mut plan = ALL.to_vec();
    plan.extend([Fault::Kill, Fault::EndSession]);
    while plan.len() < count {
        let often = [Fault::Kill, Fault::Kill, Fault::EndSession, Fault::EndSession];
        plan.push(if dice.bool() { often[dice.usize(..often.len())] } else { ALL[dice.usize(..ALL.len())] });
    }
    dice.shuffle(&mut plan);
    plan
}

impl Fault {
    /// As the table of tries has it.
    pub fn words(self) -> &'static str {
        match self {
            Fault::Kill => "kill -9",
            Fault::Stall => "SIGSTOP past the lease",
            Fault::EndSession => "a session that is ended",
            Fault::Restart(_) => "a restart",
            Fault::FailOver => "a fail-over",
        }
    }

    pub fn strike(self, cluster: &mut Cluster, fleet: &mut Fleet<'_>, dice: &mut fastrand::Rng) -> String {
        let number = dice.usize(..fleet.workers.len());
        let worker = &mut fleet.workers[number];
        let who = format!("process {number} (PID {:?})", worker.pid());
        match self {
            Fault::Kill => {
                worker.kill();
                format!("kill -9 of {who}")
            }
            Fault::Stall => {
                worker.signal(Signal::STOP);
                worker.wakes_at = Some(Instant::now() + STALL);
                format!("SIGSTOP of {who} for {STALL:?}")
            }
            Fault::EndSession => {
                let sessions = "select pid from pg_stat_activity where datname = 'queue' and pid <> pg_backend_pid()";
                let pids = cluster.tell("queue", sessions).unwrap_or_default();
                let pids: Vec<&str> = pids.lines().collect();
                let Some(pid) = dice.choice(&pids) else { return "no session to end".to_owned() };
                cluster.tell("queue", &format!("select pg_terminate_backend({pid})"));
                format!("pg_terminate_backend of one of {} sessions", pids.len())
            }
            Fault::Restart(stop) => {
                cluster.restart(stop);
                format!("restart of the server ({stop:?})")
            }
            Fault::FailOver => {
                cluster.fail_over();
                "fail-over to the standby".to_owned()
            }
        }
    }
}
