//! Files whose IDs went through a number, from the file to the rows.

use super::*;

/// IDs with every sequence, of the years from 2019 to 2025.
fn honest(count: usize, seed: u64) -> Vec<u64> {
    let mut rng = fastrand::Rng::with_seed(seed);
    (0..count)
        .map(|_| {
            let sequence = if rng.bool() { 0 } else { rng.u64(1..4_096) };
            rng.u64(289_000_000_000..460_000_000_000) << 22 | rng.u64(..1_024) << 12 | sequence
        })
        .collect()
}

fn column(ids: impl IntoIterator<Item = u64>) -> String {
    ids.into_iter().map(|id| format!("{id}\n")).collect()
}

fn shortest(id: u64) -> u64 {
    (id as f64).to_string().parse().unwrap()
}

fn exact(id: u64) -> u64 {
    id as f64 as u64
}

fn zeros(id: u64) -> u64 {
    id / 10_000 * 10_000
}

type Damage = fn(u64) -> u64;
const FORMS: [(&str, Damage); 3] = [("shortest_double", shortest), ("exact_double", exact), ("rounded_zeros", zeros)];

#[test]
fn a_list_with_many_multiples_of_4096_is_whole() {
    let mut rng = fastrand::Rng::with_seed(14);
    let ids = (0..3_000).map(|_| rng.u64(289_000_000_000..460_000_000_000) << 22 | rng.u64(..1_024) << 12);
    let (survey, rows) = read("unlike.csv", column(ids).as_bytes()).unwrap();
    assert_eq!((survey.rejected, survey.damage.len()), (0, 0));
    assert!(rows.iter().all(|row| row.1.is_ok()));
}

#[test]
fn each_form_is_rejected_wherever_it_stands_in_a_file() {
    for (reason, damage) in FORMS {
        for range in [0..2_000, 0..1_000, 1_000..2_000, 900..930, 1_970..2_000] {
            let ids = honest(2_000, 1);
            let sent = (0..ids.len()).map(|row| if range.contains(&row) { damage(ids[row]) } else { ids[row] });
            let sent: Vec<u64> = sent.collect();
            let (survey, rows) = read("unlike.csv", column(sent.iter().copied()).as_bytes()).unwrap();
            for (row, id) in ids.iter().enumerate().filter(|(row, id)| sent[*row] != **id) {
                assert_eq!(rows[row].1, Err(reason), "{id} in row {row} of {range:?}");
            }
            let rejected = rows.iter().filter(|row| row.1 == Err(reason)).count() as u64;
            assert_eq!(
                survey.rejected_by_fault.iter().map(|(fault, rows)| (fault.code(), *rows)).next(),
                Some((reason, rejected))
            );
            let found = survey.damage[0];
            assert_eq!((found.form.name(), found.digits, found.ids, found.damaged), (reason, 19, 2_000, rejected));
            assert!(
                found.sentence().contains("as text") && found.sentence().contains("--trust-ids"),
                "{}",
                found.sentence()
            );
            let example = &survey.examples[0].rejection;
            assert!(
                example.message.contains("somebody else's") && example.message.contains("as text"),
                "{}",
                example.message
            );
            let report = serde_json::to_value(CheckReport::of(&survey, false)).unwrap();
            assert_eq!(
                (&report["damage"][0]["form"], &report["damage"][0]["trusted"]),
                (&reason.into(), &false.into())
            );
        }
    }
}

#[test]
fn who_trusts_the_ids_gets_them_and_is_told() {
    let options = ReadOptions { trust_ids: true, ..ReadOptions::default() };
    for (reason, damage) in FORMS {
        let text = column(honest(500, 2).into_iter().map(damage));
        let (survey, rows) = read_with("unfollow.csv", format!("{text}1.63E+18\n").as_bytes(), &options).unwrap();
        assert_eq!((survey.rejected, survey.usable), (1, 500), "digits that are lost cannot be trusted");
        assert!(rows[..500].iter().all(|row| row.1.is_ok()) && survey.trusts_ids());
        let found = survey.damage.iter().find(|found| found.form.name() == reason).unwrap();
        assert!(
            found.is_trusted && found.sentence().ends_with("takes them as they are written"),
            "{}",
            found.sentence()
        );
    }
}

#[test]
fn likes_and_users_in_one_file_are_judged_together() {
    let (posts, users) = (honest(400, 3), honest(400, 4));
    let file = |damage: Option<Damage>| -> Vec<Seen> {
        let row = |n: usize| {
            let user = damage.map_or(users[n], |damage| damage(users[n]));
            format!("unlike,{},\nunfollow,,{user}\n", posts[n])
        };
        let text: String = (0..400).map(row).collect();
        read("list.csv", format!("action,tweet_id,user_id\n{text}").as_bytes()).unwrap().1
    };
    assert!(file(None).iter().all(|row| row.1.is_ok()));
    for (reason, damage) in FORMS {
        let rows = file(Some(damage));
        for (n, user) in users.iter().enumerate().filter(|(_, user)| damage(**user) != **user) {
            assert_eq!(rows[2 * n + 1].1, Err(reason), "{user}");
        }
        // What was not damaged and does not look so goes on.
        let whole = posts.iter().enumerate().filter(|(_, post)| *post % 256 != 0 && *post % 100 != 0);
        assert!(whole.clone().count() > 150 && whole.clone().all(|(n, _)| rows[2 * n].1.is_ok()));
    }
}

#[test]
fn a_file_of_damaged_ids_alone_says_what_happened_to_them() {
    let text = column(honest(5, 5).into_iter().map(shortest));
    let (survey, _) = read("unfollow.csv", text.as_bytes()).unwrap();
    let refusal = survey.refusal(false).unwrap();
    assert!(refusal.to_string().contains("not one of its 5 rows"), "{refusal}");
    assert!(refusal.hint().contains("jq 1.7") && refusal.hint().contains("cleanup check"), "{}", refusal.hint());
    // Of several lengths the one that most have.
    let text = column(honest(5, 5).into_iter().map(shortest).chain([shortest(730_364_881_661_191_866)]));
    let hint = read("unfollow.csv", text.as_bytes()).unwrap().0.refusal(false).unwrap().hint();
    assert!(hint.starts_with("5 of 5 IDs with 19 digits"), "{hint}");
}

#[test]
fn old_ids_that_were_numbered_in_a_row_are_never_judged() {
    let text = column((0..5_000).map(|n| 1_000_000 + n * 1_000));
    assert_eq!(read("unfollow.csv", text.as_bytes()).unwrap().0.rejected, 0);
}
