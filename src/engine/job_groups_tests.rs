//! What groups of jobs may send and spend.

use super::*;
use crate::engine::JobGroup;
use proptest::prelude::*;

const CENT: MicroUsd = MicroUsd(10_000);

fn groups(own: &[JobTerms]) -> JobGroups {
    let own = own.iter().enumerate().map(|(n, terms)| JobGroup { jobs: vec![JobId(n as i64 + 1)], terms: *terms });
    JobGroups::new(&EngineSettings { groups: own.collect(), ..crate::engine::settings::tests::settings() })
}

fn at(seconds: i64) -> Tick {
    Tick(seconds * 1_000)
}

#[test]
fn deadlines_are_of_groups() {
    let until = |seconds| JobTerms { until: Some(at(seconds)), ..JobTerms::default() };
    let mut groups = groups(&[until(10), until(20)]);
    let (first, second) = (groups.of(JobId(1)), groups.of(JobId(2)));
    assert_eq!((groups.of(JobId(7)), groups.until(first)), (GroupIndex::OTHERS, Some(at(10))));
    assert_eq!((groups.next_deadline(at(0)), groups.next_deadline(at(10))), (Some(at(10)), Some(at(20))));
    assert_eq!((groups.next_deadline(at(20)), groups.last_deadline()), (None, None), "the others have none");
    assert_eq!((groups.is_open(first, at(9)), groups.is_open(first, at(10))), (true, false));
    assert!(groups.is_open(second, at(10)) && groups.is_open(GroupIndex::OTHERS, at(99)));
    assert_eq!(groups.overdue(at(10)), [], "nothing of it is out");
    groups.plan(first, CENT, 1);
    assert_eq!(groups.overdue(at(10)), [first]);
    groups.end(first, Stopped::Deadline, None, Vec::new());
    groups.end(first, Stopped::Finished, None, Vec::new());
    let now = Moment { tick: at(10), wall: crate::domain::Wall(0) };
    assert_eq!(groups.take_ended(now), [], "its last request is out");
    groups.settle(first, CENT, CENT);
    let ended = groups.take_ended(now);
    assert_eq!(
        ended.iter().map(|end| (end.group, end.stopped, end.requests)).collect::<Vec<_>>(),
        [(0, Stopped::Deadline, 1)]
    );
    assert_eq!((groups.take_ended(now), groups.going_on()), (Vec::new(), vec![second]));
    let ends = groups.ends(Stopped::Account, None, now);
    assert_eq!(ends.iter().map(|end| end.stopped).collect::<Vec<_>>(), [Stopped::Deadline, Stopped::Account]);
}

#[test]
fn whoever_was_turned_away_is_asked_again_once_something_is_left() {
    let mut groups = groups(&[JobTerms { max_spend: Some(CENT), ..JobTerms::default() }]);
    let group = groups.of(JobId(1));
    groups.plan(group, CENT, 1);
    assert_eq!(groups.allows(group, CENT, 1), Err(UsedUp::Spend));
    groups.turn_away(group, 3);
    groups.settle(GroupIndex::OTHERS, CENT, MicroUsd(0));
    assert_eq!(groups.take_turned_away(), [] as [usize; 0], "another group's money");
    groups.settle(group, CENT, MicroUsd(0));
    assert_eq!((groups.take_turned_away(), groups.allows(group, CENT, 1)), (vec![3], Ok(1)));
    groups.plan(group, CENT, 1);
    groups.turn_away(group, 4);
    groups.settle(group, CENT, CENT);
    assert_eq!(groups.take_turned_away(), [] as [usize; 0], "it was billed");
}

proptest! {
    /// Whatever is planned, given back and billed: of each group no more is sent and spent than it may, and what one group uses takes
    /// nothing from another.
    #[test]
    fn no_group_sends_or_spends_more_than_it_may(
        terms in prop::collection::vec((prop::option::of(0_u64..20), prop::option::of(0_u64..20)), 1..4),
        steps in prop::collection::vec((0_usize..4, 1_u32..6, 0_u8..4, 1_u64..3), 0..120),
    ) {
        let own: Vec<JobTerms> = terms
            .iter()
            .map(|(requests, cents)| JobTerms {
                until: None,
                max_requests: *requests,
                max_spend: cents.map(|cents| CENT.times(cents)),
            })
            .collect();
        let mut groups = groups(&own);
        let mut out: Vec<Vec<MicroUsd>> = vec![Vec::new(); own.len() + 1];
        for (place, want, what, price) in steps {
            let place = place % (own.len() + 1);
            let (group, price) = (GroupIndex(place), CENT.times(price));
            let others = |groups: &JobGroups| -> Vec<_> {
                (0..groups.count()).filter(|other| *other != place)
                    .map(|other| (groups.allows(GroupIndex(other), CENT, 100), groups.in_flight(GroupIndex(other))))
                    .collect()
            };
            let before = others(&groups);
            match (what, out[place].pop()) {
                (0, Some(staked)) => groups.settle(group, staked, staked),
                (1, Some(staked)) => groups.settle(group, staked, MicroUsd(0)),
                (2, Some(staked)) => groups.unplan(group, staked, 1),
                (_, staked) => {
                    out[place].extend(staked);
                    if let Ok(count) = groups.allows(group, price, want) {
                        prop_assert!((1..=want).contains(&count));
                        groups.plan(group, price, count);
                        out[place].extend((0..count).map(|_| price));
                    }
                }
            }
            prop_assert_eq!(before, others(&groups));
            prop_assert_eq!(groups.in_flight(group), out[place].len() as u64);
            if let Some(terms) = place.checked_sub(1).map(|own_place| own[own_place]) {
                let budget = &groups.group(group).budget;
                let at_stake = out[place].iter().fold(MicroUsd(0), |sum, staked| sum.plus(*staked));
                prop_assert!(terms.max_requests.is_none_or(|most| budget.requests() <= most));
                prop_assert!(terms.max_spend.is_none_or(|most| budget.spent().plus(at_stake) <= most));
            }
        }
    }
}
