//! Which accounts a drain takes, and which it gives back, so that every drain of a queue has about as much to do as any other: a pure function,
//! which every drain asks for itself.
//!
//! In: who has what, and who can take it. Out: what this drain takes and gives. What does not belong here: reading and writing who has what
//! ([`super::share`]).

use std::cmp::Reverse;

/// So many drains are told apart; others get what these leave.
pub(super) const MOST_DRAINS: usize = 128;

/// Accounts that one drain has together, because they share a window; mostly one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ShareUnit {
    /// The drain that has it, by its place; none: it is free.
    pub(super) holder: Option<usize>,
    /// Its accounts that have something to send.
    pub(super) load: u32,
    /// The drains that can send for it: a bit for each, by their places.
    pub(super) takers: u128,
    /// Nobody would wait for it: this drain has nothing of it in flight.
    pub(super) is_quiet: bool,
    /// This drain has stopped sending for it, so that it can go.
    pub(super) is_leaving: bool,
}

/// What a drain takes and gives, by the places of the units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SharePlan {
    pub(super) takes: Vec<usize>,
    pub(super) gives: Vec<usize>,
    /// Whether anything is left that is free and another's to take.
    pub(super) leaves_some: bool,
}

/// What the drain at the place `me` of `drains` does. What is free goes to whoever has least to do, the heaviest first; everybody works that
/// out in the same way, so nobody takes what is another's. One who has more than another by more than what would move gives that back.
pub(super) fn plan_share(me: usize, drains: usize, units: &[ShareUnit]) -> SharePlan {
    let mut loads = vec![0_u64; drains];
    for unit in units {
        if let Some(load) = unit.holder.and_then(|holder| loads.get_mut(holder)) {
            *load += u64::from(unit.load);
        }
    }
    let mut plan = SharePlan::default();
    let mut free: Vec<usize> = (0..units.len()).filter(|at| units[*at].holder.is_none()).collect();
    free.sort_by_key(|at| Reverse(units[*at].load));
    for at in free {
        let Some(taker) = lightest(units[at].takers, &loads) else { continue };
        loads[taker] += u64::from(units[at].load);
        if taker == me {
            plan.takes.push(at);
        } else {
            plan.leaves_some = true;
        }
    }
    let is_own = |at: &usize| units[*at].holder == Some(me) && units[*at].load > 0;
    let mut own: Vec<usize> = (0..units.len()).filter(is_own).collect();
    own.sort_by_key(|at| (!units[*at].is_leaving, !units[*at].is_quiet));
    for at in own {
        let unit = &units[at];
        let Some(taker) = lightest(unit.takers & !bit(me), &loads) else { continue };
        if loads[taker] + u64::from(unit.load) < loads[me] {
            loads[taker] += u64::from(unit.load);
            loads[me] -= u64::from(unit.load);
            plan.gives.push(at);
        }
    }
    plan
}

/// A drain's bit.
pub(super) fn bit(drain: usize) -> u128 {
    if drain < MOST_DRAINS { 1 << drain } else { 0 }
}

