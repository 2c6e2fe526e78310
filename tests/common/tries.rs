//! How often a fault was tried: `tests/reliability/run` makes a table of these lines.

/// Says it, once for each test that tries a fault; several that try the same one are added up.
pub fn tried(fault: &str, tries: usize) {
    println!("TRIED {tries} {fault}");
}

/// How many tries: so many in the short form, and in the long one, which `CLEANUP_FAULTS=all` asks for.
pub fn of_forms(short: usize, long: usize) -> usize {
    if std::env::var("CLEANUP_FAULTS").is_ok_and(|value| value == "all") { long } else { short }
}

/// Dice with a seed that is printed, and can be given again as `CLEANUP_SEED`.
pub fn dice() -> fastrand::Rng {
    let seed = std::env::var("CLEANUP_SEED").map_or_else(|_| fastrand::u64(..), |text| text.parse().unwrap());
    println!("CLEANUP_SEED={seed}");
    fastrand::Rng::with_seed(seed)
}
