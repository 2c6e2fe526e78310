//! Fire drills: in debug builds, `CLEANUP_DRILL=before-commit:7` or `after-commit:7` ends the process, without any tidying up,
//! around its seventh turn; `before-refresh-mark`, `after-refresh-mark`, `before-refresh-save` and `after-refresh-save` are the
//! steps of a refresh. The crash tests use it to die at every commit boundary; a release build does not contain it.

#[cfg(debug_assertions)]
pub(crate) fn point(name: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static PLAN: OnceLock<Option<(String, u64)>> = OnceLock::new();
    static PASSED: AtomicU64 = AtomicU64::new(0);
    let plan = PLAN.get_or_init(|| {
        let text = std::env::var("CLEANUP_DRILL").ok()?;
        let (point, turn) = text.split_once(':')?;
        Some((point.to_owned(), turn.parse().ok()?))
    });
    if let Some((point, turn)) = plan
        && point == name
        && PASSED.fetch_add(1, Ordering::Relaxed) + 1 == *turn
    {
        std::process::abort();
    }
}

#[cfg(not(debug_assertions))]
pub(crate) fn point(_name: &str) {}