/// Of some drains the one that has least to do.
fn lightest(among: u128, loads: &[u64]) -> Option<usize> {
    (0..loads.len()).filter(|drain| among & bit(*drain) != 0).min_by_key(|drain| loads[*drain])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn unit(holder: Option<usize>, load: u32, takers: u128) -> ShareUnit {
        ShareUnit { holder, load, takers, is_quiet: true, is_leaving: false }
    }

    type Plan = fn(usize, usize, &[ShareUnit]) -> SharePlan;

    /// One drain looks, and does at once what it has planned.
    fn look_by(plan: Plan, me: usize, drains: usize, units: &mut [ShareUnit]) -> Result<bool, String> {
        let plan = plan(me, drains, units);
        for at in &plan.takes {
            let unit = &mut units[*at];
            if unit.holder.is_some() || unit.takers & bit(me) == 0 {
                return Err(format!("it takes what another has, or what it cannot send: {unit:?}"));
            }
            unit.holder = Some(me);
        }
        for at in &plan.gives {
            if units[*at].holder != Some(me) {
                return Err(format!("it gives what another has: {:?}", units[*at]));
            }
            units[*at].holder = None;
        }
        Ok(!plan.takes.is_empty() || !plan.gives.is_empty())
    }

    fn look(me: usize, drains: usize, units: &mut [ShareUnit]) -> bool {
        look_by(plan_share, me, drains, units).unwrap_or_else(|why| panic!("{why}"))
    }

    fn loads(drains: usize, units: &[ShareUnit]) -> Vec<u32> {
        (0..drains).map(|me| units.iter().filter(|unit| unit.holder == Some(me)).map(|unit| unit.load).sum()).collect()
    }

    /// Everybody looks in turn until nobody does anything more; so many rounds at most.
    fn settle(plan: Plan, drains: usize, units: &mut [ShareUnit], most: usize) -> Result<(), String> {
        for _ in 0..most {
            let mut has_moved = false;
            for me in 0..drains {
                has_moved |= look_by(plan, me, drains, units)?;
            }
            if !has_moved {
                return Ok(());
            }
        }
        Err(format!("it never comes to rest: {:?}", loads(drains, units)))
    }

    /// It comes to rest, everything that anybody can send for is somebody's who can, and none could give something to another so that both were
    /// closer.
    fn judge(plan: Plan, drains: usize, mut units: Vec<ShareUnit>) -> Result<(), String> {
        settle(plan, drains, &mut units, 400)?;
        if let Some(free) = units.iter().find(|unit| unit.holder.is_none()) {
            return Err(format!("it is nobody's: {free:?}"));
        }
        let after = loads(drains, &units);
        for unit in &units {
            let holder = unit.holder.unwrap();
            for other in (0..drains).filter(|other| unit.takers & bit(*other) != 0 && *other != holder) {
                if after[other] + unit.load < after[holder] && unit.load > 0 {
                    return Err(format!("they could be closer: {after:?} {unit:?}"));
                }
            }
        }
        Ok(())
    }

    #[test]
    fn one_that_joins_gets_its_share_in_two_looks_of_each() {
        let mut units = vec![unit(Some(0), 1, 0b11); 101];
        assert!(look(0, 2, &mut units) && look(1, 2, &mut units));
        let after = loads(2, &units);
        assert_eq!((after[0] + after[1], after[0].abs_diff(after[1])), (101, 1));
        assert!(!look(0, 2, &mut units) && !look(1, 2, &mut units));
    }

    #[test]
    fn what_can_go_at_once_goes_first() {
        let mut units = vec![unit(Some(0), 1, 0b11); 4];
        units[0].is_quiet = false;
        (units[1].is_quiet, units[1].is_leaving) = (false, true);
        assert_eq!(plan_share(0, 2, &units).gives, [1, 2]);
    }

    #[test]
    fn what_only_one_can_send_stays_with_it() {
        let mut units = vec![unit(Some(0), 1, 0b01); 9];
        units.push(unit(None, 1, 0b11));
        assert!(!look(0, 2, &mut units), "the last one is the other's");
        assert!(look(1, 2, &mut units));
        assert_eq!(loads(2, &units), [9, 1]);
    }

    /// What is planned by a rule that is wrong is found by the law below.
    #[test]
    fn a_plan_that_is_wrong_is_found() {
        let keeps_all: Plan = |me, drains, units| SharePlan { gives: Vec::new(), ..plan_share(me, drains, units) };
        let takes_none: Plan = |me, drains, units| SharePlan { takes: Vec::new(), ..plan_share(me, drains, units) };
        let takes_all: Plan = |_, _, units| SharePlan {
            takes: (0..units.len()).filter(|at| units[*at].holder.is_none()).collect(),
            ..SharePlan::default()
        };
        let gives_all: Plan = |me, drains, units| SharePlan {
            gives: (0..units.len()).filter(|at| units[*at].holder == Some(me)).collect(),
            ..plan_share(me, drains, units)
        };
        let mut units = vec![unit(Some(0), 1, 0b11); 6];
        units.push(unit(None, 1, 0b10));
        assert_eq!(judge(plan_share, 2, units.clone()), Ok(()));
        for (plan, told) in [
            (keeps_all, "closer"),
            (takes_none, "nobody's"),
            (takes_all, "cannot send"),
            (gives_all, "never comes to rest"),
        ] {
            let found = judge(plan, 2, units.clone()).unwrap_err();
            assert!(found.contains(told), "{told}: {found}");
        }
    }

    proptest! {
        /// From whatever state.
        #[test]
        fn it_comes_to_rest_and_is_even(
            drains in 1_usize..6,
            held in prop::collection::vec((0_usize..7, 0_u32..4, 1_u128..64), 0..80),
        ) {
            let all = (0..drains).map(bit).sum::<u128>();
            let of = |(holder, load, takers): &(usize, u32, u128)| {
                let takers = if takers & all == 0 { all } else { takers & all };
                let holder = Some(*holder).filter(|holder| takers & bit(*holder) != 0 && *holder < drains);
                unit(holder, *load, takers)
            };
            let judged = judge(plan_share, drains, held.iter().map(of).collect());
            prop_assert!(judged.is_ok(), "{judged:?}");
        }
    }
}
