//! Failpoints: in debug builds, `CLEANUP_FAILPOINT=before-commit:7` or `after-commit:7` ends the process, without any tidying up,
//! around its seventh turn; `before-refresh-mark`, `after-refresh-mark`, `before-refresh-save` and `after-refresh-save` are the
//! steps of a refresh, `before-upgrade`, `before-upgrade-commit` and `after-upgrade-commit` those of bringing a queue up to date. `answer-for:ID` ends it whenever the answer to a request for that target has come, as a row would that makes the
//! program crash, and `panic-for:ID` lets the task that has got it panic. The crash tests use it to die at every commit boundary; a release build does not contain it.

#[cfg(debug_assertions)]
pub(crate) fn point(name: &str) {
    use std::sync::atomic::{AtomicU64, Ordering};

    static PASSED: AtomicU64 = AtomicU64::new(0);
    if let Some((point, turn)) = plan()
        && point == name
        && turn.parse() == Ok(PASSED.fetch_add(1, Ordering::Relaxed) + 1)
    {
        std::process::abort();
    }
}

/// An answer to a request for this target has come.
#[cfg(debug_assertions)]
pub(crate) fn answer_for(target: &crate::domain::Target) {
    match plan() {
        Some((point, id)) if point == "answer-for" && *id == target.to_string() => std::process::abort(),
        Some((point, id)) if point == "panic-for" && *id == target.to_string() => panic!("an answer for {id}"),
        _ => {}
    }
}

/// What is planned, and when.
#[cfg(debug_assertions)]
fn plan() -> Option<&'static (String, String)> {
    static PLAN: std::sync::OnceLock<Option<(String, String)>> = std::sync::OnceLock::new();
    let read = || {
        let text = std::env::var("CLEANUP_FAILPOINT").ok()?;
        text.split_once(':').map(|(point, when)| (point.to_owned(), when.to_owned()))
    };
    PLAN.get_or_init(read).as_ref()
}

#[cfg(not(debug_assertions))]
pub(crate) fn point(_name: &str) {}

#[cfg(not(debug_assertions))]
pub(crate) fn answer_for(_target: &crate::domain::Target) {}
