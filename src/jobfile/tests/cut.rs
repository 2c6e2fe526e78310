//! Files that end without a line end: the honest ones, and those that were cut in their last row.

use proptest::prelude::*;

use super::*;

/// The verdict on the last row.
fn last(name: &str, text: &str) -> Result<String, &'static str> {
    verdicts(name, text).pop().unwrap().1
}

#[test]
fn a_row_that_was_cut_in_its_id_is_not_sent() {
    let whole = "user_id\n1629556410996121225\n1629556410996133633\n";
    for digits in 1..19 {
        let id = &"1629556410996141825"[..digits];
        let cut = format!("{whole}{id}");
        assert_eq!(last("unfollow.csv", &cut), Err("cut_off"), "{id}");
        let named = cut.replace("user_id\n", "name,user_id\n").replace("\n16", "\nA,16");
        let named = if digits == 1 { named.replace("\n1", "\nA,1") } else { named };
        assert_eq!(last("unfollow.csv", &named), Err("cut_off"), "{named}");
        // With a line end, or something after it, it is whole.
        for end in ["\n", "\r", "\r\n", " ", "\n\n"] {
            assert_eq!(last("unfollow.csv", &format!("{cut}{end}")), Ok(format!("unfollow - {id}")), "{id}{end:?}");
        }
        assert_eq!(last("unfollow.csv", &format!("{whole}\"{id}\"")), Ok(format!("unfollow - {id}")));
        let trusting = ReadOptions { trust_ids: true, ..ReadOptions::default() };
        let rows = read_with("unfollow.csv", cut.as_bytes(), &trusting).unwrap().1;
        assert_eq!(rows.last().unwrap().1, Ok(format!("unfollow - {id}")));
        let links = cut.replace("\n1", "\nhttps://x.com/i/user/1");
        assert_eq!(last("unfollow.csv", &links), Err("cut_off"), "{links}");
    }
}

#[test]
fn numbers_that_were_never_given_out_are_cut_ones() {
    let users = "12\n783214\n1629556410996121225\n";
    for (id, is_cut) in [("16295", false), ("1629556410", false), ("16295564109", true), ("162955641099612122", true)] {
        assert_eq!(last("unfollow.csv", &format!("{users}{id}")).is_err(), is_cut, "{id}");
    }
    // Posts were numbered by the clock from 2010 on.
    for (id, is_cut) in [("29700859247", false), ("162955641099", true), ("162955641099612122", false)] {
        assert_eq!(last("unlike.csv", &format!("{users}{id}")).is_err(), is_cut, "{id}");
    }
    // Where other rows have such numbers, they are nobody's mistake; nor are they where no ID is long.
    assert!(last("unfollow.csv", &format!("{users}16295564109\n1629556410")).is_ok());
    assert!(last("unfollow.csv", "123456789012\n12345678901").is_ok());
}

#[test]
fn a_last_row_that_lacks_cells_is_not_sent() {
    for (text, want) in [
        ("user_id,account\n1,\n2,\n3", Err("cut_off")),
        ("user_id,note\n1,a\n2,b\n3", Err("cut_off")),
        ("user_id,note,x\n1,a,b\n2,b", Err("cut_off")),
        ("user_id,note\n1,a\n2,b\n3,", Ok("unfollow - 3")),
        ("user_id,note\n1,a\n2,b\n3,c", Ok("unfollow - 3")),
        ("user_id,note\n1,a\n2,b\n3\n", Ok("unfollow - 3")),
        ("user_id,note\n1,a\n2\n3", Ok("unfollow - 3")),
        ("user_id,note\n3", Ok("unfollow - 3")),
    ] {
        assert_eq!(last("unfollow.csv", text), want.map(str::to_owned), "{text}");
    }
    let (survey, rows) = read("unfollow.csv", b"user_id,account,note\n1,,a\n2,,b\n3").unwrap();
    assert_eq!((survey.usable, survey.rejected, survey.lanes[0].rows, survey.names), (2, 1, 2, 0));
    assert_eq!((survey.rejected_by_fault, rows.len()), (vec![(Fault::CutOff, 1)], 3));
    let example = &survey.examples[0];
    assert_eq!((example.line, example.rejection.column.as_str(), example.rejection.text.as_str()), (4, "user_id", "3"));
    assert!(example.rejection.message.contains("add a line end"), "{}", example.rejection.message);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Users of 2006 to 2026, old and new; posts of 2010 to 2026. Nobody ends an honest file so that it is suspected, but where the last
    /// alone has a short ID among long ones.
    #[test]
    fn honest_files_without_a_line_end_are_whole(
        users in proptest::collection::vec(prop_oneof![1..4_900_000_000_u64, 700_000_000_000_000_000_u64..2_100_000_000_000_000_000], 2..40),
        posts in proptest::collection::vec(prop_oneof![1..29_000_000_000_u64, 10_000_000_000_000_000_u64..2_100_000_000_000_000_000], 2..40),
    ) {
        for (name, ids) in [("unfollow.csv", users), ("unlike.csv", posts)] {
            let digits = |id: &u64| id.to_string().len();
            let (end, before) = ids.split_last().unwrap();
            prop_assume!(before.iter().any(|id| digits(id) < 18 || digits(id) <= digits(end)));
            let lines: Vec<String> = ids.iter().map(u64::to_string).collect();
            // Chance may make a few of them look like something that went through a double.
            prop_assert_ne!(last(name, &lines.join("\n")), Err("cut_off"));
        }
    }

    /// Cut anywhere in the last row: a task that is left is one of the whole file's, or its number may be honest.
    #[test]
    fn a_cut_file_of_new_users_names_nobody_else(
        ids in proptest::collection::vec(1_000_000_000_000_000_000..2_100_000_000_000_000_000_u64, 2..30), keep in 1..19_usize,
    ) {
        let lines: Vec<String> = ids.iter().map(u64::to_string).collect();
        let whole = lines.join("\n");
        let cut = &whole[..whole.len() - keep];
        prop_assert_eq!(last("unfollow.csv", cut), Err("cut_off"));
    }
}
