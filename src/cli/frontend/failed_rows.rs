//! What a person does about the rows of a job that failed, at the end of a run: tries them again, or does by hand what the platform
//! refuses. In: why they failed. Out: a sentence without its end. What does not belong here: the other outcomes (`run_summary`).

use crate::app::AppDeps;
use crate::domain::{counted, is_refusal_of_target};
use crate::store::{JobStatus, TopReason};
use crate::text::escaped;

/// The most reasons that are named.
const MAX_NAMED: usize = 3;

/// What to do about the failed rows of a job. None: no row of it failed.
pub(super) fn remedy(status: &JobStatus, failed_for: Option<&Vec<TopReason>>, deps: AppDeps<'_>) -> Option<String> {
    let reasons = failed_for.filter(|_| status.counts.failed > 0)?;
    let job = status.job.name.as_str();
    let retry = deps.command(&["retry", job]);
    let by_hand = deps.command(&["report", job, "--worklist", "-o", "by-hand.html"]);
    Some(sentence(reasons, status.counts.failed, &retry, &by_hand))
}

fn sentence(reasons: &[TopReason], failed: u64, retry: &str, by_hand: &str) -> String {
    let refused: Vec<&TopReason> = reasons.iter().filter(|reason| is_refusal_of_target(&reason.reason)).collect();
    let rows: u64 = refused.iter().map(|reason| reason.rows).sum();
    let mut names: Vec<String> =
        refused.iter().take(MAX_NAMED).map(|reason| escaped(&reason.reason).into_owned()).collect();
    if refused.len() > MAX_NAMED {
        names.push("and others".to_owned());
    }
    let names = names.join(", ");
    if rows == 0 {
        format!("{retry} tries the failed rows again")
    } else if rows == failed {
        let them = if rows == 1 { "the failed row itself" } else { "the failed rows themselves" };
        format!(
            "the platform refuses {them} ({names}), and would refuse a retry too; {by_hand} makes a page to do that by hand"
        )
    } else {
        let many = counted(rows, "of them the platform refuses itself", "of them the platform refuses themselves");
        format!("{retry} tries the failed rows again; {many} ({names}): {by_hand} makes a page to do that by hand")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Outcome;

    fn said(reasons: &[(&str, u64)]) -> String {
        let of = |(reason, rows): &(&str, u64)| TopReason {
            outcome: Outcome::Failed,
            reason: (*reason).to_owned(),
            rows: *rows,
        };
        let reasons: Vec<TopReason> = reasons.iter().map(of).collect();
        sentence(&reasons, reasons.iter().map(|reason| reason.rows).sum(), "RETRY", "BY HAND")
    }

    #[test]
    fn a_retry_is_offered_where_it_may_help() {
        assert_eq!(said(&[("server_error", 2)]), "RETRY tries the failed rows again");
        assert_eq!(
            said(&[("not_authorized", 1)]),
            "the platform refuses the failed row itself (not_authorized), and would refuse a retry too; BY HAND makes a page to do \
             that by hand"
        );
        let refused = said(&[("not_authorized", 3), ("protected", 1), ("suspended", 1), ("unavailable", 1)]);
        assert!(refused.contains("(not_authorized, protected, suspended, and others)"), "{refused}");
        assert!(!refused.contains("RETRY"), "{refused}");
        assert_eq!(
            said(&[("server_error", 1), ("protected", 2)]),
            "RETRY tries the failed rows again; 2 of them the platform refuses themselves (protected): BY HAND makes a page to do that \
             by hand"
        );
    }
}
